"""Pages: small, whole without a script, and nothing in them that is not escaped."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from calsync.web.guard import ROOT

_PAGES = Path(__file__).parent / "pages"
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def _named_by_content(stem: str, kind: str) -> tuple[str, bytes]:
    """A file and its address, which changes with it, so that it may be kept for ever."""
    content = (_PAGES / f"{stem}.{kind}").read_bytes()
    return f"/{stem}-{blake2b(content, digest_size=6).hexdigest()}.{kind}", content


STYLE_PATH, _STYLE = _named_by_content("style", "css")
SCRIPT_PATH, _SCRIPT = _named_by_content("keys", "js")
_ICON = (_PAGES / "icon.svg").read_bytes()
_OWN_PLACE = re.compile(r"""(\s(?:href|src|action|formaction)=)"/(?!/)""")


def day_of(at: datetime) -> str:
    return f"{at:%A} {at.day} {at:%B}"


def short_day(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b}"


def moment_of(at: datetime) -> str:
    return f"{short_day(at)}, {at:%H:%M}"


def counted(number: int, what: str) -> str:
    """Return "1 reminder", "2 reminders"; of a person, "people"."""
    several = "people" if what == "person" else f"{what}s"
    return f"{number:,} {what if number == 1 else several}"


_pages = Environment(
    loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_pages.filters |= {"day": day_of, "short_day": short_day, "moment": moment_of, "counted": counted}
_pages.globals |= {"style": STYLE_PATH, "script": SCRIPT_PATH}


def page(name: str, status: int = 200, **told: Any) -> HTMLResponse:
    """Return a page; whatever is ``told`` is shown as text, never as HTML."""
    html = _pages.get_template(f"{name}.html").render(told)
    if root := ROOT.get():
        # Text of others holds no quotation mark that is not escaped, so this is an attribute of ours.
        html = _OWN_PLACE.sub(rf'\1"{root}/', html)
    return HTMLResponse(html, status)


def word(title: str, text: str, status: int = 200, *, back: str = "") -> HTMLResponse:
    """Return a page that says one thing, with the way ``back``."""
    return page("word", status, title=title, text=text, back=back)


def style(_request: Request) -> Response:
    """The style sheet."""
    return Response(_STYLE, media_type="text/css", headers=_FOR_EVER)


def script(_request: Request) -> Response:
    """Niceties for whoever uses the keyboard; all pages do without."""
    return Response(_SCRIPT, media_type="text/javascript", headers=_FOR_EVER)


def icon(_request: Request) -> Response:
    """The sign in the browser's tab."""
    return Response(_ICON, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
