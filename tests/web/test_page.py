"""The page behind the login: it shows what the commands show, and answers as they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from calsync.web.rendering import SCRIPT_PATH
from calsync.web.today import parts
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING, Reply, Served, serving
from tests.world import Ev

NOOR, TOMAS = "noor@juniper.example", "tomas@fjord.example"
LATER = "2026-05-13T10:00:00+00:00"
"""The next morning, when the first reminders are due."""


@pytest.fixture
def inside(met: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Somebody who has signed in, on the morning after."""
    monkeypatch.setenv("CALSYNC_NOW", LATER)
    with serving(met) as running:
        assert running.sign_in().status == 303
        yield running


def field(reply: Reply, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', reply.text)
    assert found, reply.text
    return found[1]


def form_of(reply: Reply, who: str) -> str:
    """Where the form of somebody's card leads."""
    found = re.search(rf'aria-label="Answer: [^"]*{who}[^>]*>\s*<form method="post" action="([^"]*)"', reply.text)
    assert found, reply.text
    return found[1]


def state(house: House, who: str) -> str:
    """The state of the first step."""
    return {e.emails[0]: e.state.value for e in house.agenda(LATER, everything=True) if e.followup.step == "hello"}[who]


PAGES = ("/", "/week", "/held", "/people", f"/person?who={NOOR}", "/rules", "/rules/try", "/health")


@pytest.mark.parametrize("path", PAGES)
def test_who_has_not_signed_in_sees_nothing(served: Served, path: str) -> None:
    got = served.ask(path)
    assert (got.status, got.headers["location"], got.body) == (303, "/login", b"")


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_small_and_asks_nobody_else_for_anything(inside: Served, path: str) -> None:
    got = inside.ask(path)
    assert got.status == 200
    assert len(got.body) < 50_000
    assert not re.findall(r"(?:src|<link[^>]*href|@import)[^>]*https?://", got.text)
    assert re.findall(r"<script[^>]*>", got.text) == [f'<script src="{SCRIPT_PATH}" defer>']
    assert not re.search(r"\s(?:style|on\w+)=", got.text)
    assert got.text.count("<h1") == 1


def test_what_a_page_refers_to_is_there(inside: Served) -> None:
    referred = re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]*)"', inside.ask("/").text)
    kinds = []
    for path in referred:
        got = inside.ask(path)
        assert got.status == 200
        kinds.append(got.headers["content-type"].partition(";")[0])
        assert "max-age" in got.headers["cache-control"]
    assert kinds == ["image/svg+xml", "text/css", "text/javascript"]


def test_a_year_of_people_is_still_a_small_page(tmp_path: object, inside: Served) -> None:
    guests = [f"guest{number}.of.a.rather.long.name@company{number}.example" for number in range(400)]
    inside.house.put(*(Ev(f"e{n}", f"2025-{1 + n % 12:02}-{1 + n % 28:02} 10:00", [g]) for n, g in enumerate(guests)))
    assert inside.house.sync("2026-05-13 02:00").exit_code == 0
    got = inside.ask("/people")
    assert len(got.body) < 50_000
    assert "of 4" in got.text


def test_the_key_printed_at_the_start_signs_in_once(served: Served) -> None:
    opened = served.ask(f"/login?key={served.one_time}")
    assert "set-cookie" not in opened.headers
    first = served.sign_in()
    assert (first.status, first.headers["location"]) == (303, "/")
    assert served.ask("/").status == 200
    served.cookies = {}
    assert served.sign_in().status == 403
    assert served.ask("/").status == 303


def test_the_session_is_kept_from_scripts_and_other_sites_and_survives_a_restart(met: House) -> None:
    with serving(met) as served:
        told = served.sign_in().headers["set-cookie"].lower()
        cookies = served.cookies
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in told.split(";")}
    assert "secure" not in told
    with serving(met) as again:
        again.cookies = cookies
        assert again.ask("/").status == 200


def test_over_https_the_session_is_sent_over_https_alone(met: House) -> None:
    met.sections["serve"] = 'base_url = "https://nudges.example"'
    with serving(met) as served:
        assert "; secure" in served.sign_in().headers["set-cookie"].lower()


def test_a_session_ends_by_itself_and_by_signing_out(inside: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    out = inside.ask("/logout", "POST", {"key": field(inside.ask("/health"), "key")})
    assert 'calsync=""' in out.headers["set-cookie"]
    assert "max-age=0" in out.headers["set-cookie"].lower()
    monkeypatch.setenv("CALSYNC_NOW", "2026-06-20T10:00:00+00:00")
    assert inside.ask("/").status == 303


def test_a_password_signs_in_as_often_as_wanted(met: House) -> None:
    (met.folder / "password").write_text("heron-lamp-42\n")
    met.sections["serve"] = 'password_file = "password"'
    with serving(met) as served:
        assert "Password" in served.ask("/login").text
        assert served.sign_in(password="heron-lamp-43").status == 403
        assert served.sign_in(password="heron-lamp-42").status == 303
        assert served.sign_in(password="heron-lamp-42").status == 303
        kept = served.cookies
    (met.folder / "password").write_text("otter-lamp-42\n")
    with serving(met) as again:
        again.cookies = kept
        assert again.ask("/").status == 303


def test_a_password_cannot_be_tried_without_end(met: House) -> None:
    (met.folder / "password").write_text("heron-lamp-42\n")
    met.sections["serve"] = 'password_file = "password"'
    with serving(met) as served:
        tries = [served.sign_in(password=f"try {number}").status for number in range(22)]
        assert tries == [403] * 20 + [429] * 2
        assert served.sign_in(password="heron-lamp-42").status == 429


@pytest.mark.parametrize("content", [None, "", "short\n"])
def test_a_password_file_without_a_password_is_an_error(met: House, content: str | None) -> None:
    if content is not None:
        (met.folder / "password").write_text(content)
    met.sections["serve"] = 'password_file = "password"'
    told = met.run("serve", "--port", "65123", now=EVENING)
    assert told.code == 10
    assert "serve.password_file" in told.err


def test_whom_the_trusted_proxy_names_is_in_and_nobody_elses_word_counts(met: House) -> None:
    met.sections["serve"] = 'trusted_proxy = "127.0.0.1"'
    with serving(met) as served:
        assert served.ask("/", Remote_User="sam").status == 200
        assert served.ask("/").status == 303
    met.sections["serve"] = 'trusted_proxy = "10.7.7.7"'
    with serving(met) as served:
        assert served.ask("/", Remote_User="sam").status == 303


def test_today_shows_whom_to_write_to_why_and_with_which_words(inside: Served) -> None:
    shown = inside.ask("/").text
    assert "Noor Haddad" in shown
    assert "Why now" in shown
    assert "The draft" in shown
    assert f'href="mailto:{NOOR}?' in shown.replace("%40", "@")


def test_an_answer_on_the_page_is_told_there_with_the_way_back(inside: Served) -> None:
    place = form_of(inside.ask("/"), "Noor")
    got = inside.ask(place, "POST", {"do": "done", "to": "/"})
    assert got.status == 303
    after = inside.ask(got.headers["location"])
    assert re.search(r"Noor Haddad.*</strong>: done", after.text)
    assert state(inside.house, NOOR) == "done"
    inside.ask(place, "POST", {"do": "undo", "to": "/"})
    assert state(inside.house, NOOR) == "written"


def test_on_the_page_one_person_of_several_can_be_answered_for(inside: Served) -> None:
    inside.house.put(Ev("both", "2026-05-12 11:00", ["uma@delta.example", "vik@delta.example"]))
    assert inside.house.sync("2026-05-12 19:00").exit_code == 0
    page = inside.ask("/").text
    (uma,) = re.findall(
        r'action="([^"]*)"[^>]*class="row">.*?name="one" value="([^"]*)"[^>]*>\s*<span>uma@delta.example', page, re.S
    )[-1:]
    got = inside.ask(uma[0], "POST", {"do": "done", "to": "/", "one": uma[1]})
    assert inside.ask(got.headers["location"]).status == 200
    assert (state(inside.house, "uma@delta.example"), state(inside.house, "vik@delta.example")) == ("done", "written")


def test_the_week_can_be_turned(inside: Served) -> None:
    this = inside.ask("/week").text
    assert "11 May to 17 May" in this
    assert "Noor Haddad" in this
    after = re.search(r'href="(/week\?of=[^"]*)" rel="next"', this)
    assert after
    assert "18 May to 24 May" in inside.ask(after[1]).text
    for impossible in ("yesterday", "9999-12-31", "0001-01-01"):
        assert inside.ask(f"/week?of={impossible}").status == 400


def test_who_is_held_can_be_let_in_or_never(inside: Served) -> None:
    house = inside.house
    house.put(
        Ev("q", "2026-05-12 09:00", ["quinn@elm.example"], organizer="quinn@elm.example", mine="NEEDS-ACTION"),
        Ev("r", "2026-05-12 15:00", ["rosa@elm.example"], organizer="rosa@elm.example", mine="NEEDS-ACTION"),
    )
    assert house.sync("2026-05-12 19:00").exit_code == 0
    page = inside.ask("/held")
    assert "quinn@elm.example" in page.text
    assert "2<span" in page.text
    for do, who in (("accept", "quinn"), ("ignore", "rosa")):
        sent = {"key": field(page, "key"), "who": f"{who}@elm.example", "do": do}
        after = inside.ask(inside.ask("/say", "POST", sent).headers["location"])
        assert f"{who}@elm.example</strong>: is {'let in' if do == 'accept' else 'ignored from now on'}" in after.text
    assert house.nudged(LATER) == {NOOR, TOMAS, "quinn@elm.example"}
    assert "Nobody waits" in after.text
    assert 'value="heed"' in after.text
    undone = inside.ask("/say", "POST", sent | {"do": "heed"})
    assert "rosa@elm.example" in inside.ask(undone.headers["location"]).text


def test_people_are_found_by_a_part_of_their_name_or_address(inside: Served) -> None:
    for asked in ("noor", "HADDAD", "juniper"):
        shown = inside.ask(f"/people?q={asked}").text
        assert "Noor Haddad" in shown
        assert "Tomas" not in shown
    assert "Nobody is called “zz”" in inside.ask("/people?q=zz").text


def test_a_person_shows_meetings_and_follow_ups_and_can_be_stopped(inside: Served) -> None:
    page = inside.ask(f"/person?who={quote(NOOR)}")
    assert "Meeting" in page.text
    assert "newcomer" in page.text.lower()
    sent = {"key": field(page, "key"), "who": NOOR, "do": "stop"}
    assert inside.ask("/say", "POST", sent).status == 303
    assert inside.house.nudged(LATER) == {TOMAS}
    assert inside.ask("/say", "POST", sent | {"do": "resume"}).status == 303
    assert inside.house.nudged(LATER) == {NOOR, TOMAS}
    assert inside.ask("/person?who=nobody@nowhere.example").status == 404


def test_people_show_how_often_they_want_to_be_met(inside: Served) -> None:
    person = f"/person?who={NOOR}"
    sent = {"key": field(inside.ask(person), "key"), "who": NOOR, "do": "tier", "tier": "B"}
    assert inside.ask("/say", "POST", sent).status == 303
    assert 'value="B" selected' in inside.ask(person).text
    assert "tier B" in inside.ask("/people").text
    assert inside.ask("/say", "POST", sent | {"tier": "Z"}).status == 409
    assert inside.ask("/say", "POST", sent | {"tier": ""}).status == 303
    assert "tier B" not in inside.ask("/people").text


def test_a_person_is_one_line_of_time(inside: Served) -> None:
    inside.house.put(Ev("again", "2026-05-20 10:00", [NOOR], title="Second look"))
    assert inside.house.sync("2026-05-13 02:00").exit_code == 0
    shown = inside.ask(f"/person?who={NOOR}").text
    ahead, _, behind = shown.partition("So far")
    assert re.search(r"Last met</dt><dd>Tue 12 May 2026.*Next</dt><dd>Wed 20 May 2026", ahead, re.S)
    assert "Second look" in ahead
    assert "Second look" not in behind
    assert behind.index("nice to meet you") < behind.index("12 May")


def test_a_reminder_moves_to_a_chosen_day_and_is_still_there_on_it(
    inside: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = form_of(inside.ask("/"), "Noor")
    sent = {"do": "day", "day": "2026-06-05", "to": "/week?of=2026-06-01"}
    got = inside.ask(place, "POST", sent)
    assert got.headers["location"].startswith("/week?of=2026-06-01&did=")
    shown = inside.ask(got.headers["location"]).text
    assert re.search(r"Noor Haddad.*</strong>: moved to Friday 5 June", shown)
    assert "Fri 5 Jun" in shown
    # Past the end of the step's window, which is the user's to decide.
    assert inside.house.sync("2026-06-05 02:00").exit_code == 0
    monkeypatch.setenv("CALSYNC_NOW", "2026-06-05T08:00:00+00:00")
    assert "Noor Haddad: nice to meet you" in inside.ask("/").text


@pytest.mark.parametrize("day", ["", "2026-05-13", "2020-01-01", "2031-01-01", "9999-12-31", "tomorrow", "0001-01-01"])
def test_a_day_that_makes_no_sense_moves_nothing(inside: Served, day: str) -> None:
    before = inside.house.agenda(LATER)
    got = inside.ask(form_of(inside.ask("/"), "Noor"), "POST", {"do": "day", "day": day, "to": "/"})
    assert got.status == 400
    assert "Nothing was changed" in got.text
    assert 'href="/"' in got.text
    assert inside.house.agenda(LATER) == before


def test_a_reminder_has_a_page_of_its_own(inside: Served) -> None:
    path = re.search(r'href="(/reminder\?is=[^"]*)"', inside.ask("/week").text)
    assert path
    shown = inside.ask(path[1]).text
    assert "Why now" in shown
    assert "Another day" in shown
    assert "&lt;" not in shown  # the people are named once, by the links to them
    assert inside.ask("/reminder?is=000000000000").status == 404
    assert inside.ask("/reminder?is=%25").status == 404
    assert inside.ask("/reminder").status == 404


def test_a_provisional_reminder_says_what_that_means(inside: Served) -> None:
    inside.house.put(Ev("soon", "2026-05-20 10:00", ["wim@elm.example"]))
    assert inside.house.sync("2026-05-13 02:00").exit_code == 0
    week = inside.ask("/week?of=2026-05-21").text
    path = re.search(r'href="(/reminder\?is=[^"]*)"(?:(?!</a>).)*wim@elm', week, re.S)
    assert path
    assert "Provisional" in inside.ask(path[1]).text


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/login", "/\r\nX: y", "/a/b", "javascript:1"]
)
def test_an_answer_leads_back_to_pages_of_ours_alone(inside: Served, to: str) -> None:
    place = form_of(inside.ask("/"), "Noor")
    got = inside.ask(place, "POST", {"do": "tomorrow", "to": to})
    assert got.headers["location"].startswith(place)


def test_what_fails_is_told_on_every_page(inside: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "alert" not in inside.ask("/").text
    (inside.house.folder / "work.ics").unlink()
    assert inside.house.run("sync", now="2026-05-13 03:00", write=False).code == 3
    for path in PAGES:
        assert "work cannot be read since Wednesday 13 May" in inside.ask(path).text
    monkeypatch.setenv("CALSYNC_NOW", "2026-05-17T08:00:00+00:00")
    assert "The last sync was on" in inside.ask("/").text


def test_a_feed_that_others_can_reach_has_a_code_to_scan(met: House) -> None:
    with serving(met) as alone:
        alone.sign_in()
        assert 'class="qr"' not in alone.ask("/health").text
    met.sections["serve"] = 'base_url = "https://nudges.example"'
    met.outputs += '[[output]]\nname = "second"\ntype = "ics"\npath = "second.ics"\ndetails = "busy"\n'
    with serving(met) as served:
        served.sign_in()
        shown = served.ask("/health").text
    assert shown.count('class="qr"') == 2
    for name in ("feed", "second"):
        assert f'aria-label="QR code of the address of {name}"' in shown
    assert len(shown) < 50_000


def test_health_tells_of_syncs_and_where_to_subscribe(inside: Served) -> None:
    shown = inside.ask("/health").text
    assert "all went through" in shown
    assert f"webcal://127.0.0.1:{inside.port}{inside.feed_path()}" in shown


def test_what_a_meeting_is_called_is_text_and_never_html(inside: Served) -> None:
    evil = '<img src=x onerror=alert(1)>"\'><a href="javascript:alert(2)">'
    guest = 'ATTENDEE;CN="<script>alert(3)</script>";PARTSTAT=ACCEPTED:mailto:eve@evil.example'
    inside.house.put(Ev("evil", "2026-05-12 13:00", [guest], title=evil))
    assert inside.house.sync("2026-05-12 19:00").exit_code == 0
    for path in ("/", "/week", "/people", "/person?who=eve@evil.example", "/people?q=<script>"):
        shown = inside.ask(path).text
        assert "<img" not in shown
        assert "<script>" not in shown
        assert 'href="javascript' not in shown
    assert "&lt;script&gt;" in inside.ask("/people").text


def test_a_private_meeting_is_not_named_on_any_page(inside: Served) -> None:
    title, extra = "Liver clinic", ["CLASS:PRIVATE", "LOCATION:Ward 7"]
    quinn = "quinn@oak.example"
    inside.house.put(
        Ev("p", "2026-05-12 12:00", ["pia@oak.example"], title=title, extra=extra),
        Ev("q", "2026-05-12 15:00", [quinn], organizer=quinn, mine="NEEDS-ACTION", title=title, extra=extra),
    )
    assert inside.house.sync("2026-05-12 19:00").exit_code == 0
    own = re.findall(r'href="(/reminder\?is=[^"]*)"', inside.ask("/week").text)
    people = [f"/person?who={name}@oak.example" for name in ("pia", "quinn")]
    pages = {path: inside.ask(path).text for path in {*PAGES, *own, *people}}
    assert "pia@oak.example" in pages["/people"]
    assert "quinn@oak.example" in pages["/held"]
    answer = inside.ask(form_of(inside.ask("/"), "pia")).text
    assert "pia@oak.example" in answer
    for text in (*pages.values(), answer):
        assert "Liver" not in text
        assert "Ward" not in text


def test_a_reminder_comes_apart_into_facts_draft_and_links() -> None:
    text = (
        "Ada\n\nYou met.\n\nDraft\nSubject: Hi\nDear Ada,\n\nyours\n\nAda: tel:+4420\nmailto:ada@b.example?subject=Hi"
    )
    facts, draft, links = parts(text)
    assert facts == ("Ada", "You met.")
    assert draft == "Subject: Hi\nDear Ada,\n\nyours"
    assert links == (("Call: Ada", "tel:+4420"), ("Write the mail", "mailto:ada@b.example?subject=Hi"))
    assert parts("javascript:alert(1)") == (("javascript:alert(1)",), "", ())
