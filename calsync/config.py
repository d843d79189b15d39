"""The config file: what the user decided, complete, typed and checked.

calsync runs unattended, so a wrong setting must be found before anything is read or
written, and said in one go: :func:`load` reports every problem of the file at once.
The sections and their defaults are the surface fixed in ``config.example.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from calsync.config_conflicts import conflicts, kind_of, unknown_packs
from calsync.config_values import (
    Address,
    Alarm,
    BaseUrl,
    Domain,
    FeedUrl,
    FilePath,
    Holidays,
    Hours,
    Linked,
    Name,
    PackName,
    Past,
    Pattern,
    Port,
    Positive,
    ProxyAddress,
    Stretch,
    WebUrl,
    Weekdays,
    Zone,
    host_of,
    loopback,
)
from calsync.errors import ConfigError
from calsync.files import data_dir
from calsync.timing.spans import Span, parse_hours
from calsync.toml_problems import Problem, Wrong, lines_of, of_validation, read, shown

_LIST = Field(strict=False)  # TOML has lists, the config keeps tuples


class Section(BaseModel):
    """A table of the config: no unknown keys, no silent conversion, no change after loading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class Me(Section):
    """The user. ``working_days`` counts Monday as 0; ``colleagues`` is None where left out."""

    name: str = ""
    emails: tuple[Address, ...] = Field(
        strict=False, min_length=1, description='a list of your addresses, such as ["sam@northwind.example"]'
    )
    timezone: Zone = Field(description='a time zone such as "Europe/London"')
    working_hours: Hours = parse_hours("09:00-17:30")
    working_days: Weekdays = frozenset(range(5))
    holidays: Holidays = ""
    colleagues: Annotated[tuple[Domain, ...], _LIST] | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class GoogleAccess(Section):
    """How to reach a Google account: the user's own sign-in where nothing is set."""

    service_account: FilePath | None = None
    subject: Address | None = None
    endpoint: WebUrl | None = None
    auth: Literal["none"] | None = None

    @model_validator(mode="after")
    def _access(self) -> Self:
        if self.subject and not self.service_account:
            raise Wrong("needs service_account = FILE beside it", "subject")
        if self.auth and not self.endpoint:
            raise Wrong('"none" needs an endpoint on this machine beside it', "auth")
        if self.endpoint and not loopback(self.endpoint):
            host = shown(host_of(self.endpoint))
            if self.auth:
                raise Wrong(f'with auth = "none", expected an address on this machine, found host {host}', "endpoint")
            if not self.endpoint.lower().startswith("https:"):
                raise Wrong(f"expected https://…: over http everybody on the way can act for you at {host}", "endpoint")
        return self


class CaldavAccess(Section):
    """How to reach a CalDAV server. At most one way to the password."""

    url: WebUrl = Field(description="the address of a server, a principal or a calendar")
    username: str = ""
    password_command: str = ""
    password_file: FilePath | None = None
    keyring: bool = False
    ca_file: FilePath | None = None

    @model_validator(mode="after")
    def _access(self) -> Self:
        ways = [key for key in ("password_command", "password_file", "keyring") if getattr(self, key)]
        if len(ways) > 1:
            raise Wrong(f"expected one way to the password, found {' and '.join(ways)}", ways[1])
        if ways and not self.username:
            raise Wrong("needs username beside it", ways[0])
        if self.url.lower().startswith("http:") and not loopback(self.url):
            raise Wrong("expected https://…: over http everybody on the way can read the password", "url")
        return self


class AnySource(Section):
    name: Name = Field(description="a name of your choice in quotes")
    relationship: Literal["work", "personal"] = "work"


class IcsSource(AnySource):
    """A calendar as iCalendar text: a file, a folder of .ics files, or an address."""

    type: Literal["ics"] = "ics"
    path: FilePath | None = None
    url: FeedUrl | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            found = "neither" if self.path is None else "both"
            raise Wrong(f"expected either path or url, found {found}", "url" if self.url else "")
        return self


class GoogleSource(AnySource, GoogleAccess):
    type: Literal["google"] = "google"
    calendars: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)] = ("primary",)


class CaldavSource(AnySource, CaldavAccess):
    type: Literal["caldav"] = "caldav"


class AnyOutput(Section):
    """Where reminders are written. ``alarm`` is None for no alarm."""

    name: Name = Field(description="a name of your choice in quotes")
    details: Literal["full", "names", "busy"] = "full"
    alarm: Alarm = Span(0, "minutes")


class IcsOutput(AnyOutput):
    type: Literal["ics"] = "ics"
    path: FilePath = Field(description="the path of a file that calsync may write")
    alarm: Alarm = None


class GoogleOutput(AnyOutput, GoogleAccess):
    type: Literal["google"] = "google"
    calendar: Name = "Follow-ups"


class CaldavOutput(AnyOutput, CaldavAccess):
    type: Literal["caldav"] = "caldav"
    kind: Literal["event", "todo"] = "event"


class People(Section):
    lookback: Past = Span(14, "days")
    lookahead: Past = Span(14, "days")
    history: Stretch = Span(3, "years")
    group_max: Positive = 20
    select: Literal["everyone", "ask", "tagged"] = "everyone"
    unanswered: Literal["ask", "count", "skip"] = "ask"
    private_events: Literal["use", "hide-title", "skip"] = "hide-title"
    ignore: Annotated[tuple[Pattern, ...], _LIST] = ()
    aliases: Annotated[tuple[Linked, ...], _LIST] = ()
    contacts: Annotated[tuple[FilePath, ...], _LIST] = ()


class Rules(Section):
    packs: Annotated[tuple[PackName, ...], _LIST] = ("professional", "personal")


class Limits(Section):
    per_day: Positive = 5
    per_week: Positive = 15
    touches: Positive = 3
    brake: Positive = 25
    horizon: Stretch = Span(90, "days")


class Serve(Section):
    host: Name = "127.0.0.1"
    port: Port = 8765
    base_url: BaseUrl = ""
    password_file: FilePath | None = None
    trusted_proxy: ProxyAddress = ""


Source = IcsSource | GoogleSource | CaldavSource
Output = IcsOutput | GoogleOutput | CaldavOutput
_Source = Annotated[
    Annotated[IcsSource, Tag("ics")] | Annotated[GoogleSource, Tag("google")] | Annotated[CaldavSource, Tag("caldav")],
    Discriminator(kind_of),
]
_Output = Annotated[
    Annotated[IcsOutput, Tag("ics")] | Annotated[GoogleOutput, Tag("google")] | Annotated[CaldavOutput, Tag("caldav")],
    Discriminator(kind_of),
]


class ConfigFile(Section):
    """The whole file, as TOML shapes it."""

    ledger: FilePath | None = None
    me: Me = Field(description="a [me] table with emails and timezone")
    source: tuple[_Source, ...] = Field(
        strict=False, min_length=1, description="a [[source]] table with name, type and path or url"
    )
    output: Annotated[tuple[_Output, ...], _LIST] = ()
    people: People = Field(default_factory=People)
    rules: Rules = Field(default_factory=Rules)
    limits: Limits = Field(default_factory=Limits)
    serve: Serve = Field(default_factory=Serve)


@dataclass(frozen=True, slots=True)
class Config:
    """What the user decided. All paths are absolute; ``rules_dir`` need not exist."""

    path: Path
    me: Me
    sources: tuple[Source, ...]
    outputs: tuple[Output, ...]
    ledger: Path
    people: People
    rules: Rules
    limits: Limits
    serve: Serve

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def rules_dir(self) -> Path:
        return self.folder / "rules"

    @property
    def colleagues(self) -> tuple[str, ...] | None:
        return self.me.colleagues


def find(explicit: Path | None, env: Mapping[str, str]) -> Path:
    """The config file's path: ``--config``, else ``CALSYNC_CONFIG``, else the platform's place for it."""
    if explicit is not None:
        return explicit
    if named := env.get("CALSYNC_CONFIG", ""):
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("calsync", appauthor=False) / "config.toml"


def load(path: Path) -> Config:
    """The config at ``path``, checked whole.

    Raises ConfigError with all problems of the file, each as ``file:line: key: sentence``.
    """
    text, data = read(path, "Run `calsync init` to make one, or name another with --config.")
    folder = path.absolute().parent
    problems = list(conflicts(data, folder))
    try:
        file = ConfigFile.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        problems = of_validation(error, ConfigFile) + problems
    if problems:
        told = {problem.path for problem in problems}
        problems += [problem for problem in unknown_packs(data, folder) if problem.path not in told]
        raise ConfigError(_lines(path, text, data, problems), f"Correct {path} and try again.")
    return Config(
        path=path.absolute(),
        me=file.me,
        sources=file.source,
        outputs=file.output or (IcsOutput(name="feed", path=data_dir() / "followups.ics"),),
        ledger=file.ledger or data_dir() / "calsync.db",
        people=file.people,
        rules=file.rules,
        limits=file.limits,
        serve=file.serve,
    )


def _lines(path: Path, text: str, data: Mapping[str, Any], problems: list[Problem]) -> list[str]:
    from calsync.toml_lines import lines, nearest_line

    found = lines(text)
    return lines_of(problems, lambda key: f"{path}:{nearest_line(found, key)}", data)
