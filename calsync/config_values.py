"""The values a config file can hold, as the words of a person become typed values.

Each type here reads one kind of text ("14 days", "Europe/London", "09:00-17:30") and, where
it cannot, says what was expected and which valid name is nearest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, PlainValidator, ValidationInfo

from calsync.timing.spans import Span, parse_hours
from calsync.toml_problems import Wrong, nearest, shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@(?:[^@\s<>,;:\"./]+\.)+[^@\s<>,;:\"./]{2,}")
_DOMAIN = re.compile(r"(?:[^@\s<>,;:\"./*]+\.)+[^@\s<>,;:\"./*]{2,}")
_PACK = re.compile(r"[a-z0-9-]+")
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")


def _text(value: object, expected: str) -> str:
    if not isinstance(value, str):
        raise Wrong(f"expected {expected}, found {shown(value)}")
    return value.strip()


def _zone(value: object) -> str:
    key = _text(value, 'a time zone such as "Europe/London"')
    try:
        return ZoneInfo(key).key
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones

        raise Wrong(
            f'expected a time zone such as "Europe/London", found {shown(value)}'
            + nearest(key.replace(" ", "_"), available_timezones())
        ) from None


def _hours(value: object) -> tuple[time, time]:
    try:
        return parse_hours(_text(value, 'hours such as "09:00-17:30"'))
    except Wrong:
        raise
    except ValueError:
        raise Wrong(f'expected hours such as "09:00-17:30", later hour last, found {shown(value)}') from None


def _weekdays(value: object) -> frozenset[int]:
    if not isinstance(value, list) or not value:
        raise Wrong(f'expected a list of days such as ["mon", "tue"], found {shown(value)}')
    numbers: set[int] = set()
    for day in value:
        if not isinstance(day, str) or day.strip().lower() not in DAYS:
            hint = "" if not isinstance(day, str) else nearest(day.strip()[:3], DAYS)
            raise Wrong(f"expected days out of {', '.join(DAYS)}, found {shown(day)}{hint}")
        numbers.add(DAYS.index(day.strip().lower()))
    return frozenset(numbers)


def _holidays(value: object) -> str:
    code = _text(value, 'a country such as "DE" or "GB-ENG"')
    if code and not _known_by_its_source(code):
        from holidays import country_holidays, list_supported_countries

        country, dash, part = code.partition("-")
        try:
            if dash and not part:
                raise NotImplementedError
            country_holidays(country, subdiv=part or None)
        except NotImplementedError:
            listed = list_supported_countries()
            names = [f"{country}-{each}" for each in listed.get(country, ())] or list(listed)
            raise Wrong(
                f'expected a country such as "DE" or "GB-ENG", or "" for none, found {shown(value)}'
                + nearest(code if country in listed else country, names)
            ) from None
    return code


def _known_by_its_source(code: str) -> bool:
    """Whether the text of the holidays package surely names this country and subdivision.

    Importing that package costs more than reading the whole config, so the usual code is
    looked up in its source. A no means only that the package itself must be asked.
    """
    country, dash, part = code.partition("-")
    if not _COUNTRY.fullmatch(country) or (dash and not part):
        return False
    from importlib.util import find_spec

    spec = find_spec("holidays")
    folders = spec.submodule_search_locations if spec else None
    try:
        folder = Path(next(iter(folders or ())))
        registry = (folder / "registry.py").read_text("utf-8")
        listed, _, _ = registry.partition("FINANCIAL")
        module = re.search(rf'"(\w+)": \((?:\s*"\w+",)*?\s*"{country}"', listed)
        if module is None:
            return False
        if not part:
            return True
        source = (folder / "countries" / f"{module.group(1)}.py").read_text("utf-8")
    except (OSError, StopIteration):
        return False
    own = re.search(r"^    subdivisions\b[^=\n]*= \((.*?)^    \)", source, re.MULTILINE | re.DOTALL)
    return own is not None and re.search(rf'^\s*"{re.escape(part)}",', own.group(1), re.MULTILINE) is not None


def _address(value: object) -> str:
    text = _text(value, 'an address such as "sam@northwind.example"').lower().removeprefix("mailto:")
    if not _ADDRESS.fullmatch(text):
        raise Wrong(f'expected an address such as "sam@northwind.example", found {shown(value)}')
    return text


def _pattern(value: object) -> str:
    text = _text(value, 'an address or a pattern such as "*@spam.example"').lower()
    if not text or re.search(r"\s", text) or ("@" not in text and "*" not in text):
        hint = f'; did you mean "*@{text}"?' if _DOMAIN.fullmatch(text) else ""
        raise Wrong(f'expected an address or a pattern such as "*@spam.example", found {shown(value)}{hint}')
    return text


def _domain(value: object) -> str:
    text = _text(value, 'a domain such as "northwind.example"').lower()
    if not _DOMAIN.fullmatch(text):
        close = text.rpartition("@")[2].removeprefix("*.")
        hint = f'; did you mean "{close}"?' if _DOMAIN.fullmatch(close) else ""
        raise Wrong(f'expected a domain such as "northwind.example", found {shown(value)}{hint}')
    return text


def _linked(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) < 2:
        raise Wrong(f"expected a list of two or more addresses of one person, found {shown(value)}")
    return tuple(_address(each) for each in value)


def resolved(text: str, folder: Path) -> Path:
    """``text`` as an absolute path: ``~`` is the user's home, a relative one is beside the config."""
    return Path(folder, Path(text).expanduser())


def _path(value: object, info: ValidationInfo) -> Path:
    text = str(value) if isinstance(value, Path) else _text(value, "a path in quotes")
    if not text or "\0" in text:
        raise Wrong(f"expected a path in quotes, found {shown(value)}")
    folder: Mapping[str, Path] = info.context or {}
    try:
        return resolved(text, folder.get("folder", Path()))
    except RuntimeError:
        raise Wrong(f"expected a path, found {shown(value)}: there is no such home folder") from None


def host_of(url: str) -> str | None:
    """The lower-case host of an absolute URL, or None where it has none."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        _ = parts.port
        return parts.hostname or None
    except ValueError:
        return None


def loopback(url: str) -> bool:
    """Whether the URL leads to this machine only."""
    return bool(_LOOPBACK.fullmatch(host_of(url) or ""))


def _url(*schemes: str) -> PlainValidator:
    expected = " or ".join(f"{scheme}://…" for scheme in schemes)

    def check(value: object) -> str:
        text = _text(value, f"an address {expected}")
        scheme, _, _ = text.partition("://")
        if scheme.lower() not in schemes or not host_of(text) or re.search(r"\s", text):
            raise Wrong(f"expected an address {expected}, found {shown(_without_secrets(value))}")
        return text

    return PlainValidator(check)


def _without_secrets(value: object) -> object:
    # Feed addresses are secrets themselves: no error message may carry one into a log.
    text = re.sub(r"//[^/@]*@", "//…@", str(value))
    return re.sub(r"(://[^/\s]{0,60})/.*", r"\1/…", text) if "://" in text else f"{text[:12]}…"


def _base_url(value: object) -> str:
    text = _text(value, "an address https://… or http://…")
    if text and (not re.match(r"https?://", text) or not host_of(text)):
        raise Wrong(f"expected an address https://… or http://…, or nothing, found {shown(value)}")
    path = text.partition("://")[2].rstrip("/").partition("/")[2]
    if re.search(r"[?#@\s]", text) or (path and not re.fullmatch(r"[\w.~-]+(/[\w.~-]+)*", path, re.ASCII)):
        raise Wrong(f"expected an address such as https://follow-ups.example, found {shown(value)}")
    return text.rstrip("/")


def _proxy(value: object) -> str:
    from ipaddress import ip_address

    text = _text(value, 'the IP address of a proxy such as "10.0.0.2"')
    try:
        return str(ip_address(text)) if text else ""
    except ValueError:
        raise Wrong(f'expected the IP address of a proxy such as "10.0.0.2", found {shown(value)}') from None


def _span(example: str, *, least: int = 0) -> PlainValidator:
    def check(value: object) -> Span:
        expected = f'expected a span such as "{example}", found {shown(value)}'
        try:
            span = Span.parse(value if isinstance(value, str) else "")
        except ValueError:
            raise Wrong(expected) from None
        if span.unit == "working days":
            raise Wrong(f"{expected}: working days are for rules")
        if span.amount < least:
            raise Wrong(f"{expected}: it must be more than nothing")
        return span

    return PlainValidator(check)


def _alarm(value: object) -> Span | None:
    text = _text(value, 'a span such as "10 minutes", or "none"').lower()
    if text == "none":
        return None
    try:
        span = Span.parse(text)
    except ValueError:
        raise Wrong(f'expected a span such as "10 minutes", or "none", found {shown(value)}') from None
    if span.unit not in ("minutes", "hours", "days", "weeks"):
        raise Wrong(f'expected a span of minutes, hours, days or weeks, or "none", found {shown(value)}')
    return span


def _name(value: object) -> str:
    text = _text(value, "a name in quotes")
    if not text or not text.isprintable():
        raise Wrong(f"expected a name in quotes, found {shown(value)}")
    return text


def _pack(value: object) -> str:
    text = _text(value, 'the name of a pack such as "professional"')
    if not _PACK.fullmatch(text):
        raise Wrong(f"expected the name of a pack (small letters, digits, hyphens), found {shown(value)}")
    return text


Zone = Annotated[str, PlainValidator(_zone)]
Hours = Annotated[tuple[time, time], PlainValidator(_hours)]
Weekdays = Annotated[frozenset[int], PlainValidator(_weekdays)]
Holidays = Annotated[str, PlainValidator(_holidays)]
Address = Annotated[str, PlainValidator(_address)]
Pattern = Annotated[str, PlainValidator(_pattern)]
Domain = Annotated[str, PlainValidator(_domain)]
Linked = Annotated[tuple[str, ...], PlainValidator(_linked)]
FilePath = Annotated[Path, PlainValidator(_path)]
Name = Annotated[str, PlainValidator(_name)]
PackName = Annotated[str, PlainValidator(_pack)]
Alarm = Annotated[Span | None, PlainValidator(_alarm)]
Past = Annotated[Span, _span("14 days")]
Stretch = Annotated[Span, _span("90 days", least=1)]
WebUrl = Annotated[str, _url("https", "http")]
FeedUrl = Annotated[str, _url("https", "http", "webcal", "webcals")]
BaseUrl = Annotated[str, PlainValidator(_base_url)]
ProxyAddress = Annotated[str, PlainValidator(_proxy)]
Positive = Annotated[int, Field(ge=1, le=1_000_000)]
Port = Annotated[int, Field(ge=1, le=65535)]
