"""A home made by the plugin to which REST keys are added: it becomes a connection of the other connector, not a second.

Its records, routes and account's name stay; what changes is who reads it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from crossdock.connect.connector import Connector
from crossdock.govern.directory import connection_of
from crossdock.model.connection import Connection
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("pairing.sql"))
HOME: Final = "wordpress"
"""The connector of homes that only the plugin tells of."""
TOLD: Final = ("event", "test")
"""Streams that the plugin alone tells of, whoever reads the rest."""


def homes_of(connectors: Callable[[str], Connector | None]) -> tuple[str, ...]:
    """Return the connectors by which a site's home may be known: the plugin's, and the one whose words it speaks."""
    plugin = connectors(HOME)
    return (HOME, plugin.speaks) if plugin is not None and plugin.speaks else (HOME,)


async def hold(conn: Any, tenant_id: uuid.UUID, uid: str) -> None:
    """Let no other connect the same site of a tenant until the caller's transaction ends."""
    await conn.execute(SQL["hold"], f"site:{tenant_id}:{uid}")


async def home(conn: Any, tenant_id: uuid.UUID, uid: str, connectors: tuple[str, ...]) -> Connection | None:
    """Return the connection of a site, that with REST keys before one without; locked until the transaction ends."""
    row = await conn.fetchrow(SQL["home"], tenant_id, list(connectors), uid, HOME)
    return connection_of(row) if row is not None else None


async def turn(
    conn: Any, draft: Connection, account: Mapping[str, Any], connectors: Callable[[str], Connector | None]
) -> Connection | None:
    """Make the plugin's own home of the drafted account the drafted connection; None where there is no such home."""
    plugin = connectors(HOME)
    if plugin is None or plugin.speaks != draft.connector:
        return None
    await hold(conn, draft.tenant_id, draft.account_uid)
    found = await home(conn, draft.tenant_id, draft.account_uid, (HOME, draft.connector))
    if found is None or found.connector != HOME:
        return None
    turned = msgspec.structs.replace(
        draft,
        id=found.id,
        # who gave no name has called it by the site's
        name=found.name if draft.name == draft.account_uid else draft.name,
        account_uid=found.account_uid,
        config={**found.config, **draft.config},
        account={**found.account, **account},
    )
    await conn.execute(
        SQL["turn"],
        turned.tenant_id,
        turned.id,
        turned.connector,
        turned.name,
        orjson.dumps(turned.config).decode(),
        orjson.dumps(turned.account).decode(),
    )
    return turned
