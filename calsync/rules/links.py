"""Links that open a prepared touch: a mail, a call, a text message.

A reminder is read on a telephone as often as not, and between a good intention and a sent
word there should be one tap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

LINK_LENGTH = 1_800


def mailto(addresses: Sequence[str], subject: str, body: str) -> str:
    """A ``mailto:`` link to these addresses with a prepared message (RFC 6068).

    Line breaks are CRLF, everything is percent-encoded UTF-8, and the link is at most
    1,800 characters long, because mail programs and calendars cut longer ones: the end of
    the body goes first, then that of the subject. Empty where there is no address.
    """
    if not addresses:
        return ""
    link = "mailto:" + ",".join(quote(address, safe="@!$'*+-._~") for address in addresses)
    for key, text in (("subject", " ".join(subject.split())), ("body", re.sub(r"\r\n|\r|\n", "\r\n", body))):
        if text:
            link += _fitting(f"{'&' if '?' in link else '?'}{key}=", text, LINK_LENGTH - len(link))
    return link


def tel(number: str) -> str:
    """A link that dials a number (RFC 3966); ``number`` is from :func:`calsync.people.phones.dialled`."""
    return f"tel:{number}"


def sms(number: str, body: str) -> str:
    """A link that opens a text message to a number with a prepared body (RFC 5724).

    Text messages have no extensions, so that of the number is left out. Encoding and length
    are as for :func:`mailto`; line breaks are LF, the only ones that telephones write.
    """
    link = f"sms:{number.partition(';')[0]}"
    text = re.sub(r"\r\n|\r", "\n", body)
    return link + _fitting("?body=", text, LINK_LENGTH - len(link)) if text else link


def _fitting(key: str, text: str, room: int) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    encoded = quote(text, safe="")
    if len(key) + len(encoded) <= room:
        return key + encoded
    left, kept = room - len(key) - len(quote("…")), ""
    for character in text:
        piece = quote(character, safe="")
        if len(kept) + len(piece) > left:
            break
        kept += piece
    return f"{key}{kept.removesuffix('%0D')}{quote('…')}" if kept else ""
