"""Lines of keys: what makes an error message point at the right place."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.toml_lines import lines, nearest_line

TEXT = '''\
# a comment with [brackets] = and "quotes
top = "a # b"   # c
"quoted key" = 'x'
dotted.inner . key = 1

[me]
emails = [ # first
  "a@b.example",   # , ]
  """many
lines ]""",
  { name = "x", list = [1, [2,
    3]] },
]
name = \'\'\'literal "" '
''\'\'\'

[[source]]
name = "one"
when = { group = "1..6", deep.er = true }

  [[source.step]]
  id = "s1"
  [[source.step]]
  id = "s2"
  [source.step.extra]
  x = 2026-01-01T09:00:00Z

[[source]]
name = "two"
[[source.step]]
id = "s3"
[ "odd . table" . b ]
k = -1.5e3
'''


def test_every_kind_of_key_is_found_on_its_line() -> None:
    found = lines(TEXT)
    expected = {
        ("top",): 2,
        ("quoted key",): 3,
        ("dotted", "inner", "key"): 4,
        ("me",): 6,
        ("me", "emails"): 7,
        ("me", "emails", 0): 8,
        ("me", "emails", 1): 9,
        ("me", "emails", 2): 11,
        ("me", "emails", 2, "name"): 11,
        ("me", "emails", 2, "list", 1, 1): 12,
        ("me", "name"): 14,
        ("source", 0): 17,
        ("source", 0, "when", "deep", "er"): 19,
        ("source", 0, "step", 1): 23,
        ("source", 0, "step", 1, "id"): 24,
        ("source", 0, "step", 1, "extra", "x"): 26,
        ("source", 1, "name"): 29,
        ("source", 1, "step", 0, "id"): 31,
        ("odd . table", "b", "k"): 33,
    }
    assert {path: found[path] for path in expected} == expected


def test_a_key_that_is_not_there_stands_at_its_nearest_parent() -> None:
    found = lines(TEXT)
    assert nearest_line(found, ("source", 0, "step", 1, "window")) == 23
    assert nearest_line(found, ("nowhere", "at", "all")) == 1


def test_windows_line_ends_count_like_others() -> None:
    assert lines(TEXT.replace("\n", "\r\n")) == lines(TEXT)


KEYS = st.sampled_from(["a", "b-c", "D_1", '"x y"', "'q.r'"])
SCALARS = st.sampled_from(["1", "true", '"text # ]"', "'lit }'", "2026-01-01", '"""a\nb"""', "[1, 2]", "[\n 1,\n]"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(KEYS, SCALARS), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)


def paths(data: Any, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return {at} | {path for key, value in items for path in paths(value, (*at, key))}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["[{}]", "[[{}]]"]),
            st.lists(st.tuples(KEYS, VALUES), max_size=3, unique_by=lambda pair: pair[0]),
        ),
        max_size=4,
    )
)
def test_no_key_of_any_file_is_missed_or_invented(tables: list[tuple[str, list[tuple[str, str]]]]) -> None:
    text = "".join(
        head.format(f"t{number}") + "\n" + "".join(f"{key} = {value}\n" for key, value in pairs)
        for number, (head, pairs) in enumerate(tables)
    )
    assert set(lines(text)) | {()} == paths(tomllib.loads(text))
