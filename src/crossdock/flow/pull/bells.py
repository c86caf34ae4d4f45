"""Answer doorbells: one GET an entity decides what it is now. 404 is a tombstone, trash a state."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from crossdock.flow.ports import Recorder, Sources, Store
from crossdock.flow.pull.terms import terms_of
from crossdock.flow.pull.turns import Turns
from crossdock.flow.run import PutOff
from crossdock.kit.backoff import full_jitter
from crossdock.kit.redact import text
from crossdock.model.observation import Observation, Presence
from crossdock.model.origin import Origin
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("pull.sql"))
log = structlog.get_logger("crossdock.bells")
_TRIES = 6
_HELD = timedelta(seconds=30)
"""How long a bell belongs to the process that took it."""
_MOST = 32
"""Bells taken at once."""
_OF_ONE = 8
"""Of them, of one shop."""
_PATIENCE_S = 2.0


class Bells:
    """Takes due doorbells, a few of each shop, and records what a fresh GET shows.

    The GETs of a shop go one after the other in its own turns, so they keep to its pace and are counted in its
    budget; a shop that is slow keeps no other shop's bells waiting.
    """

    def __init__(self, store: Store, sources: Sources, recorder: Recorder, turns: Turns) -> None:
        self._store = store
        self._sources = sources
        self._recorder = recorder
        self._turns = turns
        self._answering: dict[uuid.UUID, asyncio.Task[None]] = {}

    async def answer_some(self) -> int:
        """Answer due doorbells; returns how many were taken. What takes long goes on after the return."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["take_bells"], _HELD, _MOST, _OF_ONE, list(self._answering))
        shops: dict[uuid.UUID, list[Any]] = {}
        for row in rows:
            shops.setdefault(row["connection_id"], []).append(row)
        for shop, bells in shops.items():
            task = self._answering[shop] = asyncio.create_task(self._of(shop, bells))
            task.add_done_callback(lambda _, shop=shop: self._answering.pop(shop, None))  # type: ignore[misc]
        if self._answering:
            await asyncio.wait(list(self._answering.values()), timeout=_PATIENCE_S)
        return len(rows)

    async def close(self) -> None:
        """Leave what is under way; its bells ring again."""
        tasks = list(self._answering.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _of(self, shop: uuid.UUID, bells: Sequence[Any]) -> None:
        mine_until = time.monotonic() + _HELD.total_seconds() / 2
        for bell in bells:
            if time.monotonic() > mine_until:
                return  # they are due again before long, for whoever has time
            key = (shop, bell["stream"], bell["external_id"])
            try:
                await self._answer(bell)
            except PutOff as wait:
                await self._postpone(key, max(timedelta(0), wait.until - datetime.now(UTC)), failed=False)
            except Exception as problem:  # noqa: BLE001 - whatever it is, the bell rings again and the others are answered
                said = text(f"{type(problem).__name__}: {problem}")[:200]
                log.warning("doorbell unanswered", connection=str(shop), stream=key[1], entity=key[2], problem=said)
                pause = timedelta(seconds=1 + full_jitter(bell["failures"] + 1, base_s=1, ceiling_s=600))
                await self._postpone(key, pause, failed=True)

    async def _postpone(self, key: tuple[uuid.UUID, str, str], wait: timedelta, *, failed: bool) -> None:
        async with self._store.engine() as conn:
            await conn.execute(SQL["postpone_bell"], *key, wait, int(failed))

    async def _answer(self, bell: Any) -> None:
        shop, stream, entity = bell["connection_id"], bell["stream"], bell["external_id"]
        connection = await self._sources.connection(shop)
        source = await self._sources.source(shop)
        async with self._turns.of(shop).turn(f"one {stream}", terms_of(connection.config)) as turn:
            began = await self._now()
            turn.begin()
            seen = await source.fetch(stream, entity, bell["parent_id"])
        ended = await self._now()
        found = seen or gone(stream, entity, bell["parent_id"])
        await self._record(bell, connection, found, (began, ended))

    async def _record(self, bell: Any, connection: Any, found: Observation, interval: tuple[Any, Any]) -> None:
        key = (bell["connection_id"], bell["stream"], bell["external_id"])
        for left in reversed(range(_TRIES)):
            try:
                async with self._store.transaction() as conn:
                    # the answer comes first, so that a ring by the rule of recording is not lost
                    await conn.execute(SQL["answer_bell"], *key, bell["rung_at"])
                    await self._recorder.record(conn, connection, [found], Origin.PULL, interval, fresh=True)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, self._recorder.again):
                if not left:
                    raise
        self._recorder.recorded()

    async def _now(self) -> Any:
        async with self._store.engine() as conn:
            return await conn.fetchval(SQL["now"])


def gone(stream: str, external_id: str, parent_id: str | None) -> Observation:
    """Return the tombstone of an entity that its source no longer knows."""
    return Observation(
        stream=stream,
        external_id=external_id,
        document={"id": external_id, "deleted": True},
        presence=Presence.DELETED,
        status="deleted",
        parent_id=parent_id,
    )
