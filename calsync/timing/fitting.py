"""Whether some reminders find room on one day, none overlapping another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from calsync.timing.free_time import bits

_STEPS = 60


class Claim:
    """Somebody who needs a place on one of ``days`` (one bit a day).

    ``starts`` gives the starts that suit on a day, the preferred ones and the others;
    ``width`` is the length in quarter hours, or 0 for a claim that counts in the caps
    and needs no free time. A claim can be limited to some starts of one day for a while.
    """

    __slots__ = ("_all_days", "_limit", "_starts", "_suits", "days", "limited", "width")

    def __init__(self, days: int, width: int, starts: Callable[[int], tuple[int, int]]) -> None:
        self.days = self._all_days = days
        self.width = width
        self.limited = False
        self._limit = -1
        self._starts = starts
        self._suits: dict[int, tuple[int, int]] = {}

    def limit(self, day: int, starts: int = -1) -> None:
        self.days, self._limit, self.limited = 1 << day, starts, True

    def unlimit(self) -> None:
        self.days, self._limit, self.limited = self._all_days, -1, False

    def suits(self, day: int) -> tuple[int, int]:
        """The starts on ``day``, as limited at present: preferred, other."""
        if day not in self._suits:
            self._suits[day] = self._starts(day)
        preferred, other = self._suits[day]
        return preferred & self._limit, other & self._limit

    def any_start(self, day: int) -> int:
        preferred, other = self.suits(day)
        return preferred | other

    def span(self, start: int) -> int:
        """The quarter hours that the claim takes from ``start`` on."""
        return ((1 << self.width) - 1) << start

    def first_start(self, day: int, taken: int) -> int | None:
        """The first choice of start that keeps clear of ``taken``."""
        return next(self.starts_in_order(day, taken), None)

    def starts_in_order(self, day: int, taken: int) -> Iterator[int]:
        """The starts that keep clear of ``taken``, the first choice first."""
        clear = ~blocked_starts(taken, self.width)
        for choices in self.suits(day):
            yield from bits(choices & clear)


def blocked_starts(taken: int, width: int) -> int:
    """The starts from which ``width`` quarter hours would run into ``taken``."""
    blocked = taken
    for back in range(1, width):
        blocked |= taken >> back
    return blocked


def fit(day: int, claims: Sequence[Claim], held: int, at_present: Mapping[Claim, int]) -> dict[Claim, int] | None:
    """Starts on ``day`` for all of ``claims``, clear of ``held``; None if there are none.

    Everybody keeps the start they have ``at_present`` if all fit that way. Exact for
    claims one quarter hour long; a search of limited length for wider ones.
    """
    slots: dict[Claim, int] = {}
    taken, homeless = held, []
    for claim in claims:
        start = at_present.get(claim)
        if start is None or claim.span(start) & taken:
            homeless.append(claim)
        else:
            slots[claim] = start
            taken |= claim.span(start)
    for claim in homeless:
        start = claim.first_start(day, taken)
        if start is None:
            break
        slots[claim] = start
        taken |= claim.span(start)
    else:
        return slots
    options = {claim: claim.any_start(day) & ~blocked_starts(held, claim.width) for claim in claims if claim.width}
    if not all(options.values()):
        return None
    if all(claim.width == 1 for claim in options):
        return _match(options)
    tightest = sorted(options, key=lambda claim: options[claim].bit_count())
    return _pack(tightest, options, held, [_STEPS])


def _match(options: Mapping[Claim, int]) -> dict[Claim, int] | None:
    """One start for each claim, all different: augmenting paths, exact."""
    holder: dict[int, Claim] = {}

    def find(claim: Claim, seen: set[int]) -> bool:
        for start in bits(options[claim]):
            if start not in seen:
                seen.add(start)
                if start not in holder or find(holder[start], seen):
                    holder[start] = claim
                    return True
        return False

    if all(find(claim, set()) for claim in options):
        return {claim: start for start, claim in holder.items()}
    return None


def _pack(
    claims: Sequence[Claim], options: Mapping[Claim, int], taken: int, steps: list[int]
) -> dict[Claim, int] | None:
    """Starts for claims of any width, none overlapping, within so many ``steps``."""
    if not claims:
        return {}
    claim = claims[0]
    for start in bits(options[claim] & ~blocked_starts(taken, claim.width)):
        steps[0] -= 1
        if steps[0] < 0:
            return None
        found = _pack(claims[1:], options, taken | claim.span(start), steps)
        if found is not None:
            return {claim: start, **found}
    return None
