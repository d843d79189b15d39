"""What surrounds every page behind the login: where one can go, what was just answered with the way
back, and what is wrong, told loudly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from calsync.asking import answers
from calsync.asking.agenda import identities_of, in_inbox
from calsync.config import Config
from calsync.ledger import promises, who
from calsync.ledger.ledger import Ledger
from calsync.ledger.who import describe
from calsync.outputs.answering import Expired, admitted
from calsync.people.addresses import canonical
from calsync.web.answering import FURTHEST, present, way_back
from calsync.web.rendering import day_of, page
from calsync.web.session import Doorkeeper

_QUIET = timedelta(days=2)
"""After so long without a sync the page says so."""

_SAID = {
    "ignore": ("ignored", "is ignored from now on", "heed"),
    "stop": ("stopped", "no more follow-ups", "resume"),
    "accept": ("accepted", "is let in", ""),
}


@dataclass
class Frame:
    """What all pages are made from; a ledger is opened for each request."""

    config: Config
    door: Doorkeeper
    address: str

    def now(self) -> datetime:
        """The present, in the user's zone."""
        return present().astimezone(self.config.me.zone)

    def page(self, name: str, session: str, ledger: Ledger, request: Request, **told: Any) -> Response:
        """Return a page with all that surrounds it."""
        now = self.now()
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return page(
            name,
            here=name,
            to=way_back(here),
            form_key=self.door.form_key(session),
            held=len(in_inbox(ledger, self.config)),
            now=now,
            tomorrow=now.date() + timedelta(days=1),
            last_day=now.date() + FURTHEST,
            troubles=_troubles(ledger, self.config, now),
            told=self._answered(request, ledger, now) or self._said(request, ledger),
            **told,
        )

    def _answered(self, request: Request, ledger: Ledger, now: datetime) -> dict[str, str] | None:
        """What was just answered to a reminder, with the way back."""
        shown = request.query_params.get("did", "")
        try:
            reminder = admitted(self.door.key, shown, now.date())
        except Expired:
            return None
        found = answers.of_reminder(self.config, ledger, reminder) if reminder else []
        if not found:
            return None
        one = request.query_params.get("one", "")
        found = [entry for entry in found if not one or entry.id == one]
        back = request.query_params.get("back", "")
        answered = promises.answered_at(ledger, [entry.id for entry in found])
        ended = [e for e in found if answers.can_take_back(e, answered.get(e.id), now)]
        if not back and not ended:
            return None
        first = (found if back else ended)[0]
        words = f"moved to {day_of(first.start)}" if back and first.start else first.state.value
        sent = {"do": "undo", "back": back, "one": one}
        return {
            "title": first.title.removeprefix("✓ "),
            "words": words,
            "action": f"/a/{shown}",
            **{key: value for key, value in sent.items() if value},
        }

    def _said(self, request: Request, ledger: Ledger) -> dict[str, str] | None:
        """What was just said of a person, where it still holds, with the way back."""
        asked, about = request.query_params.get("said", ""), request.query_params.get("about", "")[:320]
        if asked not in _SAID or "@" not in about:
            return None
        key, words, undo = _SAID[asked]
        identities = identities_of(self.config, ledger)
        person = identities.of(canonical(about))
        if not any(key in who.said(ledger).get(own, {}) for own in identities.addresses(person)):
            return None
        name, addresses = describe(ledger, identities, [person])[person]
        told = {"title": name or next(iter(addresses), about), "words": words, "action": "/say", "who": about}
        return told | ({"do": undo} if undo else {})


def _troubles(ledger: Ledger, config: Config, now: datetime) -> list[str]:
    """What is wrong with the nights, in a sentence each."""
    found = []
    for table, own, verb in (("source", config.sources, "read"), ("output", config.outputs, "written")):
        names = {each.name for each in own}
        rows = ledger.rows(f"SELECT name, failed_since FROM {table} WHERE failed_since IS NOT NULL ORDER BY name")
        for name, since in rows:
            if name in names:
                found.append(f"{name} cannot be {verb} since {day_of(datetime.fromtimestamp(since, now.tzinfo))}.")
    last = int(ledger.note("last sync") or 0)
    if not last:
        return [*found, "No sync went through so far."]
    if now - datetime.fromtimestamp(last, now.tzinfo) > _QUIET:
        found.append(f"The last sync was on {day_of(datetime.fromtimestamp(last, now.tzinfo))}.")
    return found
