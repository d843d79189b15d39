"""To whom a password may go.

A server may answer with addresses elsewhere, or send calsync on to them. Whoever can put such an
address into an answer would have the password for the asking, so it goes to the host that the user
named and, unless that is this machine, over https alone.
"""

from __future__ import annotations

from urllib.parse import urlsplit

SPREAD = ("icloud.com",)
"""Providers that keep their users on many hosts of their own (p42-caldav.icloud.com)."""


def trusted(home: str, url: str) -> bool:
    """Whether the password of an account at ``home`` may go to ``url``: to the same place, or over
    https to the same host, or to another host of a provider in :data:`SPREAD`."""
    own, other = urlsplit(home), urlsplit(url)
    if (own.scheme, own.netloc.lower().rpartition("@")[2]) == (other.scheme, other.netloc.lower()):
        return True
    here, there = own.hostname or "", other.hostname or ""
    return other.scheme == "https" and (here == there or any(_within(here, d) and _within(there, d) for d in SPREAD))


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
