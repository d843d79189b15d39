"""One value of a TOML text changes, and not one other character."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.rules.toml_text import CannotEdit, append_table, drop, literal, put

BLOCKS = """\
# mine
extends = "base"   # the old one

[message.hi]
body = '''
Hi
'''

[[rule]]
id = "one"
when.group = "1..3"   # few
# between
when.place = "online"

    [[rule.step]]
    id = "s"
    after = "1 day" # soon

    # why so late
    window = "9 days"

# the second
[[rule]]
id = "two"
step = [
  { id = "t", after = "2 days", at = "08:00-09:00" }, # early
  { id = "u", message = { body = "x" } }
]

[rule.when]
tags = [
  "a",  # first
  "b",
]
"""


def difference(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that left and those that came, where the rest is the same and in its order."""
    import difflib

    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return [line[2:] for line in lines if line[0] == "-"], [line[2:] for line in lines if line[0] == "+"]


CHANGES: list[tuple[tuple[str | int, ...], Any, str | None, str]] = [
    (("extends",), "other", 'extends = "base"   # the old one', 'extends = "other"   # the old one'),
    (("summary",), "Ours", None, 'summary = "Ours"'),
    (("rule", 0, "when", "group"), 2, 'when.group = "1..3"   # few', "when.group = 2   # few"),
    (("rule", 0, "when", "depth"), "deep", None, 'when.depth = "deep"'),
    (("rule", 0, "summary"), "One", None, 'summary = "One"'),
    (("rule", 0, "step", 0, "after"), "4 days", '    after = "1 day" # soon', '    after = "4 days" # soon'),
    (("rule", 0, "step", 0, "days"), "any", None, '    days = "any"'),
    (("rule", 0, "step", 0, "message", "body"), "Hi", None, '    message = { body = "Hi" }'),
    (
        ("rule", 1, "step", 0, "after"),
        "3 days",
        '  { id = "t", after = "2 days", at = "08:00-09:00" }, # early',
        '  { id = "t", after = "3 days", at = "08:00-09:00" }, # early',
    ),
    (
        ("rule", 1, "step", 0, "days"),
        "any",
        '  { id = "t", after = "2 days", at = "08:00-09:00" }, # early',
        '  { id = "t", after = "2 days", at = "08:00-09:00", days = "any" }, # early',
    ),
    (
        ("rule", 1, "step", 1, "message", "body"),
        "y",
        '  { id = "u", message = { body = "x" } }',
        '  { id = "u", message = { body = "y" } }',
    ),
    (("rule", 1, "when", "group"), [1, 2], None, "group = [1, 2]"),
    (("message", "hi", "subject"), "Hi", None, 'subject = "Hi"'),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("path", "value", "left", "came"), CHANGES, ids=lambda each: str(each)[:40])
def test_one_line_changes_or_comes(
    path: tuple[str | int, ...], value: Any, left: str | None, came: str, newline: str
) -> None:
    before = BLOCKS.replace("\n", newline)
    after = put(before, path, value)
    gone, new = difference(before, after)
    assert gone == ([left + newline] if left else [])
    assert new == [came + newline]
    data: Any = tomllib.loads(after)
    for key in path:
        data = data[key]
    assert data == value


def test_a_list_of_several_lines_is_replaced_whole() -> None:
    after = put(BLOCKS, ("rule", 1, "when", "tags"), ["c"])
    assert tomllib.loads(after)["rule"][1]["when"] == {"tags": ["c"]}
    assert after == BLOCKS[: BLOCKS.index("tags = ")] + 'tags = ["c"]\n'


def test_a_new_message_gets_a_table_of_its_own_at_the_end() -> None:
    assert put(BLOCKS, ("message", "bye", "body"), "Bye") == BLOCKS + '\n[message.bye]\nbody = "Bye"\n'
    inline = 'message = { a = { body = "x" } }\n'
    assert put(inline, ("message", "b", "body"), "y") == 'message = { a = { body = "x" }, b = { body = "y" } }\n'


def test_a_new_step_stands_after_the_last_one_and_as_far_in() -> None:
    after = append_table(BLOCKS, ("rule", 0, "step"), {"id": "z", "after": "1 day"})
    assert difference(BLOCKS, after)[0] == []
    new = '    window = "9 days"\n\n    [[rule.step]]\n    id = "z"\n    after = "1 day"\n\n# the second\n'
    assert new in after
    assert tomllib.loads(after)["rule"][0]["step"][1] == {"id": "z", "after": "1 day"}


def test_a_new_step_of_a_list_in_brackets_stands_in_it() -> None:
    after = append_table(BLOCKS, ("rule", 1, "step"), {"id": "z"})
    assert '"x" } },\n  { id = "z" }\n]' in after
    assert difference(BLOCKS, after)[0] == ['  { id = "u", message = { body = "x" } }\n']
    empty = append_table('[[rule]]\nid = "r"\nstep = []\n', ("rule", 0, "step"), {"id": "z"})
    assert empty == '[[rule]]\nid = "r"\nstep = [{ id = "z" }]\n'


def test_a_new_rule_stands_after_the_last_one_wherever_that_is() -> None:
    after = append_table(BLOCKS, ("rule",), {"id": "three"})
    assert after == BLOCKS + '\n[[rule]]\nid = "three"\n'
    early = '[[rule]]\nid = "a"\n\n# texts\n[message.x]\nbody = "b"'
    assert append_table(early, ("rule",), {"id": "b"}) == early.replace("\n\n#", '\n\n[[rule]]\nid = "b"\n\n#')


def test_a_text_without_a_last_line_end_gets_one_first() -> None:
    assert put('summary = "a"', ("extends",), "b") == 'summary = "a"\nextends = "b"\n'
    assert append_table('extends = "b" # x', ("rule",), {"id": "r"}) == 'extends = "b" # x\n\n[[rule]]\nid = "r"\n'


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        (("extends",), ['extends = "base"   # the old one\n']),
        (("rule", 0, "when", "group"), ['when.group = "1..3"   # few\n']),
        (("rule", 0, "step", 0, "after"), ['    after = "1 day" # soon\n']),
        (("message", "hi", "body"), ["body = '''\n", "Hi\n", "'''\n"]),
        (("rule", 1, "when", "tags"), ["tags = [\n", '  "a",  # first\n', '  "b",\n', "]\n"]),
    ],
)
def test_a_key_leaves_with_its_lines_alone(path: tuple[str | int, ...], gone: list[str]) -> None:
    assert difference(BLOCKS, drop(BLOCKS, path)) == (gone, [])


def test_a_key_leaves_an_inline_table_with_one_comma() -> None:
    text = "x = { a = 1, b = { c = 2 }, d.e = 3 }\n"
    assert drop(text, ("x", "a")) == "x = { b = { c = 2 }, d.e = 3 }\n"
    assert drop(text, ("x", "b")) == "x = { a = 1, d.e = 3 }\n"
    assert drop(text, ("x", "d", "e")) == "x = { a = 1, b = { c = 2 } }\n"
    assert drop(text, ("x", "b", "c")) == "x = { a = 1, b = {  }, d.e = 3 }\n"


def test_a_table_with_a_comment_in_it_stays() -> None:
    assert drop(BLOCKS, ("rule", 0)) == BLOCKS
    plain = '[[rule]]\nid = "a"\n\n  [[rule.step]]\n  id = "s"\n\n[message.m]\nbody = "b"\n'
    assert drop(plain, ("rule", 0, "step", 0)) == '[[rule]]\nid = "a"\n\n[message.m]\nbody = "b"\n'


def test_a_value_where_a_table_is_cannot_be_set() -> None:
    for path in (("rule", 0, "when"), ("message", "hi"), ("extends", "x"), ("rule", 0, "id", "x")):
        with pytest.raises(CannotEdit):
            put(BLOCKS, path, "x")


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SINGLE = st.booleans() | st.integers(-(2**40), 2**40) | TEXT
VALUE = st.recursive(
    SINGLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)


@given(VALUE, st.sampled_from(["\n", "\r\n"]))
def test_any_value_is_written_so_that_it_is_read_the_same(value: Any, newline: str) -> None:
    assert tomllib.loads(f"x = {literal(value, newline)}") == {"x": value}


def test_a_new_table_leaves_what_was_switched_off_with_the_one_before() -> None:
    text = '[[source]]\nname = "a"\n#path = "b"\n# about the rest\n\n[me]\n'
    added = append_table(text, ("source",), {"name": "c"})
    assert added == '[[source]]\nname = "a"\n#path = "b"\n\n[[source]]\nname = "c"\n# about the rest\n\n[me]\n'
