"""Any reminders at all: what titles, names and meetings in the wild can hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from calsync.model import Reminder

AWKWARD = [
    "",
    " ",
    'Zoë; Müller, \\ & Söhne: "Gespräch"\r\nBEGIN:VEVENT\r\nEND:VCALENDAR',
    "\\n is not \n and \\, is not ,",
    "C:\\New \\N \\\\N ^n",
    "שלום עולם‏ — مرحبا \u202eright to left\u202c",
    "👩\u200d👩\u200d👧\u200d👦" * 20,
    "日本語のとても長い題名" * 15,
    "word" * 120,
    "bell\x07 null\x00 escape\x1b delete\x7f tab\tend",
    "half a \ud83d pair",
    "line\u2028and\u2029paragraph\x85next\x0bvertical\x0cpage\x1cfile",
    "e\u0301\u0301\u0301 \ufeff \ufffe \uffff",
    "   blanks   around   ",
]
anything = st.text(max_size=300) | st.sampled_from(AWKWARD)
with_surrogates = st.text(st.characters(exclude_categories=()), max_size=120) | anything
moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@st.composite
def reminders(draw: st.DrawFn, texts: st.SearchStrategy[str] = with_surrogates) -> Reminder:
    start = draw(moments)
    stamped = draw(moments)
    return Reminder(
        id=draw(st.text("0123456789abcdef", min_size=8, max_size=64)),
        start=start,
        end=start + timedelta(minutes=draw(st.integers(1, 600))),
        title=draw(texts),
        description=draw(texts),
        names=tuple(draw(st.lists(texts, max_size=4))),
        step=draw(texts),
        rule=draw(texts),
        meeting=draw(texts),
        url=draw(st.sampled_from(["", "https://meet.example/a?b=c,d;e#f", 'https://é.example/ ü\n"<x>']) | texts),
        done=draw(st.booleans()),
        sequence=draw(st.integers(0, 2**31 - 1)),
        stamped=stamped,
        modified=stamped,
    )


feeds = st.lists(reminders(), max_size=6, unique_by=lambda reminder: reminder.id)
details = st.sampled_from(["full", "names", "busy"])
alarms = st.none() | st.integers(0, 60 * 24 * 20).map(lambda minutes: timedelta(minutes=minutes))
