"""Who is who: connections with their connectors and unsealed secrets, remembered until a change is heard of."""

from __future__ import annotations

import contextlib
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import orjson

from crossdock.connect.auth.tokens import Tokens
from crossdock.connect.client import Transport
from crossdock.connect.connector import Access, Connector, Destination, Source
from crossdock.connect.deals import Deals
from crossdock.connect.manifest import Stream
from crossdock.connect.metering import Meter, Metered
from crossdock.connect.outpost import OUTPOST, SECRETS
from crossdock.connect.watching import Watcher
from crossdock.connect.watching_both import BothWatcher
from crossdock.errors import BadInput, NotFound
from crossdock.govern.oauth.grants import Grants
from crossdock.govern.oauth.seals import app_row
from crossdock.govern.vault import Vault
from crossdock.kit.clock import Clock
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.seals import site_key_row
from crossdock.store.memory import Ear, Memory
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("connections.sql"))
HOOK = "hook:"
"""Credentials with this prefix are webhook secrets; the vendor's webhook id follows."""
HUB = "events"
"""The connector word of a tenant's own events API: no vendor stands behind it."""

APP_SECRET = "app_secret"  # noqa: S105 - names a credential
"""The credential that holds the secret by which a vendor's app signs."""
ACCESS = "access"
"""Key of a connection's config; where it says :data:`BY_GRANT`, OAuth 2.0 is its credential."""
BY_GRANT = "oauth2"
_MOST = 4096
_MOST_APPS = 256
_APP_FRESH_S = 2.0


class Reads(Protocol):
    """The database, as the directory needs it."""

    @property
    def ears(self) -> Ear:
        """What this process hears of changes."""
        ...

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection inside a transaction."""
        ...


class Entry(msgspec.Struct):
    """What the directory knows of a connection."""

    connection: Connection
    secrets: Mapping[str, str]
    writes_stopped: str | None
    source: Source | None = None
    destination: Destination | None = None
    deals: Deals | None = None


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
    """Looks connections up. What it remembers is half a second behind the database at most, whoever changed it."""

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
        self.clock = clock
        self.connector = connectors
        self.meter = Meter()
        """What every connection has called since it was last written down."""
        self._apps: OrderedDict[tuple[str, str], tuple[float, list[tuple[uuid.UUID, str]]]] = OrderedDict()
        self.grants = Grants(store, vault, transport, connectors)
        """Access by OAuth 2.0."""
        self._entries: Memory[uuid.UUID, Entry] = Memory(store.ears, "connection", uuid.UUID, _MOST)

    @property
    def sealer(self) -> Vault:
        """Return what seals and opens what may be a person's."""
        return self._vault

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

    async def of_app(self, connector: str, app_id: str) -> list[tuple[Connection, str]]:
        """Return the connections that an app tells of, each with the app's secret; cached for seconds.

        A connection's own ``app_secret`` goes before that of the OAuth app it was let in by.
        """
        known = self._apps.get((connector, app_id))
        now = self.clock.monotonic()
        if known is None or known[0] < now:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["of_app"], connector, app_id, _MOST)
            opened = {
                row["oauth_app_id"]: self._vault.open_secret(row["sealed"], app_row(row["oauth_app_id"]))
                for row in {row["oauth_app_id"]: row for row in rows if row["sealed"] is not None}.values()
            }
            known = (now + _APP_FRESH_S, [(row["id"], opened.get(row["oauth_app_id"], "")) for row in rows])
            self._apps[connector, app_id] = known
            self._apps.move_to_end((connector, app_id))
            while len(self._apps) > _MOST_APPS:
                self._apps.popitem(last=False)
        found = []
        for connection_id, granted in known[1]:
            with contextlib.suppress(NotFound):
                entry = await self._entry(connection_id)
                found.append((entry.connection, entry.secrets.get(APP_SECRET) or granted))
        return found

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

    async def deals(self, connection_id: uuid.UUID) -> Deals:
        """Return the deals of a CRM. Raises ``BadInput`` where the connector has none."""
        entry = await self._entry(connection_id)
        if entry.deals is None:
            connector = self.connector(entry.connection.connector)
            if connector is None or connector.deals is None:
                title = connector.manifest.identity.title if connector else entry.connection.connector
                raise BadInput(f"{title} has no deals", field="connection_id", remedy="name the connection of a CRM")
            entry.deals = connector.deals(self._access(entry))
        return entry.deals

    async def withheld(self, connection_id: uuid.UUID, destination: Destination) -> str:
        """Return why nothing may be sent by this ``destination`` any more; empty while it may.

        Asked before every call of a pump, so that a pause, a new secret or a lowered limit acts in the middle of a
        batch.
        """
        try:
            entry = await self._entry(connection_id)
        except NotFound:
            return "the connection has ended"
        if entry.connection.state is not ConnectionState.ACTIVE:
            return f"the connection is {entry.connection.state}"
        if entry.writes_stopped is not None:
            return f"nothing is written to it now: {entry.writes_stopped}"
        return "" if entry.destination is destination else "its settings or secrets have changed"

    async def watcher(self, connection_id: uuid.UUID) -> Watcher:
        """Return the watching part of a connection. Raises ``BadInput`` where its connector has none."""
        entry = await self._entry(connection_id)
        connector = self.connector(entry.connection.connector)
        if connector is None or connector.watcher is None:
            raise BadInput(f"{entry.connection.connector} is not watched", field="connection")
        access = self._access(entry)
        own, plugin = connector.watcher(access), self._plugin(entry.connection, entry.secrets)
        return BothWatcher(own, plugin.watcher(access)) if plugin is not None and plugin.watcher is not None else own

    def streams(self, connection: Connection) -> tuple[str, ...]:
        """Return the streams of a connection in the manifest's order."""
        return tuple(stream.name for stream in self.described(connection))

    def described(self, connection: Connection) -> tuple[Stream, ...]:
        """Return what the manifest says of the streams that are read; optional ones where they are switched on."""
        own = connection.config.get("streams")
        wanted = {n for n, t in own.items() if isinstance(t, dict) and t.get("enabled") is True} if own else ()
        return tuple(one for one in self.readable(connection) if not one.optional or one.name in wanted)

    def readable(self, connection: Connection) -> tuple[Stream, ...]:
        """Return what the manifest says of all streams that can be read, switched on or not."""
        connector = self.connector(connection.connector)
        if connector is None or connector.source is None:
            return ()
        return tuple(stream for stream in connector.manifest.streams if stream.cursor != "none")

    def told(self, connection: Connection) -> tuple[Stream, ...]:
        """Return what the manifest says of the streams that an account tells of by itself, so that none is read."""
        connector = self.connector(connection.connector)
        if connector is None or not connector.speaks:
            return ()
        return tuple(stream for stream in connector.manifest.streams if stream.cursor == "none")

    def access(self, connection: Connection, secrets: Mapping[str, str], tokens: Tokens | None = None) -> Access:
        """Return what a connector gets to work with; ``tokens`` that are not kept yet, in place of the grant."""
        transport = Metered(self._transport, self.meter, connection)
        if tokens is None and connection.config.get(ACCESS) == BY_GRANT:
            tokens = self.grants.of(connection.id, connection.connector)
        made = Access(connection, dict(secrets), transport, self.clock, tokens)
        plugin = self._plugin(connection, secrets)
        if plugin is None or plugin.outpost is None:
            return made
        return msgspec.structs.replace(made, outpost=plugin.outpost(made))

    def _plugin(self, connection: Connection, secrets: Mapping[str, str]) -> Connector | None:
        """Return the connector of the program of ours that an account has beside its own; None where it has none."""
        if connection.connector == OUTPOST or not all(secrets.get(name) for name in SECRETS):
            return None
        return self.connector(OUTPOST)

    def forget(self, connection_id: uuid.UUID) -> None:
        """Read a connection again at its next use: for those who cannot wait until they hear of their own change."""
        self._entries.drop(connection_id)
        self.grants.forget(connection_id)

    def _access(self, entry: Entry) -> Access:
        return self.access(entry.connection, entry.secrets)

    async def _entry(self, connection_id: uuid.UUID) -> Entry:
        return await self._entries.get(connection_id, lambda known: self._read(connection_id, known))

    async def _read(self, connection_id: uuid.UUID, known: Entry | None) -> Entry:
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["connection"], connection_id)
            sealed = await conn.fetch(SQL["secrets"], connection_id)
            sites = await conn.fetch(SQL["site_secrets"], connection_id)
        if row is None or row["state"] == "revoked":
            raise NotFound("there is no such connection", remedy="list them with: crossdock connections")
        secrets = {
            s["name"]: self._vault.open_secret(s["sealed"], secret_row(connection_id, s["name"])) for s in sealed
        }
        for one in sites:
            secrets |= orjson.loads(self._vault.open_secret(one["sealed"], site_key_row(one["id"])))
        connection = connection_of(row)
        if known is not None and known.connection == connection and known.secrets == secrets:
            # the client keeps what it has learned (rate windows)
            known.writes_stopped = row["writes_stopped"]
            return known
        return Entry(connection, secrets, row["writes_stopped"])
