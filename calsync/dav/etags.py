"""Etags as servers give them, and as they can be used in a condition.

An etag says "still as you know it" (RFC 9110 §8.8.3), and a change is asked for under that condition.
On the way etags are weakened by web servers that compress, lose their quotes, or were never there.
"""

from __future__ import annotations

import hashlib

_CONTENT = "content:"


def strong(etag: str) -> str:
    """An etag with which If-Match can come true: that of the thing itself, without the ``W/`` and the
    ``-gzip`` that a compressing web server puts on it, and in quotes."""
    text = etag.strip().removeprefix("W/").strip()
    text = text.removesuffix('"').removeprefix('"')
    for suffix in ("-gzip", ";gzip", "--gzip"):
        text = text.removesuffix(suffix)
    return f'"{text}"' if text else ""


def of_content(text: bytes) -> str:
    """What stands for the etag of a thing on a server that gives none, the same whether its lines came as
    they are or in XML, which ends them in its own way. It is no condition: whoever wants to change the
    thing has to look at it once more."""
    return _CONTENT + hashlib.blake2b(b"\n".join(text.split()), digest_size=12).hexdigest()


def is_condition(etag: str) -> bool:
    """Whether the server knows this etag."""
    return bool(etag) and not etag.startswith(_CONTENT)
