"""Alerts about what runs low: pieces left, or days they last at the pace of the sales on record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from crossdock.flow.ports import Store
from crossdock.flow.stock.ports import Hubs, Recording
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.observation import Occurrence
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("alerts.sql"))
log = structlog.get_logger("crossdock.stock")
_EXPIRY_DAYS = 400


class Alerts:
    """Opens one alert a SKU and closes it when the SKU has recovered; each is told once, as an event of the hub."""

    def __init__(self, store: Store, hubs: Hubs, recording: Recording) -> None:
        self._store = store
        self._hubs = hubs
        self._recording = recording

    async def check(self, tenant_id: uuid.UUID, skus: Sequence[str] | None = None) -> int:
        """Look at SKUs (all of the tenant with None); returns how many alerts were opened or closed."""
        async with self._store.engine() as conn:
            if not await conn.fetchval(SQL["is_watched"], tenant_id):
                return 0
        source = await self._hubs.hub_source(tenant_id)
        async with self._store.transaction() as conn:
            # one at a time a tenant: an alert is opened once
            if not await conn.fetchval(SQL["alone"], f"stock.low:{tenant_id}"):
                return 0
            rows = await conn.fetch(SQL["states"], tenant_id, None if skus is None else list(skus))
            events = []
            for row in rows:
                if row["reason"] and not row["alert_id"]:
                    name, since = new_id(), row["now"]
                    await conn.execute(SQL["open"], name, *_facts(row))
                    events.append(_event("stock.low", row, name, since))
                    log.warning("stock is low", sku=row["hub_sku"], available=row["available"])
                elif row["alert_id"] and not row["reason"]:
                    await conn.execute(SQL["close"], row["alert_id"])
                    events.append(_event("stock.recovered", row, row["alert_id"], row["since"]))
            if events:
                await self._recording.within(conn, source, events)
        if events:
            self._recording.recorded()
        return len(events)

    async def sweep(self) -> None:
        """Look at all tenants that watch anything (a pace changes by itself), and drop movements that are too old."""
        async with self._store.engine() as conn:
            tenants = [row["tenant_id"] for row in await conn.fetch(SQL["watching_tenants"])]
            await conn.execute(SQL["forget_moves"], _EXPIRY_DAYS)
        for tenant_id in tenants:
            await self.check(tenant_id)


def _facts(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("tenant_id", "hub_sku", "reason", "available", "per_day", "now"))


def _event(kind: str, row: Any, alert_id: uuid.UUID, since: Any) -> Occurrence:
    days = None if row["cover"] is None else float(round(row["cover"], 1))
    return Occurrence(
        stream="stock_alert",
        type=kind,
        external_id=row["hub_sku"],
        key=f"{kind}:{alert_id}",
        document={
            "alert": show(Prefix.ALERT, alert_id),
            "sku": row["hub_sku"],
            "reason": row["reason"] or None,
            "available": row["available"],
            "units_per_day": float(round(row["per_day"], 3)),
            "days_of_cover": days,
            "low_at": row["low_at"],
            "cover_days": None if row["cover_days"] is None else float(row["cover_days"]),
            "since": since,
        },
    )
