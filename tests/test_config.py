"""The config: complete, strict, and plain about what is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from calsync import config
from calsync.config import GoogleOutput, IcsOutput, IcsSource, find, load
from calsync.config_values import _holidays, _known_by_its_source
from calsync.errors import ConfigError
from calsync.timing.spans import Span

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
LEAST = """\
[me]
emails = ["sam@northwind.example"]
timezone = "Europe/London"

[[source]]
name = "work"
path = "work.ics"
"""
GOOGLE_OUTPUT = '[[output]]\nname = "o"\ntype = "google"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text))
    assert caught.value.exit_code == 10
    assert caught.value.remedy
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_the_shortest_config_has_the_documented_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    loaded = load(written(tmp_path, LEAST))
    assert loaded.me.emails == ("sam@northwind.example",)
    assert loaded.me.working_hours == (time(9), time(17, 30))
    assert loaded.me.working_days == frozenset({0, 1, 2, 3, 4})
    assert loaded.me.holidays == ""
    assert loaded.colleagues is None
    assert loaded.sources == (IcsSource(name="work", path=tmp_path / "work.ics"),)
    assert loaded.sources[0].relationship == "work"
    [feed] = loaded.outputs
    assert isinstance(feed, IcsOutput)
    assert (feed.name, feed.details, feed.alarm) == ("feed", "full", None)
    assert feed.path.parent == loaded.ledger.parent
    assert loaded.ledger.name == "calsync.db"
    assert loaded.people.lookback == loaded.people.lookahead == Span(14, "days")
    assert loaded.people.history == Span(3, "years")
    assert (loaded.people.group_max, loaded.people.select, loaded.people.unanswered) == (
        20,
        "everyone",
        "ask",
    )
    assert loaded.people.private_events == "hide-title"
    assert loaded.rules.packs == ("professional", "personal")
    assert (loaded.limits.per_day, loaded.limits.per_week, loaded.limits.touches) == (5, 15, 3)
    assert (loaded.limits.brake, loaded.limits.horizon) == (25, Span(90, "days"))
    assert (loaded.serve.host, loaded.serve.port, loaded.serve.base_url) == ("127.0.0.1", 8765, "")


def test_reminders_written_back_ring_at_their_start_and_those_in_feeds_do_not(tmp_path: Path) -> None:
    text = LEAST + '[[output]]\nname = "g"\ntype = "google"\n[[output]]\nname = "f"\npath = "f.ics"\n'
    google, feed = load(written(tmp_path, text)).outputs
    assert isinstance(google, GoogleOutput)
    assert (google.alarm, google.calendar, feed.alarm) == (Span(0, "minutes"), "Follow-ups", None)


def test_paths_are_relative_to_the_config_and_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/sam")
    (tmp_path / "sub").mkdir()
    text = 'ledger = "~/calsync.db"\n' + LEAST + '[people]\ncontacts = ["/abs/c.vcf", "c.vcf"]\n'
    written(tmp_path / "sub", text)
    monkeypatch.chdir(tmp_path)
    loaded = load(Path("sub/config.toml"))
    assert loaded.ledger == Path("/home/sam/calsync.db")
    assert loaded.people.contacts == (Path("/abs/c.vcf"), tmp_path / "sub/c.vcf")
    assert loaded.folder == tmp_path / "sub"
    assert loaded.rules_dir == tmp_path / "sub" / "rules"


def test_the_config_is_found_by_option_then_environment_then_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert find(Path("a.toml"), {"CALSYNC_CONFIG": "b.toml"}) == Path("a.toml")
    assert find(None, {"CALSYNC_CONFIG": "b.toml"}) == Path("b.toml")
    place = find(None, {})
    assert (place.name, place.parent.name) == ("config.toml", "calsync")


def test_a_missing_config_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.toml")
    assert "calsync init" in caught.value.remedy


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + LEAST.encode())
    assert load(tmp_path / "config.toml").me.timezone == "Europe/London"


def test_all_problems_of_a_file_are_reported_at_once_in_file_order(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
[me]
emails = ["sam@northwind.example"]
timezone = "Europe/Lodnon"

[[source]]
name = "work"
path = "feeds"

[[output]]
name = "feed"
path = "feeds/out.ics"

[people]
lookbak = "14 days"
group_max = true

[limits]
per_day = 0
""",
    )
    assert found == [
        'config.toml:3: me.timezone: expected a time zone such as "Europe/London", found "Europe/Lodnon"; '
        'did you mean "Europe/London"?',
        'config.toml:11: output.feed.path: lies inside what source "work" reads',
        'config.toml:14: people.lookbak: unknown key; did you mean "lookback"?',
        "config.toml:15: people.group_max: expected a whole number, found true",
        "config.toml:18: limits.per_day: expected 1 or more, found 0",
    ]


ME = '[me]\nemails = ["sam@northwind.example"]\ntimezone = "Europe/London"\n'
WORK = '[[source]]\nname = "work"\npath = "work.ics"\n'
ONE_MISTAKE = {
    "unknown table": (LEAST + "[peple]\n", 8, "peple", 'did you mean "people"'),
    "unknown key": ("legder = 'x'\n" + LEAST, 1, "legder", 'did you mean "ledger"'),
    "no me": (WORK, 1, "me", "required"),
    "no source": (ME, 1, "source", "required"),
    "no zone": ("[me]\nemails = ['a@b.example']\n" + WORK, 1, "me.timezone", "required"),
    "no addresses": (ME.replace('"sam@northwind.example"', "") + WORK, 2, "me.emails", "at least one"),
    "odd address": (ME.replace("sam@", "sam") + WORK, 2, "me.emails.1", "expected an address"),
    "number for text": (ME + "name = 5\n" + WORK, 4, "me.name", "expected text in quotes, found 5"),
    "text for number": (LEAST + '[limits]\nbrake = "25"\n', 9, "limits.brake", 'whole number, found "25"'),
    "truth for number": (LEAST + "[limits]\nbrake = true\n", 9, "limits.brake", "whole number, found true"),
    "fraction": (LEAST + "[limits]\nbrake = 1.5\n", 9, "limits.brake", "found 1.5"),
    "negative": (LEAST + "[limits]\ntouches = -1\n", 9, "limits.touches", "1 or more"),
    "number for span": (LEAST + "[people]\nlookback = 14\n", 9, "people.lookback", '"14 days", found 14'),
    "span of nothing": (LEAST + '[people]\nhistory = "0 days"\n', 9, "people.history", "more than nothing"),
    "working days": (LEAST + '[limits]\nhorizon = "9 working days"\n', 9, "limits.horizon", "for rules"),
    "hours backwards": (
        ME + 'working_hours = "17:00-09:00"\n' + WORK,
        4,
        "me.working_hours",
        "later hour last",
    ),
    "weekday": (ME + 'working_days = ["mon", "wendesday"]\n' + WORK, 4, "me.working_days", 'mean "wed"'),
    "no weekday": (ME + "working_days = []\n" + WORK, 4, "me.working_days", "a list of days"),
    "country": (ME + 'holidays = "GB-EGN"\n' + WORK, 4, "me.holidays", 'did you mean "GB-ENG"'),
    "colleague": (
        ME + 'colleagues = ["@a.example"]\n' + WORK,
        4,
        "me.colleagues.1",
        'did you mean "a.example"',
    ),
    "choice": (LEAST + '[people]\nselect = "evryone"\n', 9, "people.select", 'did you mean "everyone"'),
    "glob": (LEAST + '[people]\nignore = [\n "a.example",\n]\n', 10, "people.ignore.1", '"*@a.example"'),
    "alias of one": (LEAST + '[people]\naliases = [["a@b.example"]]\n', 9, "people.aliases.1", "two or more"),
    "port": (LEAST + "[serve]\nport = 70000\n", 9, "serve.port", "65535 or less"),
    "base url": (LEAST + '[serve]\nbase_url = "example"\n', 9, "serve.base_url", "https://"),
    "pack twice": (LEAST + '[rules]\npacks = ["sales", "sales"]\n', 9, "rules.packs.2", "listed twice"),
    "pack name": (LEAST + '[rules]\npacks = ["A b"]\n', 9, "rules.packs.1", "name of a pack"),
    "type": (LEAST + 'type = "isc"\n', 8, "source.work.type", 'did you mean "ics"'),
    "path and url": (LEAST + 'url = "https://a.example/x"\n', 8, "source.work.url", "found both"),
    "neither": (ME + '[[source]]\nname = "x"\n', 4, "source.x", "expected either path or url, found neither"),
    "no name": (ME + '[[source]]\npath = "x"\n', 4, "source.1.name", "required"),
    "scheme": (ME + '[[source]]\nname = "x"\nurl = "ftp://a.example"\n', 6, "source.x.url", "webcal://"),
    "source twice": (LEAST + WORK, 9, "source.work.name", "another source"),
    "one bracket": (ME + '[source]\nname = "x"\n', 4, "source", "[[source]]"),
    "google key in ics": (LEAST + 'calendars = ["primary"]\n', 8, "source.work.calendars", 'type = "google"'),
    "relationship": (
        LEAST + 'relationship = "works"\n',
        8,
        "source.work.relationship",
        'did you mean "work"',
    ),
    "details": (
        LEAST + '[[output]]\nname = "f"\npath = "f.ics"\ndetails = "ful"\n',
        11,
        "output.f.details",
        'did you mean "full"',
    ),
    "alarm": (
        LEAST + '[[output]]\nname = "f"\npath = "f.ics"\nalarm = "soon"\n',
        11,
        "output.f.alarm",
        '"10 minutes"',
    ),
    "ledger is the feed": (
        'ledger = "x"\n' + LEAST + '[[output]]\nname = "f"\npath = "./x"\n',
        11,
        "output.f.path",
        "ledger",
    ),
    "no sign-in anywhere": (
        ME + '[[source]]\nname = "g"\ntype = "google"\nauth = "none"\n',
        7,
        "source.g.auth",
        "endpoint",
    ),
    "endpoint elsewhere": (
        ME + '[[source]]\nname = "g"\ntype = "google"\nendpoint = "https://evil.example/"\nauth = "none"\n',
        7,
        "source.g.endpoint",
        "on this machine",
    ),
    "endpoint elsewhere without a lock": (
        ME + '[[source]]\nname = "g"\ntype = "google"\nendpoint = "http://proxy.example/"\n',
        7,
        "source.g.endpoint",
        "https",
    ),
    "subject alone": (
        ME + '[[source]]\nname = "g"\ntype = "google"\nsubject = "a@b.example"\n',
        7,
        "source.g.subject",
        "service_account",
    ),
    "two passwords": (
        ME + '[[source]]\nname = "d"\ntype = "caldav"\nurl = "https://d.example/"\nusername = "s"\n'
        'password_command = "x"\nkeyring = true\n',
        10,
        "source.d.keyring",
        "one way to the password",
    ),
    "password of nobody": (
        ME + '[[source]]\nname = "d"\ntype = "caldav"\nurl = "https://d.example/"\nkeyring = true\n',
        8,
        "source.d.keyring",
        "username",
    ),
    "kind": (
        LEAST + '[[output]]\nname = "d"\ntype = "caldav"\nurl = "https://d.example/"\nkind = "tudo"\n',
        12,
        "output.d.kind",
        'did you mean "todo"',
    ),
}


@pytest.mark.parametrize("mistake", ONE_MISTAKE)
def test_one_mistake_is_one_problem_with_line_key_and_remedy(mistake: str, tmp_path: Path) -> None:
    text, line, key, words = ONE_MISTAKE[mistake]
    [problem] = problems(tmp_path, text)
    assert problem.startswith(f"config.toml:{line}: {key}: ")
    assert words in problem


@pytest.mark.parametrize(
    ("text", "place"),
    [("[me", "1:4"), ("a = 1\nb = x y", "2:5"), ("[b]\n[b]", "2:3"), ('a = "x', "1:7")],
)
def test_a_syntax_error_names_line_and_column(text: str, place: str, tmp_path: Path) -> None:
    [problem] = problems(tmp_path, text)
    assert problem.startswith(f"config.toml:{place}: not valid TOML: ")


def test_bytes_that_are_not_text_are_named_by_their_line(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"[me]\nname = '\xff'\n")
    with pytest.raises(ConfigError, match=r"config\.toml:2: not UTF-8"):
        load(tmp_path / "config.toml")


def test_a_secret_address_is_not_repeated_in_an_error(tmp_path: Path) -> None:
    for url in ("ftp://u:secret@a.example/x", "ftp://a.example/private-secret/x", "webcal:a-long-one-secret"):
        [problem] = problems(tmp_path, ME + f'[[source]]\nname = "x"\nurl = "{url}"\n')
        assert "secret" not in problem


def test_two_outputs_with_one_target_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    pairs = [
        ('path = "real/f.ics"', 'path = "link/../link/f.ics"'),
        ('type = "google"', 'type = "google"\ncalendar = "Follow-ups"'),
        ('type = "caldav"\nurl = "https://d.example/c"', 'type = "caldav"\nurl = "https://D.example/c/"'),
    ]
    for one, other in pairs:
        text = LEAST + f'[[output]]\nname = "a"\n{one}\n[[output]]\nname = "b"\n{other}\n'
        [problem] = problems(tmp_path, text)
        assert 'same place as output "a"' in problem


def test_different_targets_may_share_a_server(tmp_path: Path) -> None:
    text = LEAST + GOOGLE_OUTPUT + GOOGLE_OUTPUT.replace('"o"', '"p"') + 'calendar = "B"\n'
    assert len(load(written(tmp_path, text)).outputs) == 2


def test_an_output_inside_what_is_read_is_an_error_also_through_links(tmp_path: Path) -> None:
    (tmp_path / "cal").mkdir()
    (tmp_path / "cal" / "work.ics").touch()
    (tmp_path / "link").symlink_to(tmp_path / "cal")
    (tmp_path / "hard.ics").hardlink_to(tmp_path / "cal" / "work.ics")
    for source, output in [("cal", "link/f.ics"), ("link", "cal/deep/f.ics"), ("cal/work.ics", "hard.ics")]:
        text = ME + f'[[source]]\nname = "s"\npath = "{source}"\n[[output]]\nname = "f"\npath = "{output}"\n'
        [problem] = problems(tmp_path, text)
        assert 'inside what source "s" reads' in problem


def test_the_same_google_calendar_may_be_read_and_written(tmp_path: Path) -> None:
    text = ME + '[[source]]\nname = "g"\ntype = "google"\n' + GOOGLE_OUTPUT + 'calendar = "primary"\n'
    assert load(written(tmp_path, text)).outputs[0].name == "o"


def test_a_sign_in_free_endpoint_is_for_this_machine(tmp_path: Path) -> None:
    for host in ("127.0.0.1:9", "localhost", "[::1]:8080"):
        text = ME + f'[[source]]\nname = "g"\ntype = "google"\nendpoint = "http://{host}/"\nauth = "none"\n'
        assert load(written(tmp_path, text)).sources[0].name == "g"


def test_a_proxy_in_front_of_google_may_be_elsewhere_over_https(tmp_path: Path) -> None:
    text = ME + '[[source]]\nname = "g"\ntype = "google"\nendpoint = "https://proxy.example/calendar/v3/"\n'
    assert load(written(tmp_path, text)).sources[0].name == "g"


def test_holiday_codes_known_by_source_are_exactly_some_of_the_packages_own() -> None:
    from holidays import list_supported_countries

    listed = list_supported_countries(include_aliases=True)
    codes = sorted({*listed, *(f"{country}-{part}" for country, parts in listed.items() for part in parts)})
    sample = [*codes[::23], "GB-ENG", "DE", "DE-BY", "US-CA", "FR", "ES-MD", "GB-England", ""]
    assert all(_holidays(code) == code for code in sample)
    invented = ["XX", "ZZ-1", "GB-XXX", "DE-ENG", "gb", "GB-", "US-Kalifornien", "NYSE", "XNYS", "ECB"]
    assert not [code for code in invented if _known_by_its_source(code)]
    usual = ["GB-ENG", "GB", "DE", "DE-BY", "US", "US-CA", "FR", "CA-ON"]
    assert [code for code in usual if _known_by_its_source(code)] == usual


def test_loading_a_good_config_imports_nothing_heavy() -> None:
    heavy = ("holidays", "jinja2", "icalendar", "difflib", "platformdirs", "dateutil", "typer", "rich")
    script = (
        "import sys; from pathlib import Path; from calsync.config import load;"
        "from calsync.rules.load import load_packs;"
        f"c = load(Path({str(EXAMPLE)!r})); load_packs(c.rules.packs, c.rules_dir);"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


# --- config.example.toml -------------------------------------------------------------------

EXAMPLE_ONLY = {"ledger", "me.name", "me.emails", "me.timezone", "me.holidays", "source.path"}


def switched_on(text: str) -> str:
    return re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)


def keys_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_the_example_loads_and_reads_what_ships_with_it() -> None:
    loaded = load(EXAMPLE)
    [source] = loaded.sources
    assert isinstance(source, IcsSource)
    assert source.path is not None
    assert source.path.is_file()


def test_the_example_shows_every_key_and_no_other() -> None:
    shown: dict[str, Any] = tomllib.loads(switched_on(EXAMPLE.read_text("utf-8")))
    assert set(shown) == keys_of(config.ConfigFile)
    for name in ("me", "people", "rules", "limits", "serve"):
        model = config.ConfigFile.model_fields[name].annotation
        assert isinstance(model, type)
        assert set(shown[name]) == keys_of(model), name
    tables = {(kind, table["type"]): set(table) for kind in ("source", "output") for table in shown[kind]}
    assert tables == {
        ("source", "ics"): keys_of(config.IcsSource),
        ("source", "google"): keys_of(config.GoogleSource),
        ("source", "caldav"): keys_of(config.CaldavSource),
        ("output", "ics"): keys_of(config.IcsOutput),
        ("output", "google"): keys_of(config.GoogleOutput),
        ("output", "caldav"): keys_of(config.CaldavOutput),
    }


def test_the_example_shows_each_key_with_its_default_or_names_another() -> None:
    text = EXAMPLE.read_text("utf-8")
    example = load(EXAMPLE)
    for section in (example.people, example.rules, example.limits, example.serve):
        assert section == type(section)()
    defaults = config.Me(emails=["a@b.example"], timezone="UTC")
    assert example.me.working_hours == defaults.working_hours
    assert example.me.working_days == defaults.working_days
    assert example.colleagues is None
    [source], [output] = example.sources, example.outputs
    assert isinstance(output, IcsOutput)
    assert source.relationship == IcsSource(name="x", path="x").relationship  # type: ignore[arg-type]
    assert output == IcsOutput(name="feed", path=str(output.path))  # type: ignore[arg-type]
    for key in ("ledger", "name", "holidays"):
        [line] = re.findall(rf"^{key} = .*default: .*$", text, re.MULTILINE)
        assert line


def test_the_switched_off_parts_of_the_example_are_right_too(tmp_path: Path) -> None:
    text = switched_on(EXAMPLE.read_text("utf-8"))
    for key in ('url = "https://calendar', "password_file", "keyring"):
        text = re.sub(rf"^{key}.*\n", "", text, flags=re.MULTILINE)
    loaded = load(written(tmp_path, text))
    assert [source.type for source in loaded.sources] == ["ics", "google", "caldav"]
    assert [output.type for output in loaded.outputs] == ["ics", "google", "caldav"]


def test_the_sample_calendar_of_the_example_is_sound() -> None:
    import icalendar

    raw = (EXAMPLE.parent / "examples" / "work.ics").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    events = icalendar.Calendar.from_ical(raw).events
    assert 10 <= len(events) <= 20
    assert not [event.errors for event in events if event.errors]
    addresses = re.findall(rb"mailto:[^\r\n]+@([^\r\n]+)", raw.replace(b"\r\n ", b""))
    assert all(domain.endswith(b".example") for domain in addresses)
