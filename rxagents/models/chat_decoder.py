"""Bytes of a Chat Completions answer to the `openai` package's typed Responses events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from openai.types.responses import ResponseStreamEvent
from pydantic_core import from_json

from rxagents.exceptions import AgentsException, ModelStreamCutError, UserError

from .chat_writer import ResponseWriter
from .frames import bad_frame, events, excerpt, json_object, told_failure
from .sse import ServerSentEvent, SSEDecoder

_FAILED = frozenset({"error", "abort"})  # reasons to stop of OpenRouter and of vLLM
_SPACE = b"\xef\xbb\xbf \t\r\n"


class ChatDecoder:
    """Decodes one answer, a stream or, from a server that cannot stream, a whole completion.

    A chunk is read as it comes, without a class of its own: what servers send differs too much,
    and only the events that come of it must be whole.
    """

    def __init__(
        self,
        *,
        model: str = "",
        echo: dict[str, Any] | None = None,
        hold_calls: bool = False,
        strict: bool = False,
    ) -> None:
        """For an answer of `model`, to a request that determines the response's fields `echo`.

        With `hold_calls` a call is told of when it is whole, and with `strict` a second choice is
        a UserError and not left out.
        """
        self.ended: bool = False
        """Whether the answer is over and nothing of the rest matters."""
        self._sse = SSEDecoder()
        self._writer = ResponseWriter(model, echo or {}, hold_calls=hold_calls)
        self._strict = strict
        self._body: list[bytes] = []  # what is no stream
        self._begun = False

    @property
    def count(self) -> int:
        """Events so far."""
        return self._writer.count

    @property
    def whole(self) -> bool:
        """Whether the stream may end here: the model has said why it stopped."""
        return self._writer.finish_reason is not None

    def feed(self, chunk: bytes) -> Iterable[ResponseStreamEvent]:
        """The events that `chunk` completes.

        Iterating raises ModelStreamError at a frame that is no chunk, and ModelResponseError where
        the server says that it failed, after those before it.
        """
        if not self._begun and self._is_no_stream(chunk):
            return ()
        try:
            for frame in self._sse.feed(chunk):
                if frame.data == b"[DONE]":
                    self._done()
                    break
                self._frame(frame)
        except AgentsException as error:
            return _until(self._writer.take(), error)
        return self._writer.take()

    def finish(self) -> Iterator[ResponseStreamEvent]:
        """Yield what is left when the body has ended.

        Raises ModelStreamCutError if it may not end here.
        """
        if self._body:
            self._completion(b"".join(self._body))
            yield from self._writer.take()
        if self.ended:
            return
        if not self.whole:
            raise self._cut(self._sse.pending)
        self._done()
        yield from self._writer.take()

    def _frame(self, frame: ServerSentEvent) -> None:
        try:
            value = from_json(frame.data)
        except ValueError:
            value = json_object(frame.data, self.count)
        if not isinstance(value, dict):
            raise bad_frame("is not a JSON object", frame.data, self.count)
        chunk = cast("dict[str, Any]", value)
        if chunk.get("error") or "choices" not in chunk:
            self._refuse_failure(chunk, frame.event)
        self._chunk(chunk, frame.data)

    def _chunk(self, chunk: dict[str, Any], data: bytes) -> None:
        try:
            choices = chunk.get("choices") or ()
            if usage := chunk.get("usage"):
                self._writer.usage(usage)
            for choice in choices:
                if not choice.get("index"):
                    self._writer.choice(chunk, choice)
                elif self._strict:
                    raise UserError(
                        "the server answers with several choices, and a run takes one: ask for one "
                        "(n=1), or let the others be left out (strict_feature_validation=False)"
                    )
        except (AttributeError, TypeError) as error:
            raise bad_frame("is no chunk of a chat completion", data, self.count) from error
        if self._writer.finish_reason in _FAILED:
            raise told_failure(f"it gives the reason {self._writer.finish_reason!r}", self.count)

    def _refuse_failure(self, value: dict[str, Any], event: bytes) -> None:
        if error := value.get("error"):
            raise told_failure(error, self.count)
        if event == b"error" or value.get("object") == "error":
            raise told_failure(value, self.count)

    def _done(self) -> None:
        if not self._writer.has_begun:
            raise self._cut(b"")
        self.ended = True
        self._writer.end()

    def _is_no_stream(self, chunk: bytes) -> bool:
        """Whether the body is JSON, which is gathered; no line of a stream begins like that."""
        if self._body:
            self._body.append(chunk)
            return True
        first = chunk.lstrip(_SPACE)
        if first.startswith(b"{"):
            self._body.append(first)
            return True
        self._begun = bool(first)
        return False

    def _completion(self, data: bytes) -> None:
        completion = json_object(data, self.count)
        self._refuse_failure(completion, b"")
        self._chunk(completion, data)
        if self._writer.has_begun:
            self._done()

    def _cut(self, pending: bytes) -> ModelStreamCutError:
        cut = f", in the middle of {excerpt(pending)}" if pending.strip() else ""
        return ModelStreamCutError(
            f"the model's stream ended after {events(self.count)} without a reason to stop "
            f"(finish_reason){cut}: the connection was cut, or this is no Chat Completions API",
            event_index=self.count,
            received=pending,
        )


def _until(events: list[ResponseStreamEvent], error: Exception) -> Iterator[ResponseStreamEvent]:
    """What was received whole, and then what was not."""
    yield from events
    raise error
