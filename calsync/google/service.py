"""Google's own client for its Calendar API, signed in as a config says.

It is built from the description of the API that comes with it, so building it asks nobody.
"""

from __future__ import annotations

from typing import Any

from calsync.errors import CalsyncError
from calsync.google.account import Account


class NoClient(CalsyncError):
    """Google's client library is not installed."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            "the Google client is not installed, which Google calendars need",
            'Install it with pip install "calsync[google]".',
        )


def service_of(account: Account) -> Any:
    """The Calendar API (``googleapiclient``'s Resource) of an account; close it after use.

    It is not for several threads at once. Raises SignInError where the sign-in is missing, cannot be
    used or lacks a permission, NoClient where the library is not installed. The sign-in is made with
    the first request, which raises SignInError where Google refuses it.
    """
    try:
        from google_auth_httplib2 import AuthorizedHttp
        from googleapiclient.discovery import build
        from googleapiclient.http import build_http
    except ImportError:
        raise NoClient from None
    http = build_http()
    if not account.auth:
        from calsync.google.credentials import credentials_of

        http = AuthorizedHttp(credentials_of(account), http=http)
    options = {"api_endpoint": account.address} if account.address else None
    return build("calendar", "v3", http=http, static_discovery=True, cache_discovery=False, client_options=options)
