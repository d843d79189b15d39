"""The ten forms a touch can take, what each of them asks of a day, and its words.

A reminder is the moment to do the touch or to propose it: writing a note, asking for a
coffee or choosing a card takes a quarter of an hour; a phone or video call happens in the
reminder's own time and gets half an hour; a visit gets an hour.

The words here are for steps that bring none of their own. They fit a first touch as well
as a later one, and also somebody I never met, so they claim nothing but a thought.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import NamedTuple

from calsync.model import Channel
from calsync.timing.offers import Offering


class Form(NamedTuple):
    """What a channel means for a reminder.

    ``title``, ``subject`` and ``body`` are the templates for steps without their own.
    ``in_their_day`` says that the other person answers at that very time, so it must lie
    inside their day, where it is known. ``offering`` is the time to propose in the draft.
    """

    symbol: str
    length: timedelta
    title: str
    subject: str
    body: str
    in_their_day: bool = False
    offering: Offering | None = None


_QUARTER = timedelta(minutes=15)
_HALF = timedelta(minutes=30)
_HOUR = timedelta(hours=1)
_BY_TURNS = ((time(10), time(12)), (time(14), time(16, 30)))

_PROPOSED = "These times would suit me:\n\n{{ slots }}\n\nIf none of them is good for you, just name another."
_GOOD_TO_MEET = "it was good to meet you on {{ date }}, and I would like to hear more."
_A_THOUGHT = "you came to my mind"
_LETTER = "Hello {{ first_names }},\n\n%s\n\nWarm regards\n{{ me }}"

FORMS: dict[Channel, Form] = {
    Channel.EMAIL: Form(
        "✉",
        _QUARTER,
        "Email {{ people }}",
        "How are you?",
        _LETTER % f"{_A_THOUGHT}, and I would be glad to stay in touch. How are you?",
    ),
    Channel.MESSAGE: Form(
        "💬",
        _QUARTER,
        "Message {{ people }}",
        "",
        f"Hi {{{{ first_names }}}}, {_A_THOUGHT} today. How are you?",
        in_their_day=True,
    ),
    Channel.CALL: Form(
        "📞",
        _HALF,
        "Call {{ people }}",
        "",
        f"Hello {{{{ first_names }}}}, {_A_THOUGHT}, and I wanted to hear how you are. Is this a good moment?",
        in_their_day=True,
    ),
    Channel.VIDEO: Form(
        "🎥",
        _HALF,
        "Video call with {{ people }}",
        "A video call?",
        _LETTER % "I would like to hear how you are. Is now a good moment for a video call?",
        in_their_day=True,
    ),
    Channel.COFFEE: Form(
        "☕",
        _QUARTER,
        "Propose a coffee to {{ people }}",
        "A coffee some time soon?",
        _LETTER % f"I would like to hear more from you. May I invite you to a coffee? {_PROPOSED}",
        offering=Offering(timedelta(minutes=45), _BY_TURNS),
    ),
    Channel.LUNCH: Form(
        "🍽",
        _QUARTER,
        "Propose lunch to {{ people }}",
        "Lunch some time soon?",
        _LETTER % f"I would like to hear more from you. May I invite you to lunch? {_PROPOSED}",
        offering=Offering(_HOUR, ((time(12), time(14)),), fixed=True),
    ),
    Channel.MEETING: Form(
        "🤝",
        _QUARTER,
        "Propose a meeting to {{ people }}",
        "Shall we sit down together?",
        _LETTER % f"I would like to hear what you are busy with. Shall we meet for an hour? {_PROPOSED}",
        offering=Offering(_HOUR, _BY_TURNS),
    ),
    Channel.VISIT: Form(
        "🏠",
        _HOUR,
        "Visit {{ people }}",
        "May I come by?",
        "Hi {{ first_names }}, I would love to see you. May I come by for a little while?",
        in_their_day=True,
    ),
    Channel.CARD: Form(
        "💌",
        _QUARTER,
        "Send a card to {{ people }}",
        "",
        "Dear {{ first_names }},\n\nI often think of you, and it is time that I told you so.\n\n{{ me }}",
    ),
    Channel.GIFT: Form(
        "🎁",
        _QUARTER,
        "Choose a small gift for {{ people }}",
        "",
        "Dear {{ first_names }},\n\na small thing that made me think of you.\n\n{{ me }}",
    ),
}

ARRANGED: dict[Channel, Form] = {
    Channel.CALL: FORMS[Channel.CALL]._replace(
        title="Propose a call to {{ people }}",
        subject="A short call?",
        body=_LETTER % f"{_GOOD_TO_MEET} May I call you? {_PROPOSED}",
        offering=Offering(_HALF, _BY_TURNS),
    ),
    Channel.VIDEO: FORMS[Channel.VIDEO]._replace(
        title="Propose a video call to {{ people }}",
        subject="A short video call?",
        body=_LETTER % f"{_GOOD_TO_MEET} Shall we talk by video? {_PROPOSED}",
        offering=Offering(_HALF, _BY_TURNS),
    ),
}
"""What takes the place of a call that would be the first contact: nobody is called out of the
blue, so the reminder is the moment to ask for one. Its place and length stay those of the call."""


def form_of(channel: Channel, *, first_contact: bool) -> Form:
    """What a touch comes down to, the first since we met or a later one."""
    return ARRANGED.get(channel, FORMS[channel]) if first_contact else FORMS[channel]
