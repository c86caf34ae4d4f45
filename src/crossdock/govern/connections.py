"""Connecting: from a form to an active connection with its secrets sealed, its webhooks and its routes."""

from __future__ import annotations

import secrets as random_secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
import orjson
import structlog

from crossdock.connect.auth.tokens import Tokens
from crossdock.connect.client import CallFailed
from crossdock.connect.connector import CheckResult, Connector, Destination, Source
from crossdock.errors import BadInput, Conflict, NotFound, VendorTrouble
from crossdock.govern.directory import ACCESS, BY_GRANT, HOOK, HUB, Directory, connection_of, secret_row
from crossdock.govern.forms import sort_answers
from crossdock.govern.routing import SQL, Routing, Store
from crossdock.govern.sites.turning import turn
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.connection import Connection, ConnectionState
from crossdock.store.audit import audit

log = structlog.get_logger("crossdock.connections")
_TRIES = 5


class Connected(msgspec.Struct, frozen=True):
    """A new connection and what was set up with it."""

    id: uuid.UUID
    name: str
    account: dict[str, Any]
    warnings: tuple[str, ...]
    hooks: int
    routes: tuple[str, ...]


class Granting(msgspec.Struct, frozen=True):
    """Access that a person has just granted, in place of a form's secrets."""

    tokens: Tokens
    keep: Callable[[Any, Connection], Awaitable[None]]
    """Keeps it with the connection, inside the same transaction."""


class Connections(Routing):
    """Makes, checks, pauses and ends connections. ``actor`` of every change stands in the audit."""

    def __init__(self, store: Store, vault: Vault, directory: Directory, public_url: str | None) -> None:
        super().__init__(store, directory)
        self._vault = vault
        self._public_url = public_url

    async def connect(
        self,
        tenant_id: uuid.UUID,
        connector_name: str,
        answers: Mapping[str, Any],
        *,
        name: str = "",
        actor: str,
        hooks_later: bool = False,
        granting: Granting | None = None,
    ) -> Connected:
        """Check an account and connect it. Raises ``BadInput``, ``VendorTrouble`` or ``Conflict``; nothing is kept.

        ``hooks_later``: whoever asks cannot wait for a call a topic; :meth:`add_hooks` follows. ``granting``: a person
        has granted access, which takes the place of the secrets that are needed.
        """
        connector = self._directory.connector(connector_name)
        if connector is None:
            raise BadInput(
                f"there is no connector {connector_name!r}", field="connector", remedy="crossdock connectors"
            )
        config, secrets = sort_answers(connector, answers, granted=granting is not None)
        if granting is not None:
            config[ACCESS] = BY_GRANT
        tokens = granting.tokens if granting is not None else None
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
        checked = await self.tried(connector, draft, secrets, tokens)
        account = dict(checked.account)
        draft = msgspec.structs.replace(
            draft, account_uid=checked.account_uid, account=account, name=name or checked.account_uid
        )
        if connector.destination is not None:
            account.update(await self._prepare(connector, draft, secrets, tokens))
        draft = await self._save(connector, draft, account, secrets, actor, granting)
        hooks, trouble = (0, "") if hooks_later else await self._register_hooks(connector, draft, secrets)
        routes = await self.default_routes(draft, actor)
        warnings = tuple(w for w in (*checked.warnings, trouble) if w)
        return Connected(draft.id, draft.name, account, warnings, hooks, routes)

    async def add_hooks(self, connection_id: uuid.UUID) -> int:
        """Register the webhooks of a connection that was made without; returns how many."""
        connection = await self._directory.connection(connection_id)
        connector = self._directory.connector(connection.connector)
        if connector is None:
            return 0
        made, trouble = await self._register_hooks(connector, connection, await self._directory.secrets(connection_id))
        if trouble:
            log.warning("webhooks missing", connection=str(connection_id), made=made, problem=trouble)
        return made

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
        home = str(connection.account.get("home_uid") or connection.account_uid)
        if result.ok and result.account_uid not in ("", home):
            return msgspec.structs.replace(
                result,
                ok=False,
                code="another-account",
                problem=f"this address is now {result.account_uid}, not {home} any more",
                remedy="if it moved for good: crossdock connections set NAME url=…; if it is another: connect it anew",
            )
        if result.ok and result.account:
            await self._learn(connection, result.account)
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
        """Pause, resume or revoke (see :meth:`disconnect`)."""
        if state is ConnectionState.REVOKED:
            await self.disconnect(tenant_id, connection_id, actor=actor)
            return
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["set_state"], tenant_id, connection_id, state, None) is None:
                raise NotFound("there is no such connection", remedy="list them with: crossdock connections")
            await audit(conn, tenant_id, actor, f"connection.{state}", connection_id, {})
        self._directory.forget(connection_id)

    async def disconnect(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, *, actor: str) -> tuple[str, ...]:
        """End a connection: remove its webhooks there, drop its credentials and routes here.

        What waits to be delivered to it, or of it, ends as skipped (route-removed); its runs are cancelled.
        An account that does not answer does not hold us up: returned (and kept) is what stays behind over there.
        """
        connection = await self.one(tenant_id, connection_id)
        left = await self._remove_hooks(connection)
        kept = await self._directory.grants.withdraw(connection)
        left = (*left, kept) if kept else left
        for again in reversed(range(_TRIES)):
            try:
                await self._end(tenant_id, connection_id, left, actor)
                break
            except asyncpg.DeadlockDetectedError:
                # its lanes and lines are at work: whoever the database let go first is done by now
                if not again:
                    raise
        self._directory.forget(connection_id)
        return left

    async def _end(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, left: Sequence[str], actor: str) -> None:
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["set_state"], tenant_id, connection_id, ConnectionState.REVOKED, None) is None:
                raise NotFound("there is no such connection", remedy="list them with: crossdock connections")
            await conn.execute(SQL["end_hooks"], connection_id)
            await conn.execute(SQL["end_secrets"], connection_id)
            for route in await conn.fetch(SQL["end_routes"], tenant_id, connection_id):
                await conn.execute(SQL["replan_route"], tenant_id, route["id"])
                await conn.execute(SQL["bump_routes"], route["source_id"])
            await conn.execute(SQL["end_lane"], tenant_id, connection_id)
            await conn.execute(SQL["end_work"], tenant_id, connection_id)
            await conn.execute(SQL["left_behind"], connection_id, orjson.dumps(left).decode())
            await audit(conn, tenant_id, actor, "connection.revoked", connection_id, {"left_behind": len(left)})

    async def hub_source(self, tenant_id: uuid.UUID, conn: Any = None) -> Connection:
        """Return the tenant's own events source, made at its first use; inside the caller's transaction if given."""
        if conn is None:
            async with self._store.transaction() as own:
                return await self.hub_source(tenant_id, own)
        await conn.fetchval(SQL["add_connection"], new_id(), tenant_id, HUB, "events", "active", "events", "{}", "{}")
        rows = await conn.fetch(SQL["list_connections"], tenant_id)
        return connection_of(next(row for row in rows if row["connector"] == HUB))

    async def tried(
        self, connector: Connector, draft: Connection, secrets: Mapping[str, str], tokens: Tokens | None = None
    ) -> CheckResult:
        """Try an account with these secrets. Raises ``VendorTrouble`` with what is wrong and what to do."""
        access = self._directory.access(draft, secrets, tokens)
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

    async def prepare_for(self, connection: Connection, config: dict[str, Any]) -> None:
        """Make at the account what new choices need of it, before they hold. Raises ``VendorTrouble``."""
        connector = self._directory.connector(connection.connector)
        if connector is None or connector.destination is None:
            return
        draft = msgspec.structs.replace(connection, config=config)
        secrets = await self._directory.secrets(connection.id)
        await self._learn(connection, await self._prepare(connector, draft, secrets, None))

    async def _prepare(
        self, connector: Connector, draft: Connection, secrets: Mapping[str, str], tokens: Tokens | None
    ) -> dict[str, Any]:
        assert connector.destination is not None
        try:
            return await connector.destination(self._directory.access(draft, secrets, tokens)).prepare()
        except CallFailed as failed:
            raise VendorTrouble(str(failed), remedy=failed.remedy) from None

    async def _save(
        self,
        connector: Connector,
        draft: Connection,
        account: Mapping[str, Any],
        secrets: Mapping[str, str],
        actor: str,
        granting: Granting | None = None,
    ) -> Connection:
        async with self._store.transaction() as conn:
            turned = await turn(conn, draft, account, self._directory.connector)
            if turned is None:
                await self._add(conn, draft, account)
            draft = turned or draft
            for name, secret in secrets.items():
                await self.put_secret(conn, draft, name, secret)
            if granting is not None:
                await granting.keep(conn, draft)
            if connector.destination is not None:
                await conn.execute(SQL["add_lane"], draft.id, draft.tenant_id)
            if self._directory.streams(draft):
                await conn.execute(SQL["add_schedule"], draft.id, draft.tenant_id)
            action = "connection.turn" if turned else "connection.add"
            await audit(conn, draft.tenant_id, actor, action, draft.id, {"connector": draft.connector})
        self._directory.forget(draft.id)
        return draft

    async def _add(self, conn: Any, draft: Connection, account: Mapping[str, Any]) -> None:
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
        moved_here = (draft.tenant_id, draft.connector, draft.account_uid, draft.id)
        if made is None or await conn.fetchval(SQL["moved_here"], *moved_here):
            raise Conflict(
                f"the account {draft.account_uid} is connected already",
                remedy="rotate its credentials instead, or disconnect it first",
            )

    async def put_secret(self, conn: Any, connection: Connection, name: str, secret: str) -> None:
        """Seal a secret into its row."""
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
                await self.put_secret(conn, draft, HOOK + hook.vendor_id, secret)
            made += 1
        self._directory.forget(draft.id)
        return made, ""

    async def _remove_hooks(self, connection: Connection) -> tuple[str, ...]:
        """Delete our webhooks at the account; returns those that could not be, in words."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["hooks"], connection.id)
        left = {row["vendor_id"]: f"webhook {row['vendor_id']} ({row['topic']})" for row in rows}
        connector = self._directory.connector(connection.connector)
        if connector is None or connector.source is None or connector.door is None:
            return ()
        try:
            source = await self._directory.source(connection.id)
            ours = show(Prefix.CONNECTION, connection.id)
            # those that we lost track of, too
            left |= {h.vendor_id: f"webhook {h.vendor_id} ({h.topic})" for h in await source.hooks() if ours in h.url}
            for vendor_id in list(left):
                await source.remove_hook(vendor_id)
                del left[vendor_id]
        except (CallFailed, ValueError) as failed:
            log.warning("webhooks stay behind", connection=str(connection.id), left=len(left), problem=str(failed))
        return tuple(left.values())

    async def _learn(self, connection: Connection, facts: Mapping[str, Any]) -> None:
        """Keep what a check has told of the account."""
        account = {**connection.account, **facts}
        if account == connection.account:
            return
        async with self._store.engine() as conn:
            await conn.execute(SQL["set_account"], connection.tenant_id, connection.id, orjson.dumps(account).decode())
        self._directory.forget(connection.id)
