"""News that are looked for once, for all who wait, and never longer than they will wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from calsync.web.feeds import Refreshed

T = TypeVar("T")


def run(asked: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: a browser of other tests may keep the loop of this one running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asked).result()


@dataclass
class Board:
    """Something that changes, what was last seen of it, and looks at it that take until they are let go."""

    state: int = 0
    seen: int = -1
    looks: int = 0
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        self.looks += 1
        found = self.state
        self.begun.set()
        assert self.go_on.wait(20)
        self.seen = found

    def news(self) -> Refreshed:
        return Refreshed(lambda: self.seen != self.state, self.look)


def test_all_who_ask_at_once_share_one_look() -> None:
    board = Board()
    board.go_on.set()

    async def ask() -> None:
        news = board.news()
        await asyncio.gather(*(news.fresh(None) for _ in range(50)))
        await news.fresh(None)

    run(ask())
    assert (board.seen, board.looks) == (0, 1)


def test_whoever_asks_during_a_look_gets_what_came_after_it_began() -> None:
    board = Board()

    async def ask() -> list[int]:
        news = board.news()

        async def asked() -> int:
            await news.fresh(None)
            return board.seen

        first = asyncio.create_task(asked())
        await asyncio.to_thread(board.begun.wait, 20)
        board.state = 7
        later = [asyncio.create_task(asked()) for _ in range(20)]
        await asyncio.sleep(0)
        board.go_on.set()
        return [await first, *await asyncio.gather(*later)]

    told = run(ask())
    assert set(told[1:]) == {7}
    assert board.looks == 2


def test_nobody_waits_longer_than_they_will() -> None:
    board = Board()

    async def ask() -> int:
        news = board.news()
        await news.fresh(0.01)
        await news.fresh(0.01)
        seen, looks = board.seen, board.looks
        board.go_on.set()
        await news.fresh(None)
        assert looks == 1
        return seen

    assert run(ask()) == -1
    assert board.seen == 0


def test_a_look_that_fails_is_tried_again_by_the_next_who_asks() -> None:
    tried = []

    def fail() -> None:
        tried.append(1)
        raise OSError("unreadable")

    async def ask() -> None:
        news = Refreshed(lambda: True, fail)
        await news.fresh(None)
        await news.fresh(None)

    run(ask())
    assert len(tried) == 2
