from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import openai
import pytest
from loopback import (
    Cut,
    Endless,
    Hold,
    LoopbackServer,
    Pause,
    Reply,
    ScriptError,
    call_events,
    endless,
    json_error,
    json_reply,
    response,
    response_events,
    response_usage,
    sse,
    stream,
    text_events,
)
from openai import AsyncOpenAI, AsyncStream
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseError,
    ResponseFailedEvent,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
)

from rxagents.testing import assistant_message, function_call

HI = text_events("Hi there", usage=response_usage(7, 2))


def now() -> float:
    return asyncio.get_running_loop().time()


async def ask(client: AsyncOpenAI, prompt: str = "hi") -> AsyncStream[ResponseStreamEvent]:
    return await client.responses.create(model="m", input=prompt, stream=True)


async def receive(client: AsyncOpenAI) -> list[ResponseStreamEvent]:
    return [event async for event in await ask(client)]


# Events


def sse_data(event: ResponseStreamEvent) -> bytes:
    first, data = sse(event).removesuffix(b"\n\n").split(b"\n")
    assert first.decode() == f"event: {event.type}"
    return data.removeprefix(b"data: ")


@pytest.mark.parametrize(
    "events",
    [
        HI,
        text_events("", deltas=None),
        text_events("Hello", deltas=["Hel", "lo"]),
        call_events("add", {"a": 1, "b": 2}, "call_7", deltas=['{"a": 1', ', "b": 2}']),
        response_events([assistant_message("a"), function_call("f"), function_call("g")]),
    ],
)
async def test_events_are_strictly_valid_and_arrive_as_they_were_built(
    events: list[ResponseStreamEvent],
) -> None:
    for number, event in enumerate(events):
        assert event.sequence_number == number
        assert type(event).model_validate_json(sse_data(event), strict=True) == event
    async with LoopbackServer([stream(*events)]) as server:
        received = await receive(server.client())
    assert [type(event) for event in received] == [type(event) for event in events]
    assert [e.to_dict() for e in received] == [e.model_dump(by_alias=True) for e in events]


def test_text_events_are_those_of_the_api_in_its_order() -> None:
    events = text_events("Hello", deltas=["Hel", "lo"], response_id="resp_9")
    assert [event.type.removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [e.delta for e in events if isinstance(e, ResponseTextDeltaEvent)] == ["Hel", "lo"]
    last = events[-1]
    assert isinstance(last, ResponseCompletedEvent)
    assert (last.response.id, last.response.output_text) == ("resp_9", "Hello")
    assert last.response.usage is not None


# Answers


async def test_stream_arrives_event_by_event_at_its_time() -> None:
    async with LoopbackServer([stream(*HI[:5], Pause(2.5), *HI[5:])]) as server:
        times = [(event.type, now()) async for event in await ask(server.client())]
        assert times[4] == ("response.output_text.delta", 0.0)
        assert times[5] == ("response.output_text.delta", 2.5)
        assert times[-1] == ("response.completed", 2.5)
        assert server.gone == 0
        assert server.sent == sum(len(sse(event)) for event in HI)


async def test_requests_are_recorded_with_json_headers_and_time() -> None:
    async with LoopbackServer([stream(*HI, repeat=True)]) as server:
        client = server.client()
        await receive(client)
        await asyncio.sleep(3)
        await receive(client)
        assert server.open_connections == 1  # kept alive between the two
    first, second = server.requests
    assert (first.method, first.path) == ("POST", "/v1/responses")
    assert first.headers["authorization"] == "Bearer test-key"
    assert first.body == {"model": "m", "input": "hi", "stream": True}
    assert (first.at, second.at) == (0.0, 3.0)


async def test_large_request_is_read_whole() -> None:
    async with LoopbackServer([stream(*HI)]) as server:
        async for _ in await ask(server.client(), "x" * 1_000_000):
            pass
        assert len(server.requests[0].body["input"]) == 1_000_000


async def test_json_reply_answers_without_a_stream() -> None:
    whole = response([assistant_message("Hello")], usage=response_usage(3, 1))
    async with LoopbackServer([json_reply(whole)]) as server:
        got: Response = await server.client().responses.create(model="m", input="hi")
        assert got.output_text == "Hello"
        assert got.usage == response_usage(3, 1)


async def test_failed_response_carries_its_error() -> None:
    error = ResponseError(code="server_error", message="out of luck")
    failed = response(status="failed", error=error)
    event = ResponseFailedEvent(type="response.failed", response=failed, sequence_number=1)
    async with LoopbackServer([stream(HI[0], event)]) as server:
        last = (await receive(server.client()))[-1]
        assert isinstance(last, ResponseFailedEvent)
        assert last.response.error == error


async def test_json_error_is_retried_after_the_time_it_names() -> None:
    script = [json_error(429, "slow down", "rate", {"Retry-After": "20"}), stream(*HI)]
    async with LoopbackServer(script) as server:
        assert len(await receive(server.client(max_retries=1))) == len(HI)
        assert [request.at for request in server.requests] == [0.0, 20.0]


async def test_json_error_is_the_clients_exception() -> None:
    async with LoopbackServer([json_error(404, "no such model", "model_not_found")]) as server:
        with pytest.raises(openai.NotFoundError, match="no such model") as caught:
            await receive(server.client())
        assert caught.value.code == "model_not_found"


async def test_unknown_status_and_closed_connection_are_answered() -> None:
    script = [Reply(status=599, headers={"Connection": "close"}), stream(*HI)]
    async with LoopbackServer(script) as server:
        client = server.client()
        with pytest.raises(openai.InternalServerError):
            await receive(client)
        await server.wait_closed()
        assert len(await receive(client)) == len(HI)
        assert server.gone == 0


async def test_sse_of_a_mapping_is_sent_as_it_is() -> None:
    assert (
        sse({"type": "x", "text": "é\n"})
        == 'event: x\ndata: {"type":"x","text":"é\\n"}\n\n'.encode()
    )
    async with LoopbackServer([stream({"type": "response.new", "n": 1}, b": ping\n\n")]) as server:
        [event] = await receive(server.client())
        assert event.to_dict() == {"type": "response.new", "n": 1}


# A provider that behaves badly


@pytest.mark.parametrize("reset", [False, True])
async def test_cut_breaks_the_stream_after_what_was_sent(reset: bool) -> None:
    async with LoopbackServer([stream(*HI[:3], Pause(1), Cut(reset))]) as server:
        got: list[Any] = []
        with pytest.raises(openai.APIConnectionError):
            await collect(await ask(server.client()), got)
        assert [event.type for event in got] == [event.type for event in HI[:3]]
        await server.wait_closed()
        assert (server.gone, now()) == (0, 1.0)


async def collect(events: AsyncStream[ResponseStreamEvent], into: list[Any]) -> None:
    async for event in events:
        into.append(event)


@pytest.mark.parametrize("chunks", [[Cut()], [Cut(reset=True)], [Pause(1), Cut()]])
async def test_cut_without_any_bytes_leaves_the_request_unanswered(chunks: Sequence[Any]) -> None:
    async with LoopbackServer([stream(*chunks), stream(*HI)]) as server:
        client = server.client(max_retries=1)
        assert len(await receive(client)) == len(HI)
        assert len(server.requests) == 2


async def test_cut_after_empty_bytes_has_sent_the_headers() -> None:
    async with LoopbackServer([stream(b"", Cut())]) as server:
        events = await ask(server.client())
        assert events.response.status_code == 200
        with pytest.raises(openai.APIConnectionError):
            await collect(events, [])


async def test_pause_before_the_first_bytes_runs_into_the_clients_timeout() -> None:
    async with LoopbackServer([stream(Pause(600), *HI)]) as server:
        with pytest.raises(openai.APITimeoutError):
            await receive(server.client(timeout=5))
        assert now() == 5.0
        await server.wait_gone()
        assert (server.gone, now()) == (1, 5.0)


async def test_request_beyond_the_script_fails_at_the_end() -> None:
    async def one_too_many() -> None:
        async with LoopbackServer([stream(*HI)]) as server:
            await receive(server.client())
            with pytest.raises(openai.BadRequestError, match="request 2 is beyond the script"):
                await receive(server.client())

    with pytest.raises(ScriptError, match=r"^request 2 is beyond the script$"):
        await one_too_many()


async def test_error_in_the_server_comes_out_of_the_block() -> None:
    def broken(_: int) -> bytes:
        raise ZeroDivisionError

    async def serve() -> None:
        async with LoopbackServer([endless(broken)]) as server:
            with pytest.raises(openai.APIConnectionError):
                await receive(server.client())

    with pytest.raises(ZeroDivisionError):
        await serve()


def test_only_the_last_answer_can_be_repeated() -> None:
    with pytest.raises(ValueError, match=r"^only the last answer of a script can be repeated$"):
        LoopbackServer([stream(repeat=True), stream()])


# Clients that leave

DELTA = sse(HI[4])


@pytest.mark.parametrize("rest", [Hold(), Pause(1000), Endless(lambda _: DELTA)])
async def test_client_that_leaves_is_noticed_at_once(rest: Hold | Pause | Endless) -> None:
    async with LoopbackServer([stream(HI[0], DELTA, rest)]) as server:
        events = await ask(server.client())
        async for event in events:
            if event.type == "response.output_text.delta":
                break
        assert (server.gone, server.open_connections) == (0, 1)
        await events.close()
        await server.wait_gone(1)
        await server.wait_closed()
        assert (server.gone, server.open_connections, now()) == (1, 0, 0.0)


async def test_cancelled_request_is_a_client_that_left() -> None:
    async with LoopbackServer([stream(Hold(), repeat=True)]) as server:
        client = server.client()
        requests = [asyncio.create_task(receive(client)) for _ in range(3)]
        await asyncio.sleep(1)
        assert server.open_connections == 3
        for request in requests:
            request.cancel()
        await server.wait_gone(3)
        assert now() == 1.0
        await asyncio.wait(requests)


async def test_endless_stream_stops_where_the_client_does_not_read() -> None:
    async with LoopbackServer([endless(lambda n: sse({"type": "x", "n": n}) * 100)]) as server:
        events = await ask(server.client())
        await anext(events)
        await asyncio.sleep(1)
        sent = server.sent
        await asyncio.sleep(60)
        assert server.sent == sent < 50_000_000
        await events.close()
        await server.wait_gone()


async def test_leaving_the_block_closes_everything() -> None:
    async with LoopbackServer([stream(HI[0], Hold(), repeat=True)]) as server:
        events = await ask(server.client())
        await anext(events)
        own = server.client(max_retries=0)
        other = asyncio.create_task(receive(own))
        await asyncio.sleep(1)
    with pytest.raises(openai.APIConnectionError):
        await other
    assert (server.open_connections, server.gone) == (0, 0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.real_loop
async def test_real_loop_plays_pauses_really() -> None:
    before = time.monotonic()
    async with LoopbackServer([stream(*HI[:3], Pause(0.02), *HI[3:])]) as server:
        assert len(await receive(server.client())) == len(HI)
    assert time.monotonic() - before >= 0.02
