"""Connecting: from a form to an active connection with its secrets sealed, its webhooks and its routes."""

from __future__ import annotations

import base64
import contextlib
import secrets as random_secrets
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import orjson
import structlog

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import CheckResult, Connector, Destination, Source
from crossdock.connect.manifest import FieldKind, FormField
from crossdock.errors import BadInput, Conflict, NotFound, VendorTrouble
from crossdock.govern.directory import HOOK, HUB, Directory, connection_of, secret_row
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.connection import Connection, ConnectionState
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("connections.sql"))
log = structlog.get_logger("crossdock.connections")


class Store(Protocol):
    """The database, as the connections need it."""

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Connected(msgspec.Struct, frozen=True):
    """A new connection and what was set up with it."""

    id: uuid.UUID
    name: str
    account: dict[str, Any]
    warnings: tuple[str, ...]
    hooks: int
    routes: tuple[str, ...]


class Connections:
    """Makes, checks, pauses and ends connections. ``actor`` of every change stands in the audit."""

    def __init__(self, store: Store, vault: Vault, directory: Directory, public_url: str | None) -> None:
        self._store = store
        self._vault = vault
        self._directory = directory
        self._public_url = public_url

    async def connect(
        self, tenant_id: uuid.UUID, connector_name: str, answers: Mapping[str, Any], *, name: str = "", actor: str
    ) -> Connected:
        """Check an account and connect it. Raises ``BadInput``, ``VendorTrouble`` or ``Conflict``; nothing is kept."""
        connector = self._directory.connector(connector_name)
        if connector is None:
            raise BadInput(
                f"there is no connector {connector_name!r}", field="connector", remedy="crossdock connectors"
            )
        config, secrets = sort_answers(connector, answers)
        draft = Connection(
            id=new_id(),
            tenant_id=tenant_id,
            connector=connector_name,
            name=name or connector_name,
            state=ConnectionState.DRAFT,
            account_uid="",
            config=config,
            account={},
        )
        checked = await self._try(connector, draft, secrets)
        account = dict(checked.account)
        draft = msgspec.structs.replace(
            draft, account_uid=checked.account_uid, account=account, name=name or checked.account_uid
        )
        if connector.destination is not None:
            account.update(await self._prepare(connector, draft, secrets))
        await self._save(connector, draft, account, secrets, actor)
        hooks, trouble = await self._register_hooks(connector, draft, secrets)
        routes = await self._default_routes(draft, actor)
        warnings = tuple(w for w in (*checked.warnings, trouble) if w)
        return Connected(draft.id, draft.name, account, warnings, hooks, routes)

    async def check(self, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> CheckResult:
        """Try a connection; success resumes one that was broken."""
        # as it is now, not as it was a second ago
        self._directory.forget(connection_id)
        connection = await self.one(tenant_id, connection_id)
        connector = self._directory.connector(connection.connector)
        if connector is None:
            return CheckResult(ok=True)
        part = await (
            self._directory.source(connection_id) if connector.source else self._directory.destination(connection_id)
        )
        try:
            result = await part.check()
        except CallFailed as failed:
            result = CheckResult(ok=False, problem=str(failed), remedy=failed.remedy, code=failed.kind)
        if result.ok and connection.state is ConnectionState.BROKEN:
            await self.set_state(tenant_id, connection_id, ConnectionState.ACTIVE, actor="check")
        return result

    async def one(self, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> Connection:
        """Return a connection of this tenant. Raises ``NotFound``."""
        connection = await self._directory.connection(connection_id)
        if connection.tenant_id != tenant_id:
            raise NotFound("there is no such connection", remedy="list them with: crossdock connections")
        return connection

    async def list(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return the tenant's connections, without secrets."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_connections"], tenant_id)
        return [
            {
                "id": show(Prefix.CONNECTION, row["id"]),
                "uuid": row["id"],
                "connector": row["connector"],
                "name": row["name"],
                "state": row["state"],
                "account_uid": row["account_uid"],
                "problem": row["problem"],
                "created_at": row["created_at"],
            }
            for row in rows
        ]

    async def find(self, tenant_id: uuid.UUID, text: str) -> Connection:
        """Find a connection by id, name or account. Raises ``NotFound`` or ``Conflict`` when several fit."""
        rows = [r for r in await self.list(tenant_id) if text in (r["id"], r["name"], r["account_uid"], str(r["uuid"]))]
        if not rows:
            raise NotFound(f"there is no connection {text!r}", remedy="list them with: crossdock connections")
        if len(rows) > 1:
            raise Conflict(f"several connections are called {text!r}", remedy="name it by its id")
        return await self.one(tenant_id, rows[0]["uuid"])

    async def set_state(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, state: ConnectionState, *, actor: str
    ) -> None:
        """Pause, resume or revoke. A revoked source's webhooks are removed from the shop first, where it answers."""
        if state is ConnectionState.REVOKED:
            await self._remove_hooks(tenant_id, connection_id)
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["set_state"], tenant_id, connection_id, state, None) is None:
                raise NotFound("there is no such connection", remedy="list them with: crossdock connections")
            await self._audit(conn, tenant_id, actor, f"connection.{state}", connection_id, {})
        self._directory.forget(connection_id)

    async def add_route(
        self, tenant_id: uuid.UUID, source: Connection, destination: Connection, stream: str, action: str, actor: str
    ) -> uuid.UUID | None:
        """Add a route; None when it is there already."""
        connector = self._directory.connector(destination.connector)
        try:
            facts = connector.manifest.action(action) if connector else None
        except KeyError:
            raise BadInput(
                f"{destination.connector} takes no {action!r}", field="action", remedy="crossdock connectors"
            ) from None
        occurrence = facts is not None and facts.kind == "occurrence"
        async with self._store.transaction() as conn:
            made: uuid.UUID | None = await conn.fetchval(
                SQL["add_route"],
                new_id(),
                tenant_id,
                source.id,
                destination.id,
                stream,
                action,
                occurrence,
                False,
                1,
                [],
                [],
            )
            if made is not None:
                await conn.execute(SQL["bump_routes"], source.id)
                await self._audit(conn, tenant_id, actor, "route.add", made, {"stream": stream, "action": action})
        return made

    async def remove_route(self, tenant_id: uuid.UUID, route_id: uuid.UUID, *, actor: str) -> None:
        """End a route; what still waits on it ends as skipped (route-removed)."""
        async with self._store.transaction() as conn:
            source = await conn.fetchval(SQL["remove_route"], tenant_id, route_id)
            if source is None:
                raise NotFound("there is no such route", remedy="list them with: crossdock routes")
            await conn.execute(SQL["bump_routes"], source)
            await self._audit(conn, tenant_id, actor, "route.remove", route_id, {})

    async def routes(self, tenant_id: uuid.UUID) -> Sequence[dict[str, Any]]:
        """Return the tenant's routes."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_routes"], tenant_id)
        return [{**dict(row), "id": show(Prefix.ROUTE, row["id"])} for row in rows]

    async def hub_source(self, tenant_id: uuid.UUID) -> Connection:
        """Return the tenant's own events source, made at its first use."""
        async with self._store.transaction() as conn:
            await conn.fetchval(
                SQL["add_connection"], new_id(), tenant_id, HUB, "events", "active", "events", "{}", "{}"
            )
            rows = await conn.fetch(SQL["list_connections"], tenant_id)
        return connection_of(next(row for row in rows if row["connector"] == HUB))

    async def _try(self, connector: Connector, draft: Connection, secrets: Mapping[str, str]) -> CheckResult:
        access = self._directory.access(draft, secrets)
        make = connector.source or connector.destination
        if make is None:
            raise BadInput(f"{connector.manifest.name} can neither be read nor written", field="connector")
        part: Source | Destination = make(access)
        try:
            checked = await part.check()
        except CallFailed as failed:
            raise VendorTrouble(str(failed), remedy=failed.remedy) from None
        if not checked.ok:
            raise VendorTrouble(checked.problem, remedy=checked.remedy)
        return checked

    async def _prepare(self, connector: Connector, draft: Connection, secrets: Mapping[str, str]) -> dict[str, Any]:
        assert connector.destination is not None
        try:
            return await connector.destination(self._directory.access(draft, secrets)).prepare()
        except CallFailed as failed:
            raise VendorTrouble(str(failed), remedy=failed.remedy) from None

    async def _save(
        self,
        connector: Connector,
        draft: Connection,
        account: Mapping[str, Any],
        secrets: Mapping[str, str],
        actor: str,
    ) -> None:
        async with self._store.transaction() as conn:
            made = await conn.fetchval(
                SQL["add_connection"],
                draft.id,
                draft.tenant_id,
                draft.connector,
                draft.name,
                "active",
                draft.account_uid,
                orjson.dumps(draft.config).decode(),
                orjson.dumps(account).decode(),
            )
            if made is None:
                raise Conflict(
                    f"the account {draft.account_uid} is connected already",
                    remedy="rotate its credentials instead, or disconnect it first",
                )
            for name, secret in secrets.items():
                await self._put_secret(conn, draft, name, secret)
            if connector.destination is not None:
                await conn.execute(SQL["add_lane"], draft.id, draft.tenant_id)
            if connector.source is not None:
                await conn.execute(SQL["add_schedule"], draft.id, draft.tenant_id)
            await self._audit(conn, draft.tenant_id, actor, "connection.add", draft.id, {"connector": draft.connector})

    async def _put_secret(self, conn: Any, connection: Connection, name: str, secret: str) -> None:
        sealed = self._vault.seal_secret(secret, secret_row(connection.id, name))
        await conn.execute(
            SQL["put_secret"], new_id(), connection.tenant_id, connection.id, name, self._vault.key_id, sealed
        )

    async def _register_hooks(
        self, connector: Connector, draft: Connection, secrets: Mapping[str, str]
    ) -> tuple[int, str]:
        """Register a webhook for every topic; trouble is a warning, because pulls bring everything anyway."""
        if connector.source is None or connector.door is None or connector.manifest.webhooks is None:
            return 0, ""
        if self._public_url is None:
            return 0, "no public URL is set (CROSSDOCK_PUBLIC_URL): pull-only mode, changes arrive within a minute"
        source = connector.source(self._directory.access(draft, secrets))
        url = f"{self._public_url}/webhooks/{draft.connector}/{show(Prefix.CONNECTION, draft.id)}"
        made = 0
        for topic in connector.manifest.webhooks.topics:
            secret = random_secrets.token_urlsafe(32)
            try:
                hook = await source.add_hook(topic, url, secret)
            except (CallFailed, ValueError) as failed:
                return made, f"the shop took {made} webhooks, then refused {topic}: {failed}; pulls go on"
            async with self._store.transaction() as conn:
                await conn.execute(SQL["add_hook"], new_id(), draft.tenant_id, draft.id, topic, hook.vendor_id, url)
                await self._put_secret(conn, draft, HOOK + hook.vendor_id, secret)
            made += 1
        self._directory.forget(draft.id)
        return made, ""

    async def _remove_hooks(self, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> None:
        connection = await self.one(tenant_id, connection_id)
        async with self._store.engine() as conn:
            hooks = await conn.fetch(SQL["hooks"], connection_id)
        for hook in hooks:
            try:
                source = await self._directory.source(connection.id)
                await source.remove_hook(hook["vendor_id"])
            except (CallFailed, ValueError) as failed:
                log.warning("webhook not removed", connection=str(connection_id), problem=str(failed))
                return
            async with self._store.transaction() as conn:
                await conn.execute(SQL["drop_hook"], connection_id, hook["vendor_id"])
                await conn.execute(SQL["drop_secret"], connection_id, HOOK + hook["vendor_id"])

    async def _default_routes(self, new: Connection, actor: str) -> tuple[str, ...]:
        """Route every source's streams to every destination's fitting actions, between the new one and the others."""
        await self._add_wish_routes(new, actor)
        made = []
        for row in await self.list(new.tenant_id):
            other = await self.one(new.tenant_id, row["uuid"])
            for source, destination in ((new, other), (other, new)):
                for stream, action in self.fitting(source, destination):
                    if await self.add_route(new.tenant_id, source, destination, stream, action, actor):
                        made.append(f"{source.name} {stream} -> {destination.name} {action}")
        return tuple(made)

    async def _add_wish_routes(self, new: Connection, actor: str) -> None:
        """Route what the hub may want of an account to that account itself."""
        connector = self._directory.connector(new.connector)
        for action in connector.manifest.actions if connector else ():
            if action.stream:
                await self.add_route(new.tenant_id, new, new, action.stream, action.name, actor)

    def fitting(self, source: Connection, destination: Connection) -> Sequence[tuple[str, str]]:
        """Return the (stream, action) pairs that a source and a destination have in common."""
        theirs = self._directory.connector(destination.connector)
        ours = self._directory.connector(source.connector)
        if theirs is None or theirs.destination is None or source.id == destination.id:
            return []
        streams = {s.name: s.entity for s in ours.manifest.streams} if ours and ours.source else {}
        pairs = []
        for action in theirs.manifest.actions:
            if "*" in action.entities and (streams or source.connector == HUB):
                pairs.append(("*", action.name))
            pairs += [(name, action.name) for name, entity in streams.items() if entity in action.entities]
        return pairs

    async def _audit(
        self, conn: Any, tenant_id: uuid.UUID, actor: str, action: str, subject: uuid.UUID, detail: dict[str, Any]
    ) -> None:
        await conn.execute(
            SQL["audit"], new_id(), tenant_id, actor, action, str(subject), orjson.dumps(detail).decode()
        )


def sort_answers(connector: Connector, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Check a form's answers and part them into config and secrets. Raises ``BadInput`` naming the field."""
    fields = {f.name: f for f in connector.manifest.form}
    for name in answers:
        if name not in fields:
            raise BadInput(
                f"{connector.manifest.name} has no field {name!r}", field=name, remedy=f"it takes: {', '.join(fields)}"
            )
    config: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, field in fields.items():
        value = _answer(field, answers.get(name))
        if value is None:
            continue
        if field.kind is FieldKind.SECRET:
            secrets[name] = str(value)
        else:
            config[name] = value
    return config, secrets


_BOOLS = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("0", "false", "no", "off"), False)}


def _answer(field: FormField, given: Any) -> Any:
    if given in (None, ""):
        if field.generated:
            return "whsec_" + base64.b64encode(random_secrets.token_bytes(24)).decode()
        if field.required and field.default is None:
            raise BadInput(f"{field.label} is missing", field=field.name, remedy=field.help)
        return field.default
    if field.kind is FieldKind.CHOICE and given not in field.choices:
        raise BadInput(f"{field.label} is none of {', '.join(field.choices)}", field=field.name, remedy=field.help)
    if field.kind is FieldKind.BOOL:
        if str(given).lower() not in _BOOLS:
            raise BadInput(f"{field.label} is neither yes nor no", field=field.name, remedy="write true or false")
        return _BOOLS[str(given).lower()]
    if not isinstance(given, str) or "\x00" in given:
        raise BadInput(f"{field.label} is no text", field=field.name, remedy=field.help)
    if field.kind is FieldKind.URL and not given.startswith(("http://", "https://")):
        raise BadInput(f"{field.label} is no web address", field=field.name, remedy="begin it with https://")
    return given
