"""A write goes to the shop, its webhook comes back, and everybody hears of it once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio

from crossdock.errors import VersionConflict
from crossdock.flow.command import Ask, SetStatus
from crossdock.settings import Settings
from tests.journey.writes.round import Round, round_trip
from tests.support.hub import until, working


@pytest_asyncio.fixture
async def trip(settings: Settings) -> AsyncIterator[Round]:
    async with round_trip(settings) as made:
        yield made


async def test_a_status_goes_to_the_shop_and_once_to_the_crm(trip: Round) -> None:
    async with working(trip.hub):
        await trip.backfill()
        one = (await trip.some("processing"))[0]
        issued = await trip.set_status(one["id"], "completed", expected_status="processing")
        assert len(issued.delivery_ids) == 1

        async def back() -> bool:
            return await trip.status(one["id"]) == "completed"

        await until(back)
        await trip.rest()
    assert trip.held(one["external_id"])["status"] == "completed"
    done = await trip.rows("SELECT state, attempts FROM delivery_done WHERE event_id = $1", issued.event_id)
    assert [(row["state"], row["attempts"]) for row in done] == [("delivered", 1)]
    # the shop was written to once: nothing of what came back was written again
    assert await trip.value("SELECT count(*) FROM delivery_done WHERE lane_id = $1", trip.shop) == 1
    # the CRM heard of the new state once
    news = await trip.rows(
        "SELECT e.hops, d.state FROM event e JOIN delivery_done d ON d.event_id = e.id"
        " WHERE e.record_id = $1 AND e.status = 'completed' AND d.lane_id = $2 AND d.rule IS NULL",
        one["id"],
        trip.crm,
    )
    assert [(row["hops"], row["state"]) for row in news] == [(1, "delivered")]
    intent = (await trip.rows("SELECT * FROM write_intent"))[0]
    assert (intent["stream"], intent["external_id"], intent["origin_id"]) == ("order", one["external_id"], None)
    assert intent["answered_at"] is not None
    assert '"completed"' in intent["returned"]


async def test_what_the_shop_changed_meanwhile_is_not_overwritten(trip: Round) -> None:
    """The stated rule: with an expected status the shop's own change wins, and the command ends dead as a conflict."""
    async with working(trip.hub):
        await trip.backfill()
        one = (await trip.some("processing"))[0]
    # no worker: the command is taken while the shop's change is under way
    issued = await trip.set_status(one["id"], "completed", expected_status="processing")
    await trip.act("set_status", id=int(one["external_id"]), status="on-hold")
    async with working(trip.hub):
        await trip.rest()

        async def told() -> bool:
            return await trip.status(one["id"]) == "on-hold"

        await until(told)
        await trip.rest()
    assert trip.held(one["external_id"])["status"] == "on-hold"
    done = (await trip.rows("SELECT state, reason FROM delivery_done WHERE event_id = $1", issued.event_id))[0]
    assert done["state"] == "dead"
    assert "conflict" in done["reason"]
    # from now on the hub knows, and refuses at once
    with pytest.raises(VersionConflict) as conflict:
        await trip.set_status(one["id"], "completed", expected_status="processing")
    assert conflict.value.current["status"] == "on-hold"


async def test_without_an_expectation_the_newest_wins(trip: Round) -> None:
    async with working(trip.hub):
        await trip.backfill()
        one = (await trip.some("processing"))[0]
    await trip.act("set_status", id=int(one["external_id"]), status="on-hold")
    await trip.set_status(one["id"], "completed")
    async with working(trip.hub):

        async def told() -> bool:
            return await trip.status(one["id"]) == "completed"

        await until(told)
        await trip.rest()
    assert trip.held(one["external_id"])["status"] == "completed"
    assert await trip.value("SELECT contested FROM record WHERE id = $1", one["id"]) is False


async def test_a_refund_is_made_once_and_comes_back(trip: Round) -> None:
    async with working(trip.hub):
        await trip.backfill()
        one = (await trip.some("completed"))[0]
        before = len(trip.held(one["external_id"])["refunds"])
        for _ in range(3):
            await trip.refund(one["id"], Decimal("0.50"), "again")
        await trip.rest()

        async def told() -> bool:
            return (await trip.value("SELECT seq FROM record WHERE id = $1", one["id"])) > 1

        await until(told)
        await trip.rest()
    assert len(trip.held(one["external_id"])["refunds"]) == before + 1


async def test_many_statuses_at_once(settings: Settings) -> None:
    async with round_trip(settings, orders=60) as trip, working(trip.hub):
        await trip.backfill()
        orders = [*await trip.some("processing"), *await trip.some("on-hold"), *await trip.some("completed")]
        asks = [Ask(one["id"], SetStatus("on-hold" if n % 2 else "processing")) for n, one in enumerate(orders)]
        issued = await trip.hub.orders.many(trip.tenant, asks)
        assert not [one for one in issued if isinstance(one, Exception)]
        await trip.rest()
        assert [trip.held(one["external_id"])["status"] for one in orders] == [
            "on-hold" if n % 2 else "processing" for n in range(len(orders))
        ]
        assert await trip.value("SELECT max(hops) FROM event") <= 1
        await trip.rest()
        proof = await trip.hub.prover.prove(trip.shop, repair_rounds=0, patience_s=60)
    assert proof.ok, (proof.rows, proof.differences[:5])
