"""A model behind Chat Completions, and runs with it, against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from chat_chunks import (
    CHAT_ID,
    call_chunks,
    call_delta,
    chunk,
    decode,
    frame,
    frames,
    kinds,
    text_chunks,
)
from loopback import (
    Cut,
    LoopbackServer,
    Pause,
    Reply,
    Request,
    json_error,
    json_reply,
    stream,
    text_events,
)
from openai.types.responses import ResponseStreamEvent
from openai.types.shared import Reasoning

from rxagents import (
    Agent,
    Model,
    ModelResponseError,
    ModelSettings,
    ModelStreamError,
    ModelTracing,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    UserError,
    function_tool,
)
from rxagents.exceptions import (
    ModelAuthenticationError,
    ModelBadRequestError,
    ModelConnectionError,
    ModelRateLimitError,
)
from rxagents.models.reasoning_content_replay import ReasoningContentReplayContext

HELLO = stream(*frames(text_chunks("Hello ", "from ", "Oslo.")))


@pytest.fixture(autouse=True)
async def nothing_is_left_behind() -> AsyncIterator[None]:
    """Fail a test that leaves a task."""
    yield
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - {asyncio.current_task()} == set()


@function_tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"Sunny in {city}."


def asked(
    model: Model, settings: ModelSettings | None = None, **options: Any
) -> AsyncIterator[ResponseStreamEvent]:
    """The events of one answer."""
    return model.stream_response(
        None,
        "Hi",
        settings or ModelSettings(),
        [],
        None,
        [],
        ModelTracing.DISABLED,
        **{"previous_response_id": None, "conversation_id": None, "prompt": None, **options},
    )


async def ask(
    *script: Reply, settings: ModelSettings | None = None, max_retries: int = 0
) -> tuple[list[ResponseStreamEvent], list[Request]]:
    async with LoopbackServer(script) as server:
        model = OpenAIChatCompletionsModel("gpt-test", server.client(max_retries=max_retries))
        events = [event async for event in asked(model, settings)]
        assert server.open_connections == 1
        return events, server.requests


# --- answers ------------------------------------------------------------------------------------


async def test_an_answer_is_asked_for_and_decoded() -> None:
    events, (request,) = await ask(HELLO, settings=ModelSettings(temperature=0.5))
    assert events[2:] == decode(text_chunks("Hello ", "from ", "Oslo."))[2:-1] + events[-1:]
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.temperature == 0.5
    assert request.path == "/v1/chat/completions"
    assert request.body == {
        "model": "gpt-test",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_events_come_as_their_chunks_do() -> None:
    *begun, usage, done = frames(text_chunks("Hi"))
    async with LoopbackServer([stream(*begun, Pause(5), usage, Pause(5), done)]) as server:
        loop = asyncio.get_running_loop()
        began = loop.time()
        model = OpenAIChatCompletionsModel("gpt-test", server.client())
        times = {event.type: loop.time() - began async for event in asked(model)}
    assert times["response.output_item.done"] == 0
    assert times["response.completed"] == 10


async def test_a_whole_answer_is_its_stream_read_to_the_end() -> None:
    async with LoopbackServer([HELLO]) as server:
        model = OpenAIChatCompletionsModel("gpt-test", server.client())
        response = await model.get_response(
            "Be kind.",
            "Hi",
            ModelSettings(),
            [],
            None,
            [],
            ModelTracing.DISABLED,
            previous_response_id=None,
            conversation_id=None,
            prompt=None,
        )
        assert response.response_id == CHAT_ID
        assert response.usage.total_tokens == 29
        assert server.requests[0].body["messages"][0] == {"role": "system", "content": "Be kind."}


async def test_a_server_that_cannot_stream_is_understood() -> None:
    message = {"role": "assistant", "content": "Hello from Oslo."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    events, _ = await ask(json_reply({"id": CHAT_ID, "choices": [choice]}))
    assert kinds(events)[-1] == "completed"


async def test_a_connection_that_breaks_after_the_reason_to_stop_breaks_nothing() -> None:
    async with LoopbackServer([stream(*frames(text_chunks("Hi"))[:-2], Cut(reset=True))]) as server:
        model = OpenAIChatCompletionsModel("gpt-test", server.client())
        events = [event async for event in asked(model)]
    assert kinds(events)[-1] == "completed"


async def test_leaving_early_ends_the_request() -> None:
    async with LoopbackServer([stream(frames(text_chunks("Hi"))[1], Pause(1000))]) as server:
        events: Any = asked(OpenAIChatCompletionsModel("gpt-test", server.client()))
        async for event in events:
            if event.type == "response.output_text.delta":
                break
        await events.aclose()
        await server.wait_gone()


# --- runs ---------------------------------------------------------------------------------------


async def test_a_run_calls_a_tool_on_one_connection() -> None:
    deltas = [{"reasoning_content": "Hm."}, {"content": "Let me look."}]
    first = [*map(chunk, deltas), *call_chunks("weather", '{"city": "Oslo"}')]
    second = text_chunks("It is ", "sunny.")
    async with LoopbackServer([stream(*frames(first)), stream(*frames(second))]) as server:
        model = OpenAIChatCompletionsModel("gpt-test", server.client())
        run = Runner.run_streamed(Agent("A", model=model, tools=[weather]), "Weather?")
        async for _ in run.stream_events():
            pass
        assert run.final_output == "It is sunny."
        assert [item.type for item in run.new_items] == [
            "reasoning_item",
            "message_output_item",
            "tool_call_item",
            "tool_call_output_item",
            "message_output_item",
        ]
        assert run.context_wrapper.usage.total_tokens == 58
        one, two = server.requests
        assert server.connections == 1
    (tool,) = one.body["tools"]
    assert tool["function"]["name"] == "weather"
    call = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    assert two.body["messages"] == [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "Sunny in Oslo."},
    ]


async def test_a_run_hands_over_between_both_apis() -> None:
    to_b = call_delta(0, "{}", name="transfer_to_b", call_id="call_1")
    first = [chunk({"reasoning_content": "Hm."}), chunk(to_b), chunk({}, "tool_calls")]
    async with LoopbackServer([stream(*frames(first)), stream(*text_events("Hi"))]) as server:
        client = server.client()
        b = Agent("B", model=OpenAIResponsesModel("m", client))
        a = Agent("A", model=OpenAIChatCompletionsModel("gpt-test", client), handoffs=[b])
        result = await Runner.run(a, "Hello")
        assert result.final_output == "Hi"
        asked_user, call, output = server.requests[1].body["input"]
    assert asked_user["role"] == "user"
    assert call == {
        "type": "function_call",
        "call_id": "call_1",
        "name": "transfer_to_b",
        "arguments": "{}",
        "status": "completed",
    }
    assert output["call_id"] == "call_1"


async def test_a_cut_off_answer_fails_the_run_with_its_reason() -> None:
    async with LoopbackServer([stream(*frames(text_chunks("Hi", finish_reason="length")))]) as s:
        agent = Agent("A", model=OpenAIChatCompletionsModel("gpt-test", s.client()))
        with pytest.raises(ModelResponseError, match="max_output_tokens") as caught:
            await Runner.run(agent, "Hi")
        assert caught.value.run_data is not None
        assert len(caught.value.run_data.new_items) == 1


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "client_kind"),
    [
        (400, ModelBadRequestError, openai.BadRequestError),
        (401, ModelAuthenticationError, openai.AuthenticationError),
        (429, ModelRateLimitError, openai.RateLimitError),
    ],
)
async def test_a_refused_request_is_the_error_of_its_status(
    status: int, kind: type[Exception], client_kind: type[Exception]
) -> None:
    with pytest.raises(kind, match="'gpt-test' at .* refused the request") as caught:
        await ask(json_error(status, "no luck"))
    assert isinstance(caught.value, client_kind)


async def test_nobody_at_the_address_is_a_connection_error() -> None:
    with pytest.raises(ModelConnectionError, match="no connection to the model 'gpt-test'"):
        await ask(Reply(chunks=[Cut()]))


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (Cut(reset=True), r"the connection to the model broke off after \d events \(ReadError"),
        (Cut(), r"the connection to the model broke off after \d events \(RemoteProtocolError"),
        (b'data: {"id"', r"ended after \d events without a reason to stop .* middle of b'data"),
        (b"data: oops\n\n", r"event \d of the model's stream is not JSON"),
        (b"data: [1]\n\n", r"event \d of the model's stream is not a JSON object"),
    ],
)
async def test_a_broken_stream_is_told_after_what_came_before(last: Any, message: str) -> None:
    got: list[ResponseStreamEvent] = []
    begun = frame(chunk({"content": "Hi"}))
    async with LoopbackServer([stream(begun, Pause(0.1), last)]) as server:
        model = OpenAIChatCompletionsModel("gpt-test", server.client())
        with pytest.raises(ModelStreamError, match=message) as caught:
            async for event in asked(model):
                got.append(event)
    assert len(got) == caught.value.event_index == 5


async def test_an_error_in_the_stream_is_told() -> None:
    failure = frame({"error": {"message": "the engine died", "code": "dead"}})
    with pytest.raises(ModelResponseError, match="the engine died") as caught:
        await ask(stream(frame(chunk({"content": "Hi"})), failure))
    assert caught.value.code == "dead"


# --- what the api or the server does not have ---------------------------------------------------


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_stream_options_is_asked_without_them(status: int) -> None:
    refusal = json_error(status, "Unrecognized request argument supplied: stream_options")
    async with LoopbackServer([refusal, HELLO, HELLO]) as server:
        model = OpenAIChatCompletionsModel("gpt-test", server.client())
        for _ in range(2):
            assert kinds([event async for event in asked(model)])[-1] == "completed"
        first, *others = (request.body for request in server.requests)
        assert "stream_options" in first
        assert all("stream_options" not in other for other in others)


async def test_stream_options_that_were_asked_for_are_not_dropped() -> None:
    refusal = json_error(400, "Unrecognized request argument supplied: stream_options")
    with pytest.raises(ModelBadRequestError, match="stream_options"):
        await ask(refusal, settings=ModelSettings(include_usage=True))


async def test_another_refusal_is_not_tried_again() -> None:
    with pytest.raises(ModelBadRequestError, match="no such model"):
        await ask(json_error(400, "no such model"))


async def test_a_failure_of_the_second_request_is_told() -> None:
    refusal = json_error(400, "stream_options is not supported")
    with pytest.raises(ModelBadRequestError, match="no such model"):
        await ask(refusal, json_error(400, "no such model"))


@pytest.mark.parametrize(
    ("options", "settings", "name"),
    [
        ({"previous_response_id": "resp_1"}, {}, "previous_response_id"),
        ({"conversation_id": "conv_1"}, {}, "conversation_id"),
        ({"prompt": {"id": "pmpt_1"}}, {}, "prompt"),
        ({}, {"reasoning": Reasoning(mode="pro")}, "reasoning.mode"),
        ({}, {"reasoning": Reasoning(context="all_turns")}, "reasoning.context"),
    ],
)
async def test_what_the_api_lacks_is_left_out_with_one_warning_or_refused(
    options: dict[str, Any],
    settings: dict[str, Any],
    name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with LoopbackServer([HELLO, HELLO]) as server:
        model = OpenAIChatCompletionsModel("gpt-test", server.client())
        with caplog.at_level(logging.WARNING, "rxagents"):
            for _ in range(2):
                _ = [event async for event in asked(model, ModelSettings(**settings), **options)]
        (warning,) = caplog.messages
        assert warning.startswith(f"Chat Completions has no {name}: use an OpenAIResponsesModel")
        strict = OpenAIChatCompletionsModel(
            "gpt-test", server.client(), strict_feature_validation=True
        )
        with pytest.raises(UserError, match=f"has no {name}"):
            asked(strict, ModelSettings(**settings), **options)


async def test_buffered_calls_come_whole() -> None:
    async with LoopbackServer([stream(*frames(call_chunks("weather", '{"a": 1}')))]) as server:
        model = OpenAIChatCompletionsModel(
            "gpt-test", server.client(), buffer_streamed_tool_calls=True
        )
        events = [event async for event in asked(model)]
    assert kinds(events).count("function_call_arguments.delta") == 1


async def test_reasoning_is_sent_back_where_the_model_wants_it() -> None:
    first = [chunk({"reasoning_content": "Hm."}), *call_chunks("weather", '{"city": "Oslo"}')]
    seen: list[Any] = []

    def decided_by(context: ReasoningContentReplayContext) -> bool:
        seen.append(context)
        return True

    for name, decide in [
        ("deepseek-chat", None),
        ("gpt-test", None),
        ("gpt-test", decided_by),
    ]:
        async with LoopbackServer([stream(*frames(first)), HELLO]) as server:
            model = OpenAIChatCompletionsModel(name, server.client(), decide)
            await Runner.run(Agent("A", model=model, tools=[weather]), "Weather?")
            told = server.requests[1].body["messages"][1].get("reasoning_content")
            assert told == ("Hm." if name == "deepseek-chat" or decide else None)
    (context,) = seen
    assert context.model == context.reasoning.origin_model == "gpt-test"
    assert context.base_url.endswith("/v1")
    assert context.reasoning.item["type"] == "reasoning"
    assert json.dumps(context.reasoning.provider_data)
