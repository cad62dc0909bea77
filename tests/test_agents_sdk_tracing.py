"""The spans of a run are those of the OpenAI Agents SDK, which is asked for the same one.

Skipped without the SDK; see test_agents_sdk.py for how to run it.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from spans import Kept, kept
from test_run_spans import ANSWER, CALL, agent, traced

import rxagents.tracing
from rxagents.testing import function_call
from rxagents.tracing.run_signals import RunStart

agents: Any = pytest.importorskip("agents", reason="openai-agents is not installed")
sdk_testing: Any = pytest.importorskip("agents.testing", reason="it is in 0.24 and later")
sdk_tracing: Any = pytest.importorskip("agents.tracing")

HANDOFF = function_call("transfer_to_other", {}, call_id="c2")
BROKEN = function_call("broken", {}, call_id="c3")


async def theirs(*turns: Any, **config: Any) -> Kept:
    """The same run as `test_run_spans.agent` makes, by the SDK."""

    async def weather(city: str) -> str:
        return f"sun in {city}"

    async def broken() -> str:
        raise ValueError("no disk")

    model = sdk_testing.ScriptedModel(turns, emit_traces=True)
    tools = [
        agents.function_tool(weather),
        agents.function_tool(broken, failure_error_function=None),
    ]
    other = agents.Agent("Other", model=model)
    guide = agents.Agent("Guide", model=model, tools=tools, handoffs=[other])
    told = Kept()
    agents.set_trace_processors([told])
    agents.set_tracing_disabled(False)
    try:
        await agents.Runner.run(guide, "Hello", run_config=agents.RunConfig(**config))
    except Exception:
        pass
    finally:
        agents.set_tracing_disabled(True)
    return told


def tree(told: Kept, errors: bool = True) -> str:
    """Its scripted model has generation spans where a Responses model has response spans."""
    text = told.tree().replace("generation", "response")
    return text if errors else text.replace("!", "")


async def test_the_same_spans_in_the_same_places() -> None:
    with kept() as ours:
        await traced(agent([CALL], [HANDOFF], [ANSWER]), RunStart(workflow_name="w"))
    sdk = await theirs([CALL], [HANDOFF], [ANSWER], workflow_name="w")
    assert tree(ours) == tree(sdk)
    assert ours.log == [line.replace("generation", "response") for line in sdk.log]
    for mine, other in zip(ours.spans, sdk.spans, strict=True):
        if mine.span_data.type in {"agent", "function", "handoff"}:
            exported, expected = mine.span_data.export(), other.span_data.export()
            for data in (exported, expected):
                data["input"] = str(data.get("input")).replace(" ", "")
            assert exported == expected
        assert set(mine.export() or ()) == set(other.export() or ())


async def test_a_failing_tool_leaves_the_same_spans() -> None:
    with kept() as ours:
        await traced(agent([BROKEN]))
    sdk = await theirs([BROKEN])
    assert tree(ours, errors=False) == tree(sdk, errors=False)
    assert ours.one("function").error is not None
    assert sdk.one("function").error is not None


def test_the_functions_have_the_same_signatures() -> None:
    for name in sdk_tracing.__all__:
        mine = getattr(rxagents.tracing, name)
        if name.endswith("_span") or name == "trace":
            theirs_now = list(inspect.signature(getattr(sdk_tracing, name)).parameters.values())
            mine_now = list(inspect.signature(mine).parameters.values())
            assert [(p.name, p.default) for p in mine_now] == [
                (p.name, p.default) for p in theirs_now
            ], name
