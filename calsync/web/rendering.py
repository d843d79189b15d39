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
STYLE = (_PAGES / "style.css").read_bytes()
_ICON = (_PAGES / "icon.svg").read_bytes()
_EDITION = blake2b(STYLE, digest_size=6).hexdigest()
_OWN_PLACE = re.compile(r"""(\s(?:href|src|action|formaction)=)"/(?!/)""")
STYLE_PATH = f"/style-{_EDITION}.css"


def day_of(at: datetime) -> str:
    return f"{at:%A} {at.day} {at:%B}"


def short_day(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b}"


def moment_of(at: datetime) -> str:
    return f"{short_day(at)}, {at:%H:%M}"


_pages = Environment(
    loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_pages.filters |= {"day": day_of, "short_day": short_day, "moment": moment_of}
_pages.globals["style"] = STYLE_PATH


def page(name: str, status: int = 200, **told: Any) -> HTMLResponse:
    """Return a page; whatever is ``told`` is shown as text, never as HTML."""
    html = _pages.get_template(f"{name}.html").render(told)
    if root := ROOT.get():
        # Text of others holds no quotation mark that is not escaped, so this is an attribute of ours.
        html = _OWN_PLACE.sub(rf'\1"{root}/', html)
    return HTMLResponse(html, status)


def word(title: str, text: str, status: int = 200) -> HTMLResponse:
    """Return a page that says one thing."""
    return page("word", status, title=title, text=text)


def style(_request: Request) -> Response:
    """The style sheet; its address changes with it, so it may be kept for ever."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


def icon(_request: Request) -> Response:
    """The sign in the browser's tab."""
    return Response(_ICON, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
