"""The form of a run state in JSON, and the check that what is read has it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from rxagents.exceptions import UserError

VERSION: Final = 1
KEY: Final = "rxagents_run_state"
"""What has the version, by which a state is known."""

Json = dict[str, Any]


class TokensForm(TypedDict):
    input_tokens: int
    input_tokens_details: Json
    output_tokens: int
    output_tokens_details: Json
    total_tokens: int


class UsageForm(TokensForm):
    requests: int
    request_usage_entries: list[TokensForm]


class ResponseForm(TypedDict):
    output: list[Json]
    usage: UsageForm
    response_id: str | None


class ConversationForm(TypedDict):
    """The fields of a Conversation; the first three are items of the Responses API's input."""

    everything: list[Json]
    given: int
    told: list[Json]
    unsent: list[Json]
    base: str | list[Json]
    items: list[Json]


class AnswerForm(TypedDict):
    call: int
    """Which of the calls of the response, from 0."""

    item: Json
    of_a_tool: bool


class NestedForm(TypedDict):
    call: int
    state: RunForm


class PendingForm(TypedDict):
    agent: str
    response: ResponseForm
    answers: list[AnswerForm]
    nested: list[NestedForm]


class RunForm(TypedDict):
    """A run, or one inside a call of it."""

    run_id: str
    started_at: float
    ended_at: float
    seq: int
    current_turn: int
    attempt: int
    is_admitted: bool
    max_turns: int | None
    current_agent: str
    input: str | list[Json]
    conversation: ConversationForm
    new_items: list[Json]
    raw_responses: list[ResponseForm]
    usage: UsageForm
    tool_input: Any
    approvals: dict[str, dict[str, Json]]
    used_tools: dict[str, list[str]]
    unsaved: list[Json]
    previous_response_id: str | None
    conversation_id: str | None
    auto_previous_response_id: bool
    pending: PendingForm | None
    interruptions: list[Json]
    pending_input: list[Json]


class ContextForm(TypedDict):
    """What a whole state has beside its run."""

    context: Any
    context_left_out: bool


class _StateForm(RunForm, ContextForm):
    __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc]  # as pydantic wants it


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(_StateForm)


def checked(data: object) -> tuple[RunForm, ContextForm]:
    """The state, if it is one that this version can read; raises UserError if it is not."""
    version = cast("Json", data).get(KEY) if isinstance(data, dict) else None
    if type(version) is not int:  # not a bool, which is one too
        raise UserError(
            "this is no run state of rxagents (states of the OpenAI Agents SDK have a form of "
            "their own, which only that can read)"
        )
    if version > VERSION:
        raise UserError(
            f"this run state has the version {version}, and this rxagents reads up to {VERSION}: "
            "install a newer one"
        )
    with damaged():
        state = _adapter().validate_python(data)
    return state, state


@contextmanager
def damaged() -> Generator[None]:
    """Raise UserError for what goes wrong in the block, which only damage can explain."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"this run state is damaged at {place}: {first['msg']}") from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"this run state is damaged: {type(error).__name__} {error}") from error
