"""Who gets a place where places are short.

Caps make days and weeks scarce, busy calendars make quarter hours scarce. Taking
claims one by one and giving each the first place that is left would turn an important
one away because somebody with more choice sits on the only day that suits it. So a
newcomer may make others move, as long as every one of them keeps a place.

Days within weeks within caps, and quarter hours within days, form a matroid while all
claims are one quarter hour long; then a shortest chain of moves exists whenever any
arrangement does (matroid intersection), and the answer is exact. Longer claims make it
a packing problem: there a search of limited length through all moves follows where no
chain is found, so that small cases stay exact and large ones stay quick.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import combinations

from calsync.timing.fitting import Claim, blocked_starts, fit
from calsync.timing.free_time import bits

_MOVES = 400
_MOVES_IN_ALL = 2_000


class _Search:
    """Whom one question has found so far: ``reached`` maps each to who would take their
    place and where; on ``alive`` days somebody not yet reached might leave."""

    def __init__(self, reached: Iterable[Claim], alive: int) -> None:
        self.reached: dict[Claim, tuple[Claim, int] | None] = dict.fromkeys(reached)
        self.alive = alive

    def chain(self, mover: Claim, day: int) -> list[tuple[Claim, int]]:
        """Who goes to which day, if ``mover`` goes to ``day``."""
        moves = [(mover, day)]
        while (step := self.reached[moves[-1][0]]) is not None:
            moves.append(step)
        return moves


class Places:
    """The claims that have a place, and the room that is left.

    ``day_room`` and ``week_room`` say how many more reminders a day and a week may
    hold; ``weeks`` gives each day's week.
    """

    def __init__(self, day_room: list[int], week_room: dict[int, int], weeks: Sequence[int]) -> None:
        self._day_room = day_room
        self._week_room = week_room
        self._weeks = weeks
        self._days_of_week: dict[int, int] = {}
        for day, week in enumerate(weeks):
            self._days_of_week[week] = self._days_of_week.get(week, 0) | 1 << day
        self._here: list[dict[Claim, int]] = [{} for _ in day_room]
        self._loose: list[dict[Claim, None]] = [{} for _ in day_room]
        self._taken = [0] * len(day_room)
        self._held = [0] * len(day_room)
        self._roomy = sum(1 << day for day, room in enumerate(day_room) if room > 0 and week_room[weeks[day]] > 0)
        self._known: list[dict[tuple[Claim, Claim | None], bool]] = [{} for _ in day_room]
        self._day_of: dict[Claim, int] = {}
        self._stuck: set[Claim] = set()
        self._moves_left = _MOVES_IN_ALL
        self._mixed = False
        self._slots_short = False

    def place_of(self, claim: Claim) -> tuple[int, int]:
        """Day and start of a claim that has a place; the start means nothing at width 0."""
        day = self._day_of[claim]
        return day, self._here[day][claim]

    @property
    def slots_were_short(self) -> bool:
        """Whether free time, and not the caps alone, stood in the way of the last claim."""
        return self._slots_short

    def seat(self, claim: Claim) -> bool:
        """Give ``claim`` a place; others may move, all keep one, pinned ones stay.

        False, and nothing has changed, if that cannot be done.
        """
        self._mixed = self._mixed or claim.width > 1
        for day in bits(claim.days & self._roomy):
            if self._can_join(claim, day):
                return self._join(claim, day)
        search = self._search(self._stuck)
        if self._seat(claim, search):
            return True
        if not (self._mixed and self._slots_short):
            self._stuck.update(one for one in search.reached if one in self._day_of)
        return False

    def settle(self, claims: Sequence[Claim]) -> None:
        """Move each of these seated claims, in this order, to its earliest day, and there
        to its first choice of start, as long as all others keep a place."""
        self._stuck.clear()
        self._moves_left = _MOVES_IN_ALL
        for claim in claims:
            self._prefer_day(claim)
            if claim.width:
                self._prefer_start(claim)
            day, start = self.place_of(claim)
            self._held[day] |= claim.span(start)
            self._known[day].clear()
            del self._loose[day][claim]

    def _prefer_day(self, claim: Claim) -> None:
        before, start = self.place_of(claim)
        earlier = claim.days & ((1 << before) - 1)
        if not earlier:
            return
        self._remove(claim)
        search = self._search()
        for day in bits(earlier & (self._roomy | search.alive)):
            claim.limit(day)
            if self._seat(claim, search):
                break
        else:
            self._put(claim, before, start)
        claim.unlimit()

    def _prefer_start(self, claim: Claim) -> None:
        day, start = self.place_of(claim)
        better = []
        for candidate in claim.starts_in_order(day, self._held[day]):
            if candidate == start:
                break
            better.append(candidate)
        if not better:
            return
        self._remove(claim)
        search = self._search()
        for candidate in better:
            claim.limit(day, 1 << candidate)
            if self._seat(claim, search):
                break
        else:
            self._put(claim, day, start)
        claim.unlimit()

    def _seat(self, claim: Claim, search: _Search) -> bool:
        """As :meth:`seat`. Those whom ``search`` has reached are known to find no other
        place; those found out now join them."""
        self._slots_short = False
        chain = self._chain(claim, search)
        if chain is not None and self._follow(chain):
            return True
        if not self._mixed or (chain is None and not self._slots_short) or not self._moves_left:
            return False
        self._slots_short = True
        return self._try_all_moves(claim)

    def _search(self, known: Iterable[Claim] = ()) -> _Search:
        search = _Search(known, 0)
        for day, loose in enumerate(self._loose):
            if not loose or search.alive >> day & 1 or loose.keys() <= search.reached.keys():
                continue
            week = self._weeks[day]
            search.alive |= 1 << day if self._week_room[week] > 0 else self._days_of_week[week]
        return search

    def _chain(self, claim: Claim, search: _Search) -> list[tuple[Claim, int]] | None:
        """The shortest chain of moves that seats ``claim``: who goes to which day."""
        search.reached[claim] = None
        queue = [claim]
        for mover in queue:
            elsewhere = mover.days & ~(1 << self._day_of[mover] if mover in self._day_of else 0)
            for day in bits(elsewhere & self._roomy):
                if self._can_join(mover, day):
                    return search.chain(mover, day)
                self._slots_short = True
            for day in bits(elsewhere & search.alive):
                for other in self._could_leave(mover, day, search):
                    search.reached[other] = (mover, day)
                    queue.append(other)
        return None

    def _could_leave(self, mover: Claim, day: int, search: _Search) -> list[Claim]:
        """Those not yet reached whose going alone would let ``mover`` onto ``day``."""
        week = self._weeks[day]
        week_decides = self._day_room[day] > 0 and self._week_room[week] <= 0
        if week_decides and self._can_join(mover, day):
            days = self._days_of_week[week]
            search.alive &= ~days
            return [one for near in bits(days) for one in self._movable(near, search.reached)]
        movable = self._movable(day, search.reached)
        leaving = [one for one in movable if self._can_join(mover, day, one)]
        if week_decides or len(leaving) < len(movable):
            self._slots_short = True
        else:
            search.alive &= ~(1 << day)
        return leaving

    def _movable(self, day: int, stay: Container[Claim]) -> list[Claim]:
        return [one for one in self._loose[day] if one not in stay]

    def _can_join(self, mover: Claim, day: int, leaving: Claim | None = None) -> bool:
        """Whether there is free time on ``day`` for all there and ``mover``, without ``leaving``."""
        if not mover.width:
            return True
        starts, here = mover.any_start(day), self._here[day]
        taken = self._taken[day]
        if leaving is not None and leaving.width:
            taken &= ~leaving.span(here[leaving])
        if starts & ~blocked_starts(taken, mover.width):
            return True
        if not starts & ~blocked_starts(self._held[day], mover.width):
            return False
        key = (mover, leaving)
        if mover.limited:
            return self._fit(day, mover, leaving) is not None
        if key not in self._known[day]:
            self._known[day][key] = self._fit(day, mover, leaving) is not None
        return self._known[day][key]

    def _fit(self, day: int, mover: Claim, *leaving: Claim | None) -> dict[Claim, int] | None:
        staying = [one for one in self._loose[day] if one not in leaving]
        return fit(day, [*staying, mover], self._held[day], self._here[day])

    def _follow(self, chain: list[tuple[Claim, int]]) -> bool:
        days = {day for _, day in chain} | {self._day_of[one] for one, _ in chain if one in self._day_of}
        before = self._snapshot(days)
        for claim, _ in chain:
            if claim in self._day_of:
                self._remove(claim)
        for claim, day in chain:
            if not self._join(claim, day):
                self._restore(before)
                return False
        return True

    def _try_all_moves(self, claim: Claim) -> bool:
        moves = [min(_MOVES, self._moves_left)]
        self._moves_left -= moves[0]
        before = self._snapshot(range(len(self._here)))
        done = self._seat_all((claim,), frozenset(), moves)
        self._moves_left += max(moves[0], 0)
        if not done:
            self._restore(before)
        return done

    def _seat_all(self, pending: tuple[Claim, ...], moved: frozenset[Claim], moves: list[int]) -> bool:
        """Seat all of ``pending``, moving each claim at most once, as long as ``moves``
        last. Tries every way; leaves the days anyhow if there is none."""
        if not pending:
            return True
        claim, rest = pending[0], pending[1:]
        for day in bits(claim.days):
            for leaving in self._ways_in(claim, day, moved, moves):
                moves[0] -= 1
                if moves[0] < 0:
                    return False
                before = self._snapshot({day, *(self._day_of[one] for one in leaving)})
                for one in leaving:
                    self._remove(one)
                if self._join(claim, day) and self._seat_all((*leaving, *rest), moved | {claim}, moves):
                    return True
                self._restore(before)
        return False

    def _ways_in(
        self, claim: Claim, day: int, moved: frozenset[Claim], moves: list[int]
    ) -> Iterator[tuple[Claim, ...]]:
        """The least sets of claims whose going lets ``claim`` onto ``day``."""
        movable, week = self._movable(day, moved), self._weeks[day]
        least: list[frozenset[Claim]] = []
        for size in range((len(movable) if len(movable) <= 6 else 2) + 1):
            if self._day_room[day] + size <= 0:
                continue
            for leaving in combinations(movable, size):
                if any(smaller <= set(leaving) for smaller in least):
                    continue
                moves[0] -= 1
                if moves[0] < 0:
                    return
                if self._fit(day, claim, *leaving) is None:
                    continue
                least.append(frozenset(leaving))
                if self._week_room[week] + size > 0:
                    yield leaving
                else:
                    for near in bits(self._days_of_week[week]):
                        for one in self._movable(near, moved):
                            yield (one,)

    def _join(self, claim: Claim, day: int) -> bool:
        """Put ``claim`` on ``day``; others there may change their start."""
        if self._day_room[day] <= 0 or self._week_room[self._weeks[day]] <= 0:
            return False
        slots = self._fit(day, claim)
        if slots is None:
            return False
        self._put(claim, day, 0)
        self._here[day].update(slots)
        self._recount(day)
        return True

    def _put(self, claim: Claim, day: int, start: int) -> None:
        self._day_of[claim] = day
        self._here[day][claim] = start
        self._loose[day][claim] = None
        self._recount(day, -1)

    def _remove(self, claim: Claim) -> None:
        day = self._day_of.pop(claim)
        del self._here[day][claim], self._loose[day][claim]
        self._recount(day, 1)

    def _recount(self, day: int, more: int = 0) -> None:
        taken = 0
        for claim, start in self._here[day].items():
            taken |= claim.span(start)
        self._taken[day] = taken
        self._known[day].clear()
        week = self._weeks[day]
        self._day_room[day] += more
        self._week_room[week] += more
        if self._week_room[week] <= 0:
            self._roomy &= ~self._days_of_week[week]
            return
        opened = more > 0 and self._week_room[week] == more
        for near in bits(self._days_of_week[week]) if opened else (day,):
            if self._day_room[near] > 0:
                self._roomy |= 1 << near
            else:
                self._roomy &= ~(1 << near)

    def _snapshot(self, days: Iterable[int]) -> list[tuple[int, dict[Claim, int]]]:
        return [(day, {one: self._here[day][one] for one in self._loose[day]}) for day in days]

    def _restore(self, snapshot: list[tuple[int, dict[Claim, int]]]) -> None:
        for day, _ in snapshot:
            for claim in list(self._loose[day]):
                self._remove(claim)
        for day, here in snapshot:
            for claim, start in here.items():
                self._put(claim, day, start)
