"""The watch: one look at one connection after the other, its repairs, and the gap they leave.

A look is under the lease of its row, so any number of processes make one watch. What a look found stands in
``finding``: open while it is seen, repaired once its repairs worked, resolved by the first look that no longer sees it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import CheckResult
from crossdock.connect.watching import NEWEST, Finding, Gap, Judgement, Known, KnownHook, Repair, Sight, Watcher
from crossdock.errors import NotFound
from crossdock.flow.ports import Store
from crossdock.flow.run import RunKind
from crossdock.flow.watch import desk
from crossdock.flow.watch.desk import Taken
from crossdock.flow.watch.ports import Directory, Hooks, Queue
from crossdock.kit.clock import Clock
from crossdock.kit.ids import time_of
from crossdock.kit.redact import text
from crossdock.model.connection import Connection, ConnectionState

log = structlog.get_logger("crossdock.watch")
PAUSE_S = (120.0, 200.0)
"""Between two looks, drawn anew. With the 90 seconds that a webhook may take, the longest stays below 5 minutes."""
_SOON_S = 75.0
_LEASE = timedelta(seconds=120)
_PATIENCE_S = 90.0
"""A look ends before its lease does."""
_ASKED = 3
"""How many missing entities are asked for one by one: so many that are gone at once are no hand's work."""


class Watch:
    """Looks at connections whose time has come."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        hooks: Hooks,
        runs: Queue,
        clock: Clock,
        watched: Callable[[], Sequence[str]],
    ) -> None:
        self._store = store
        self._directory = directory
        self._hooks = hooks
        self._runs = runs
        self._clock = clock
        self._watched = watched

    async def plan(self) -> None:
        """Give every connection that can be watched its row, and drop secrets that are no longer needed."""
        async with self._store.engine() as conn:
            await desk.plan(conn, self._watched(), self._clock.now())
        await self._hooks.forget_old()

    async def take(self, owner: str, connection_id: uuid.UUID | None = None) -> Taken | None:
        """Take the lease of a connection whose time has come, or of one that is named. None when there is none."""
        pause = timedelta(seconds=random.uniform(*PAUSE_S))  # noqa: S311 - a jitter
        async with self._store.engine() as conn:
            return await desk.take(conn, owner, self._clock.now(), _LEASE, pause, connection_id)

    async def one(self, owner: str, connection_id: uuid.UUID | None = None) -> bool:
        """Look at a connection whose time has come. False when there is none.

        ``connection_id``: look at this one at once, whoever else watches. False when it is not watched.
        """
        taken = await self.take(owner, connection_id)
        if taken is None:
            return False
        await self.look(taken)
        return True

    async def look(self, taken: Taken) -> None:
        """Look at a connection that was taken, and act by what is seen."""
        try:
            self._directory.forget(taken.connection_id)
            connection = await self._directory.connection(taken.connection_id)
            watcher = await self._directory.watcher(taken.connection_id)
        except NotFound:
            return
        try:
            async with asyncio.timeout(_PATIENCE_S):
                sight = await watcher.look()
        except TimeoutError:
            sight = Sight(CheckResult(ok=False, code="timeout", problem="the look took too long"))
        judgement = watcher.diagnose(sight, await self._known(taken, connection, sight))
        await self._act(taken, connection, watcher, sight, judgement)

    async def _known(self, taken: Taken, connection: Connection, sight: Sight) -> Known:
        async with self._store.engine() as conn:
            hooks = await desk.hooks(conn, connection)
            recorded = await desk.recorded(conn, connection, sight.stream, [one for one, _ in sight.changed])
            missed = await self._missed(conn, taken, connection, sight)
            told = await desk.told(conn, connection)
        vanished = await self._vanished(connection, sight, missed)
        return Known(
            now=self._clock.now(),
            config=connection.config,
            account=connection.account,
            url=self._hooks.url_of(connection),
            topics=self._hooks.topics_of(connection),
            hooks=tuple(KnownHook(*(h[name] for name in KnownHook.__struct_fields__)) for h in hooks),
            recorded=recorded,
            vanished=vanished,
            told=told,
            strangers=taken.strangers,
            stranger=taken.stranger_site,
            memory=taken.memory,
        )

    async def _missed(self, conn: Any, taken: Taken, connection: Connection, sight: Sight) -> Sequence[str]:
        """Return recorded entities that were among the newest at the last look and are not listed; ring for each."""
        if not sight.newest:
            return ()
        lowest = min(sight.newest) if len(sight.newest) >= NEWEST else 0
        missed = [n for n in taken.memory.get("newest", ()) if n > lowest and n not in sight.newest]
        stood = await desk.standing(conn, connection, sight.stream, [str(n) for n in missed])
        await desk.ring(conn, connection, sight.stream, stood)
        return stood

    async def _vanished(self, connection: Connection, sight: Sight, missed: Sequence[str]) -> int:
        """Return how many of some entities are gone; some are asked for, since what is in the trash is not listed."""
        if not missed:
            return 0
        gone = 0
        source = await self._directory.source(connection.id)
        with contextlib.suppress(CallFailed):
            for external_id in missed[:_ASKED]:
                gone += await source.fetch(sight.stream, external_id, None) is None
        return len(missed) if gone == _ASKED else gone

    async def _act(
        self, taken: Taken, connection: Connection, watcher: Watcher, sight: Sight, judgement: Judgement
    ) -> None:
        mended = {f.code: await self._mend(taken, connection, watcher, f) for f in judgement.findings}
        now = self._clock.now()
        findings = judgement.findings
        broken = next((f"{f.cause}; {f.remedy}" for f in findings if f.breaks), None)
        stopped = next((f.code for f in findings if f.stops_writes), None)
        flags = desk.Flags(
            hooks_ok=all(f.hooks_ok or (mended[f.code] and f.code not in _UNSURE) for f in findings),
            writes_stopped=stopped,
            account=judgement.account,
            broken=text(broken)[:500] if broken else None,
            works=sight.check.ok and broken is None,
        )
        async with self._store.transaction() as conn:
            if not await desk.fence(conn, taken):
                log.warning("watch lost", connection=str(connection.id))
                return
            await desk.set_flags(conn, connection, flags)
            fresh = [f for f in findings if await desk.see(conn, connection, f, now, repaired=mended[f.code])]
            ended = await desk.resolve(conn, connection, [f.code for f in findings], now)
            gap = self._gap(taken, connection, flags, findings, fresh, ended, mended)
            soon = now + timedelta(seconds=_SOON_S) if judgement.soon else now + _LEASE * 2
            memory = {**judgement.memory, "gap": gap}
            await desk.leave(conn, taken, now, memory, soon)
        self._directory.forget(connection.id)
        if flags.broken is None:
            await self._fill(taken, connection, Gap(gap), now)

    def _gap(
        self,
        taken: Taken,
        connection: Connection,
        flags: desk.Flags,
        findings: Sequence[Finding],
        fresh: Sequence[Finding],
        ended: Sequence[str],
        mended: dict[str, bool],
    ) -> str:
        """Return what has to be read afresh: by what is new or was repaired now, ended now, or could not be yet."""
        gaps = {f.gap for f in findings if f in fresh or (mended[f.code] and _did_something(f))}
        gaps |= {f.gap for f in findings if f.gap is Gap.AFRESH}
        gaps.add(Gap(taken.memory.get("gap", "")))
        if ended or (connection.state is ConnectionState.BROKEN and flags.works):
            gaps.add(Gap.LATELY)
        for gap in (Gap.AFRESH, Gap.ANYTHING, Gap.LATELY):
            if gap in gaps:
                return str(gap)
        return str(Gap.NONE)

    async def _fill(self, taken: Taken, connection: Connection, gap: Gap, began: datetime) -> None:
        """Ask for the runs that fill a gap. One that is under way may have passed the place: then it is asked again."""
        if gap is Gap.NONE:
            return
        streams = self._directory.streams(connection)
        if gap is Gap.AFRESH:
            async with self._store.engine() as conn:
                await desk.begin_anew(conn, connection)
        kinds = [RunKind.PULL] if gap is Gap.LATELY else [RunKind.PULL, RunKind.BACKFILL, RunKind.RECONCILE]
        asked = datetime.now(began.tzinfo) - timedelta(seconds=1)
        made = [await self._runs.add(connection.tenant_id, connection.id, kind, streams) for kind in kinds]
        if all(one is not None and time_of(one) >= asked for one in made):
            async with self._store.engine() as conn:
                await desk.filled(conn, taken)

    async def _mend(self, taken: Taken, connection: Connection, watcher: Watcher, finding: Finding) -> bool:
        """Do a finding's repairs; whether all of them worked (and there were any)."""
        done = 0
        for mend in finding.mends:
            if mend.repair is Repair.ADAPT:
                done += 1  # the account's new facts are kept with the findings
                continue
            try:
                async with self._store.engine() as conn:
                    if not await desk.keep(conn, taken, self._clock.now() + _LEASE):
                        return False
                if mend.repair is Repair.KICK:
                    await watcher.kick()
                else:
                    await self._hooks.mend(connection, mend)
                done += 1
            except (CallFailed, ValueError) as problem:
                said = text(f"{type(problem).__name__}: {problem}")[:200]
                log.warning("repair failed", connection=str(connection.id), code=finding.code, problem=said)
                break
        return bool(finding.mends) and done == len(finding.mends)


def _did_something(finding: Finding) -> bool:
    return any(mend.repair is not Repair.ADAPT for mend in finding.mends)


_UNSURE = frozenset({"scheduler-stalled"})
"""Repairs that help for the moment: the cause may still be there."""
