"""JSON that the model writes as its answer: partial, json_items, final."""

from __future__ import annotations

import datetime
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from reactivex import Observable
from reactivex.subject import Subject
from typing_extensions import TypedDict

from rxagents import Agent, Runner, Stream
from rxagents.exceptions import ModelBehaviorError
from rxagents.operators import final, json_items, partial, take, text_deltas
from rxagents.testing import ScriptedModel, assistant_message

Operator = Callable[[Observable[str]], Observable[Any]]


class Section(BaseModel):
    heading: str
    kind: Literal["text", "code"]
    lines: list[int] = []


class Report(BaseModel):
    title: str = Field(min_length=3)
    sections: list[Section]
    note: str = "none"

    @model_validator(mode="after")
    def titled(self) -> Report:
        if self.title == "Forbidden":
            raise ValueError("choose another title")
        return self


REPORT = (
    '{"title": "Rain", "sections": [{"heading": "Oslo", "kind": "text", "lines": [1, 23]}, '
    '{"heading": "Bergen", "kind": "code"}], "note": "\\u00e9\\ud83d\\ude00"}'
)


class Seen:
    """What an operator makes of pieces that are pushed one by one."""

    def __init__(self, operator: Operator, *pieces: str) -> None:
        self.source: Subject[str] = Subject()
        self.out: list[Any] = []
        self.error: Exception | None = None
        self.ended = False
        self.subscription = (
            Stream.from_observable(self.source)
            .pipe(operator)
            .subscribe(self.out.append, self.fail, self.end)
        )
        for piece in pieces:
            self.source.on_next(piece)

    def fail(self, error: Exception) -> None:
        self.error = error

    def end(self) -> None:
        self.ended = True

    def feed(self, piece: str) -> list[Any]:
        """What one more piece gives."""
        before = len(self.out)
        self.source.on_next(piece)
        return self.out[before:]


def result(operator: Operator, *pieces: str) -> Seen:
    seen = Seen(operator, *pieces)
    seen.source.on_completed()
    return seen


def cuttings(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """A text cut anywhere."""

    def cut(text: str) -> st.SearchStrategy[list[str]]:
        places = st.sets(st.integers(0, len(text)), max_size=12)
        return places.map(lambda at: [text[a:b] for a, b in pairwise([0, *sorted(at), len(text)])])

    return texts.flatmap(cut)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def consistent(part: Any, whole: Any) -> bool:
    """Whether `part` is a view of the beginning of `whole`."""
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(consistent, part, whole))
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and consistent(part[name], whole[name]) for name in part)
    return type(part) is type(whole) and bool(part == whole)


# --- partial --------------------------------------------------------------------------------


def test_partial_gives_the_object_as_it_grows() -> None:
    seen = Seen(partial(Report))
    assert seen.feed('{"ti') == [Report.model_construct(set(), title=None, sections=None)]
    assert seen.feed('tle": "Ra')[0].title == "Ra", "shorter than is valid in the end"
    assert seen.feed('in", "sec') + seen.feed('tions":') == [
        Report.model_construct({"title"}, title="Rain", sections=None)
    ]
    (report,) = seen.feed(' [{"heading": "Oslo", "kind": "te')
    assert type(report) is Report
    assert report.model_fields_set == {"title", "sections"}
    (section,) = report.sections
    assert section == Section.model_construct({"heading"}, heading="Oslo", kind=None)
    assert seen.feed('xt", "lines": [1, 2')[0].sections[0].lines == [1]
    assert seen.feed("3") == [], "nothing has changed: 23 may go on"
    assert seen.feed("]")[0].sections[0].lines == [1, 23]
    assert seen.feed("}]}") == []
    seen.source.on_completed()
    sections = [Section(heading="Oslo", kind="text", lines=[1, 23])]
    assert seen.out[-1] == Report(title="Rain", sections=sections)
    assert seen.ended


@given(cuttings(st.just(REPORT)))
def test_the_cutting_changes_nothing_in_the_end(pieces: list[str]) -> None:
    whole = Report.model_validate_json(REPORT)
    seen = result(partial(Report), *pieces)
    assert seen.out[-1] == whole
    dumped = [part.model_dump(exclude_unset=True, warnings=False) for part in seen.out]
    for part in dumped:
        for section in part.get("sections") or []:
            section.pop("kind", None) if section.get("kind") is None else None
    assert all(consistent(part, whole.model_dump()) for part in dumped)
    assert all(a != b for a, b in pairwise(seen.out[:-1])), "something changed each time"


class Place(TypedDict):
    name: str
    height: int


@dataclass(frozen=True)
class Walk:
    start: Place
    steps: tuple[int, ...]
    tags: list[str] = field(default_factory=list[str])


class Diary(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    day: datetime.date = Field(alias="theDay")
    inner: Diary | None = None


@pytest.mark.parametrize(
    ("model", "text", "expected"),
    [
        (Place, '{"name": "Os', {"name": "Os"}),
        (Walk, '{"start": {"na', Walk({}, None)),  # type: ignore[typeddict-item, arg-type]
        (Walk, '{"steps": [1, 2', Walk(None, (1,))),  # type: ignore[arg-type]
        (list[Section], '[{"heading": "O"', [Section.model_construct(heading="O", kind=None)]),
        (dict[str, list[Literal["ab"]]], '{"x": ["ab", "a', {"x": ["ab"]}),
        (TypeAdapter(int | str), '"a', "a"),
        (Diary, '{"theDay": "2024-01-02", "inner": {"theDay": "20', (datetime.date(2024, 1, 2),)),
    ],
)
def test_partial_takes_any_type(model: Any, text: str, expected: Any) -> None:
    out = Seen(partial(model), text).out[-1]
    if isinstance(out, Diary):
        assert out.inner is not None
        assert out.inner.day is None
        out = (out.day,)
    assert out == expected


def test_a_long_text_is_validated_now_and_then() -> None:
    text = json.dumps({"title": "T" * 50_000, "sections": []})
    seen = result(partial(Report), *text)
    assert 1000 < len(seen.out) < 3000
    assert len(seen.out[-1].title) == 50_000


def test_a_text_that_is_not_valid_fails_at_its_end() -> None:
    seen = result(partial(Report), '{"title": "Forbidden", "sections": []}')
    assert [report.title for report in seen.out] == ["Forbidden"]
    assert isinstance(seen.error, ModelBehaviorError)
    assert str(seen.error) == (
        "the text is not a valid Report: all of it: Value error, choose another title"
    )
    assert isinstance(seen.error.__cause__, ValidationError)


def test_a_text_that_is_no_json_fails_at_once_and_leaves_the_source() -> None:
    seen = Seen(partial(Report), '{"title": "Rain"', "] and more")
    assert [report.title for report in seen.out] == ["Rain"]
    assert "the text is not a valid Report: all of it: Invalid JSON" in str(seen.error)
    assert not seen.source.observers


def test_partial_gives_what_there_is_before_an_error_of_the_source() -> None:
    pad = '{"note": "' + "x" * 100_000
    seen = Seen(partial(Report), pad, "yz")
    assert len(seen.out) == 1, "two characters are not worth it yet"
    error = OSError("cut")
    seen.source.on_error(error)
    assert seen.out[-1].note.endswith("xyz")
    assert seen.error is error


# --- json_items -----------------------------------------------------------------------------


def test_items_come_as_soon_as_they_close() -> None:
    seen = Seen(json_items("report.sections"))
    assert seen.feed('{"sections": [0], "report": {"sections": [{"a": [1]') == []
    assert seen.feed("}") == [{"a": [1]}]
    assert seen.feed(', 12, "x') == [12]
    assert seen.feed('y", [[') == ["xy"]
    assert seen.feed(']]]}, "more": [1]}') == [[[]]]
    seen.source.on_completed()
    assert seen.ended


@given(cuttings(st.lists(values, max_size=6).map(json.dumps)))
def test_items_are_the_elements_that_json_loads_finds(pieces: list[str]) -> None:
    seen = result(json_items(), *pieces)
    assert repr(seen.out) == repr(json.loads("".join(pieces)))
    assert seen.ended


def test_items_are_of_their_type() -> None:
    seen = result(json_items("sections", type=Section), *REPORT)
    assert seen.out == Report.model_validate_json(REPORT).sections
    strict = result(json_items(type=Diary), '[{"theDay": "2024-01-02"}, {"theDay": 1}]')
    assert [diary.day for diary in strict.out] == [datetime.date(2024, 1, 2)]
    assert "element 2 of the list is not a valid Diary: theDay: " in str(strict.error)


def test_where_there_is_no_list() -> None:
    for text in ('{"a": null}', '{"b": [1]}', "[[1]]", "3"):
        seen = result(json_items("a"), text)
        assert (seen.out, seen.ended) == ([], True)
    cases = {
        '{"a": [1, 2': "cannot be read: the text ends before its JSON does",
        '{"a": {"b": 1}}': "cannot be read: an object where the list should be, at character 13",
        '{"a": [1, ?': "cannot be read: '?' where a value should begin, at character 10",
        "": "cannot be read: there is no text",
    }
    for text, expected in cases.items():
        seen = result(json_items("a"), text)
        assert isinstance(seen.error, ModelBehaviorError)
        assert str(seen.error) == f"the list at 'a' {expected}"
        assert seen.out == ([1] if "[1" in text else [])


@pytest.mark.parametrize("path", [".", "a.", ".a", "a..b"])
def test_a_path_with_an_empty_name_is_refused_at_once(path: str) -> None:
    with pytest.raises(ValueError, match=f"'report.sections', not '{path}'"):
        json_items(path)


# --- final ----------------------------------------------------------------------------------


def test_final_gives_one_object() -> None:
    seen = Seen(final(Report), *REPORT)
    assert seen.out == []
    seen.source.on_completed()
    assert seen.out == [Report.model_validate_json(REPORT)]
    wrong = result(final(Report), '{"sections": [{}, {}]}')
    assert str(wrong.error) == (
        "the text is not a valid Report: title: Field required; sections.0.heading: Field "
        "required; sections.0.kind: Field required; and 2 more"
    )


# --- all of them ----------------------------------------------------------------------------

ALL = [partial(Report), json_items("sections", type=Section), final(Report)]


@pytest.mark.parametrize("operator", ALL)
async def test_each_subscription_reads_anew(operator: Operator) -> None:
    model = ScriptedModel([[assistant_message(REPORT)]])
    run = Runner.run_streamed(Agent("A", model=model), "go").pipe(text_deltas(), operator)
    assert [x async for x in run] == [x async for x in run] != []


@pytest.mark.parametrize("operator", ALL)
def test_nothing_is_told_of_nothing(operator: Operator) -> None:
    seen = result(operator)
    assert seen.out == []
    assert isinstance(seen.error, ModelBehaviorError)


@pytest.mark.parametrize("operator", ALL)
def test_an_error_of_the_source_passes_through_and_leaving_leaves(operator: Operator) -> None:
    seen = Seen(operator, REPORT[:30])
    error = OSError("cut")
    seen.source.on_error(error)
    assert seen.error is error
    seen = Seen(operator, REPORT[:30])
    seen.subscription.dispose()
    assert not seen.source.observers


def test_taking_enough_leaves_in_the_middle_of_a_piece() -> None:
    seen = Seen(lambda source: source.pipe(json_items(), take(2)), "[1, 2, 3, 4]")
    assert (seen.out, seen.ended) == ([1, 2], True)
    assert not seen.source.observers


async def test_a_slow_reader_holds_the_source_back() -> None:
    emitted = taken = 0

    async def numbers() -> AsyncIterator[str]:
        nonlocal emitted
        yield "["
        for number in range(2000):
            emitted += 1
            yield f"{number}, "
        yield "0]"

    items = Stream.from_async_iterable(numbers).pipe(json_items())
    async for _ in items.iterate(high=8):
        taken += 1
        assert emitted - taken <= 9
    assert taken == 2001
