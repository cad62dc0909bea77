"""The reader of JSON that is not whole yet."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json
from test_structure import consistent, cuttings, values

from rxagents.operators._partial_json import (  # type: ignore[import-not-found]
    MISSING,
    PartialJSON,
)

documents = st.builds(
    lambda value, ascii, indent: json.dumps(value, ensure_ascii=ascii, indent=indent),
    values,
    st.booleans(),
    st.sampled_from([None, 1]),
)


def read(*pieces: str) -> PartialJSON:
    reader = PartialJSON()
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader


@given(cuttings(documents))
def test_any_document_cut_anywhere_is_read_like_json_loads(pieces: list[str]) -> None:
    expected = json.loads("".join(pieces))
    reader = read(*pieces)
    assert reader.error is None
    assert repr(reader.value) == repr(expected)


@given(cuttings(documents))
def test_each_view_is_one_of_the_beginning(pieces: list[str]) -> None:
    whole = json.loads("".join(pieces))
    reader = PartialJSON()
    views = []
    for piece in pieces:
        reader.feed(piece)
        if reader.value is not MISSING:
            views.append((reader.value, repr(reader.value)))
    assert all(consistent(view, whole) for view, _ in views)
    assert all(repr(view) == before for view, before in views), "a view never changes"


@given(
    cuttings(st.text(alphabet='[]{}",:\\u0d8eE1-+. \ntrueNaI\x01', max_size=12)),
    st.sampled_from(["", "[1,", '{"a":', '"\\ud83d']),
)
def test_what_json_loads_refuses_is_refused(pieces: list[str], start: str) -> None:
    text = start + "".join(pieces)
    try:
        expected = repr(json.loads(text))
    except ValueError:
        expected = "refused"
    reader = read(start, *pieces)
    assert ("refused" if reader.error else repr(reader.value)) == expected


def test_nesting_has_a_limit() -> None:
    assert read("[" * 201 + "]" * 201).error is None
    from_json("[" * 201 + "]" * 201)
    assert read("[" * 202).error == "more than 201 levels of nesting, at character 201"
