"""Where each key of a TOML file stands.

The standard library reads TOML well and forgets where it read it. People who mistyped
a key need the line, and whoever changes one value must leave every other character alone.
So this scanner walks a text that is known to be valid TOML and notes the line and the
place of every key and list element. It runs only when something is wrong or to be changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

KeyPath = tuple[str | int, ...]


class Heading(NamedTuple):
    """A line such as ``[a.b]`` or ``[[a.b]]``, from its first bracket to its last."""

    path: KeyPath
    start: int
    end: int


class Pair(NamedTuple):
    """A key with its value. ``start`` is the key's first character, ``value`` and ``end`` are
    the value's first and the one after its last. ``heading`` counts the headings before it;
    None inside an inline table."""

    start: int
    value: int
    end: int
    heading: int | None


_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRINGS = (
    re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL),
    re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of each key, table and list element of ``text``.

    ``("source", 0, "path")`` is the key ``path`` of the first ``[[source]]``. The text
    must be valid TOML 1.0; of one that is not, what was understood is returned.
    """
    scanner = Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.found


def nearest_line(found: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of ``path``, or of its nearest parent that the file holds; else 1."""
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return found[path[:length]]
    return 1


class Scanner:
    """One walk through a text. ``pairs`` and ``elements`` tell the places of what is between
    ``=`` and the end of a value, and of each element of an inline list."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {}
        self.headings: list[Heading] = []
        self.pairs: dict[KeyPath, Pair] = {}
        self.elements: dict[KeyPath, tuple[int, int]] = {}
        self.counts: dict[KeyPath, int] = {}
        self._line = 1
        self._counted_to = 0

    def document(self) -> None:
        """Walk to the end, or to where it is no TOML."""
        table: KeyPath = ()
        while True:
            self._skip(_GAP)
            if self.at >= len(self.text):
                return
            before = self.at
            if self.text.startswith("[[", self.at):
                self.at += 2
                table = self._header(array=True)
                self._take("]]")
                self.headings.append(Heading(table, before, self.at))
            elif self.text.startswith("[", self.at):
                self.at += 1
                table = self._header(array=False)
                self._take("]")
                self.headings.append(Heading(table, before, self.at))
            else:
                self._pair(table, len(self.headings))
            if self.at == before:
                return

    def _header(self, *, array: bool) -> KeyPath:
        line = self._here()
        names = self._names()
        path: KeyPath = ()
        for name in names[:-1]:
            path = (*path, name)
            self.found.setdefault(path, line)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        path = (*path, *names[-1:])
        self.found.setdefault(path, line)
        if array:
            element = self.counts.get(path, 0)
            self.counts[path] = element + 1
            path = (*path, element)
            self.found[path] = line
        return path

    def _pair(self, table: KeyPath, heading: int | None = None) -> None:
        line, start = self._here(), self.at
        path = table
        for name in self._names():
            path = (*path, name)
            self.found.setdefault(path, line)
        self._skip(_BLANK)
        self._take("=")
        self._skip(_BLANK)
        value = self.at
        self._value(path)
        self.pairs[path] = Pair(start, value, self._end_of_value(value), heading)

    def _end_of_value(self, start: int) -> int:
        return start + len(self.text[start : self.at].rstrip())

    def _value(self, path: KeyPath) -> None:
        if self.text.startswith("[", self.at):
            self.at += 1
            self._elements(path)
        elif self.text.startswith("{", self.at):
            self.at += 1
            self._inline(path)
        elif not self._string():
            self._skip(_SCALAR)

    def _elements(self, path: KeyPath) -> None:
        index = 0
        while True:
            self._skip(_GAP)
            if self.at >= len(self.text) or self._take("]"):
                return
            before = self.at
            self.found[(*path, index)] = self._here()
            self._value((*path, index))
            self.elements[(*path, index)] = (before, self._end_of_value(before))
            self._skip(_GAP)
            self._take(",")
            if self.at == before:
                return
            index += 1

    def _inline(self, path: KeyPath) -> None:
        while True:
            self._skip(_GAP)
            if self.at >= len(self.text) or self._take("}"):
                return
            before = self.at
            self._pair(path)
            self._skip(_GAP)
            self._take(",")
            if self.at == before:
                return

    def _names(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip(_BLANK)
            start = self.at
            if self._string():
                names.append(_unquoted(self.text[start : self.at]))
            elif match := _BARE.match(self.text, self.at):
                self.at = match.end()
                names.append(match.group())
            else:
                return names
            self._skip(_BLANK)
            if not self._take("."):
                return names

    def _string(self) -> bool:
        for pattern in _STRINGS:
            if match := pattern.match(self.text, self.at):
                self.at = match.end()
                return True
        return False

    def _take(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()

    def _here(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._line


def _unquoted(key: str) -> str:
    import tomllib

    return next(iter(tomllib.loads(f"{key} = 0")))
