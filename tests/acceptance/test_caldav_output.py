"""Whole nights into a CalDAV server, where the user answers by hand, through the real command line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import NOW, House
from tests.dav_habits import Door, Reply
from tests.dav_servers import PASSWORD, USER, Radicale
from tests.world import Ev

LATER = "2026-03-10 20:00"
OWN = "/sam/calsync-follow-ups/"
INES, BEN = "ines@lisboa.example", "ben@porto.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    made = Radicale(tmp_path_factory.mktemp("radicale"), password=PASSWORD)
    yield made
    made.close()


class There:
    """calsync's calendar on the server, as another program sees and edits it."""

    def __init__(self, server: Radicale) -> None:
        self.server = server

    def paths(self) -> list[str]:
        status, said = self.server.ask("PROPFIND", OWN, b"", {"Depth": "1"})
        return sorted(set(re.findall(rf"{OWN}calsync-[a-v0-9]+\.ics", said.decode()))) if status == 207 else []

    def texts(self) -> dict[str, str]:
        found = {path: self.server.ask("GET", path)[1].decode() for path in self.paths()}
        return {path: re.sub(r"\r?\n[ \t]", "", text) for path, text in found.items()}

    def of(self, step: str) -> str:
        (path,) = [path for path, text in self.texts().items() if f"/{step}" in text]
        return path

    def edit(self, path: str, pattern: str, new: str) -> None:
        changed, number = re.subn(pattern, new, self.texts()[path], flags=re.MULTILINE)
        assert number
        status, said = self.server.ask("PUT", path, changed.encode(), {"Content-Type": "text/calendar"})
        assert status in (201, 204), said


@pytest.fixture
def there(server: Radicale) -> Iterator[There]:
    made = There(server)
    yield made
    server.ask("DELETE", OWN)


@pytest.fixture
def met(house: House, server: Radicale, there: There) -> House:
    """A house that met Ines, and wrote it into a feed and to the server."""
    file = house.folder / "password"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    house.outputs += (
        f'\n[[output]]\nname = "dav"\ntype = "caldav"\nurl = "{server.url}/"\nusername = "{USER}"\n'
        'password_file = "password"\n'
    )
    house.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"))
    told = house.run("sync")
    assert told.code == 0, told.err
    return house


def state(house: House, step: str, now: str = LATER) -> tuple[str, str]:
    rows = [row for row in house.run("agenda", "--all", "--json", now=now).json if row["step"] == step]
    return rows[0]["state"], rows[0]["start"]


def test_reminders_stand_in_a_calendar_of_their_own_with_an_alarm(met: House, there: There) -> None:
    texts = there.texts()
    assert len(texts) == 3
    for text in texts.values():
        assert "BEGIN:VALARM" in text
        assert "X-CALSYNC-ID" in text
        assert "ATTENDEE" not in text
        assert "ORGANIZER" not in text


def test_a_second_night_changes_nothing_there(met: House, there: There, server: Radicale) -> None:
    before = there.texts()
    log = (server.folder / "log").stat().st_size
    told = met.run("--quiet", "sync", now=LATER)
    assert (told.code, told.out, told.err) == (0, "", "")
    asked = (server.folder / "log").read_text()[log:]
    assert "PUT" not in asked
    assert "DELETE" not in asked
    assert there.texts() == before


def test_a_moved_reminder_is_snoozed_to_there_everywhere(met: House, there: There) -> None:
    there.edit(there.of("hello"), r"^DTSTART.*?(?=\r?$)", "DTSTART:20260313T140000Z")
    there.edit(there.of("hello"), r"^DTEND.*?(?=\r?$)", "DTEND:20260313T141500Z")
    assert met.run("sync", now=LATER).code == 0
    assert state(met, "hello") == ("written", "2026-03-13T14:00:00+00:00")
    assert "2026-03-13 14:00" in [f"{mark.start:%Y-%m-%d %H:%M}" for mark in met.feed()]
    before = there.texts()
    met.run("sync", now="2026-03-11 18:00")
    assert there.texts() == before


def test_what_is_put_off_past_the_horizon_moves_there_and_stays(met: House, there: There) -> None:
    assert met.run("snooze", "ines", "2026-09-01 10:00", now=LATER).code == 0
    assert met.run("sync", now=LATER).code == 0
    assert "DTSTART:20260901T090000Z" in there.texts()[there.of("hello")]
    for night in ("2026-03-11 20:00", "2026-08-20 20:00"):
        assert met.run("sync", now=night).code == 0
        assert "DTSTART:20260901T090000Z" in there.texts()[there.of("hello")]


def test_a_deleted_reminder_is_dismissed_for_good(met: House, there: There, server: Radicale) -> None:
    server.delete(there.of("hello"))
    assert met.run("sync", now=LATER).code == 0
    assert state(met, "hello")[0] == "dismissed"
    assert len(met.feed()) == 2
    for night in ("2026-03-11 18:00", "2026-03-12 18:00"):
        assert met.run("sync", now=night).code == 0
        assert len(there.paths()) == 2


def test_an_emptied_calendar_is_an_accident_unless_the_user_says_that_they_did_it(
    met: House, there: There, server: Radicale
) -> None:
    meetings = [Ev(f"m{day}", f"2026-03-{day:02}T15:00", [f"guest{day}@porto.example"]) for day in (6, 9, 10)]
    met.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"), *meetings)
    assert met.run("sync", now=LATER).code == 0
    number = len(there.paths())
    assert number >= 10
    for path in there.paths():
        server.delete(path)
    told = met.run("sync", now=LATER)
    assert (told.code, there.paths()) == (3, [])
    assert f"calsync sync --allow {number}" in told.err
    assert state(met, "hello")[0] == "written"
    assert met.run("sync", "--allow", str(number), now=LATER).code == 0
    assert met.run("sync", now=LATER).code == 0
    assert there.paths() == []
    assert state(met, "hello")[0] == "dismissed"


def test_a_ticked_reminder_is_done(met: House, there: There) -> None:
    there.edit(there.of("hello"), r"^SUMMARY:", "SUMMARY:x ")
    assert met.run("sync", now=LATER).code == 0
    assert state(met, "hello")[0] == "done"
    assert [mark.title[0] for mark in met.feed() if mark.done] == ["✓"]
    assert "SUMMARY:x " in there.texts()[there.of("hello")]


def test_a_reminder_with_the_users_own_words_is_never_written_over(met: House, there: There) -> None:
    there.edit(there.of("hello"), r"^SUMMARY:.*?(?=\r?$)", "SUMMARY:Write to Ines about Lisbon")
    met.put(Ev("ines", "2026-03-10T10:00", [INES, BEN], title="Roadmap"))
    assert met.run("sync", now=LATER).code == 0
    assert "SUMMARY:Write to Ines about Lisbon" in there.texts()[there.of("hello")]
    assert "Ben" in there.texts()[there.of("meet")].title() or "ben" in there.texts()[there.of("meet")]


def test_what_is_done_at_the_command_line_is_ticked_there(met: House, there: There) -> None:
    assert met.run("done", INES, now=LATER).code == 0
    assert "SUMMARY:✓" in there.texts()[there.of("hello")]


def test_a_dismissed_followup_leaves_the_calendar(met: House, there: There) -> None:
    assert met.run("dismiss", INES, now=LATER).code == 0
    assert len(there.paths()) == 2


def test_a_deleted_calendar_is_a_failed_output_until_it_is_reset(met: House, there: There, server: Radicale) -> None:
    server.delete(OWN)
    told = met.run("sync", now=LATER)
    assert told.code == 3
    assert "calsync outputs reset dav" in told.err
    assert state(met, "hello")[0] == "written"
    reset = met.run("outputs", "reset", "dav", now=LATER)
    assert reset.code == 0, reset.err
    assert met.run("sync", now=LATER).code == 0
    assert len(there.paths()) == 3


def test_the_outputs_are_listed_with_how_they_stand(met: House, server: Radicale) -> None:
    rows = met.run("outputs", "list", "--json", now=LATER).json
    assert [(row["name"], row["type"], row["reminders"]) for row in rows] == [("feed", "ics", 3), ("dav", "caldav", 3)]
    assert met.run("outputs", "reset", "nowhere").code == 2
    assert met.run("outputs", "reset", "feed").code == 2


def test_a_dry_run_and_a_brake_make_no_calendar(house: House, server: Radicale, there: There) -> None:
    house.folder.joinpath("password").write_text(PASSWORD)
    house.folder.joinpath("password").chmod(0o600)
    house.outputs = (
        f'[[output]]\nname = "dav"\ntype = "caldav"\nurl = "{server.url}/"\nusername = "{USER}"\n'
        'password_file = "password"\n'
    )
    house.put(Ev("ines", "2026-03-10T10:00", [INES]), Ev("ben", "2026-03-10T12:00", [BEN]))
    assert house.run("sync", "--dry-run").code == 0
    assert house.run("sync", "--allow", "1").code == 12
    assert server.ask("PROPFIND", OWN, b"", {"Depth": "0"})[0] == 404
    assert house.run("sync").code == 0
    assert server.ask("PROPFIND", OWN, b"", {"Depth": "0"})[0] == 207


def test_a_server_that_lets_nobody_make_a_calendar_is_told_with_the_remedy_every_night(
    house: House, server: Radicale
) -> None:
    door = Door(server)
    door.before = lambda asked: Reply(403) if asked.method == "MKCALENDAR" else None
    house.folder.joinpath("password").write_text(PASSWORD)
    house.folder.joinpath("password").chmod(0o600)
    house.outputs += (
        f'\n[[output]]\nname = "dav"\ntype = "caldav"\nurl = "{door.url}/"\nusername = "{USER}"\n'
        'password_file = "password"\n'
    )
    house.put(Ev("ines", "2026-03-10T10:00", [INES]))
    try:
        for night in (NOW, LATER):
            told = house.run("sync", now=night)
            assert told.code == 3
            assert "by hand" in told.err
            assert len(house.feed()) == 3
    finally:
        door.close()


def test_a_reminder_is_never_read_as_a_meeting(met: House, server: Radicale) -> None:
    met.sections["me"] = (
        f'[[source]]\nname = "all"\ntype = "caldav"\nurl = "{server.url}/"\nusername = "{USER}"\n'
        'password_file = "password"'
    )
    told = met.run("sync", now=LATER)
    assert told.code == 0, told.err
    assert met.nudged(LATER) == {INES}


def test_a_calendar_of_the_same_name_without_the_mark_is_left_alone(house: House, server: Radicale) -> None:
    server.made("/sam/mine/", calendar=True)
    body = (
        b'<propertyupdate xmlns="DAV:"><set><prop><displayname>Follow-ups</displayname></prop></set></propertyupdate>'
    )
    assert server.ask("PROPPATCH", "/sam/mine/", body)[0] == 207
    house.outputs = ""
    house.folder.joinpath("password").write_text(PASSWORD)
    house.folder.joinpath("password").chmod(0o600)
    house.outputs = (
        f'[[output]]\nname = "dav"\ntype = "caldav"\nurl = "{server.url}/"\nusername = "{USER}"\n'
        'password_file = "password"\n'
    )
    house.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"))
    assert house.run("sync", now=NOW).code == 0
    _, said = server.ask("PROPFIND", "/sam/mine/", b"", {"Depth": "1"})
    assert b".ics" not in said
    assert len(There(server).paths()) == 3
    server.delete("/sam/mine/")
    server.delete(OWN)


def test_its_own_calendar_is_not_read_as_a_source(house: House, server: Radicale, there: There) -> None:
    file = house.folder / "password"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    access = f'type = "caldav"\nurl = "{server.url}/"\nusername = "{USER}"\npassword_file = "password"\n'
    house.outputs += f'\n[[output]]\nname = "out"\n{access}\n[[source]]\nname = "in"\n{access}'
    house.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"))
    assert house.run("sync").code == 0
    assert len(there.texts()) == 3
    assert house.run("sync", now=LATER).code == 0
    (source,) = [each for each in house.run("status", "--json", now=LATER).json["sources"] if each["name"] == "in"]
    assert source["events"] == 0


def lose_the_ledger(house: House) -> None:
    for path in house.folder.glob("ledger.db*"):
        path.unlink()


def test_after_the_ledger_is_lost_reminders_are_taken_over_as_they_stand(met: House, there: There) -> None:
    there.edit(there.of("hello"), r"^DTSTART.*?(?=\r?$)", "DTSTART:20260312T133000Z")
    there.edit(there.of("hello"), r"^DTEND.*?(?=\r?$)", "DTEND:20260312T134500Z")
    there.edit(there.of("meet"), r"^SUMMARY:", "SUMMARY:x ")
    there.edit(there.of("check-in"), r"^SUMMARY:.*?(?=\r?$)", "SUMMARY:Ask Ines about the boat")
    before = there.texts()
    lose_the_ledger(met)
    told = met.run("sync", now=LATER)
    assert told.code == 0, told.err
    assert there.texts() == before
    assert state(met, "hello") == ("written", "2026-03-12T13:30:00+00:00")
    assert state(met, "meet")[0] == "done"
    assert state(met, "check-in")[0] == "written"
    assert sorted(f"{mark.start:%H:%M}" for mark in met.feed() if "/hello" in mark.rule) == ["13:30"]
    assert (met.run("--quiet", "sync", now=LATER).out, there.texts()) == ("", before)


def test_after_the_ledger_is_lost_what_nobody_changed_is_calsyncs_again(met: House, there: There) -> None:
    lose_the_ledger(met)
    assert met.run("sync", now=LATER).code == 0
    met.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap", extra=["STATUS:CANCELLED"]))
    assert met.run("sync", now=LATER).code == 0
    assert there.paths() == []


def test_after_the_ledger_is_lost_an_answer_is_still_heard(met: House, there: There, server: Radicale) -> None:
    lose_the_ledger(met)
    assert met.run("sync", now=LATER).code == 0
    server.delete(there.of("hello"))
    assert met.run("sync", now=LATER).code == 0
    assert state(met, "hello")[0] == "dismissed"
    assert len(there.paths()) == 2


def test_a_calendar_that_cannot_be_read_on_the_first_night_after_the_loss_is_taken_over_on_the_next(
    met: House, there: There, server: Radicale
) -> None:
    there.edit(there.of("hello"), r"^DTSTART.*?(?=\r?$)", "DTSTART:20260312T133000Z")
    there.edit(there.of("hello"), r"^DTEND.*?(?=\r?$)", "DTEND:20260312T134500Z")
    before = there.texts()
    lose_the_ledger(met)
    met.feed_path.unlink()
    working = met.outputs
    met.outputs = working.replace('password_file = "password"', 'password_file = "wrong"')
    wrong = met.folder / "wrong"
    wrong.write_text("not it")
    wrong.chmod(0o600)
    assert met.run("sync", now=LATER).code == 11
    met.outputs = working
    assert met.run("sync", now=LATER).code == 0
    assert there.texts() == before
    assert state(met, "hello") == ("written", "2026-03-12T13:30:00+00:00")


def test_after_the_ledger_is_lost_calsyncs_calendar_is_known_by_its_mark_wherever_it_is(
    house: House, server: Radicale
) -> None:
    from calsync.dav.own import MARK

    server.made("/sam/elsewhere/", calendar=True)
    body = (
        '<propertyupdate xmlns="DAV:"><set><prop><displayname>Nudges</displayname>'
        f'<c:calendar-description xmlns:c="urn:ietf:params:xml:ns:caldav">{MARK}</c:calendar-description>'
        "</prop></set></propertyupdate>"
    )
    assert server.ask("PROPPATCH", "/sam/elsewhere/", body.encode())[0] == 207
    house.folder.joinpath("password").write_text(PASSWORD)
    house.folder.joinpath("password").chmod(0o600)
    house.outputs = (
        f'[[output]]\nname = "dav"\ntype = "caldav"\nurl = "{server.url}/"\nusername = "{USER}"\n'
        'password_file = "password"\n'
    )
    house.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"))
    try:
        for _ in range(2):
            assert house.run("sync").code == 0
            assert server.ask("PROPFIND", "/sam/elsewhere/", b"", {"Depth": "1"})[1].count(b".ics") == 3
            assert server.ask("PROPFIND", OWN, b"", {"Depth": "0"})[0] == 404
            lose_the_ledger(house)
    finally:
        server.delete("/sam/elsewhere/")
