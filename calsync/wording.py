"""What a reminder says: who, where and when you met, why this now, and a draft to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from calsync.ids import digest_id
from calsync.model import FollowUp, Reminder, Slot, State
from calsync.people.meetings import Meeting
from calsync.rules.channels import FORMS
from calsync.rules.drafts import TemplateError, draft_of, mailto, title_of, words_for
from calsync.rules.schema import Pack, Rule, Step
from calsync.timing.working_time import WorkingTime

# Part of what decides a text: raise it when the same inputs would be told differently.
_EDITION = "1"


@dataclass(frozen=True)
class Someone:
    """A person as told to the user: latest address first. ``zone`` is their time zone where known
    and ``zone_known`` how; ``namesakes`` are addresses of people with the same full name."""

    name: str
    addresses: tuple[str, ...]
    zone: tzinfo | None = None
    zone_known: str = ""
    namesakes: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        return self.name or (self.addresses[0] if self.addresses else "somebody")


@dataclass(frozen=True)
class Scene:
    """All that a reminder's text depends on."""

    slot: Slot
    members: Sequence[tuple[FollowUp, Someone]]
    pack: Pack
    rule: Rule
    step: Step
    meeting: Meeting | None
    mine: WorkingTime
    me: str
    hide_title: bool

    def inputs(self) -> str:
        """Return a digest of everything that the text tells."""
        meeting = self.meeting
        about = (meeting.title, meeting.event.place, meeting.event.url, meeting.source) if meeting else ()
        return digest_id(
            _EDITION,
            self.pack.name,
            self.rule.id,
            self.step,
            self.pack.messages.get(self.step.message) if isinstance(self.step.message, str) else "",
            [
                (f.state is State.DONE, f.state is State.PROVISIONAL, f.meeting_start, f.last_day, who)
                for f, who in self.members
            ],
            about,
            self._hidden,
            self.me,
            self.slot.start,
        )

    @property
    def _hidden(self) -> bool:
        return self.hide_title and self.meeting is not None and self.meeting.event.private


def reminder(scene: Scene) -> Reminder:
    """Tell a reminder. A template that cannot be filled in is replaced by the channel's own words."""
    slot, step = scene.slot, scene.step
    followups = [followup for followup, _ in scene.members]
    people = [who for _, who in scene.members]
    done = all(followup.state is State.DONE for followup in followups)
    lead = followups[0]
    zone = scene.mine.zone
    event = None if scene.meeting is None or scene._hidden else scene.meeting.event
    words = words_for(
        [who.called for who in people],
        meeting="" if scene._hidden else lead.meeting_title,
        day=lead.meeting_start.astimezone(zone).date(),
        place=event.place if event else "",
        me=scene.me,
    )
    try:
        title = title_of(step, words)
    except TemplateError:
        title = title_of(step.model_copy(update={"title": ""}), words)
    symbol = FORMS[step.channel].symbol
    url = event.url if event and event.url.lower().startswith(("http://", "https://")) else ""
    return Reminder(
        id=slot.id,
        start=slot.start,
        end=slot.end,
        title=f"✓ {symbol} {title}" if done else f"{symbol} {title}",
        description=_description(scene, words, people, lead),
        names=tuple(who.called for who in people),
        step=step.id.replace("-", " "),
        rule=f"{scene.pack.name}/{scene.rule.id}/{step.id}",
        meeting=slot.meeting,
        url=url,
        done=done,
    )


def _description(scene: Scene, words: object, people: Sequence[Someone], lead: FollowUp) -> str:
    zone = scene.mine.zone
    parts: list[str] = []
    if lead.state is State.PROVISIONAL:
        parts.append("Provisional: the meeting is still to come. This leaves your calendar if it is cancelled.")
    who = []
    for someone in people:
        address = f" <{someone.addresses[0]}>" if someone.name and someone.addresses else ""
        line = f"{someone.called}{address}"
        if someone.namesakes:
            line += f" (may be the same person as {', '.join(someone.namesakes)})"
        who.append(line)
    parts.append("\n".join(who))
    parts.append(_where(scene, lead, zone))
    parts.append(_why(scene, lead))
    their_time = _their_time(scene, people)
    if their_time:
        parts.append(their_time)
    try:
        draft = draft_of(scene.pack, scene.step, words)  # type: ignore[arg-type]
    except TemplateError as error:
        draft = None
        parts.append(f"The draft of this step cannot be filled in: {error}")
    if draft is not None:
        subject = f"Subject: {draft.subject}\n" if draft.subject else ""
        parts.append(f"Draft\n{subject}{draft.body}")
        addresses = [someone.addresses[0] for someone in people if someone.addresses]
        if scene.step.channel == "email" and addresses:
            parts.append(mailto(addresses, draft.subject, draft.body))
    return "\n\n".join(parts)


def _when(start: datetime, zone: tzinfo) -> str:
    local = start.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y}"


def _where(scene: Scene, lead: FollowUp, zone: tzinfo) -> str:
    start, end = lead.meeting_start.astimezone(zone), lead.meeting_end.astimezone(zone)
    hours = "" if scene.meeting is not None and scene.meeting.all_day else f", {start:%H:%M} to {end:%H:%M}"
    verb = "You meet" if lead.state is State.PROVISIONAL else "You met"
    if scene._hidden:
        return f"{verb} at a private meeting on {_when(lead.meeting_start, zone)}{hours}."
    title = f"“{lead.meeting_title}”" if lead.meeting_title else "a meeting without a title"
    place = scene.meeting.event.place if scene.meeting is not None else ""
    at = f", {place}" if place else ""
    return f"{verb} at {title} on {_when(lead.meeting_start, zone)}{hours}{at}."


def _why(scene: Scene, lead: FollowUp) -> str:
    step = scene.step
    last = lead.last_day
    unless = {"met": "you meet again", "booked": "another meeting is booked"}
    stops = " or ".join(unless[word] for word in step.unless)
    quiet = f" It goes quiet when {stops}." if stops else ""
    return (
        f"Why now: {step.after} after the meeting ({scene.rule.summary or scene.rule.id}; step {step.id})."
        f" It makes sense until {last:%A} {last.day} {last:%B}.{quiet}"
    )


def _their_time(scene: Scene, people: Sequence[Someone]) -> str:
    lines = []
    mine = scene.slot.start.astimezone(scene.mine.zone)
    for someone in people:
        if someone.zone is None:
            continue
        theirs = scene.slot.start.astimezone(someone.zone)
        if theirs.utcoffset() != mine.utcoffset():
            lines.append(f"For {someone.called} it is {theirs:%H:%M} then ({someone.zone}, {someone.zone_known}).")
    return "\n".join(lines)


def told(people: Mapping[str, Someone], person: str, fallback: FollowUp) -> Someone:
    """Return the person as known, or as the follow-up remembers them."""
    return people.get(person) or Someone(fallback.name, (fallback.address,))
