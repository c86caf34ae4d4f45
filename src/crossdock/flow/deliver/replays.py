"""Replays as runs: asked for once, worked off chunk by chunk, behind everything that is live.

The place of a replay moves in the same transaction that queues a chunk, under the run's fence: whoever goes on after a
crash queues nothing twice and leaves nothing out. Of a million events only a chunk is in memory, and only so many
deliveries of one replay wait at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import orjson

from crossdock.errors import BadInput, Conflict, KeyReused, NotFound
from crossdock.flow.deliver.letters import DONE, LAST, Filter, Letters
from crossdock.flow.deliver.preview import Found, Preview
from crossdock.flow.deliver.replay import NEWEST, SQL, Replay, Way
from crossdock.flow.ports import Store
from crossdock.flow.run import PutOff, Run, Runs
from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.delivery import DeliveryState, SkipReason
from crossdock.model.route import Priority
from crossdock.store.audit import audit

_PAUSE = timedelta(seconds=1)
_TRIES = 5
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
MOST_NAMED = 1_000


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be delivered again (or discarded, for dead letters)."""

    do: str = "replay"
    """replay, retry (of dead letters) or discard (of dead letters)."""
    deliveries: tuple[uuid.UUID, ...] = ()
    events: tuple[uuid.UUID, ...] = ()
    filter: Filter = Filter()
    mapping: int | str | None = None
    dry_run: bool = False
    reason: str = ""

    def checked(self) -> Ask:
        """Return itself. Raises ``BadInput`` that names the field and the rule."""
        if len(self.deliveries) > MOST_NAMED or len(self.events) > MOST_NAMED:
            raise BadInput(f"at most {MOST_NAMED} may be named", field="deliveries", remedy="give a time range")
        if self.do == "replay" and not (self.deliveries or self.events or self.filter.since):
            raise BadInput("say what to replay", field="since", remedy="name deliveries or events, or give since")
        if self.filter.state not in (None, *DONE):
            raise BadInput("only what has ended is replayed", field="state", remedy=f"one of {', '.join(DONE)}")
        since, until = self.filter.since, self.filter.until
        if since and until and since >= until:
            raise BadInput("it ends before it begins", field="until", remedy="give a later time than since")
        if isinstance(self.mapping, int) and self.filter.route_id is None:
            raise BadInput("versions are counted by route", field="mapping", remedy="name the route, or say newest")
        if isinstance(self.mapping, str) and self.mapping != NEWEST:
            raise BadInput("no version", field="mapping", remedy="a number, or newest")
        return self


class Measure(msgspec.Struct, frozen=True):
    """How much of a replay is done at once."""

    chunk: int = 500
    """Looked at in one transaction."""
    under_way: int = 5_000
    """Deliveries of one replay that may wait at once."""


class Replays:
    """Takes and works off replays; ``works`` of the hub names it for runs of kind ``replay``."""

    def __init__(
        self,
        store: Store,
        runs: Runs,
        replay: Replay,
        letters: Letters,
        preview: Preview,
        failpoints: Failpoints = NONE,
        measure: Measure | None = None,
    ) -> None:
        self._store = store
        self._runs = runs
        self._replay = replay
        self.letters = letters
        self.preview = preview
        self.measure = measure or Measure()
        self._failpoints = failpoints

    async def release(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, actor: str) -> None:
        """Deliver what a narrower rollout of a connection has held back."""
        held = Filter(state="skipped", rule=SkipReason.HELD_BACK, connection_id=connection_id, since=_ALWAYS)
        with contextlib.suppress(Conflict):  # it has no route, so nothing was held back
            await self.ask(tenant_id, Ask(filter=held), actor=actor)

    # --- asking -------------------------------------------------------------------------------------------------

    async def ask(self, tenant_id: uuid.UUID, asked: Ask, *, actor: str, key: str | None = None) -> uuid.UUID:
        """Queue a replay; returns its run. The same again (same key, or the same while it works) is the same run.

        Raises ``BadInput``, ``NotFound`` for a route or version that is not there, ``Conflict`` without a route, and
        ``KeyReused``.
        """
        asked = asked.checked()
        told = orjson.dumps(msgspec.to_builtins(asked), option=orjson.OPT_SORT_KEYS)
        fingerprint = hashlib.sha256(told).digest()
        async with self._store.transaction() as conn:
            await conn.execute(SQL["turn"], tenant_id)
            if (known := await self._known(conn, tenant_id, fingerprint, key)) is not None:
                return known
            await self._check_mapping(conn, tenant_id, asked)
            chosen = asked.filter
            connection = await conn.fetchval(SQL["connection_for"], tenant_id, chosen.connection_id, chosen.route_id)
            if connection is None:
                raise Conflict("there is no route, so nothing was ever delivered", remedy="crossdock routes")
            replay_id = new_id()
            # what it makes itself has later ids
            until_id = min(replay_id, chosen.ceiling)
            facts = (replay_id, tenant_id, key, fingerprint, told.decode(), actor, until_id)
            await conn.execute(SQL["add_replay"], *facts)
            await conn.execute(SQL["add_run"], replay_id, tenant_id, connection, told.decode())
            await audit(conn, tenant_id, actor, f"replay.{asked.do}", replay_id, orjson.loads(told))
        self._runs.due.set()
        return replay_id

    async def _known(self, conn: Any, tenant_id: uuid.UUID, fingerprint: bytes, key: str | None) -> uuid.UUID | None:
        if key is None:
            found: uuid.UUID | None = await conn.fetchval(SQL["same_under_way"], tenant_id, fingerprint)
            return found
        row = await conn.fetchrow(SQL["same_key"], tenant_id, key)
        if row is None:
            return None
        if row["asked_hash"] != fingerprint:
            raise KeyReused("the Idempotency-Key came with another body", field="Idempotency-Key")
        same: uuid.UUID = row["id"]
        return same

    async def _check_mapping(self, conn: Any, tenant_id: uuid.UUID, asked: Ask) -> None:
        route = asked.filter.route_id
        if route is None:
            return
        if not await conn.fetch(SQL["live_routes"], tenant_id, [route]):
            raise NotFound("there is no such route", field="route_id", remedy="list them with: crossdock routes")
        if isinstance(asked.mapping, int) and asked.mapping != 0:
            found = await conn.fetch(SQL["newest_versions"], tenant_id, [route])
            if not found or not 0 < asked.mapping <= found[0]["version"]:
                newest = found[0]["version"] if found else 0
                raise BadInput(
                    f"the route's mapping has no version {asked.mapping}",
                    field="mapping",
                    remedy=f"its newest is {newest}; 0 is the connector's own",
                )

    # --- looking ------------------------------------------------------------------------------------------------

    async def one(self, tenant_id: uuid.UUID, replay_id: uuid.UUID) -> dict[str, Any]:
        """Return a replay: what was asked, how far it is, what became of its deliveries. Raises ``NotFound``."""
        run = await self._runs.one(tenant_id, replay_id)
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["replay"], tenant_id, replay_id)
            outcomes = await conn.fetch(SQL["outcomes"], replay_id, tenant_id)
        if row is None:
            raise NotFound("there is no such replay", field="replay_id", remedy="list them with GET /replays")
        counts = {state["state"]: state["n"] for state in outcomes}
        live = sum(n for state, n in counts.items() if state not in DONE)
        # an old replay is kept for its key when its run is forgotten
        told = run or {"state": "done", "ended_at": row["created_at"]}
        return {
            **_shown(row, told["state"]),
            **{name: told.get(name) for name in ("total", "eta_s", "problem", "started_at", "ended_at")},
            "deliveries": counts,
            "under_way": live,
            "preview": orjson.loads(row["found"]) or None,
        }

    async def listed(self, tenant_id: uuid.UUID, limit: int, before: uuid.UUID | None = None) -> list[dict[str, Any]]:
        """Return replays, the newest first."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["replays"], tenant_id, before or LAST, limit)
        return [
            {**_shown(row, row["state"]), **{n: row[n] for n in ("problem", "started_at", "ended_at")}} for row in rows
        ]

    # --- working ------------------------------------------------------------------------------------------------

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Work off a replay from its place. Raises ``PutOff`` while enough of it is under way."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["replay"], run.tenant_id, run.id)
        if row is None:
            return {"queued": 0}
        job = _Job(self, run, row, _read(row["asked"]))
        await job.count()
        while await job.step():
            await self._failpoints.reach("replay.chunk")
        run.progress["replay"]["done"] = True
        return {"queued": job.queued, "seen": job.seen, "by": row["actor"]}

    # the rooms a job works in
    @property
    def rooms(self) -> tuple[Store, Runs, Replay, Letters, Preview]:
        """Return what a job needs."""
        return self._store, self._runs, self._replay, self.letters, self.preview


class _Job:
    """One replay under a run's lease."""

    def __init__(self, replays: Replays, run: Run, row: Any, asked: Ask) -> None:
        self._store, self._runs, self._replay, self._letters, self._preview = replays.rooms
        self._measure = replays.measure
        self._run = run
        self._asked = asked
        self._place: uuid.UUID = row["place"]
        self._until: uuid.UUID = row["until_id"]
        self.seen: int = row["seen"]
        self.queued: int = row["queued"]
        self._found = Found.read(row["found"])
        self._states = [asked.filter.state] if asked.filter.state else [DeliveryState.DELIVERED, DeliveryState.DEAD]
        self._way = Way(Priority.BULK, run.id, asked.mapping)

    async def count(self) -> None:
        """Note how much there is to look at, once."""
        part = self._run.progress.setdefault("replay", {"read": self.seen})
        part["read"] = self.seen
        if "total" in part:
            return
        asked = self._asked
        if asked.deliveries:
            part["total"] = len(asked.deliveries)
        elif asked.do != "replay":
            bounded = msgspec.structs.replace(asked.filter, state=None)
            part["total"] = await self._letters.count_dead(self._run.tenant_id, bounded)
        elif not asked.events:
            async with self._store.engine() as conn:
                narrowed = (self._states, asked.filter.floor, self._until)
                routes = await self._routes(conn)
                part["total"] = await conn.fetchval(SQL["count_range"], self._run.tenant_id, routes, *narrowed)

    async def step(self) -> bool:
        """Do the next chunk; False when there was none."""
        if not self._asked.dry_run:
            await self._wait()
        for left in reversed(range(_TRIES)):
            try:
                return await self._chunk()
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
                if not left:
                    raise
        return False

    async def _wait(self) -> None:
        async with self._store.engine() as conn:
            most = self._measure.under_way
            if await conn.fetchval(SQL["under_way"], self._run.id, most) >= most:
                raise PutOff(datetime.now(UTC) + _PAUSE, "it waits until what it has queued is delivered")

    async def _chunk(self) -> bool:
        if self._asked.dry_run:
            return await self._look()
        tenant_id, run = self._run.tenant_id, self._run
        lanes: list[uuid.UUID] = []
        async with self._store.transaction() as conn:
            await self._runs.fence(conn, run)
            scanned = await self._scan(conn)
            if not scanned:
                return False
            taken = 0
            ids = await self._worth(conn, scanned)
            if self._asked.do == "discard":
                actor = str((await conn.fetchrow(SQL["replay"], tenant_id, run.id))["actor"])
                taken = await self._letters.discard_within(conn, tenant_id, ids, self._asked.reason, actor)
            else:
                taken, lanes = await self._replay.again(conn, tenant_id, ids, self._way)
            await conn.execute(SQL["move"], tenant_id, run.id, scanned[-1], len(scanned), taken, None)
        self.queued += taken
        self._passed(scanned)
        self._replay.ring(lanes)
        return True

    async def _look(self) -> bool:
        """Do a chunk of a dry run: the destination is asked between two transactions, not within one."""
        tenant_id, run = self._run.tenant_id, self._run
        async with self._store.engine() as conn:
            scanned = await self._scan(conn)
            ids = await self._worth(conn, scanned) if scanned else []
        if not scanned:
            return False
        found = self._found.copy()
        await self._preview.look(self._store, tenant_id, ids, self._asked.mapping, found)
        async with self._store.transaction() as conn:
            await self._runs.fence(conn, run)
            told = orjson.dumps(msgspec.to_builtins(found)).decode()
            await conn.execute(SQL["move"], tenant_id, run.id, scanned[-1], len(scanned), 0, told)
        self._found = found
        self._passed(scanned)
        return True

    def _passed(self, scanned: Sequence[uuid.UUID]) -> None:
        self._place = scanned[-1]
        self.seen += len(scanned)
        self._run.progress["replay"]["read"] = self.seen

    async def _scan(self, conn: Any) -> list[uuid.UUID]:
        """Return the next ids above the place, in order."""
        asked, tenant_id = self._asked, self._run.tenant_id
        if asked.deliveries:
            return sorted(one for one in asked.deliveries if one > self._place)[: self._measure.chunk]
        if asked.events:
            rows = await conn.fetch(SQL["of_events"], tenant_id, list(asked.events), self._place, self._measure.chunk)
            return [row["id"] for row in rows if row["id"] < self._until]
        if asked.do != "replay":
            found = await self._letters.dead_ids(conn, tenant_id, asked.filter, self._measure.chunk, self._place)
            return [one for one in found if one < self._until]
        routes = await self._routes(conn)
        narrowed = (routes, self._states, self._place, asked.filter.floor, self._until, self._measure.chunk)
        return [row["id"] for row in await conn.fetch(SQL["range"], tenant_id, *narrowed)]

    async def _worth(self, conn: Any, scanned: Sequence[uuid.UUID]) -> list[uuid.UUID]:
        """Return what of a chunk has to go: what a person named does."""
        asked = self._asked
        if asked.deliveries or asked.events or asked.do != "replay":
            return list(scanned)
        chosen = asked.filter
        narrowed = (list(scanned), self._until, self._states, chosen.stream, chosen.record_id, chosen.rule)
        return [row["id"] for row in await conn.fetch(SQL["worth"], self._run.tenant_id, *narrowed)]

    async def _routes(self, conn: Any) -> list[uuid.UUID]:
        return [row["id"] for row in await self._letters.named(conn, self._run.tenant_id, self._asked.filter)]


def _read(told: str) -> Ask:
    return msgspec.convert(orjson.loads(told), Ask)


def _shown(row: Any, state: str | None) -> dict[str, Any]:
    asked = orjson.loads(row["asked"])
    told = {name: value for name, value in asked.items() if name != "filter" and value not in (None, [], "", False)}
    return {
        "id": show(Prefix.RUN, row["id"]),
        "state": state or "done",
        "dry_run": asked["dry_run"],
        "asked": {**told, **{name: value for name, value in asked["filter"].items() if value is not None}},
        "actor": row["actor"],
        "seen": row["seen"],
        "queued": row["queued"],
        "created_at": row["created_at"],
    }
