"""The pages for each morning: today, one reminder, the week, who is held, and how it goes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from calsync.asking.agenda import entries, in_inbox
from calsync.asking.answers import of_reminder
from calsync.asking.standing import left_out, runs, standing
from calsync.ledger.ledger import Ledger
from calsync.model import OPEN
from calsync.web.frame import Frame
from calsync.web.rendering import word
from calsync.web.subscribing import subscriptions
from calsync.web.today import cards, week

_SHOWN = 60
"""So many people are on one page at most: pages stay small."""

_DUE = 15


class DeskPages(Frame):
    """The pages that show reminders, and what they come from."""

    def today(self, request: Request, session: str, ledger: Ledger) -> Response:
        now = self.now()
        shown = cards(ledger, self.door.key, entries(ledger, self.config, now))
        due = [card for card in shown if card.entry.start and card.entry.start.date() <= now.date()]
        coming = [card for card in shown if card not in due]
        told = {"due": due[:_DUE], "number": len(due), "more": max(0, len(due) - _DUE), "coming": coming[:5]}
        return self.page("today", session, ledger, request, **told)

    def reminder(self, request: Request, session: str, ledger: Ledger) -> Response:
        asked = request.query_params.get("is", "")[:100]
        found = [e for e in of_reminder(self.config, ledger, asked) if e.followup.reminder and e.start is not None]
        standing_ = [entry for entry in found if entry.state in OPEN] or found
        if not standing_:
            return word("Nothing there", "calsync knows of no such reminder.", 404, back="/")
        (card, *_) = cards(ledger, self.door.key, standing_)
        return self.page("reminder", session, ledger, request, card=card, is_open=card.entry.state in OPEN)

    def week(self, request: Request, session: str, ledger: Ledger) -> Response:
        now = self.now()
        today = now.date()
        asked = request.query_params.get("of", "")
        try:
            day = date.fromisoformat(asked) if asked else today
            first = day - timedelta(days=day.weekday())
            before, after = first - timedelta(days=7), first + timedelta(days=7)
        except (ValueError, OverflowError):
            return word("No such week", "A week is named by one of its days, such as 2026-05-18.", 400, back="/week")
        shown = cards(ledger, self.door.key, entries(ledger, self.config, now))
        days = week(shown, first)
        later = next((card for card in shown if card.entry.start and card.entry.start.date() >= after), None)
        told = {"days": days, "today": today, "before": before, "after": after, "later": later}
        return self.page("week", session, ledger, request, **told, number=sum(len(each.cards) for each in days))

    def held(self, request: Request, session: str, ledger: Ledger) -> Response:
        waiting = in_inbox(ledger, self.config)
        more = max(0, len(waiting) - _SHOWN)
        return self.page("held", session, ledger, request, waiting=waiting[:_SHOWN], more=more)

    def health(self, request: Request, session: str, ledger: Ledger) -> Response:
        now = self.now()
        return self.page(
            "health",
            session,
            ledger,
            request,
            now_told=standing(self.config, ledger, now),
            runs=runs(ledger, self.config.me.zone, 10),
            left_out=left_out(ledger)[:20],
            feeds=subscriptions(self.config, ledger, self.address, now),
            time=datetime.fromisoformat,
        )
