"""A connection's life after it was made: pause, resume, new keys, choices. Each change stands in the audit."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import orjson

from crossdock.connect.connector import CheckResult
from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.govern.choices import checked, merged, needs_preparing
from crossdock.govern.connections import Connections, Granting
from crossdock.govern.directory import ACCESS, BY_GRANT, Directory
from crossdock.govern.forms import needed_secrets, secrets_of
from crossdock.govern.moving import home_of, move
from crossdock.govern.routing import SQL, Store
from crossdock.model.connection import Connection, ConnectionState
from crossdock.store.audit import audit

Ring = Callable[[uuid.UUID, uuid.UUID], Awaitable[None]]
Release = Callable[[uuid.UUID, uuid.UUID, str], Awaitable[None]]
"""(tenant, connection, actor): deliver what a narrower rollout has held back."""
_LONGEST_NAME = 200


class Upkeep:
    """Changes connections. ``ring`` makes the pulls of a connection due at once."""

    def __init__(
        self, store: Store, directory: Directory, connections: Connections, ring: Ring, release: Release
    ) -> None:
        self._release = release
        self._store = store
        self._directory = directory
        self._connections = connections
        self._ring = ring

    async def pause(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, *, actor: str) -> None:
        """Keep what arrives; pull and deliver nothing."""
        await self._connections.set_state(tenant_id, connection_id, ConnectionState.PAUSED, actor=actor)

    async def resume(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, *, actor: str) -> None:
        """Go on, and read at once what was missed."""
        await self._connections.set_state(tenant_id, connection_id, ConnectionState.ACTIVE, actor=actor)
        await self._due_now(tenant_id, connection_id)

    async def rotate(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, given: Mapping[str, Any], *, actor: str
    ) -> CheckResult:
        """Put new credentials in place of the old ones, after they were tried against the same account.

        Raises ``BadInput`` for a field that breaks a rule, ``VendorTrouble`` for keys that do not work and
        ``Conflict`` for keys of another account; the old ones then stay.
        """
        self._directory.forget(connection_id)
        connection = await self._connections.one(tenant_id, connection_id)
        connector = self._directory.connector(connection.connector)
        if connector is None:
            raise BadInput(f"{connection.connector} has no credentials", field="connection")
        if given and not set(given) & set(needed_secrets(connector)):
            # what lets us in stays as it is: another secret is put beside it
            kept = await self._directory.secrets(connection_id)
            given = {**{name: kept[name] for name in needed_secrets(connector) if name in kept}, **given}
        secrets = secrets_of(connector, given)
        config = {name: value for name, value in connection.config.items() if name != ACCESS}
        draft = msgspec.structs.replace(connection, config=config)
        tried = await self._connections.tried(connector, draft, secrets)
        _same_account(tried, connection)

        async def keep(conn: Any) -> None:
            for name, secret in secrets.items():
                await self._connections.put_secret(conn, connection, name, secret)
            if ACCESS in connection.config:
                # keys of its own take the place of what a person granted
                await conn.execute(SQL["end_grant"], connection.id)
                await conn.execute(SQL["drop_setting"], tenant_id, connection.id, ACCESS)
            await audit(conn, tenant_id, actor, "connection.rotate", connection.id, {"fields": sorted(secrets)})

        await self._replaced(connection, tried, keep, actor)
        return tried

    async def regrant(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, granting: Granting, *, actor: str
    ) -> Connection:
        """Put what a person has granted in place of the credentials there were, after it was tried.

        Raises ``VendorTrouble`` for access that does not work and ``Conflict`` for that of another account; the old
        credentials then stay.
        """
        self._directory.forget(connection_id)
        connection = await self._connections.one(tenant_id, connection_id)
        connector = self._directory.connector(connection.connector)
        if connector is None:
            raise BadInput(f"{connection.connector} has no credentials", field="connection")
        secrets = await self._directory.secrets(connection_id)
        tried = await self._connections.tried(connector, connection, secrets, granting.tokens)
        _same_account(tried, connection)

        async def keep(conn: Any) -> None:
            await conn.execute(SQL["end_keys"], connection.id, needed_secrets(connector))
            await conn.execute(SQL["put_setting"], tenant_id, connection.id, ACCESS, BY_GRANT)
            await granting.keep(conn, connection)
            await audit(conn, tenant_id, actor, "connection.reconnect", connection.id, {})

        await self._replaced(connection, tried, keep, actor)
        return connection

    async def _replaced(
        self, connection: Connection, tried: CheckResult, keep: Callable[[Any], Awaitable[None]], actor: str
    ) -> None:
        """Keep new credentials, let a broken connection go on, and read at once what was missed."""
        tenant_id = connection.tenant_id
        account = {**connection.account, **tried.account}
        async with self._store.transaction() as conn:
            await keep(conn)
            await conn.execute(SQL["set_account"], tenant_id, connection.id, orjson.dumps(account).decode())
            if connection.state is ConnectionState.BROKEN:
                await conn.execute(SQL["set_state"], tenant_id, connection.id, ConnectionState.ACTIVE, None)
        self._directory.forget(connection.id)
        await self._connections.wish_routes(msgspec.structs.replace(connection, account=account), actor)
        await self._due_now(tenant_id, connection.id)

    async def change(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, changes: Mapping[str, Any], *, actor: str
    ) -> Connection:
        """Change the name, the choices, or the address (``url``); every process acts by them within about a second.

        Raises ``BadInput`` naming the field, ``NotFound``, ``Conflict`` for a name that another one has, and what
        :func:`crossdock.govern.moving.move` raises. An address is changed first: if it is refused, nothing changes.
        """
        connection = await self._connections.one(tenant_id, connection_id)
        connector = self._directory.connector(connection.connector)
        if connector is None:
            raise BadInput(f"nothing can be chosen about {connection.connector}", field="connection")
        choices = dict(changes)
        name = _name(choices.pop("name")) if "name" in choices else None
        url = choices.pop("url", None)
        wanted = checked(connector, choices)
        if url is not None:
            await move(self._store, self._directory, self._connections, connection, url, actor=actor)
            await self._due_now(tenant_id, connection_id)
        if needs_preparing(connector, wanted):
            await self._connections.prepare_for(connection, merged(connection.config, wanted))
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["config_for_change"], tenant_id, connection_id)
            if row is None:
                raise NotFound("there is no such connection", remedy="list them with: crossdock connections")
            if name is not None and await conn.fetchval(SQL["name_taken"], tenant_id, connection_id, name):
                raise Conflict(f"another connection is called {name!r}", field="name", remedy="choose another name")
            config = merged(orjson.loads(row["config"]), wanted)
            await conn.execute(SQL["set_config"], tenant_id, connection_id, name, orjson.dumps(config).decode())
            await audit(conn, tenant_id, actor, "connection.change", connection_id, {"fields": sorted(changes)})
        self._directory.forget(connection_id)
        if "streams" in wanted or "quiet_hours" in wanted or "start_date" in wanted:
            await self._due_now(tenant_id, connection_id)
        if "rollout" in wanted and wanted["rollout"] != "observe":
            await self._release(tenant_id, connection_id, actor)
        return await self._connections.one(tenant_id, connection_id)

    async def _due_now(self, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> None:
        connection = await self._connections.one(tenant_id, connection_id)
        connector = self._directory.connector(connection.connector)
        if connector is not None and connector.source is not None:
            await self._ring(connection_id, tenant_id)


def _same_account(tried: CheckResult, connection: Connection) -> None:
    if tried.account_uid != home_of(connection):
        raise Conflict(
            f"these are credentials of {tried.account_uid}, not of {home_of(connection)}",
            remedy="make them in the same account, or connect the other account beside this one",
        )


def _name(given: Any) -> str:
    if not isinstance(given, str) or not 0 < len(given.strip()) <= _LONGEST_NAME or not given.isprintable():
        raise BadInput("no name", field="name", remedy=f"write 1 to {_LONGEST_NAME} letters")
    return given.strip()
