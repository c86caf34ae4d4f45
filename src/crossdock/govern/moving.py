"""A store that moved to another address for good: the same connection, after it was seen to be the same store.

Its account's name (``account_uid``) stays, since it is part of every key written into other systems. The address it
answers by now stands in ``account.home_uid``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import CheckResult, Connector
from crossdock.errors import BadInput, Conflict, VendorTrouble
from crossdock.govern.connections import Connections
from crossdock.govern.directory import HOOK, Directory
from crossdock.govern.forms import settings_of
from crossdock.govern.routing import Store
from crossdock.model.connection import Connection, ConnectionState
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("moving.sql"))
_COMPARED: Final = 5
_STREAM: Final = "order"


async def move(
    store: Store, directory: Directory, connections: Connections, connection: Connection, url: Any, *, actor: str
) -> None:
    """Let a connection go on at another address.

    Raises ``BadInput`` for an address of another store, ``Conflict`` where the old address still answers as this store
    (then one of the two is a copy) or where the new one is connected already, ``VendorTrouble`` for one that does not
    work.
    """
    connector = directory.connector(connection.connector)
    if connector is None or "url" not in {field.name for field in connector.manifest.form}:
        raise BadInput(f"{connection.connector} has no address to change", field="url")
    config = {**connection.config, "url": _address(connector, connection, url)}
    if config["url"] == connection.config.get("url"):
        return
    kept = {name: value for name, value in connection.account.items() if name not in ("site_url", "auth", "rest_base")}
    moved = msgspec.structs.replace(connection, config=config, account=kept)
    secrets = {n: s for n, s in (await directory.secrets(connection.id)).items() if not n.startswith(HOOK)}
    tried = await connections.tried(connector, moved, secrets)
    if tried.account_uid != home_of(connection):
        await _not_a_copy(directory, connection, tried)
    source = connector.source(directory.access(moved, secrets)) if connector.source else None
    async with store.engine() as conn:
        others = (connection.tenant_id, connection.connector, tried.account_uid, connection.id)
        if await conn.fetchval(SQL["connected_there"], *others):
            raise Conflict(f"{tried.account_uid} is connected already", field="url", remedy="disconnect one of the two")
        known = await conn.fetch(SQL["newest"], connection.tenant_id, connection.id, _STREAM, _COMPARED)
    if source is not None:
        await _same(source, known)
    account = {**kept, **tried.account, "home_uid": tried.account_uid}
    async with store.transaction() as conn:
        names = (connection.tenant_id, connection.id)
        await conn.execute(SQL["move"], *names, orjson.dumps(config["url"]).decode(), orjson.dumps(account).decode())
        told = {"from": connection.config.get("url"), "to": config["url"]}
        await audit(conn, connection.tenant_id, actor, "connection.move", connection.id, told)
    if connection.state is ConnectionState.BROKEN:
        await connections.set_state(*names, ConnectionState.ACTIVE, actor=actor)
    directory.forget(connection.id)


def home_of(connection: Connection) -> str:
    """Return the short name of the address an account answers by now."""
    return str(connection.account.get("home_uid") or connection.account_uid)


def _address(connector: Connector, connection: Connection, url: Any) -> Any:
    fields = {field.name for field in connector.manifest.form}
    given = {name: value for name, value in connection.config.items() if name in fields}
    return settings_of(connector, {**given, "url": url})["url"]


async def _not_a_copy(directory: Directory, connection: Connection, tried: CheckResult) -> None:
    """Refuse while the old address still answers as the connected store."""
    try:
        old = await (await directory.source(connection.id)).check()
    except CallFailed:
        return
    if old.ok and old.account_uid == home_of(connection):
        raise Conflict(
            f"the old address still answers as this store, so {tried.account_uid} looks like a copy of it",
            field="url",
            remedy="let the old address redirect to the new one, or switch it off; then change the address again",
        )


async def _same(source: Any, known: Sequence[Any]) -> None:
    """Check that orders of the old address are there: the same ids, made at the same seconds."""
    alike, seen = 0, 0
    try:
        for row in known:
            found = await source.fetch(_STREAM, row["external_id"], None)
            if found is None:
                continue
            seen += 1
            alike += found.created_at == row["made_at"]
    except CallFailed as failed:
        raise VendorTrouble(str(failed), remedy=failed.remedy or "try again") from None
    if known and (alike < seen or not alike):
        raise BadInput(
            f"this is another store: {alike} of the {len(known)} newest orders on record are the same there",
            field="url",
            remedy="connect it beside this one: crossdock connect",
        )
