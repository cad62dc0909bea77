"""What is told to a run while it goes on."""

from __future__ import annotations

import logging
from typing import Any, cast

from openai.types.responses import ResponseInputItemParam
from reactivex import Observable, abc

from rxagents.exceptions import UserError
from rxagents.stream.demand import demand
from rxagents.stream.scheduler import LoopScheduler

from .record import RunRecord

_logger = logging.getLogger(__name__)


class Inbox:
    """Puts what an Observable emits into the record's inbox, for as long as the run goes on.

    If the Observable fails, the run goes on without it, and the failure is logged; so is what it
    emits that is no input.
    """

    def __init__(
        self,
        record: RunRecord,
        source: Observable[str | list[ResponseInputItemParam]] | None,
    ) -> None:
        self._record = record
        self._subscription: abc.DisposableBase | None = None
        if source is not None:
            with demand(None):
                self._subscription = source.subscribe(
                    self._received, self._failed, scheduler=LoopScheduler()
                )

    def close(self) -> None:
        """Leave the Observable."""
        if self._subscription is not None:
            self._subscription.dispose()

    def _received(self, letter: object) -> None:
        try:
            self._record.inbox.append(checked_input(letter))
        except UserError as error:
            _logger.error("the inbox of a run has emitted what is dropped: %s", error)

    def _failed(self, error: Exception) -> None:
        _logger.error(
            "the inbox of a run has failed, and the run goes on without it", exc_info=error
        )


def checked_input(letter: object) -> str | list[ResponseInputItemParam]:
    """`letter`, if it can be sent to a run; raises UserError if it cannot."""
    items: list[Any] = cast("list[Any]", letter) if isinstance(letter, list) else []
    if isinstance(letter, str) or (
        isinstance(letter, list) and all(isinstance(item, dict) for item in items)
    ):
        return cast("str | list[ResponseInputItemParam]", letter)
    raise UserError(
        f"what is sent to a run is a text or a list of items, not {letter!r:.200}: an item is a "
        'dictionary such as {"role": "user", "content": "Stop."}'
    )
