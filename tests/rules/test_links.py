"""Links that open a call or a text message; those for mail are in test_drafts."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from calsync.rules.links import LINK_LENGTH, sms, tel


def test_a_call_keeps_the_extension_and_a_text_message_has_none() -> None:
    assert tel("+442079460123;ext=12") == "tel:+442079460123;ext=12"
    assert sms("+442079460123;ext=12", "") == "sms:+442079460123"


def test_a_text_message_carries_its_words() -> None:
    link = sms("07700900123", "Hi Zoë & Bo,\r\n50% off? +1")
    assert link == "sms:07700900123?body=Hi%20Zo%C3%AB%20%26%20Bo%2C%0A50%25%20off%3F%20%2B1"


@given(st.text(max_size=3000))
def test_a_text_message_link_is_ascii_short_and_says_what_was_meant(body: str) -> None:
    link = sms("+4930901820", body)
    assert link.isascii()
    assert len(link) <= LINK_LENGTH
    said = parse_qs(urlsplit(link).query).get("body", [""])[0]
    meant = body.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    assert said == meant or (said.endswith("…") and meant.startswith(said[:-1]))
