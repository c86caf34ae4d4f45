"""The desk: looks at everything at a steady pace, one process at a time, and writes what changes with what is told.

A change of an alert and the notices that tell of it are one transaction under the epoch of the lease: a process that is
killed, stopped or overtaken in between has either done both or neither.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from crossdock.errors import NotFound
from crossdock.govern.alerts import reader
from crossdock.govern.alerts.course import Happening, Standing, What, course
from crossdock.govern.alerts.judge import judged, judged_tenant
from crossdock.govern.alerts.reader import Connectors, Taken
from crossdock.govern.alerts.readings import Trouble
from crossdock.govern.alerts.rules import Kind
from crossdock.govern.alerts.words import document_of
from crossdock.govern.routing import Store
from crossdock.kit.clock import Clock
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("alerts.sql"))
log = structlog.get_logger("crossdock.alerts")
_LEASE = timedelta(seconds=30)
_LISTEN = timedelta(seconds=60)
_LIVE = ("active", "broken")
_LAST = uuid.UUID(int=(1 << 128) - 1)


class Timing(msgspec.Struct, frozen=True):
    """How often everything is looked at, and how long something has to be calm before it is over."""

    every: timedelta = timedelta(seconds=10)
    calm: timedelta = timedelta(seconds=60)


class Listing(msgspec.Struct, frozen=True):
    """Which alerts are asked for; None takes all."""

    limit: int = 50
    is_open: bool | None = None
    kind: str | None = None
    connection_id: uuid.UUID | None = None
    before: uuid.UUID | None = None


class Alerts:
    """Finds, keeps and shows alerts. Any number of processes may have one."""

    def __init__(self, store: Store, clock: Clock, connectors: Connectors, base: str, timing: Timing) -> None:
        self._store = store
        self._clock = clock
        self._connectors = connectors
        self._base = base
        self._timing = timing
        self._listened: datetime | None = None

    async def evaluate(self, owner: str) -> bool:
        """Look at everything when it is time and nobody else does. False when not."""
        async with self._store.engine() as conn:
            epoch = await conn.fetchval(SQL["take_chore"], "alerts", owner, _LEASE, self._timing.every)
        if epoch is None:
            return False
        try:
            await self._evaluate(epoch)
        finally:
            async with self._store.engine() as conn:
                await conn.execute(SQL["leave_chore"], "alerts", epoch)
        return True

    async def _evaluate(self, epoch: int) -> None:
        now = self._clock.now()
        listen = self._listened is None or now - self._listened >= _LISTEN
        async with self._store.engine() as conn:
            standing = await _standing(conn)
            about = {name for some in standing.values() for one in some if (name := one.trouble.connection_id)}
            taken = await reader.take(conn, now, self._connectors, about, listen=listen)
            if listen:
                self._listened = now
            slugs = {row["tenant_id"]: row["slug"] for row in await conn.fetch(SQL["tenants"])}
        troubles = {tenant: _troubles(taken, tenant, now) for tenant in {*taken.tenants, *standing}}
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["fence_chore"], "alerts", epoch) is None:
                log.warning("evaluation lost")
                return
            relapses = await self._relapses(conn, standing, troubles, now)
            told: dict[uuid.UUID, Sequence[Happening]] = {}
            for tenant, found in sorted(troubles.items()):
                changes = course(
                    standing.get(tenant, ()),
                    found,
                    now,
                    calm=self._timing.calm,
                    ids=(new_id() for _ in found),
                    relapses=relapses.get(tenant),
                    frozen=_in_state(taken, tenant, "paused"),
                    gone=_in_state(taken, tenant, "revoked"),
                )
                await _write(conn, tenant, changes.opened, changes.changed)
                if changes.told:
                    told[tenant] = changes.told
            await self._tell(conn, told, slugs, now)
        for happening in (one for some in told.values() for one in some):
            _say(happening)

    async def _relapses(
        self,
        conn: Any,
        standing: Mapping[uuid.UUID, Sequence[Standing]],
        troubles: Mapping[uuid.UUID, Sequence[Trouble]],
        now: datetime,
    ) -> dict[uuid.UUID, dict[tuple[str, str], int]]:
        known = {(tenant, *one.key) for tenant, some in standing.items() for one in some}
        wanted = sorted({(t, str(one.kind), one.subject) for t, some in troubles.items() for one in some} - known)
        found: dict[uuid.UUID, dict[tuple[str, str], int]] = defaultdict(dict)
        if wanted:
            for row in await conn.fetch(SQL["relapses"], *map(list, zip(*wanted, strict=True)), now):
                found[row["tenant_id"]][row["kind"], row["subject"]] = row["relapses"]
        return found

    async def _tell(
        self,
        conn: Any,
        told: Mapping[uuid.UUID, Sequence[Happening]],
        slugs: Mapping[uuid.UUID, str],
        now: datetime,
    ) -> None:
        """Write one notice a channel, of everything that happened at this moment and that it wants to hear."""
        for row in await conn.fetch(SQL["channels"], list(told)) if told else ():
            wanted = [one for one in told[row["tenant_id"]] if _wants(row, one)]
            if wanted:
                document = document_of(slugs[row["tenant_id"]], wanted, now, self._base)
                said = orjson.dumps(document).decode()
                await conn.execute(SQL["add_notice"], new_id(), row["tenant_id"], row["id"], "alerts", said)

    async def listed(self, conn: Any, tenant_id: uuid.UUID, asked: Listing) -> list[dict[str, Any]]:
        """Return alerts, the newest first."""
        rows = await conn.fetch(
            SQL["listed"],
            tenant_id,
            asked.before or _LAST,
            asked.is_open,
            asked.kind,
            asked.connection_id,
            None,
            asked.limit,
        )
        return [shown(row) for row in rows]

    async def one(self, conn: Any, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> dict[str, Any]:
        """Return one alert. Raises ``NotFound``."""
        row = await conn.fetchrow(SQL["listed"], tenant_id, _LAST, None, None, None, alert_id, 1)
        if row is None:
            raise NotFound("there is no such alert", field="alert_id", remedy="list them with: crossdock alerts")
        return shown(row)

    async def acknowledge(self, tenant_id: uuid.UUID, alert_id: uuid.UUID, *, actor: str) -> dict[str, Any]:
        """Take an alert over: no reminders until it is over. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            done = await conn.fetchval(SQL["acknowledge"], tenant_id, alert_id, self._clock.now(), actor)
            if done is not None:
                subject = show(Prefix.ALERT, alert_id)
                await audit(conn, tenant_id, actor, "alert.acknowledge", subject)
            return await self.one(conn, tenant_id, alert_id)

    async def forget(self, days: int) -> None:
        """Drop what ended long ago."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["forget"], days)


def shown(row: Any) -> dict[str, Any]:
    """Return an alert as people and programs see it."""
    facts = dict(row)
    facts["state"] = "ended" if row["ended_at"] else "acknowledged" if row["acknowledged_at"] else "open"
    facts["id"] = show(Prefix.ALERT, row["id"])
    facts["connection_id"] = show(Prefix.CONNECTION, row["connection_id"]) if row["connection_id"] else None
    return facts


async def _standing(conn: Any) -> dict[uuid.UUID, list[Standing]]:
    found: dict[uuid.UUID, list[Standing]] = defaultdict(list)
    for row in await conn.fetch(SQL["standing"]):
        trouble = Trouble(**{n: row[n] for n in Trouble.__struct_fields__ if n != "quiet"})
        own = {n: row[n] for n in Standing.__struct_fields__ if n not in ("trouble", "acknowledged")}
        found[row["tenant_id"]].append(
            Standing(trouble=trouble, acknowledged=row["acknowledged_at"] is not None, **own)
        )
    return found


def _troubles(taken: Taken, tenant: uuid.UUID, now: datetime) -> list[Trouble]:
    rules = taken.rules[tenant]
    found = [t for one in taken.of_tenant(tenant) if one.state in _LIVE for t in judged(one, rules, now)]
    if tenant in taken.tenants:
        found += judged_tenant(taken.tenants[tenant], rules, now)
    return found


def _in_state(taken: Taken, tenant: uuid.UUID, state: str) -> frozenset[uuid.UUID]:
    return frozenset(one.connection_id for one in taken.of_tenant(tenant) if one.state == state)


async def _write(conn: Any, tenant: uuid.UUID, opened: Sequence[Standing], changed: Sequence[Standing]) -> None:
    words = ("severity", "title", "cause", "remedy", "command", "link", "count")
    for one in opened:
        about = one.trouble
        await conn.execute(
            SQL["open_alert"],
            one.id,
            tenant,
            about.kind,
            about.subject,
            about.connection_id,
            *(getattr(about, n) for n in words),
            about.since,
            one.raised_at,
            one.relapses,
            one.remind_at,
        )
    own = ("seen_at", "calm_since", "relapses", "reminders", "remind_at", "ended_at")
    for one in changed:
        said = [getattr(one.trouble, n) for n in words]
        rest = [getattr(one, n) for n in own]
        await conn.execute(SQL["change_alert"], one.id, *said, one.told_count, one.trouble.since, *rest)


def _wants(channel: Any, happening: Happening) -> bool:
    about = happening.alert.trouble
    if about.kind == Kind.CHANNEL and about.subject == str(channel["id"]):
        return False
    if channel["least"] == "error" and about.severity != "error":
        return False
    return not channel["kinds"] or about.kind in channel["kinds"]


def _say(happening: Happening) -> None:
    about = happening.alert.trouble
    say = log.info if happening.what is What.RECOVERED else log.error if about.severity == "error" else log.warning
    say(f"alert {happening.what}", kind=about.kind, title=about.title, alert=show(Prefix.ALERT, happening.alert.id))
