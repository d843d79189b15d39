"""people: everybody calsync knows, and what the user says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.answers import Person, answering
from calsync.cli.importing import import_
from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column, Row, counted, day_and_time
from calsync.cli.why import cadence_in_words
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.asking.cadences import CadenceTold

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Everybody calsync knows, and what you say of them.")
    group.command("list")(list_)
    group.command()(show)
    group.command("set")(set_)
    group.command()(merge)
    group.command()(split)
    group.command()(ignore)
    group.command()(duplicates)
    group.command("import")(import_)
    group.command()(forget)
    app.add_typer(group, name="people")


def list_(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Only those whose name or address holds it.")] = "",
    as_json: Json = False,
) -> None:
    """List everybody you met or will meet, the latest first."""
    from calsync.asking.directory import everybody
    from calsync.sync import desk_of

    state = state_of(ctx)
    with state.ledger() as ledger:
        people = everybody(desk_of(state.config(), ledger, state.now()))
    wanted = text.casefold()
    people = [p for p in people if wanted in p.name.casefold() or any(wanted in a for a in p.addresses)]
    if as_json:
        state.terminal.json([person.as_json() for person in people])
        return
    if not people:
        state.terminal.line("Nobody." if wanted else "Nobody yet: calsync sync reads your calendar.")
        return
    now = state.local_now()
    rows: list[Row] = []
    for person in people:
        met = f"{person.met.day} {person.met:%b %Y}" if person.met else ""
        ahead = day_and_time(person.next, now) if person.next else ""
        said = ", ".join(_said(person.said))
        followups = str(person.followups) if person.followups else ""
        rows.append((person.called, person.addresses[0], met, ahead, Cell(followups, "good"), Cell(said, "warn")))
    state.terminal.table(
        [
            Column("Name", "strong"),
            "Address",
            Column("Last met", whole=True),
            Column("Next", whole=True),
            "Open",
            "Notes",
        ],
        rows,
    )


def _said(words: dict[str, str]) -> list[str]:
    told = {
        "stopped": "stopped",
        "ignored": "ignored",
        "human": "a human",
        "accepted": "",
        "name": "",
        "known": "a contact",
    }
    return [word for key in sorted(words) if (word := told.get(key, f"{key} {words[key]}"))]


def show(ctx: typer.Context, person: Person, as_json: Json = False) -> None:
    """Show one person: addresses, zone, tier, meetings and follow-ups."""
    from calsync.asking.directory import everybody
    from calsync.asking.explain import tell_person
    from calsync.asking.finding import one_person
    from calsync.sync import desk_of

    state = state_of(ctx)
    with state.ledger() as ledger:
        desk = desk_of(state.config(), ledger, state.now())
        found = one_person(ledger, desk.circle.identities, person)
        known = next((each for each in everybody(desk) if each.person == found.person), None)
        told = tell_person(desk, found)
        cadence = told.cadence
        zone = desk.zones({found.person: told.view}).get(found.person)
        phone = desk.phones([found.person]).get(found.person)
    if as_json:
        own: dict[str, object] = {"name": found.name, "emails": list(found.addresses)}
        own |= known.as_json() if known else {}
        own |= {"timezone": str(zone[0]) if zone else None, "phone": phone, "verdict": told.verdict.value}
        own |= {"cadence": cadence.as_json() if cadence else None}
        state.terminal.json(own | {"followups": told.as_json()["followups"]})
        return
    terminal, now = state.terminal, state.local_now()
    terminal.line(Cell(found.called, "strong"))
    rows: list[Row] = [("Addresses", ", ".join(found.addresses))]
    rows.append(("Standing", f"{told.verdict.value}: {'; '.join(told.reasons)}"))
    if zone:
        rows.append(("Time zone", f"{zone[0]} ({zone[1]})"))
    if phone:
        rows.append(("Phone", phone))
    if known is not None:
        if known.met:
            rows.append(("Last met", day_and_time(known.met, now)))
        if known.next:
            rows.append(("Next meeting", day_and_time(known.next, now)))
        rows += [(key.capitalize(), known.said[key]) for key in ("tier", "every") if key in known.said]
        if cadence is not None:
            rows.append(("In touch", cadence_in_words(cadence, now)))
        rows += [
            ("Note", word)
            for word in _said({k: v for k, v in known.said.items() if k in ("stopped", "ignored", "human")})
        ]
    for note in told.notes:
        rows.append(("Note", note))
    terminal.table([Column("", "dim", whole=True), ""], rows)
    if told.followups:
        terminal.line()
        terminal.table(
            [
                Column("State", whole=True),
                Column("When", whole=True),
                "Follow-up",
                Column("Id", "dim", whole=True),
            ],
            [(e.state.value, day_and_time(e.start, now) if e.start else "", e.title, e.id[:8]) for e in told.followups],
        )


def set_(
    ctx: typer.Context,
    person: Person,
    tier: Annotated[
        str | None, typer.Option(help="A, B, C or D: every 21, 60, 180 or 365 days; none takes it away.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help='An interval of their own, like "60 days"; none takes it away.')
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Their time zone, like America/New_York; none infers it again.")
    ] = None,
    phone: Annotated[
        str | None, typer.Option(help="Their telephone number, for links in reminders; none takes the card's.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call them; none takes the calendar's name.")] = None,
    human: Annotated[
        bool | None, typer.Option("--human/--no-human", help="A human, whatever the address looks like.")
    ] = None,
) -> None:
    """Say something of a person: calsync people set ada@acme.example --tier A"""
    from calsync.asking.directory import set_words
    from calsync.asking.finding import person_or_address

    state = state_of(ctx)
    given = {"tier": tier, "every": every, "timezone": timezone, "phone": phone, "name": name}
    words = {key: None if value.lower() == "none" else value for key, value in given.items() if value is not None}
    if human is not None:
        words["human"] = "yes" if human else None
    if not words:
        raise UsageError("nothing to set", "Give --tier, --every, --timezone, --phone, --name or --human.")
    with answering(state) as desk:
        own, called = person_or_address(desk.ledger, desk.circle.identities, person)
        words = set_words(desk, own, words)
    cadence = _cadence(state, own) if words.get("tier") or words.get("every") else None
    if not state.quiet:
        told = ", ".join(f"{key} {value}" if value else f"no {key} of their own" for key, value in words.items())
        state.terminal.line(f"{called}: {told.replace('human yes', 'a human')}")
        if cadence is not None:
            state.terminal.line(Cell(cadence_in_words(cadence, state.local_now()), "dim"))


def _cadence(state: State, person: str) -> CadenceTold | None:
    """When somebody who was just given a tier is due, as the next night will see it."""
    from calsync.asking.cadences import tell_cadence
    from calsync.asking.finding import Found
    from calsync.sync import desk_of

    with state.ledger() as ledger:
        return tell_cadence(desk_of(state.config(), ledger, state.now()), Found(person, "", (person,)))


def merge(ctx: typer.Context, one: Person, other: Person) -> None:
    """Say that two people are one: calsync people merge ada@acme.example ada@home.example"""
    from calsync.asking.directory import merge as join
    from calsync.asking.finding import one_person

    state = state_of(ctx)
    with answering(state) as desk:
        first = one_person(desk.ledger, desk.circle.identities, one)
        second = one_person(desk.ledger, desk.circle.identities, other)
        join(desk, first, second)
    if not state.quiet:
        state.terminal.line(f"{first.called} and {second.called} are one person now.")


def split(
    ctx: typer.Context,
    person: Person,
    address: Annotated[str | None, typer.Argument(metavar="ADDRESS", help="The one that is somebody else's.")] = None,
) -> None:
    """Take addresses apart that were merged."""
    from calsync.asking.directory import split as part
    from calsync.asking.finding import one_person

    state = state_of(ctx)
    with answering(state) as desk:
        found = one_person(desk.ledger, desk.circle.identities, person)
        apart = part(desk, found, address)
    if not state.quiet:
        state.terminal.line(f"Apart now: {', '.join(apart)}")


def ignore(ctx: typer.Context, person: Person) -> None:
    """Never follow up with a person; their open follow-ups are withdrawn."""
    from calsync.asking.directory import set_words
    from calsync.asking.finding import person_or_address

    state = state_of(ctx)
    with answering(state) as desk:
        own, called = person_or_address(desk.ledger, desk.circle.identities, person)
        set_words(desk, own, {"ignored": "yes", "accepted": None})
    if not state.quiet:
        state.terminal.line(f"Ignored: {called}")


def duplicates(ctx: typer.Context, as_json: Json = False) -> None:
    """Ask once about people with one name and several addresses; in a pipe, list them."""
    from calsync.asking.directory import duplicates as pairs_of
    from calsync.asking.directory import keep_apart
    from calsync.asking.directory import merge as join
    from calsync.sync import desk_of

    state = state_of(ctx)
    if not (state.terminal.can_ask and not as_json):
        with state.ledger() as ledger:
            pairs = pairs_of(desk_of(state.config(), ledger, state.now()))
        if as_json:
            state.terminal.json([[{"name": f.name, "emails": list(f.addresses)} for f in pair] for pair in pairs])
        else:
            state.terminal.table([], [(a.called, b.called) for a, b in pairs])
        return
    with answering(state) as desk:
        pairs = pairs_of(desk)
        if not pairs:
            state.terminal.line("No two people with one name that you were not asked about.")
        for one, other in pairs:
            answer = typer.prompt(f"Are {one.called} and {other.called} one person? [y]es, [n]o, [l]ater", default="l")
            if answer.lower().startswith("y"):
                join(desk, one, other)
            elif answer.lower().startswith("n"):
                keep_apart(desk, one, other)


def forget(
    ctx: typer.Context,
    person: Person,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase what calsync keeps of a person, and ignore them from then on."""
    from calsync.asking.directory import forget as erase
    from calsync.asking.finding import one_person

    state = state_of(ctx)
    with state.ledger() as ledger:
        from calsync.sync import desk_of

        desk = desk_of(state.config(), ledger, state.now())
        called = one_person(ledger, desk.circle.identities, person).called
    if not yes:
        if not state.terminal.can_ask:
            raise UsageError(f"forgetting {called} cannot be taken back", "Say --yes if you mean it.")
        if not typer.confirm(f"Erase all that calsync keeps of {called}?"):
            return
    with answering(state) as desk:
        number = erase(desk, one_person(desk.ledger, desk.circle.identities, person))
    if not state.quiet:
        state.terminal.line(f"Forgotten: {called}, with {counted(number, 'follow-up')}. They are ignored from now on.")
