"""The real client library, pointed at a server of this machine."""

from __future__ import annotations

from typing import Any

from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from httplib2 import Http


def service(endpoint: str, *, token: str = "") -> Any:
    """The Calendar service as a program would build it; with a bearer token, or signed in to nothing.
    Whoever asks for one closes it."""
    known: dict[str, Any] = {"http": Http()}
    if token:
        from google.oauth2.credentials import Credentials

        known = {"credentials": Credentials(token)}
    return build("calendar", "v3", static_discovery=True, client_options={"api_endpoint": endpoint}, **known)


def reason(error: HttpError) -> str:
    return str(error.error_details[0]["reason"])
