"""The account that the tests' own Google Calendar stands for: signed in to nothing."""

from __future__ import annotations

from calsync.config import GoogleSource
from calsync.google.account import Account, account_of
from calsync.google.asking import Patience

IMPATIENT = Patience(attempts=1)


def account(endpoint: str) -> Account:
    return account_of(GoogleSource(name="google", type="google", endpoint=endpoint, auth="none"))
