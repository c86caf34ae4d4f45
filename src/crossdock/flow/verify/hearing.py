"""What became of each webhook's deliveries: heard, refused, failed; and deliveries of a shop's copy.

A shop counts our failures and never tells the count; this is the same count, kept on our side. Counted in memory and
written every few seconds, so that nothing is added to the path of a delivery.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from crossdock.kit.clock import Clock
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("hearing.sql"))
_MOST_KEYS = 10_000


class Store(Protocol):
    """The database, as the hearing needs it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Heard(msgspec.Struct):
    """One webhook's deliveries since the last flush; ``failed`` and ``refused`` since the last one that was taken."""

    heard_at: datetime | None = None
    failed: int = 0
    refused: int = 0
    refused_at: datetime | None = None


class Hearing:
    """Counts what webhooks were answered until it is flushed. Who sends is what the headers say: rows decide."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hooks: dict[tuple[uuid.UUID, str], Heard] = {}
        self._strangers: dict[uuid.UUID, tuple[int, str]] = {}

    def took(self, connection_id: uuid.UUID, hook: str) -> None:
        """Note a delivery that was taken; failures before it no longer count, as they do not at the shop."""
        if (entry := self._entry(connection_id, hook)) is not None:
            entry.heard_at, entry.failed, entry.refused = self._clock.now(), 0, 0

    def failed(self, connection_id: uuid.UUID, hook: str, *, signature: bool = False) -> None:
        """Note a delivery that was answered with an error; ``signature`` where it did not fit."""
        if (entry := self._entry(connection_id, hook)) is not None:
            entry.failed += 1
            if signature:
                entry.refused += 1
                entry.refused_at = self._clock.now()

    def stranger(self, connection_id: uuid.UUID, address: str) -> None:
        """Note a genuine delivery that another site sent."""
        if connection_id in self._strangers or len(self._strangers) < _MOST_KEYS:
            self._strangers[connection_id] = (self._strangers.get(connection_id, (0, ""))[0] + 1, address)

    async def flush(self, store: Store) -> int:
        """Write what was counted; returns how many webhooks. A failed write keeps the counts of webhooks.

        That is when they matter most: while the database is away every delivery fails.
        """
        strangers, self._strangers = self._strangers, {}
        if strangers:
            rows = [(key, count, address) for key, (count, address) in sorted(strangers.items())]
            async with store.engine() as conn:
                await conn.execute(SQL["note_strangers"], *map(list, zip(*rows, strict=True)))
        hooks, self._hooks = self._hooks, {}
        if hooks:
            columns = [(*key, h.heard_at, h.failed, h.refused, h.refused_at) for key, h in sorted(hooks.items())]
            try:
                async with store.engine() as conn:
                    await conn.execute(SQL["note_hooks"], *map(list, zip(*columns, strict=True)))
            except BaseException:
                self._put_back(hooks)
                raise
        return len(hooks)

    def _put_back(self, hooks: Mapping[tuple[uuid.UUID, str], Heard]) -> None:
        for key, earlier in hooks.items():
            later = self._hooks.setdefault(key, Heard())
            if later.heard_at is None:
                later.heard_at = earlier.heard_at
                later.failed += earlier.failed
                later.refused += earlier.refused
                later.refused_at = later.refused_at or earlier.refused_at

    def _entry(self, connection_id: uuid.UUID, hook: str) -> Heard | None:
        if not hook:
            return None
        entry = self._hooks.get((connection_id, hook))
        if entry is None and len(self._hooks) < _MOST_KEYS:
            entry = self._hooks[connection_id, hook] = Heard()
        return entry
