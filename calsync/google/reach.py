"""Whether Google answers, and with which calendars: what a fresh sign-in and ``doctor`` ask.

A sign-in can be perfect and of no use: the Calendar API has to be switched on in the user's project.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from calsync.errors import CalsyncError, SignInError
from calsync.google.account import Account
from calsync.google.service import service_of

_LATER = "Try again later."


class Unreached(CalsyncError):
    """Google did not answer, or not with calendars."""

    exit_code = 3


class Listed(NamedTuple):
    """A calendar as the account's list has it; ``role`` is Google's word for what the user may do in it."""

    id: str
    name: str
    role: str
    is_primary: bool


def listed(account: Account) -> list[Listed]:
    """All calendars of an account, its own first. Raises SignInError where it is refused, Unreached
    where there is no answer, each with the next step."""
    service = service_of(account)
    import httplib2
    from google.auth.exceptions import TransportError
    from googleapiclient.errors import HttpError

    found: list[Listed] = []
    fields = "nextPageToken,items(id,summary,summaryOverride,accessRole,primary)"
    try:
        request = service.calendarList().list(showHidden=True, maxResults=250, fields=fields)
        while request is not None:
            page = request.execute(num_retries=2)
            for each in page.get("items") or ():
                name = str(each.get("summaryOverride") or each.get("summary") or each["id"])
                found.append(Listed(str(each["id"]), name, str(each.get("accessRole", "")), bool(each.get("primary"))))
            request = service.calendarList().list_next(request, page)
    except HttpError as error:
        raise _refused(int(error.resp["status"]), error.content) from None
    except (OSError, httplib2.HttpLib2Error, TransportError):
        raise Unreached("Google cannot be reached", "Check the network, and try again.") from None
    except ValueError:
        raise Unreached("Google's answer is cut short", _LATER) from None
    finally:
        service.close()
    return sorted(found, key=lambda each: (not each.is_primary, each.name.casefold()))


def _refused(status: int, content: bytes) -> CalsyncError:
    text = content.decode("utf-8", "replace")
    if status == 401:
        return SignInError("Google does not accept the sign-in", "Run calsync login google again.")
    if "accessNotConfigured" in text or "SERVICE_DISABLED" in text:
        return Unreached(
            "the Google Calendar API is switched off in your Google Cloud project",
            "Enable it there, under APIs & Services, Library, Google Calendar API; it takes a few minutes.",
        )
    if "insufficientPermissions" in text or "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in text:
        return SignInError(
            "your sign-in with Google does not let calsync see the list of your calendars",
            "Run calsync login google again, and leave all boxes ticked.",
        )
    return Unreached(f"Google answered {status}{_reason(content)}", _LATER)


def _reason(content: bytes) -> str:
    try:
        return f" ({json.loads(content)['error']['errors'][0]['reason']})"
    except (ValueError, KeyError, TypeError, IndexError):
        return ""
