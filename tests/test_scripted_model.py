"""The model that plays a script, in every form that a step may have."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage

from rxagents import (
    Agent,
    ItemHelpers,
    Model,
    ModelResponse,
    ModelRetryAdvice,
    ModelRetryAdviceRequest,
    ModelSettings,
    ModelTimeoutError,
    ModelTracing,
    RunConfig,
    Runner,
    Usage,
)
from rxagents.testing import (
    Delay,
    InvalidModelStep,
    ModelCall,
    ModelStep,
    ScriptedModel,
    UnconsumedModelSteps,
    UnexpectedModelCall,
    assistant_message,
    function_call,
    response_events,
)

HI = assistant_message("Hi there.")


async def said(model: Model, settings: ModelSettings | None = None) -> str:
    """What the model answers."""
    return ItemHelpers.extract_text((await answered(model, settings)).output[0]) or ""


async def answered(model: Model, settings: ModelSettings | None = None) -> ModelResponse:
    return await model.get_response(
        "Be kind.", [{"role": "user", "content": "Hi"}], settings or ModelSettings(), [], None, [],
        ModelTracing.DISABLED, previous_response_id="r0", conversation_id="c0", prompt={"id": "p"},
    )  # fmt: skip


async def echo(call: ModelCall) -> AsyncIterator[Any]:
    for event in response_events([assistant_message(str(call.system_instructions))]):
        yield event


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ([HI], "Hi there."),
        (ModelStep([HI]), "Hi there."),
        ({"output": [HI]}, "Hi there."),
        ({"output": [HI.model_dump()]}, "Hi there."),
        (ModelResponse([HI], Usage(), "r1"), "Hi there."),
        (response_events([HI]), "Hi there."),
        (ModelStep.stream(response_events([HI])), "Hi there."),
        (ModelStep.stream([Delay(1), *response_events([HI])]), "Hi there."),
        ({"stream_events": echo}, "Be kind."),
        (ModelStep.stream(echo), "Be kind."),
        (ModelStep.respond(lambda call: [assistant_message(str(call.streamed))]), "False"),
        (ModelStep.respond(lambda _: ModelStep.respond(lambda _: [HI])), "Hi there."),
    ],
)
async def test_steps_that_answer(step: Any, answer: str) -> None:
    model = ScriptedModel([step])
    assert await said(model) == answer
    model.assert_complete()


async def test_a_responder_may_be_async() -> None:
    async def wait(call: ModelCall) -> list[ResponseOutputMessage]:
        await asyncio.sleep(5)
        return [HI]

    assert await said(ScriptedModel([ModelStep.respond(wait)])) == "Hi there."
    assert asyncio.get_running_loop().time() == 5


@pytest.mark.parametrize(
    "step",
    [
        OSError("down"),
        ModelStep.raise_error(OSError("down")),
        {"error": OSError("down")},
        ModelStep.respond(lambda _: OSError("down")),
        [HI, OSError("down")],
        ModelStep.stream([*response_events([HI])[:3], OSError("down")]),
    ],
)
async def test_steps_that_fail(step: Any) -> None:
    with pytest.raises(OSError, match="down"):
        await said(ScriptedModel([step]))


async def test_a_responder_that_raises_is_a_call_that_fails() -> None:
    def broken(call: ModelCall) -> Any:
        raise LookupError("no idea")

    with pytest.raises(LookupError, match="no idea"):
        await said(ScriptedModel([ModelStep.respond(broken)]))


async def test_every_argument_of_a_call_is_kept() -> None:
    model = ScriptedModel([[HI], [HI]])
    assert (model.first_call, model.last_call) == (None, None)
    await said(model, ModelSettings(temperature=0.5))
    await Runner.run(Agent("A", model=model), "Again")
    first, last = model.calls
    assert (model.first_call, model.last_call) == (first, last)
    assert first == ModelCall(
        "Be kind.", [{"role": "user", "content": "Hi"}], ModelSettings(temperature=0.5), [], None,
        [], ModelTracing.DISABLED, "r0", "c0", {"id": "p"}, streamed=False,
    )  # fmt: skip
    assert last.streamed
    assert last.previous_response_id is None


async def test_the_input_of_a_call_is_a_copy() -> None:
    model = ScriptedModel([[HI]])
    question: list[Any] = [{"role": "user", "content": "Hi"}]
    await anext(
        model.stream_response(None, question, ModelSettings(), [], None, [], ModelTracing.DISABLED)
    )
    question[0]["content"] = "Bye"
    assert model.calls[0].input == [{"role": "user", "content": "Hi"}]


async def test_steps_can_be_added() -> None:
    model = ScriptedModel()
    model.enqueue([HI])
    model.extend([{"output": [HI]}, OSError("down")])
    assert model.remaining_steps == 3
    await said(model)
    assert model.remaining_steps == 2
    with pytest.raises(
        UnconsumedModelSteps, match="2 of the script's turns .* after 1 calls"
    ) as no:
        model.assert_complete()
    assert no.value.remaining_steps == 2


async def test_a_call_too_many_says_what_it_was() -> None:
    model = ScriptedModel([[HI]])
    await said(model)
    with pytest.raises(
        UnexpectedModelCall, match="call 2 of a model whose script has 1 turns"
    ) as no:
        await said(model)
    assert no.value.call is model.last_call
    assert no.value.call_index == 1


async def test_a_script_may_be_a_generator_and_its_lists_may_change_later() -> None:
    items = [HI]
    step = ModelStep(items)
    model = ScriptedModel(each for each in [step])
    step.output = []
    assert await said(model) == "Hi there."


# --- what it costs ------------------------------------------------------------------------------


async def test_usage_is_the_steps_or_else_the_models() -> None:
    cost = Usage(requests=1, input_tokens=7, output_tokens=2, total_tokens=9)
    usual = Usage(requests=1, input_tokens=1, output_tokens=1, total_tokens=2)
    model = ScriptedModel([ModelStep([HI], cost), [HI], ModelStep([HI])], default_usage=usual)
    assert [(await answered(model)).usage for _ in range(3)] == [cost, usual, usual]
    model.extend([[HI], ModelStep([HI])])
    model.set_default_usage(None)
    counted, nothing = [(await answered(model)).usage for _ in range(2)]
    assert counted.output_tokens == 2, "a delta each"
    assert nothing == Usage(requests=1)


async def test_response_ids() -> None:
    model = ScriptedModel([[HI], ModelStep([HI]), ModelStep([HI], response_id=None), [HI]])
    ids = [(await answered(model)).response_id for _ in range(4)]
    assert ids == ["resp_1", "resp-789", None, "resp_4"]
    model.enqueue(ModelStep([HI], request_id="req_1"))
    events = model.stream_response(None, "Hi", ModelSettings(), [], None, [], ModelTracing.DISABLED)
    last: Any = [event async for event in events][-1]
    assert last.response._request_id == "req_1"


# --- how it ends --------------------------------------------------------------------------------


async def test_a_factorys_stream_is_closed_with_the_run() -> None:
    closed: list[bool] = []

    async def slow(call: ModelCall) -> AsyncIterator[Any]:
        try:
            for event in response_events([HI]):
                yield event
                await asyncio.sleep(1)
        finally:
            closed.append(True)

    model = ScriptedModel([ModelStep.stream(slow)])
    async with Runner.run_streamed(Agent("A", model=model), "Hi") as run:
        async for event in run.stream_events():
            if event.type == "raw_response_event":
                break
    assert closed == [True]
    assert model.closed_early == 1


async def test_a_time_limit_holds_for_a_script() -> None:
    model = ScriptedModel([[Delay(10), HI]])
    with pytest.raises(ModelTimeoutError):
        await said(model, ModelSettings(timeout=3))


async def test_advice_is_about_the_very_error() -> None:
    error, advice = OSError("busy"), ModelRetryAdvice(suggested=True, retry_after=3)
    model = ScriptedModel([ModelStep.raise_error(error, retry_advice=advice), OSError("busy")])
    with pytest.raises(OSError, match="busy"):
        await said(model)
    assert model.get_retry_advice(ModelRetryAdviceRequest(error, 1, True)) == advice
    assert model.get_retry_advice(ModelRetryAdviceRequest(OSError("busy"), 1, True)) is None
    with pytest.raises(OSError, match="busy") as other:
        await said(model)
    assert model.get_retry_advice(ModelRetryAdviceRequest(other.value, 1, True)) is None


async def test_it_drives_a_run() -> None:
    call = function_call("transfer_to_b", call_id="c1")
    model = ScriptedModel([{"output": [call]}, ModelStep.respond(lambda call: [HI])])
    agent = Agent("A", handoffs=[Agent("B")])
    result = await Runner.run(agent, "Hi", run_config=RunConfig(model=model))
    assert result.final_output == "Hi there."
    assert result.last_agent.name == "B"
    model.assert_complete()


# --- what cannot be played ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "reason", "words"),
    [
        (7, "invalid_input", "must have a sequence of items"),
        ("Hi", "invalid_input", "not str"),
        ({"output": "Hi"}, "invalid_input", "not str"),
        ({"outputs": [HI]}, "unsupported_field", "has no field 'outputs' .its fields: error, out"),
        (ModelStep(usage=None), "invalid_input", "usage of None"),  # type: ignore[arg-type]
        ({"response_id": 7}, "invalid_input", "response_id of 7"),
        ({"raw_usage": 7}, "invalid_input", "a dict as raw_usage"),
        ({"error": "down"}, "invalid_error", "an Exception as error, not 'down'"),
        ({"responder": [HI]}, "invalid_responder", "a function as responder"),
        ({"stream_events": "Hi"}, "invalid_stream_events", "a sequence or a function"),
        (
            {"error": OSError(), "stream_events": []},
            "conflicting_outcomes",
            "both error and stream_events",
        ),
        ({"retry_advice": ModelRetryAdvice()}, "invalid_retry_advice", "where it has an error"),
    ],
)
def test_what_cannot_be_played_is_refused_at_once(step: Any, reason: str, words: str) -> None:
    with pytest.raises(
        InvalidModelStep, match=words if "step 2" in words else f"step 2.*{words}"
    ) as no:
        ScriptedModel([[HI], step])
    assert (no.value.reason, no.value.input_index) == (reason, 1)
    model = ScriptedModel([[HI]])
    with pytest.raises(InvalidModelStep):
        model.extend([[HI], step])
    assert model.remaining_steps == 1, "all or none"


async def test_a_responders_bad_step_is_refused_when_it_is_made() -> None:
    wrong: Any = 7
    with pytest.raises(InvalidModelStep):
        await said(ScriptedModel([ModelStep.respond(lambda _: wrong)]))


# --- parts --------------------------------------------------------------------------------------


def test_a_call_may_be_in_a_namespace() -> None:
    call = function_call("weather", {"city": "Ålesund"}, call_id="c1", namespace="forecast")
    assert isinstance(call, ResponseFunctionToolCall)
    assert call.model_dump(exclude_unset=True)["namespace"] == "forecast"
    assert "namespace" not in function_call("weather").model_dump(exclude_unset=True)


@pytest.mark.skipif(importlib.util.find_spec("rxagents.tracing") is None, reason="no tracing yet")
async def test_each_call_can_be_a_span() -> None:
    import rxagents.tracing as tracing  # type: ignore[import-not-found,unused-ignore]

    class Spans(tracing.TracingProcessor):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            self.ended: list[Any] = []

        def on_trace_start(self, trace: Any) -> None: ...
        def on_trace_end(self, trace: Any) -> None: ...
        def on_span_start(self, span: Any) -> None: ...
        def on_span_end(self, span: Any) -> None:
            self.ended.append(span)

        def shutdown(self) -> None: ...
        def force_flush(self) -> None: ...

    spans = Spans()
    tracing.set_trace_processors([spans])
    try:
        model = ScriptedModel([[HI], OSError("down")], emit_traces=True)
        with tracing.trace("test"):
            await said(model)
            with pytest.raises(OSError, match="down"):
                await said(model)
        kinds = [span.span_data.type for span in spans.ended]
        assert kinds == ["generation", "generation"]
        assert [span.error is not None for span in spans.ended] == [False, True]
    finally:
        tracing.set_trace_processors([])
