"""Signing in with Google in the user's own browser, as a program on their desk does (RFC 8252).

Google shows the user what calsync asks for, and sends the browser back with a code; the code, and a
secret that never left this machine (PKCE, RFC 7636), are exchanged for what calsync keeps.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import date
from typing import Any

from calsync.errors import SignInError, UsageError
from calsync.google.client import Client
from calsync.google.redirect import answer_in
from calsync.google.scopes import MEANING
from calsync.google.service import NoClient
from calsync.google.tokens import SignIn

_AGAIN = "Run calsync login google again."
_PATIENCE = 60.0


class SigningIn:
    """One attempt: a page to open, and what comes back from it. Raises NoClient where Google's client
    is not installed."""

    def __init__(self, client: Client, scopes: Collection[str]) -> None:
        try:
            from google_auth_oauthlib.flow import Flow
        except ImportError:
            raise NoClient from None
        addresses = {"auth_uri": client.auth_uri, "token_uri": client.token_uri}
        told = {"client_id": client.id, "client_secret": client.secret, **addresses}
        self._client = client
        self._flow: Any = Flow.from_client_config({"installed": told}, sorted(scopes))
        self.state = secrets.token_urlsafe(24)

    def page(self, back: str) -> str:
        """The address of Google's page, which sends the browser on to the address ``back``. Raises
        UsageError where that would be at an address that others can listen at."""
        from oauthlib.oauth2 import OAuth2Error

        self._flow.redirect_uri = back
        try:
            url, _ = self._flow.authorization_url(access_type="offline", prompt="consent", state=self.state)
        except OAuth2Error:
            raise UsageError(
                "auth_uri in the client's file does not begin with https://", "Use the file as Google gives it."
            ) from None
        return str(url)

    def pasted(self, address: str) -> dict[str, str]:
        """What Google says in an address that the user copied from the browser. Raises UsageError where
        that is not the one Google sent them to."""
        words = answer_in(address, self.state)
        if words is None:
            raise UsageError(
                "this is not the address that Google sent the browser to for this sign-in",
                "Copy the whole of it, from http:// on; it holds state= and code=.",
            )
        return words

    def finish(self, words: dict[str, str], today: date) -> SignIn:
        """Exchange Google's answer for a sign-in to keep; its scopes are what the user ticked.

        Raises SignInError where the user or Google says no.
        """
        from oauthlib.oauth2 import OAuth2Error

        if error := words.get("error"):
            raise _denied(error)
        try:
            told = self._flow.fetch_token(code=words["code"], timeout=_PATIENCE)
        except Warning as ticked:  # the user unticked a box; what they left is a good answer
            told = getattr(ticked, "token", None) or {}
        except OAuth2Error as refused:
            word = _word(refused.error)
            raise SignInError(f"Google did not accept the sign-in ({word})", _refused(word)) from None
        except (OSError, ValueError):
            raise SignInError("Google could not be reached to finish the sign-in", _AGAIN) from None
        scope = told.get("scope") or ()
        scopes = scope.split() if isinstance(scope, str) else [str(each) for each in scope]
        if not told.get("refresh_token"):
            raise SignInError("Google gave a sign-in for one hour only", _AGAIN)
        return SignIn(
            self._client.id,
            self._client.secret,
            str(told["refresh_token"]),
            self._client.auth_uri,
            self._client.token_uri,
            tuple(sorted(scopes, key=_place)),
            today.isoformat(),
        )


def _place(scope: str) -> tuple[int, str]:
    known = list(MEANING)
    return known.index(scope) if scope in known else len(known), scope


def _word(error: object) -> str:
    word = str(error)
    return word if word.replace("_", "").isalnum() and len(word) < 60 else "no reason given"


def _denied(error: str) -> SignInError:
    if error == "access_denied":
        return SignInError("the sign-in was cancelled on Google's page", f"{_AGAIN} There, choose Continue.")
    return SignInError(f"Google did not sign you in ({_word(error)})", f"{_AGAIN} docs/google.md has the usual causes.")


def _refused(word: str) -> str:
    if word in ("invalid_client", "unauthorized_client"):
        return "Download the client's file anew: its secret may have been replaced."
    if word == "insecure_transport":
        return "token_uri in the client's file must begin with https://; use the file as Google gives it."
    return f"{_AGAIN} A code is good once, and for a few minutes."
