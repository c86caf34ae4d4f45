"""A worker lost anywhere between a won deal and its number on the deal: one invoice, without a gap, and told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from crossdock.flow.deals import DealsAsked
from crossdock.kit.ids import Prefix, parse
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from crossdock.worker import Worker
from tests.crash.strike import Strike
from tests.crash.test_processes import worker_process
from tests.journey.hubspot.books import MONEY, NOW, Books, opened, sold
from tests.journey.hubspot.stage import PUBLIC, placed
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio
SWIFT = {"public_url": PUBLIC, "report_at_hour": -1, "call_timeout_s": 2.0, "lease_s": 1.5}


@pytest_asyncio.fixture
async def books(settings: Settings) -> AsyncIterator[Books]:
    async with open_hub(settings.model_copy(update=SWIFT)) as hub, placed(hub) as place:
        yield await opened(place)


async def lost(settings: Settings, strike: Strike) -> None:
    """Let a worker run until it is lost at a place."""
    async with open_hub(settings.model_copy(update=SWIFT), strike) as hub:
        doomed = asyncio.create_task(Worker(hub).run())
        try:
            await asyncio.wait_for(strike.struck.wait(), 40)
        finally:
            doomed.cancel()
            await asyncio.gather(doomed, return_exceptions=True)


async def whole(books: Books) -> None:
    """No number is missing, and no deal waits to be told."""
    (series,) = await books.place.hub.invoicing.terms.series(books.connection.tenant_id)
    assert series.whole

    async def told() -> bool:
        async with books.place.hub.database.engine() as conn:
            return not await conn.fetchval("SELECT count(*) FROM invoice_untold")

    await until(told)


@pytest.mark.parametrize(
    "name",
    ["deliver.claimed", "invoice.drafted", "invoice.made", "invoice.wished", "deliver.intended", "deliver.after_call"],
)
async def test_by_a_route(settings: Settings, books: Books, name: str) -> None:
    """Before the invoice, between invoice and wish, between wish and number, and after the number was written."""
    await books.routed()
    deal = await sold(books.portal, dealstage="contractsent", **MONEY)
    async with working(books.place.hub):
        await books.told()
    await books.portal.act("edit", type="deals", id=deal, properties={"dealstage": "closedwon"})
    for message in await books.portal.messages():
        assert (await books.place.send(message)).status == 200
    await lost(settings, Strike(name))
    async with working(books.place.hub):
        numbers = await books.numbers(1)
        await books.ends()
        await whole(books)
    assert await books.issued() == [(deal, numbers[deal])]


@pytest.mark.parametrize(
    ("name", "nth"), [("invoice.drafted", 1), ("invoice.made", 2), ("invoice.wished", 1), ("deals.chunk", 1)]
)
async def test_by_a_run(settings: Settings, books: Books, name: str, nth: int) -> None:
    """Whoever goes on makes what is left; each deal has one invoice, and all bear their numbers."""
    deals = [await sold(books.portal, number, closedate=NOW, **MONEY) for number in range(3)]
    asked = DealsAsked(deals=tuple(deals), actor="test") if name != "deals.chunk" else DealsAsked(days=2, actor="test")
    made = await books.place.hub.deal_runs.ask(books.connection, asked)
    await lost(settings, Strike(name, nth))
    async with working(books.place.hub):
        run = await books.ended(made["id"])
        numbers = await books.numbers(3)
        await whole(books)
    assert run["state"] == "done"
    assert run["counters"] == {"read": 3, "issued": 3}
    assert dict(await books.issued()) == numbers
    assert len(await books.issued()) == 3


async def test_cancelled_in_the_middle(settings: Settings, books: Books) -> None:
    """What was made stays, and nothing more is made; asked for again, the rest is made."""
    deals = [await sold(books.portal, number, **MONEY) for number in range(3)]
    hub = books.place.hub
    made = await hub.deal_runs.ask(books.connection, DealsAsked(deals=tuple(deals), actor="test"))
    await lost(settings, Strike("invoice.made", 2))
    assert await hub.runs.cancel(books.connection.tenant_id, parse(Prefix.RUN, made["id"]), "test")
    async with working(hub):
        await books.numbers(2)
        assert len(await books.issued()) == 2
        again = await hub.deal_runs.ask(books.connection, DealsAsked(deals=tuple(deals), actor="test"))
        run = await books.ended(again["id"])
        await books.numbers(3)
    assert run["counters"] == {"read": 3, "already": 2, "issued": 1}
    assert len(await books.issued()) == 3


async def test_told_by_a_hub_of_another_address(settings: Settings, books: Books) -> None:
    """Who goes on knows another address of the hub, or none: the wish stands, and nothing waits for ever."""
    await books.routed()
    deal = await sold(books.portal, dealstage="contractsent", **MONEY)
    async with working(books.place.hub):
        await books.told()
    await books.portal.act("edit", type="deals", id=deal, properties={"dealstage": "closedwon"})
    for message in await books.portal.messages():
        assert (await books.place.send(message)).status == 200
    await lost(settings, Strike("invoice.wished"))
    async with open_hub(settings.model_copy(update={**SWIFT, "public_url": None})) as other, working(other):
        await books.numbers(1)
        assert [state for state, _, _ in await books.ends()] == ["delivered"]
        await whole(books)
    assert len(await books.issued()) == 1


async def test_a_process_killed_again_and_again(settings: Settings, books: Books) -> None:
    """SIGKILL in the middle of a run and of a route, three times: each deal has one invoice, whole and told."""
    await books.routed()
    hub = books.place.hub
    routed = [await sold(books.portal, number, dealstage="contractsent", **MONEY) for number in range(6)]
    async with working(hub):
        await books.told()
    for deal in routed:
        await books.portal.act("edit", type="deals", id=deal, properties={"dealstage": "closedwon"})
    for message in await books.portal.messages():
        assert (await books.place.send(message)).status == 200
    named = [await sold(books.portal, number, **MONEY) for number in range(6, 18)]
    await books.portal.messages()
    made = await hub.deal_runs.ask(books.connection, DealsAsked(deals=tuple(named), then="issue", actor="test"))
    await books.portal.control("PUT", "dials", {"latency_ms": 20})
    for at_least in (2, 6, 11):

        async def begun(least: int = at_least) -> bool:
            return len(await books.issued()) >= least

        async with worker_process(settings.model_copy(update=SWIFT)) as process:
            await until(begun)
            process.kill()
    async with working(hub):
        run = await books.ended(made["id"])
        numbers = await books.numbers(len(routed) + len(named))
        await books.ends()
        await whole(books)
    assert run["counters"] == {"read": 12, "issued": 12}
    assert dict(await books.issued()) == numbers
    assert sorted(deal for deal, _ in await books.issued()) == sorted([*routed, *named])
