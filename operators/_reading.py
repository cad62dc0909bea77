"""The one pass that the operators are made of that read something piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from reactivex import Observable, abc

_A = TypeVar("_A")
_B = TypeVar("_B")
_A_contra = TypeVar("_A_contra", contravariant=True)
_B_co = TypeVar("_B_co", covariant=True)


class Reader(Protocol[_A_contra, _B_co]):
    """The state of one subscription: what to emit, and when to fail by raising."""

    def read(self, event: _A_contra, /) -> Iterable[_B_co]:
        """What `event` gives."""
        ...

    def end(self) -> Iterable[_B_co]:
        """What is left when the source has completed."""
        ...

    def cut_off(self) -> Iterable[_B_co]:
        """What is left when the source has failed; it must not raise."""
        ...


def reading(reader: Callable[[], Reader[_A, _B]]) -> Callable[[Observable[_A]], Observable[_B]]:
    """Emit what a reader gives, a new one for each subscription. Lossless.

    What it gives at an event comes before the next one is read. An exception in it goes to
    on_error, after what it has given before, and leaves the source.
    """

    def readings(source: Observable[_A]) -> Observable[_B]:
        def subscribe(
            observer: abc.ObserverBase[_B], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            state = reader()
            failed = False

            def emit(given: Iterable[_B]) -> None:
                nonlocal failed
                values = iter(given)
                while not failed:
                    try:  # around the reader alone: what a subscriber raises is its own affair
                        value = next(values)
                    except StopIteration:
                        return
                    except Exception as error:
                        failed = True
                        observer.on_error(error)
                    else:
                        observer.on_next(value)

            def on_next(event: _A) -> None:
                nonlocal failed
                if failed:
                    return
                try:
                    given = state.read(event)
                except Exception as error:
                    failed = True
                    observer.on_error(error)
                else:
                    if given:  # most events of most readers give nothing
                        emit(given)

            def on_error(error: Exception) -> None:
                emit(state.cut_off())
                observer.on_error(error)

            def on_completed() -> None:
                emit(state.end())
                if not failed:
                    observer.on_completed()

            return source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return readings
