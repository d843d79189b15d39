"""What the tests of keeping in touch share: a world in which people have tiers."""

from __future__ import annotations

from calsync.asking import answers
from calsync.asking.agenda import Entry
from calsync.asking.directory import set_words
from calsync.asking.finding import one_person
from calsync.model import State
from tests.world import World

OPEN = (State.PROVISIONAL, State.PLANNED, State.WRITTEN)


def choose(world: World, now: str, person: str, *, tier: str | None = None, every: str | None = None) -> None:
    """Give a person a tier or an interval of their own, "none" takes it away, as the command does."""
    words = {"tier": tier, "every": every}
    with world.ledger() as ledger:
        said = {key: None if value == "none" else value for key, value in words.items() if value is not None}
        set_words(world.desk(ledger, now), person, said)
        world.carry_out(ledger, now)


def answer(world: World, now: str, person: str, state: State) -> None:
    with world.ledger() as ledger:
        answers.finish(world.desk(ledger, now), person, state, "so said the user")
        world.carry_out(ledger, now)


def halt(world: World, now: str, person: str, value: str | None) -> None:
    with world.ledger() as ledger:
        desk = world.desk(ledger, now)
        answers.say(desk, one_person(ledger, desk.circle.identities, person), "stopped", value)
        world.carry_out(ledger, now)


def rounds(world: World, now: str, person: str = "") -> list[Entry]:
    """All touches of cadences, open or not, in their order."""
    found = [e for e in world.agenda(now, everything=True) if e.followup.step == "every"]
    own = [e for e in found if not person or person in e.emails]
    return sorted(own, key=lambda entry: (entry.emails, entry.followup.round))


def due(world: World, now: str, person: str = "") -> list[str]:
    """The days of the open touches."""
    return [f"{e.start:%Y-%m-%d %H:%M}" for e in rounds(world, now, person) if e.state in OPEN and e.start]


def states(world: World, now: str, person: str = "") -> list[str]:
    return [entry.state.value for entry in rounds(world, now, person)]
