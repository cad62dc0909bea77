"""Every exception that rxagents raises.

    RxAgentsError                        the base of them all
    └── AgentsException                  whatever can end a run; `run_data` is what it had by then
        ├── UserError                    the program asks for something that cannot be
        │   ├── NoRunningLoopError       a run was started where no event loop runs
        │   ├── AsyncCallbackError       an `async def` was given as a plain callback
        │   ├── ModelUnavailableError    no key, or the embedded model is not installed
        │   ├── ModelSettingsError       there are no such settings, or they contradict each other
        │   ├── MCPServerError           an MCP server cannot be reached, or did not do it
        │   └── ToolCallError            a tool raised, and was told to let its error out
        ├── MCPToolCancellationError     a call of an MCP server's tool was cancelled within
        ├── MaxTurnsExceeded
        ├── InputGuardrailTripwireTriggered
        ├── OutputGuardrailTripwireTriggered
        ├── ToolTimeoutError             a tool took longer than it may, and was told to raise
        ├── ToolInputGuardrailTripwireTriggered
        ├── ToolOutputGuardrailTripwireTriggered
        ├── ModelRefusalError            the model refused to answer
        ├── ModelBehaviorError           the model answered what cannot be used
        │   ├── ModelStreamError         its stream is malformed
        │   │   └── ModelStreamCutError  or broke off
        │   ├── ModelResponseError       it says itself that it failed, or stopped half way
        │   ├── InvalidFinalOutputError  its answer does not fit the agent's `output_type`
        │   ├── ToolNotFoundError        it called a tool that the agent does not have
        │   └── ToolArgumentsError       its arguments do not fit the tool's schema
        ├── SessionError                 a session's store cannot be opened, read or written
        │   └── SessionClosedError       the session was closed before; also a RuntimeError
        ├── ModelTimeoutError            the model took longer than ModelSettings.timeout
        │   └── ModelRequestTimeoutError or than the client allows; also a ModelConnectionError
        ├── RecordingError               a file is no recording, or is damaged, or in use
        │   └── RecordingExhausted       a ReplayModel was asked for more than was recorded
        ├── RecordedRunFailed            what is replayed failed when it was recorded
        └── ModelAPIError                the request itself failed; also an `openai.APIError`
            ├── ModelConnectionError     nobody answers; also an `openai.APIConnectionError`
            │   └── ModelRequestTimeoutError   not in time; also an `openai.APITimeoutError`
            └── ModelStatusError         4xx, 5xx, with a class for each that `openai` has one for

`RecordedToolError` is never raised: it stands for a tool's exception in events read from JSON.
`rxagents.testing` has a few of its own, for scripts and clocks that do not fit the test, and so
have operators that can fail by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openai

if TYPE_CHECKING:
    import httpx2
    from openai.types.responses import ResponseInputItemParam

    from .agent import Agent
    from .context import RunContextWrapper
    from .guardrail import InputGuardrailResult, OutputGuardrailResult
    from .items import ModelResponse, RunItem
    from .tool_guardrails import (
        ToolGuardrailFunctionOutput,
        ToolInputGuardrail,
        ToolOutputGuardrail,
    )


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

    input_guardrail_results: list[InputGuardrailResult] = field(default_factory=list[Any])
    output_guardrail_results: list[OutputGuardrailResult] = field(default_factory=list[Any])
    tool_input_guardrail_results: list[Any] = field(default_factory=list[Any])
    tool_output_guardrail_results: list[Any] = field(default_factory=list[Any])


class RxAgentsError(Exception):
    """The base class of every error of this library."""


class AgentsException(RxAgentsError):
    """The base class of every error that ends a run."""

    run_data: RunErrorDetails | None = None
    """What the run had until it failed; None where no run was under way."""


class UserError(AgentsException):
    """The program asked for something that cannot be done; the message says what to change."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NoRunningLoopError(UserError, RuntimeError):
    """Something that lives on an event loop was asked for where none is running."""


class AsyncCallbackError(UserError, TypeError):
    """An `async def` function was given where a plain callback is called."""


class ModelUnavailableError(UserError):
    """The model cannot be used as things are set up: no key, or an extra that is missing."""


class ModelSettingsError(UserError, TypeError):
    """There are no settings of these names, or two of them set the same thing."""


class MCPServerError(UserError):
    """An MCP server cannot be reached, did not answer, or answered with an error.

    `server_name` is the server's name, `code` the error code of JSON-RPC and `http_status` that of
    HTTP, where there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        server_name: str,
        code: int | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.server_name = server_name
        self.code = code
        self.http_status = http_status


class MCPToolCancellationError(AgentsException):
    """A call of an MCP server's tool was cancelled, and not by whoever waits for it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


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


class InputGuardrailTripwireTriggered(AgentsException):
    """An input guardrail has stopped the run; `guardrail_result` is what it found."""

    def __init__(self, guardrail_result: InputGuardrailResult) -> None:
        super().__init__(
            f"the input guardrail {guardrail_result.guardrail.get_name()!r} has stopped the run"
        )
        self.guardrail_result = guardrail_result


class OutputGuardrailTripwireTriggered(AgentsException):
    """An output guardrail has stopped the run; `guardrail_result` is what it found."""

    def __init__(self, guardrail_result: OutputGuardrailResult) -> None:
        super().__init__(
            f"the output guardrail {guardrail_result.guardrail.get_name()!r} has stopped the run"
        )
        self.guardrail_result = guardrail_result


class ToolTimeoutError(AgentsException):
    """A tool took longer than the `timeout_seconds` it may."""

    def __init__(self, tool_name: str, timeout_seconds: float) -> None:
        super().__init__(
            f"the tool {tool_name!r} gave no result within {timeout_seconds:g} seconds"
        )
        self.tool_name = tool_name
        self.timeout_seconds = timeout_seconds


class ToolInputGuardrailTripwireTriggered(AgentsException):
    """A guardrail of a tool has stopped the run before the call; `output` is what it found."""

    def __init__(
        self, guardrail: ToolInputGuardrail[Any], output: ToolGuardrailFunctionOutput
    ) -> None:
        super().__init__(f"the tool input guardrail {guardrail.get_name()!r} has stopped the run")
        self.guardrail = guardrail
        self.output = output


class ToolOutputGuardrailTripwireTriggered(AgentsException):
    """A guardrail of a tool has stopped the run after the call; `output` is what it found."""

    def __init__(
        self, guardrail: ToolOutputGuardrail[Any], output: ToolGuardrailFunctionOutput
    ) -> None:
        super().__init__(f"the tool output guardrail {guardrail.get_name()!r} has stopped the run")
        self.guardrail = guardrail
        self.output = output


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


class ModelStreamCutError(ModelStreamError):
    """The model's stream ended before its response did: the connection broke, or was closed."""


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


class InvalidFinalOutputError(ModelBehaviorError):
    """The model's answer does not fit the agent's `output_type`; `output` is what it wrote."""

    def __init__(self, message: str, *, output: str) -> None:
        super().__init__(message)
        self.output = output


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


class SessionError(AgentsException):
    """The store of a session cannot be opened, read or written; `__cause__` is its own error."""


class SessionClosedError(SessionError, RuntimeError):
    """A session was used after its `close`."""


class ModelTimeoutError(AgentsException):
    """A model took longer for its response than it was given, in `timeout_seconds`."""

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(
            f"the model's response was not whole after {timeout_seconds:g} seconds: give it more "
            "(ModelSettings.timeout), or ask for less"
        )
        self.timeout_seconds = timeout_seconds


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


class RecordedToolError(RxAgentsError):
    """What a tool had raised when its event was written down: class and message, as text."""


class ModelAPIError(AgentsException, openai.APIError):
    """A request to the model failed before its stream began; `__cause__` is the client's error."""


class ModelConnectionError(ModelAPIError, openai.APIConnectionError):
    """Nobody answers at the model's address, or the connection could not be made."""


class ModelRequestTimeoutError(ModelTimeoutError, ModelConnectionError, openai.APITimeoutError):
    """The model did not answer within the client's time limit; `__cause__` is the client's error.

    `timeout_seconds` is the client's limit for a read, or infinite where it is not known.
    """

    def __init__(self, message: str, *, timeout_seconds: float, request: httpx2.Request) -> None:
        openai.APIError.__init__(self, message, request, body=None)
        self.timeout_seconds = timeout_seconds


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
