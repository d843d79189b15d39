"""Reminders to test outputs with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from calsync.model import Reminder

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)

HELLO = Reminder(
    id="5f1c9ad2e0b7",
    start=datetime(2026, 3, 11, 9, 0, tzinfo=UTC),
    end=datetime(2026, 3, 11, 9, 15, tzinfo=UTC),
    title="✉ Email Ana Lima and Bo Chen: nice to meet you",
    description="You met on Tuesday 10 March; in Lisbon.\n\nHi Ana, Bo,\nit was good to meet you.",
    names=("Ana Lima", "Bo Chen"),
    step="hello",
    rule="professional/first-meeting/hello",
    meeting="intro-77@acme.example",
    url="https://meet.example/intro?a=1&b=2",
    sequence=2,
    stamped=datetime(2026, 3, 9, 2, 0, 7, tzinfo=UTC),
    modified=datetime(2026, 3, 9, 2, 0, 7, tzinfo=UTC),
)


def many(count: int) -> list[Reminder]:
    """That many different ones, a day apart, from the day after NOW."""
    return [
        replace(HELLO, id=f"{n:012x}", start=HELLO.start + timedelta(n), end=HELLO.end + timedelta(n))
        for n in range(count)
    ]
