"""The health report of a tenant: what was delivered, skipped and given up in a day, how late, and what is to do.

Counts come from the roll-ups, so a report costs the same after a million deliveries. A day's report and the notices
that carry it are one transaction: whoever makes it first has made it for all processes, once.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from crossdock.errors import NotFound
from crossdock.govern.routing import Store
from crossdock.kit.clock import Clock
from crossdock.kit.ids import floor_of, new_id
from crossdock.kit.redact import text
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("health.sql"))
ALERTS = load(Path(__file__).with_name("alerts.sql"))
_DAY = timedelta(hours=24)
_PACE = timedelta(seconds=60)
_LEASE = timedelta(minutes=5)
_GROWTH = 1.1
"""Bucket i of a latency ends at 1.1^i ms."""


class Health:
    """Makes reports. ``hour`` of the day (UTC) at which the daily one is made; below 0: never by itself."""

    def __init__(self, store: Store, clock: Clock, hour: int) -> None:
        self._store = store
        self._clock = clock
        self._hour = hour

    async def now(self, tenant_id: uuid.UUID) -> dict[str, Any]:
        """Return the report of the last 24 hours."""
        async with self._store.engine() as conn:
            slug = await conn.fetchval(SQL["slug"], tenant_id)
            return await self._report(conn, tenant_id, slug)

    async def kept(self, tenant_id: uuid.UUID, day: date) -> dict[str, Any]:
        """Return the daily report that was made on a day. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            found = await conn.fetchval(SQL["kept_report"], tenant_id, day)
        if found is None:
            raise NotFound("there is no report of that day", field="day", remedy="leave the day out for the last 24 h")
        document: dict[str, Any] = orjson.loads(found)
        return document

    async def daily(self, owner: str) -> int:
        """Make the reports that are due, one process at a time; returns how many."""
        now = self._clock.now()
        if self._hour < 0 or now.hour < self._hour:
            return 0
        async with self._store.engine() as conn:
            epoch = await conn.fetchval(ALERTS["take_chore"], "health", owner, _LEASE, _PACE)
            if epoch is None:
                return 0
            due = await conn.fetch(SQL["tenants_without"], now.date())
        made = 0
        for row in due:
            async with self._store.transaction() as conn:
                document = await self._report(conn, row["tenant_id"], row["slug"])
                said = orjson.dumps(document).decode()
                if await conn.fetchval(SQL["keep_report"], row["tenant_id"], now.date(), said) is None:
                    continue
                for channel in await conn.fetch(SQL["report_channels"], row["tenant_id"]):
                    notice = (new_id(), row["tenant_id"], channel["id"], "report", said)
                    await conn.execute(ALERTS["add_notice"], *notice)
            made += 1
        async with self._store.engine() as conn:
            await conn.execute(ALERTS["leave_chore"], "health", epoch)
        return made

    async def _report(self, conn: Any, tenant_id: uuid.UUID, slug: str) -> dict[str, Any]:
        now = self._clock.now()
        since = (now - _DAY).replace(minute=0, second=0, microsecond=0)
        counts: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
        for row in await conn.fetch(SQL["counts"], tenant_id, since):
            counts[row["connection_id"]][f"{row['kind']}:{row['outcome']}"] = row["count"]
        states = await conn.fetch(SQL["states"], tenant_id)
        document = {
            "tenant": slug,
            "from": since,
            "to": now,
            "deliveries": _deliveries(counts.values()),
            "lag_ms": percentiles([row["sketch"] for row in await conn.fetch(SQL["sketches"], tenant_id, since)]),
            "connections": [_connection(row, counts[row["id"]], now) for row in states],
            "proofs": [dict(row) for row in await conn.fetch(SQL["proofs"], tenant_id)],
            "findings": [_masked(row) for row in await conn.fetch(SQL["findings"], tenant_id)],
            "alerts_raised": await conn.fetchval(SQL["raised"], tenant_id, floor_of(since)),
            "to_do": [_masked(row) for row in await conn.fetch(SQL["alerts"], tenant_id)],
        }
        document["ok"] = not document["to_do"] and all(row["ok"] for row in document["proofs"])
        return {**document, "title": title_of(document), "text": text_of(document)}


def _deliveries(counts: Any) -> dict[str, Any]:
    skipped: dict[str, int] = defaultdict(int)
    whole = {"delivered": 0, "dead": 0}
    for some in counts:
        for name, count in some.items():
            kind, _, outcome = name.partition(":")
            if kind == "delivery" and outcome.startswith("skipped:"):
                skipped[outcome.removeprefix("skipped:")] += count
            elif kind == "delivery" and outcome in whole:
                whole[outcome] += count
    return {**whole, "skipped": dict(sorted(skipped.items()))}


def _connection(row: Any, counts: Mapping[str, int], now: datetime) -> dict[str, Any]:
    oldest = row["oldest_at"]
    return {
        "name": row["name"],
        "connector": row["connector"],
        "state": row["state"],
        "problem": text(row["problem"]) if row["problem"] and row["state"] == "broken" else None,
        "delivered": counts.get("delivery:delivered", 0),
        "dead": counts.get("delivery:dead", 0),
        "waiting": row["depth"] or 0,
        "oldest_s": round((now - oldest).total_seconds()) if oldest else None,
        "requests_today": row["requests_today"] or 0,
    }


def _masked(row: Any) -> dict[str, Any]:
    return {name: text(value) if isinstance(value, str) else value for name, value in dict(row).items()}


def percentiles(sketches: Sequence[Sequence[int]]) -> dict[str, float | None]:
    """Return the median and the 95th percentile in ms of what several sketches counted; None of nothing. Pure."""
    whole: list[int] = [0] * max((len(sketch) for sketch in sketches), default=0)
    for sketch in sketches:
        for bucket, count in enumerate(sketch):
            whole[bucket] += count
    total, found = sum(whole), dict.fromkeys(("p50", "p95"))
    for name, share in (("p50", 0.50), ("p95", 0.95)) if total else ():
        seen = 0
        for bucket, count in enumerate(whole):
            seen += count
            if seen >= share * total:
                found[name] = round(_GROWTH**bucket, 1)
                break
    return found


def title_of(document: Mapping[str, Any]) -> str:
    """Return the report in one line. Pure."""
    ends = document["deliveries"]
    todo = len(document["to_do"])
    head = "all is well" if document["ok"] else f"{todo} thing{'s' * (todo != 1)} to do"
    return f"Health of {document['tenant']}: {head}; {ends['delivered']:,} delivered, {ends['dead']:,} given up"


def text_of(document: Mapping[str, Any]) -> str:
    """Return the report for people. Pure."""
    ends, lag = document["deliveries"], document["lag_ms"]
    lines = [
        title_of(document),
        f"from {_at(document['from'])} to {_at(document['to'])}",
        "",
        f"delivered   {ends['delivered']:,}",
        f"given up    {ends['dead']:,}",
        *(f"skipped     {count:,} ({rule})" for rule, count in ends["skipped"].items()),
        f"lag         median {_ms(lag['p50'])}, 95 of 100 within {_ms(lag['p95'])}",
        "",
        "To do:" if document["to_do"] else "There is nothing to do.",
    ]
    for one in document["to_do"]:
        lines += [f"- {one['title']} (since {_at(one['since'])})", f"  {one['remedy']}", f"  {one['command']}"]
    lines += ["", "Connections:"]
    for one in document["connections"]:
        problem = f": {one['problem']}" if one["problem"] else ""
        lines.append(
            f"- {one['name']} ({one['connector']}) {one['state']}{problem}; {one['delivered']:,} delivered, "
            f"{one['waiting']:,} waiting, {one['requests_today']:,} requests today"
        )
    if document["proofs"]:
        lines += ["", "Proofs:"]
        lines += [
            f"- {one['name']}: {'green' if one['ok'] else 'not green'}, {_at(one['ended_at'])}"
            for one in document["proofs"]
        ]
    if document["findings"]:
        lines += ["", "Findings:"]
        lines += [f"- {one['name']}: {one['code']}: {one['cause']}" for one in document["findings"]]
    return "\n".join(lines) + "\n"


def _at(value: Any) -> str:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:,.0f} s"
