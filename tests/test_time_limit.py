"""`ModelSettings.timeout`: how long a model may take for one response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from loopback import Hold, LoopbackServer, Pause, stream, text_events
from openai.types.responses import ResponseErrorEvent

from rxagents import (
    Agent,
    ModelResponseError,
    ModelSettings,
    ModelTimeoutError,
    ModelTracing,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
)
from rxagents.models.time_limit import within_seconds
from rxagents.testing import Delay, ScriptedModel, assistant_message

HI = text_events("Hello from Oslo.")


def now() -> float:
    return asyncio.get_running_loop().time()


class Counted:
    """A source with pauses before its numbers, that tells how it ended."""

    def __init__(self, *pauses: float) -> None:
        self.pauses = pauses
        self.ended = ""

    async def numbers(self) -> AsyncIterator[int]:
        try:
            for number, pause in enumerate(self.pauses):
                if pause:
                    await asyncio.sleep(pause)
                yield number
            self.ended = "whole"
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        except GeneratorExit:
            self.ended = "closed"
            raise


async def test_a_run_ends_when_its_model_takes_too_long() -> None:
    model = ScriptedModel([[Delay(10), assistant_message("At last.")]])
    run = Runner.run_streamed(
        Agent("A", model=model), "Hi", run_config=RunConfig(model_settings=ModelSettings(timeout=3))
    )
    with pytest.raises(ModelTimeoutError, match="was not whole after 3 seconds") as caught:
        async for _ in run.stream_events():
            pass
    assert now() == 3
    assert caught.value.timeout_seconds == 3
    assert not isinstance(caught.value, openai.APIError)
    assert caught.value.run_data is not None
    assert model.closed_early == 1


@pytest.mark.parametrize("wait", [Pause(100), Hold()])
async def test_the_socket_is_closed(wait: Pause | Hold) -> None:
    async with LoopbackServer([stream(*HI[:4], wait, *HI[4:])]) as server:
        model = OpenAIResponsesModel("m", server.client())
        seen = 0
        with pytest.raises(ModelTimeoutError):
            async for _ in within_seconds(
                model.stream_response(
                    None, "Hi", ModelSettings(), [], None, [], ModelTracing.DISABLED
                ),
                2.5,
            ):
                seen += 1
        await server.wait_gone()
        await server.wait_closed()
    assert seen == 4
    assert now() == 2.5


async def test_it_holds_for_a_whole_answer_too() -> None:
    model = ScriptedModel([[Delay(10), assistant_message("At last.")]])
    with pytest.raises(ModelTimeoutError):
        await model.get_response(
            None, "Hi", ModelSettings(timeout=3), [], None, [], ModelTracing.DISABLED,
            previous_response_id=None, conversation_id=None, prompt=None,
        )  # fmt: skip
    assert model.closed_early == 1


async def test_a_failed_response_is_no_broken_stream() -> None:
    error = ResponseErrorEvent(
        type="error", code="server_error", message="Oh no.", param=None, sequence_number=3
    )
    model = ScriptedModel([[*HI[:3], error]])
    with pytest.raises(ModelResponseError, match="Oh no"):
        await model.get_response(
            None, "Hi", ModelSettings(), [], None, [], ModelTracing.DISABLED,
            previous_response_id=None, conversation_id=None, prompt=None,
        )  # fmt: skip
    assert model.closed_early == 1, "closed where it is, not when it is collected"


async def test_all_waits_count_together() -> None:
    source = Counted(1, 1, 1, 1)
    seen: list[int] = []
    with pytest.raises(ModelTimeoutError):
        async for number in within_seconds(source.numbers(), 3.5):
            seen.append(number)
    assert seen == [0, 1, 2]
    assert now() == 3.5
    assert source.ended == "cancelled"


async def test_what_the_reader_does_between_them_does_not_count() -> None:
    source = Counted(1, 0, 1, 0, 1)
    seen: list[int] = []
    async for number in within_seconds(source.numbers(), 3.5):
        await asyncio.sleep(100)
        seen.append(number)
    assert seen == [0, 1, 2, 3, 4]
    assert source.ended == "whole"


async def test_a_wait_after_a_slow_reader_has_all_the_time_that_is_left() -> None:
    source = Counted(1, 2)
    async for _ in within_seconds(source.numbers(), 3.5):
        await asyncio.sleep(1)  # so that 3.5 seconds from the start are over in the second wait
    assert source.ended == "whole"


async def test_nothing_is_left_when_it_is_closed() -> None:
    source = Counted(0, 0, 100)
    events = within_seconds(source.numbers(), 50)
    assert await anext(events) == 0
    await events.aclose()
    assert source.ended == "closed"
    loop: Any = asyncio.get_running_loop()
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []


async def test_cancelling_from_outside_stays_a_cancellation() -> None:
    source = Counted(100)

    async def read() -> None:
        async for _ in within_seconds(source.numbers(), 50):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.ended == "cancelled"


async def test_both_at_once_are_a_cancellation() -> None:
    source = Counted(100)

    async def read() -> None:
        async for _ in within_seconds(source.numbers(), 50):
            pass

    task = asyncio.create_task(read())
    asyncio.get_running_loop().call_later(50, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_of_the_models_own_is_left_as_it_is() -> None:
    async def impatient() -> AsyncIterator[int]:
        async with asyncio.timeout(1):
            await asyncio.sleep(5)
        yield 1

    with pytest.raises(TimeoutError) as caught:
        await anext(within_seconds(impatient(), 50))
    assert not isinstance(caught.value, ModelTimeoutError)


async def test_an_iterator_that_is_no_generator_will_do() -> None:
    class Slow:
        def __aiter__(self) -> Slow:
            return self

        async def __anext__(self) -> int:
            await asyncio.sleep(1)
            return 1

    with pytest.raises(ModelTimeoutError):
        async for _ in within_seconds(Slow(), 2.5):
            pass
    assert now() == 2.5
