"""The hub as vendors' apps: client id and sealed secret; a tenant may have several at one vendor."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from crossdock.connect.auth.facts import ClientProof, OAuth2Facts
from crossdock.connect.auth.oauth2 import App
from crossdock.connect.connector import Connector
from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.govern.oauth.grants import Store
from crossdock.govern.oauth.seals import app_row
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("apps.sql"))
_LONGEST: Final = {"name": 200, "client_id": 500, "client_secret": 2000}
_MOST_SCOPES: Final = 200


class OAuthApp(msgspec.Struct, frozen=True):
    """An app, without its secret. ``scopes`` None: the manifest's are asked for."""

    id: uuid.UUID
    connector: str
    name: str
    client_id: str
    scopes: tuple[str, ...] | None
    connections: int
    created_at: datetime
    changed_at: datetime


class Apps:
    """Adds, changes and removes apps. ``actor`` of every change stands in the audit."""

    def __init__(self, store: Store, vault: Vault, connector: Callable[[str], Connector | None]) -> None:
        self._store = store
        self._vault = vault
        self._connector = connector

    def facts(self, connector_name: str) -> OAuth2Facts:
        """Return a vendor's OAuth 2.0. Raises ``BadInput`` for a connector that has none."""
        connector = self._connector(connector_name)
        if connector is None:
            raise BadInput(
                f"there is no connector {connector_name!r}", field="connector", remedy="crossdock connectors"
            )
        if connector.manifest.auth.oauth2 is None:
            raise BadInput(
                f"{connector.manifest.identity.title} has no OAuth 2.0",
                field="connector",
                remedy=f"connect it by keys: crossdock connect {connector_name} --help",
            )
        return connector.manifest.auth.oauth2

    async def add(
        self,
        tenant_id: uuid.UUID,
        connector_name: str,
        *,
        client_id: str,
        client_secret: str = "",
        name: str = "",
        scopes: Sequence[str] | None = None,
        actor: str,
    ) -> OAuthApp:
        """Add an app. Raises ``BadInput`` naming the field, ``Conflict`` for a name that is taken."""
        facts = self.facts(connector_name)
        chosen = _text("name", name or connector_name)
        client_id = _text("client_id", client_id)
        if facts.client_auth is not ClientProof.NONE:
            client_secret = _text("client_secret", client_secret)
        made = new_id()
        async with self._store.transaction() as conn:
            added = await conn.fetchval(
                SQL["add"],
                made,
                tenant_id,
                connector_name,
                chosen,
                client_id,
                self._vault.key_id,
                self._vault.seal_secret(client_secret, app_row(made)),
                _scopes(scopes),
            )
            if added is None:
                raise _taken(chosen)
            await audit(conn, tenant_id, actor, "oauth_app.add", made, {"connector": connector_name})
        return await self.one(tenant_id, made)

    async def list(self, tenant_id: uuid.UUID) -> list[OAuthApp]:
        """Return a tenant's apps."""
        async with self._store.engine() as conn:
            return [_app(row) for row in await conn.fetch(SQL["list"], tenant_id, None)]

    async def of(self, tenant_id: uuid.UUID, connector: str) -> Sequence[OAuthApp]:
        """Return a tenant's apps of one connector."""
        return [app for app in await self.list(tenant_id) if app.connector == connector]

    async def one(self, tenant_id: uuid.UUID, app_id: uuid.UUID) -> OAuthApp:
        """Return an app. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["list"], tenant_id, app_id)
        if row is None:
            raise _unknown()
        return _app(row)

    async def find(self, tenant_id: uuid.UUID, text: str, connector: str = "") -> OAuthApp:
        """Find an app by id or name; empty: the only one of its connector. Raises ``NotFound`` or ``Conflict``."""
        found = [
            app
            for app in await (self.of(tenant_id, connector) if connector else self.list(tenant_id))
            if not text or text in (app.name, show(Prefix.OAUTH_APP, app.id))
        ]
        if not found:
            raise NotFound(
                f"there is no app {text!r}" if text else f"there is no app for {connector}",
                field="app",
                remedy=f"add one: crossdock oauth apps add {connector or 'CONNECTOR'} --client-id …",
            )
        if len(found) > 1:
            raise Conflict("several apps would do", field="app", remedy=f"name one: {', '.join(a.name for a in found)}")
        return found[0]

    async def change(
        self, tenant_id: uuid.UUID, app_id: uuid.UUID, changes: Mapping[str, Any], *, actor: str
    ) -> OAuthApp:
        """Change ``name``, ``client_id``, ``client_secret`` or ``scopes`` (None: the manifest's again).

        What was granted to the app stays; a new secret is used from the next renewal on.
        """
        await self.one(tenant_id, app_id)
        given = {field: _text(field, changes[field]) for field in _LONGEST if changes.get(field) is not None}
        secret = given.get("client_secret")
        sealed = None if secret is None else self._vault.seal_secret(secret, app_row(app_id))
        async with self._store.transaction() as conn:
            try:
                await conn.fetchval(
                    SQL["change"],
                    tenant_id,
                    app_id,
                    given.get("name"),
                    given.get("client_id"),
                    None if sealed is None else self._vault.key_id,
                    sealed,
                    "scopes" in changes,
                    _scopes(changes.get("scopes")),
                )
            except asyncpg.UniqueViolationError:
                raise _taken(given.get("name", "")) from None
            await audit(conn, tenant_id, actor, "oauth_app.change", app_id, {"fields": sorted(changes)})
        return await self.one(tenant_id, app_id)

    async def remove(self, tenant_id: uuid.UUID, app_id: uuid.UUID, *, actor: str) -> None:
        """Remove an app. Raises ``NotFound``, and ``Conflict`` while connections stand on it."""
        app = await self.one(tenant_id, app_id)
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["remove"], tenant_id, app_id) is None:
                raise Conflict(
                    f"{app.connections} connections were granted to {app.name}",
                    remedy="disconnect them, or reconnect them by another app",
                )
            await audit(conn, tenant_id, actor, "oauth_app.remove", app_id, {"connector": app.connector})

    async def secret(self, tenant_id: uuid.UUID, app_id: uuid.UUID) -> App:
        """Return an app with its secret, for a call. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["secret"], tenant_id, app_id)
        if row is None:
            raise _unknown()
        return App(row["client_id"], self._vault.open_secret(row["sealed"], app_row(app_id)))


def shown(app: OAuthApp) -> dict[str, Any]:
    """Return an app as programs see it."""
    return {**msgspec.structs.asdict(app), "id": show(Prefix.OAUTH_APP, app.id)}


def _app(row: Any) -> OAuthApp:
    scopes = None if row["scopes"] is None else tuple(row["scopes"])
    return OAuthApp(**{**dict(row), "scopes": scopes})


def _text(field: str, given: Any) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > _LONGEST[field] or not given.isprintable():
        raise BadInput(f"no {field.replace('_', ' ')}", field=field, remedy="copy it from the app's page at the vendor")
    return given.strip()


def _scopes(given: Any) -> list[str] | None:
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) > _MOST_SCOPES:
        raise BadInput("scopes are a list of words", field="scopes", remedy="leave it out for the connector's own")
    for scope in given:
        # RFC 6749 3.3: no spaces, quotes or backslashes
        if not isinstance(scope, str) or not scope or any(c <= " " or c > "~" or c in '"\\' for c in scope):
            raise BadInput("a scope holds spaces or characters that no scope has", field="scopes")
    return list(given)


def _taken(name: str) -> Conflict:
    return Conflict(f"another app is called {name!r}", field="name", remedy="choose another name")


def _unknown() -> NotFound:
    return NotFound("there is no such app", field="app", remedy="list them with: crossdock oauth apps list")
