"""Titles, drafts and links: short, safe, and the same with and without the template engine."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from calsync.model import Channel
from calsync.rules.channels import ARRANGED, FORMS
from calsync.rules.drafts import (
    BODY_LENGTH,
    NAMES,
    TemplateError,
    Words,
    draft_of,
    parse,
    render,
    title_of,
    words_for,
)
from calsync.rules.links import LINK_LENGTH, mailto
from calsync.rules.schema import Message, Pack, Step

WORDS = words_for(
    ["Ana Lima", "Bo Chen", "Cy Dee"],
    meeting="Intro",
    day=date(2026, 11, 10),
    place="Harbour Café",
    me="Sam Lee",
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


def step(**keys: object) -> Step:
    return Step.model_validate({"id": "s", "after": "1 day", "window": "2 days", "channel": "email", **keys})


def test_the_words_are_those_of_the_manual() -> None:
    expected = Words(
        people="Ana Lima, Bo Chen and Cy Dee",
        first_names="Ana, Bo and Cy",
        name="Ana Lima",
        meeting="Intro",
        date="Tuesday 10 November",
        place="Harbour Café",
        me="Sam Lee",
    )
    assert expected == WORDS
    assert words_for(["Ana"], meeting=" ", day=date(2026, 11, 1)).meeting == "our meeting"


@pytest.mark.parametrize(
    ("name", "people", "first"),
    [
        ("Lovelace, Ada", "Ada Lovelace", "Ada"),
        ("Dr. Ada Lovelace", "Dr. Ada Lovelace", "Ada"),
        ("Ada Lovelace (Acme)", "Ada Lovelace (Acme)", "Ada"),
        ("ada@acme.example", "ada@acme.example", "ada@acme.example"),
        ("Ada", "Ada", "Ada"),
        ("Dr.", "Dr.", "Dr."),
        (",", ",", ","),
        ("Acme, Inc, Sales", "Acme, Inc, Sales", "Acme,"),
    ],
)
def test_names_are_put_as_one_would_say_them(name: str, people: str, first: str) -> None:
    words = words_for([name], meeting="", day=date(2026, 1, 1))
    assert (words.people, words.first_names) == (people, first)


def test_a_step_without_a_title_is_named_by_its_channel() -> None:
    assert title_of(step(), WORDS) == "Email Ana Lima, Bo Chen and Cy Dee"
    for channel in Channel:
        assert "Ana Lima, Bo Chen and Cy Dee" in title_of(step(channel=channel.value), WORDS)


def test_a_title_is_one_line_of_at_most_200_characters() -> None:
    title = title_of(step(title="A\n {{ people }} " + "x" * 300), WORDS)
    assert title.startswith("A Ana Lima")
    assert len(title) == 200
    assert title.endswith("…")


def test_a_draft_comes_from_the_pack_or_from_the_step() -> None:
    pack = Pack("p", "", None, (), {"hello": Message(subject="Hi\n{{ name }}", body="\nDear {{ first_names }}\n")})
    draft = draft_of(pack, step(message="hello"), WORDS)
    assert draft is not None
    assert (draft.subject, draft.body) == ("Hi Ana Lima", "Dear Ana, Bo and Cy")
    own = draft_of(pack, step(message={"body": "{{ me }}"}), WORDS)
    assert own is not None
    assert (own.subject, own.body) == ("", "Sam Lee")


PIECES = st.one_of(
    st.sampled_from(NAMES).flatmap(
        lambda name: st.sampled_from([f"{{{{ {name} }}}}", f"{{{{{name}}}}}", f"{{{{\t{name}\n}}}}"])
    ),
    st.sampled_from(["\n", "\r\n", "\r", " ", "Hi ", "&amp; <b>", "%", "#", "{", "}", "{{ '{{' }}", "{{- me -}}"]),
    TEXTS,
)


@given(st.lists(PIECES, max_size=8).map("".join), st.builds(Words, *[TEXTS] * len(NAMES)))
def test_rendering_without_the_engine_gives_the_same_text(template: str, words: Words) -> None:
    try:
        ours = render(template, words)
    except TemplateError:
        with pytest.raises(TemplateError):
            parse(template)
        return
    assert ours == Environment().from_string(template).render(asdict(words))[:BODY_LENGTH]


def test_conditions_and_filters_work() -> None:
    template = "{% if place %}at {{ place|upper }}{% else %}somewhere{% endif %}"
    template += "{{ ', ' ~ me if me and name != 'x' }}"
    assert render(template, WORDS) == "at HARBOUR CAFÉ, Sam Lee"
    assert render(template, words_for(["Bo"], meeting="", day=date(2026, 1, 1))) == "somewhere"


@pytest.mark.parametrize(
    "template",
    [
        "{{ peple }}",
        "{{ name }",
        "{% for x in name %}{{ x }}{% endfor %}",
        "{% set x = name ~ name %}",
        "{{ 'a' * 1000000000 }}",
        "{{ name.ljust(1000000000) }}",
        "{{ name.__class__ }}",
        "{{ name['__class__'] }}",
        "{{ ''.join([]) }}",
        "{{ name|center(1000000000) }}",
        "{{ name|replace('a', 'b') }}",
        "{{ range(9) }}",
        "{{ lipsum() }}",
        "{% include 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{{ name|truncate(0) }}",
        "{{ people < 3 }}",
        "{{ " + "(" * 3000 + "name",
        "x" * 4001,
    ],
)
def test_whatever_is_unknown_dangerous_or_slow_is_a_template_error(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, WORDS)


def test_an_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(TemplateError, match='unknown variable "frist_names"; did you mean "first_names"'):
        render("{{ frist_names }}", WORDS)


def test_every_text_is_capped() -> None:
    words = words_for(["x" * 3000], meeting="", day=date(2026, 1, 1))
    assert len(render("{{ people }}" * 50, words)) == BODY_LENGTH


def test_a_step_without_a_message_gets_the_draft_of_its_channel() -> None:
    pack = Pack("p", "", None, (), {})
    bodies = set()
    for channel in Channel:
        draft = draft_of(pack, step(channel=channel.value), WORDS)
        assert draft is not None
        assert "Ana, Bo and Cy" in draft.body
        assert "{" not in draft.subject + draft.body
        assert WORDS.date not in draft.body, "somebody on a tier may never have been met"
        bodies.add(draft.body)
    assert len(bodies) == len(Channel)


def test_a_first_call_is_proposed_whatever_its_step_says() -> None:
    pack = Pack("p", "", None, (), {})
    words = replace(WORDS, slots="- Thu 12 November, 10:00")
    for channel, title in (("call", "Propose a call to "), ("video", "Propose a video call to ")):
        made = step(channel=channel, title="Ring {{ people }} at once")
        assert title_of(made, words, first_contact=True).startswith(title)
        assert title_of(made, words) == "Ring Ana Lima, Bo Chen and Cy Dee at once"
        draft = draft_of(pack, made, words, first_contact=True)
        assert draft is not None
        assert "- Thu 12 November, 10:00" in draft.body
    letter = step(channel="email", title="Write to {{ name }}")
    assert title_of(letter, words, first_contact=True) == "Write to Ana Lima"


def test_only_what_proposes_a_time_has_times_to_propose() -> None:
    proposing = {channel for channel, form in FORMS.items() if form.offering}
    assert proposing == {Channel.COFFEE, Channel.LUNCH, Channel.MEETING}
    assert all(form.offering for form in ARRANGED.values())
    for channel, form in [*FORMS.items(), *ARRANGED.items()]:
        assert ("{{ slots }}" in form.body) == bool(form.offering), channel


def test_every_channel_has_a_symbol_a_length_and_a_title_of_its_own() -> None:
    assert set(FORMS) == set(Channel)
    assert len({form.symbol for form in FORMS.values()}) == len(Channel)
    assert len({form.title for form in FORMS.values()}) == len(Channel)
    lengths = {channel: form.length for channel, form in FORMS.items() if form.length != timedelta(minutes=15)}
    half = timedelta(minutes=30)
    assert lengths == {Channel.CALL: half, Channel.VIDEO: half, Channel.VISIT: timedelta(hours=1)}
    in_their_day = {channel for channel, form in FORMS.items() if form.in_their_day}
    assert in_their_day == {Channel.CALL, Channel.VIDEO, Channel.MESSAGE, Channel.VISIT}


def test_a_mailto_link_carries_the_message_by_the_book() -> None:
    link = mailto(["a+b@x.example", "o'hara&co@y.example"], "Tea & talk?", "Hi Ünal,\n50% + more")
    assert link == (
        "mailto:a+b@x.example,o'hara%26co@y.example?subject=Tea%20%26%20talk%3F"
        "&body=Hi%20%C3%9Cnal%2C%0D%0A50%25%20%2B%20more"
    )
    assert mailto([], "x", "y") == ""
    assert mailto(["a@x.example"], "", "") == "mailto:a@x.example"
    assert mailto(["a@x.example"], "", "b") == "mailto:a@x.example?body=b"


@given(st.lists(st.just("ada@acme.example"), min_size=1, max_size=20), TEXTS, st.text(max_size=3000))
def test_a_mailto_link_is_ascii_short_and_says_what_was_meant(people: list[str], subject: str, body: str) -> None:
    link = mailto(people, subject, body)
    assert len(link) <= LINK_LENGTH
    assert link.isascii()
    said = parse_qs(urlsplit(link).query, strict_parsing=False).get("body", [""])[0]
    meant = body.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    assert said == meant or (said.endswith("…") and meant.startswith(said[:-1]))
    assert unquote(urlsplit(link).path).split(",") == people
