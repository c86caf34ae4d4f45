"""The loops of one worker. Each survives the database's absence; none polls faster than the sweep when idle."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from crossdock.connect.budget import urgent
from crossdock.flow.run import Run, RunKind
from crossdock.flow.watch import Taken
from crossdock.kit.process import own_name
from crossdock.model.route import Priority
from crossdock.store.absence import TROUBLE
from crossdock.wiring import Hub
from crossdock.worker.alerting import alert_loops
from crossdock.worker.crew import Crew
from crossdock.worker.housekeeping import Housekeeping
from crossdock.worker.orphans import Orphans, give_back

log = structlog.get_logger("crossdock.worker")
SWEEP_S = 2.0
_ORPHANS_S = 0.2
"""A lost hint costs at most this."""
_JITTER_S = 0.01
_SOON_S = 0.01
"""No loop turns faster than this by its own."""
_ENDS_S = 8.0
_FINISH_S = 6.0
"""How long the calls under way may take to end after the worker was told to stop."""
_WATCHES = 4
"""Looks at once: a store that does not answer keeps nobody else waiting."""
_PLAN_PROOFS_S = 300.0
_PLAN_S = 30.0


class Worker:
    """Runs until it is told to stop; what is under way is finished or left to the next owner."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.owner = own_name()
        self._stopping = asyncio.Event()
        self._draining: set[asyncio.Task[None]] = set()
        self._hearing: asyncio.TimerHandle | None = None
        self._ends_at = 0.0
        self._due_s: float | None = None
        self._plan_watches_at = 0.0
        self._plan_proofs_at = 0.0
        self._orphans = Orphans(hub.database)
        # one hand more than runs at once: a shop's changes are read while a long run of the same shop goes on here
        self._runners: Crew[Run] = Crew(
            "run", hub.settings.runs_at_once + 1, self._take_run, self._do_run, hub.runs.due
        )
        self._watch_due = asyncio.Event()
        self._watchers: Crew[Taken] = Crew(
            "watch", _WATCHES, lambda _: hub.watch.take(self.owner), hub.watch.look, self._watch_due
        )

    def stop(self) -> None:
        """Begin to stop: nothing new is taken."""
        self._stopping.set()
        self._hub.pump.stop()

    async def run(self) -> None:
        """Run all loops."""
        hub = self._hub
        unlisten = await hub.database.listen("crossdock_lane", self._heard)
        deaf = await hub.database.listen(hub.stock.channel, hub.stock.told)
        housekeeping = Housekeeping(hub)
        try:
            await self._release()
        except Exception as bug:
            # whatever it is: the loop below does it again, and without a worker nothing would be done at all
            log.error("orphans not released", problem=type(bug).__name__, exc_info=bug)
        hub.pump.begin()
        background = [asyncio.create_task(hub.hints.run()), asyncio.create_task(housekeeping.run())]
        loops = [
            asyncio.create_task(self._loop(name, hint, step))
            for name, hint, step in (
                ("orphans", None, self._release),
                ("pump", hub.hints.local, self._start_pumps),
                ("bell", hub.hints.local_bells, hub.bells.answer_some),
                ("stock", hub.stock.bell, hub.stock.work),
                ("schedule", None, self._schedule),
                *alert_loops(hub, self.owner),
                ("ending", None, self._end),
                ("watch", self._watch_due, self._watch),
                ("run", hub.runs.due, self._runners.look),
            )
        ]
        try:
            await self._stopping.wait()
            # what is under way is finished, within a limit
            await asyncio.wait([*loops, *self._at_work], timeout=_FINISH_S)
        finally:
            ending = [*background, *loops, *self._at_work]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, hub.bells.close(), return_exceptions=True)
            with contextlib.suppress(*TROUBLE):
                await housekeeping.flush()
                await give_back(
                    hub.database, [self.owner, *(f"{self.owner}/{n}" for n in range(hub.settings.runs_at_once + 1))]
                )
                await unlisten()
                await deaf()

    def _heard(self, sender: str) -> None:
        """Look, a little later than others do: who comes second finds the lane taken, by a look at lanes alone."""
        if sender == self._hub.hints.sender or self._stopping.is_set():
            return
        if self._hearing is None:
            self._hearing = asyncio.get_running_loop().call_later(_JITTER_S * random.random(), self._look)  # noqa: S311

    def _look(self) -> None:
        self._hearing = None
        self._hub.hints.local.set()
        self._hub.hints.local_bells.set()
        self._hub.stock.heard()

    async def _end(self) -> bool:
        """Look for tenants that are to end; seldom, for nobody waits for it, but then without a pause."""
        if time.monotonic() < self._ends_at:
            return False
        worked = await self._hub.ending.work()
        if not worked:
            self._ends_at = time.monotonic() + _ENDS_S
        return worked

    async def _start_pumps(self) -> bool:
        """Give every lane that has work its pump, up to the process's share."""
        pump = self._hub.pump
        pump.pressed = pump.full
        while not pump.full and not self._stopping.is_set():
            taken = await pump.take(self.owner)
            if taken is None:
                pump.pressed = False
                self._due_s = await pump.next_s()
                break
            task = asyncio.create_task(pump.drain(taken))
            self._draining.add(task)
            task.add_done_callback(self._drained)
        return False

    def _drained(self, task: asyncio.Task[None]) -> None:
        self._draining.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("pump failed", exc_info=task.exception())
        # what came in while the lane was being left is due now
        self._hub.hints.local.set()

    @property
    def _at_work(self) -> set[asyncio.Task[None]]:
        return {*self._draining, *self._runners.tasks, *self._watchers.tasks}

    async def _take_run(self, hand: int) -> Run | None:
        """Take a run; the last hand takes but pulls of shops that are being read here: they are no further shops."""
        hub, owner = self._hub, f"{self.owner}/{hand}"
        if hand < hub.settings.runs_at_once:
            return await hub.runs.take(owner, hub.works)
        return await hub.runs.take(owner, [RunKind.PULL], beside=True)

    async def _do_run(self, run: Run) -> None:
        # what a run asks of a vendor leaves the first place, and a part of the day's quota, to deliveries
        with urgent(Priority.BULK, patient=True):
            await self._hub.runs.do(run, self._hub.works)

    async def _release(self) -> bool:
        """Give up the leases of processes that have died here, so that their work goes on at once."""
        if await self._orphans.release():
            self._hub.hints.local.set()
            self._hub.runs.due.set()
        return False

    async def _schedule(self) -> bool:
        """Queue the regular pulls, and the day's proofs."""
        await self._hub.schedule()
        if time.monotonic() >= self._plan_proofs_at and self._hub.settings.prove_at_hour >= 0:
            self._plan_proofs_at = time.monotonic() + _PLAN_PROOFS_S
            await self._hub.runs.plan_proofs(self._hub.settings.prove_at_hour)
        return False

    async def _watch(self) -> bool:
        """Look at connections whose time has come; now and then give new connections their watch."""
        if time.monotonic() >= self._plan_watches_at:
            self._plan_watches_at = time.monotonic() + _PLAN_S
            await self._hub.watch.plan()
        return await self._watchers.look()

    async def _loop(self, name: str, hint: asyncio.Event | None, step: Callable[[], Awaitable[object]]) -> None:
        """Take work while there is any; then wait for a hint or the sweep."""
        while not self._stopping.is_set():
            if hint is not None:
                hint.clear()
            try:
                worked = await step()
            except TROUBLE as problem:
                log.warning("database trouble", loop=name, problem=type(problem).__name__)
                worked = False
            except Exception as bug:
                log.error("loop failed", loop=name, problem=type(bug).__name__, exc_info=bug)
                worked = False
            if not worked:
                await self._wait(hint, {"pump": self._due_s, "orphans": _ORPHANS_S}.get(name))

    async def _wait(self, hint: asyncio.Event | None, due_s: float | None) -> None:
        """Wait for a hint, the time something is due by itself, or the sweep; processes do not sweep in step."""
        sweep = SWEEP_S * (0.75 + 0.25 * random.random())  # noqa: S311
        waiters = [asyncio.create_task(self._stopping.wait())]
        if hint is not None:
            waiters.append(asyncio.create_task(hint.wait()))
        _, pending = await asyncio.wait(
            waiters,
            timeout=min(sweep, _SOON_S + (due_s or 0.0)) if due_s is not None else sweep,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in pending:
            task.cancel()
