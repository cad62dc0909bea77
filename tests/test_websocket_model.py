"""The Responses API on a WebSocket, against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any

import openai
import pytest
from loopback import text_events
from openai import AsyncOpenAI, BaseModel
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from rxagents import (
    Agent,
    ModelResponseError,
    ModelSettings,
    ModelStreamCutError,
    ModelStreamError,
    ModelTimeoutError,
    ModelTracing,
    OpenAIProvider,
    OpenAIResponsesModel,
    OpenAIResponsesWSModel,
    RunConfig,
    Runner,
    RunResultStreaming,
    function_tool,
    set_default_openai_responses_transport,
)
from rxagents.exceptions import (
    ModelAuthenticationError,
    ModelConnectionError,
    ModelRateLimitError,
    ModelRequestTimeoutError,
    ModelSettingsError,
    ModelUnavailableError,
)
from rxagents.models.defaults import openai_defaults
from rxagents.retry import ModelRetryAdviceRequest
from rxagents.testing import assistant_message, function_call, response_events

pytestmark = pytest.mark.real_loop

HI = text_events("Hi there.")

Answer = Callable[[ServerConnection], Awaitable[None]]


class SocketServer:
    """Answers each `response.create` with the next of its answers."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.frames: list[dict[str, Any]] = []
        self.sockets: list[ServerConnection] = []
        self.on: list[int] = []  # the number of the socket that each frame came on
        self.refuse: HTTPStatus | None = None
        self.closed = asyncio.Event()
        self.url = ""

    def script(self, *answers: Answer) -> None:
        self.answers += answers

    async def serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        async for message in socket:
            self.frames.append(json.loads(message))
            self.on.append(self.sockets.index(socket))
            await self.answers.pop(0)(socket)
        self.closed.set()

    def check(self, socket: ServerConnection, request: Request) -> Response | None:
        if self.refuse is None:
            return None
        answer = socket.respond(self.refuse, '{"error": {"message": "Not you.", "code": "nope"}}')
        answer.headers["retry-after"] = "3"
        return answer

    def client(self, **options: Any) -> AsyncOpenAI:
        return AsyncOpenAI(api_key="k", base_url=self.url.replace("ws", "http"), **options)


@pytest.fixture
async def server() -> AsyncIterator[SocketServer]:
    scripted = SocketServer()
    async with serve(
        scripted.serve, "127.0.0.1", 0, process_request=scripted.check, compression=None
    ) as served:
        scripted.url = f"ws://127.0.0.1:{next(iter(served.sockets)).getsockname()[1]}/v1"
        yield scripted


def events(*many: BaseModel | dict[str, Any] | bytes) -> Answer:
    async def answer(socket: ServerConnection) -> None:
        for each in many:
            if isinstance(each, bytes):
                await socket.send(each)
            elif isinstance(each, dict):
                await socket.send(json.dumps(each))
            else:
                await socket.send(each.model_dump_json())

    return answer


async def ask(client: AsyncOpenAI, settings: ModelSettings | None = None, **more: Any) -> str:
    agent = Agent("A", model=OpenAIResponsesWSModel("m", client, **more))
    config = RunConfig(model_settings=settings)
    return str((await Runner.run(agent, "Hi", run_config=config)).final_output)


def kinds(run: RunResultStreaming) -> Any:
    async def read() -> list[str]:
        return [
            event.data.type if event.type == "raw_response_event" else event.type
            async for event in run.stream_events()
        ]

    return read()


# --- asking -----------------------------------------------------------------------------------


async def test_a_run_gets_the_events_that_were_sent(server: SocketServer) -> None:
    server.script(events(*HI))
    async with server.client() as client:
        run = Runner.run_streamed(Agent("A", model=OpenAIResponsesWSModel("m", client)), "Hi")
        told = await kinds(run)
        await OpenAIResponsesWSModel("m", client).close()
    assert [kind for kind in told if kind.startswith("response.")] == [e.type for e in HI]
    assert run.final_output == "Hi there."


async def test_the_message_is_the_body_that_http_would_have(server: SocketServer) -> None:
    server.script(events(*HI))
    settings = ModelSettings(
        temperature=0.5,
        reasoning={"effort": "low"},
        extra_query={"beta": "yes"},
        extra_headers={"X-Team": "blue"},
        extra_body={"tomorrows_option": [1]},
    )
    async with server.client() as client:
        await ask(client, settings)
        await OpenAIResponsesWSModel("m", client).close()
    assert server.frames == [
        {
            "type": "response.create",
            "stream": True,
            "model": "m",
            "input": [{"role": "user", "content": "Hi"}],
            "temperature": 0.5,
            "reasoning": {"effort": "low"},
            "tomorrows_option": [1],
        }
    ]
    request = server.sockets[0].request
    assert request is not None
    assert request.path == "/v1/responses?beta=yes"
    assert request.headers["x-team"] == "blue"
    assert request.headers["authorization"] == "Bearer k"


async def test_one_socket_carries_all_turns_of_a_run(server: SocketServer) -> None:
    call = response_events([function_call("weather", {"city": "Oslo"})], response_id="r1")
    last = response_events([assistant_message("Sunny.")], response_id="r2")
    server.script(events(*call), events(*last))

    @function_tool
    def weather(city: str) -> str:
        return "sunny"

    async with server.client() as client:
        model = OpenAIResponsesWSModel("m", client)
        result = await Runner.run(Agent("A", model=model, tools=[weather]), "Hi")
        await model.close()
    assert result.final_output == "Sunny."
    assert server.on == [0, 0]
    assert len(server.sockets) == 1


async def test_runs_at_the_same_time_have_a_socket_each(server: SocketServer) -> None:
    server.script(*[events(*HI)] * 4)
    async with server.client() as client:
        assert list(await asyncio.gather(ask(client), ask(client))) == ["Hi there."] * 2
        assert await ask(client) == "Hi there."
        await OpenAIResponsesWSModel("m", client).close()
    assert len(server.sockets) == 2


async def test_a_response_is_continued_on_its_own_socket(server: SocketServer) -> None:
    async def get(model: OpenAIResponsesWSModel, after: str | None = None) -> None:
        await model.get_response(
            None, "Hi", ModelSettings(), [], None, [], ModelTracing.DISABLED,
            previous_response_id=after, conversation_id=None, prompt=None,
        )  # fmt: skip

    server.script(*[events(*text_events("Hi", response_id=f"r{n}")) for n in range(4)])
    async with server.client() as client:
        model = OpenAIResponsesWSModel("m", client)
        await asyncio.gather(get(model), get(model))
        first = server.on[0]
        await get(model, "r0")
        await get(model, "r1")
        await model.close()
    assert server.on[2:] == [first, 1 - first]


async def test_other_headers_need_another_socket(server: SocketServer) -> None:
    server.script(*[events(*HI)] * 3)
    async with server.client() as client:
        await ask(client, ModelSettings(extra_headers={"X-Team": "blue"}))
        await ask(client, ModelSettings(extra_headers={"X-Team": "red"}))
        await ask(client, ModelSettings(extra_headers={"X-Team": "blue"}))
        await OpenAIResponsesWSModel("m", client).close()
    assert server.on == [0, 1, 0]


async def test_a_socket_that_was_closed_meanwhile_is_not_used(server: SocketServer) -> None:
    server.script(*[events(*HI)] * 2)
    async with server.client() as client:
        await ask(client)
        await server.sockets[0].close()
        await server.sockets[0].wait_closed()
        await asyncio.sleep(0.01)
        assert await ask(client) == "Hi there."
        await OpenAIResponsesWSModel("m", client).close()
    assert server.on == [0, 1]


async def test_options_of_the_socket_are_passed_on(server: SocketServer) -> None:
    server.script(events(*HI))
    async with server.client() as client:
        with pytest.raises(ModelStreamCutError, match="closed after 0 events .*too big"):
            await ask(client, websocket_options={"max_size": 10, "ping_interval": None})


# --- leaving ------------------------------------------------------------------------------------


async def test_leaving_early_drops_the_socket_at_once(server: SocketServer) -> None:
    async def endless(socket: ServerConnection) -> None:
        for event in HI[:4]:
            await socket.send(event.model_dump_json())
        delta = HI[4].model_dump_json()
        while True:
            await socket.send(delta)

    server.script(endless, events(*HI))
    async with server.client() as client:
        model = OpenAIResponsesWSModel("m", client)
        async with Runner.run_streamed(Agent("A", model=model), "Hi") as run:
            async for event in run.stream_events():
                if event.type == "raw_response_event" and event.data.type.endswith(".delta"):
                    break
        assert await ask(client) == "Hi there."
        await model.close()
    assert server.on == [0, 1]


async def test_a_time_limit_drops_it_too(server: SocketServer) -> None:
    async def silent(socket: ServerConnection) -> None:
        await socket.wait_closed()

    server.script(silent)
    async with server.client() as client:
        with pytest.raises(ModelTimeoutError) as caught:
            await ask(client, ModelSettings(timeout=0.05))
    assert not isinstance(caught.value, openai.APIError)
    await asyncio.wait_for(server.sockets[0].wait_closed(), 1)


def test_sockets_end_with_their_loop() -> None:
    ended: list[bool] = []

    async def main() -> None:
        server = SocketServer()
        server.script(events(*HI))
        async with serve(server.serve, "127.0.0.1", 0, close_timeout=0.1) as served:
            server.url = f"ws://127.0.0.1:{next(iter(served.sockets)).getsockname()[1]}/v1"
            async with server.client() as client:
                await ask(client)
            asyncio.get_running_loop().call_later(0, ended.append, True)
            await asyncio.sleep(0.01)

    asyncio.run(main())  # a socket that was left would be a ResourceWarning, which is an error
    assert ended == [True]


# --- errors -------------------------------------------------------------------------------------


async def test_a_socket_that_is_refused(server: SocketServer) -> None:
    server.refuse = HTTPStatus.UNAUTHORIZED
    async with server.client() as client:
        with pytest.raises(ModelAuthenticationError, match="at the first try|OPENAI_API_KEY") as no:
            await ask(client)
        assert "Not you." in str(no.value)
        assert no.value.code == "nope"
        server.refuse = HTTPStatus.TOO_MANY_REQUESTS
        with pytest.raises(ModelRateLimitError) as busy:
            await ask(client)
    advice = OpenAIResponsesWSModel("m", client).get_retry_advice(
        ModelRetryAdviceRequest(busy.value, 1, True)
    )
    assert advice is not None
    assert (advice.suggested, advice.retry_after) == (True, 3)


async def test_nobody_at_the_address() -> None:
    async with AsyncOpenAI(api_key="k", base_url="http://127.0.0.1:9/v1") as client:
        with pytest.raises(ModelConnectionError, match="no connection to the model 'm' at") as no:
            await ask(client)
        model = OpenAIResponsesWSModel("m", client)
        advice = model.get_retry_advice(
            ModelRetryAdviceRequest(no.value, 1, True, conversation_id="c")
        )
    assert advice is not None
    assert (advice.suggested, advice.replay_safety) == (True, "safe")


async def test_a_server_that_says_nothing_for_too_long(server: SocketServer) -> None:
    async def silent(socket: ServerConnection) -> None:
        await socket.wait_closed()

    server.script(silent)
    async with server.client(timeout=0.05) as client:
        with pytest.raises(ModelRequestTimeoutError, match="did not answer in time") as caught:
            await ask(client)
        assert isinstance(caught.value, openai.APITimeoutError)
        model = OpenAIResponsesWSModel("m", client)
        advice = model.get_retry_advice(
            ModelRetryAdviceRequest(caught.value, 1, True, conversation_id="c")
        )
    assert advice is not None
    assert advice.replay_safety is None, "the server may be at work on it"


async def test_a_socket_that_is_closed_in_the_middle(server: SocketServer) -> None:
    async def leave(socket: ServerConnection) -> None:
        await events(*HI[:4])(socket)
        await socket.close(1011, "out of order")

    server.script(leave)
    async with server.client() as client:
        run = Runner.run_streamed(Agent("A", model=OpenAIResponsesWSModel("m", client)), "Hi")
        with pytest.raises(ModelStreamCutError, match="after 4 events .*1011.*out of order") as cut:
            await kinds(run)
    assert cut.value.event_index == 4


async def test_errors_that_are_told_in_a_message(server: SocketServer) -> None:
    refused = {
        "type": "error",
        "status": 429,
        "error": {"type": "x", "code": "slow_down", "message": "Slow down."},
        "headers": {"Retry-After": "7"},
    }
    failed = {"type": "error", "error": {"code": "server_error", "message": "Oh no."}}
    server.script(events(refused), events(*HI[:2], failed), events({"type": "error", "code": "x"}))
    async with server.client() as client:
        with pytest.raises(ModelRateLimitError, match=r"\(429\): Slow down\.") as busy:
            await ask(client)
        assert busy.value.code == "slow_down"
        with pytest.raises(ModelResponseError, match="after 2 events: Oh no") as broken:
            await ask(client)
        assert broken.value.code == "server_error"
        with pytest.raises(ModelResponseError, match=r"reports a failure \(error, x\)"):
            await ask(client)
        await OpenAIResponsesWSModel("m", client).close()
    assert server.on == [0, 1, 2], "no socket is used again after an error"


@pytest.mark.parametrize("junk", [b"{", b"[1]", b"\xff\xfe"])
async def test_what_is_no_event(server: SocketServer, junk: bytes) -> None:
    server.script(events(*HI[:2], junk))
    async with server.client() as client:
        with pytest.raises(ModelStreamError, match="event 3 of the model's stream is not"):
            await ask(client)


async def test_a_body_that_is_no_mapping(server: SocketServer) -> None:
    async with server.client() as client:
        with pytest.raises(ModelSettingsError, match="extra_body must be a mapping .* not list"):
            await ask(client, ModelSettings(extra_body=[1]))
    assert server.sockets == []


async def test_without_the_extra(server: SocketServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai.lib._websocket", None)
    async with server.client() as client:
        with pytest.raises(ModelUnavailableError, match=r"pip install 'rxagents\[websocket\]'"):
            await ask(client)


# --- providers ----------------------------------------------------------------------------------


async def test_a_provider_asks_on_websockets_and_closes_them(server: SocketServer) -> None:
    server.script(*[events(*HI)] * 2)
    address = server.url.replace("ws", "http")
    provider = OpenAIProvider(api_key="k", base_url=address, use_responses_websocket=True)
    for _ in range(2):
        await Runner.run(Agent("A"), "Hi", run_config=RunConfig(model_provider=provider))
    assert server.on == [0, 0]
    assert server.frames[0]["model"] == "gpt-5.6-luna"
    await provider.aclose()
    await asyncio.wait_for(server.closed.wait(), 1)


async def test_the_socket_may_be_at_another_address(server: SocketServer) -> None:
    server.script(events(*HI))
    provider = OpenAIProvider(
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        websocket_base_url=server.url,
        use_responses_websocket=True,
    )
    await Runner.run(Agent("A"), "Hi", run_config=RunConfig(model_provider=provider))
    await provider.aclose()
    assert len(server.frames) == 1


async def test_websockets_can_be_the_default() -> None:
    set_default_openai_responses_transport("websocket")
    try:
        assert isinstance(OpenAIProvider(api_key="k").get_model("m"), OpenAIResponsesWSModel)
        plain = OpenAIProvider(api_key="k", use_responses_websocket=False).get_model("m")
        assert type(plain) is OpenAIResponsesModel
    finally:
        openai_defaults.transport = "http"
