"""What the free text of an event gives away: #tags, and that a meeting is held online."""

from __future__ import annotations

import re
from functools import lru_cache

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)[^\s<>\"']+", re.IGNORECASE)
_TAG = re.compile(r"(?<![\w&/#?=])#(\w[\w-]*)")
_HEX = re.compile(r"(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_COLOURED = re.compile(r"(?:colou?r|background|border|fill|stroke)[^;>]{0,16}$", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s<>\"'\\]+", re.IGNORECASE)
_CONFERENCE = re.compile(
    r"""https?://(?:
        (?:[\w-]+\.)*zoom(?:gov)?\.(?:us|com|com\.cn)/(?:j|my|w|wc|s|meeting)/
      | teams\.microsoft\.(?:com|us)/(?:l/meetup-join|meet|dl/launcher|_\#/)
      | teams\.live\.com/meet
      | meet\.google\.com/ | hangouts\.google\.com/
      | (?:[\w-]+\.)+webex\.com/
      | (?:[\w-]+\.)*whereby\.com/
      | (?:meet\.jit\.si | 8x8\.vc | (?:[\w-]+\.)*jitsi(?:\.[\w-]+)+)/
      | (?:[\w-]+\.)*(?:gotomeeting\.com|gotomeet\.me|meet\.goto\.com|goto\.com)/
      | (?:[\w-]+\.)*(?:bluejeans\.com|chime\.aws|livestorm\.co|bigbluebutton\.org|meetup\.video|tuple\.app)/
      | join\.skype\.com/ | meet\.lync\.com/ | facetime\.apple\.com/join
      | (?:[\w-]+\.)+(?:lifesizecloud\.com|starleaf\.com|ringcentral\.com/j|v\.ringcentral\.com)/
    )[^\s<>"'\\]*""",
    re.IGNORECASE | re.VERBOSE,
)
_SERVICE = re.compile(
    r"zoom|microsoft|teams|google|webex|whereby|jit\.si|8x8|jitsi|goto|bluejeans|chime|livestorm|bigbluebutton"
    r"|meetup|tuple|skype|lync|facetime|lifesize|starleaf|ringcentral",
    re.IGNORECASE,
)
_ONLINE_PLACE = re.compile(
    r"\b(?:microsoft teams|teams meeting|google meet|zoom meeting|skype meeting|webex meeting)\b"
    r"|^\s*zoom\s*$",
    re.IGNORECASE,
)


def tags(*texts: str) -> tuple[str, ...]:
    """The #words in the texts, lower-case, without ``#``, each once and in order.

    Fragments of web addresses, HTML entities, HTML colours and bare numbers are none.
    """
    found: dict[str, None] = {}
    for text in texts:
        if "#" not in text:
            continue
        text = _ADDRESS.sub(" ", text)
        for match in _TAG.finditer(text):
            word = match[1].rstrip("-").lower()
            if not word.isdecimal() and not _colour(word, text[max(0, match.start() - 40) : match.start()]):
                found[word] = None
    return tuple(found)


def conference_link(*texts: str) -> str:
    """The first address of an online meeting in the texts; empty if there is none."""
    for text in texts:
        colon = text.find("://")
        while colon > 0:
            if _may_confer(text[colon + 3 : colon + 40].partition("/")[0]):
                start = colon - 5 if text[colon - 1] in "sS" else colon - 4
                match = _CONFERENCE.match(text, start) if start >= 0 else None
                if match:
                    return match[0].rstrip(".,;:)]>")
            colon = text.find("://", colon + 3)
    return ""


@lru_cache(maxsize=1024)
def _may_confer(host: str) -> bool:
    """Whether a host (or the beginning of a long one) may be that of an online meeting: most
    addresses of a calendar lead to the same few hosts, and are no meetings."""
    return len(host) == 37 or bool(_SERVICE.search(host))


def web_address(text: str) -> str:
    """The first http or https address in the text; empty if there is none."""
    match = _WEB.search(text) if "://" in text else None
    return match[0].rstrip(".,;:)]>") if match else ""


@lru_cache(maxsize=1024)
def online_place(place: str) -> bool:
    """Whether a place names no room but a service, or is an address to open."""
    return bool(web_address(place) or _ONLINE_PLACE.search(place))


def _colour(word: str, before: str) -> bool:
    if not _HEX.fullmatch(word):
        return False
    if _COLOURED.search(before) or before.endswith(('="', "='")):
        return True
    return len(word) >= 6 and (len(set(word)) == 1 or any(c.isdigit() for c in word))
