"""The links in reminders: a page that asks, a button that answers, and the way back.

The answer itself is the very one that the command line gives.
"""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response

from calsync.asking import answers
from calsync.asking.agenda import Entry
from calsync.clock import now as now_of
from calsync.config import Config
from calsync.errors import UsageError
from calsync.ledger import promises, who
from calsync.ledger.doors import signing_key
from calsync.ledger.ledger import Ledger
from calsync.model import OPEN, Slot, State
from calsync.night.desk import Desk
from calsync.outputs.answering import Expired, admitted, signature
from calsync.sync import desk_of
from calsync.web.rendering import page, word

LATER = {"tomorrow": "tomorrow", "next-week": "next week"}
ACTIONS = ("done", *LATER, "day", "dismiss", "stop")
FURTHEST = timedelta(days=366)
"""How far ahead a page moves a reminder: further is a slip of the finger."""

_PLACES = {"/": "", "/week": "of", "/reminder": "is", "/person": "who"}
"""The pages that an answer can lead back to, each with the one word of its address that is kept."""

_ONE_BY_ONE = threading.Lock()


def present() -> datetime:
    return now_of(os.environ)


def give(config: Config, ledger: Ledger, now: datetime, answer: Callable[[Desk], str]) -> str:
    """Let the user answer, and the outputs follow. Returns what ``answer`` does."""
    with _ONE_BY_ONE:
        told = answer(desk_of(config, ledger, now))
        answers.settle(config, ledger, now)
    return told


def reminder_of(ledger: Ledger, shown: str) -> str | Response | None:
    """Return the reminder that a ticket admits to, None for a wrong one, a page for one that is over."""
    today = present().date()
    try:
        return admitted(signing_key(ledger), shown, today)
    except Expired:
        text = "It is too long ago. Look for the reminder in your calendar, or type calsync agenda --all."
        return word("This link is over", text, 410)


def ask(config: Config, ledger: Ledger, shown: str, reminder: str, action: str, back: str) -> Response:
    """The page behind a link. It changes nothing."""
    entries = answers.of_reminder(config, ledger, reminder)
    if not entries:
        return word("Nothing to answer", "calsync no longer knows of this reminder.", 410)
    now = present()
    said = who.said(ledger)
    answered = promises.answered_at(ledger, [entry.id for entry in entries])
    can_answer = [entry for entry in entries if entry.state in OPEN or entry.state in answers.LATE]
    live = [entry for entry in entries if entry.state in OPEN]
    shown_entry = (live or can_answer or entries)[0]
    people = {entry.followup.address: entry.called for entry in entries}
    stopped = {address for address in people if "stopped" in said.get(address, {})}
    return page(
        "answer",
        title=shown_entry.title,
        entry=shown_entry,
        people=people,
        stopped=stopped,
        state=_state(entries, can_answer),
        cause=shown_entry.cause,
        can_snooze=bool(live) and live[0].start is not None,
        can_undo=any(answers.can_take_back(entry, answered.get(entry.id), now) for entry in entries),
        back=back if _moved_from(signing_key(ledger), reminder, back) else "",
        action=action if action in ACTIONS else "",
        tomorrow=now.astimezone(config.me.zone).date() + timedelta(days=1),
        last_day=now.astimezone(config.me.zone).date() + FURTHEST,
        place=f"/a/{shown}",
    )


def _state(entries: Sequence[Entry], can_answer: Sequence[Entry]) -> str:
    if can_answer:
        return "open"
    states = {entry.state for entry in entries}
    for state in (State.DONE, State.DISMISSED):
        if state in states:
            return state.value
    return "over"


def way_back(to: str) -> str:
    """Return the page of ours from which a form says it came, empty for anything else."""
    path, _, query = to.partition("?")
    if path not in _PLACES:
        return ""
    kept = {key: value[:320] for key, value in parse_qsl(query) if key == _PLACES[path]}
    return f"{path}?{urlencode(kept)}" if kept else path


def take(config: Config, ledger: Ledger, shown: str, reminder: str, sent: dict[str, str]) -> Response:
    """The button was pressed. The same answer once more changes nothing more."""
    action = sent.get("do", "")
    entries = answers.of_reminder(config, ledger, reminder)
    place, mark = f"/a/{shown}", "?"
    if to := way_back(sent.get("to", "")):
        place, mark = f"{to}{'&' if '?' in to else '?'}did={shown}", "&"
    if one := sent.get("one"):
        entries = [entry for entry in entries if entry.id == one]
        place = f"{place}{mark}one={one}" if entries and mark == "&" else place
    now = present()
    if not entries:
        return word("Nothing to answer", "calsync no longer knows of this reminder.", 410)
    key = signing_key(ledger)
    live = [entry for entry in entries if entry.state in OPEN]
    late = [entry for entry in entries if entry.state in answers.LATE]
    who_ = sent.get("who", "")

    def finish(state: State, cause: str) -> Callable[[Desk], str]:
        def answer(desk: Desk) -> str:
            answers.mark(desk, [*live, *late], state, cause)
            return place

        return answer

    def later(desk: Desk) -> str:
        slot = promises.slots(ledger, "id = ?", live[0].followup.reminder)[0]
        answers.move(desk, [entry for entry in live if entry.followup.reminder == slot.id], when)
        return f"{place}{mark}back={_moving(key, reminder, slot, live[0].followup.last_day)}"

    def said(value: str | None) -> Callable[[Desk], str]:
        def answer(desk: Desk) -> str:
            answers.say(desk, who_, "stopped", value)
            return f"/a/{shown}/stop"

        return answer

    def put_back(desk: Desk) -> str:
        if before is None:
            answers.take_back(desk, entries)
            return place
        start, moved, last_day = before
        with ledger.atomic():
            # A move beyond the end of its window took that end along.
            promises.promise(ledger, [replace(entry.followup, last_day=last_day) for entry in live], now)
            for slot in promises.slots(ledger, "id = ? AND removed IS NULL", entries[0].followup.reminder):
                length = slot.end - slot.start
                promises.put_slots(ledger, [replace(slot, start=start, end=start + length, moved=moved)])
        return place

    before = _moved_from(key, reminder, sent.get("back", ""))
    nothing = RedirectResponse(place, 303)
    doing: dict[str, tuple[bool, Callable[[Desk], str]]] = {
        "done": (bool(live or late), finish(State.DONE, "you marked it done")),
        "dismiss": (bool(live or late), finish(State.DISMISSED, "you dismissed it")),
        **dict.fromkeys((*LATER, "day"), (bool(live), later)),
        "stop": (True, said("yes")),
        "resume": (True, said(None)),
        "undo": (before is not None or not (live or late), put_back),
    }
    known = who_ in {entry.followup.address for entry in entries}
    if action not in doing or (action in ("stop", "resume") and not known):
        return word("Not understood", "That is no answer to this reminder.", 400)
    wanted, answer = doing[action]
    if not wanted:
        return nothing  # it was answered already, or there is nothing to undo
    when = LATER.get(action) or sent.get("day", "").strip()
    if action == "day" and (problem := _no_day(when, now.astimezone(config.me.zone).date())):
        return word("That did not work", problem, 400, back=to or f"{place}/day")
    try:
        return RedirectResponse(give(config, ledger, now, answer), 303)
    except UsageError as error:
        return word("That did not work", str(error), 409, back=to or place)


def _no_day(text: str, today: date) -> str:
    """What is wrong with a day to which a reminder is to move, empty for a good one."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "Choose a day to move it to. Nothing was changed."
    if day <= today:
        return "That day is over: choose a later one. Nothing was changed."
    return (
        "" if day <= today + FURTHEST else "That is more than a year ahead: choose an earlier day. Nothing was changed."
    )


def _moving(key: bytes, reminder: str, slot: Slot, last_day: date) -> str:
    """Where a reminder stood before it was moved, signed: what undoing that needs."""
    told = f"{int(slot.start.timestamp())}.{int(slot.moved)}.{last_day.toordinal()}"
    return f"{told}.{signature(key, f'back {reminder}', told)}"


def _moved_from(key: bytes, reminder: str, back: str) -> tuple[datetime, bool, date] | None:
    told, _, signed = back.rpartition(".")
    good = signature(key, f"back {reminder}", told)
    if not told or not hmac.compare_digest(signed.encode("utf-8", "replace"), good.encode()):
        return None
    start, moved, last_day = told.split(".")
    return datetime.fromtimestamp(int(start), UTC), moved == "1", date.fromordinal(int(last_day))
