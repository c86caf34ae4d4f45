"""``stock.changed``: what has moved, told as events of the hub itself, so that routes deliver it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from crossdock.flow.ports import Store
from crossdock.flow.stock.ports import Hubs, Recording
from crossdock.kit.ids import Prefix, show
from crossdock.model.observation import Occurrence
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("announce.sql"))
_CHUNK = 1000


class Announcer:
    """Tells each movement once: the events and the mark that they are told are one commit."""

    def __init__(self, store: Store, hubs: Hubs, recording: Recording) -> None:
        self._store = store
        self._hubs = hubs
        self._recording = recording

    async def announce(self) -> set[tuple[uuid.UUID, str]]:
        """Tell what has moved since the last time; returns (tenant, SKU) of it."""
        told: set[tuple[uuid.UUID, str]] = set()
        async with self._store.engine() as conn:
            tenants = [row["tenant_id"] for row in await conn.fetch(SQL["tenants_with_news"])]
        for tenant_id in tenants:
            while skus := await self._tell(tenant_id):
                told |= {(tenant_id, sku) for sku in skus}
        return told

    async def _tell(self, tenant_id: uuid.UUID) -> set[str]:
        source = await self._hubs.hub_source(tenant_id)
        async with self._store.transaction() as conn:
            # one teller a tenant, so that a level's versions are told in their order
            if not await conn.fetchval(SQL["tell_alone"], f"stock.changed:{tenant_id}"):
                return set()
            moves = await conn.fetch(SQL["take_news"], tenant_id, _CHUNK)
            if not moves:
                return set()
            by_level: dict[tuple[str, str], list[Any]] = {}
            for move in moves:
                by_level.setdefault((move["hub_sku"], move["location"]), []).append(move)
            await self._recording.within(conn, source, [changed(found) for found in by_level.values()])
            await conn.execute(SQL["mark_news"], [move["id"] for move in moves])
        self._recording.recorded()
        return {sku for sku, _ in by_level}


def changed(moves: list[Any]) -> Occurrence:
    """Return the event about one level's movements, the oldest first."""
    last = moves[-1]
    return Occurrence(
        stream="stock",
        type="stock.changed",
        external_id=f"{last['hub_sku']}@{last['location']}",
        occurred_at=last["made_at"],
        document={
            "sku": last["hub_sku"],
            "location": last["location"],
            "on_hand": last["on_hand"],
            "reserved": last["reserved"],
            "available": last["on_hand"] - last["reserved"],
            "version": last["version"],
            "moves": [
                {
                    "id": show(Prefix.MOVE, move["id"]),
                    "delta": move["delta"],
                    "reserved_delta": move["reserved_delta"],
                    "cause": move["cause"],
                    "reference": move["reference"],
                    "store": show(Prefix.CONNECTION, move["connection_id"]) if move["connection_id"] else None,
                    "made_at": move["made_at"],
                }
                for move in moves
            ],
        },
    )
