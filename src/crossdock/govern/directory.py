"""Who is who: connections with their connectors and unsealed secrets, cached per process for a short time."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import orjson

from crossdock.connect.client import Transport
from crossdock.connect.connector import Access, Connector, Destination, Source
from crossdock.connect.manifest import Stream
from crossdock.connect.watching import Watcher
from crossdock.errors import BadInput, NotFound
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock
from crossdock.model.connection import Connection, ConnectionState
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("connections.sql"))
HOOK = "hook:"
"""Credentials with this prefix are webhook secrets; the vendor's webhook id follows."""
HUB = "events"
"""The connector word of a tenant's own events API: no vendor stands behind it."""

_FRESH_S = 1.0
_MOST = 2048


class Reads(Protocol):
    """The database, as the directory needs it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Entry(msgspec.Struct):
    """What the directory knows of a connection."""

    connection: Connection
    secrets: Mapping[str, str]
    until: float
    source: Source | None = None
    destination: Destination | None = None


def secret_row(connection_id: uuid.UUID, name: str) -> bytes:
    """Return the name of the row a credential's seal is bound to."""
    return connection_id.bytes + b":" + name.encode()


def connection_of(row: Any) -> Connection:
    """Read a row of the connection table."""
    return Connection(
        id=row["id"],
        tenant_id=row["tenant_id"],
        connector=row["connector"],
        name=row["name"],
        state=ConnectionState(row["state"]),
        account_uid=row["account_uid"],
        config=orjson.loads(row["config"]),
        account=orjson.loads(row["account"]),
        route_epoch=row["route_epoch"],
    )


class Directory:
    """Looks connections up. An entry lives a second: a pause or a new secret acts everywhere within it."""

    def __init__(
        self,
        store: Reads,
        vault: Vault,
        transport: Transport,
        clock: Clock,
        connectors: Callable[[str], Connector | None],
    ) -> None:
        self._store = store
        self._vault = vault
        self._transport = transport
        self._clock = clock
        self.connector = connectors
        self._entries: OrderedDict[uuid.UUID, Entry] = OrderedDict()

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises :class:`NotFound`."""
        return (await self._entry(connection_id)).connection

    async def hook_secrets(self, connection_id: uuid.UUID) -> Mapping[str, str]:
        """Return the webhook secrets of a connection by the vendor's webhook id."""
        secrets = (await self._entry(connection_id)).secrets
        return {name[len(HOOK) :]: secret for name, secret in secrets.items() if name.startswith(HOOK)}

    async def secrets(self, connection_id: uuid.UUID) -> Mapping[str, str]:
        """Return all secrets of a connection by their names. Raises :class:`NotFound`."""
        return (await self._entry(connection_id)).secrets

    async def source(self, connection_id: uuid.UUID) -> Source:
        """Return the reading half of a connection."""
        entry = await self._entry(connection_id)
        if entry.source is None:
            connector = self.connector(entry.connection.connector)
            if connector is None or connector.source is None:
                raise BadInput(f"{entry.connection.connector} is no source", field="connection")
            entry.source = connector.source(self._access(entry))
        return entry.source

    async def destination(self, connection_id: uuid.UUID) -> Destination:
        """Return the writing half of a connection."""
        entry = await self._entry(connection_id)
        if entry.destination is None:
            connector = self.connector(entry.connection.connector)
            if connector is None or connector.destination is None:
                raise BadInput(f"{entry.connection.connector} is no destination", field="connection")
            entry.destination = connector.destination(self._access(entry))
        return entry.destination

    async def watcher(self, connection_id: uuid.UUID) -> Watcher:
        """Return the watching part of a connection. Raises ``BadInput`` where its connector has none."""
        entry = await self._entry(connection_id)
        connector = self.connector(entry.connection.connector)
        if connector is None or connector.watcher is None:
            raise BadInput(f"{entry.connection.connector} is not watched", field="connection")
        return connector.watcher(self._access(entry))

    def streams(self, connection: Connection) -> tuple[str, ...]:
        """Return the streams of a connection in the manifest's order."""
        return tuple(stream.name for stream in self.described(connection))

    def described(self, connection: Connection) -> tuple[Stream, ...]:
        """Return what the manifest says of the streams that can be read."""
        connector = self.connector(connection.connector)
        return tuple(s for s in connector.manifest.streams if s.cursor != "none") if connector else ()

    def access(self, connection: Connection, secrets: Mapping[str, str]) -> Access:
        """Return what a connector gets to work with."""
        return Access(connection, dict(secrets), self._transport, self._clock)

    def forget(self, connection_id: uuid.UUID) -> None:
        """Drop what is cached of a connection."""
        self._entries.pop(connection_id, None)

    def _access(self, entry: Entry) -> Access:
        return self.access(entry.connection, entry.secrets)

    async def _entry(self, connection_id: uuid.UUID) -> Entry:
        now = time.monotonic()
        entry = self._entries.get(connection_id)
        if entry is not None and entry.until > now:
            return entry
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["connection"], connection_id)
            sealed = await conn.fetch(SQL["secrets"], connection_id)
        if row is None or row["state"] == "revoked":
            self._entries.pop(connection_id, None)
            raise NotFound("there is no such connection", remedy="list them with: crossdock connections")
        secrets = {
            s["name"]: self._vault.open_secret(s["sealed"], secret_row(connection_id, s["name"])) for s in sealed
        }
        connection = connection_of(row)
        if entry is not None and entry.connection == connection and entry.secrets == secrets:
            # unchanged: the client keeps what it has learned (rate windows)
            entry.until = now + _FRESH_S
            return entry
        entry = self._entries[connection_id] = Entry(connection, secrets, now + _FRESH_S)
        while len(self._entries) > _MOST:
            self._entries.popitem(last=False)
        return entry
