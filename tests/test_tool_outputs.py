"""What the model is told of what tools return."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseFunctionCallOutputItemListParam
from pydantic import BaseModel, TypeAdapter, ValidationError

from rxagents.tool_outputs import (
    ToolOutputFileContent,
    ToolOutputFileContentDict,
    ToolOutputImage,
    ToolOutputImageDict,
    ToolOutputText,
    ToolOutputTextDict,
    tool_output_content,
)

CONTENT: TypeAdapter[Any] = TypeAdapter(ResponseFunctionCallOutputItemListParam)


class Weather(BaseModel):
    city: str
    degrees: float = 21.0


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("Sunny.", "Sunny."),
        ("", ""),
        (None, "None"),
        (7, "7"),
        (True, "True"),
        ([], "[]"),
        ([1, "a"], "[1, 'a']"),
        ((), "()"),
        ({"a": 1}, "{'a': 1}"),
        (Weather(city="Oslo"), "city='Oslo' degrees=21.0"),
        (Point(1), "Point(x=1)"),
        (date(2026, 2, 3), "2026-02-03"),
        ({"type": "text"}, "{'type': 'text'}"),
        ({"type": "table", "rows": 1}, "{'type': 'table', 'rows': 1}"),
        ({"type": ["text"]}, "{'type': ['text']}"),
        ({"type": "image"}, "{'type': 'image'}"),
        ([ToolOutputText(text="a"), "b"], "[ToolOutputText(type='text', text='a'), 'b']"),
    ],
)
def test_most_values_are_told_as_their_text(output: object, told: str) -> None:
    assert tool_output_content(output) == told


TEXT: ToolOutputTextDict = {"type": "text", "text": "See:"}
IMAGE: ToolOutputImageDict = {"type": "image", "image_url": "data:image/png;base64,AA=="}
FILE: ToolOutputFileContentDict = {"type": "file", "file_data": "AA==", "filename": "a.pdf"}
TOLD_IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}
TOLD_FILE = {"type": "input_file", "file_data": "AA==", "filename": "a.pdf"}


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (ToolOutputText(text="See:"), [{"type": "input_text", "text": "See:"}]),
        (TEXT, [{"type": "input_text", "text": "See:"}]),
        (ToolOutputImage(image_url="data:image/png;base64,AA=="), [TOLD_IMAGE]),
        (IMAGE, [TOLD_IMAGE]),
        (
            ToolOutputImage(file_id="f1", detail="low"),
            [{"type": "input_image", "file_id": "f1", "detail": "low"}],
        ),
        (ToolOutputFileContent(file_data="AA==", filename="a.pdf"), [TOLD_FILE]),
        (FILE, [TOLD_FILE]),
        (
            {"type": "file", "file_url": "https://x/a"},
            [{"type": "input_file", "file_url": "https://x/a"}],
        ),
        ([ToolOutputText(text="a"), IMAGE], [{"type": "input_text", "text": "a"}, TOLD_IMAGE]),
        ((FILE,), [TOLD_FILE]),
    ],
)
def test_images_files_and_parts_are_told_as_what_they_are(output: object, told: object) -> None:
    content = tool_output_content(output)
    assert content == told
    assert [dict(part) for part in CONTENT.validate_python(content)] == told


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (ToolOutputImage, "an image needs its image_url or its file_id"),
        (ToolOutputFileContent, "a file needs its file_data, its file_url or its file_id"),
    ],
)
def test_an_image_or_file_of_nothing_is_refused(kind: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        kind()


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ('{"a": 1}', '{"a": 1}'),
        (Weather(city="Zürich"), '{"city":"Zürich","degrees":21.0}'),
        (Point(1), '{"x":1}'),
        ({"day": date(2026, 2, 3)}, '{"day":"2026-02-03"}'),
        ({"x": float("nan")}, '{"x":null}'),
        ({"type": "text", "text": "a"}, '{"type":"text","text":"a"}'),
    ],
)
def test_an_output_with_a_schema_is_told_as_json(output: object, told: str) -> None:
    assert tool_output_content(output, as_json=True) == told


def test_an_image_stays_one_where_json_is_due() -> None:
    output = ToolOutputImage(file_id="f1")
    assert tool_output_content(output, as_json=True) == [{"type": "input_image", "file_id": "f1"}]


class Unprintable:
    def __str__(self) -> str:
        raise ValueError("the password is 1234")


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("output", "as_json", "told"),
    [
        (
            Unprintable(),
            False,
            "The tool gave a result of the type 'Unprintable', which cannot be written as text.",
        ),
        (
            Unprintable(),
            True,
            "The tool gave a result of the type 'Unprintable', which cannot be written as JSON.",
        ),
        (CIRCLE, False, "[[...]]"),
        (
            CIRCLE,
            True,
            "The tool gave a result of the type 'list', which cannot be written as JSON.",
        ),
        (
            {"raw": b"\xff"},
            True,
            "The tool gave a result of the type 'dict', which cannot be written as JSON.",
        ),
    ],
)
def test_what_cannot_be_written_is_a_sentence_and_no_error(
    output: object, as_json: bool, told: str
) -> None:
    assert tool_output_content(output, as_json=as_json) == told


def test_why_an_output_cannot_be_written_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    tool_output_content(Unprintable())
    assert "an output of type 'Unprintable' cannot be written as text" in caplog.text
    assert "the password is 1234" in caplog.text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values | st.text(st.characters()), st.booleans())
def test_whatever_is_returned_can_be_sent(output: object, as_json: bool) -> None:
    content = tool_output_content(output, as_json=as_json)
    json.dumps(content, ensure_ascii=False).encode()


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    assert tool_output_content("a\ud800b\U0001f600") == "a\ufffdb\U0001f600"
    part = tool_output_content(ToolOutputText(text="é"))
    assert part == [{"type": "input_text", "text": "é"}]
