"""The embedded model itself, through an unmodified client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.responses import (
    FunctionToolParam,
    ResponseFunctionToolCall,
    ResponseInputParam,
    ResponseStreamEvent,
)
from pydantic import BaseModel, TypeAdapter

from rxagents.exceptions import ModelUnavailableError
from rxagents.local import MODEL_NAME, available, find, local_client
from rxagents.local.server import LocalServer, close_servers

pytestmark = [
    pytest.mark.local,
    pytest.mark.real_loop,
    pytest.mark.skipif(not available(), reason="needs `pip install rxagents[local]`"),
    pytest.mark.skipif(find() is None, reason="needs the weights: rxagents.local.fetch()"),
]

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
            "days": {"type": "array", "items": {"type": "integer"}},
            "options": {"type": "object", "additionalProperties": True},
        },
        "required": ["city", "unit", "days", "options"],
        "additionalProperties": False,
    },
    "strict": False,
}


class Arguments(BaseModel, extra="forbid"):
    city: str
    unit: str
    days: list[int]
    options: dict[str, Any]


@pytest.fixture
async def client() -> AsyncIterator[AsyncOpenAI]:
    async with local_client() as one:
        yield one


@pytest.fixture(scope="module", autouse=True)
def _server_ends() -> Any:
    yield
    close_servers()


async def stream(client: AsyncOpenAI, **request: Any) -> list[Any]:
    """All events, each validated strictly."""
    async with await client.responses.create(model="local", stream=True, **request) as events:
        received = [event async for event in events]
    for event in received:
        # `exclude_unset`: what is validated is what came, and not what the type would add
        EVENT.validate_json(event.model_dump_json(exclude_unset=True), strict=True)
    assert [event.sequence_number for event in received] == list(range(len(received)))
    return received


async def test_text_is_streamed(client: AsyncOpenAI) -> None:
    events = await stream(client, input="What is the capital of France?")
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 3
    assert events[-1].response.output_text == "".join(deltas)
    assert "Paris" in "".join(deltas)
    assert events[-1].response.model == MODEL_NAME


async def test_a_call_fits_its_schema_and_its_output_is_answered(client: AsyncOpenAI) -> None:
    question = "What is the weather in Paris?"
    events = await stream(client, input=question, tools=[WEATHER])
    [call] = events[-1].response.output
    assert isinstance(call, ResponseFunctionToolCall)
    assert "Paris" in Arguments.model_validate_json(call.arguments, strict=True).city
    deltas = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
    assert "".join(deltas) == call.arguments

    history: ResponseInputParam = [
        {"role": "user", "content": question},
        {"type": "function_call", "call_id": "c", "name": call.name, "arguments": call.arguments},
        {"type": "function_call_output", "call_id": "c", "output": "Sunny, 21 degrees"},
    ]
    events = await stream(client, input=history, tools=[WEATHER], max_output_tokens=60)
    answer = events[-1].response
    assert answer.output[0].type == "message"
    assert answer.output_text


async def test_an_output_type_is_kept_to(client: AsyncOpenAI) -> None:
    class City(BaseModel):
        name: str
        inhabitants: int

    answer = await client.responses.parse(model="local", input="Tell me of Rome", text_format=City)
    assert isinstance(answer.output_parsed, City)


async def test_an_answer_that_is_cut_off_is_incomplete(client: AsyncOpenAI) -> None:
    end = (await stream(client, input="Tell me about the sea.", max_output_tokens=5))[-1]
    assert end.type == "response.incomplete"
    answer = await client.responses.create(model="local", input="The sea?", max_output_tokens=5)
    assert answer.status == "incomplete"
    assert answer.incomplete_details
    assert answer.incomplete_details.reason == "max_output_tokens"


async def test_a_client_that_leaves_frees_its_slot(client: AsyncOpenAI) -> None:
    request: Any = {"model": "local", "input": "Write a very long story.", "stream": True}
    for _ in range(8):  # twice as many as are answered at a time
        async with await client.responses.create(**request, max_output_tokens=4000) as events:
            async for event in events:
                if event.type == "response.output_text.delta":
                    break
    # The eight would take minutes.
    async with asyncio.timeout(20):
        await client.responses.create(model="local", input="Hi", max_output_tokens=3)


async def test_a_request_that_is_cancelled_frees_its_slot(client: AsyncOpenAI) -> None:
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.responses.create(
                    model="local", input="A long story!", max_output_tokens=4000
                )
    async with asyncio.timeout(20):
        await client.responses.create(model="local", input="Hi", max_output_tokens=3)


async def test_a_request_after_the_server_died(client: AsyncOpenAI) -> None:
    await client.responses.create(model="local", input="Hi", max_output_tokens=3)
    close_servers()
    await client.responses.create(model="local", input="Hi", max_output_tokens=3)


async def test_eight_at_once(client: AsyncOpenAI) -> None:
    answers = await asyncio.gather(
        *(stream(client, input=f"What is {n} plus {n}?", max_output_tokens=10) for n in range(8))
    )
    assert all(answer[-1].response.output_text for answer in answers)


async def test_images_and_too_long_inputs_are_refused(client: AsyncOpenAI) -> None:
    image: ResponseInputParam = [
        {
            "role": "user",
            "content": [{"type": "input_image", "image_url": "data:,", "detail": "auto"}],
        }
    ]
    with pytest.raises(openai.BadRequestError, match="reads text only"):
        await client.responses.create(model="local", input=image)
    with pytest.raises(openai.BadRequestError, match="exceeds the available context size"):
        await client.responses.create(model="local", input="word " * 9000)


async def test_a_request_without_the_token_is_refused() -> None:
    gguf = find()
    assert gguf
    server = LocalServer(gguf, "x")
    try:
        address = await server.start()
        async with AsyncOpenAI(api_key="guess", base_url=f"{address.url}/v1") as stranger:
            with pytest.raises(openai.AuthenticationError):
                await stranger.responses.create(model="x", input="Hi")
    finally:
        server.close()


async def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    file = tmp_path / "no.gguf"
    file.write_text("no model")
    with pytest.raises(ModelUnavailableError, match="server did not start: .*no.gguf"):
        await LocalServer(file, "no").start()


def test_an_interpreter_ends_cleanly() -> None:
    """On two loops one after the other, with a stream left in the middle, nothing closed."""
    program = """
import asyncio, json
from rxagents.local import local_client

async def main():
    asyncio.get_running_loop().slow_callback_duration = 10  # no word on openai's lazy imports
    client = local_client()
    stream = await client.responses.create(model="local", input="Hi", stream=True)
    async for event in stream:
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    answer = await client.responses.create(model="local", input="Hi", max_output_tokens=3)
    return answer.model

print(json.dumps([asyncio.run(main()), asyncio.run(main())]))
"""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [MODEL_NAME, MODEL_NAME]
