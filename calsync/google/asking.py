"""Google Calendar, asked one thing at a time, within limits.

Google's own client signs in and speaks; here stands what calsync makes of the answers. What may
pass is tried again, no sooner than Google asks for; everything else becomes a sentence with a next
step. Google gives one number to very different refusals, so the reason in them decides.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from calsync.errors import CalsyncError, SignInError
from calsync.google.account import Account

AGAIN = "Run calsync login google again."
LATER = "calsync tries again at the next sync."
_BUSY = frozenset(("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"))
_SPENT = frozenset(("dailyLimitExceeded", "dailyLimitExceededUnreg", "calendarUsageLimitsExceeded"))
_SCOPES = frozenset(("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"))
_SWITCHED_OFF = frozenset(("accessNotConfigured", "SERVICE_DISABLED"))
_LONGEST_WAIT = 60.0


class GoogleError(CalsyncError):
    """Google did not do what it was asked: ``status`` is that of its answer, 0 where there was none,
    and ``reason`` its word for it."""

    exit_code = 3

    def __init__(self, message: str, remedy: str = "", status: int = 0, reason: str = "") -> None:
        super().__init__(message, remedy)
        self.status, self.reason = status, reason


class _Passing(Exception):
    """A failure that may pass; ``wait`` is what Google asked for, in seconds."""

    def __init__(self, what: str, wait: float | None = None, status: int = 0, reason: str = "") -> None:
        super().__init__(what)
        self.wait, self.status, self.reason = wait, status, reason


@dataclass(frozen=True, slots=True)
class Patience:
    """``attempts`` in all; ``wait`` sleeps."""

    attempts: int = 5
    wait: Callable[[float], None] = time.sleep


class Google:
    """One account's calendars. Not for several threads at once."""

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        self.account = account
        self.who = (urlsplit(account.endpoint).hostname or "Google") if account.endpoint else "Google"
        self._patience = patience or Patience()
        self._opened: Any = None
        self.at: datetime | None = None
        """When Google answered last, by its own clock."""

    def ask(
        self, request: Callable[[Any], Any], headers: Mapping[str, str] | None = None, *, once: bool = False
    ) -> dict[str, Any]:
        """Google's answer to the request that ``request`` makes of its Calendar API.

        It may be sent more than once: it must do no harm twice. Even with ``once`` the library
        underneath sends it again where the connection broke before an answer came.
        Raises SignInError where the account is refused, GoogleError for everything else.
        """
        attempts = 1 if once else self._patience.attempts
        for attempt in range(1, attempts + 1):
            try:
                return self._once(request, headers or {})
            except _Passing as trouble:
                wait = 2.0 ** (attempt - 1) if trouble.wait is None else trouble.wait
                if attempt == attempts or wait > _LONGEST_WAIT:
                    raise GoogleError(f"{self.who} {trouble}", LATER, trouble.status, trouble.reason) from trouble
                self._patience.wait(wait)
        raise AssertionError("a request needs at least one attempt")

    def pages(self, request: Callable[[Any, str | None], Any]) -> Iterator[dict[str, Any]]:
        """All pages of a list, as :meth:`ask` would answer them; ``request`` is given the token of the
        next one. A page may be empty though there are more."""
        token: str | None = None
        while True:
            page = self.ask(partial(_at, request, token))
            yield page
            token = page.get("nextPageToken")
            if not token:
                return

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _once(self, request: Callable[[Any], Any], headers: Mapping[str, str]) -> dict[str, Any]:
        import http.client

        service = self._service()
        import httplib2
        from google.auth.exceptions import TransportError
        from googleapiclient.errors import HttpError

        asked = request(service)
        asked.headers.update(headers)
        asked.add_response_callback(self._note_time)
        try:
            answer = asked.execute(num_retries=0)
        except HttpError as error:
            raise self._refused(error.resp, error.content) from error
        except httplib2.ServerNotFoundError as error:
            raise _Passing("cannot be found: no such host, or no network") from error
        except TimeoutError as error:
            raise _Passing("did not answer in time") from error
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error, TransportError) as error:
            raise _Passing("cannot be reached, or broke the connection") from error
        if isinstance(answer, dict):
            return answer
        # The library gives out JSON that ends too early as if it were a text.
        if asked.method != "DELETE":
            raise _Passing("gave an answer that is cut short")
        return {}

    def _note_time(self, response: Mapping[str, str]) -> None:
        self.at = _date(response.get("date", "")) or self.at

    def _refused(self, response: Mapping[str, str], content: bytes) -> Exception:
        status = int(response["status"])
        reason, said = reason_of(content)
        if status == 401:
            remedy = AGAIN if self.account.is_users else "Check service_account and subject in the config."
            return SignInError(f"{self.who} does not accept calsync's sign-in any more", remedy)
        if reason in _SCOPES:
            remedy = "Run calsync login google again, and leave all boxes ticked."
            if not self.account.is_users:
                remedy = "In Google's Admin console, give the service account the scopes that docs/google.md names."
            return SignInError(f"calsync's sign-in with {self.who} does not allow this ({reason})", remedy)
        if status in (408, 425) or status >= 500:
            return _Passing(f"is out of order or overloaded ({status})", _wait(response), status, reason)
        if status == 429 or reason in _BUSY:
            return _Passing(f"asks calsync to slow down ({reason or status})", _wait(response), status, reason)
        if reason in _SPENT:
            return GoogleError(f"{self.who} allows no more for today ({reason})", LATER, status, reason)
        if reason in _SWITCHED_OFF:
            return GoogleError(
                "the Google Calendar API is switched off in your Google Cloud project",
                "Enable it there, under APIs & Services, Library, Google Calendar API.",
                status,
                reason,
            )
        if status == 403:
            sentence = f"{self.who} does not allow this ({reason or status})"
            return GoogleError(sentence, "Check that this account may use that calendar.", status, reason)
        if status in (404, 410):
            sentence = f"{self.who} knows nothing of that name ({reason or status})"
            return GoogleError(sentence, "It may have been deleted: correct the config.", status, reason)
        sentence = f"{self.who} refused a request ({reason or status}){': ' if said else ''}{said}"
        return GoogleError(sentence, LATER, status, reason)

    def _service(self) -> Any:
        if self._opened is None:
            from calsync.google.service import service_of

            self._opened = service_of(self.account)
        return self._opened


def _at(request: Callable[[Any, str | None], Any], token: str | None, api: Any) -> Any:
    return request(api, token)


def reason_of(content: bytes) -> tuple[str, str]:
    """Google's word for a refusal, and its sentence for people; both empty where it says nothing."""
    try:
        error = json.loads(content)["error"]
        said = " ".join(str(error.get("message", "")).split())[:200]
        found = [each.get("reason") for key in ("errors", "details") for each in error.get(key) or ()]
        return next((str(reason) for reason in found if reason), ""), said
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""


def _wait(response: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After asks for (RFC 9110 §10.2.3); None where it says nothing."""
    text = str(response.get("retry-after", "")).strip()
    if text.isdecimal():
        return float(text)
    at, now = _date(text), _date(response.get("date", ""))
    return max(0.0, (at - now).total_seconds()) if at and now else None


def _date(text: str) -> datetime | None:
    """A date of HTTP (RFC 9110 §5.6.7), in UTC; None where it is none."""
    from email.utils import parsedate_to_datetime

    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def moment(text: object) -> datetime:
    """A time as Google writes it (RFC 3339), in UTC. Raises ValueError for anything else."""
    return datetime.fromisoformat(str(text)).astimezone(UTC)
