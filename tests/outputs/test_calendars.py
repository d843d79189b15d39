"""What every calendar promises that calsync and the user both write to.

A new one joins by a rig of its own (rigs.py), whose hand is the user's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calsync.errors import OutputError
from tests.outputs.google_rig import GOOGLE_RIGS
from tests.outputs.reminders import HELLO, many
from tests.outputs.rigs import RIGS, Rig, servers_end

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    servers_end()


@pytest.fixture(params=[*RIGS, *GOOGLE_RIGS], ids=lambda rig: rig.__name__)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = request.param(tmp_path)
    yield made
    made.close()


def test_what_is_created_stands_there_as_it_was_meant(rig: Rig) -> None:
    assert rig.output.create(HELLO).what == "done"
    stands = rig.again().standing({})
    assert list(stands) == [HELLO.id]
    content = stands[HELLO.id].content
    assert content is not None
    assert content == rig.output.shown(HELLO)
    assert content.start == HELLO.start
    assert content.title == HELLO.title
    assert not content.done


def test_what_has_its_etag_still_comes_without_its_content(rig: Rig) -> None:
    etags = {each.id: rig.output.create(each).etag for each in many(3)}
    assert all(etags.values())
    stands = rig.output.standing(etags)
    assert {id_: each.content for id_, each in stands.items()} == dict.fromkeys(etags)


def test_nothing_is_created_over_what_stands_there(rig: Rig) -> None:
    rig.output.create(HELLO)
    assert rig.output.create(replace(HELLO, title="Another")).what == "changed"
    content = rig.output.standing({})[HELLO.id].content
    assert content is not None
    assert content.title == HELLO.title


def test_a_change_needs_the_etag_of_what_stands_there(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    newer = replace(HELLO, title="✉ Email Ana Lima: nice to meet you", sequence=3)
    assert rig.output.change(newer, etag).what == "done"
    assert rig.output.change(replace(HELLO, title="Late"), etag).what == "changed"
    content = rig.output.standing({})[HELLO.id].content
    assert content == rig.output.shown(newer)


def test_a_removal_needs_the_etag_of_what_stands_there(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    rig.retitles(HELLO.id, "Mine now")
    assert rig.output.remove(HELLO.id, etag).what == "changed"
    etag = rig.output.standing({})[HELLO.id].etag
    assert rig.output.remove(HELLO.id, etag).what == "done"
    assert rig.output.remove(HELLO.id, etag).what == "gone"
    assert rig.output.standing({}) == {}


def test_what_the_user_deleted_cannot_be_changed_back(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    rig.deletes(HELLO.id)
    assert rig.output.change(HELLO, etag).what in ("gone", "changed")
    assert rig.output.standing({}) == {}


def test_a_move_is_read_in_whatever_zone_it_was_written(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    rig.moves(HELLO.id, HELLO.start + 26 * HOUR, HELLO.end + 27 * HOUR)
    stands = rig.output.standing({HELLO.id: etag})[HELLO.id]
    assert stands.content is not None
    assert stands.content.start == HELLO.start + 26 * HOUR
    assert stands.etag != etag


def test_a_tick_in_the_title_is_read(rig: Rig) -> None:
    rig.output.create(HELLO)
    rig.retitles(HELLO.id, "✓ sent")
    content = rig.output.standing({})[HELLO.id].content
    assert content is not None
    assert content.done
    assert content.title == "✓ sent"


def test_an_answer_lost_on_the_way_is_an_error_and_the_deed_is_done(rig: Rig) -> None:
    rig.loses_an_answer()
    with pytest.raises(OutputError) as caught:
        rig.output.create(HELLO)
    assert caught.value.remedy
    content = rig.output.standing({})[HELLO.id].content
    assert content == rig.output.shown(HELLO)


def test_a_calendar_that_is_gone_is_an_error_and_not_an_empty_one(rig: Rig) -> None:
    rig.output.create(HELLO)
    rig.deletes_all()
    with pytest.raises(OutputError) as caught:
        rig.again().standing({})
    assert caught.value.remedy
