"""Every kind of write to a shop: its answer cut, or its worker lost, between effect and commit: each has one effect.

The sandbox shop is the judge: it counts what was really made, not what the hub believes.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from crossdock.flow.command import AddNote, Ask, Fulfil, SetStatus
from crossdock.model.observation import Occurrence
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from crossdock.worker import Worker
from tests.crash.strike import Strike
from tests.journey.writes.round import Round, round_trip
from tests.support.hub import until, working

WORDS = "Your parcel left the house"
KINDS = ("order_status", "order_note", "customer_note", "fulfilment", "order_meta", "stock_level", "price_level")


class Writes:
    """One wish of each kind, and what the shop holds afterwards."""

    def __init__(self, trip: Round, orders: Sequence[Any], product: int) -> None:
        self.trip, self.orders, self.product = trip, orders, product
        self.events: list[uuid.UUID] = []

    @classmethod
    async def begin(cls, trip: Round) -> Writes:
        made = await trip.act("new_product")
        async with working(trip.hub):
            await trip.backfill()
        return cls(trip, await trip.some("processing"), int(made["id"]))

    async def ask(self, kind: str) -> None:
        """Record the wish of a kind."""
        order = self.orders[KINDS.index(kind) % len(self.orders)]
        commands = {
            "order_status": SetStatus("on-hold"),
            "order_note": AddNote(WORDS),
            "customer_note": AddNote(WORDS, customer_note=True),
            "fulfilment": Fulfil(None, "TRACK-1", "DHL", notify=True, complete=False),
        }
        if kind in commands:
            issued = await self.trip.hub.orders.one(self.trip.tenant, Ask(order["id"], commands[kind]))
            self.events.append(issued.event_id)
            return
        number = order["external_id"]
        documents: dict[str, tuple[str, dict[str, Any]]] = {
            "order_meta": (number, {"order_id": number, "meta": {"_crossdock_deal": "42"}}),
            "stock_level": (str(self.product), {"product_id": str(self.product), "quantity": 17, "confirmed": True}),
            "price_level": (str(self.product), {"product_id": str(self.product), "regular_price": "12.34"}),
        }
        about, document = documents[kind]
        wish = Occurrence(kind, f"{kind}.wished", {"request_id": f"r-{kind}", **document}, about)
        shop = await self.trip.hub.directory.connection(self.trip.shop)
        (receipt,) = await self.trip.hub.journey.wishes(shop, [wish])
        assert not isinstance(receipt, Exception)
        assert receipt.event_id is not None
        self.events.append(receipt.event_id)

    async def ended(self) -> bool:
        """Whether every wish is delivered, with nothing dead."""
        done = await self.trip.rows(
            "SELECT event_id, state, reason FROM delivery_done WHERE event_id = ANY($1::uuid[])", self.events
        )
        assert all(row["state"] == "delivered" for row in done), [dict(row) for row in done]
        return len(done) == len(self.events)

    def once(self) -> None:
        """Check what the shop holds."""
        status, note, told, parcel, meta, *_ = (self._order(kind) for kind in KINDS)
        assert status["status"] == "on-hold"
        assert len(self._notes(note, WORDS, customer=False)) == 1
        assert len(self._notes(told, WORDS, customer=True)) == 1
        parcels = [orjson.loads(m["value"]) for m in parcel["meta_data"] if m["key"] == "_crossdock_fulfilments"]
        assert [len(one) for one in parcels] == [1]
        (tracked,) = [m["value"] for m in parcel["meta_data"] if m["key"] == "_wc_shipment_tracking_items"]
        assert len(tracked) == 1
        assert len(self._notes(parcel, "TRACK-1", customer=True)) == 1
        assert [m["value"] for m in meta["meta_data"] if m["key"] == "_crossdock_deal"] == ["42"]
        product = self.trip.app.shop.products.get(self.product)
        assert (product["stock_quantity"], product["regular_price"]) == (17, "12.34")

    def _order(self, kind: str) -> dict[str, Any]:
        return self.trip.held(self.orders[KINDS.index(kind) % len(self.orders)]["external_id"])

    def _notes(self, order: dict[str, Any], words: str, *, customer: bool) -> list[dict[str, Any]]:
        rows = self.trip.app.shop.notes.get(order["id"], [])
        return [row for row in rows if words in row["note"] and row["customer_note"] is customer]


async def test_every_answer_is_cut_after_its_effect(settings: Settings) -> None:
    """The shop does what it is told and the connection breaks, three times a write."""
    async with round_trip(settings, call_timeout_s=2) as trip:
        writes = await Writes.begin(trip)
        async with working(trip.hub):
            for kind in KINDS:
                await trip.turn(cut_after_effect=3)
                await writes.ask(kind)
                await until(writes.ended)
                await trip.turn(cut_after_effect=0)
        writes.once()
        tries = await trip.rows("SELECT attempts FROM delivery_done WHERE event_id = ANY($1::uuid[])", writes.events)
        assert all(row["attempts"] >= 2 for row in tries)


@pytest.mark.parametrize("place", ["deliver.before_call", "deliver.after_call"])
async def test_a_worker_is_lost_in_every_write(settings: Settings, place: str) -> None:
    """Before the call and after it, at each step of each kind of write in turn."""
    async with round_trip(settings, call_timeout_s=0.5, lease_s=0.6) as trip:
        writes = await Writes.begin(trip)
        for kind in KINDS:
            await writes.ask(kind)
            for nth in (1, 2, 3) if kind == "fulfilment" else (1, 2) if kind == "customer_note" else (1,):
                await _lose(trip, Strike(place, nth))
        async with working(trip.hub):
            await until(writes.ended)
        writes.once()


async def _lose(trip: Round, strike: Strike) -> None:
    async with open_hub(trip.settings, strike) as lost:
        doomed = asyncio.create_task(Worker(lost).run())
        try:
            await asyncio.wait_for(strike.struck.wait(), 40)
        finally:
            doomed.cancel()
            await asyncio.gather(doomed, return_exceptions=True)
