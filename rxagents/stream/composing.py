"""How streams are composed, with types: `pipe`, and the fluent methods that call it.

At run time the fluent methods are reactivex's own, and give Streams because `pipe` does. Their
annotations say `Observable`, though, and some forget what it is of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from reactivex import Observable, abc, typing

if TYPE_CHECKING:
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

_Op = Callable[[Observable[_A]], Observable[_B]]
_Time = typing.RelativeTime
_Scheduler = abc.SchedulerBase | None


class Composable(Observable[_T]):
    """An Observable whose composing methods give Streams."""

    @overload  # type: ignore[override]  # operators give Observables; Observable.pipe takes any
    def pipe(self) -> Stream[_T]: ...
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
        self,
        o1: _Op[_T, _A],
        o2: _Op[_A, _B],
        o3: _Op[_B, _C],
        o4: _Op[_C, _D],
        o5: _Op[_D, _E],
        /,
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
        /,
        *more: _Op[Any, Any],
    ) -> Stream[Any]: ...

    def pipe(  # pyright: ignore[reportIncompatibleMethodOverride]  # see the first overload
        self, *operators: Callable[[Any], Any]
    ) -> Any:
        """Compose operators, left to right; the result is a Stream.

        Typed for ten operators; with more, the result is a `Stream[Any]` for a type checker. The
        few operators that give something other than an Observable (`partition`, `to_future`)
        work too; for a type checker, call them on the stream: `ops.to_future()(stream)`.
        """
        result: Any = self
        for operator in operators:
            result = operator(result)
        return self._adopt(result)

    if TYPE_CHECKING:

        def _adopt(self, result: Any) -> Any:
            """`result`, as a Stream if it is an Observable."""

        # select
        def filter(self, predicate: Callable[[_T], bool]) -> Stream[_T]: ...
        def take(self, count: int) -> Stream[_T]: ...
        def skip(self, count: int) -> Stream[_T]: ...
        def take_last(self, count: int) -> Stream[_T]: ...
        def skip_last(self, count: int) -> Stream[_T]: ...
        def take_while(
            self, predicate: Callable[[_T], bool], inclusive: bool = False
        ) -> Stream[_T]: ...
        def skip_while(self, predicate: Callable[[_T], bool]) -> Stream[_T]: ...
        def take_until(self, other: Observable[Any]) -> Stream[_T]: ...
        def skip_until(self, other: Observable[Any]) -> Stream[_T]: ...
        def element_at(self, index: int) -> Stream[_T]: ...
        def first(self, predicate: Callable[[_T], bool] | None = None) -> Stream[_T]: ...
        def last(self, predicate: Callable[[_T], bool] | None = None) -> Stream[_T]: ...
        def single(self, predicate: Callable[[_T], bool] | None = None) -> Stream[_T]: ...
        def distinct(
            self,
            key_mapper: Callable[[_T], Any] | None = None,
            comparer: Callable[[Any, Any], bool] | None = None,
        ) -> Stream[_T]: ...
        def distinct_until_changed(
            self,
            key_mapper: Callable[[_T], Any] | None = None,
            comparer: Callable[[Any, Any], bool] | None = None,
        ) -> Stream[_T]: ...
        def ignore_elements(self) -> Stream[_T]: ...

        # transform
        def map(self, mapper: Callable[[_T], _B]) -> Stream[_B]: ...
        def map_indexed(
            self, mapper_indexed: Callable[[_T, int], _B] | None = None
        ) -> Stream[_B]: ...
        @overload
        def scan(self, accumulator: Callable[[_T, _T], _T]) -> Stream[_T]: ...
        @overload
        def scan(self, accumulator: Callable[[_A, _T], _A], seed: _A) -> Stream[_A]: ...
        def scan(self, accumulator: Any, seed: Any = None) -> Any: ...
        @overload
        def reduce(self, accumulator: Callable[[_T, _T], _T]) -> Stream[_T]: ...
        @overload
        def reduce(self, accumulator: Callable[[_A, _T], _A], seed: _A) -> Stream[_A]: ...
        def reduce(self, accumulator: Any, seed: Any = None) -> Any: ...
        def concat_map(self, project: Callable[[_T], Observable[_B]]) -> Stream[_B]: ...
        def switch_map(self, project: Callable[[_T], Observable[_B]]) -> Stream[_B]: ...
        def pairwise(self) -> Stream[tuple[_T, _T]]: ...
        def to_list(self) -> Stream[list[_T]]: ...
        def to_set(self) -> Stream[set[_T]]: ...
        def count(self, predicate: Callable[[_T], bool] | None = None) -> Stream[int]: ...
        def all(self, predicate: Callable[[_T], bool]) -> Stream[bool]: ...
        def some(self, predicate: Callable[[_T], bool] | None = None) -> Stream[bool]: ...
        def is_empty(self) -> Stream[bool]: ...
        def materialize(self) -> Stream[Any]: ...
        def buffer_with_count(self, count: int, skip: int | None = None) -> Stream[list[_T]]: ...

        # combine
        def merge(
            self, *sources: Observable[Any], max_concurrent: int | None = None
        ) -> Stream[Any]: ...
        def concat(self, *sources: Observable[Any]) -> Stream[Any]: ...
        def start_with(self, *args: Any) -> Stream[Any]: ...
        def zip(self, *sources: Observable[Any]) -> Stream[Any]: ...
        def zip_with_iterable(self, second: Iterable[_B]) -> Stream[tuple[_T, _B]]: ...
        def combine_latest(self, *sources: Observable[Any]) -> Stream[Any]: ...
        def with_latest_from(self, *sources: Observable[Any]) -> Stream[Any]: ...
        def amb(self, right_source: Observable[Any]) -> Stream[Any]: ...
        def merge_all(self) -> Stream[Any]: ...
        def concat_all(self) -> Stream[Any]: ...
        def switch_latest(self) -> Stream[Any]: ...

        # time
        def debounce(self, duetime: _Time, scheduler: _Scheduler = None) -> Stream[_T]: ...
        def throttle_first(
            self, window_duration: _Time, scheduler: _Scheduler = None
        ) -> Stream[_T]: ...
        def sample(
            self, sampler: _Time | Observable[Any], scheduler: _Scheduler = None
        ) -> Stream[_T]: ...
        def delay(self, duetime: _Time, scheduler: _Scheduler = None) -> Stream[_T]: ...
        def timeout(
            self,
            duetime: typing.AbsoluteOrRelativeTime,
            other: Observable[Any] | None = None,
            scheduler: _Scheduler = None,
        ) -> Stream[_T]: ...
        def take_with_time(self, duration: _Time, scheduler: _Scheduler = None) -> Stream[_T]: ...
        def buffer_with_time(
            self, timespan: _Time, timeshift: _Time | None = None, scheduler: Any = None
        ) -> Stream[list[_T]]: ...
        def buffer_with_time_or_count(
            self, timespan: _Time, count: int, scheduler: Any = None
        ) -> Stream[list[_T]]: ...

        # errors and ends
        def catch(
            self,
            handler: Observable[Any] | Callable[[Exception, Observable[Any]], Observable[Any]],
        ) -> Stream[Any]: ...
        def retry(self, retry_count: int | None = None) -> Stream[_T]: ...
        def repeat(self, repeat_count: int | None = None) -> Stream[_T]: ...
        def finally_action(self, action: Callable[[], None]) -> Stream[_T]: ...
        def do_action(
            self,
            on_next: Callable[[_T], None] | None = None,
            on_error: Callable[[Exception], None] | None = None,
            on_completed: Callable[[], None] | None = None,
        ) -> Stream[_T]: ...

        # share
        def share(self) -> Stream[_T]: ...
