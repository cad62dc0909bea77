"""The script that draws the README's picture, on a scripted run in virtual time."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

from rxagents import Agent, function_tool
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call
from rxagents.testing.scripted import Turn

DOCS = Path(__file__).parent.parent / "docs"
SVG = "{http://www.w3.org/2000/svg}"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_run", DOCS / "draw_run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["draw_run"] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


draw_run: Any = _load()


@function_tool
def look_up(word: str) -> str:
    """Look up a word."""
    return f"<{word}> & more"


def guide(answer: str = "It is one. It is two, and long. It is <three> & last.") -> Agent:
    turns: list[Turn] = [
        [Delay(0.25), function_call("look_up", {"word": "tea"})],
        [Delay(0.5), assistant_message(answer), Delay(0.125)],
    ]
    return Agent("Guide", tools=[look_up], model=ScriptedModel(turns))


def lanes_of(svg: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(svg).findall(f"{SVG}g[@class='lane']")


def labels_of(element: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in element.iter(f"{SVG}text") if text.get("class") == "label"]


async def test_every_event_is_a_marble_in_its_lane() -> None:
    lanes = await draw_run.record(guide(), "Tea?")
    svg = draw_run.draw(lanes, "A run")
    counts = [len(list(lane.iter(f"{SVG}circle"))) for lane in lanes_of(svg)]
    assert counts == [len(lane.marbles) for lane in lanes]
    run, items, deltas, sentences = lanes
    assert [marble.name for marble in run.marbles].count("response.output_text.delta") == counts[2]
    assert [marble.kind for marble in items.marbles] == ["call", "output", "message"]
    assert len(deltas.marbles) == 13  # words
    assert len(sentences.marbles) == 3
    assert len({lane.end for lane in lanes}) == 1


async def test_marbles_have_the_times_of_the_events() -> None:
    run, items, deltas, sentences = await draw_run.record(guide(), "Tea?")
    assert [marble.time for marble in run.marbles if marble.label] == pytest.approx(
        [0.0, 0.25, 0.25, 0.75]
    )
    assert [marble.time for marble in items.marbles] == pytest.approx([0.25, 0.25, 0.75])
    assert {round(marble.time, 3) for marble in deltas.marbles} == {0.75}
    assert sentences.marbles[-1].time == pytest.approx(0.875)  # known to be whole at the end
    assert run.end == pytest.approx(0.875)


async def test_labels_tell_what_came_and_are_escaped() -> None:
    svg = draw_run.draw(await draw_run.record(guide(), "Tea & <milk>?"), "A <run> & more")
    assert "<milk>" not in svg
    run, items, deltas, sentences = lanes_of(svg)
    assert labels_of(run) == ["agent Guide", "tool_called", "tool_output", "message_output_created"]
    assert labels_of(items) == [
        'look_up(word="tea")',
        '"<tea> & more"',
        '"It is one. It is two, …"',
    ]
    assert labels_of(deltas) == []
    assert labels_of(sentences)[-1] == '"It is <three> & last."'
    code = "".join(next(run.iter(f"{SVG}text")).itertext())
    assert code == 'run = Runner.run_streamed(agent, "Tea & <milk>?")'
    assert ElementTree.fromstring(svg).findtext(f"{SVG}title") == "A <run> & more"


@pytest.mark.parametrize("words", [1, 12, 80])
async def test_nothing_overlaps_or_is_outside_the_picture(words: int) -> None:
    answer = " ".join(f"{'Sentence 文字 ' * (n % 9 + 1)}number x{n}." for n in range(words))
    lanes = await draw_run.record(guide(answer), "文" * 200)
    root = ElementTree.fromstring(draw_run.draw(lanes, "A run"))
    _, _, width, height = (float(number) for number in root.get("viewBox", "").split())
    assert (root.get("width"), root.get("height")) == (f"{width:.0f}", f"{height:.0f}")
    for circle in root.iter(f"{SVG}circle"):
        x, y, r = (float(circle.get(name, "")) for name in ("cx", "cy", "r"))
        assert r <= x <= width - r
        assert r <= y <= height - r
    spots = []
    for text in root.iter(f"{SVG}text"):
        if (length := text.get("textLength")) is not None:
            x, y = float(text.get("x", "")), float(text.get("y", ""))
            spots.append((y, x, x + float(length)))
    for y, left, right in spots:
        assert 0 <= left < right <= width
        assert 13 <= y <= height - 5
    for (y, _, right), (other_y, left, _) in itertools.pairwise(sorted(spots)):
        assert y != other_y or right < left


async def test_the_same_run_gives_the_same_picture() -> None:
    lanes = await draw_run.record(guide(), "Tea?")
    again = await draw_run.record(guide(), "Tea?")
    assert draw_run.draw(lanes, "A run") == draw_run.draw(again, "A run")


def test_a_long_silence_is_cut_and_told() -> None:
    marbles = [draw_run.Marble(n / 10, "n", "raw") for n in (0, 1, 2, 3, 90, 91, 92)]
    svg = draw_run.draw([draw_run.Lane("stream", marbles, 9.3)], "A silence")
    root = ElementTree.fromstring(svg)
    ticks = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "tick"]
    assert ticks == ["0 s", "0.1 s", "0.2 s", "9.1 s", "9.2 s", "9.3 s", "… 8.7 s …"]
    xs = [float(circle.get("cx", "")) for circle in root.iter(f"{SVG}circle")]
    steps = [b - a for a, b in itertools.pairwise(xs)]
    assert steps[3] == pytest.approx(draw_run.BREAK, abs=0.2)
    assert [*steps[:3], *steps[4:]] == pytest.approx([steps[0]] * 5, abs=0.2)


async def test_a_failed_run_is_not_drawn() -> None:
    agent = Agent("Guide", model=ScriptedModel([[RuntimeError("no line")]]))
    with pytest.raises(RuntimeError, match="no line"):
        await draw_run.record(agent, "Tea?")


def test_the_committed_picture_is_one_of_the_script() -> None:
    root = ElementTree.parse(DOCS / "run.svg").getroot()
    assert root.get("role") == "img"
    assert len(root.findall(f"{SVG}g[@class='lane']")) == 4
    assert {"script", "image", "foreignObject"}.isdisjoint(
        element.tag.removeprefix(SVG) for element in root.iter()
    )
