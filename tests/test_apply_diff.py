"""Diffs as models write them, applied to texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxagents import apply_diff

TEXT = """\
class Greeter:
    def greet(self):
        print("hi")

    def leave(self):
        print("bye")
"""


def test_lines_go_and_come_where_the_lines_around_are_found() -> None:
    diff = """\
@@ class Greeter:
     def greet(self):
-        print("hi")
+        print("hello")
+        print("again")
"""
    assert apply_diff(TEXT, diff) == TEXT.replace(
        'print("hi")', 'print("hello")\n        print("again")'
    )


def test_several_hunks_follow_each_other() -> None:
    diff = '@@\n-        print("hi")\n+        pass\n@@\n-        print("bye")\n+        return'
    changed = apply_diff(TEXT, diff)
    assert changed == TEXT.replace('print("hi")', "pass").replace('print("bye")', "return")


def test_anchors_tell_equal_places_apart() -> None:
    text = "def a():\n    x = 1\n\ndef b():\n    x = 1\n"
    assert apply_diff(text, "@@ def b():\n-    x = 1\n+    x = 2") == (
        "def a():\n    x = 1\n\ndef b():\n    x = 2\n"
    )


def test_anchors_can_be_stacked() -> None:
    text = "class A:\n  def f():\n    x\nclass B:\n  def f():\n    x\n"
    assert apply_diff(text, "@@ class B:\n@@   def f():\n-    x\n+    y") == (
        "class A:\n  def f():\n    x\nclass B:\n  def f():\n    y\n"
    )


def test_a_stacked_anchor_is_looked_for_after_the_one_before() -> None:
    text = "def f():\nclass B:\n    x\ndef f():\n    x\n"
    assert apply_diff(text, "@@ class B:\n@@ def f():\n-    x\n+    y") == (
        "def f():\nclass B:\n    x\ndef f():\n    y\n"
    )


def test_the_end_of_the_file_can_be_meant() -> None:
    text = "a\nb\na\n"
    assert apply_diff(text, "@@\n-a\n+c\n*** End of File") == "a\nb\nc\n"
    assert apply_diff(text, "@@\n+d\n*** End of File") == "a\nb\na\nd\n"


@pytest.mark.parametrize("line", ["-a ", "- a", "-a"])
def test_spaces_around_a_line_do_not_matter(line: str) -> None:
    assert apply_diff("  a\nb", f"{line}\n+c") == "c\nb"


def test_an_empty_line_may_lack_its_space() -> None:
    assert apply_diff("a\n\nb", " a\n\n-b\n+c") == "a\n\nc"


@pytest.mark.parametrize(
    ("text", "diff", "changed"),
    [
        ("a\r\nb\r\n", "-a\n+c", "c\r\nb\r\n"),
        ("a\nb\n", "-a\r\n+c\r\n", "c\nb\n"),
        ("a", "-a\r\n+b\r\n+c", "b\r\nc"),
    ],
)
def test_line_ends_are_those_of_the_text(text: str, diff: str, changed: str) -> None:
    assert apply_diff(text, diff) == changed


def test_a_new_file_is_all_plus_signs() -> None:
    assert apply_diff("", "+a\n+\n+b\n", mode="create") == "a\n\nb"
    assert apply_diff("", "+a\r\n+b", mode="create") == "a\r\nb"
    assert apply_diff("", "+a\n*** End Patch\n+b", mode="create") == "a"


@pytest.mark.parametrize(
    ("diff", "sentence"),
    [
        ("@@\n-zzz", r"the text does not have these lines after line 0:\nzzz"),
        ("@@\n-zzz\n*** End of File", r"does not have these lines at its end:\nzzz"),
        ("@@ class Greeter:\n@@ nowhere\n-a", "the text has no line 'nowhere' after line 1"),
        ("@@\n", "a hunk has no lines, before 'the end'"),
        ("@@\n@@ x\n", "a hunk has no lines"),
        ("*** Begin", r"a line of a diff begins with \+, - or a space, not '\*\*\* Begin'"),
        (" class Greeter:\n@@x\n-a", "a hunk has no lines, before '@@x'"),
        ('         print("bye")\n*** End of File\n-a', "a second hunk begins with @@"),
    ],
)
def test_what_cannot_be_applied_is_told(diff: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        apply_diff(TEXT, diff)


def test_a_line_of_a_new_file_needs_its_plus_sign() -> None:
    with pytest.raises(ValueError, match="every line of a new file begins with a plus sign, not"):
        apply_diff("", "a", mode="create")


def test_two_hunks_cannot_change_the_same_line() -> None:
    with pytest.raises(ValueError, match=r"two hunks of the diff change the same line \(2\)"):
        apply_diff("a\nb", "@@\n-a\n-b\n@@\n-b\n*** End of File")


lines = st.lists(st.sampled_from(["a", "b", "", "  c", "d"]), max_size=8)


@given(lines, st.data())
def test_a_diff_that_names_every_line_gives_the_text_it_was_made_of(
    old: list[str], data: st.DataObject
) -> None:
    diff, new = ["@@"], list[str]()
    for line in old:
        stays = data.draw(st.booleans())
        diff.append((" " if stays else "-") + line)
        new += [line] if stays else []
        if data.draw(st.booleans()):
            diff.append("+n")
            new.append("n")
    if len(diff) == 1:
        return
    assert apply_diff("\n".join(old), "\n".join(diff)) == ("\n".join(new) if old else "n")
