"""`pipe`: how streams are composed, with types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from reactivex import Observable, abc

from .fluent import Fluent
from .subscriber import is_deep
from .tasks import loop_or_none

if TYPE_CHECKING:
    from .connectable import ConnectableStream
    from .stream import Stream

_T = TypeVar("_T", covariant=True)
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")
_E = TypeVar("_E")
_F = TypeVar("_F")
_G = TypeVar("_G")
_H = TypeVar("_H")
_I = TypeVar("_I")
_J = TypeVar("_J")
_K = TypeVar("_K")
_L = TypeVar("_L")

_FEW = 32
"""Operators in a row that find room on Python's stack for what they do at the end."""

_Op = Callable[[Observable[_A]], Observable[_B]]


class Composable(Fluent[_T]):
    """An Observable whose composing methods give Streams."""

    @overload  # type: ignore[override]  # operators give Observables; Observable.pipe takes any
    def pipe(self) -> Stream[_T]: ...
    @overload
    def pipe(
        self, o1: Callable[[Observable[_T]], ConnectableStream[_A]], /
    ) -> ConnectableStream[_A]: ...
    @overload
    def pipe(self, o1: Callable[[Observable[_T]], list[Stream[_A]]], /) -> list[Stream[_A]]: ...
    @overload
    def pipe(self, o1: _Op[_T, _A], /) -> Stream[_A]: ...
    @overload
    def pipe(self, o1: _Op[_T, _A], o2: _Op[_A, _B], /) -> Stream[_B]: ...
    @overload
    def pipe(self, o1: _Op[_T, _A], o2: _Op[_A, _B], o3: _Op[_B, _C], /) -> Stream[_C]: ...
    @overload
    def pipe(
        self, o1: _Op[_T, _A], o2: _Op[_A, _B], o3: _Op[_B, _C], o4: _Op[_C, _D], /
    ) -> Stream[_D]: ...
    @overload
    def pipe(
        self, o1: _Op[_T, _A], o2: _Op[_A, _B], o3: _Op[_B, _C], o4: _Op[_C, _D], o5: _Op[_D, _E], /
    ) -> Stream[_E]: ...
    @overload
    def pipe(
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        o6: _Op[_E, _F],
        /,
    ) -> Stream[_F]: ...
    @overload
    def pipe(
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        o6: _Op[_E, _F],
        o7: _Op[_F, _G],
        /,
    ) -> Stream[_G]: ...
    @overload
    def pipe(
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        o6: _Op[_E, _F],
        o7: _Op[_F, _G],
        o8: _Op[_G, _H],
        /,
    ) -> Stream[_H]: ...
    @overload
    def pipe(
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        o6: _Op[_E, _F],
        o7: _Op[_F, _G],
        o8: _Op[_G, _H],
        o9: _Op[_H, _I],
        /,
    ) -> Stream[_I]: ...
    @overload
    def pipe(
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        o6: _Op[_E, _F],
        o7: _Op[_F, _G],
        o8: _Op[_G, _H],
        o9: _Op[_H, _I],
        o10: _Op[_I, _J],
        /,
    ) -> Stream[_J]: ...
    @overload
    def pipe(
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        o6: _Op[_E, _F],
        o7: _Op[_F, _G],
        o8: _Op[_G, _H],
        o9: _Op[_H, _I],
        o10: _Op[_I, _J],
        o11: _Op[_J, _K],
        /,
    ) -> Stream[_K]: ...
    @overload
    def pipe(
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        o6: _Op[_E, _F],
        o7: _Op[_F, _G],
        o8: _Op[_G, _H],
        o9: _Op[_H, _I],
        o10: _Op[_I, _J],
        o11: _Op[_J, _K],
        o12: _Op[_K, _L],
        /,
    ) -> Stream[_L]: ...
    @overload
    def pipe(
        self,
        o1: _Op[Any, Any],
        o2: _Op[Any, Any],
        o3: _Op[Any, Any],
        o4: _Op[Any, Any],
        o5: _Op[Any, Any],
        o6: _Op[Any, Any],
        o7: _Op[Any, Any],
        o8: _Op[Any, Any],
        o9: _Op[Any, Any],
        o10: _Op[Any, Any],
        o11: _Op[Any, Any],
        o12: _Op[Any, Any],
        o13: _Op[Any, Any],
        /,
        *more: _Op[Any, Any],
    ) -> Stream[Any]: ...

    def pipe(  # pyright: ignore[reportIncompatibleMethodOverride]  # see the first overload
        self, *operators: Callable[[Any], Any]
    ) -> Any:
        """Compose operators, left to right; the result is a Stream.

        Typed for twelve operators; with more, the result is a `Stream[Any]` for a type checker. The
        few operators that give something other than an Observable (`partition`, `to_future`)
        work too; for a type checker, call them on the stream: `ops.to_future()(stream)`.
        """
        result: Any = self
        for number, operator in enumerate(operators, 1):
            result = operator(result)
            if number % _FEW == 0:
                result = self._adopt(_ending_with_room(result))
        return self._adopt(result)


def _ending_with_room(source: Any) -> Any:
    """`source`, whose end comes on an empty stack if this one is deep: see `Subscriber`."""
    if hasattr(source, "connect") or not hasattr(source, "subscribe"):
        return source  # of `publish`, or of `partition` and `to_future`
    stream: Observable[Any] = source

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        def on_completed() -> None:
            loop = loop_or_none()
            if loop is not None and is_deep():
                loop.call_soon(observer.on_completed)
            else:
                observer.on_completed()

        return stream.subscribe(
            observer.on_next, observer.on_error, on_completed, scheduler=scheduler
        )

    return Observable(subscribe)
