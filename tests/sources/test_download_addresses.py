"""Which address a calendar is fetched from."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from calsync.errors import SourceError
from calsync.sources.download import next_address, web_address


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("webcal://acme.example/a.ics", "https://acme.example/a.ics"),
        ("WEBCAL://acme.example/a.ics", "https://acme.example/a.ics"),
        ("webcals://acme.example/a.ics", "https://acme.example/a.ics"),
        ("webcal://localhost:8/a.ics", "http://localhost:8/a.ics"),
        ("webcals://localhost:8/a.ics", "https://localhost:8/a.ics"),
        ("http://acme.example/a.ics", "http://acme.example/a.ics"),
        (" https://acme.example/a.ics\n", "https://acme.example/a.ics"),
    ],
)
def test_webcal_means_https_but_http_on_this_machine(url: str, meant: str) -> None:
    assert web_address(url).geturl() == meant


def test_no_redirect_leads_from_https_to_http() -> None:
    secure = urlsplit("https://acme.example/a.ics")
    with pytest.raises(SourceError, match="unprotected"):
        next_address(secure, "http://acme.example/a.ics")
    assert next_address(secure, "/b.ics").geturl() == "https://acme.example/b.ics"
    assert next_address(urlsplit("http://acme.example/"), "https://b.example/").scheme == "https"
