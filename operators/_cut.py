"""The one loop that the operators on pieces of text are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from reactivex import Observable, abc


class Cutter(Protocol):
    """Cuts one text, which it is given piece by piece; there is one for each subscription."""

    def feed(self, piece: str) -> Iterator[str]:
        """What is known to be complete, now that `piece` has come."""
        ...

    def rest(self) -> Iterator[str]:
        """What is left, now that nothing more will come."""
        ...


def cut(cutter: Callable[[], Cutter]) -> Callable[[Observable[str]], Observable[str]]:
    """Emit what a new cutter makes of the source's pieces. Lossless.

        source       --"ab c"--"d e"-----|
        cut(Words)   --"ab "---"cd "--"e"|

    What is left when the source ends, or fails, is emitted before that.
    """

    def subscribe_to(source: Observable[str]) -> Observable[str]:
        def subscribe(
            observer: abc.ObserverBase[str], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            cutting = cutter()

            def on_next(piece: str) -> None:
                for each in cutting.feed(piece):
                    observer.on_next(each)

            def emit_rest() -> None:
                for each in cutting.rest():
                    observer.on_next(each)

            def on_error(error: Exception) -> None:
                emit_rest()
                observer.on_error(error)

            def on_completed() -> None:
                emit_rest()
                observer.on_completed()

            return source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return subscribe_to
