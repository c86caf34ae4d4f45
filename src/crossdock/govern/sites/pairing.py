"""Pairing: a code that a person carries to the site, once, and the key that the site gets for it."""

from __future__ import annotations

import base64
import secrets as random_secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import orjson

from crossdock.errors import AnotherSite, BadInput, ExpiredCode, Trouble, UnknownCode
from crossdock.govern.connections import Connections
from crossdock.govern.directory import Directory, connection_of
from crossdock.govern.sites.keys import OUTPOST, NewKey, Store, account_of, hash_of
from crossdock.govern.sites.keys import SQL as KEYS
from crossdock.govern.sites.turning import HOME, SQL, hold, home, homes_of
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.kit.site_address import account_uid, site_url
from crossdock.model.connection import Connection, ConnectionState
from crossdock.store.audit import audit

LIFE: Final = timedelta(minutes=15)
CODE_PREFIX: Final = "cdp1"
PAGE: Final = "/wp-admin/admin.php?page=crossdock-connection&pair="
_MOST: Final = 100


class Code(msgspec.Struct, frozen=True):
    """A pairing code as it is shown once. Its repr does not show it."""

    id: uuid.UUID
    code: str
    """``cdp1.<hub's address, base64url>.<token>``"""
    link: str | None
    """The page of the site that takes it; None where the site is not known yet."""
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Code({self.id})"


class Paired(msgspec.Struct, frozen=True):
    """A site's new key and the connection it speaks for."""

    id: uuid.UUID
    made: NewKey
    connection: Connection
    joined: bool
    """Whether the connection was there before."""
    signature_required: bool


class Pairing:
    """Makes codes, and turns one into a key. ``actor`` of every change stands in the audit."""

    def __init__(
        self, store: Store, vault: Vault, directory: Directory, connections: Connections, public_url: str | None
    ) -> None:
        self._store = store
        self._vault = vault
        self._directory = directory
        self._connections = connections
        self._public_url = public_url

    async def code(
        self,
        tenant_id: uuid.UUID,
        *,
        connection_id: uuid.UUID | None = None,
        site: str = "",
        name: str = "",
        signature_required: bool = True,
        actor: str,
    ) -> Code:
        """Make a code that is good for :data:`LIFE`.

        ``connection_id``: only the site of this connection may use it, and joins it. ``site``: only this address may.
        Raises ``BadInput`` where the hub does not know its own address, ``NotFound`` for another tenant's connection.
        """
        if self._public_url is None:
            raise BadInput(
                "the hub does not know its own address, which stands in the code",
                field="public_url",
                remedy="set CROSSDOCK_PUBLIC_URL to the address the site is to send to",
            )
        address = _address(site) if site else ""
        if connection_id is not None:
            address = self._site_of(await self._connections.one(tenant_id, connection_id)) or address
        token, made = random_secrets.token_urlsafe(32), new_id()
        async with self._store.transaction() as conn:
            expires_at = await conn.fetchval(
                SQL["add_code"],
                made,
                tenant_id,
                hash_of(token),
                connection_id,
                address or None,
                name,
                signature_required,
                actor,
                LIFE,
            )
            await audit(conn, tenant_id, actor, "site_pairing.add", made, {"site": address})
        hub = base64.urlsafe_b64encode(self._public_url.rstrip("/").encode()).decode().rstrip("=")
        code = f"{CODE_PREFIX}.{hub}.{token}"
        return Code(made, code, f"{address}{PAGE}{code}" if address else None, expires_at)

    def _site_of(self, connection: Connection) -> str:
        if connection.connector not in homes_of(self._directory.connector):
            raise BadInput(
                f"{connection.connector} is no web site", field="connection_id", remedy="name the connection of a site"
            )
        return str(connection.config.get("url") or connection.account.get("site_url") or "")

    async def codes(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return the newest pairings, without their codes."""
        async with self._store.engine() as conn:
            return [_shown(row) for row in await conn.fetch(SQL["codes"], tenant_id, _MOST)]

    async def pair(self, code: str, site: Mapping[str, Any]) -> Paired:
        """Give the site that brings a code its key, and the connection it speaks for.

        A connection of the same site is joined, whoever made it; else one of connector ``wordpress`` is made. Former
        keys of the connection end. Raises ``UnknownCode``, ``ExpiredCode``, ``AnotherSite``.
        """
        token = code.strip().rpartition(".")[2]
        uid = account_uid(str(site["url"]))
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["take_code"], hash_of(token))
            if row is None:
                raise UnknownCode(
                    "there is no such pairing code", field="code", remedy="copy it whole, or make a new one"
                )
            if row["over"]:
                raise ExpiredCode(
                    "the pairing code was used, or is older than 15 minutes", field="code", remedy="make a new one"
                )
            if row["connection_id"] is None and row["site_url"] and account_uid(row["site_url"]) != uid:
                raise _another(row["site_url"])
            connection = await self._home(conn, row, uid)
            joined = connection is not None
            if connection is None:
                connection = await self._make(conn, row, site, uid)
            key_id, made = await self._key(conn, row, connection, site)
        self._directory.forget(connection.id)
        if not joined:
            await self._connections.default_routes(connection, f"pairing:{row['created_by']}")
        return Paired(key_id, made, connection, joined, row["signature_required"])

    async def _home(self, conn: Any, row: Any, uid: str) -> Connection | None:
        if row["connection_id"] is not None:
            found = await conn.fetchrow(SQL["named"], row["tenant_id"], row["connection_id"])
            if found is None:
                raise ExpiredCode("the connection of this code has ended", field="code", remedy="make a new one")
            connection = connection_of(found)
            if uid not in (connection.account_uid, connection.account.get("home_uid")):
                raise _another(str(connection.config.get("url") or connection.account_uid))
            return connection
        await hold(conn, row["tenant_id"], uid)
        return await home(conn, row["tenant_id"], uid, homes_of(self._directory.connector))

    async def _make(self, conn: Any, row: Any, site: Mapping[str, Any], uid: str) -> Connection:
        plugin = self._directory.connector(HOME)
        if plugin is None:
            raise Trouble(f"the connector {HOME} is not installed", remedy="see: crossdock connectors")
        made = Connection(
            id=new_id(),
            tenant_id=row["tenant_id"],
            connector=HOME,
            name=row["name"] or uid,
            state=ConnectionState.ACTIVE,
            account_uid=uid,
            config=_config(site_url(str(site["url"]))),
            account=account_of(site),
        )
        facts = (orjson.dumps(made.config).decode(), orjson.dumps(made.account).decode())
        await conn.execute(SQL["add_home"], made.id, made.tenant_id, HOME, made.name, uid, *facts)
        if plugin.destination is not None:
            await conn.execute(SQL["add_lane"], made.id, made.tenant_id)
        await audit(conn, made.tenant_id, row["created_by"], "connection.add", made.id, {"connector": HOME})
        return made

    async def _key(
        self, conn: Any, row: Any, connection: Connection, site: Mapping[str, Any]
    ) -> tuple[uuid.UUID, NewKey]:
        key_id, made = new_id(), NewKey.make()
        await conn.execute(
            KEYS["add_key"],
            key_id,
            connection.tenant_id,
            connection.id,
            row["name"] or connection.account_uid,
            hash_of(made.key),
            self._vault.key_id,
            made.sealed(self._vault, key_id),
            row["signature_required"],
            orjson.dumps(site).decode(),
            row["created_by"],
        )
        facts = (orjson.dumps(account_of(site)).decode(), orjson.dumps(account_of(site, OUTPOST)).decode())
        await conn.execute(KEYS["learn_account"], connection.tenant_id, connection.id, *facts, HOME)
        ended = await conn.fetch(KEYS["revoke_others"], connection.tenant_id, connection.id, key_id)
        await conn.execute(SQL["use_code"], row["id"], key_id)
        told = {"connection": show(Prefix.CONNECTION, connection.id), "ended": len(ended)}
        await audit(conn, connection.tenant_id, row["created_by"], "site_key.add", key_id, told)
        return key_id, made


def _config(url: str) -> dict[str, Any]:
    # who pairs a site without https has typed so: the hub's commands go to it the same way, signed
    return {"url": url, "plain_http": True} if url.startswith("http://") else {"url": url}


def _address(typed: str) -> str:
    try:
        return site_url(typed)
    except ValueError:
        raise BadInput("this is no web address", field="site", remedy="give it as https://shop.example") from None


def _another(url: str) -> AnotherSite:
    return AnotherSite(
        f"the pairing code is for {url}", field="site.url", remedy="make a code for this site, or paste it there"
    )


def _shown(row: Any) -> dict[str, Any]:
    named = {"connection": (Prefix.CONNECTION, row["connection_id"]), "site": (Prefix.SITE, row["made_id"])}
    return {
        "id": str(row["id"]),
        "url": row["site_url"],
        **{word: show(prefix, value) if value is not None else None for word, (prefix, value) in named.items()},
        **{name: row[name] for name in ("created_at", "created_by", "expires_at", "used_at")},
    }
