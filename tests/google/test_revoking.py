"""A sign-in that is given back."""

from __future__ import annotations

import pytest

from calsync.google.revoking import revoke
from calsync.google.tokens import SignIn
from tests.google_tokens import REFRESH, TokenServer


@pytest.mark.parametrize(("status", "is_gone"), [(200, True), (400, True), (403, False), (503, False)])
def test_a_sign_in_is_given_back_beside_the_address_that_renews_it(status: int, is_gone: bool) -> None:
    with TokenServer((status, {})) as google:
        assert revoke(SignIn("c", "s", REFRESH, token_uri=f"{google.url}/oauth2/token")) is is_gone
        assert google.asked == [("/oauth2/revoke", {"token": REFRESH})]


@pytest.mark.parametrize("token_uri", ["http://127.0.0.1:9/token", "", "nonsense"])
def test_an_address_at_which_nobody_answers_gives_nothing_back(token_uri: str) -> None:
    assert not revoke(SignIn("c", "s", REFRESH, token_uri=token_uri))
