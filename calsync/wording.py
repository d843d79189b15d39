"""What a reminder says: who, where and when you met, why this now, and a draft to send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from calsync.ids import digest_id
from calsync.model import EVERY, Channel, FollowUp, Reminder, Slot, State
from calsync.people.meetings import Meeting
from calsync.rules.channels import ARRANGED, FORMS, Form, form_of
from calsync.rules.drafts import Draft, TemplateError, Words, draft_of, first_name, message_of, title_of, words_for
from calsync.rules.links import mailto, sms, tel
from calsync.rules.schema import Pack, Rule, Step
from calsync.rules.slots import for_me, for_them
from calsync.timing.offers import Offer, Offering
from calsync.timing.working_time import WorkingTime

# Part of what decides a text: raise it when the same inputs would be told differently.
_EDITION = "2"
_ASKS_FOR_TIMES = re.compile(r"\{[{%][^{}]*\bslots\b")
_BY_MAIL = {Channel.EMAIL, Channel.VIDEO, Channel.COFFEE, Channel.LUNCH, Channel.MEETING}


@dataclass(frozen=True)
class Someone:
    """A person as told to the user: latest address first. ``zone`` is their time zone where known
    and ``zone_known`` how; ``namesakes`` are addresses of people with the same full name;
    ``phone`` is a number in the form of :func:`calsync.people.phones.dialled`."""

    name: str
    addresses: tuple[str, ...]
    zone: tzinfo | None = None
    zone_known: str = ""
    namesakes: tuple[str, ...] = ()
    phone: str = ""

    @property
    def called(self) -> str:
        return self.name or (self.addresses[0] if self.addresses else "somebody")


@dataclass(frozen=True)
class Scene:
    """All that a reminder's text depends on.

    ``meeting`` is None where the calendar no longer tells of it. ``offer`` holds the times to
    propose; ``first_contact`` says that the step is the first since I met these people.
    """

    slot: Slot
    members: Sequence[tuple[FollowUp, Someone]]
    pack: Pack
    rule: Rule
    step: Step
    meeting: Meeting | None
    mine: WorkingTime
    me: str
    hide_title: bool
    offer: Offer | None = None
    first_contact: bool = False

    @property
    def is_arranged(self) -> bool:
        """Whether this is a call that is proposed first, because nobody is called out of the blue."""
        return self.first_contact and self.step.channel in ARRANGED

    @property
    def is_mailed(self) -> bool:
        return self.is_arranged or self.step.channel in _BY_MAIL

    @property
    def form(self) -> Form:
        return form_of(self.step.channel, first_contact=self.first_contact)

    @property
    def offering(self) -> Offering | None:
        """The kind of time to propose: that of the form, or of a meeting where the draft asks for times."""
        message = message_of(self.pack, self.step)
        asks = message is not None and _ASKS_FOR_TIMES.search(f"{message.subject}\n{message.body}")
        return self.form.offering or (FORMS[Channel.MEETING].offering if asks else None)

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
            self.offer and [start.timestamp() for start, _ in self.offer.times],
            self.offer and self.offer.in_their_day,
            self.first_contact,
            self.step.id == EVERY and [f.cause for f, _ in self.members],
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
    event = None if scene.meeting is None or scene._hidden else scene.meeting.event
    words = _words(scene, people, lead)
    try:
        title = title_of(step, words, first_contact=scene.first_contact)
    except TemplateError:
        title = title_of(step.model_copy(update={"title": ""}), words, first_contact=scene.first_contact)
    symbol = scene.form.symbol
    url = event.url if event and event.url.lower().startswith(("http://", "https://")) else ""
    return Reminder(
        id=slot.id,
        start=slot.start,
        end=slot.end,
        title=f"✓ {symbol} {title}" if done else f"{symbol} {title}",
        description=_description(scene, words, people, lead),
        names=tuple(who.called for who in people),
        step=(scene.rule.id if step.id == EVERY else step.id).replace("-", " "),
        rule=f"{scene.pack.name}/{scene.rule.id}/{step.id}",
        meeting=slot.meeting,
        url=url,
        done=done,
    )


def _description(scene: Scene, words: Words, people: Sequence[Someone], lead: FollowUp) -> str:
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
    if lead.meeting:
        parts.append(_where(scene, lead, zone))
    parts.append(_why(scene, lead))
    their_time = _their_time(scene, people)
    if their_time:
        parts.append(their_time)
    parts += _before_the_draft(scene, people)
    draft = _draft(scene, words)
    if isinstance(draft, TemplateError):
        parts.append(f"The draft of this step cannot be filled in: {draft}")
    elif draft is not None:
        subject = f"Subject: {draft.subject}\n" if draft.subject and scene.is_mailed else ""
        parts.append(f"Draft\n{subject}{draft.body}")
    links = _links(scene, people, lead, draft if isinstance(draft, Draft) else None)
    if links:
        parts.append("\n".join(links))
    return "\n\n".join(parts)


def _words(scene: Scene, people: Sequence[Someone], lead: FollowUp) -> Words:
    event = None if scene.meeting is None or scene._hidden else scene.meeting.event
    return words_for(
        [who.called for who in people],
        meeting="" if scene._hidden else lead.meeting_title,
        day=lead.meeting_start.astimezone(scene.mine.zone).date(),
        place=event.place if event else "",
        me=scene.me,
        slots=for_them(scene.offer, scene.mine.zone, _whose(people)) if scene.offering else "",
    )


def _draft(scene: Scene, words: Words) -> Draft | TemplateError | None:
    try:
        return draft_of(scene.pack, scene.step, words, first_contact=scene.first_contact)
    except TemplateError as error:
        return error


def _before_the_draft(scene: Scene, people: Sequence[Someone]) -> Iterator[str]:
    """What I should know before I write, call or propose."""
    if scene.is_arranged:
        yield "This is your first contact since you met, so ask for a time first: nobody likes a call out of the blue."
    offering = scene.offering
    if offering is not None and scene.offer is not None:
        minutes = round(offering.length.total_seconds() / 60)
        yield for_me(scene.offer, minutes, scene.mine.zone, _whose(people))


def _whose(people: Sequence[Someone]) -> list[tuple[str, tzinfo | None]]:
    return [(first_name(who.called), who.zone) for who in people]


def _links(scene: Scene, people: Sequence[Someone], lead: FollowUp, draft: Draft | None) -> list[str]:
    """What opens the touch on a telephone or a computer, a line each."""
    channel = scene.step.channel
    links: list[str] = []
    numbers = [who for who in people if who.phone]

    def labelled(who: Someone, link: str) -> str:
        return f"{who.called}: {link}" if len(people) > 1 else link

    if channel is Channel.CALL and not scene.is_arranged:
        links += [labelled(who, tel(who.phone)) for who in numbers]
        if not numbers and people and people[0].addresses:
            links.append(f'No number known; calsync people set {people[0].addresses[0]} --phone "+…" keeps one.')
    elif channel is Channel.MESSAGE or scene.is_arranged:
        for who in numbers:
            own = _draft(scene, _words(scene, [who], lead))
            links.append(labelled(who, sms(who.phone, own.body if isinstance(own, Draft) else "")))
    if draft is not None and scene.is_mailed:
        links.append(mailto([who.addresses[0] for who in people if who.addresses], draft.subject, draft.body))
    return [link for link in links if link]


def _when(start: datetime, zone: tzinfo) -> str:
    local = start.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y}"


def _where(scene: Scene, lead: FollowUp, zone: tzinfo) -> str:
    start, end = lead.meeting_start.astimezone(zone), lead.meeting_end.astimezone(zone)
    hours = "" if scene.meeting is not None and scene.meeting.all_day else f", {start:%H:%M} to {end:%H:%M}"
    met = "You last met" if scene.step.id == EVERY else "You met"
    verb = "You meet" if lead.state is State.PROVISIONAL else met
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
    if step.id == EVERY:
        why = f"Every {step.after}" if lead.state is State.DONE else f"Why now: {lead.cause}"
        return f"{why}. It makes sense until {last:%A} {last.day} {last:%B}.{quiet}"
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
