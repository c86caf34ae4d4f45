"""The rows of the watch: its lease, what it found, and the flags it keeps on a connection."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from crossdock import metrics
from crossdock.connect.watching import Finding
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.kit.redact import text
from crossdock.model.connection import Connection
from crossdock.store.audit import audit
from crossdock.store.queries import load

log = structlog.get_logger("crossdock.watch")
SQL = load(Path(__file__).with_name("watch.sql"))


class Taken(msgspec.Struct, frozen=True):
    """A watch whose lease we have."""

    connection_id: uuid.UUID
    tenant_id: uuid.UUID
    epoch: int
    memory: dict[str, Any]
    strangers: int
    stranger_site: str


class Flags(msgspec.Struct, frozen=True):
    """What a look means for its connection."""

    hooks_ok: bool
    writes_stopped: str | None
    account: Mapping[str, Any]
    broken: str | None
    """Why nothing works until a person has done something."""
    works: bool
    """The check succeeded: a broken connection resumes."""


class Shown(msgspec.Struct, frozen=True):
    """A finding as people see it."""

    connection_id: str
    connection: str
    code: str
    severity: str
    state: str
    """``open``, ``repaired`` (its repairs worked; the next look confirms it) or ``resolved``."""
    cause: str
    remedy: str
    evidence: dict[str, Any]
    seen: int
    since: datetime
    last_seen: datetime
    repaired_at: datetime | None
    resolved_at: datetime | None


async def plan(conn: Any, connectors: Sequence[str], now: datetime) -> None:
    """Make the rows of connections that have none, and end the findings of loops that are over."""
    await conn.execute(SQL["plan_watches"], list(connectors), now)
    await conn.execute(SQL["resolve_loops"])


async def take(
    conn: Any, owner: str, now: datetime, lease: timedelta, pause: timedelta, one: uuid.UUID | None
) -> Taken | None:
    """Take the lease of the watch that is due, or of the one named."""
    if one is None:
        row = await conn.fetchrow(SQL["take_watch"], owner, now, lease, pause)
    else:
        row = await conn.fetchrow(SQL["take_this"], owner, now, lease, pause, one)
    if row is None:
        return None
    return Taken(
        row["connection_id"],
        row["tenant_id"],
        row["epoch"],
        orjson.loads(row["memory"]),
        row["strangers"],
        row["stranger_site"] or "",
    )


async def fence(conn: Any, taken: Taken) -> bool:
    """Whether the lease is still ours, inside a transaction."""
    return await conn.fetchval(SQL["fence_watch"], taken.connection_id, taken.epoch) is not None


async def keep(conn: Any, taken: Taken, until: datetime) -> bool:
    """Extend the lease between two repairs; False when it is lost."""
    return await conn.fetchval(SQL["keep_watch"], taken.connection_id, taken.epoch, until) is not None


async def leave(conn: Any, taken: Taken, now: datetime, memory: Mapping[str, Any], not_after: datetime) -> None:
    """Give the lease back with what is to be remembered."""
    kept = orjson.dumps(memory).decode()
    await conn.execute(SQL["leave_watch"], taken.connection_id, taken.epoch, now, kept, not_after)


async def filled(conn: Any, taken: Taken) -> None:
    """Remember that the runs which fill the gap are queued."""
    await conn.execute(SQL["gap_filled"], taken.connection_id, taken.epoch)


async def begin_anew(conn: Any, connection: Connection) -> None:
    """Forget how far pulls have come: the next one begins at the account's own time."""
    await conn.execute(SQL["begin_anew"], connection.id, connection.tenant_id)


async def hooks(conn: Any, connection: Connection) -> Sequence[Any]:
    """Return our rows of webhooks with their counts."""
    found: Sequence[Any] = await conn.fetch(SQL["hooks"], connection.id, connection.tenant_id)
    return found


async def recorded(conn: Any, connection: Connection, stream: str, ids: Sequence[str]) -> dict[str, datetime | None]:
    """Return the modified times of our records of some entities."""
    if not ids:
        return {}
    rows = await conn.fetch(SQL["recorded"], connection.id, connection.tenant_id, stream, list(ids))
    return {row["external_id"]: row["modified_at"] for row in rows}


async def told(conn: Any, connection: Connection) -> dict[str, int]:
    """Return the totals of what webhooks told, pulls were first to see, and went back."""
    return dict(await conn.fetchrow(SQL["told"], connection.id, connection.tenant_id))


async def standing(conn: Any, connection: Connection, stream: str, ids: Sequence[str]) -> list[str]:
    """Return those of some ids that stand in our records."""
    if not ids:
        return []
    rows = await conn.fetch(SQL["standing"], connection.id, connection.tenant_id, stream, list(ids))
    return [row["external_id"] for row in rows]


async def ring(conn: Any, connection: Connection, stream: str, ids: Sequence[str]) -> None:
    """Ring for entities, so that a fresh GET of each decides what it is now."""
    if ids:
        await conn.execute(SQL["ring"], connection.id, stream, connection.tenant_id, list(ids))


async def set_flags(conn: Any, connection: Connection, flags: Flags) -> None:
    """Keep what a look means for its connection; an unchanged row is not written."""
    state = await conn.fetchval(
        SQL["set_flags"],
        connection.id,
        connection.tenant_id,
        flags.hooks_ok,
        flags.writes_stopped,
        orjson.dumps(flags.account).decode(),
        flags.broken,
        flags.works,
    )
    if state is not None and state != connection.state:
        log.warning("connection changed", connection=str(connection.id), state=state, problem=flags.broken)
        await _audit(conn, connection, f"connection.{state}", {"problem": flags.broken})


async def see(conn: Any, connection: Connection, finding: Finding, now: datetime, *, repaired: bool) -> bool:
    """Keep a finding; whether it is new."""
    fresh: bool = await conn.fetchval(
        SQL["see_finding"],
        new_id(),
        connection.tenant_id,
        connection.id,
        finding.code,
        finding.severity,
        text(finding.cause)[:500],
        finding.remedy,
        orjson.dumps(finding.evidence).decode(),
        now,
        now if repaired else None,
    )
    if fresh:
        say = log.error if finding.severity == "error" else log.warning
        say("found", connection=str(connection.id), code=finding.code, repaired=repaired, remedy=finding.remedy)
        metrics.FOUND.labels(finding.code).inc()
        await _audit(conn, connection, f"found.{finding.code}", {"repaired": repaired, **finding.evidence})
    return fresh


async def resolve(conn: Any, connection: Connection, seen: Sequence[str], now: datetime) -> list[str]:
    """End the findings that were not seen again; returns their codes."""
    rows = await conn.fetch(SQL["resolve_findings"], connection.tenant_id, connection.id, list(seen), now)
    for row in rows:
        await _audit(conn, connection, f"resolved.{row['code']}", {"repaired": row["repaired"]})
    return [row["code"] for row in rows]


async def findings_of(
    conn: Any, tenant_id: uuid.UUID, connection_id: uuid.UUID | None = None, *, ended: bool = False, limit: int = 200
) -> list[Shown]:
    """Return findings, those that still stand first; ``ended`` shows the resolved ones too."""
    rows = await conn.fetch(SQL["findings"], tenant_id, connection_id, ended, limit)
    return [_shown(row) for row in rows]


async def health_of(conn: Any, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> dict[str, Any]:
    """Return hooks_ok, writes_stopped and looked_at of a connection."""
    return dict(await conn.fetchrow(SQL["health"], tenant_id, connection_id))


def _shown(row: Any) -> Shown:
    state = "resolved" if row["resolved_at"] else "repaired" if row["repaired_at"] else "open"
    facts = {name: row[name] for name in Shown.__struct_fields__ if name in row}
    facts |= {"state": state, "evidence": orjson.loads(row["evidence"])}
    facts["connection_id"] = show(Prefix.CONNECTION, row["connection_id"])
    return Shown(**facts)


async def _audit(conn: Any, connection: Connection, action: str, detail: Mapping[str, Any]) -> None:
    subject = show(Prefix.CONNECTION, connection.id)
    await audit(conn, connection.tenant_id, "watch", action, subject, detail)
