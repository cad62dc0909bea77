"""Each kind of item to JSON and back, also those that are told while a run goes on."""

from __future__ import annotations

import copy
import json
import threading
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai_samples import sample
from shredder import Shredder, asked

from rxagents import (
    Agent,
    ApprovalRequestedEvent,
    AttemptFailedItem,
    CompactionItem,
    HandoffCallItem,
    HandoffOutputItem,
    InputItem,
    MCPApprovalRequestItem,
    MCPApprovalResponseItem,
    MCPListToolsItem,
    MessageOutputItem,
    ModelStreamError,
    ReasoningItem,
    RunConfig,
    RunItem,
    RunItemStreamEvent,
    Runner,
    StreamEvent,
    ToolApprovalItem,
    ToolCallItem,
    ToolCallOutputItem,
    ToolProgress,
    ToolProgressItem,
    ToolSearchCallItem,
    ToolSearchOutputItem,
    event_from_dict,
    function_tool,
)
from rxagents.events import RunItemName
from rxagents.openai_types import item_classes, typed_item
from rxagents.testing import ScriptedModel, assistant_message, function_call

A, B = Agent("A"), Agent("B")
OUTPUT: Any = {"type": "function_call_output", "call_id": "c", "output": "Rain."}
PLACE: dict[str, Any] = {"run_id": "r", "seq": 7, "turn": 3, "time": 1.5, "path": ("A", "B")}


def of_the_model(kind: str) -> Any:
    return typed_item(sample(item_classes()[kind], Random(1)))


def there_and_back(event: StreamEvent) -> Any:
    """The event from its JSON, which must be the same as before."""
    written = event.to_dict()
    for read in (written, json.loads(json.dumps(written))):
        before = copy.deepcopy(read)
        again = event_from_dict(read, [A, B])
        assert again.to_dict() == written
        assert type(again) is type(event)
        assert read == before, "what is read is left as it is"
    return again


RESPONSE: Any = {"type": "mcp_approval_response", "approval_request_id": "m", "approve": True}
FAILED = {"type": "attempt_failed", "attempt": 1, "error": "OSError: cut", "superseded": ["m1"]}

ITEMS: list[tuple[RunItemName, RunItem]] = [
    ("message_output_created", MessageOutputItem(A, assistant_message("Rain."))),
    ("reasoning_item_created", ReasoningItem(A, of_the_model("reasoning"))),
    ("tool_called", ToolCallItem(A, function_call("f"))),
    ("tool_called", ToolCallItem(A, of_the_model("computer_call"))),
    ("tool_output", ToolCallOutputItem(A, OUTPUT, output="Rain.")),
    (
        "tool_output",
        ToolCallOutputItem(A, OUTPUT, output="x", error=OSError("cut"), custom_data={"n": [1]}),
    ),
    ("handoff_requested", HandoffCallItem(A, function_call("transfer_to_b"))),
    ("handoff_occured", HandoffOutputItem(A, OUTPUT, source_agent=A, target_agent=B)),
    ("mcp_list_tools", MCPListToolsItem(A, of_the_model("mcp_list_tools"))),
    ("mcp_approval_requested", MCPApprovalRequestItem(A, of_the_model("mcp_approval_request"))),
    ("mcp_approval_response", MCPApprovalResponseItem(A, RESPONSE)),
    ("tool_search_called", ToolSearchCallItem(A, of_the_model("tool_search_call"))),
    ("tool_search_output_created", ToolSearchOutputItem(A, of_the_model("tool_search_output"))),
    ("message_output_created", CompactionItem(A, of_the_model("compaction"))),
    (
        "tool_progress",
        ToolProgressItem(
            A, function_call("f"), progress=ToolProgress("half", data={"n": 1}, fraction=0.5)
        ),
    ),
    ("input_admitted", InputItem(A, {"role": "user", "content": "Stop."})),
    ("attempt_failed", AttemptFailedItem(A, FAILED, error=OSError("cut"))),
    ("approval_requested", ToolApprovalItem(A, function_call("f"))),
    ("approval_requested", ToolApprovalItem(A, function_call("f"), "of another name")),
    ("approval_requested", ToolApprovalItem(A, of_the_model("local_shell_call"), "local_shell")),
]


def test_there_is_a_sample_of_each_kind_of_item() -> None:
    kinds = {kind if isinstance(kind, type) else kind.__origin__ for kind in get_args(RunItem)}
    assert {type(item) for _, item in ITEMS} == kinds


@pytest.mark.parametrize(("name", "item"), ITEMS, ids=lambda each: getattr(each, "type", each))
def test_each_kind_of_item_comes_back_as_it_was(name: RunItemName, item: RunItem) -> None:
    kind: Any = ApprovalRequestedEvent if name == "approval_requested" else RunItemStreamEvent
    again = there_and_back(kind(name, item, **PLACE))
    assert again.name == name
    assert type(again.item) is type(item)
    assert again.item.agent is A
    assert again.item.raw_item == item.raw_item
    assert type(again.item.raw_item) is type(item.raw_item)
    for field in set(vars(item)) - {"agent", "raw_item", "error"}:
        assert getattr(again.item, field) == getattr(item, field), field


def test_what_failed_is_told_in_words() -> None:
    tool = ToolCallOutputItem(A, OUTPUT, output="x", error=OSError("cut"))
    again = there_and_back(RunItemStreamEvent("tool_output", tool))
    assert str(again.item.error) == "OSError: cut"
    attempt = AttemptFailedItem(A, FAILED, error=ModelStreamError("cut", event_index=1))
    again = there_and_back(RunItemStreamEvent("attempt_failed", attempt))
    assert again.item.error is None
    assert (again.item.raw_item["error"], again.item.superseded) == ("OSError: cut", ["m1"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.none() | st.text(), JSON, st.none() | st.floats(0, 1))
def test_any_progress_comes_back(message: str | None, data: Any, fraction: float | None) -> None:
    progress = ToolProgress(message, data, fraction)
    item = ToolProgressItem(A, function_call("f"), progress=progress)
    assert there_and_back(RunItemStreamEvent("tool_progress", item)).item.progress == progress


def test_progress_that_is_no_json_is_written_as_words() -> None:
    lock = threading.Lock()
    item = ToolProgressItem(A, function_call("f"), progress=ToolProgress(data={"lock": lock}))
    again = there_and_back(RunItemStreamEvent("tool_progress", item))
    assert again.item.progress.data == {"lock": str(lock)}


@given(JSON, st.text(min_size=1), st.text())
def test_any_input_comes_back(content: Any, input_id: str, text: str) -> None:
    raw: Any = {"role": "user", "content": content, text: content}
    item = InputItem(A, raw, input_id=input_id)
    again = there_and_back(RunItemStreamEvent("input_admitted", item))
    assert (again.item.raw_item, again.item.input_id) == (raw, input_id)


async def test_every_event_of_a_run_with_all_of_it_comes_back() -> None:
    """Approvals, progress, input, a failed attempt, a run inside: as they really come."""

    async def crawl() -> Any:
        yield ToolProgress("page 1", fraction=0.5)
        yield {"pages": 1}

    shredder = Shredder()
    tools = [function_tool(crawl), shredder.agent.as_tool("ask", "")]
    calls = [function_call("crawl"), function_call("ask", {"input": "x"})]
    fallback = ScriptedModel([calls, [assistant_message("Ready.")]])
    failing = ScriptedModel([ModelStreamError("cut", event_index=0)])
    outer = Agent("Outer", model=failing, tools=[*tools])
    config = RunConfig(stream_nested=True, fallback_models=[fallback])
    run = Runner.run_streamed(outer, "x", run_config=config)
    events: list[StreamEvent] = []
    async for event in run.stream_events():
        events.append(event)
        if request := asked(event):
            run.send("and hurry")
            await request.approve()
    kinds = {event.name for event in events if event.type == "run_item_stream_event"}
    assert kinds >= {"approval_requested", "tool_progress", "input_admitted", "attempt_failed"}
    for event in events:
        again = there_and_back(event)
        assert (again.seq, again.path, again.turn) == (event.seq, event.path, event.turn)
