"""Changing one value in a TOML text, and not one other character.

A pack is a text that somebody wrote, with comments, an order and line ends of their own.
A library that reads it and writes it anew moves tables and loses what stood beside them;
here the new value is put where the old one was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from calsync.toml_lines import Heading, KeyPath, Pair, Scanner

_SWITCHED_OFF = re.compile(r"[ \t]*#[A-Za-z0-9_-]+[ \t]*=[^\n]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class CannotEdit(Exception):
    """The text says this in a way that cannot be changed by itself; ``path`` is where."""

    def __init__(self, path: KeyPath) -> None:
        super().__init__(str(path))
        self.path = path


def literal(value: Any, newline: str = "\n") -> str:
    """A value as TOML: text, numbers, truth, lists, and inline tables."""
    match value:
        case bool():
            return str(value).lower()
        case str() if "\n" in value:
            lines = newline.join(map(_plainly_quoted, value.split("\n")))
            return f'"""{newline}{lines}"""'
        case str():
            return _quoted(value)
        case Mapping():
            inner = ", ".join(f"{key_text(key)} = {literal(each, newline)}" for key, each in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return "[" + ", ".join(literal(each, newline) for each in value) + "]"
        case _:
            return str(value)


def key_text(key: str) -> str:
    """A key as TOML writes it."""
    return key if _BARE.fullmatch(key) else _quoted(key)


def put(text: str, path: KeyPath, value: Any) -> str:
    """The text with ``value`` at ``path``, which counts the elements of lists.

    A value that is there is replaced in its place; a new key follows the last one of its
    table. All but the last words of the path may be missing, elements of lists apart.
    Raises CannotEdit where a table and a single value would meet.
    """
    scan = _scanned(text)
    newline = _newline(text)
    written = literal(value, newline)
    if pair := scan.pairs.get(path):
        return text[: pair.value] + written + text[pair.end :]
    if _below(scan, path):
        raise CannotEdit(path)
    parent, key = path[:-1], str(path[-1])
    if inline := _inline(scan, parent):
        return _into_inline(scan, inline, f"{key_text(key)} = {written}")
    number = _heading(scan, parent)
    if number is not None:
        return _into_block(scan, number, f"{key_text(key)} = {written}")
    if dotted := [
        pair
        for at, pair in scan.pairs.items()
        if at[: len(parent)] == parent and pair.heading is not None and len(_home(scan, pair)) < len(parent)
    ]:
        last = max(dotted)
        home = _home(scan, last)
        name = ".".join(key_text(str(each)) for each in path[len(home) :])
        return _after_line(text, last.end, f"{_indent(text, last.start)}{name} = {written}")
    if not parent or not isinstance(parent[-1], str):
        raise CannotEdit(path)
    if len(parent) == 2 and not _inline(scan, parent[:1]) and all(at[:1] != parent[:1] for at in _rooted(scan)):
        name = ".".join(key_text(str(each)) for each in parent)
        return _ended(text, newline) + f"{newline}[{name}]{newline}{key_text(key)} = {written}{newline}"
    return put(text, parent, {key: value})


def append_table(text: str, path: KeyPath, table: Mapping[str, Any]) -> str:
    """The text with one more table in the list at ``path``, written as its neighbours are."""
    scan = _scanned(text)
    newline = _newline(text)
    if path in scan.pairs:
        return _into_list(scan, path, literal(table, newline))
    if _inline(scan, path[:-1]):
        return put(text, path, [table])
    siblings = [number for number, each in enumerate(scan.headings) if each.path[:-1] == path]
    name = ".".join(str(each) for each in path if isinstance(each, str))
    if siblings:
        last = scan.headings[siblings[-1]]
        indent, end = _indent(text, last.start), _past_switched_off(text, _end_of_region(scan, last.path))
    elif len(path) > 1:
        owner = _heading(scan, path[:-1])
        if not owner:
            raise CannotEdit(path)
        indent = _indent(text, scan.headings[owner - 1].start) + "  "
        end = _end_of_region(scan, path[:-1])
    else:
        indent, end = "", len(text)
    lines = [f"[[{name}]]", *(f"{key_text(key)} = {literal(value, newline)}" for key, value in table.items())]
    return _after_line(text, end, newline + newline.join(indent + line for line in lines))


def drop(text: str, path: KeyPath) -> str:
    """The text without what stands at ``path``; what is said of it on the same line goes along.

    A table under a heading stays where somebody wrote a comment into it.
    """
    scan = _scanned(text)
    if pair := scan.pairs.get(path):
        if pair.heading is not None:
            return text[: _line_start(text, pair.start)] + text[_line_end(text, pair.end) :]
        return _out_of(text, (pair.start, pair.end), _siblings(scan, pair))
    if path in scan.elements:
        start, end = scan.elements[path]
        low, high = _line_start(text, start), _line_end(text, end)
        if not text[low:start].strip() and text[end:high].strip() in ("", ","):
            return text[:low] + text[high:]
        around = sorted(span for at, span in scan.elements.items() if at[:-1] == path[:-1])
        return _out_of(text, (start, end), around)
    first = next((each for each in scan.headings if each.path == path), None)
    if first is None:
        dotted = next((at for at in scan.pairs if at[: len(path)] == path), None)
        return drop(drop(text, dotted), path) if dotted else text
    start, end = _line_start(text, first.start), _line_end(text, _end_of_region(scan, path))
    if any(line.lstrip().startswith("#") for line in text[start:end].splitlines()):
        return text
    before = text[:start]
    blank = re.search(r"\n(?:[ \t]*\r?\n)$", before)
    return (before[: blank.start() + 1] if blank else before) + text[end:]


def _scanned(text: str) -> Scanner:
    scanner = Scanner(text)
    scanner.document()
    return scanner


def _newline(text: str) -> str:
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plainly_quoted(line: str) -> str:
    """A line of a long text; quotes in it need no escape but beside each other or at its end."""
    quoted = _quoted(line)[1:-1]
    return quoted if '""' in line or line.endswith('"') else quoted.replace('\\"', '"')


def _rooted(scan: Scanner) -> list[KeyPath]:
    return [path for path, pair in scan.pairs.items() if pair.heading == 0]


def _below(scan: Scanner, path: KeyPath) -> bool:
    everything = [*scan.pairs, *(heading.path for heading in scan.headings)]
    return any(len(at) >= len(path) and at[: len(path)] == path for at in everything)


def _inline(scan: Scanner, path: KeyPath) -> tuple[int, int] | None:
    """Where the inline table at ``path`` stands. Raises CannotEdit for a single value."""
    pair = scan.pairs.get(path)
    span = (pair.value, pair.end) if pair else scan.elements.get(path)
    if span and not scan.text.startswith("{", span[0]):
        raise CannotEdit(path)
    return span


def _heading(scan: Scanner, path: KeyPath) -> int | None:
    """How many headings there are up to the one of ``path``; 0 for what stands before all."""
    if not path:
        return 0
    return next((number for number, each in enumerate(scan.headings, 1) if each.path == path), None)


def _home(scan: Scanner, pair: Pair) -> KeyPath:
    return scan.headings[pair.heading - 1].path if pair.heading else ()


def _into_block(scan: Scanner, number: int, line: str) -> str:
    text = scan.text
    own = [pair for pair in scan.pairs.values() if pair.heading == number]
    if own:
        last = max(own)
        return _after_line(text, last.end, _indent(text, last.start) + line)
    if number:
        heading: Heading = scan.headings[number - 1]
        return _after_line(text, heading.end, _indent(text, heading.start) + line)
    newline = _newline(text)
    at = _line_start(text, scan.headings[0].start) if scan.headings else len(text)
    while at and text[_line_start(text, at - 1) : at].lstrip().startswith("#"):
        at = _line_start(text, at - 1)
    return _ended(text[:at], newline) + line + newline + (newline if scan.headings else "") + text[at:]


def _into_inline(scan: Scanner, span: tuple[int, int], written: str) -> str:
    text = scan.text
    inside = [pair for pair in scan.pairs.values() if span[0] < pair.start < span[1]]
    if inside:
        end = max(pair.end for pair in inside)
        return f"{text[:end]}, {written}{text[end:]}"
    return f"{text[: span[0]]}{{ {written} }}{text[span[1] :]}"


def _into_list(scan: Scanner, path: KeyPath, written: str) -> str:
    text, pair = scan.text, scan.pairs[path]
    if not text.startswith("[", pair.value):
        raise CannotEdit(path)
    spans = sorted(span for at, span in scan.elements.items() if at[:-1] == path)
    if not spans:
        return f"{text[: pair.value + 1]}{written}{text[pair.value + 1 :]}"
    start, end = spans[-1]
    rest = text[end : pair.end - 1]
    if text[_line_start(text, start) : start].strip() or "\n" not in rest:
        return f"{text[:end]}, {written}{text[end:]}"
    # One element a line: the comma stands before what is said of the last one.
    ends_in_comma = "," in re.sub(r"#[^\n]*", "", rest)
    line_end = _line_end(text, end)
    last = f"{text[:end]}{'' if ends_in_comma else ','}{text[end:line_end]}"
    new = f"{_indent(text, start)}{written}{',' if ends_in_comma else ''}{_newline(text)}"
    return last + new + text[line_end:]


def _siblings(scan: Scanner, pair: Pair) -> Sequence[tuple[int, int]]:
    """The places of all keys of the inline table that holds the key, itself included."""
    pairs = sorted(scan.pairs.values())
    around = [(each.value, each.end) for each in pairs if each.value < pair.start < each.end]
    around += [span for span in scan.elements.values() if span[0] < pair.start < span[1]]
    low, high = max(around)
    inside = [each for each in pairs if low < each.start < high]
    return [
        (each.start, each.end)
        for each in inside
        if not any(other.value < each.start < other.end for other in inside if other is not each)
    ]


def _out_of(text: str, span: tuple[int, int], around: Sequence[tuple[int, int]]) -> str:
    place = list(around).index(span)
    if place + 1 < len(around):
        start, end = span[0], around[place + 1][0]
    elif place:
        start, end = around[place - 1][1], span[1]
    else:
        start, end = span
    return text if "#" in text[start : span[0]] + text[span[1] : end] else text[:start] + text[end:]


def _end_of_region(scan: Scanner, path: KeyPath) -> int:
    numbers = {number for number, each in enumerate(scan.headings, 1) if each.path[: len(path)] == path}
    ends = [scan.headings[number - 1].end for number in numbers]
    return max([*ends, *(pair.end for pair in scan.pairs.values() if pair.heading in numbers)])


def _past_switched_off(text: str, at: int) -> int:
    """The end of the settings that somebody switched off by a # right behind them."""
    while match := _SWITCHED_OFF.match(text, _line_end(text, at)):
        at = match.end()
    return at


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """The first character of the next line."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _indent(text: str, at: int) -> str:
    line = text[_line_start(text, at) : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith("\n") else text + newline


def _after_line(text: str, at: int, lines: str) -> str:
    newline = _newline(text)
    end = _line_end(text, at)
    return _ended(text[:end], newline) + lines + newline + text[end:]
