"""Connecting and reconnecting by a vendor's page of consent: OAuth 2.0's authorization code with PKCE.

What comes to the callback proves nothing by itself: it counts only with a state that was given out less than 15 minutes
ago, once, to a key that still stands. The code is then exchanged, what was granted is compared with what was asked
for, and the account is tried before anything is kept.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets as random_secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import orjson
import structlog

from crossdock.connect.auth.facts import OAuth2Facts
from crossdock.connect.auth.oauth2 import Denied, Issued
from crossdock.connect.auth.tokens import OneToken
from crossdock.connect.client import CallFailed
from crossdock.errors import BadInput, Forbidden, NotFound, Trouble, VendorTrouble
from crossdock.govern import refusing
from crossdock.govern.authorizations import Asked, AuthorizationState
from crossdock.govern.connections import Connections, Granting
from crossdock.govern.directory import Directory
from crossdock.govern.forms import sort_answers
from crossdock.govern.oauth.apps import Apps, OAuthApp
from crossdock.govern.oauth.grants import Given, Store
from crossdock.govern.oauth.seals import request_row
from crossdock.govern.upkeep import Upkeep
from crossdock.govern.vault import Vault
from crossdock.kit import redact
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.connection import Connection
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("consents.sql"))
LIFETIME: Final = timedelta(minutes=15)
CALLBACK: Final = "/oauth/callback"
_SHOWN: Final = 200
log = structlog.get_logger("crossdock.oauth")


class Ended(msgspec.Struct, frozen=True):
    """What a consent has led to."""

    connection_id: uuid.UUID
    name: str
    reconnected: bool
    warnings: tuple[str, ...] = ()


class Asking(msgspec.Struct, frozen=True):
    """Who asks for consent, and for which connection (None: a new one)."""

    actor: str
    key_id: uuid.UUID | None
    name: str
    connection_id: uuid.UUID | None = None
    secrets: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Asking({self.actor})"


class Sealed(msgspec.Struct, frozen=True):
    """What a question keeps sealed: the PKCE verifier, and secrets of the form beside what is granted."""

    verifier: str
    secrets: dict[str, str]

    def __repr__(self) -> str:
        return "Sealed()"


class GrantShown(msgspec.Struct, frozen=True):
    """What a person granted, without the tokens."""

    app: str
    scopes: tuple[str, ...]
    missing: tuple[str, ...]
    """Optional scopes that were not granted."""
    expires_at: datetime | None
    """When the access token ends; it is renewed before."""
    renewed_at: datetime
    renewals: int
    granted_at: datetime
    granted_by: str
    renewable: bool
    problem: str


class Consents:
    """Begins and completes consents. Holds nothing between calls."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        directory: Directory,
        connections: Connections,
        upkeep: Upkeep,
        public_url: str | None,
    ) -> None:
        self._store = store
        self._vault = vault
        self._directory = directory
        self._connections = connections
        self._upkeep = upkeep
        self._public_url = public_url
        self.apps = Apps(store, vault, directory.connector)

    async def begin(
        self,
        tenant_id: uuid.UUID,
        connector_name: str,
        given: Mapping[str, Any],
        *,
        app: str = "",
        name: str = "",
        actor: str,
        key_id: uuid.UUID | None = None,
    ) -> Asked:
        """Return the vendor's page for a new connection. ``given``: the form's fields; secrets that let us in
        are not needed.

        ``app`` is an app's id or name, empty where there is one alone; ``key_id`` the API key that asks. Raises
        ``BadInput``, ``NotFound`` or ``Conflict`` (no such app, several), ``Trouble`` without an https address.
        """
        self.apps.facts(connector_name)
        connector = self._directory.connector(connector_name)
        assert connector is not None
        config, secrets = sort_answers(connector, given, granted=True)
        chosen = await self.apps.find(tenant_id, app, connector_name)
        return await self._ask(tenant_id, chosen, config, Asking(actor, key_id, name, secrets=secrets))

    async def reconnect(
        self,
        tenant_id: uuid.UUID,
        connection_id: uuid.UUID,
        *,
        app: str = "",
        actor: str,
        key_id: uuid.UUID | None = None,
    ) -> Asked:
        """Return the vendor's page that gives a connection its access back. Raises as :meth:`begin` does."""
        connection = await self._connections.one(tenant_id, connection_id)
        self.apps.facts(connection.connector)
        async with self._store.engine() as conn:
            known = await conn.fetchval(SQL["app_of"], tenant_id, connection_id)
        if known is not None and not app:
            chosen = await self.apps.one(tenant_id, known)
        else:
            chosen = await self.apps.find(tenant_id, app, connection.connector)
        asking = Asking(actor, key_id, connection.name, connection_id)
        return await self._ask(tenant_id, chosen, connection.config, asking)

    async def _ask(self, tenant_id: uuid.UUID, app: OAuthApp, config: Mapping[str, Any], asking: Asking) -> Asked:
        base = self._address()
        state, verifier, made = random_secrets.token_urlsafe(32), random_secrets.token_urlsafe(64), new_id()
        client = self._directory.grants.client(app.connector, await self.apps.secret(tenant_id, app.id), config)
        required, optional = self._scopes(app)
        url = client.page(
            redirect_uri=base + CALLBACK, scopes=required, optional=optional, state=state, verifier=verifier
        )
        async with self._store.transaction() as conn:
            await conn.execute(SQL["forget_old"])
            expires = await conn.fetchval(
                SQL["begin"],
                made,
                tenant_id,
                app.connector,
                app.id,
                asking.connection_id,
                asking.key_id,
                _hash(state),
                self._vault.key_id,
                self._vault.seal_secret(_packed(Sealed(verifier, dict(asking.secrets))), request_row(made)),
                asking.name,
                orjson.dumps(config).decode(),
                [*required, *optional],
                asking.actor,
                LIFETIME,
            )
            detail = {"connector": app.connector, "app": app.name}
            await audit(conn, tenant_id, asking.actor, "oauth.begin", asking.connection_id or made, detail)
        return Asked(url, state, expires)

    async def complete(self, answer: Mapping[str, str]) -> Ended:
        """Take what came to the callback (the query's parameters): use the state up, exchange, try, keep.

        Raises ``Forbidden`` for a state that is unknown, used, expired or of a key that was revoked, before anything
        else is looked at; then what stands in the way, by name.
        """
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["use"], _hash(answer.get("state") or ""))
        if row is None:
            raise Forbidden("the state is unknown, used or expired", field="state", remedy="begin anew")
        async with refusing.kept(partial(self._refused, row)):
            ended = await self._grant(row, answer)
        async with self._store.engine() as conn:
            await conn.execute(SQL["made"], row["id"], ended.connection_id)
        return ended

    async def _grant(self, row: Any, answer: Mapping[str, str]) -> Ended:
        facts = self.apps.facts(row["connector"])
        code = _code(facts, answer)
        opened = self._vault.open_secret(row["sealed"], request_row(row["id"]))
        sealed = msgspec.json.decode(opened, type=Sealed)
        issued = await self._exchange(row, code, sealed.verifier)
        app = await self.apps.one(row["tenant_id"], row["app_id"])
        required, optional = self._scopes(app)
        granted = issued.scopes if issued.scopes is not None else tuple(row["scopes"])
        missing = [scope for scope in required if scope not in granted]
        if missing:
            raise VendorTrouble(
                f"these permissions were not given: {', '.join(missing)}",
                remedy="allow them in the app's own settings at the vendor, begin anew and leave none out",
            )
        refused = tuple(scope for scope in optional if scope not in granted)
        given = Given(app.id, issued, granted, refused, row["at"])

        async def keep(conn: Any, connection: Connection) -> None:
            await self._directory.grants.save(conn, connection.id, connection.tenant_id, given, actor=row["actor"])

        granting = Granting(OneToken(issued.access_token), keep)
        said = (f"not granted, and done without: {', '.join(refused)}",) if refused else ()
        if row["connection_id"] is not None:
            found = await self._upkeep.regrant(row["tenant_id"], row["connection_id"], granting, actor=row["actor"])
            return Ended(found.id, found.name, True, said)
        config = {**orjson.loads(row["config"]), **sealed.secrets}
        made = await self._connections.connect(
            row["tenant_id"], row["connector"], config, name=row["name"], actor=row["actor"], granting=granting
        )
        return Ended(made.id, made.name, False, (*said, *made.warnings))

    async def _exchange(self, row: Any, code: str, verifier: str) -> Issued:
        app = await self.apps.secret(row["tenant_id"], row["app_id"])
        client = self._directory.grants.client(row["connector"], app, orjson.loads(row["config"]))
        try:
            return await client.exchange(code, redirect_uri=self._address() + CALLBACK, verifier=verifier)
        except Denied as denied:
            raise VendorTrouble(
                f"the vendor does not take the code: {denied}",
                remedy="compare the app's client id, secret and redirect address with the vendor's page; begin anew",
            ) from None
        except CallFailed as failed:
            raise VendorTrouble(failed.reason, remedy=failed.remedy or "begin anew") from None

    async def state(self, state: str, tenant_id: uuid.UUID) -> AuthorizationState | None:
        """Return how far a consent is, None for an unknown state or another tenant's."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["by_state"], _hash(state))
        if row is None or row["tenant_id"] != tenant_id:
            return None
        if row["made_id"] is not None:
            return AuthorizationState("connected", row["made_id"], row["name"] or "")
        if row["problem"] is not None:
            return AuthorizationState("refused", problem=row["problem"], remedy=row["remedy"] or "")
        if row["used_at"] is not None:
            return AuthorizationState("connecting")
        return AuthorizationState("expired" if row["late"] else "waiting")

    async def grant(self, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> GrantShown:
        """Return what was granted to a connection. Raises ``NotFound`` where it has keys of its own."""
        await self._connections.one(tenant_id, connection_id)
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["grant"], tenant_id, connection_id)
        if row is None:
            raise NotFound("the connection has keys of its own, nobody granted it access", remedy="crossdock check")
        return GrantShown(
            app=row["app"],
            scopes=tuple(row["scopes"]),
            missing=tuple(row["missing"]),
            expires_at=row["expires_at"],
            renewed_at=row["issued_at"],
            renewals=row["generation"] - 1,
            granted_at=row["granted_at"],
            granted_by=row["granted_by"],
            renewable=row["renewable"],
            problem=row["problem"] or "",
        )

    def _scopes(self, app: OAuthApp) -> tuple[Sequence[str], Sequence[str]]:
        """Return what has to be granted, and what may be."""
        connector = self._directory.connector(app.connector)
        assert connector is not None
        optional = self.apps.facts(app.connector).optional_scopes
        asked = app.scopes if app.scopes is not None else (*connector.manifest.auth.scopes, *optional)
        unique = tuple(dict.fromkeys(asked))
        return [s for s in unique if s not in optional], [s for s in unique if s in optional]

    def _address(self) -> str:
        parts = urlsplit(self._public_url or "")
        if parts.scheme == "https" or (parts.scheme == "http" and _here(parts.hostname or "")):
            return (self._public_url or "").rstrip("/")
        raise Trouble(
            "vendors send people back over https alone, and the hub has no https address",
            remedy="set CROSSDOCK_PUBLIC_URL to the hub's https:// address",
        )

    async def _refused(self, row: Any, problem: str, remedy: str) -> None:
        async with self._store.transaction() as conn:
            await conn.execute(SQL["refused"], row["id"], problem, remedy)
            subject = row["connection_id"] or row["id"]
            await audit(conn, row["tenant_id"], row["actor"], "oauth.refused", subject, {"problem": problem})


def _code(facts: OAuth2Facts, answer: Mapping[str, str]) -> str:
    """Return the code of an answer. Raises what says why there is none."""
    issuer = answer.get("iss")
    if facts.issuer and issuer is not None and issuer != facts.issuer:
        raise BadInput("the answer comes from another authorization server", field="iss", remedy="begin anew")
    error = answer.get("error")
    if error == "access_denied":
        raise VendorTrouble("nobody gave access", remedy="begin anew, and accept on the vendor's page")
    if error:
        said = redact.text(f"{error} {answer.get('error_description') or ''}".strip())[:_SHOWN]
        raise VendorTrouble(
            f"the vendor refuses: {said}", remedy="compare the app's settings at the vendor, begin anew"
        )
    code = answer.get("code")
    if not code:
        raise BadInput("the answer holds no code", field="code", remedy="begin anew")
    return code


def shown(grant: GrantShown, connection_id: uuid.UUID) -> dict[str, Any]:
    """Return a grant as programs see it."""
    return {"connection": show(Prefix.CONNECTION, connection_id), **msgspec.structs.asdict(grant)}


def _packed(sealed: Sealed) -> str:
    return msgspec.json.encode(sealed).decode()


def _here(host: str) -> bool:
    """Whether a host is this machine: an app under development may be answered there (RFC 8252 7.3)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
