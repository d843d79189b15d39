"""What the icalendar library does not do with texts before it writes them.

It escapes and folds, but it lets through what some readers choke on: control characters,
halves of surrogate pairs, and the rarer characters that end a line for some of them.
Titles, names and addresses come from other people's calendars and can hold all of it.
"""

from __future__ import annotations

import re

# Besides CR and LF, these end a line for readers that split lines the Unicode way.
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# RFC 5545 forbids all controls but the tab; lone surrogates and noncharacters are no text.
_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSAFE_IN_URI = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]")


def legal(value: str, *, lines: bool = False) -> str:
    """Return the text with those characters alone that a TEXT value may hold (RFC 5545
    §3.3.11), not escaped.

    With ``lines``, line ends survive as ``\\n``; else they become blanks. Blanks and
    line ends at either end go.
    """
    parts = [_ILLEGAL.sub("", part) for part in _LINE_ENDS.split(value)]
    return _SURROGATES.sub("\ufffd", ("\n" if lines else " ").join(parts).strip())


def web_address(value: str) -> str:
    """Return a web address in ASCII, fit for a URI value (RFC 5545 §3.3.13); empty for
    what is none, or is longer than 2,000 characters."""
    if not re.match(r"https?://[^\s/]", value, re.IGNORECASE) or len(value) > 2000:
        return ""

    def quoted(match: re.Match[str]) -> str:
        octets = match[0].encode("utf-8", "replace")
        return "".join(f"%{octet:02X}" for octet in octets)

    return _UNSAFE_IN_URI.sub(quoted, _ILLEGAL.sub("", "".join(_LINE_ENDS.split(value.strip()))))
