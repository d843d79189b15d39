"""Giving a sign-in back: what calsync was allowed, it is allowed no longer."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request

from calsync.google.tokens import SignIn

_PATIENCE = 20.0


def revoke(sign_in: SignIn) -> bool:
    """Tell Google to forget a sign-in (RFC 7009); says whether it has. One that Google does not know
    any more is forgotten."""
    start, slash, _ = sign_in.token_uri.rpartition("/")
    body = urllib.parse.urlencode({"token": sign_in.refresh_token}).encode()
    try:
        with urllib.request.urlopen(f"{start}{slash}revoke", body, _PATIENCE):
            return True
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code == 400
    except (OSError, ValueError, http.client.HTTPException):
        return False
