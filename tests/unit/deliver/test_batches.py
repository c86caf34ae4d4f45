"""How many batches of a lane are under way: all while it is alone, one that moves beside others."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime

import pytest

from crossdock.connect.catalogue import connectors
from crossdock.flow.deliver.batches import Batches, Company
from crossdock.flow.deliver.ports import Limits
from crossdock.kit.clock import SetClock
from tests.support.hub import until

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


def test_a_lane_has_company_for_a_second_after_little_was_due_on_another() -> None:
    clock = SetClock(datetime.now(UTC))
    company = Company(clock)
    company.note(ONE)
    assert (company.beside(ONE), company.beside(OTHER)) == (False, True)
    company.note(OTHER)
    company.note(OTHER)
    assert (company.beside(ONE), company.beside(OTHER)) == (True, True)
    clock.advance(0.6)
    company.note(ONE)
    clock.advance(0.6)
    assert (company.beside(ONE), company.beside(OTHER)) == (False, True)
    clock.advance(0.6)
    assert not company.beside(OTHER)


def test_alone_there_is_room_for_all_and_for_no_more_once_they_have_begun() -> None:
    batches = Batches(3, 9, 2, lambda: False)
    with contextlib.ExitStack() as begun:
        seen = [batches.room]
        for _ in range(3):
            batch = begun.enter_context(batches.one())
            seen.append(batches.room)
        assert seen == [True, True, True, False]
        assert not batch.gives_way()
    # one that ended found nothing more: it is not begun anew
    assert not batches.room


def test_when_company_comes_all_but_one_give_way() -> None:
    others: list[bool] = []
    batches = Batches(3, 9, 2, lambda: bool(others))
    with batches.one() as first, batches.one() as second, batches.one() as third:
        assert not first.gives_way()
        others.append(True)
        assert [one.gives_way() for one in (first, second, third)] == [True, True, False]


async def test_one_that_waits_for_its_receiver_takes_nobody_s_turn() -> None:
    batches = Batches(3, 9, 2, lambda: True)
    with batches.one() as first, batches.one() as second:
        told: list[bool] = []
        with first.out(lambda: told.append(batches.room)):
            assert batches.crowded
            await until(lambda: asyncio.sleep(0, bool(told)))
            # the second is the one that moves
            assert told == [False]
            assert not second.gives_way()
        assert second.gives_way()
        with first.out(lambda: told.append(batches.room)):
            await until(lambda: asyncio.sleep(0, len(told) == 2))
        assert told == [False, True]


async def test_one_that_is_back_soon_is_told_of_to_nobody() -> None:
    told: list[None] = []
    batches = Batches(2, 9, 2, lambda: True)
    with batches.one() as batch:
        with batch.out(lambda: told.append(None)):
            await asyncio.sleep(0)
        await asyncio.sleep(0.4)
        assert told == []
        assert batch.moving


@pytest.mark.parametrize(
    ("name", "sizes", "most"), [("hubspot", (300, 300), 1), ("webhook", (100, 25), 4), (None, (300, 300), 1)]
)
def test_messages_go_side_by_side_and_in_small_batches_beside_others(
    name: str | None, sizes: tuple[int, int], most: int
) -> None:
    company: list[bool] = []
    batches = Batches.of({c.manifest.name: c for c in connectors()}.get(name or ""), Limits(), lambda: bool(company))
    alone = batches.size
    with contextlib.ExitStack() as begun:
        for _ in range(4):
            if batches.room:
                begun.enter_context(batches.one())
        assert batches.moving == most
    company.append(True)
    assert (alone, batches.size) == sizes
