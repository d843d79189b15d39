"""The proof of who asks, as Google's client carries it: the user's own, or a service account's.

Google gives it for an hour at a time in exchange for what calsync keeps. What Google says when it
refuses becomes a sentence with the way back here, once, for reading and for writing.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as KeyCredentials

from calsync.errors import CalsyncError, SignInError
from calsync.google.account import Account
from calsync.google.scopes import described, missing
from calsync.google.tokens import LOGIN, SignIn, keep, kept

AGAIN = "Run calsync login google again."
TESTING = (
    'If this happens every seven days, your Google project is still in "Testing": open Audience in the Google '
    'Auth Platform and choose "Publish app" first.'
)


def credentials_of(account: Account) -> Any:
    """What an account asks with. Raises SignInError where there is nothing to ask with, or it does
    not allow what the account needs."""
    if account.service_account is not None:
        return _key(account, account.service_account)
    sign_in = kept()
    if lacking := missing(account.needed, sign_in.scopes):
        raise SignInError(
            f"your sign-in with Google does not allow calsync to {described(lacking)}",
            "Run calsync login google again, and leave all boxes ticked.",
        )
    return users(sign_in)


def users(sign_in: SignIn) -> Credentials:
    """The user's own, from a sign-in that is kept."""
    return _Users(
        None,
        refresh_token=sign_in.refresh_token,
        token_uri=sign_in.token_uri,
        client_id=sign_in.client_id,
        client_secret=sign_in.client_secret,
    )


class _Users(Credentials):  # type: ignore[misc, unused-ignore]
    def refresh(self, request: Any) -> None:
        before = self.refresh_token
        try:
            super().refresh(request)
        except RefreshError as error:
            raise _users_refused(error) from None
        if self.refresh_token and self.refresh_token != before:
            sign_in = kept()
            if sign_in.refresh_token == before:
                keep(replace(sign_in, refresh_token=self.refresh_token))


class _Key(KeyCredentials):  # type: ignore[misc, unused-ignore]
    def refresh(self, request: Any) -> None:
        try:
            super().refresh(request)
        except RefreshError as error:
            raise _key_refused(error, self.service_account_email, self._subject, self.scopes or ()) from None


def _key(account: Account, path: Path) -> KeyCredentials:
    try:
        told = json.loads(path.read_bytes())
        made = _Key.from_service_account_info(told, scopes=account.needed, subject=account.subject or None)
    except OSError as error:
        raise SignInError(
            f"{path}: the service account's key cannot be read: {error.strerror or error}",
            "Correct service_account in the config.",
        ) from None
    except (ValueError, TypeError, AttributeError, GoogleAuthError):
        # The reason would quote the key.
        raise SignInError(
            f"{path}: this is no key of a service account",
            "Make one in Google Cloud: IAM & Admin, Service Accounts, Keys, Add key, JSON.",
        ) from None
    assert isinstance(made, KeyCredentials)
    return made


def _code(error: RefreshError) -> str:
    """Google's word for its refusal, such as invalid_grant. What else it says may hold anything."""
    told = error.args[1] if len(error.args) > 1 else None
    word = told.get("error") if isinstance(told, dict) else str(error.args[0] if error.args else "").partition(":")[0]
    word = str(word)
    return word if word.replace("_", "").isalnum() and len(word) < 60 else "no reason given"


def _passing(error: RefreshError) -> TransportError | None:
    return TransportError("Google could not renew the sign-in just now") if error.retryable else None


def _users_refused(error: RefreshError) -> CalsyncError | TransportError:
    if passing := _passing(error):
        return passing
    code = _code(error)
    if code == "invalid_grant":
        made = ""
        try:
            made = kept().made
        except SignInError:
            return SignInError("not signed in with Google any more", LOGIN)
        return SignInError(
            f"Google does not accept the sign-in{f' of {made}' if made else ''} any more ({code})", f"{AGAIN} {TESTING}"
        )
    if code in ("invalid_client", "unauthorized_client", "deleted_client", "disabled_client"):
        return SignInError(
            f"Google does not know the client that you signed in with any more ({code})",
            "Download its file anew, or make another one, and run calsync login google --client-secret FILE.",
        )
    return SignInError(f"Google does not accept the sign-in ({code})", AGAIN)


def _key_refused(error: RefreshError, email: str, subject: str | None, scopes: Any) -> CalsyncError | TransportError:
    if passing := _passing(error):
        return passing
    code = _code(error)
    if code == "unauthorized_client":
        return SignInError(
            f"the service account {email} may not act for {subject or 'anybody'} ({code})",
            "In Google's Admin console, under Security, API controls, Domain-wide delegation, give its client ID "
            f"these scopes: {shlex.quote(','.join(scopes))}",
        )
    if code == "invalid_grant":
        return SignInError(
            f"Google does not accept the service account {email} for {subject or 'itself'} ({code})",
            "Check subject in the config, this computer's clock, and that the key was not deleted in Google Cloud.",
        )
    return SignInError(f"Google does not accept the service account {email} ({code})", "Make a new key for it.")
