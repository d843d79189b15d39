"""``calsync status``, ``calsync doctor`` and ``calsync feed path``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Home


def finding(home: Home, what: str, **env: str) -> tuple[int, dict[str, Any]]:
    """The worst that doctor says of one thing."""
    done = home.run("doctor", "--json", **env)
    order = ["ok", "warning", "failed"]
    found = [each for each in done.json["checks"] if each["check"] == what]
    return done.code, max(found, key=lambda each: order.index(each["finding"]))


def test_a_healthy_home_has_nothing_but_ticks(synced: Home) -> None:
    done = synced.run("doctor")
    assert done.code == 0
    assert all(line.startswith("✓ ") for line in done.lines)
    subjects = {line.removeprefix("✓ ").partition(":")[0] for line in done.lines}
    assert subjects == {
        *("config", "rules", "time zone", "holidays", "ledger", "last sync"),
        *("source work", "source personal", "output feed"),
    }


def test_a_quiet_doctor_says_only_what_is_wrong(synced: Home) -> None:
    assert synced.run("--quiet", "doctor").out == ""


def test_a_broken_config_is_told_whole(synced: Home) -> None:
    synced.config.write_text(synced.config.read_text().replace("London", "Londn").replace("[me]", "[mee]"))
    done = synced.run("doctor")
    assert done.code == 10
    assert all(line.startswith(("✗ config: ", "    ")) for line in done.lines)


def test_a_broken_pack_and_a_broken_template_are_told_with_their_line(synced: Home) -> None:
    rules = synced.folder / "rules"
    rules.mkdir()
    (rules / "professional.toml").write_text(
        'extends = "professional"\n[[rule]]\nid = "first-meeting"\n[[rule.step]]\nid = "hello"\ntitle = "{{ peple }}"\n'
    )
    code, rule = finding(synced, "rules")
    assert code == 10
    assert "professional.toml:6" in rule["message"]
    (rules / "professional.toml").write_text("[[rule]]\nid = 3\n")
    assert finding(synced, "rules")[0] == 10


def test_a_source_that_fails_is_told_since_when_and_what_to_do(synced: Home) -> None:
    (synced.folder / "personal.ics").unlink()
    assert synced.run("sync").code == 3
    code, source = finding(synced, "source personal", CALSYNC_NOW="2026-03-11T02:00:00Z")
    assert code == 3
    assert source["message"].startswith("failing since yesterday 02:00: ")
    assert source["remedy"]


def test_events_with_trouble_are_told_with_an_example(sample: Home) -> None:
    sample.break_an_event("work.ics")
    assert sample.run("sync").code == 0
    code, source = finding(sample, "source work")
    assert (code, source["finding"]) == (0, "warning")
    assert "1 event with trouble: " in source["message"]
    assert "for example" in source["message"]


def test_a_source_in_which_nobody_is_named_is_told_with_the_remedy(sample: Home) -> None:
    sample.name_nobody("personal.ics")
    assert sample.run("sync").code == 0
    _, source = finding(sample, "source personal")
    assert "none of its 6 events names anybody" in source["message"]
    assert "CalDAV" in source["remedy"]


def test_a_damaged_ledger_is_told(synced: Home) -> None:
    ledger = synced.folder / "calsync.db"
    content = bytearray(ledger.read_bytes())
    content[4096 : 4096 * 6] = b"\xff" * (4096 * 5)
    ledger.write_bytes(content)
    code, check = finding(synced, "ledger")
    assert code == 3
    assert check["finding"] == "failed"
    assert check["remedy"]


def test_a_feed_that_a_web_server_cannot_read_is_told(synced: Home) -> None:
    synced.feed.chmod(0o600)
    code, output = finding(synced, "output feed")
    assert (code, output["finding"]) == (0, "warning")
    assert f"chmod o+r {synced.feed}" in output["remedy"]


def test_a_night_that_no_longer_comes_is_told(synced: Home) -> None:
    code, last = finding(synced, "last sync", CALSYNC_NOW="2026-03-20T02:00:00Z")
    assert (code, last["finding"]) == (0, "warning")


def test_another_run_is_told(synced: Home) -> None:
    from calsync.config import load
    from calsync.sync import only_run

    with only_run(load(synced.config)):
        assert finding(synced, "lock")[1]["finding"] == "warning"


def test_before_the_first_sync_doctor_and_status_say_what_to_do(sample: Home) -> None:
    assert finding(sample, "ledger")[1]["remedy"] == "Run calsync sync once."
    shown = sample.run("status")
    assert shown.code == 0
    assert "calsync sync" in shown.out
    assert not (sample.folder / "calsync.db").exists()


def test_status_counts_what_is_open_and_names_the_next(synced: Home) -> None:
    told = synced.run("status", "--json").json
    agenda = synced.run("agenda", "--json").json
    assert told["open"] == len(agenda)
    assert told["next"] == agenda[0]
    assert told["last_sync"] == "2026-03-10T02:00:00+00:00"
    assert [each["name"] for each in told["sources"]] == ["work", "personal"]
    assert told["outputs"][0]["path"] == str(synced.feed)
    assert told["held"] > 0


def test_status_tells_which_source_fails(synced: Home) -> None:
    (synced.folder / "personal.ics").unlink()
    synced.run("sync")
    done = synced.run("status")
    assert done.code == 0
    assert "partly done (exit code 3)" in done.out
    assert any("source personal" in line and "failing since today 02:00" in line for line in done.lines)


@pytest.mark.parametrize("words", [("feed", "path"), ("feed", "path", "feed")])
def test_the_path_of_a_feed_is_absolute_and_alone_on_its_line(sample: Home, words: tuple[str, ...]) -> None:
    assert sample.run(*words).out == f"{sample.feed}\n"


def test_an_unknown_feed_is_a_usage_error_that_names_the_nearest(sample: Home) -> None:
    done = sample.run("feed", "path", "fed")
    assert done.code == 2
    assert 'did you mean "feed"?' in done.err
