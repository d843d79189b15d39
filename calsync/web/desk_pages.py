"""The page behind the login: today, the week, who is held, people, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from calsync.asking import answers
from calsync.asking.agenda import entries, in_inbox
from calsync.asking.directory import everybody, set_words
from calsync.asking.explain import tell_person
from calsync.asking.finding import one_person, people_named
from calsync.asking.standing import left_out, runs, standing
from calsync.config import Config, IcsOutput
from calsync.errors import UsageError
from calsync.ledger import promises
from calsync.ledger.doors import feed_token
from calsync.ledger.ledger import Ledger
from calsync.ledger.who import fold
from calsync.night.desk import Desk
from calsync.outputs.answering import Expired, admitted
from calsync.sync import desk_of
from calsync.web.answering import give, present
from calsync.web.rendering import page, word
from calsync.web.session import Doorkeeper
from calsync.web.today import cards, week

_SHOWN = 60
"""So many people, meetings or follow-ups are on one page at most: pages stay small."""


@dataclass
class Pages:
    """What the pages are made from; a ledger is opened for each request."""

    config: Config
    door: Doorkeeper
    address: str

    def _page(self, name: str, session: str, ledger: Ledger, **told: Any) -> Response:
        now = present().astimezone(self.config.me.zone)
        held = len(in_inbox(ledger, self.config))
        return page(name, here=name, form_key=self.door.form_key(session), held=held, now=now, **told)

    def today(self, request: Request, session: str, ledger: Ledger) -> Response:
        now = present()
        local = now.astimezone(self.config.me.zone)
        open_ = entries(ledger, self.config, now)
        shown = cards(ledger, self.door.key, open_)
        due = [card for card in shown if card.entry.start and card.entry.start.date() <= local.date()]
        coming = [card for card in shown if card not in due]
        return self._page(
            "today",
            session,
            ledger,
            due=due[:20],
            more=max(0, len(due) - 20),
            coming=coming[:5],
            told=self._told(request, ledger, now),
        )

    def _told(self, request: Request, ledger: Ledger, now: datetime) -> dict[str, str] | None:
        """What was just answered, with the way back."""
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
        words = f"moved to {first.start:%A} {first.start.day} {first.start:%B}" if back and first.start else first.state
        return {"title": first.title.removeprefix("✓ "), "words": str(words), "ticket": shown, "back": back, "one": one}

    def week(self, request: Request, session: str, ledger: Ledger) -> Response:
        now = present()
        today = now.astimezone(self.config.me.zone).date()
        asked = request.query_params.get("of", "")
        try:
            day = date.fromisoformat(asked) if asked else today
            first = day - timedelta(days=day.weekday())
            before, after = first - timedelta(days=7), first + timedelta(days=7)
        except (ValueError, OverflowError):
            return word("No such week", "A week is named by one of its days, such as 2026-05-18.", 400)
        shown = cards(ledger, self.door.key, entries(ledger, self.config, now))
        return self._page("week", session, ledger, days=week(shown, first), today=today, before=before, after=after)

    def held(self, request: Request, session: str, ledger: Ledger) -> Response:
        waiting = in_inbox(ledger, self.config)
        return self._page("held", session, ledger, waiting=waiting[:_SHOWN], more=max(0, len(waiting) - _SHOWN))

    def people(self, request: Request, session: str, ledger: Ledger) -> Response:
        asked = request.query_params.get("q", "").strip()[:100]
        known = everybody(desk_of(self.config, ledger, present()))
        if asked:
            wanted = fold(asked)
            known = [p for p in known if wanted in fold(p.name) or any(wanted in a for a in p.addresses)]
        return self._page("people", session, ledger, asked=asked, known=known[:_SHOWN], number=len(known), most=_SHOWN)

    def person(self, request: Request, session: str, ledger: Ledger) -> Response:
        asked = request.query_params.get("who", "")[:320]
        desk = desk_of(self.config, ledger, present())
        found = people_named(ledger, desk.circle.identities, asked) if "@" in asked else []
        if not found:
            return word("Nobody", "calsync knows nobody under that address.", 404)
        told = tell_person(desk, found[0])
        said: dict[str, str] = {}
        for address in found[0].addresses:
            said |= desk.said.get(address, {})
        recent = sorted(told.meetings, key=lambda each: each.start, reverse=True)
        return self._page(
            "person",
            session,
            ledger,
            found=found[0],
            told=told,
            said=said,
            meetings=recent[:_SHOWN],
            followups=told.followups[:_SHOWN],
        )

    def health(self, request: Request, session: str, ledger: Ledger) -> Response:
        now = present().astimezone(self.config.me.zone)
        feeds = []
        for output in self.config.outputs:
            if isinstance(output, IcsOutput):
                path = f"/feed/{feed_token(ledger, output.name, now)}.ics"
                webcal = f"webcal://{self.address.partition('://')[2]}{path}"
                feeds.append((output.name, output.details, f"{self.address}{path}", webcal))
        return self._page(
            "health",
            session,
            ledger,
            told=standing(self.config, ledger, now),
            runs=runs(ledger, self.config.me.zone, 10),
            left_out=left_out(ledger)[:20],
            feeds=feeds,
            time=datetime.fromisoformat,
        )

    def say(self, ledger: Ledger, sent: dict[str, str]) -> Response:
        """Do what a form of the page asks of a person: accept, ignore, stop, resume."""
        asked, who = sent.get("do", ""), sent.get("who", "")
        places = {"accept": "/held", "ignore": "/held", "stop": "/people", "resume": "/people"}
        if asked not in places or "@" not in who:
            return word("Not understood", "That is nothing that can be said of a person.", 400)

        def answer(desk: Desk) -> str:
            found = one_person(ledger, desk.circle.identities, who)
            if asked == "accept":
                answers.accept(desk, found)
            elif asked == "ignore":
                set_words(desk, found.person, {"ignored": "yes", "accepted": None})
            else:
                answers.say(desk, found, "stopped", "yes" if asked == "stop" else None)
            return places[asked]

        try:
            return RedirectResponse(give(self.config, ledger, present(), answer), 303)
        except UsageError as error:
            return word("That did not work", str(error), 409)
