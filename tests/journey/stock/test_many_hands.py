"""Several processes at once: sales, movements, pushes and repeats; the ledger adds up and nobody waits in a circle."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator

import pytest_asyncio

from crossdock.flow.stock.levels import Cause, Change
from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.stock.conftest import Floor

SKUS = [f"S{number}" for number in range(8)]
START = 1000
TURNS = 15
Sale = tuple[Connection, int, int, int]


@pytest_asyncio.fixture
async def other(settings: Settings) -> AsyncIterator[Hub]:
    """A second process's hub on the same database."""
    async with open_hub(settings) as opened:
        yield opened


def drawn(floor: Floor) -> list[Sale]:
    """Return sixty sales: (shop, order, pieces, product)."""
    dice = random.Random(7)
    shops = (floor.a, floor.b)
    return [(dice.choice(shops), number, dice.randint(1, 4), dice.randint(1, len(SKUS))) for number in range(1, 61)]


async def sell(floor: Floor, heard: list[Sale]) -> None:
    for shop, number, pieces, product in heard:
        await floor.sale(shop, number, pieces, product=product)


async def move(hub: Hub, tenant: uuid.UUID, way: int) -> None:
    """Move every level fifteen times, each movement sent twice, the SKUs in either order."""
    for turn in range(TURNS):
        chosen = sorted(SKUS, reverse=turn % 2 == 0)
        changes = [Change(sku=s, reference=f"{way}:{turn}", cause=Cause.CORRECTION, delta=way) for s in chosen]
        await hub.book.apply(tenant, changes)
        await hub.book.apply(tenant, changes)


async def work(hub: Hub, done: asyncio.Event) -> None:
    while not done.is_set():
        await hub.stock.work()


async def test_two_workers_and_many_sellers_count_everything_once(floor: Floor, other: Hub) -> None:
    """Each order is heard three times, two hubs count and push side by side, and levels are moved over the API."""
    for number, sku in enumerate(SKUS, 1):
        await floor.put(sku, START)
        for shop in (floor.a, floor.b):
            await floor.link(shop, sku, str(number))
    await floor.work()
    sales, done = drawn(floor), asyncio.Event()
    heard = sorted([one for one in sales for _ in range(3)], key=lambda one: one[1] * 7 % 11)
    workers = [asyncio.create_task(work(hub, done)) for hub in (floor.hub, other)]
    async with asyncio.timeout(120):
        await asyncio.gather(sell(floor, heard), move(floor.hub, floor.tenant, 2), move(other, floor.tenant, -1))
    done.set()
    await asyncio.gather(*workers)
    for shop in (floor.a, floor.b):
        await floor.answer(shop)
    await floor.work()
    await floor.later()
    await floor.work()
    levels = {}
    for number, sku in enumerate(SKUS, 1):
        levels[str(number)], _ = await floor.level(sku)
        sold = sum(pieces for _, _, pieces, product in sales if product == number)
        assert levels[str(number)] == START - sold + TURNS * 2 - TURNS
        assert sum(delta for delta, _ in await floor.moves(sku)) == levels[str(number)]
    for shop in (floor.a, floor.b):
        assert {wish["product_id"]: wish["quantity"] for wish in await floor.wishes(shop)} == levels
