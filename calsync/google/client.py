"""The user's own OAuth client: calsync comes with none, so that nobody stands between them and Google.

It is a file that Google lets the user download. People have several such files, and the wrong one is
told by what it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from calsync.errors import UsageError
from calsync.google.tokens import GOOGLE_TOKEN, SignIn

_GOOGLE_AUTH = "https://accounts.google.com/o/oauth2/auth"
_WHERE = "In the Google Auth Platform, under Clients, make one of type Desktop app, and download its JSON file."


@dataclass(frozen=True, slots=True)
class Client:
    """A desktop client, and where it signs in."""

    id: str
    secret: str = field(repr=False)
    auth_uri: str = _GOOGLE_AUTH
    token_uri: str = GOOGLE_TOKEN


def client_in(path: Path) -> Client:
    """The client in a file as Google gives it. Raises UsageError for anything else, without quoting it."""
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: the client file cannot be read: {error.strerror or error}", _WHERE) from None
    except ValueError:
        raise UsageError(f"{path}: this is no JSON file", _WHERE) from None
    told = told if isinstance(told, dict) else {}
    if told.get("type") == "service_account":
        raise UsageError(
            f"{path}: this is the key of a service account, which needs no login",
            "Name it as service_account in the config, with subject = the address it stands in for.",
        )
    if "web" in told:
        raise UsageError(f"{path}: this is a client of type Web application", _WHERE)
    found = told.get("installed")
    names = ("client_id", "client_secret")
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) and found[name] for name in names):
        raise UsageError(f"{path}: this is no client file of Google's", _WHERE)
    auth_uri, token_uri = found.get("auth_uri") or _GOOGLE_AUTH, found.get("token_uri") or GOOGLE_TOKEN
    for each in (auth_uri, token_uri):
        if not isinstance(each, str) or urlsplit(each).scheme not in ("https", "http"):
            raise UsageError(f"{path}: auth_uri or token_uri is no address", _WHERE)
    return Client(found["client_id"], found["client_secret"], auth_uri, token_uri)


def client_of(sign_in: SignIn) -> Client:
    """The client with which the user signed in before."""
    return Client(
        sign_in.client_id, sign_in.client_secret, sign_in.auth_uri or _GOOGLE_AUTH, sign_in.token_uri or GOOGLE_TOKEN
    )
