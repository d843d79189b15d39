"""The first config file: what a new user has to say, and the file that comes of it.

A setting that nobody mentioned is one that nobody finds later, so the file names the ones
most people change, switched off, each with a word on what it does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from calsync.errors import ConfigError, UsageError

_URL = re.compile(r"(?:https?|webcals?)://", re.IGNORECASE)


@dataclass(frozen=True)
class Answers:
    """What the user said. ``calendar`` is a file, a folder or an address."""

    name: str
    emails: Sequence[str]
    timezone: str
    calendar: str
    relationship: Literal["work", "personal"]
    holidays: str
    output: Path


def is_address(calendar: str) -> bool:
    """Whether a calendar is named by a web address and not by a path."""
    return bool(_URL.match(calendar))


def config_text(answers: Answers) -> str:
    """The config.toml that says this. All paths in it are absolute."""
    if is_address(answers.calendar):
        place = f"url = {_quoted(answers.calendar)}"
    else:
        place = f"path = {_quoted(str(Path(answers.calendar).expanduser().absolute()))}"
    emails = ", ".join(map(_quoted, answers.emails))
    holidays = "country or country-subdivision, such as GB-ENG; empty for none"
    return f"""\
# calsync reads this file at every run. Any other setting has a default; a wrong one is an
# error that names the line. After a change: calsync doctor

[me]
name = {_quoted(answers.name)}
emails = [{emails}]      # every address you are invited by
timezone = {_quoted(answers.timezone)}
holidays = {_quoted(answers.holidays)}      # {holidays}
#working_hours = "09:00-17:30"
#working_days = ["mon", "tue", "wed", "thu", "fri"]

# Where meetings are read from. As many [[source]] tables as you like.

[[source]]
name = {_quoted(answers.relationship)}
type = "ics"
{place}
relationship = "{answers.relationship}"      # work | personal: what kind of tie this calendar brings

# Where reminders are written to: subscribe to this file in your calendar app.

[[output]]
name = "feed"
type = "ics"
path = {_quoted(str(answers.output.expanduser().absolute()))}
#details = "names"      # full | names (people and step only) | busy ("Follow-up" and nothing else)

#[people]
#select = "ask"                  # newcomers wait in calsync inbox until you let them in
#ignore = ["*@spam.example"]     # addresses and patterns

#[limits]
#per_day = 5                     # reminders on one day
"""


def check(text: str) -> None:
    """Raise UsageError with everything that would be wrong with this config; nothing is written
    where it would be read."""
    from tempfile import TemporaryDirectory

    from calsync.config import load

    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text, encoding="utf-8")
        try:
            load(path)
        except ConfigError as error:
            where = re.compile(rf"{re.escape(str(path))}(?::\d+)?: ")
            raise UsageError("\n".join(where.sub("", problem) for problem in error.problems)) from None


def zone_here(env: Mapping[str, str]) -> str:
    """The IANA name of this machine's time zone; empty where it says none, or only UTC."""
    from zoneinfo import ZoneInfo

    candidates = [env.get("TZ", "").removeprefix(":")]
    with suppress(OSError):
        candidates.append(os.readlink("/etc/localtime").partition("zoneinfo/")[2])
    with suppress(OSError, UnicodeDecodeError):
        candidates.append(Path("/etc/timezone").read_text().strip())
    for name in candidates:
        try:
            if "/" in name and not name.startswith(("Etc/", "/")):
                return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            continue
    return ""


def country_of(timezone: str) -> str:
    """The two-letter code of the country that a time zone is named for; empty where unknown."""
    for line in _zone_table():
        fields = line.split("\t")
        if len(fields) >= 3 and fields[2].strip() == timezone:
            return fields[0][:2]
    return ""


def _zone_table() -> Iterable[str]:
    from importlib.resources import files
    from zoneinfo import TZPATH

    for folder in TZPATH:
        try:
            return (Path(folder) / "zone.tab").read_text("utf-8").splitlines()
        except OSError:
            continue
    try:
        return files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines()
    except (OSError, ModuleNotFoundError):
        return ()


def _quoted(text: str) -> str:
    """A TOML basic string; the escapes of JSON are among those of TOML."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
