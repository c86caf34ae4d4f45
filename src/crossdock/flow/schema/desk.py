"""Looks both sides of a connection up, and remembers what it found for 15 minutes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakValueDictionary

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Connector, Destination
from crossdock.connect.discovery import Describer
from crossdock.errors import VendorTrouble
from crossdock.flow.canonical import Canonical
from crossdock.flow.ports import Store
from crossdock.flow.schema.seen import described
from crossdock.model.connection import Connection
from crossdock.model.schema import Object, Schema
from crossdock.store.memory import CHANNEL, Ear, Memory
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("schema.sql"))
KEPT = timedelta(minutes=15)
_MOST = 256
_RECORDS = 50
"""Of each stream that samples come from."""
_SAMPLES = 5
"""Of each object at a vendor."""


class Directory(Protocol):
    """Who is who."""

    connector: Callable[[str], Connector | None]

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises ``NotFound``."""
        ...

    async def destination(self, connection_id: uuid.UUID) -> Destination:
        """Return the writing half of a connection, its secrets unsealed."""
        ...


class Discovered(msgspec.Struct, frozen=True):
    """A schema and when it was looked up."""

    schema: Schema
    at: datetime


class Schemas:
    """The schemas of connections; of at most 256 at a time a process remembers what it found."""

    def __init__(self, store: Store, ears: Ear, directory: Directory, canonical: Canonical) -> None:
        self._store = store
        self._directory = directory
        self._canonical = canonical
        self._known: Memory[uuid.UUID, Discovered] = Memory(ears, "schema", uuid.UUID, _MOST)
        self._turns: WeakValueDictionary[uuid.UUID, asyncio.Lock] = WeakValueDictionary()
        ears.on(CHANNEL, self._heard)

    async def of(self, connection_id: uuid.UUID, *, fresh: bool = False) -> Discovered:
        """Return both sides of a connection. ``fresh`` asks anew and makes every process do so.

        Raises ``VendorTrouble`` when the vendor does not tell, ``NotFound``.
        """
        if fresh:
            async with self._store.engine() as conn:
                await conn.execute(SQL["tell"], connection_id)
            self._known.drop(connection_id)
        # of many who ask at once one asks the vendor
        async with self._turns.setdefault(connection_id, asyncio.Lock()):
            for _ in range(2):
                found = await self._known.get(connection_id, lambda _known: self._look(connection_id))
                if datetime.now(UTC) - found.at < KEPT:
                    break
                self._known.drop(connection_id)
            return found

    def _heard(self, payload: str) -> None:
        """Another secret or setting may show another schema."""
        kind, _, name = payload.partition(":")
        if kind == "connection":
            try:
                self._known.drop(uuid.UUID(name))
            except ValueError:
                self._known.drop_all()

    async def _look(self, connection_id: uuid.UUID) -> Discovered:
        at = datetime.now(UTC)
        connection = await self._directory.connection(connection_id)
        connector = self._directory.connector(connection.connector)
        schema = Schema(
            source=await self._source(connection, connector), destination=await self._destination(connection, connector)
        )
        return Discovered(schema, at)

    async def _source(self, connection: Connection, connector: Connector | None) -> tuple[Object, ...]:
        if connector is not None and connector.source is None:
            return ()
        wishes = {action.stream for action in connector.manifest.actions} if connector else set()
        named = [stream.name for stream in connector.manifest.streams] if connector else []
        found = []
        async with self._store.engine() as conn:
            if not named:
                rows = await conn.fetch(SQL["streams"], connection.tenant_id, connection.id)
                named = [row["stream"] for row in rows]
            for stream in named:
                if stream not in wishes:
                    rows = await conn.fetch(SQL["newest"], connection.tenant_id, connection.id, stream, _RECORDS)
                    found.append(described(stream, self._read(connection, rows)))
        return tuple(found)

    def _read(self, connection: Connection, rows: Any) -> list[Any]:
        read = []
        for row in rows:
            try:
                read.append(self._canonical.read(connection, row))
            except ValueError:
                continue  # one that cannot be read is a dead letter's matter, not this one's
        return read

    async def _destination(self, connection: Connection, connector: Connector | None) -> tuple[Object, ...]:
        if connector is None or connector.destination is None:
            return ()
        destination = await self._directory.destination(connection.id)
        if not isinstance(destination, Describer):
            return ()
        try:
            return await destination.describe(samples=_SAMPLES)
        except CallFailed as failed:
            raise VendorTrouble(str(failed), remedy=failed.remedy) from None
