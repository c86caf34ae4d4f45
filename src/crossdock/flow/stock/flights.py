"""What became of the wishes: a store's answer counts for its link, and too many failures of one cause suspend it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock.flow.ports import Store
from crossdock.flow.stock.ports import Hubs, Recording
from crossdock.kit.ids import Prefix, show
from crossdock.model.observation import Occurrence
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("flights.sql"))
log = structlog.get_logger("crossdock.stock")
_CHUNK = 1000


class Verdict(msgspec.Struct, frozen=True):
    """What a link's row becomes after a wish has ended."""

    failures: int
    error: str | None
    suspended: bool


def judge(failures: int, error: str | None, state: str, reason: str | None, most: int) -> Verdict:
    """Judge one ended wish. Failures count as long as their cause is the same; numbers do not make another cause."""
    if state != "dead":
        return Verdict(0, None, suspended=False) if state == "delivered" else Verdict(failures, error, suspended=False)
    said = reason or "the store refused it"
    counted = failures + 1 if error is not None and _cause(error) == _cause(said) else 1
    return Verdict(counted, said, suspended=counted >= most)


def _cause(reason: str) -> str:
    return re.sub(r"[0-9]+", "#", reason)


class Flights:
    """Takes the ends of wishes to their links."""

    def __init__(self, store: Store, hubs: Hubs, recording: Recording, most: int = 10) -> None:
        """``most``: failures of one cause after which a link is suspended."""
        self._store = store
        self._hubs = hubs
        self._recording = recording
        self._most = most

    async def land(self) -> int:
        """Take what has ended; returns how many links were told."""
        async with self._store.engine() as conn:
            first = await conn.fetchval(SQL["oldest_flight"])
            rows = await conn.fetch(SQL["landed"], first, _CHUNK) if first else []
        if not rows:
            return 0
        fallen: list[tuple[Any, Verdict]] = []
        async with self._store.transaction() as conn:
            links = {row["id"]: row for row in await conn.fetch(SQL["lock_links"], sorted({r["id"] for r in rows}))}
            for row in rows:
                link = links.get(row["id"])
                if link is None or row["event_id"] not in (link["in_flight"], link["price_in_flight"]):
                    continue
                verdict = judge(link["failures"], link["last_error"], row["state"], row["reason"], self._most)
                await self._save(conn, link, row, verdict)
                if verdict.suspended:
                    fallen.append((link, verdict))
            await self._alert(conn, fallen)
        if fallen:
            self._recording.recorded()
        return len(rows)

    async def _save(self, conn: Any, link: Any, row: Any, verdict: Verdict) -> None:
        price = row["event_id"] == link["price_in_flight"]
        await conn.execute(
            SQL["land_price" if price else "land_level"],
            link["id"],
            row["event_id"],
            row["state"],
            row["ended_at"],
            verdict.failures,
            verdict.error,
            verdict.suspended,
        )

    async def _alert(self, conn: Any, fallen: Sequence[tuple[Any, Verdict]]) -> None:
        by_tenant: dict[uuid.UUID, list[tuple[Any, Verdict]]] = {}
        for link, verdict in fallen:
            by_tenant.setdefault(link["tenant_id"], []).append((link, verdict))
        for tenant_id, found in by_tenant.items():
            source = await self._hubs.hub_source(tenant_id, conn)
            await self._recording.within(conn, source, [suspension(link, verdict) for link, verdict in found])
        for link, verdict in fallen:
            log.warning("sku link suspended", link=show(Prefix.SKU_LINK, link["id"]), problem=verdict.error)


def suspension(link: Any, verdict: Verdict) -> Occurrence:
    """Return the event that tells of a link's suspension."""
    shown = show(Prefix.SKU_LINK, link["id"])
    return Occurrence(
        stream="sku_link",
        type="sku_link.suspended",
        document={
            "id": shown,
            "store": show(Prefix.CONNECTION, link["connection_id"]),
            "product_id": link["product_id"],
            "variation_id": link["variation_id"],
            "sku": link["hub_sku"],
            "failures": verdict.failures,
            "reason": verdict.error,
            "remedy": f"correct the cause, then: crossdock sku-links resume {shown}",
        },
        external_id=shown,
    )
