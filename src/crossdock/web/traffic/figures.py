"""The figures of the overview: today, the last hours and the last ninety days, from roll-ups and tallies alone."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.kit.ids import floor_of
from crossdock.kit.sketch import added, percentile
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("figures.sql"))
DAYS: Final = 90
HOURS: Final = 24
_KEPT_S: Final = 600.0
"""How long the days that are over are remembered: what is added up late is seen by then."""


class Span(msgspec.Struct, frozen=True):
    """An hour or a day. ``p95_s``: from recording to the destination's answer, right to 4.8 %."""

    at: datetime
    recorded: int = 0
    delivered: int = 0
    dead: int = 0
    skipped: int = 0
    p95_s: float | None = None


class Figures(msgspec.Struct, frozen=True):
    """What is shown; days are UTC's."""

    today: Span
    unchanged: int
    good_tries: int
    tries: int
    hours: list[Span]
    """The oldest first; of hours nobody counts what was recorded."""
    days: list[Span]
    """The oldest first, today last."""
    proofs: list[tuple[date, str]]
    """Day and state: whole, repaired, missing; a day without a proof is open."""


class _Trend(msgspec.Struct):
    until: date
    kept_to: float
    days: list[Span]


_trends: dict[uuid.UUID, _Trend] = {}
_MOST_KEPT: Final = 512


async def figures_of(conn: Any, tenant_id: uuid.UUID, now: datetime) -> Figures:
    """Return the figures of a tenant, over a connection that may read its rows."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    here = await _spans(conn, tenant_id, "day", [today])
    came = await conn.fetchrow(SQL["arrivals"], tenant_id, today.date(), (today + timedelta(days=1)).date())
    tries = await conn.fetchrow(SQL["tries"], tenant_id, today)
    last = msgspec.structs.replace(here[0], recorded=came["recorded"] if came else 0)
    return Figures(
        today=last,
        unchanged=came["unchanged"] if came else 0,
        good_tries=tries["good"],
        tries=tries["tries"],
        hours=await _spans(conn, tenant_id, "hour", [hour - timedelta(hours=n) for n in reversed(range(HOURS))]),
        days=[*await _past(conn, tenant_id, today), last],
        proofs=await _proofs(conn, tenant_id, today),
    )


async def _past(conn: Any, tenant_id: uuid.UUID, today: datetime) -> list[Span]:
    """Return the days before today: they hardly change any more, so they are remembered for a while."""
    clock = time.monotonic()
    known = _trends.get(tenant_id)
    if known is not None and known.until == today.date() and clock < known.kept_to:
        return known.days
    first = today - timedelta(days=DAYS - 1)
    days = await _spans(conn, tenant_id, "day", [first + timedelta(days=n) for n in range(DAYS - 1)])
    rows = await conn.fetch(SQL["arrivals"], tenant_id, first.date(), today.date())
    recorded = {row["day"]: row["recorded"] for row in rows}
    days = [msgspec.structs.replace(one, recorded=recorded.get(one.at.date(), 0)) for one in days]
    for old in [one for one, kept in _trends.items() if kept.kept_to < clock][:_MOST_KEPT]:
        del _trends[old]
    if len(_trends) < _MOST_KEPT:
        _trends[tenant_id] = _Trend(today.date(), clock + _KEPT_S, days)
    return days


async def _spans(conn: Any, tenant_id: uuid.UUID, span: str, at: Sequence[datetime]) -> list[Span]:
    step = timedelta(hours=1) if span == "hour" else timedelta(days=1)
    sought = (tenant_id, span, at[0], at[-1] + step)
    ends = {row["at"]: row for row in await conn.fetch(SQL["ends"], *sought)}
    sketches: dict[datetime, list[int]] = defaultdict(list)
    for row in await conn.fetch(SQL["latencies"], *sought):
        sketches[row["at"]] = added(sketches[row["at"]], row["sketch"])
    made = []
    for one in at:
        row = ends.get(one)
        p95 = percentile(sketches[one], 0.95) if one in sketches else None
        counts = {name: row[name] for name in ("delivered", "dead", "skipped")} if row else {}
        made.append(Span(one, p95_s=None if p95 is None else p95 / 1000, **counts))
    return made


async def _proofs(conn: Any, tenant_id: uuid.UUID, today: datetime) -> list[tuple[date, str]]:
    first = today - timedelta(days=DAYS - 1)
    found: dict[date, str] = {}
    for row in await conn.fetch(SQL["proofs"], tenant_id, floor_of(first)):
        state = "missing" if not row["ok"] else "repaired" if row["exceptions"] else "whole"
        worst = found.get(row["day"], "whole")
        order = ("whole", "repaired", "missing")
        found[row["day"]] = max(state, worst, key=order.index)
    days = [(first + timedelta(days=n)).date() for n in range(DAYS)]
    return [(day, found.get(day, "open")) for day in days]
