"""Taking the readings: a few set-wise queries by index, one moment for all connections."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.connect.allowance import State, used
from crossdock.connect.budget import caps_of
from crossdock.connect.connector import Connector
from crossdock.govern.alerts import rhythm
from crossdock.govern.alerts.readings import Found, Gap, Pace, Quota, Reading, Silence, TenantReading
from crossdock.govern.alerts.rhythm import Rhythm
from crossdock.govern.alerts.rules import Given, Kind, Rules
from crossdock.kit.ids import floor_of
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("readings.sql"))
_HISTORY = timedelta(days=28)
_WEEK = timedelta(days=7)
_MOST_CAUSES = 50
Connectors = Callable[[str], Connector | None]


class Taken(msgspec.Struct, frozen=True):
    """All readings of one moment."""

    readings: Mapping[uuid.UUID, Reading]
    tenants: Mapping[uuid.UUID, TenantReading]
    rules: Mapping[uuid.UUID, Rules]

    def of_tenant(self, tenant_id: uuid.UUID) -> Iterable[Reading]:
        """Return the readings of a tenant's connections."""
        return (one for one in self.readings.values() if one.tenant_id == tenant_id)


async def take(conn: Any, now: datetime, connectors: Connectors, known: Iterable[uuid.UUID], *, listen: bool) -> Taken:
    """Read everything. ``known``: connections that open alerts are about, shown even when they are revoked."""
    rows = {row["id"]: dict(row) for row in await conn.fetch(SQL["connections"], list(known))}
    rules = await rules_of(conn)
    facts: dict[uuid.UUID, dict[str, Any]] = defaultdict(dict)
    live = {name: row for name, row in rows.items() if row["state"] in ("active", "broken")}
    lanes = [name for name, row in live.items() if row["has_lane"]]
    await _read_deliveries(conn, now, live, rules, lanes, facts)
    await _read_paces(conn, now, live, rules, lanes, facts)
    await _read_places(conn, facts)
    for row in await conn.fetch(SQL["fallen"], floor_of(now - _WEEK)):
        facts[row["destination_id"]] |= {"fallen_back": row["count"], "fallback": row["fallback"]}
    await _read_quotas(conn, live, connectors, facts)
    sources = {name: row for name, row in live.items() if _stream_of(connectors, row["connector"]) is not None}
    for row in await conn.fetch(SQL["gaps"], list(sources)):
        facts[row["connection_id"]]["gap"] = Gap(row["id"], row["ended_at"])
    rhythms = await _listen(conn, now, sources, connectors) if listen else await _rhythms(conn)
    for name, one in rhythms.items():
        if one.heard_at is not None:
            facts[name]["silence"] = Silence(one.heard_at, one.usual_s)
    names = ("tenant_id", "name", "connector", "state", "state_since", "problem", "breaker", "breaker_since")
    readings = {
        name: Reading(
            connection_id=name,
            breaker_reason=row["breaker_reason"],
            **{one: row[one] for one in names},
            **facts.get(name, {}),
        )
        for name, row in rows.items()
    }
    return Taken(readings, await _tenants(conn, rows), rules)


async def rules_of(conn: Any) -> dict[uuid.UUID, Rules]:
    """Return every tenant's rules."""
    given: dict[uuid.UUID, list[Given]] = defaultdict(list)
    for row in await conn.fetch(SQL["rules"]):
        settings = orjson.loads(row["settings"])
        given[row["tenant_id"]].append(
            Given(Kind(row["kind"]), row["connection_id"], row["enabled"], row["severity"], settings)
        )
    found: dict[uuid.UUID, Rules] = defaultdict(Rules)
    found.update({tenant: Rules(some) for tenant, some in given.items()})
    return found


async def _read_deliveries(
    conn: Any,
    now: datetime,
    live: Mapping[uuid.UUID, Mapping[str, Any]],
    rules: Mapping[uuid.UUID, Rules],
    lanes: list[uuid.UUID],
    facts: dict[uuid.UUID, dict[str, Any]],
) -> None:
    for row in await conn.fetch(SQL["dead"]):
        facts[row["lane_id"]] |= {"dead": row["count"], "dead_since": row["since"]}
    since = {}
    for name in lanes:
        minutes = rules[live[name]["tenant_id"]].of(Kind.DEAD_LETTERS, name).number("minutes")
        if minutes and "dead" in facts.get(name, {}):
            since[name] = now - timedelta(minutes=minutes)
    if since:
        for row in await conn.fetch(SQL["dead_recent"], list(since), list(since.values())):
            facts[row["lane_id"]] |= {"dead_recent": row["count"], "dead_since": row["since"]}
    dying = [name for name in lanes if "dead" in facts.get(name, {})][:_MOST_CAUSES]
    for row in await conn.fetch(SQL["dead_causes"], dying) if dying else ():
        facts[row["lane_id"]]["dead_cause"] = f"{row['code']}: {row['reason']}" if row["code"] else row["reason"]
    for row in await conn.fetch(SQL["overdue"], lanes, now):
        facts[row["lane_id"]] |= {n: row[n] for n in ("overdue_since", "tried_since")}
    for row in await conn.fetch(SQL["backfilling"]):
        facts[row["destination_id"]]["backfilling"] = True


async def _read_paces(
    conn: Any,
    now: datetime,
    live: Mapping[uuid.UUID, Mapping[str, Any]],
    rules: Mapping[uuid.UUID, Rules],
    lanes: list[uuid.UUID],
    facts: dict[uuid.UUID, dict[str, Any]],
) -> None:
    """Read the minutes that each rule asks for; those of the same length in one query."""
    wanted: dict[float, dict[uuid.UUID, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in lanes:
        own = rules[live[name]["tenant_id"]]
        for kind, field in ((Kind.FAILURE_SHARE, "pace"), (Kind.LAG, "lags")):
            wanted[own.of(kind, name).number("minutes")][name].append(field)
    for minutes, fields in wanted.items():
        counts: dict[uuid.UUID, dict[int, int]] = defaultdict(dict)
        for row in await conn.fetch(SQL["pace"], list(fields), now - timedelta(minutes=minutes)):
            counts[row["lane_id"]][row["bucket"]] = row["count"]
        for name, some in counts.items():
            facts[name] |= {field: Pace(some) for field in fields[name]}


async def _read_quotas(
    conn: Any,
    live: Mapping[uuid.UUID, Mapping[str, Any]],
    connectors: Connectors,
    facts: dict[uuid.UUID, dict[str, Any]],
) -> None:
    """Read how much of the day's requests of each account is used; an account without a daily limit has no quota."""
    budgets = {(row["tenant_id"], row["account"]): row for row in await conn.fetch(SQL["budgets"])}
    for name, row in live.items() if budgets else ():
        budget = budgets.get((row["tenant_id"], f"{row['connector']}:{row['account_uid'] or name}"))
        connector = connectors(row["connector"])
        if budget is None or connector is None:
            continue
        state = msgspec.json.decode(budget["state"], type=State)
        day = used(state, caps_of(connector.manifest.limits, orjson.loads(row["config"])), budget["at"])
        if day.daily:
            facts[name]["quota"] = Quota(day.used_today, day.daily, datetime.fromtimestamp(day.day_ends_at, UTC))


async def _read_places(conn: Any, facts: dict[uuid.UUID, dict[str, Any]]) -> None:
    findings: dict[uuid.UUID, list[Found]] = defaultdict(list)
    for row in await conn.fetch(SQL["findings"]):
        findings[row["connection_id"]].append(Found(**{n: row[n] for n in Found.__struct_fields__}))
    for name, some in findings.items():
        facts[name]["findings"] = some
    for row in await conn.fetch(SQL["suspended"]):
        facts[row["connection_id"]] |= {"suspended": row["count"], "suspended_since": row["since"]}


async def _tenants(conn: Any, rows: Mapping[uuid.UUID, Mapping[str, Any]]) -> dict[uuid.UUID, TenantReading]:
    found = {row["tenant_id"]: TenantReading(row["tenant_id"]) for row in rows.values()}
    channels: dict[uuid.UUID, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await conn.fetch(SQL["failing_channels"]):
        channels[row["tenant_id"]].append(dict(row))
    low = {row["tenant_id"]: row for row in await conn.fetch(SQL["low"])}
    for tenant_id in {*found, *channels, *low}:
        row = low.get(tenant_id)
        found[tenant_id] = TenantReading(
            tenant_id,
            low=row["count"] if row else 0,
            low_skus=tuple(row["skus"]) if row else (),
            low_since=row["since"] if row else None,
            channels=channels.get(tenant_id, ()),
        )
    return found


def _stream_of(connectors: Connectors, name: str) -> str | None:
    """Return the stream a source's pace is taken from, empty for all of them; None for what is no source."""
    connector = connectors(name)
    if connector is None or connector.source is None:
        return None
    return "order" if any(s.name == "order" for s in connector.manifest.streams) else ""


async def _rhythms(conn: Any) -> dict[uuid.UUID, Rhythm]:
    return {
        row["connection_id"]: Rhythm(
            row["heard_at"], row["day"], row["heard"], tuple(zip(row["paused_to"], row["pauses"], strict=True))
        )
        for row in await conn.fetch(SQL["rhythms"])
    }


async def _listen(
    conn: Any, now: datetime, sources: Mapping[uuid.UUID, Mapping[str, Any]], connectors: Connectors
) -> dict[uuid.UUID, Rhythm]:
    """Take in what has come since the last time, and keep what has changed."""
    known = await _rhythms(conn)
    counts: dict[uuid.UUID, dict[Any, int]] = defaultdict(dict)
    for stream in ("order", ""):
        some = [name for name, row in sources.items() if _stream_of(connectors, row["connector"]) == stream]
        yesterday = (now - timedelta(days=1)).date()
        for row in await conn.fetch(SQL["heard"], some, yesterday, stream or None):
            counts[row["connection_id"]][row["day"]] = row["heard"]
    fresh = {}
    for name, row in sources.items():
        before = known.get(name)
        if before is None:
            times = await conn.fetch(SQL["past_orders"], row["tenant_id"], name, now - _HISTORY)
            after = rhythm.first((one["made_at"] for one in times), now, counts[name].get(now.date(), 0))
        else:
            after = rhythm.listened(before, counts[name], now)
        if after != before:
            fresh[name] = after
    if fresh:
        await conn.executemany(SQL["keep_rhythms"], [_row(n, sources[n], r) for n, r in sorted(fresh.items())])
    return {**known, **fresh}


def _row(name: uuid.UUID, source: Mapping[str, Any], one: Rhythm) -> tuple[Any, ...]:
    spans, ends = [seconds for _, seconds in one.pauses], [at for at, _ in one.pauses]
    return (name, source["tenant_id"], one.heard_at, one.day, one.heard, spans, ends)
