"""How to subscribe to a feed: its address, the link that a calendar app opens, and a code for a telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from markupsafe import Markup

from calsync.config import Config, IcsOutput
from calsync.ledger.doors import feed_token
from calsync.ledger.ledger import Ledger
from calsync.web.serving import is_loopback


@dataclass(frozen=True)
class Subscription:
    """One feed. ``code`` is a QR code of ``webcal`` as SVG, empty where no other device can reach it."""

    name: str
    details: str
    address: str
    webcal: str
    code: Markup


def subscriptions(config: Config, ledger: Ledger, address: str, now: datetime) -> list[Subscription]:
    """Return all feeds of this config, as they are reached at ``address``."""
    found = []
    elsewhere = not is_loopback(urlsplit(address).hostname or "")
    for output in config.outputs:
        if isinstance(output, IcsOutput):
            path = f"/feed/{feed_token(ledger, output.name, now)}.ics"
            webcal = f"webcal://{address.partition('://')[2]}{path}"
            code = qr_code(webcal, f"QR code of the address of {output.name}") if elsewhere else Markup()
            found.append(Subscription(output.name, output.details, f"{address}{path}", webcal, code))
    return found


def qr_code(text: str, label: str) -> Markup:
    """Return a QR code as SVG without any style of its own, dark on light in a dark room too."""
    import segno

    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=4, light="#fff", dark="#000", svgclass="qr", lineclass=None, omitsize=True, title=None
    )
    return Markup(drawn.replace("<svg ", Markup('<svg role="img" aria-label="{}" ').format(label), 1))
