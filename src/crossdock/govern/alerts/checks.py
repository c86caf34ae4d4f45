"""The hourly check of connections that nothing else looks at (stores have their watch): it breaks and resumes them.

What an account refuses breaks its connection at once. What may be the network's trouble breaks it only when it fails
three times in a row while nothing gets through either: until then the lane's breaker keeps trying by itself. A broken
connection is checked five minutes after it broke, then each hour, or every five minutes when it only did not answer.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock.connect.budget import urgent
from crossdock.connect.connector import CheckResult
from crossdock.connect.metering import counting
from crossdock.errors import CrossdockError, NotFound
from crossdock.govern.connections import Connections
from crossdock.govern.directory import Directory
from crossdock.govern.routing import Store
from crossdock.kit.clock import Clock
from crossdock.kit.ids import Prefix, show
from crossdock.kit.redact import text
from crossdock.model.route import Priority
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("checks.sql"))
log = structlog.get_logger("crossdock.alerts")
_LEASE = timedelta(seconds=120)
_PATIENCE_S = 60.0
"""A check ends before its lease does."""
_SOON = timedelta(minutes=5)
_MISSES = 3
_LATELY = timedelta(minutes=10)
_SPREAD = 0.1
"""Share of the hour by which checks are spread, so that connections made at once are not checked at once."""
_MAY_PASS = frozenset({"refused", "timeout", "cut", "dns", "tls", "answer", "oversize", "vendor-trouble"})
"""Codes of a check that say: no answer, or none that says anything about the account."""

_LIMITED = "answer"
"""No turn was left in the account's budget, or it asked for a rest: that says nothing about its health."""


class Checking(msgspec.Struct, frozen=True):
    """A check whose lease we have."""

    connection_id: uuid.UUID
    tenant_id: uuid.UUID
    epoch: int
    misses: int
    state: str


class Verdict(msgspec.Struct, frozen=True):
    """What a check means."""

    misses: int
    breaks: bool
    soon: bool


def may_pass(result: CheckResult) -> bool:
    """Whether a failed check may be trouble on the way, and no word of the account."""
    return result.code.removeprefix("no-answer-") in _MAY_PASS


def judge(result: CheckResult, misses: int, *, delivered: bool) -> Verdict:
    """Say what a check means after so many misses in a row; ``delivered``: something got through lately. Pure."""
    if result.ok:
        return Verdict(0, breaks=False, soon=False)
    if not may_pass(result):
        return Verdict(misses + 1, breaks=True, soon=False)
    if result.code == _LIMITED:
        return Verdict(misses, breaks=False, soon=True)
    if delivered:
        return Verdict(0, breaks=False, soon=True)
    return Verdict(misses + 1, breaks=misses + 1 >= _MISSES, soon=True)


class Checks:
    """Checks connections whose time has come. Any number of processes may have one."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        connections: Connections,
        clock: Clock,
        connectors: Callable[[], Sequence[str]],
        every: timedelta,
    ) -> None:
        self._store = store
        self._directory = directory
        self._connections = connections
        self._clock = clock
        self._connectors = connectors
        self._every = every

    async def plan(self) -> None:
        """Give every connection that is checked its row."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["plan_checks"], list(self._connectors()), self._clock.now(), self._every)

    async def one(self, owner: str) -> bool:
        """Check one connection whose time has come. False when there is none."""
        now = self._clock.now()
        pause = self._every * random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - a jitter
        soon = min(_SOON, self._every)
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["take_check"], owner, now, _LEASE, pause, soon)
        if row is None:
            return False
        taken = Checking(**dict(row))
        with counting() as requests, urgent(Priority.STANDARD):
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    result = await self._connections.check(taken.tenant_id, taken.connection_id)
            except TimeoutError:
                result = CheckResult(ok=False, code="timeout", problem="the check took too long")
            except NotFound:
                return True
            except CrossdockError as problem:
                result = CheckResult(ok=False, code=problem.code, problem=problem.problem, remedy=problem.remedy)
        await self._act(taken, result, now, now + pause, sum(requests.values()))
        return True

    async def _act(self, taken: Checking, result: CheckResult, now: datetime, later: datetime, requests: int) -> None:
        said = text(f"{result.problem}; {result.remedy}" if result.remedy else result.problem)[:500]
        async with self._store.transaction() as conn:
            since = (now - _LATELY).replace(second=0, microsecond=0)
            delivered = taken.state == "active" and await conn.fetchval(
                SQL["delivered_lately"], taken.connection_id, since
            )
            verdict = judge(result, taken.misses, delivered=delivered)
            next_at = min(later, now + _SOON) if verdict.soon else later
            facts = (result.ok, verdict.misses, result.code or None, said or None, requests)
            if await conn.fetchval(SQL["leave_check"], taken.connection_id, taken.epoch, now, next_at, *facts) is None:
                log.warning("check lost", connection=str(taken.connection_id))
                return
            broken = verdict.breaks and await conn.fetchval(
                SQL["break_by_check"], taken.connection_id, taken.tenant_id, said
            )
            if broken:
                detail: dict[str, Any] = {"code": result.code, "problem": said}
                await audit(conn, taken.tenant_id, "check", "connection.broken", taken.connection_id, detail)
        self._directory.forget(taken.connection_id)
        shown = show(Prefix.CONNECTION, taken.connection_id)
        if broken:
            log.error("connection broken", connection=shown, code=result.code, problem=said)
        if result.ok and taken.state == "broken":
            # its lane is due still: a worker takes it within the sweep
            log.info("connection resumed", connection=shown)

    async def listed(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return how the last check of each connection went, and what all of them have cost."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["checks"], tenant_id)
        return [{**dict(row), "connection_id": show(Prefix.CONNECTION, row["connection_id"])} for row in rows]
