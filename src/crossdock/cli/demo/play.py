"""The course of the demonstration: set up, backfill, live traffic under faults, rest, proof, truth."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from crossdock.cli.answers import give, note
from crossdock.cli.demo.children import Child
from crossdock.cli.demo.doors import Door
from crossdock.cli.demo.ground import environment as environment_of
from crossdock.cli.demo.ground import free_port, home_of, settings_of
from crossdock.cli.demo.screen import Screen, final
from crossdock.cli.judge.portal import Judge, Judged, agree
from crossdock.cli.reading import queries

if TYPE_CHECKING:
    from crossdock.flow.reconcile import Proof
    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

log = structlog.get_logger("crossdock.demo")
_TRAFFIC_S = 0.1
_QUIET_S = 60.0
_PATIENCE_S = 120.0
"""The burst may open the breaker, and then nobody calls for a while."""
_ORDER_S = 10.0
_BURST = 3
_LEAVING = ("delete_force", "change_email", "edit_address", "delete_customer")


class Plan(msgspec.Struct, frozen=True):
    """How the demonstration is to be."""

    orders: int
    calm: bool
    seed: int
    port: int
    as_json: bool
    stay: bool
    """Keep running with the dashboard after the proof."""


class Play:
    """One demonstration. :meth:`run` says whether everything was proven."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.screen = Screen(plan.as_json)
        self.faults: dict[str, int] = {}
        self.rates: dict[str, Any] = {}
        self._children: list[Child] = []
        self._left = 0
        self._killed = plan.calm

    async def run(self) -> bool:
        """Play it through; every child and file is gone at the end, whatever happened."""
        home = home_of()
        try:
            return await self._run(home)
        finally:
            await asyncio.shield(asyncio.to_thread(self._clear, home))

    def _clear(self, home: Path) -> None:
        self._end()
        shutil.rmtree(home, ignore_errors=True)

    def _end(self) -> None:
        for child in reversed(self._children):
            child.end()

    @contextlib.asynccontextmanager
    async def _ending(self) -> AsyncIterator[None]:
        """End the children before our own hub: the last to use the database stops it, however they have ended."""
        try:
            yield
        finally:
            await asyncio.shield(asyncio.to_thread(self._end))

    async def _run(self, home: Path) -> bool:
        from crossdock.wiring import open_hub

        began = time.monotonic()
        port = self.plan.port or free_port()
        environment = environment_of(home, port)
        with self.screen.live():
            self.screen.phase("making a shop and an empty CRM")
            arguments = ["crossdock.cli.demo.stage", str(self.plan.orders), str(self.plan.seed)]
            stage = self._child("sandboxes", arguments, environment, home)
            async with open_hub(settings_of(environment)) as hub, self._ending():
                told = await stage.ready()
                serve = self._child("serve", ["crossdock", "serve", "--json"], environment, home)
                if not self.plan.calm:
                    self._child("worker", ["crossdock", "worker", "--json"], environment, home)
                served = await serve.ready()
                self.screen.url = served["url"]
                act = _Act(self, hub, Door(told["shop"]["url"]), Door(told["portal"]["url"]), told)
                proof, judged = await act.play()
                self.rates["total_s"] = round(time.monotonic() - began, 2)
                ok = self._tell(proof, judged, act.shop_name)
                if self.plan.stay:
                    self.screen.pause()
                    note(
                        f"Everything keeps running · Ctrl-C ends it. See it all, as its first person: {_way_in(served)}"
                    )
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.Event().wait()
        return ok

    def _child(self, name: str, arguments: list[str], environment: dict[str, str], home: Path) -> Child:
        child = Child(name, arguments, environment, home / f"{name}.log")
        self._children.append(child)
        return child

    def kill_worker(self, owners: list[str]) -> bool:
        """SIGKILL the extra worker while it holds work; says whether that happened."""
        for child in self._children:
            if child.name == "worker" and any(owner.split("/")[0].endswith(f":{child.pid}") for owner in owners):
                child.kill()
                self._killed = True
                self.fault("worker killed")
                return True
        return False

    @property
    def may_kill(self) -> bool:
        """Whether the one kill of a worker is still to come."""
        return not self._killed

    def kill_now(self) -> None:
        """Kill the extra worker although it holds nothing: the promise of one kill is kept."""
        for child in self._children:
            if child.name == "worker" and not self._killed:
                child.kill()
                self._killed = True
                self.fault("worker killed")

    def fault(self, name: str, count: int = 1) -> None:
        """Note faults for the screen and the report."""
        self.faults[name] = self.faults.get(name, 0) + count
        self.screen.faults = self.faults

    def _tell(self, proof: Proof, judged: list[Judged], shop: str) -> bool:
        rows = [msgspec.to_builtins(row) for row in proof.rows]
        differ = agree(judged, rows)
        ok = bool(rows) and proof.ok and all(row.green for row in judged) and not differ
        answer = {
            "ok": ok,
            "proof": rows,
            "truth": [{k: v for k, v in msgspec.to_builtins(row).items() if k != "wrong"} for row in judged],
            "disagreements": differ,
            "differences": [msgspec.to_builtins(one) for one in proof.differences[:50]]
            + [
                {"entity": row.entity, "kind": "seen by the judge", "what": what}
                for row in judged
                for what in row.wrong[:20]
            ],
            "faults": self.faults,
            "rates": self.rates,
        }
        self.screen.pause()
        give(answer, as_json=self.plan.as_json, people=lambda: final(answer, shop))
        return ok


class _Act:
    """What happens once everything stands."""

    def __init__(self, play: Play, hub: Hub, shop: Door, portal: Door, told: dict[str, Any]) -> None:
        self._play, self._hub, self._told = play, hub, told
        self._shop, self._portal = shop, portal
        self._left = 0
        self.shop_name = ""

    async def play(self) -> tuple[Proof, list[Judged]]:
        """Connect, backfill, live traffic, rest, prove, judge."""
        screen, hub = self._play.screen, self._hub
        tenant = await hub.tenants.find()
        screen.phase("connecting both sides")
        source = await self._connect(tenant)
        async with self._watched(tenant):
            begun, clock = datetime.now(UTC), time.monotonic()
            await self._set_faults()
            screen.phase(f"backfill of {self._play.plan.orders} orders")
            await self._backfill(tenant, source)
            await self._kill(tenant, last=False)
            live = datetime.now(UTC)
            screen.phase("live traffic")
            made = await self._traffic(tenant)
            await self._kill(tenant, last=True)
            screen.phase("coming to rest")
            await self._end_faults()
            await self._quiet(tenant, source)
            ended = datetime.now(UTC)
            took = time.monotonic() - clock
            screen.phase("proving")
            proof = await hub.prover.prove(source.id, tell=screen.step)
            screen.phase("judging by the sandboxes' own state")
            judged = await self._judge(source)
        await self._rates(tenant, (begun, live, ended), took, made)
        return proof, judged

    async def _connect(self, tenant: uuid.UUID) -> Connection:
        from crossdock.errors import VendorTrouble

        connections = self._hub.connections
        portal = _answers(self._told["portal"]["connect"])
        await connections.connect(tenant, "hubspot", portal, name="sandbox portal", actor="demo")
        shop = _answers(self._told["shop"]["connect"])
        made = await connections.connect(tenant, "woocommerce", shop, name="sandbox shop", actor="demo")
        if not made.hooks:
            raise VendorTrouble("the sandbox shop took no webhooks", remedy="; ".join(made.warnings))
        self.shop_name = made.name
        return await connections.one(tenant, made.id)

    async def _set_faults(self) -> None:
        if self._play.plan.calm:
            return
        seed = self._play.plan.seed
        await self._shop.put(
            "dials", seed=seed, drop_share=0.05, out_of_order_share=0.10, duplicate_share=0.02, throttle_share=0.02
        )
        await self._portal.put("dials", seed=seed, throttle_share=0.02, cut_after_effect=1)
        self._play.fault("answer cut after its effect")

    async def _end_faults(self) -> None:
        await self._shop.put("dials", drop_share=0, out_of_order_share=0, duplicate_share=0, throttle_share=0)
        await self._portal.put("dials", throttle_share=0, next_errors=0, cut_after_effect=0)

    async def _backfill(self, tenant: uuid.UUID, source: Connection) -> None:
        from crossdock.cli.reading import run_of
        from crossdock.errors import VendorTrouble
        from crossdock.flow.run import RunKind

        run = await self._hub.runs.add(tenant, source.id, RunKind.BACKFILL, [])
        while (now := await run_of(self._hub, tenant, run))["state"] in ("waiting", "running"):
            await self._kill(tenant, last=False)
            await asyncio.sleep(0.05)
        if now["state"] != "done":
            raise VendorTrouble(
                f"the backfill ended as {now['state']}: {now['problem']}", remedy="start the demo again"
            )

    async def _kill(self, tenant: uuid.UUID, *, last: bool) -> None:
        if not self._play.may_kill:
            return
        async with self._hub.database.engine() as conn:
            owners = [row["owner"] for row in await conn.fetch(queries()["owners"], tenant)]
        if not self._play.kill_worker(owners) and last:
            self._play.kill_now()

    async def _traffic(self, tenant: uuid.UUID) -> int:
        """Let the shop live: a twentieth of its orders as acts, at most 300, each followed by its webhooks."""
        plan, made = self._play.plan, 0
        acts = min(300, max(20, plan.orders // 20))
        while made < acts:
            done = (await self._shop.post("traffic", count=2))["done"]
            made += len(done)
            self._left += sum(one["do"] in _LEAVING for one in done)
            for one in done:
                if one["do"] in ("silent_line_edit", "delete_force") and one["done"] and not plan.calm:
                    self._play.fault(one["do"].replace("_", " "))
            if not plan.calm and made == acts // 4 // 2 * 2:
                await self._mischief()
            await self._kill(tenant, last=False)
            await asyncio.sleep(_TRAFFIC_S)
        return made

    async def _mischief(self) -> None:
        """Do what chance may not bring in a small shop: a silent edit, a delete, a burst of 503, a 429."""
        await self._shop.post("act", do="silent_line_edit")
        await self._shop.post("act", do="delete_force")
        self._left += 1
        for name in ("silent line edit", "delete force"):
            self._play.fault(name)
        await self._portal.put("dials", next_errors=_BURST, throttle_share=1)
        ends, order_at = time.monotonic() + _PATIENCE_S, 0.0
        while (left := (await self._portal.get("dials"))["next_errors"]) or not await self._throttled():
            if time.monotonic() > ends:
                break
            if time.monotonic() > order_at:
                # more than one, for some of their webhooks are dropped
                order_at = time.monotonic() + _ORDER_S
                await self._shop.post("act", do="place_order")
            await asyncio.sleep(0.05)
        self._play.fault("answers 503 in a burst", _BURST - left)
        await self._portal.put("dials", throttle_share=0.02)

    async def _throttled(self) -> int:
        """Return how many calls the portal has answered with 429."""
        counts = (await self._portal.get("state?type=orders&history=false"))["requests"]
        return sum(by_status.get("429", 0) for by_status in counts.values())

    async def _quiet(self, tenant: uuid.UUID, source: Connection) -> None:
        """Wait until the shop's webhooks are out and nothing is under way in the hub."""
        last, moved = -1, time.monotonic()
        while time.monotonic() - moved < _QUIET_S:
            waiting = (await self._shop.get("webhooks/deliveries"))["waiting"]
            async with self._hub.database.engine() as conn:
                row = await conn.fetchrow(queries()["under_way"], tenant, source.id)
            left = waiting + row["deliveries"] + row["doorbells"]
            if left == 0:
                return
            if left != last:
                last, moved = left, time.monotonic()
            await asyncio.sleep(0.1)

    async def _judge(self, source: Connection) -> list[Judged]:
        shop, portal = await self._shop.get("state"), await self._portal.get("state?history=false")
        if throttled := await self._throttled():
            self._play.fault("answers 429", throttled)
        judge = Judge(shop, portal, source.account_uid, source.name, self._left)
        return await asyncio.to_thread(judge.rows)

    @contextlib.asynccontextmanager
    async def _watched(self, tenant: uuid.UUID) -> AsyncIterator[None]:
        """Keep the screen's numbers fresh."""
        watcher = asyncio.create_task(self._watch(tenant))
        try:
            yield
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def _watch(self, tenant: uuid.UUID) -> None:
        since = datetime.now(UTC)
        while True:
            async with self._hub.database.engine() as conn:
                tally = dict(await conn.fetchrow(queries()["tally"], tenant))
                lags = dict(await conn.fetchrow(queries()["lags"], tenant, since, datetime.now(UTC)))
            self._play.screen.numbers(tally, lags)
            await asyncio.sleep(0.5)

    async def _rates(
        self, tenant: uuid.UUID, moments: tuple[datetime, datetime, datetime], took: float, acts: int
    ) -> None:
        begun, live, ended = moments
        async with self._hub.database.engine() as conn:
            whole = await conn.fetchrow(queries()["lags"], tenant, begun, ended)
            lively = await conn.fetchrow(queries()["lags"], tenant, live, ended)
        hooks = (await self._shop.get("webhooks/deliveries"))["deliveries"]
        answered = sorted(one["duration_s"] for one in hooks if one["status"] == 200 and one["topic"] != "ping")
        self._play.rates.update(
            orders=self._play.plan.orders,
            live_acts=acts,
            seconds=round(took, 2),
            delivered=whole["delivered"],
            delivered_per_s=round(whole["delivered"] / took, 1),
            live_delivered=lively["delivered"],
            lag_p50_s=_round(lively["p50_s"]),
            lag_p99_s=_round(lively["p99_s"]),
            webhooks=len(answered),
            webhook_p50_ms=_ms(answered, 0.5),
            webhook_p99_ms=_ms(answered, 0.99),
        )


def _ms(sorted_s: list[float], share: float) -> float | None:
    return round(sorted_s[min(len(sorted_s) - 1, int(len(sorted_s) * share))] * 1000, 1) if sorted_s else None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _answers(options: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in options.items()}


def _way_in(served: dict[str, Any]) -> str:
    """Return where the dashboard is entered: by the link of the first person, if nobody has come in."""
    return str(served["first_run"] or served["dashboard"])
