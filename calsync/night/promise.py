"""What was planned becomes a promise: committed to the ledger, with its words, before anything is
written anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from calsync.arrange import Arranged
from calsync.ledger import promises
from calsync.ledger.ledger import Ledger
from calsync.model import OPEN, FollowUp, Slot, State, of_cadence
from calsync.night.desk import Desk
from calsync.night.gather import Gathered
from calsync.night.offering import Proposal, offers
from calsync.plan import Plan
from calsync.report import Difference, Report
from calsync.situation import Promise
from calsync.wording import Scene, reminder, told


def keep(ledger: Ledger, gathered: Gathered, planned: Plan, arranged: Arranged, now: datetime) -> list[FollowUp]:
    """Write what changed: follow-ups, the places of their reminders, and what rules saw of their
    meetings. Returns the follow-ups that changed."""
    before = {row.id: row for row in gathered.situation.promised}
    slots_before = {slot.id: slot for slot in gathered.slots}
    changed = [row for row in arranged.followups if before.get(row.id) != row]
    promises.promise(ledger, changed, now)
    promises.put_slots(ledger, [slot for slot in arranged.slots if slots_before.get(slot.id) != slot])
    known_facts = gathered.situation.facts
    for (person, meeting), facts in planned.facts.items():
        if known_facts.get((person, meeting)) != facts:
            promises.put_facts(ledger, person, meeting, facts)
    return changed


def promise(desk: Desk, gathered: Gathered, planned: Plan, arranged: Arranged, report: Report) -> None:
    """Write what the night decided, with its words, and tell of it in the report."""
    ledger = desk.ledger
    before = {row.id: row for row in gathered.situation.promised}
    changed = keep(ledger, gathered, planned, arranged, desk.now)
    slots = {slot.id: slot for slot in arranged.slots}
    titles = _tell(desk, gathered, planned, arranged)
    report.starting = list(planned.starting)
    report.changed = [
        (row, slots.get(row.reminder))
        for row in changed
        if (old := before.get(row.id)) is None or old.state != row.state
    ]
    report.held = sum(row.state is State.HELD for row in arranged.followups)
    for note in arranged.notes:
        id_, _, words = note.partition("\t")
        report.notes.append(f"{titles.get(id_) or _title(ledger, id_)}: {words}")
    report.differences = _differences(ledger, gathered, arranged, desk.now)


def _tell(desk: Desk, gathered: Gathered, planned: Plan, arranged: Arranged) -> dict[str, str]:
    """Put the words into every reminder whose words changed; return the new titles by id."""
    by_id = {promise.followup.id: promise for promise in planned.promises}
    # One that was found in an output has the id and the round that it has there.
    by_place = {_place(promise.followup): promise for promise in planned.promises}
    by_reminder: dict[str, list[FollowUp]] = {}
    for row in arranged.followups:
        if of_cadence(row) and row.state is State.PLANNED:
            continue  # far ahead, in no output, and still to be moved: told when it comes nearer
        if row.reminder and (row.state in OPEN or row.state in (State.DONE, State.MISSED)):
            by_reminder.setdefault(row.reminder, []).append(row)
    live = {slot.id: slot for slot in arranged.slots if slot.removed is None}
    wanted = {id_: rows for id_, rows in by_reminder.items() if id_ in live}
    people = desk.someones(
        (desk.person(row.address) for rows in wanted.values() for row in rows),
        {**gathered.situation.ties, **gathered.situation.views},
    )
    inputs_before = dict(
        desk.ledger.in_list(
            "SELECT id, inputs FROM reminder WHERE id IN (SELECT value FROM json_each(?))", sorted(wanted)
        )
    )
    leads: dict[str, Promise] = {}
    for id_, rows in sorted(wanted.items()):
        asked = (by_id.get(row.id) or by_place.get(_place(row)) for row in rows)
        lead = next((each for each in asked if each is not None and each.step is not None), None)
        lead = lead or _from_pack(desk, rows[0])
        if lead is not None and lead.step is not None and lead.rule is not None:
            leads[id_] = lead
    facts = {**gathered.situation.facts, **planned.facts}
    scenes: list[Scene] = []
    for id_, lead in leads.items():
        assert lead.step is not None
        assert lead.rule is not None
        rows = wanted[id_]
        shown = [row for row in rows if row.state in OPEN] or rows
        rows_told = sorted(shown, key=lambda row: (row.name, row.address))
        seen = [facts.get((desk.person(row.address), row.meeting)) for row in rows_told]
        first_met = any(each is not None and each.meeting == "first" for each in seen)
        scenes.append(
            Scene(
                live[id_],
                [(row, told(people, desk.person(row.address), row)) for row in rows_told],
                next(pack for pack in desk.packs if lead.rule in pack.rules),
                lead.rule,
                lead.step,
                gathered.situation.meetings.get(rows[0].meeting),
                desk.mine,
                desk.config.me.name,
                gathered.situation.hide_title,
                first_contact=first_met and lead.step == lead.rule.first_step,
            )
        )
    titles: dict[str, str] = {}
    proposed = offers(desk, [p for scene in scenes if (p := _proposal(scene)) is not None])
    for scene in scenes:
        id_ = scene.slot.id
        scene = replace(scene, offer=proposed.get(id_))
        inputs = scene.inputs()
        is_over = all(row.state is State.MISSED for row, _ in scene.members)
        if inputs_before.get(id_) == inputs or (is_over and inputs_before.get(id_)):
            continue
        text = reminder(scene)
        titles[id_] = text.title
        promises.put_words(desk.ledger, text, inputs, scene.pack.name)
    return titles


def _place(row: FollowUp) -> tuple[str, str, str, str]:
    return (row.address, row.meeting, row.rule, row.step)


def _proposal(scene: Scene) -> Proposal | None:
    """The times that a reminder asks for; None where its form proposes none."""
    if (offering := scene.offering) is None:
        return None
    zones = {str(who.zone): who.zone for _, who in scene.members if who.zone is not None}
    done = all(row.state is State.DONE for row, _ in scene.members)
    return Proposal(scene.slot, offering, tuple(zones[name] for name in sorted(zones)), done)


def _from_pack(desk: Desk, row: FollowUp) -> Promise | None:
    """The step of a follow-up that no rule had to be asked for: it is done, or kept as it was."""
    for pack in desk.packs:
        for rule in pack.rules:
            for index, step in enumerate(rule.steps):
                if (rule.id, step.id) == (row.rule, row.step):
                    return Promise(row, step, rule, index)
    return None


def _title(ledger: Ledger, id_: str) -> str:
    return str(ledger.value("SELECT title FROM reminder WHERE id = ?", id_) or id_)


def _differences(ledger: Ledger, gathered: Gathered, arranged: Arranged, now: datetime) -> list[Difference]:
    """What changes in the outputs tonight, soonest first."""
    before: Mapping[str, Slot] = {slot.id: slot for slot in gathered.slots}
    causes = {row.reminder: row.cause for row in arranged.followups if row.reminder}
    found: list[Difference] = []
    for slot in arranged.slots:
        old = before.get(slot.id)
        if old is None and slot.removed is None:
            kind = "create"
        elif slot.removed is not None and (old is None or old.removed is None):
            kind = "remove"
        elif old is not None and (old.start, old.end) != (slot.start, slot.end):
            kind = "change"
        else:
            continue
        found.append(Difference(kind, slot.id, _title(ledger, slot.id), slot.start, slot.end, causes.get(slot.id, "")))
    return sorted(found, key=lambda each: (each.start, each.reminder))
