"""Google calendars as rigs: the user's hand is that of the tests' own Google, which sees every call as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from calsync.google.account import Account
from calsync.google.asking import Patience
from calsync.outputs.base import CalendarOutput
from calsync.outputs.google import GoogleOutput
from tests.google_server import GoogleServer, StoredCalendar
from tests.outputs.rigs import LISBON, HttpRig, Rig, Seen
from tests.trouble import CHANGING


class OwnGoogle(GoogleServer):
    """An account of Google's for one rig alone, because calsync's own calendar is one in an account."""

    def __init__(self, folder: Path) -> None:
        super().__init__(zone="Europe/Lisbon")
        self.folder = folder
        self.pages = (1, 0, 2)


class GoogleRig(HttpRig):
    """A calendar at Google in which others keep things as well, a copy of a reminder among them."""

    kind = "event"
    not_ours = ("dentist", "choir")
    known_as = ""

    def __init__(self, folder: Path) -> None:
        self.server = OwnGoogle(folder)
        super().__init__(folder, self.server)
        self.named = self.place(self.server.calendar())
        start, end = {"dateTime": "2026-03-12T10:00:00Z"}, {"dateTime": "2026-03-12T11:00:00Z"}
        marks = {"private": {"calsync": "1", "calsyncId": "0123456789abcdef"}}
        self.server.calendar().put(id="dentist", summary="Mine", start=start, end=end)
        self.server.calendar().put(id="choir", summary="Mine", start=start, end=end, extendedProperties=marks)
        self.endpoint = f"{self.line.url}/calendar/v3/"
        self.toml = f'[[output]]\nname = "there"\ntype = "google"\ncalendar = "{self.named}"\n'
        self.toml += f'endpoint = "{self.endpoint}"\nauth = "none"\n'
        self.made: list[GoogleOutput] = []
        self.output = self.again()

    def place(self, primary: StoredCalendar) -> str:
        """What the config calls the calendar."""
        return primary.id

    def remembers(self, id_: str) -> None:
        self.known_as = id_

    @property
    def calendar(self) -> StoredCalendar:
        return self.server.calendar(self.named)

    def again(self) -> CalendarOutput:
        patience = Patience(attempts=1, wait=lambda seconds: None)
        account = Account(endpoint=self.endpoint, auth="none")
        made = GoogleOutput(
            "google",
            account,
            self.named,
            home=LISBON,
            known_as=self.known_as,
            remember=self.remembers,
            is_new=not self.known_as,
            patience=patience,
        )
        self.made.append(made)
        return made

    def seen(self) -> dict[str, Seen]:
        try:
            standing = self.calendar.standing
        except StopIteration:
            return {}
        return {
            id_: Seen(datetime.fromisoformat(event["start"]["dateTime"]), event.get("summary", ""), event)
            for id_, event in standing.items()
            if id_ not in self.not_ours
        }

    def others(self) -> object:
        primary = self.server.calendar()
        touched = [call for call in self.server.writes if call.event in self.not_ours]
        return [primary.event(id_) for id_ in self.not_ours], touched

    def moves(self, id_: str, start: datetime, end: datetime) -> None:
        written = {"timeZone": "Europe/Lisbon"}
        self.calendar.change(
            id_,
            start=written | {"dateTime": start.astimezone(LISBON).isoformat()},
            end=written | {"dateTime": end.astimezone(LISBON).isoformat()},
        )

    def retitles(self, id_: str, title: str) -> None:
        self.calendar.change(id_, summary=title)

    def rewrites(self, id_: str, description: str) -> None:
        self.calendar.change(id_, description=description)

    def deletes(self, id_: str) -> None:
        self.calendar.delete(id_)

    def deletes_all(self) -> None:
        del self.server.account.calendars[self.calendar.id]

    def loses_an_answer(self) -> None:
        """The library underneath asks a second time by itself, so that one is lost as well."""
        left = [2]

        def fault(method: str, path: str, status: int, body: bytes) -> tuple[int, bytes] | None:
            if method not in CHANGING or "/events" not in path or not left[0]:
                return status, body
            left[0] -= 1
            return None

        self.line.fault = fault

    def close(self) -> None:
        for each in self.made:
            each.close()
        super().close()
        self.server.close()
        assert not self.server.troubles, self.server.troubles
        assert not self.server.refused, self.server.refused


class OwnCalendarRig(GoogleRig):
    """calsync's own calendar at Google, which it makes, beside the user's own one."""

    def place(self, primary: StoredCalendar) -> str:
        return "Follow-ups"


GOOGLE_RIGS: tuple[Callable[[Path], Rig], ...] = (GoogleRig, OwnCalendarRig)
