"""What a run has used, in sum and request by request."""

from __future__ import annotations

from openai.types.responses import ResponseUsage
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

from rxagents import Agent, Runner, RunState, Usage, function_tool
from rxagents.testing import ScriptedModel, assistant_message, function_call


def used(read: int, written: int) -> Usage:
    return Usage.of_response(
        ResponseUsage(
            input_tokens=read,
            input_tokens_details=InputTokensDetails(cached_tokens=1, cache_write_tokens=0),
            output_tokens=written,
            output_tokens_details=OutputTokensDetails(reasoning_tokens=2),
            total_tokens=read + written,
        )
    )


def test_requests_are_summed_and_kept_apart() -> None:
    total = Usage()
    for each in (used(10, 3), used(20, 4)):
        total.add(each)
    assert (total.requests, total.input_tokens, total.output_tokens) == (2, 30, 7)
    assert total.input_tokens_details.cached_tokens == 2
    assert [(e.input_tokens, e.output_tokens) for e in total.request_usage_entries] == [
        (10, 3),
        (20, 4),
    ]


def test_a_sum_that_is_added_brings_its_entries() -> None:
    inner, outer = Usage(), used(1, 1)
    inner.add(used(10, 3))
    inner.add(used(20, 4))
    outer.add(inner)
    assert [entry.total_tokens for entry in outer.request_usage_entries] == [13, 24]


def test_a_request_that_tells_no_tokens_counts_and_is_no_entry() -> None:
    total = Usage()
    total.add(Usage.of_response(None))
    assert (total.requests, total.request_usage_entries) == (1, [])


def test_a_copy_does_not_see_what_is_added_later() -> None:
    total = Usage()
    total.add(used(10, 3))
    copy = total.copy()
    total.add(used(20, 4))
    assert len(copy.request_usage_entries) == 1


async def test_a_state_keeps_the_usage_of_each_request() -> None:
    model = ScriptedModel([[function_call("look")], [assistant_message("Rain.")]])
    agent: Agent[None] = Agent(
        "A",
        model=model,
        tools=[function_tool(lambda: "rain", name_override="look", needs_approval=True)],
    )
    result = await Runner.run(agent, "Go")
    state = await RunState.from_string(agent, result.to_state().to_string())
    state.approve(state.get_interruptions()[0])
    first = result.context_wrapper.usage.request_usage_entries
    entries = (await Runner.run(agent, state)).context_wrapper.usage.request_usage_entries
    assert len(entries) == 2
    assert entries[:1] == first
