"""Every exception that rxagents raises.

    RxAgentsError                        the base of them all
    └── AgentsException                  whatever can end a run; `run_data` is what it had by then
        ├── UserError                    the program asks for something that cannot be
        │   ├── NoRunningLoopError       a run was started where no event loop runs
        │   ├── AsyncCallbackError       an `async def` was given as a plain callback
        │   ├── ModelUnavailableError    no key, or the embedded model is not installed
        │   └── ToolCallError            a tool raised, and was told to let its error out
        ├── MaxTurnsExceeded
        ├── ModelRefusalError            the model refused to answer
        ├── ModelBehaviorError           the model answered what cannot be used
        │   ├── ModelStreamError         its stream broke off or is malformed
        │   ├── ModelResponseError       it says itself that it failed, or stopped half way
        │   ├── ToolNotFoundError        it called a tool that the agent does not have
        │   └── ToolArgumentsError       its arguments do not fit the tool's schema
        ├── RecordingError               a file is no recording, or is damaged, or in use
        │   └── RecordingExhausted       a ReplayModel was asked for more than was recorded
        ├── RecordedRunFailed            what is replayed failed when it was recorded
        └── ModelAPIError                the request itself failed; also an `openai.APIError`
            ├── ModelConnectionError     nobody answers; also an `openai.APIConnectionError`
            │   └── ModelTimeoutError    not in time; also an `openai.APITimeoutError`
            └── ModelStatusError         4xx, 5xx, with a class for each that `openai` has one for

`rxagents.testing` has a few of its own, for scripts and clocks that do not fit the test, and so
have operators that can fail by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openai

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

    from .agent import Agent
    from .context import RunContextWrapper
    from .items import ModelResponse, RunItem


@dataclass
class RunErrorDetails:
    """What a run had received and done when it failed."""

    input: str | list[ResponseInputItemParam]
    """The input the run was started with."""

    new_items: list[RunItem]
    """Every item up to the failure, also those of the turn that failed."""

    raw_responses: list[ModelResponse]
    """The responses that were completed."""

    last_agent: Agent[Any]
    """The agent whose turn failed."""

    context_wrapper: RunContextWrapper[Any]
    """The run's context, with the usage so far."""

    input_guardrail_results: list[Any] = field(default_factory=list[Any])
    output_guardrail_results: list[Any] = field(default_factory=list[Any])


class RxAgentsError(Exception):
    """The base class of every error of this library."""


class AgentsException(RxAgentsError):
    """The base class of every error that ends a run."""

    run_data: RunErrorDetails | None = None
    """What the run had until it failed; None where no run was under way."""


class UserError(AgentsException):
    """The program asked for something that cannot be done; the message says what to change."""


class NoRunningLoopError(UserError, RuntimeError):
    """Something that lives on an event loop was asked for where none is running."""


class AsyncCallbackError(UserError, TypeError):
    """An `async def` function was given where a plain callback is called."""


class ModelUnavailableError(UserError):
    """The model cannot be used as things are set up: no key, or an extra that is missing."""


class ToolCallError(UserError):
    """A tool raised, and its `failure_error_function` is None; `__cause__` is what it raised."""

    def __init__(self, message: str, *, tool_name: str) -> None:
        super().__init__(message)
        self.tool_name = tool_name


class MaxTurnsExceeded(AgentsException):
    """The run took more turns than `max_turns` allows."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ModelRefusalError(AgentsException):
    """The model refused to answer; `refusal` is what it said instead."""

    def __init__(self, refusal: str) -> None:
        super().__init__(f"the model refused to answer: {refusal}")
        self.refusal = refusal


class ModelBehaviorError(AgentsException):
    """The model answered something that the run cannot go on with."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ModelStreamError(ModelBehaviorError):
    """The model's stream broke off, or holds what is no event.

    `event_index` is the number of events that were received whole before it (they have been
    emitted), `received` the first bytes of what could not be read, if anything was.
    """

    def __init__(self, message: str, *, event_index: int, received: bytes = b"") -> None:
        super().__init__(message)
        self.event_index = event_index
        self.received = received


class ModelResponseError(ModelBehaviorError):
    """The model's side says that its response failed, is incomplete, or sent an `error` event.

    `event_type` is which of the three (`response.failed`, `response.incomplete`, `error`), `code`
    and `reason` are the provider's words, where it gave any.
    """

    def __init__(
        self, message: str, *, event_type: str, code: str | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.event_type = event_type
        self.code = code
        self.reason = reason


class ToolNotFoundError(ModelBehaviorError):
    """The model called a tool that its agent does not have."""

    def __init__(self, message: str, *, tool_name: str) -> None:
        super().__init__(message)
        self.tool_name = tool_name


class ToolArgumentsError(ModelBehaviorError):
    """The model's arguments do not fit the tool's schema; `arguments` is the JSON it sent."""

    def __init__(self, message: str, *, tool_name: str, arguments: str) -> None:
        super().__init__(message)
        self.tool_name = tool_name
        self.arguments = arguments


class RecordingError(AgentsException):
    """A recording cannot be read or written.

    `path` is the file, `line` the number of the line that is at fault, from 1; 0 where it is not
    a line's fault.
    """

    def __init__(self, message: str, *, path: str, line: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.line = line


class RecordingExhausted(RecordingError):
    """A `ReplayModel` was asked for a turn that its recording does not have, or not whole."""


class RecordedRunFailed(AgentsException):
    """What is being replayed failed like this when it was recorded.

    `class_name` is the class of the exception with its module, as in a traceback, `message` its
    text. The exception itself is not made again: without its constructor's arguments it would lack
    what its class promises.
    """

    def __init__(self, class_name: str, message: str) -> None:
        super().__init__(f"the recorded run failed: {class_name}: {message}")
        self.class_name = class_name
        self.message = message


class ModelAPIError(AgentsException, openai.APIError):
    """A request to the model failed before its stream began; `__cause__` is the client's error."""


class ModelConnectionError(ModelAPIError, openai.APIConnectionError):
    """Nobody answers at the model's address, or the connection could not be made."""


class ModelTimeoutError(ModelConnectionError, openai.APITimeoutError):
    """The model did not answer within the client's time limit."""


class ModelStatusError(ModelAPIError, openai.APIStatusError):
    """The model's side refused the request with an HTTP status; see `status_code` and `body`."""


class ModelBadRequestError(ModelStatusError, openai.BadRequestError):
    """400: the request is not one this model takes."""


class ModelAuthenticationError(ModelStatusError, openai.AuthenticationError):
    """401: the key is missing, wrong or revoked."""


class ModelPermissionError(ModelStatusError, openai.PermissionDeniedError):
    """403: the key may not use this model."""


class ModelNotFoundError(ModelStatusError, openai.NotFoundError):
    """404: there is no such model, or no Responses API at this address."""


class ModelRateLimitError(ModelStatusError, openai.RateLimitError):
    """429: too many requests or no quota left, also after the client's retries."""


class ModelServerError(ModelStatusError, openai.InternalServerError):
    """5xx: the model's side failed, also after the client's retries."""
