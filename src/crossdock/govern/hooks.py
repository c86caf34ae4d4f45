"""Webhooks of a connection: at the shop, in our rows, and the secrets they are signed with.

A replaced secret stays for a day under ``hook:<vendor id>~old``: deliveries that were on their way still verify.
Webhooks that we did not register are never touched, except those that point to the very connection.
"""

from __future__ import annotations

import secrets as random_secrets
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from crossdock.connect.connector import Connector, Source
from crossdock.connect.watching import Mend, Repair, Watcher
from crossdock.govern.directory import HOOK, secret_row
from crossdock.govern.routing import Store
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.connection import Connection
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("hooks.sql"))
OLD: Final = "~old"
REMOVED: Final = "webhooks_removed"
"""In a connection's config: topics whose webhooks a person removed; nobody but a person registers them again."""
_KEPT: Final = timedelta(days=1)


class Reach(Protocol):
    """The directory, as the webhooks need it."""

    def connector(self, name: str) -> Connector | None:
        """Return a connector."""
        ...

    async def source(self, connection_id: uuid.UUID) -> Source:
        """Return the reading half of a connection."""
        ...

    async def watcher(self, connection_id: uuid.UUID) -> Watcher:
        """Return the watching part of a connection."""
        ...

    def forget(self, connection_id: uuid.UUID) -> None:
        """Drop what is cached of a connection."""
        ...


class HookDesk:
    """Registers, changes and deletes webhooks, and keeps their rows and secrets in step."""

    def __init__(self, store: Store, vault: Vault, reach: Reach, public_url: str | None) -> None:
        self._store = store
        self._vault = vault
        self._reach = reach
        self._public_url = public_url

    def url_of(self, connection: Connection) -> str:
        """Return where a connection's webhooks have to point; empty in pull-only mode."""
        if self._public_url is None:
            return ""
        return f"{self._public_url}/webhooks/{connection.connector}/{show(Prefix.CONNECTION, connection.id)}"

    def topics_of(self, connection: Connection) -> tuple[str, ...]:
        """Return the topics that webhooks are wanted of: the connector's, without those that a person removed."""
        connector = self._reach.connector(connection.connector)
        webhooks = connector.manifest.webhooks if connector else None
        without = removed_of(connection)
        return tuple(topic for topic in webhooks.topics if topic not in without) if webhooks else ()

    async def mend(self, connection: Connection, mend: Mend) -> None:
        """Repair one webhook. Raises ``CallFailed`` or ``ValueError``; what was done at the shop stands in our rows."""
        watcher = await self._reach.watcher(connection.id)
        match mend.repair:
            case Repair.REGISTER:
                await self.register(connection, mend.topic, instead_of=mend.vendor_id, there=mend.there)
            case Repair.ENABLE:
                url = self.url_of(connection)
                await watcher.change_hook(mend.vendor_id, url=url, active=True)
                async with self._store.engine() as conn:
                    await conn.execute(SQL["moved"], connection.id, mend.vendor_id, url)
            case Repair.ROTATE:
                await self.rotate(connection, mend.vendor_id, watcher)
            case Repair.REMOVE:
                await (await self._reach.source(connection.id)).remove_hook(mend.vendor_id)
            case _:
                raise ValueError(f"{mend.repair} is no repair of a webhook")

    async def register(self, connection: Connection, topic: str, *, instead_of: str = "", there: bool = True) -> str:
        """Register a webhook of a topic with a new secret and return its id.

        ``instead_of`` names the one it replaces: that is deleted afterwards, so that no moment is without one; its
        secret stays for a day. Not deleted when it is not ``there`` any more.
        """
        source = await self._reach.source(connection.id)
        url, secret = self.url_of(connection), random_secrets.token_urlsafe(32)
        hook = await source.add_hook(topic, url, secret)
        async with self._store.transaction() as conn:
            if instead_of:
                await self._retire(conn, connection, instead_of)
                await conn.execute(SQL["drop_hook"], connection.id, instead_of)
            await conn.execute(
                SQL["add_hook"], new_id(), connection.tenant_id, connection.id, topic, hook.vendor_id, url
            )
            await self._put(conn, connection, HOOK + hook.vendor_id, secret)
        self._reach.forget(connection.id)
        if instead_of and there:
            await source.remove_hook(instead_of)
        return hook.vendor_id

    async def rotate(self, connection: Connection, vendor_id: str, watcher: Watcher) -> None:
        """Give a webhook a new secret: ours first, so that the first delivery signed with it verifies."""
        secret = random_secrets.token_urlsafe(32)
        async with self._store.transaction() as conn:
            await self._retire(conn, connection, vendor_id)
            await self._put(conn, connection, HOOK + vendor_id, secret)
            await conn.execute(SQL["counted"], connection.id, vendor_id)
        self._reach.forget(connection.id)
        await watcher.change_hook(vendor_id, secret=secret, active=True)

    async def forget_old(self) -> int:
        """Drop replaced secrets after a day; returns how many."""
        async with self._store.engine() as conn:
            return len(await conn.fetch(SQL["forget_old"], f"{HOOK}%{OLD}", _KEPT))

    async def _retire(self, conn: Any, connection: Connection, vendor_id: str) -> None:
        row = await conn.fetchrow(SQL["secret"], connection.id, HOOK + vendor_id)
        if row is not None:
            name = HOOK + vendor_id
            await self._put(
                conn, connection, name + OLD, self._vault.open_secret(row["sealed"], _row(connection, name))
            )
            await conn.execute(SQL["drop_secret"], connection.id, name)

    async def _put(self, conn: Any, connection: Connection, name: str, secret: str) -> None:
        sealed = self._vault.seal_secret(secret, _row(connection, name))
        await conn.execute(
            SQL["put_secret"], new_id(), connection.tenant_id, connection.id, name, self._vault.key_id, sealed
        )


def removed_of(connection: Connection) -> tuple[str, ...]:
    """Return the topics whose webhooks a person removed."""
    told = connection.config.get(REMOVED)
    return tuple(str(topic) for topic in told) if isinstance(told, list | tuple) else ()


def _row(connection: Connection, name: str) -> bytes:
    return secret_row(connection.id, name)
