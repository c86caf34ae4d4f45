"""Answer doorbells: one GET an entity decides what it is now. 404 is a tombstone, trash a state."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from crossdock.flow.ports import Recorder, Sources, Store
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


class Bells:
    """Takes due doorbells, a few at a time, and records what a fresh GET shows."""

    def __init__(self, store: Store, sources: Sources, recorder: Recorder, *, at_once: int = 4) -> None:
        self._store = store
        self._sources = sources
        self._recorder = recorder
        self._at_once = at_once

    async def answer_some(self) -> int:
        """Answer up to a handful of due doorbells; returns how many were due."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["take_bells"], _HELD, self._at_once * 4)
        gate = asyncio.Semaphore(self._at_once)

        async def one(row: Any) -> None:
            async with gate:
                await self._answer(row)

        await asyncio.gather(*(one(row) for row in rows))
        return len(rows)

    async def _answer(self, bell: Any) -> None:
        key = (bell["connection_id"], bell["stream"], bell["external_id"])
        try:
            connection = await self._sources.connection(key[0])
            source = await self._sources.source(key[0])
            began = await self._now()
            seen = await source.fetch(key[1], key[2], bell["parent_id"])
            ended = await self._now()
            found = seen or gone(key[1], key[2], bell["parent_id"])
            await self._record(bell, connection, found, (began, ended))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the bell rings again and the others are answered
            said = text(f"{type(problem).__name__}: {problem}")[:200]
            log.warning("doorbell unanswered", connection=str(key[0]), stream=key[1], entity=key[2], problem=said)
            wait = timedelta(seconds=1 + full_jitter(bell["failures"] + 1, base_s=1, ceiling_s=600))
            async with self._store.engine() as conn:
                await conn.execute(SQL["postpone_bell"], *key, wait)

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
