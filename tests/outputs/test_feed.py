from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.errors import OutputError
from calsync.model import Reminder
from calsync.outputs import feed as feed_module
from calsync.outputs.base import Attention, Details, Mark, Written
from calsync.outputs.feed import FeedOutput, read_marks, render
from tests.outputs import strategies
from tests.outputs.lint import problems
from tests.outputs.reminders import HELLO, NOW, many

GOLDEN_FULL = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//calsync//Follow-ups//EN
CALSCALE:GREGORIAN
NAME:Follow-ups
X-WR-CALNAME:Follow-ups
COLOR:teal
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
BEGIN:VEVENT
UID:5f1c9ad2e0b7@calsync
DTSTAMP:20260309T020007Z
LAST-MODIFIED:20260309T020007Z
SEQUENCE:2
DTSTART:20260311T090000Z
DTEND:20260311T091500Z
SUMMARY:✉ Email Ana Lima and Bo Chen: nice to meet you
DESCRIPTION:You met on Tuesday 10 March\\; in Lisbon.\\n\\nHi Ana\\, Bo\\,\\nit\x20
 was good to meet you.
URL:https://meet.example/intro?a=1&b=2
CATEGORIES:Follow-up
TRANSP:TRANSPARENT
X-CALSYNC-ID:5f1c9ad2e0b7
X-CALSYNC-RULE:professional/first-meeting/hello
X-CALSYNC-MEETING:intro-77@acme.example
END:VEVENT
END:VCALENDAR
"""
ATTENTION = Attention(
    "work.ics at /home/sam/secret could not be read; run: calsync doctor",
    datetime(2026, 3, 10, 9, tzinfo=UTC),
)


def lines(feed: bytes) -> list[str]:
    return feed.decode().replace("\r\n ", "").split("\r\n")


def event_lines(feed: bytes) -> set[str]:
    return set(feed.decode().replace("\r\n ", "").split("BEGIN:VEVENT")[1].split("\r\n"))


def test_a_full_feed_is_exactly_this() -> None:
    assert render([HELLO]).decode() == GOLDEN_FULL.replace("\n", "\r\n")


def test_names_shows_people_and_step_and_nothing_of_the_meeting() -> None:
    feed = render([HELLO], details="names")
    assert "SUMMARY:Ana Lima\\, Bo Chen: hello" in lines(feed)
    assert "X-CALSYNC-RULE:professional/first-meeting/hello" in lines(feed)
    for hidden in (b"DESCRIPTION", b"URL", b"X-CALSYNC-MEETING", b"intro", b"Lisbon", b"nice to meet"):
        assert hidden not in feed


def test_busy_shows_that_there_is_a_follow_up_and_nothing_else() -> None:
    assert event_lines(render([HELLO], details="busy")) == {
        "",
        "UID:5f1c9ad2e0b7@calsync",
        "DTSTAMP:20260309T020007Z",
        "LAST-MODIFIED:20260309T020007Z",
        "SEQUENCE:2",
        "DTSTART:20260311T090000Z",
        "DTEND:20260311T091500Z",
        "SUMMARY:Follow-up",
        "TRANSP:TRANSPARENT",
        "X-CALSYNC-ID:5f1c9ad2e0b7",
        "END:VEVENT",
        "END:VCALENDAR",
    }


def test_a_done_one_shows_its_tick_where_names_are_shown() -> None:
    done = replace(HELLO, title=f"✓ {HELLO.title}", done=True)
    assert f"SUMMARY:✓ {HELLO.title}" in lines(render([done]))
    assert "SUMMARY:✓ Ana Lima\\, Bo Chen: hello" in lines(render([done], details="names"))
    assert "SUMMARY:Follow-up" in lines(render([done], details="busy"))


@pytest.mark.parametrize(
    ("alarm", "trigger"),
    [
        (timedelta(), "TRIGGER:PT0S"),
        (timedelta(minutes=10), "TRIGGER:-PT10M"),
        (timedelta(hours=1, minutes=30), "TRIGGER:-PT1H30M"),
        (timedelta(days=1), "TRIGGER:-P1D"),
        (timedelta(days=1, seconds=1), "TRIGGER:-P1DT1S"),
    ],
)
def test_an_alarm_sounds_as_long_before_as_it_says(alarm: timedelta, trigger: str) -> None:
    assert trigger in lines(render([HELLO], alarm=alarm))


def test_there_is_no_alarm_unless_asked_for_and_none_for_what_is_done() -> None:
    assert b"VALARM" not in render([HELLO])
    assert b"VALARM" not in render([replace(HELLO, done=True)], alarm=timedelta())


def test_an_empty_feed_still_holds_a_component() -> None:
    feed = render([])
    assert problems(feed) == []
    zone = "BEGIN:VTIMEZONE TZID:Etc/UTC BEGIN:STANDARD DTSTART:19700101T000000 TZOFFSETFROM:+0000"
    assert f"{zone} TZOFFSETTO:+0000 TZNAME:UTC END:STANDARD END:VTIMEZONE" in " ".join(lines(feed))
    assert b"VTIMEZONE" not in render([HELLO])
    assert b"VTIMEZONE" not in render([], attention=ATTENTION)


@given(strategies.feeds, strategies.details, strategies.alarms, st.booleans(), st.randoms(use_true_random=False))
def test_any_feed_passes_lint_and_its_bytes_do_not_depend_on_order(
    reminders: list[Reminder],
    details: Details,
    alarm: timedelta | None,
    attention: bool,
    order: random.Random,
) -> None:
    note = ATTENTION if attention else None
    feed = render(reminders, details=details, alarm=alarm, attention=note)
    assert problems(feed) == []
    order.shuffle(reminders)
    assert render(reminders, details=details, alarm=alarm, attention=note) == feed


@given(strategies.feeds)
def test_any_feed_reads_back_as_what_was_written(reminders: list[Reminder]) -> None:
    calendar = icalendar.Calendar.from_ical(render(reminders))
    assert not calendar.errors
    found = {str(event["UID"]): event for event in calendar.walk("VEVENT")}
    assert found.keys() == {f"{reminder.id}@calsync" for reminder in reminders}
    for reminder in reminders:
        event = found[f"{reminder.id}@calsync"]
        assert not event.errors
        assert event.decoded("DTSTART") == reminder.start.replace(microsecond=0)
        assert event.decoded("DTEND") == reminder.end.replace(microsecond=0)
        if reminder.title.isprintable() and reminder.title == reminder.title.strip() != "":
            assert str(event["SUMMARY"]) == reminder.title


@pytest.mark.parametrize("title", ["C:\\New", "\\N", "a\\\\N b\\\\\\N", "\\n; \\, \\\\", "^n ^N ^^"])
def test_backslashes_are_kept_whatever_follows_them(title: str) -> None:
    written = title.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    feed = render([replace(HELLO, title=title, description=f"{title}\n{title}")])
    assert f"SUMMARY:{written}" in lines(feed)
    assert f"DESCRIPTION:{written}\\n{written}" in lines(feed)


def test_times_are_in_utc_and_whole_seconds() -> None:
    tokyo = timezone(timedelta(hours=9))
    start = datetime(2026, 3, 1, 8, 59, 59, 999_999, tokyo)
    feed = render([replace(HELLO, start=start, end=start + timedelta(days=1), stamped=start, modified=start)])
    for line in ("DTSTART:20260228T235959Z", "DTEND:20260301T235959Z", "DTSTAMP:20260228T235959Z"):
        assert line in lines(feed)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        render([replace(HELLO, start=datetime(2026, 3, 1), end=datetime(2026, 3, 2))])
    with pytest.raises(ValueError, match="no time zone"):
        render([replace(HELLO, stamped=datetime(2026, 3, 1))])


def test_what_is_empty_is_left_out_and_a_summary_is_always_there() -> None:
    bare = replace(HELLO, title=" ", description="\n", names=(), step="", rule="", meeting="", url="")
    for details in ("full", "names", "busy"):
        shown = lines(render([bare], details=details, calendar_name=""))
        assert "SUMMARY:Follow-up" in shown
        assert not [line for line in shown if line.endswith(":")]


def test_a_reminder_without_length_has_no_end() -> None:
    feed = render([replace(HELLO, end=HELLO.start)])
    assert b"DTEND" not in feed
    assert problems(feed) == []


def test_an_unchanged_feed_keeps_its_bytes_and_its_time_stamp(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    output.write(many(3), NOW)
    os.utime(output.path, ns=(10**18, 10**18))
    before = output.path.stat()
    output.write(many(3), NOW + timedelta(hours=5))
    assert output.path.stat().st_mtime_ns == 10**18
    assert output.path.stat().st_ino == before.st_ino


def test_a_feed_is_there_after_a_write_even_with_nothing_in_it(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "new" / "folder" / "followups.ics")
    assert output.write([], NOW) == Written()
    assert problems(output.path.read_bytes()) == []


def test_reminders_stay_for_thirty_days_after_their_end(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    output.write([HELLO], HELLO.end + timedelta(days=30))
    assert [mark.id for mark in read_marks(output.path)] == [HELLO.id]
    assert output.write([HELLO], HELLO.end + timedelta(days=30, seconds=1)) == Written(removed=1)


@pytest.mark.parametrize("foreign", [b"BEGIN:VCALENDAR\r\nPRODID:-//other//EN\r\n", b"dear diary", b"\xff\xfe"])
def test_a_file_that_calsync_did_not_make_is_never_replaced(tmp_path: Path, foreign: bytes) -> None:
    output = FeedOutput("feed", tmp_path / "work.ics")
    output.path.write_bytes(foreign)
    with pytest.raises(OutputError, match=r"work\.ics.*never touches what it did not make"):
        output.write([HELLO], NOW)
    assert output.path.read_bytes() == foreign
    assert read_marks(output.path) == []


def test_an_empty_file_and_a_torn_feed_of_ours_are_replaced(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    output.path.touch()
    assert output.write([HELLO], NOW) == Written(created=1)
    whole = output.path.read_bytes()
    output.path.write_bytes(whole[:-40])
    assert output.write([HELLO], NOW) == Written(created=1)
    assert output.path.read_bytes() == whole


def test_marks_read_back_are_what_was_written(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics", attention=ATTENTION, alarm=timedelta())
    done = replace(HELLO, id="d0", title="✓ Call Cy; Dee, twice", done=True, start=HELLO.start - timedelta(days=1))
    output.write([HELLO, done], NOW)
    assert HELLO.stamped is not None
    first, second = read_marks(output.path)
    assert (first.id, first.title, first.done) == ("d0", "✓ Call Cy; Dee, twice", True)
    assert second == Mark(
        id=HELLO.id,
        rule=HELLO.rule,
        meeting=HELLO.meeting,
        start=HELLO.start,
        end=HELLO.end,
        sequence=HELLO.sequence,
        stamped=HELLO.stamped,
        modified=HELLO.stamped,
        title=HELLO.title,
        done=False,
    )


def test_marks_are_there_at_every_detail(tmp_path: Path) -> None:
    for details, rule in (("full", HELLO.rule), ("names", HELLO.rule), ("busy", "")):
        output = FeedOutput("feed", tmp_path / f"{details}.ics", details=details)  # type: ignore[arg-type]
        output.write([HELLO], NOW)
        (mark,) = read_marks(output.path)
        assert (mark.id, mark.rule, mark.start) == (HELLO.id, rule, HELLO.start)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cut=st.integers(0, 2000), junk=st.binary(max_size=30), at=st.integers(0, 2000))
def test_no_torn_or_garbled_feed_is_more_than_an_empty_list(tmp_path: Path, cut: int, junk: bytes, at: int) -> None:
    whole = render(many(4), alarm=timedelta())
    garbled = (whole[:at] + junk + whole[at:])[: len(whole) - cut]
    path = tmp_path / "followups.ics"
    path.write_bytes(garbled)
    assert len(read_marks(path)) <= 4
    path.write_bytes(whole[: -1 - len(b"END:VCALENDAR\r\n") - cut])
    assert read_marks(path) == []


def test_no_file_and_a_folder_hold_no_marks(tmp_path: Path) -> None:
    assert read_marks(tmp_path / "nothing.ics") == []
    assert read_marks(tmp_path) == []


def test_attention_is_one_event_that_tells_no_secrets_below_full_detail() -> None:
    full = render([HELLO], attention=ATTENTION)
    assert problems(full) == []
    assert lines(full).count("SUMMARY:calsync needs attention") == 1
    assert "calsync doctor" in full.decode().replace("\r\n ", "")
    for details in ("names", "busy"):
        feed = render([], details=details, attention=ATTENTION)
        assert problems(feed) == []
        assert lines(feed).count("SUMMARY:calsync needs attention") == 1
        assert b"secret" not in feed


def test_attention_counts_as_no_reminder_and_its_sequence_rises(tmp_path: Path) -> None:
    path = tmp_path / "followups.ics"
    plain = FeedOutput("feed", path)
    plain.write([HELLO], NOW)
    assert replace(plain, attention=ATTENTION).write([HELLO], NOW) == Written(unchanged=1)
    later = ATTENTION._replace(at=ATTENTION.at + timedelta(days=1))
    sequences = [
        int(str(icalendar.Calendar.from_ical(render([], attention=note)).walk("VEVENT")[0]["SEQUENCE"]))
        for note in (ATTENTION, later)
    ]
    assert sequences[0] < sequences[1] < 2**31
    assert plain.write([HELLO], NOW) == Written(unchanged=1)
    assert b"attention" not in path.read_bytes()


def test_a_feed_that_is_only_folded_in_another_way_counts_as_unchanged(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    output.write(many(3), NOW)
    whole = output.path.read_bytes()
    output.path.write_bytes(whole.replace(b"\r\n ", b""))
    assert output.write(many(3), NOW) == Written(unchanged=3)
    assert output.path.read_bytes() == whole


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    strategies.feeds,
    strategies.feeds,
    st.booleans(),
    strategies.details,
    strategies.details,
    strategies.alarms,
)
def test_a_receipt_of_any_other_write_changes_nothing_of_what_is_written(
    tmp_path: Path,
    reminders: list[Reminder],
    others: list[Reminder],
    same: bool,
    details: Details,
    other: Details,
    alarm: timedelta | None,
) -> None:
    path = tmp_path / "followups.ics"
    _, receipt = FeedOutput("feed", path, other).rewrite(reminders if same else others, NOW, "")
    now = FeedOutput("feed", path, details, alarm)
    now.rewrite(reminders, NOW, receipt)
    assert path.read_bytes() == render(still_kept(reminders), details=details, alarm=alarm)


def still_kept(reminders: list[Reminder]) -> list[Reminder]:
    return [reminder for reminder in reminders if reminder.end >= NOW - timedelta(days=30)]


def test_a_receipt_holds_for_the_same_reminders_in_any_order_until_one_falls_out(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    _, receipt = output.rewrite(many(3), NOW, "")
    assert output.rewrite(many(3)[::-1], NOW + timedelta(days=1), receipt) == (Written(unchanged=3), receipt)
    late = HELLO.end + timedelta(days=30, seconds=1)
    written, new = output.rewrite(many(3), late, receipt)
    assert (written, new == receipt) == (Written(removed=1, unchanged=2), False)


@pytest.mark.parametrize("left", [None, b"", b"BEGIN:VCALENDAR\r\nPRODID:-//calsync//Follow-ups//EN\r\n"])
def test_a_receipt_is_void_when_the_file_is_another(tmp_path: Path, left: bytes | None) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    _, receipt = output.rewrite(many(2), NOW, "")
    whole = output.path.read_bytes()
    output.path.unlink() if left is None else output.path.write_bytes(left)
    assert output.rewrite(many(2), NOW, receipt) == (Written(created=2), receipt)
    assert output.path.read_bytes() == whole


def test_an_altered_feed_is_replaced_though_its_size_and_time_are_the_same(tmp_path: Path) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    _, receipt = output.rewrite(many(2), NOW, "")
    whole, stat = output.path.read_bytes(), output.path.stat()
    output.path.write_bytes(whole.replace(b"nice to meet", b"nice to MEET"))
    os.utime(output.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert output.rewrite(many(2), NOW, receipt) == (Written(changed=2), receipt)
    assert output.path.read_bytes() == whole


def test_a_receipt_of_an_earlier_edition_is_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = FeedOutput("feed", tmp_path / "followups.ics")
    _, receipt = output.rewrite(many(2), NOW, "")
    monkeypatch.setattr(feed_module, "EDITION", feed_module.EDITION + 1)
    written, new = output.rewrite(many(2), NOW, receipt)
    assert (written, new == receipt) == (Written(unchanged=2), False)


def test_a_quiet_night_imports_no_calendar_library(tmp_path: Path) -> None:
    _, receipt = FeedOutput("feed", tmp_path / "followups.ics").rewrite(many(2), NOW, "")
    program = f"""
import sys
from pathlib import Path
from calsync.outputs.feed import FeedOutput
from tests.outputs.reminders import NOW, many
output = FeedOutput("feed", Path({str(tmp_path)!r}) / "followups.ics")
assert output.rewrite(many(2), NOW, {receipt!r}) == ((0, 0, 0, 2), {receipt!r})
heavy = {{"icalendar", "dateutil", "pydantic", "jinja2", "holidays", "urllib3"}} & set(sys.modules)
assert not heavy, heavy
"""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
