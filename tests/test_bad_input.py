"""What goes wrong between us and a model: one typed error, one clear sentence, nothing lost.

Each case goes through `stream_events()` and through `subscribe` alike, against a real server on
loopback.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from loopback import (
    Cut,
    LoopbackServer,
    Pause,
    Reply,
    json_error,
    response,
    sse,
    stream,
    text_events,
)

from rxagents import (
    Agent,
    AgentsException,
    ModelAPIError,
    ModelBehaviorError,
    ModelResponseError,
    ModelStreamError,
    ModelUnavailableError,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
    RunResultStreaming,
    StreamEvent,
    function_tool,
)
from rxagents.exceptions import (
    ModelAuthenticationError,
    ModelBadRequestError,
    ModelConnectionError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelServerError,
    ModelTimeoutError,
    ToolArgumentsError,
)
from rxagents.testing import ScriptedModel, assistant_message, function_call

EVENTS = text_events("Hello from Oslo, where it rains.")


@pytest.fixture(autouse=True)
async def nothing_is_left_behind() -> AsyncIterator[None]:
    """Fail a test that leaves a task."""
    yield
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - {asyncio.current_task()} == set()


class Outcome:
    """What a run gave: its events, then its error."""

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []
        self.error: Exception | None = None

    @property
    def kinds(self) -> list[str]:
        return [e.data.type if e.type == "raw_response_event" else e.type for e in self.events]


async def read(run: RunResultStreaming) -> Outcome:
    """Read a run with the iterator, and again with callbacks; both must see the same."""
    iterated, called = Outcome(), Outcome()
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_error(error: Exception) -> None:
        called.error = error
        ended.set_result(None)

    run.subscribe(called.events.append, on_error, lambda: ended.set_result(None))
    try:
        async for event in run.stream_events():
            iterated.events.append(event)
    except Exception as error:
        iterated.error = error
    await ended
    assert called.events == iterated.events
    assert called.error is iterated.error is run.run_loop_exception
    assert run.is_complete
    return iterated


async def ask(*script: Reply, max_retries: int = 0, **options: Any) -> tuple[Outcome, Any]:
    async with LoopbackServer(script) as server:
        client = server.client(max_retries=max_retries, **options)
        agent = Agent("A", model=OpenAIResponsesModel("m", client))
        outcome = await read(Runner.run_streamed(agent, "Hi"))
        await client.close()
        await server.wait_closed()
        return outcome, server


# --- refused requests -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "clients", "advice"),
    [
        (400, ModelBadRequestError, openai.BadRequestError, "Change the request"),
        (401, ModelAuthenticationError, openai.AuthenticationError, "OPENAI_API_KEY"),
        (404, ModelNotFoundError, openai.NotFoundError, "OPENAI_BASE_URL"),
        (429, ModelRateLimitError, openai.RateLimitError, "at the first try"),
        (500, ModelServerError, openai.InternalServerError, "try again later"),
        (503, ModelServerError, openai.InternalServerError, "try again later"),
    ],
)
async def test_a_refused_request(
    status: int, kind: type[ModelAPIError], clients: type[Exception], advice: str
) -> None:
    outcome, server = await ask(json_error(status, "Because I say so"))
    error = outcome.error
    assert isinstance(error, kind)
    assert isinstance(error, clients), "code that catches the client's errors goes on working"
    assert isinstance(error, AgentsException)
    assert f"the model 'm' at {server.base_url} refused the request ({status})" in str(error)
    assert "Because I say so." in str(error)
    assert advice in str(error)
    assert "\n" not in str(error)
    assert error.run_data is not None
    assert outcome.kinds == ["agent_updated_stream_event"]


async def test_a_refusal_that_is_no_json() -> None:
    reply = Reply(status=502, headers={"content-type": "text/html"}, chunks=(b"<h1>Bad\nday</h1>",))
    outcome, _ = await ask(reply)
    assert isinstance(outcome.error, ModelServerError)
    assert "(502): <h1>Bad day</h1>" in str(outcome.error)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_can_be_retried_is_retried_and_then_told(status: int) -> None:
    outcome, server = await ask(*[json_error(status, "Busy")] * 3, max_retries=2)
    assert len(server.requests) == 3
    assert "3 tries" in str(outcome.error)


async def test_a_retry_that_succeeds_is_not_told() -> None:
    outcome, server = await ask(
        json_error(429, "Busy", headers={"retry-after": "2"}), stream(*EVENTS), max_retries=2
    )
    assert outcome.error is None
    assert len(server.requests) == 2
    assert server.requests[1].at - server.requests[0].at >= 2.0


async def test_no_server_at_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    async with openai.AsyncOpenAI(base_url=address, api_key="k", max_retries=0) as client:
        agent = Agent("A", model=OpenAIResponsesModel("m", client))
        outcome = await read(Runner.run_streamed(agent, "Hi"))
    assert isinstance(outcome.error, ModelConnectionError)
    assert isinstance(outcome.error, openai.APIConnectionError)
    assert f"no connection to the model 'm' at {address}, at the first try" in str(outcome.error)


async def test_a_server_that_does_not_answer_in_time() -> None:
    outcome, _ = await ask(Reply(chunks=(Pause(1000), b"late")), timeout=30.0)
    assert isinstance(outcome.error, ModelTimeoutError)
    assert isinstance(outcome.error, openai.APITimeoutError)
    assert "did not answer in time, at the first try" in str(outcome.error)


async def test_a_connection_that_is_closed_unanswered() -> None:
    outcome, _ = await ask(Reply(chunks=(Cut(),)))
    assert isinstance(outcome.error, ModelConnectionError)


# --- broken streams -------------------------------------------------------------------------

FRAMES = [sse(event) for event in EVENTS]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_connection_that_breaks_in_the_middle(reset: bool) -> None:
    outcome, _ = await ask(stream(*FRAMES[:6], b"event: respon", Cut(reset=reset)))
    assert isinstance(outcome.error, ModelStreamError)
    assert outcome.error.event_index == 6
    assert "broke off after 6 events" in str(outcome.error)
    assert len(outcome.events) == 7


async def test_a_stream_that_ends_without_its_end() -> None:
    outcome, _ = await ask(stream(*FRAMES[:6]))
    assert isinstance(outcome.error, ModelStreamError)
    assert "ended after 6 events without" in str(outcome.error)
    assert len(outcome.events) == 7


async def test_a_pause_that_is_too_long() -> None:
    outcome, _ = await ask(stream(*FRAMES[:6], Pause(1000), *FRAMES[6:]), timeout=30.0)
    assert isinstance(outcome.error, ModelStreamError)
    assert "broke off after 6 events (ReadTimeout" in str(outcome.error)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"event: response.output_text.delta\ndata: {not json\n\n", "event 7 .* is not JSON"),
        (b'data: {"delta":"\xff\xfe"}\n\n', "event 7 .* is not valid UTF-8"),
        (b"data: []\n\n", "event 7 .* is not a JSON object"),
    ],
)
async def test_a_frame_that_is_no_event(frame: bytes, words: str) -> None:
    outcome, _ = await ask(stream(b"".join([*FRAMES[:6], frame, *FRAMES[6:]])))
    with pytest.raises(ModelStreamError, match=words):
        raise outcome.error or AssertionError
    assert len(outcome.events) == 7, "what came before it, also in the same packet"


async def test_an_answer_that_is_no_stream_at_all() -> None:
    reply = Reply(headers={"content-type": "text/html"}, chunks=(b"<html>Welcome!</html>",))
    outcome, _ = await ask(reply)
    assert isinstance(outcome.error, ModelStreamError)
    assert "<html>Welcome!</html>" in str(outcome.error)


# --- a model that says it failed ------------------------------------------------------------


def ending(kind: str, **fields: Any) -> list[bytes]:
    """The start of an answer, and an end other than `response.completed`."""
    status: Any = kind.removeprefix("response.")
    last = {
        "type": kind,
        "sequence_number": 9,
        "response": response(status=status).model_dump(mode="json") | fields,
    }
    return [*FRAMES[:6], sse(last)]


async def test_a_failed_response() -> None:
    error = {"code": "server_error", "message": "Out of GPUs."}
    outcome, _ = await ask(stream(*ending("response.failed", error=error)))
    assert isinstance(outcome.error, ModelResponseError)
    assert "(response.failed, server_error): Out of GPUs." in str(outcome.error)
    assert outcome.error.code == "server_error"
    assert outcome.kinds[-1] == "response.failed"


async def test_an_incomplete_response() -> None:
    details = {"reason": "max_output_tokens"}
    outcome, _ = await ask(stream(*ending("response.incomplete", incomplete_details=details)))
    assert isinstance(outcome.error, ModelResponseError)
    assert "response.incomplete: max_output_tokens" in str(outcome.error)
    assert outcome.error.reason == "max_output_tokens"
    assert outcome.kinds[-1] == "response.incomplete"


async def test_an_error_event() -> None:
    last = {
        "type": "error",
        "code": "rate_limit_exceeded",
        "message": "Slow down.",
        "param": None,
        "sequence_number": 7,
    }
    outcome, _ = await ask(stream(*FRAMES[:6], sse(last)))
    assert isinstance(outcome.error, ModelResponseError)
    assert "(error, rate_limit_exceeded): Slow down." in str(outcome.error)
    assert outcome.kinds[-1] == "error"


# --- tools ----------------------------------------------------------------------------------


async def test_arguments_that_do_not_fit_end_the_run_if_the_tool_says_so() -> None:
    @function_tool(failure_error_function=None)
    def add(a: int, b: int) -> int:
        return a + b

    model = ScriptedModel([[function_call("add", '{"a": 1, "b": "many"}')]])
    outcome = await read(Runner.run_streamed(Agent("A", tools=[add], model=model), "x"))
    assert isinstance(outcome.error, ToolArgumentsError)
    assert isinstance(outcome.error, ModelBehaviorError)
    assert outcome.error.tool_name == "add"
    assert "'b'" in str(outcome.error)
    assert "\n" not in str(outcome.error)


async def test_arguments_that_do_not_fit_are_else_told_to_the_model() -> None:
    @function_tool
    def add(a: int, b: int) -> int:
        return a + b

    for arguments in ('{"a": 1, "b": "many"}', "{broken", "[1, 2]", '{"a": 1}'):
        model = ScriptedModel([[function_call("add", arguments)], [assistant_message("Sorry.")]])
        outcome = await read(Runner.run_streamed(Agent("A", tools=[add], model=model), "x"))
        assert outcome.error is None
        told: Any = model.calls[1].input
        assert told[-1]["output"]


# --- keys and providers ---------------------------------------------------------------------


async def test_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    outcome = await read(Runner.run_streamed(Agent("A"), "Hi"))
    assert isinstance(outcome.error, ModelUnavailableError)
    assert "set OPENAI_API_KEY" in str(outcome.error)
    assert "model='local'" in str(outcome.error)


async def test_the_key_and_the_address_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with LoopbackServer([stream(*EVENTS), stream(*EVENTS)]) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_DEFAULT_MODEL", "some-model")
        for model in (None, "openai/other"):
            result = await Runner.run(Agent("A", instructions="Be kind.", model=model), "Hi")
            assert result.final_output == "Hello from Oslo, where it rains."
        first, second = server.requests
        assert first.path == "/v1/responses"
        assert first.headers["authorization"] == "Bearer sk-from-the-environment"
        assert first.body["model"] == "some-model"
        assert first.body["stream"] is True
        assert first.body["instructions"] == "Be kind."
        assert second.body["model"] == "other"
        assert server.connections == 1, "both runs used the same connection"


async def test_a_run_config_without_a_model_leaves_the_agents() -> None:
    model = ScriptedModel([[assistant_message("Hi.")]])
    result = await Runner.run(Agent("A", model=model), "x", run_config=RunConfig())
    assert result.final_output == "Hi."


async def test_a_run_that_failed_unseen_is_reported() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    run = Runner.run_streamed(Agent("A", model=ScriptedModel([OSError("no model")])), "x")
    await asyncio.sleep(1)
    assert told == []
    del run
    assert [str(context["exception"]) for context in told] == ["no model"]
