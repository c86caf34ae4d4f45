"""A worker lost before, between and after the intent, the call and its answer: a refund is made exactly once."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from crossdock.settings import Settings
from crossdock.wiring import open_hub
from crossdock.worker import Worker
from tests.crash.strike import Strike
from tests.journey.writes.round import round_trip
from tests.support.hub import until, working

PLACES = ("deliver.claimed", "deliver.intended", "deliver.before_call", "deliver.after_call")


@pytest.mark.parametrize("name", PLACES)
async def test_a_worker_lost_anywhere_makes_one_refund(settings: Settings, name: str) -> None:
    strike = Strike(name)
    async with round_trip(settings, orders=8, call_timeout_s=0.5, lease_s=0.6) as trip:
        async with working(trip.hub):
            await trip.backfill()
            one = (await trip.some("completed"))[0]
        before = len(trip.held(one["external_id"])["refunds"])
        issued = await trip.refund(one["id"], Decimal("0.25"))
        async with open_hub(trip.settings, strike) as lost:
            doomed = asyncio.create_task(Worker(lost).run())
            try:
                await asyncio.wait_for(strike.struck.wait(), 30)
                if name != "deliver.claimed":
                    # committed before the call, and not answered yet
                    rows = await trip.rows("SELECT answered_at, returned FROM write_intent")
                    assert [(row["answered_at"], row["returned"]) for row in rows] == [(None, None)]
            finally:
                doomed.cancel()
                await asyncio.gather(doomed, return_exceptions=True)

        async def delivered() -> bool:
            sql = "SELECT count(*) FROM delivery_done WHERE event_id = $1 AND state = 'delivered'"
            return bool(await trip.value(sql, issued.event_id))

        async with working(trip.hub):
            await until(delivered)
            await trip.rest()
        made = trip.held(one["external_id"])["refunds"]
        assert len(made) == before + 1
        rows = await trip.rows("SELECT answered_at FROM write_intent")
        assert len(rows) == 1
        assert rows[0]["answered_at"] is not None
        again = await trip.value("SELECT external_id FROM delivery_done WHERE event_id = $1", issued.event_id)
        assert again in {str(refund["id"]) for refund in made}
