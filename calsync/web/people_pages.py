"""People on the page: all of them, one of them with everything since you met, and your word about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from calsync.asking import answers
from calsync.asking.agenda import Entry
from calsync.asking.directory import everybody, set_words
from calsync.asking.explain import MeetingTold, PersonTold, tell_person
from calsync.asking.finding import one_person, people_named
from calsync.cadence import TIERS
from calsync.errors import UsageError
from calsync.ledger.ledger import Ledger
from calsync.ledger.who import fold
from calsync.night.desk import Desk
from calsync.sync import desk_of
from calsync.web.answering import give, present
from calsync.web.frame import Frame
from calsync.web.rendering import word

_SHOWN = 60
"""So many people, or things that happened, are on one page at most: pages stay small."""

_LEADS_TO = {"accept": "/held", "ignore": "/held", "heed": "/held", "stop": "/people", "resume": "/people"}


@dataclass(frozen=True)
class Happening:
    """A meeting or a follow-up in the time with somebody."""

    at: datetime
    meeting: MeetingTold | None = None
    followup: Entry | None = None


class PeoplePages(Frame):
    """The pages that show people."""

    def people(self, request: Request, session: str, ledger: Ledger) -> Response:
        asked = request.query_params.get("q", "").strip()[:100]
        known = everybody(desk_of(self.config, ledger, present()))
        if asked:
            wanted = fold(asked)
            known = [p for p in known if wanted in fold(p.name) or any(wanted in a for a in p.addresses)]
        told = {"asked": asked, "known": known[:_SHOWN], "number": len(known), "most": _SHOWN}
        return self.page("people", session, ledger, request, **told)

    def person(self, request: Request, session: str, ledger: Ledger) -> Response:
        asked = request.query_params.get("who", "")[:320]
        desk = desk_of(self.config, ledger, present())
        found = people_named(ledger, desk.circle.identities, asked) if "@" in asked else []
        if not found:
            return word("Nobody", "calsync knows nobody under that address.", 404, back="/people")
        told = tell_person(desk, found[0])
        said: dict[str, str] = {}
        for address in found[0].addresses:
            said |= desk.said.get(address, {})
        now = self.now()
        counted = [each for each in told.meetings if each.counts]
        happened = happenings(told, now)
        ahead = [each for each in happened if each.at > now][::-1]
        return self.page(
            "person",
            session,
            ledger,
            request,
            found=found[0],
            why=told,
            said=said,
            tiers=TIERS,
            met=max((each.start for each in counted if each.start <= now), default=None),
            next=min((each.start for each in counted if each.start > now), default=None),
            ahead=ahead[:_SHOWN],
            behind=[each for each in happened if each.at <= now][:_SHOWN],
        )

    def say(self, request: Request, session: str, ledger: Ledger, sent: dict[str, str]) -> Response:
        """Do what a form of the page asks of a person."""
        asked, about = sent.get("do", ""), sent.get("who", "")[:320]
        tier = sent.get("tier", "")
        if (asked not in _LEADS_TO and asked != "tier") or "@" not in about:
            return word("Not understood", "That is nothing that can be said of a person.", 400, back="/people")

        def answer(desk: Desk) -> str:
            found = one_person(ledger, desk.circle.identities, about)
            if asked == "accept":
                answers.accept(desk, found)
            elif asked == "ignore":
                set_words(desk, found.person, {"ignored": "yes", "accepted": None})
            elif asked == "heed":
                set_words(desk, found.person, {"ignored": None})
            elif asked == "tier":
                set_words(desk, found.person, {"tier": tier or None})
            else:
                answers.say(desk, found, "stopped", "yes" if asked == "stop" else None)
            own = f"/person?{urlencode({'who': about})}"
            if asked == "tier" or (asked in ("stop", "resume") and sent.get("to") == "person"):
                return own + ("&" + urlencode({"said": asked, "about": about}) if asked == "stop" else "")
            if asked in ("heed", "resume"):
                return _LEADS_TO[asked]
            return f"{_LEADS_TO[asked]}?{urlencode({'said': asked, 'about': about})}"

        try:
            return RedirectResponse(give(self.config, ledger, present(), answer), 303)
        except UsageError as error:
            return word("That did not work", str(error), 409, back=_LEADS_TO.get(asked, "/people"))


def happenings(told: PersonTold, now: datetime) -> list[Happening]:
    """Return meetings and follow-ups in one line of time, the latest first.

    A follow-up stands where its reminder does, and where there is none, where it came to its end.
    """
    found = [Happening(each.start, meeting=each) for each in told.meetings]
    for entry in told.followups:
        changes = (told.changes or {}).get(entry.id, [])
        at = entry.start or (changes[-1][0].astimezone(now.tzinfo) if changes else entry.meeting_start)
        found.append(Happening(at, followup=entry))
    return sorted(found, key=lambda each: (each.at, each.followup is not None), reverse=True)
