"""Calls of a computer, a shell and an editor, carried out by what the application gives."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from openai.types.responses import (
    ResponseApplyPatchToolCall,
    ResponseComputerToolCall,
    ResponseFunctionShellToolCall,
)
from openai.types.responses.response_input_item_param import (
    ApplyPatchCallOutput,
    ComputerCallOutput,
    ShellCallOutput,
)
from openai.types.responses.response_output_item import LocalShellCall
from pydantic import TypeAdapter

from rxagents import (
    Agent,
    ApplyPatchOperation,
    ApplyPatchResult,
    ApplyPatchTool,
    AsyncComputer,
    Computer,
    ComputerProvider,
    ComputerTool,
    LocalShellCommandRequest,
    LocalShellTool,
    RunContextWrapper,
    ShellCallOutcome,
    ShellCommandOutput,
    ShellCommandRequest,
    ShellResult,
    ShellTool,
    ToolContext,
    apply_diff,
)
from rxagents.exceptions import ModelBehaviorError, UserError
from rxagents.local_tools import LOCAL_CALLS, LocalToolOutput, run_local_call
from rxagents.local_tools.apply_patch import ApplyPatchToolCustomDataContext
from rxagents.local_tools.computer_tool import (
    ComputerToolSafetyCheckData,
    dispose_resolved_computers,
    resolve_computer,
)

RUN = RunContextWrapper("Ada")


def context_for(tool: Any) -> ToolContext[Any]:
    return ToolContext(
        "Ada", tool_name=tool.name, tool_call_id="c1", tool_arguments="", agent=Agent("a")
    )


async def run(tool: Any, call: Any, context: ToolContext[Any] | None = None) -> LocalToolOutput:
    return await run_local_call(tool, call, context or context_for(tool), RUN)


def fits(kind: Any, raw: dict[str, Any]) -> None:
    TypeAdapter(kind).validate_python(raw, strict=True, extra="forbid")


# --- the shell ---


def shell_call(*commands: str, **action: Any) -> ResponseFunctionShellToolCall:
    return ResponseFunctionShellToolCall.model_validate(
        {
            "id": "sh1",
            "type": "shell_call",
            "call_id": "c1",
            "status": "completed",
            "action": {"commands": list(commands), **action},
        }
    )


async def test_an_executor_is_given_the_commands_and_its_results_are_told() -> None:
    asked: list[ShellCommandRequest] = []

    async def execute(request: ShellCommandRequest) -> ShellResult:
        asked.append(request)
        return ShellResult(
            [
                ShellCommandOutput("a\n", outcome=ShellCallOutcome("exit", 0), command="ls"),
                ShellCommandOutput("", "no\n", ShellCallOutcome("exit", 2), "cat"),
                ShellCommandOutput(outcome=ShellCallOutcome("timeout"), command="sleep 9"),
            ],
            provider_data={"host": "x"},
        )

    tool = ShellTool(execute)
    done = await run(tool, shell_call("ls", "cat", "sleep 9", timeout_ms=500))
    data = asked[0].data
    assert asked[0].ctx_wrapper.context == "Ada"
    assert (data.call_id, data.status) == ("c1", "completed")
    assert (data.action.commands, data.action.timeout_ms) == (["ls", "cat", "sleep 9"], 500)
    assert done.raw_item == {
        "type": "shell_call_output",
        "call_id": "c1",
        "status": "completed",
        "output": [
            {"stdout": "a\n", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}},
            {"stdout": "", "stderr": "no\n", "outcome": {"type": "exit", "exit_code": 2}},
            {"stdout": "", "stderr": "", "outcome": {"type": "timeout"}},
        ],
    }
    fits(ShellCallOutput, done.raw_item)
    assert done.output == (
        "$ ls\na\n\n$ cat\nstderr:\nno\nexit code: 2\n\n$ sleep 9\nstatus: timeout"
    )
    assert done.custom_data == {"host": "x"}


async def test_an_executor_may_answer_with_a_text_and_runs_in_a_thread() -> None:
    threads: list[int] = []

    def execute(request: ShellCommandRequest) -> str:
        threads.append(threading.get_ident())
        return "fine"

    done = await run(ShellTool(execute), shell_call("ls"))
    assert done.output == "fine"
    assert done.raw_item["output"] == [
        {"stdout": "fine", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}
    ]
    assert threads != [threading.get_ident()]


async def test_an_executor_may_answer_with_dictionaries() -> None:
    def execute(request: ShellCommandRequest) -> Any:
        return ShellResult([{"stdout": "a", "outcome": {"type": "exit", "exit_code": 3}}])  # type: ignore[list-item]

    done = await run(ShellTool(execute), shell_call("ls"))
    assert done.output == "a\nexit code: 3"


@pytest.mark.parametrize(
    ("asked", "given", "limit", "told"),
    [
        (None, 7, 7, ["abcd", "efg"]),
        (5, None, 5, ["abcd", "e"]),
        (3, 9, 3, ["abc", ""]),
        (-1, 4, 0, ["", ""]),
    ],
)
async def test_outputs_are_cut_to_the_smaller_limit(
    asked: int | None, given: int | None, limit: int, told: list[str]
) -> None:
    def execute(request: ShellCommandRequest) -> ShellResult:
        return ShellResult([ShellCommandOutput("abcd", "efgh")], max_output_length=given)

    done = await run(ShellTool(execute), shell_call("ls", max_output_length=asked))
    (output,) = done.raw_item["output"]
    assert [output["stdout"], output["stderr"]] == told
    assert done.raw_item["max_output_length"] == limit
    assert len(done.output) <= limit
    fits(ShellCallOutput, done.raw_item)


async def test_what_an_executor_raises_is_told_to_the_model_and_to_the_application(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def execute(request: ShellCommandRequest) -> str:
        raise PermissionError("not allowed here")

    tool = ShellTool(execute)
    context = context_for(tool)
    done = await run(tool, shell_call("rm"), context)
    assert done.output == "not allowed here"
    assert done.raw_item["status"] == "incomplete"
    assert isinstance(context.failure, PermissionError)
    assert "the executor of a shell failed" in caplog.text
    fits(ShellCallOutput, done.raw_item)


async def test_a_shell_without_commands_or_of_the_providers_cannot_be_run() -> None:
    with pytest.raises(ModelBehaviorError, match="without any commands"):
        await run(ShellTool(lambda request: ""), shell_call())
    with pytest.raises(UserError, match="run by the provider"):
        await run(ShellTool(environment={"type": "container_auto"}), shell_call("ls"))


async def test_a_program_of_the_model_that_calls_is_named_in_the_output() -> None:
    caller = {"type": "program", "caller_id": "p1"}
    call = ResponseFunctionShellToolCall.model_validate(
        {**shell_call("ls").model_dump(exclude_unset=True), "caller": caller}
    )
    done = await run(ShellTool(lambda request: ""), call)
    assert done.raw_item["caller"] == caller


async def test_the_older_shell_gets_one_command_and_gives_a_text() -> None:
    call = LocalShellCall.model_validate(
        {
            "id": "l1",
            "type": "local_shell_call",
            "call_id": "c1",
            "status": "completed",
            "action": {"type": "exec", "command": ["ls"], "env": {}},
        }
    )

    def execute(request: LocalShellCommandRequest) -> str:
        return " ".join(request.data.action.command)

    done = await run(LocalShellTool(execute), call)
    assert done.output == "ls"
    assert done.raw_item == {
        "type": "local_shell_call_output",
        "call_id": "c1",
        "output": "ls",
    }


@pytest.mark.real_loop
async def test_an_executor_in_a_thread_is_told_when_its_call_is_given_up() -> None:
    begun, ended = threading.Event(), threading.Event()

    def execute(request: ShellCommandRequest) -> str:
        assert isinstance(request.ctx_wrapper, ToolContext)
        begun.set()
        request.ctx_wrapper.wait_cancelled(60)
        ended.set()
        return ""

    task = asyncio.create_task(run(ShellTool(execute), shell_call("sleep 60")))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 60)


# --- the editor ---


def patch_call(**operation: Any) -> ResponseApplyPatchToolCall:
    return ResponseApplyPatchToolCall.model_validate(
        {
            "id": "p1",
            "type": "apply_patch_call",
            "call_id": "c1",
            "status": "completed",
            "operation": operation,
        }
    )


class Files:
    """An editor of files that are in no folder."""

    def __init__(self) -> None:
        self.texts = {"a.txt": "one\ntwo\n"}

    def create_file(self, operation: ApplyPatchOperation) -> str:
        self.texts[operation.path] = apply_diff("", operation.diff or "", mode="create")
        return f"created {operation.path}"

    async def update_file(self, operation: ApplyPatchOperation) -> ApplyPatchResult:
        text = self.texts.pop(operation.path)
        path = operation.move_to or operation.path
        self.texts[path] = apply_diff(text, operation.diff or "")
        return ApplyPatchResult("completed", f"changed {path}")

    def delete_file(self, operation: ApplyPatchOperation) -> None:
        assert operation.diff is None
        del self.texts[operation.path]


@pytest.mark.parametrize(
    ("operation", "texts", "output"),
    [
        (
            {"type": "create_file", "path": "b.txt", "diff": "+b"},
            {"a.txt": "one\ntwo\n", "b.txt": "b"},
            "created b.txt",
        ),
        (
            {"type": "update_file", "path": "a.txt", "diff": "@@\n-two\n+three"},
            {"a.txt": "one\nthree\n"},
            "changed a.txt",
        ),
        (
            {"type": "update_file", "path": "a.txt", "move_to": "c.txt", "diff": "@@\n-two"},
            {"c.txt": "one\n"},
            "changed c.txt",
        ),
        ({"type": "delete_file", "path": "a.txt"}, {}, ""),
    ],
)
async def test_an_editor_carries_out_the_changes(
    operation: dict[str, Any], texts: dict[str, str], output: str
) -> None:
    files = Files()
    done = await run(ApplyPatchTool(files), patch_call(**operation))
    assert files.texts == texts
    assert done.output == output
    expected = {"type": "apply_patch_call_output", "call_id": "c1", "status": "completed"}
    assert done.raw_item == (expected | {"output": output} if output else expected)
    fits(ApplyPatchCallOutput, done.raw_item)


async def test_a_patch_that_does_not_fit_is_told_to_the_model() -> None:
    tool = ApplyPatchTool(Files())
    context = context_for(tool)
    done = await run(tool, patch_call(type="update_file", path="a.txt", diff="@@\n-four"), context)
    assert done.raw_item["status"] == "failed"
    assert done.output == "the text does not have these lines after line 0:\nfour"
    assert isinstance(context.failure, ValueError)


async def test_an_editor_may_say_that_it_failed_and_give_data() -> None:
    class Refusing(Files):
        def create_file(self, operation: ApplyPatchOperation) -> Any:
            return {"status": "failed", "output": "read only"}

    def extract(about: ApplyPatchToolCustomDataContext) -> Mapping[str, Any]:
        return {"paths": [each.path for each in about.operations], "status": about.status}

    tool = ApplyPatchTool(Refusing(), custom_data_extractor=extract)
    done = await run(tool, patch_call(type="create_file", path="b", diff="+b"))
    assert (done.output, done.raw_item["status"]) == ("read only", "failed")
    assert done.custom_data == {"paths": ["b"], "status": "failed"}


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ({"type": "move_file", "path": "a"}, "wants to patch 'a' by 'move_file', which cannot be"),
        ({"type": "delete_file", "path": ""}, "wants to patch '' by 'delete_file'"),
        ({"type": "create_file", "path": "a"}, "wants to create_file 'a' without a diff"),
    ],
)
async def test_changes_that_there_are_not_are_the_models_fault(
    operation: dict[str, Any], sentence: str
) -> None:
    call = {"type": "apply_patch_call", "call_id": "c1", "operation": operation}
    with pytest.raises(ModelBehaviorError, match=sentence):
        await run(ApplyPatchTool(Files()), call)


# --- the computer ---


class Recorder(AsyncComputer):
    """A computer that writes down what is done with it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    async def screenshot(self) -> str:
        self.done.append("screenshot")
        return base64.b64encode(b"png").decode()

    async def click(self, x: int, y: int, button: Any, *, keys: Any = None) -> None:
        self.done.append(("click", x, y, button, keys))

    async def double_click(self, x: int, y: int) -> None:
        self.done.append(("double_click", x, y))

    async def scroll(self, x: int, y: int, scroll_x: int, scroll_y: int) -> None:
        self.done.append(("scroll", x, y, scroll_x, scroll_y))

    async def type(self, text: str) -> None:
        self.done.append(("type", text))

    async def wait(self) -> None:
        self.done.append("wait")

    async def move(self, x: int, y: int) -> None:
        self.done.append(("move", x, y))

    async def keypress(self, keys: list[str]) -> None:
        self.done.append(("keypress", keys))

    async def drag(self, path: list[tuple[int, int]]) -> None:
        self.done.append(("drag", path))


def computer_call(*actions: dict[str, Any], **fields: Any) -> ResponseComputerToolCall:
    return ResponseComputerToolCall.model_validate(
        {
            "id": "cu1",
            "type": "computer_call",
            "call_id": "c1",
            "status": "completed",
            "pending_safety_checks": [],
            "actions": list(actions),
            **fields,
        }
    )


async def test_a_computer_carries_out_all_actions_and_shows_its_screen() -> None:
    computer = Recorder()
    call = computer_call(
        {"type": "click", "x": 1, "y": 2, "button": "left", "keys": ["ctrl"]},
        {"type": "double_click", "x": 3, "y": 4, "keys": None},
        {"type": "scroll", "x": 1, "y": 2, "scroll_x": 0, "scroll_y": 9},
        {"type": "type", "text": "hi"},
        {"type": "wait"},
        {"type": "move", "x": 5, "y": 6},
        {"type": "keypress", "keys": ["ctrl", "c"]},
        {"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]},
    )
    done = await run(ComputerTool(computer), call)
    assert computer.done == [
        ("click", 1, 2, "left", ["ctrl"]),
        ("double_click", 3, 4),
        ("scroll", 1, 2, 0, 9),
        ("type", "hi"),
        "wait",
        ("move", 5, 6),
        ("keypress", ["ctrl", "c"]),
        ("drag", [(1, 2), (3, 4)]),
        "screenshot",
    ]
    assert done.output == "data:image/png;base64,cG5n"
    assert done.raw_item == {
        "type": "computer_call_output",
        "call_id": "c1",
        "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,cG5n"},
    }
    fits(ComputerCallOutput, done.raw_item)


async def test_a_screenshot_at_the_end_is_not_taken_twice_and_one_action_may_stand_alone() -> None:
    computer = Recorder()
    await run(ComputerTool(computer), computer_call({"type": "wait"}, {"type": "screenshot"}))
    assert computer.done == ["wait", "screenshot"]
    older = computer_call(action={"type": "wait"})
    await run(ComputerTool(computer), older)
    assert computer.done[2:] == ["wait", "screenshot"]


async def test_keys_that_a_computer_does_not_take_are_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    computer = Recorder()
    call = computer_call({"type": "move", "x": 1, "y": 2, "keys": ["alt"]})
    await run(ComputerTool(computer), call)
    assert computer.done[0] == ("move", 1, 2)
    assert "the computer's move() takes no keys=" in caplog.text


async def test_a_computer_of_plain_functions_runs_in_threads() -> None:
    class Plain(Computer):
        def __init__(self) -> None:
            self.threads: set[int] = set()

        def screenshot(self) -> str:
            self.threads.add(threading.get_ident())
            return ""

        def wait(self) -> None:
            self.threads.add(threading.get_ident())

        def click(self, x: int, y: int, button: Any) -> None: ...
        def double_click(self, x: int, y: int) -> None: ...
        def scroll(self, x: int, y: int, scroll_x: int, scroll_y: int) -> None: ...
        def type(self, text: str) -> None: ...
        def move(self, x: int, y: int) -> None: ...
        def keypress(self, keys: list[str]) -> None: ...
        def drag(self, path: list[tuple[int, int]]) -> None: ...

    computer = Plain()
    done = await run(ComputerTool(computer), computer_call({"type": "wait"}))
    assert done.output == ""
    assert computer.threads
    assert threading.get_ident() not in computer.threads


async def test_an_action_that_there_is_not_is_the_models_fault() -> None:
    call = {"call_id": "c1", "actions": [{"type": "dance"}]}
    with pytest.raises(ModelBehaviorError, match="wants the computer to 'dance', which it cannot"):
        await run(ComputerTool(Recorder()), call)


CHECK = {"id": "sc1", "code": "malicious", "message": "This page looks bad."}


async def test_safety_checks_are_acknowledged_by_the_application() -> None:
    asked: list[ComputerToolSafetyCheckData] = []

    async def look(data: ComputerToolSafetyCheckData) -> bool:
        asked.append(data)
        return True

    call = computer_call({"type": "wait"}, pending_safety_checks=[CHECK])
    done = await run(ComputerTool(Recorder(), on_safety_check=look), call)
    assert done.raw_item["acknowledged_safety_checks"] == [CHECK]
    assert (asked[0].safety_check.code, asked[0].tool_call) == ("malicious", call)
    assert asked[0].agent.name == "a"
    fits(ComputerCallOutput, done.raw_item)


async def test_a_safety_check_that_is_not_acknowledged_ends_it_before_anything_is_done() -> None:
    computer = Recorder()
    tool = ComputerTool(computer, on_safety_check=lambda data: False)
    with pytest.raises(UserError, match="was not acknowledged: This page looks bad"):
        await run(tool, computer_call({"type": "wait"}, pending_safety_checks=[CHECK]))
    assert computer.done == []


async def test_safety_checks_that_nobody_is_asked_about_are_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    call = computer_call({"type": "wait"}, pending_safety_checks=[CHECK])
    done = await run(ComputerTool(Recorder()), call)
    assert "acknowledged_safety_checks" not in done.raw_item
    assert "has doubts about a computer call, and nobody is asked (malicious)" in caplog.text


# --- computers that are made for a run ---


async def test_a_computer_is_made_once_for_a_run_and_disposed_of_with_it() -> None:
    made: list[RunContextWrapper[Any]] = []
    disposed: list[tuple[Any, Any]] = []

    async def create(*, run_context: RunContextWrapper[Any]) -> Recorder:
        made.append(run_context)
        return Recorder()

    def dispose(*, run_context: RunContextWrapper[Any], computer: Recorder) -> None:
        disposed.append((run_context, computer))

    provider = ComputerProvider(create, dispose)
    tool: ComputerTool[Recorder] = ComputerTool(provider)
    one, other = RunContextWrapper(1), RunContextWrapper(2)
    computer = await resolve_computer(tool=tool, run_context=one)
    for _ in range(2):
        await run_local_call(tool, computer_call({"type": "wait"}), context_for(tool), one)
    assert made == [one]
    assert isinstance(computer, Recorder)
    assert computer.done == ["wait", "screenshot"] * 2
    assert await resolve_computer(tool=tool, run_context=other) is not computer
    await dispose_resolved_computers(run_context=one)
    await dispose_resolved_computers(run_context=one)
    assert disposed == [(one, computer)]
    assert tool.computer is provider


async def test_a_function_can_make_the_computer_and_nothing_is_disposed_of() -> None:
    def create(*, run_context: RunContextWrapper[Any]) -> Recorder:
        return Recorder()

    tool: ComputerTool[Recorder] = ComputerTool(create)
    run_context = RunContextWrapper(None)
    assert isinstance(await resolve_computer(tool=tool, run_context=run_context), Recorder)
    await dispose_resolved_computers(run_context=run_context)


async def test_what_is_no_computer_is_refused_and_a_failing_disposal_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nothing: Any = lambda run_context: None  # noqa: E731
    with pytest.raises(UserError, match="a ComputerTool needs a Computer or an AsyncComputer"):
        await resolve_computer(tool=ComputerTool(nothing), run_context=RUN)

    def dispose(*, run_context: RunContextWrapper[Any], computer: Recorder) -> None:
        raise OSError("the window is gone")

    def create(*, run_context: RunContextWrapper[Any]) -> Recorder:
        return Recorder()

    run_context = RunContextWrapper(None)
    tool: ComputerTool[Recorder] = ComputerTool(ComputerProvider(create, dispose))
    await resolve_computer(tool=tool, run_context=run_context)
    await dispose_resolved_computers(run_context=run_context)
    assert "the window is gone" in caplog.text


async def test_two_calls_at_once_share_the_computer_of_their_run() -> None:
    made: list[Recorder] = []

    async def create(*, run_context: RunContextWrapper[Any]) -> Recorder:
        await asyncio.sleep(1)
        made.append(Recorder())
        return made[-1]

    tool: ComputerTool[Recorder] = ComputerTool(create)
    run_context = RunContextWrapper(None)
    one, other = await asyncio.gather(
        resolve_computer(tool=tool, run_context=run_context),
        resolve_computer(tool=tool, run_context=run_context),
    )
    assert one is other
    assert len(made) == 1


async def test_calls_at_once_do_not_move_the_mouse_together() -> None:
    class Slow(Recorder):
        async def wait(self) -> None:
            self.done.append("wait")
            await asyncio.sleep(1)

    computer = Slow()
    tool = ComputerTool(computer)
    run_context = RunContextWrapper(None)
    call = computer_call({"type": "wait"})
    calls = [run_local_call(tool, call, context_for(tool), run_context) for _ in range(2)]
    await asyncio.gather(*calls)
    assert computer.done == ["wait", "screenshot", "wait", "screenshot"]


def test_every_type_of_local_call_has_its_tool() -> None:
    assert {
        "computer_call": ComputerTool,
        "shell_call": ShellTool,
        "local_shell_call": LocalShellTool,
        "apply_patch_call": ApplyPatchTool,
    } == LOCAL_CALLS
