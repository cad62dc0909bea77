"""JSON that the model writes as its answer: objects that grow, elements of lists, the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast, overload

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from reactivex import Observable
from reactivex import operators as rx

from rxagents.exceptions import ModelBehaviorError

from ._partial_json import PartialJSON
from ._partial_model import PartialValidator
from ._reading import reading

_T = TypeVar("_T")
_FromText = Callable[[Observable[str]], Observable[_T]]

_STEPS = 256  # a text longer than this is validated when it has grown by this part of itself
_MOST_PROBLEMS = 3  # that an error names
_TEXT = "the text"


@overload
def partial(model: type[_T] | TypeAdapter[_T]) -> _FromText[_T]: ...
@overload
def partial(model: Any) -> _FromText[Any]: ...


def partial(model: Any) -> _FromText[Any]:
    """The object that a growing JSON text describes, with what has come of it. Conflating.

        source            --{"a":--"Os--lo", "b":--1--2}--|
        partial(Report)   --1------2----3-------------4---(5,|)

        1: Report(a=None, b=None)   2: a="Os"   3: a="Oslo"   4: b=12 too   5: the whole, validated

    All are instances of `model`. A field that has not come, or is not valid so far, has its default
    or else None, in nested models too, and is not in `model_fields_set`; keys of a TypedDict are
    absent, elements of a collection left out. Strings, and what is made of them, may be
    incomplete; numbers never are. Field validators run on what is there, without minimum lengths;
    validators of whole models run at the end only.

    Emits when something changed: at each piece of the first 256 characters, then when the text
    has grown by a 256th. When the source completes, the whole text is validated as usual, and
    the last event is that object. A text that is not valid then, or earlier no JSON any more,
    sends ModelBehaviorError to on_error. An error of the source comes after what there is by then.

    `model` is whatever `pydantic.TypeAdapter` takes, or one; raises pydantic's error now for
    anything else.

    >>> from pydantic import create_model
    >>> Trip = create_model("Trip", city=(str, ...), days=(int, ...))
    >>> pieces = Stream.of('{"city": "Os', 'lo", "da', 'ys": 3}')
    >>> await pieces.pipe(ops.partial(Trip), ops.distinct_until_changed(), ops.to_list())
    [Trip(city='Os', days=None), Trip(city='Oslo', days=None), Trip(city='Oslo', days=3)]
    """
    adapter = _adapter(model)
    validator = PartialValidator(adapter)
    return reading(lambda: _Growing(adapter, validator))


@overload
def json_items(path: str = "") -> _FromText[Any]: ...
@overload
def json_items(path: str = "", *, type: type[_T] | TypeAdapter[_T]) -> _FromText[_T]: ...
@overload
def json_items(path: str = "", *, type: Any) -> _FromText[Any]: ...


def json_items(path: str = "", *, type: Any = None) -> _FromText[Any]:
    """The elements of a list in a growing JSON text, each as soon as it closes. Lossless.

        source              --{"a": {"b": [1,--2, {"c--": 3}--]}}--|
        json_items("a.b")   --1----------------2-------x-----------|     x: {"c": 3}

    `path` is the names that lead to the list, with dots between them; `""` is the text as a whole.
    With `type` each element is validated, and is of that type. A list that is null or absent has
    no elements. A text that is not JSON, or has something else at `path`, and an element that is
    not valid send ModelBehaviorError to on_error, after the elements before it.

    Raises ValueError now for a path with an empty name. Time is linear in the length of the text,
    and elements are not kept.

    >>> pieces = Stream.of('{"trips": [{"city": "Os', 'lo"}, {"city": "Ber', 'gen"}], "days": 3}')
    >>> await pieces.pipe(ops.json_items("trips"), ops.pluck("city"), ops.to_list())
    ['Oslo', 'Bergen']
    """
    names = tuple(path.split(".")) if path else ()
    if not all(names):
        raise ValueError(
            f"path must be names with dots between them, as in 'report.sections', not {path!r}"
        )
    adapter = None if type is None else _adapter(type)
    return reading(lambda: _Items(names, adapter))


@overload
def final(model: type[_T] | TypeAdapter[_T]) -> _FromText[_T]: ...
@overload
def final(model: Any) -> _FromText[Any]: ...


def final(model: Any) -> _FromText[Any]:
    """The object that a JSON text describes, once it is whole. Unbounded.

        source          --{"a":--"Os--lo"}--|
        final(Report)   --------------------(x,|)     x: Report(a="Oslo")

    A text that is not valid sends ModelBehaviorError to on_error; the validation's own error is
    its `__cause__`. `model` is whatever `pydantic.TypeAdapter` takes, or one; raises pydantic's
    error now for anything else.

    >>> await Stream.of('{"city": "Os', 'lo"}').pipe(ops.final(dict[str, str]))
    {'city': 'Oslo'}
    >>> await Stream.of('{"city": "Os').pipe(ops.final(dict[str, str]))
    Traceback (most recent call last):
        ...
    rxagents.exceptions.ModelBehaviorError: the text is not a valid dict[str,str]: ...
    """
    adapter = _adapter(model)

    def validated(pieces: list[str]) -> Any:
        return _validate(adapter, "".join(pieces), _TEXT)

    def whole(source: Observable[str]) -> Observable[Any]:
        return source.pipe(rx.to_list(), rx.map(validated))

    return whole


class _Growing:
    """The text that `partial` has read."""

    def __init__(self, adapter: TypeAdapter[Any], validator: PartialValidator) -> None:
        self._adapter = adapter
        self._validator = validator
        self._json = PartialJSON()
        self._pieces: list[str] = []
        self._length = 0
        self._next_look = 0
        self._revision = 0
        self._last: list[Any] = []

    def read(self, piece: str) -> Iterator[Any]:
        self._pieces.append(piece)
        self._length += len(piece)
        self._json.feed(piece)
        broken = self._json.error is not None
        if broken or self._length >= self._next_look:
            self._next_look = self._length + max(1, self._length // _STEPS)
            yield from self.cut_off()
        if broken:  # whatever follows, so it is not waited for
            self._whole()
            raise ModelBehaviorError(f"{_TEXT} cannot be read: {self._json.error}")

    def cut_off(self) -> Iterator[Any]:
        if self._json.revision == self._revision:
            return
        self._revision = self._json.revision
        try:
            value = self._validator.validate(self._json.value)
            changed = [value] != self._last
        except Exception:  # also what the user's validators raise: the end will tell
            return
        if changed:
            self._last = [value]
            yield value

    def end(self) -> Iterator[Any]:
        try:
            whole = self._whole()
        except ModelBehaviorError:
            yield from self.cut_off()
            raise
        yield whole

    def _whole(self) -> Any:
        return _validate(self._adapter, "".join(self._pieces), _TEXT)


class _Items:
    """The text that `json_items` has read."""

    def __init__(self, path: tuple[str, ...], adapter: TypeAdapter[Any] | None) -> None:
        self._list = f"the list at {'.'.join(path)!r}" if path else "the list"
        self._adapter = adapter
        self._json = PartialJSON(path)
        self._count = 0

    def read(self, piece: str) -> Iterator[Any]:
        self._json.feed(piece)
        items, self._json.items = self._json.items, []
        for item in items:
            self._count += 1
            yield item if self._adapter is None else self._validated(self._adapter, item)
        if self._json.error is not None:
            raise ModelBehaviorError(f"{self._list} cannot be read: {self._json.error}")

    def cut_off(self) -> tuple[Any, ...]:
        return ()

    def end(self) -> Iterator[Any]:
        self._json.finish()
        return self.read("")

    def _validated(self, adapter: TypeAdapter[Any], item: Any) -> Any:
        text = to_json(item, inf_nan_mode="constants")  # a strict type takes a date from JSON only
        return _validate(adapter, text, f"element {self._count} of {self._list}")


def _adapter(model: Any) -> TypeAdapter[Any]:
    if isinstance(model, TypeAdapter):
        return cast("TypeAdapter[Any]", model)
    return TypeAdapter(model)


def _validate(adapter: TypeAdapter[Any], text: str | bytes, what: str) -> Any:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, each['loc'])) or 'all of it'}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        ]
        if (more := len(problems) - _MOST_PROBLEMS) > 0:
            problems[_MOST_PROBLEMS:] = [f"and {more} more"]
        raise ModelBehaviorError(
            f"{what} is not a valid {error.title}: {'; '.join(problems)}"
        ) from error
