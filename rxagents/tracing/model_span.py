"""The span of one model call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rxagents.events import as_json
from rxagents.items import ItemHelpers
from rxagents.stream.tasks import loop_or_none
from rxagents.usage import Usage

from .run_signals import ModelAsked
from .span_data import GenerationSpanData, ModelCall, ResponseSpanData
from .span_reading import call_usage, failure_of_response, finish_reason, settings_facts
from .spans import Span

if TYPE_CHECKING:
    from openai.types.responses import Response

    from .provider import TraceProvider
    from .traces import Trace


class ModelSpan:
    """From the question to the last event of the answer."""

    def __init__(
        self,
        provider: TraceProvider,
        asked: ModelAsked,
        parent: Trace | Span[Any] | None,
        sensitive: bool,
        timed: bool,
    ) -> None:
        """`timed`: it begins now, and not with its answer only."""
        self._sensitive = sensitive
        self._call = ModelCall(asked.provider)
        self.is_answering: bool = False
        """Whether its answer has begun."""

        config = settings_facts(asked.settings)
        self._data: ResponseSpanData | GenerationSpanData
        if asked.api == "chat":
            given: Any = asked.input if sensitive else None
            if given is not None:
                given = ItemHelpers.input_to_new_input_list(given)
            self._data = GenerationSpanData(
                given, model=asked.model, model_config=config, call=self._call
            )
        else:
            self._data = ResponseSpanData(
                input=asked.input if sensitive else None,
                model=asked.model,
                model_config=config,
                call=self._call,
            )
        self._asked_at = _now() if timed else None
        self.span: Span[Any] = provider.create_span(self._data, parent=parent)
        self.span.start(mark_as_current=True)

    def begin(self, response: Response) -> None:
        """Take the first event of the answer."""
        self.is_answering = True
        if self._asked_at is not None:
            self._call.first_event_after = _now() - self._asked_at
        self._call.response_id = response.id
        self._call.response_model = response.model

    def complete(self, last: Any) -> tuple[Usage, set[str]]:
        """Take the last event, and end; gives the usage and the ids of the calls in the answer."""
        response: Response | None = getattr(last, "response", None)
        told = getattr(response, "usage", None)
        whole = last.type == "response.completed"
        used = Usage.of_response(told) if whole or told is not None else Usage()
        data, call = self._data, self._call
        call.finish_reason = finish_reason(last.type, response)
        if told is not None:
            data.usage = call_usage(used)
        if response is not None:
            call.response_id = response.id
            call.response_model = response.model
            if self._sensitive:
                self._tell(response)
        if not whole:
            self.span.set_error(failure_of_response(last, self._sensitive))
        self.span.finish(reset_current=True)
        output = (response.output if response is not None else None) or []
        return used, {item.call_id for item in output if item.type == "function_call"}

    def give_up(self) -> None:
        """End it without an answer, as the model is asked again."""
        if self.span.error is None:
            self.span.set_error(
                {"message": "Error getting response", "data": {"error": "the model is asked again"}}
            )
        self.span.finish(reset_current=True)

    def _tell(self, response: Response) -> None:
        if isinstance(self._data, ResponseSpanData):
            self._data.response = response
        else:
            self._data.output = [as_json(item) for item in response.output]


def _now() -> float:
    loop = loop_or_none()
    return 0.0 if loop is None else loop.time()
