"""What the user did to a reminder, told from three contents; each branch with its own promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calsync.will import (
    TOO_MANY,
    Content,
    Standing,
    Step,
    Will,
    Written,
    lost_at_once,
    step_for,
    ticked,
    will_of,
)

NOW = datetime(2027, 5, 4, 6, tzinfo=UTC)
START = datetime(2027, 5, 6, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
OURS = Content(START, START + HOUR / 4, "Email Ines: hello", "You met.\n\nHi Ines", False)
NEWER = OURS._replace(title="Email Ines and Ben: hello")
KNOWN = Written("1", OURS)


def there(content: Content, etag: str = "2") -> Standing:
    return Standing(etag, content)


@pytest.mark.parametrize(
    ("known", "stands", "will"),
    [
        (KNOWN, Standing("1", None), Will.NOTHING),
        (KNOWN, there(OURS), Will.NOTHING),
        (KNOWN, there(OURS._replace(description="You met.\r\n\r\nHi  Ines\n")), Will.NOTHING),
        (Written(trying=OURS), there(OURS), Will.NOTHING),
        (Written("1", OURS, trying=NEWER), there(NEWER), Will.NOTHING),
        (Written("1", OURS, trying=NEWER), there(OURS), Will.NOTHING),
        (KNOWN, None, Will.DELETED),
        (Written("1", OURS, trying=NEWER), None, Will.DELETED),
        (Written("1", OURS, removing=True), None, Will.REMOVED),
        (Written(trying=OURS), None, Will.ABSENT),
        (Written(), None, Will.ABSENT),
        (KNOWN, there(OURS._replace(start=START + HOUR, end=START + 2 * HOUR)), Will.MOVED),
        (KNOWN, there(OURS._replace(end=START + HOUR)), Will.MOVED),
        (KNOWN, there(OURS._replace(title="✓ Email Ines: hello", done=True)), Will.DONE),
        (KNOWN, there(OURS._replace(start=START + HOUR, end=START + 2 * HOUR, done=True)), Will.DONE),
        (KNOWN, there(OURS._replace(title="Ring Ines instead")), Will.EDITED),
        (KNOWN, there(OURS._replace(description="ask about Lisbon")), Will.EDITED),
        (Written("1", OURS, removing=True), there(NEWER), Will.EDITED),
        (Written(), there(OURS), Will.FOUND),
    ],
)
def test_what_stands_there_tells_what_the_user_did(known: Written, stands: Standing | None, will: Will) -> None:
    assert will_of(known, stands) is will


def test_a_change_that_was_lost_on_the_way_is_no_move() -> None:
    later = OURS._replace(start=START + HOUR, end=START + 2 * HOUR)
    known = Written("1", OURS, trying=later)
    assert will_of(known, there(later)) is Will.NOTHING
    assert will_of(known, there(later._replace(title="mine"))) is Will.EDITED
    assert will_of(known, there(later._replace(start=START + 3 * HOUR))) is Will.MOVED


@pytest.mark.parametrize(
    "title", ["✓ Email", "✔ Email", "x Email", "X Email", "done: Email", "Done", "  DONE Email", "✓"]
)
def test_a_tick_in_the_title_is_read(title: str) -> None:
    assert ticked(title)


@pytest.mark.parametrize("title", ["Email ✓", "Xavier: hello", "Donegal: hello", "x", "undone", ""])
def test_what_only_looks_like_a_tick_is_none(title: str) -> None:
    assert not ticked(title)


@pytest.mark.parametrize(
    ("wanted", "known", "stands", "step"),
    [
        (OURS, Written(), None, Step.CREATE),
        (OURS, Written(trying=OURS), None, Step.CREATE),
        (OURS._replace(start=NOW - HOUR, end=NOW), Written(), None, Step.LEAVE),
        (OURS, KNOWN, None, Step.LEAVE),
        (OURS, Written(removing=True), None, Step.LEAVE),
        (None, Written(), None, Step.LEAVE),
        (OURS, KNOWN, Standing("1", None), Step.LEAVE),
        (NEWER, KNOWN, Standing("1", None), Step.CHANGE),
        (NEWER, Written("1", OURS, touched=True), Standing("1", None), Step.LEAVE),
        (NEWER, Written(), Standing("1", None), Step.LEAVE),
        (None, KNOWN, Standing("1", None), Step.REMOVE),
        (None, Written("1", OURS, touched=True), Standing("1", None), Step.LEAVE),
        (None, Written("1", OURS._replace(done=True)), Standing("1", None), Step.LEAVE),
        (None, Written("1", OURS._replace(start=NOW - HOUR)), Standing("1", None), Step.LEAVE),
    ],
)
def test_calsync_touches_only_what_is_its_own_and_still_to_come(
    wanted: Content | None, known: Written, stands: Standing | None, step: Step
) -> None:
    assert step_for(wanted, known, stands, NOW) is step


def test_the_users_word_in_another_output_outranks_their_earlier_one_but_not_their_words() -> None:
    moved = Written("1", OURS._replace(start=START + HOUR), touched=True)
    reworded = Written("1", OURS._replace(title="Ring Ines"), touched=True)
    again = OURS._replace(start=START + 5 * HOUR)
    stands = Standing("1", None)
    assert step_for(again, moved, stands, NOW, carried=True) is Step.CHANGE
    assert step_for(again, reworded, stands, NOW, carried=True) is Step.LEAVE
    assert step_for(None, reworded, stands, NOW, carried=True) is Step.REMOVE


def test_a_calendar_that_lost_everything_at_once_says_nothing_of_the_user() -> None:
    many = [f"r{number}" for number in range(TOO_MANY)]
    assert lost_at_once(many, [])
    assert lost_at_once(many, ["another"])
    assert not lost_at_once(many, many[:1])
    assert not lost_at_once(many[1:], [])
    assert not lost_at_once([], [])
