"""Access tokens, renewed ahead of their end: one renewal at a time, whichever process begins it.

No transaction spans the call to the vendor. A renewal leases the grant at one generation, calls, and swaps the
generation; all others read again. When it dies in between, the next one finds the lease ended: the vendor may have
used the old refresh token up and nobody has the new one. It asks once more, which works within the vendor's window of
grace (or where nothing was done yet); refused, the connection is broken by name, and a person gives access anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
import structlog

from crossdock.connect.auth.facts import OAuth2Facts
from crossdock.connect.auth.oauth2 import App, Denied, Issued, OAuth2, base_of
from crossdock.connect.client import CallFailed, FailKind, Transport
from crossdock.connect.connector import Connector
from crossdock.govern.oauth.renewal import LEASE, SQL, Renewal, gone, reconnect, span
from crossdock.govern.oauth.seals import app_row, grant_row, open_pair, seal_pair
from crossdock.govern.vault import Vault
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.model.outcome import Refresh, Retry, Throttled
from crossdock.store.memory import Ear, Memory

_POLL_S: Final = (0.02, 0.5)
_SLACK_S = 5.0
_REST_S = 2.0
"""How long the token address is left alone after it failed."""
_AHEAD_REST_S = 28.0
"""How much longer while the token is still good."""
_MOST = 4096
_AHEAD_MOST_S = 3600.0
_DUE = 100
log = structlog.get_logger("crossdock.oauth")


class Store(Protocol):
    """The database, as the grants need it."""

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


class Held(msgspec.Struct, frozen=True):
    """What this process knows of a grant. Moments are of the monotonic clock, so that no wall clock is compared."""

    tenant_id: uuid.UUID
    generation: int
    token: str
    ends_at: float | None
    ahead_at: float | None
    """From then on it is renewed."""
    problem: str

    def __repr__(self) -> str:
        return f"Held(generation={self.generation})"


class Rest(msgspec.Struct, frozen=True):
    """Why a generation is not renewed for a moment: the token address was asked just now, and could not."""

    generation: int
    until: float
    reason: str
    outcome: Retry | Throttled

    def failure(self) -> CallFailed:
        """Return what whoever asks is told."""
        return CallFailed(FailKind.ANSWER, False, self.reason, outcome=self.outcome)


class Grants:
    """The grants of all connections, as one process sees them."""

    def __init__(
        self, store: Store, vault: Vault, transport: Transport, connectors: Callable[[str], Connector | None]
    ) -> None:
        self._store = store
        self._vault = vault
        self._transport = transport
        self._connector = connectors
        self._known: Memory[uuid.UUID, Held] = Memory(store.ears, "grant", uuid.UUID, _MOST)
        self._flights: dict[uuid.UUID, asyncio.Task[Held]] = {}
        self._resting: dict[uuid.UUID, Rest] = {}
        self._closing = False

    def of(self, connection_id: uuid.UUID, connector: str) -> GrantTokens:
        """Return the tokens of one connection."""
        return GrantTokens(self, connection_id, connector)

    def forget(self, connection_id: uuid.UUID) -> None:
        """Read a grant again at its next use."""
        self._known.drop(connection_id)

    async def held(self, connection_id: uuid.UUID, connector: str) -> Held:
        """Return what is known of a grant. Raises ``CallFailed`` where there is none."""
        return await self._known.get(connection_id, lambda _: self._read(connection_id, connector))

    async def drain(self) -> None:
        """Let renewals that are under way end: their answers would be lost. Who waits for another's gives up."""
        self._closing = True
        while self._flights:
            await asyncio.gather(*self._flights.values(), return_exceptions=True)

    async def tend(self) -> int:
        """Begin to renew what ends soon, and return how many; nobody waits for it."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["due"], _AHEAD_MOST_S, _DUE)
        begun = 0
        for row in rows:
            found = self._connector(row["connector"])
            facts = found.manifest.auth.oauth2 if found is not None else None
            if facts is not None and row["left_s"] <= min(facts.ahead_s, row["life_s"] / 4):
                self.ahead(row["connection_id"], row["connector"], row["generation"])
                begun += 1
        return begun

    async def renew(self, connection_id: uuid.UUID, connector: str, generation: int) -> Held:
        """Renew a generation and wait for it. Raises ``CallFailed``, also while the token address rests."""
        rest = self._resting.get(connection_id)
        if rest is not None and rest.generation == generation and time.monotonic() < rest.until:
            raise rest.failure()
        return await asyncio.shield(self.begin(connection_id, connector, generation))

    def ahead(self, connection_id: uuid.UUID, connector: str, generation: int) -> None:
        """Begin to renew a token that is still good; nobody waits. After a failure it is left alone for a while."""
        rest = self._resting.get(connection_id)
        if rest is None or rest.generation != generation or time.monotonic() > rest.until + _AHEAD_REST_S:
            self.begin(connection_id, connector, generation)

    def begin(self, connection_id: uuid.UUID, connector: str, generation: int) -> asyncio.Task[Held]:
        """Begin to renew a generation, unless that is under way already."""
        flying = self._flights.get(connection_id)
        if flying is None:
            # a task of its own: a caller that gives up must not tear the answer away
            flying = asyncio.create_task(self._fly(connection_id, connector, generation))
            self._flights[connection_id] = flying
            flying.add_done_callback(lambda task: self._landed(connection_id, generation, task))
        return flying

    def _landed(self, connection_id: uuid.UUID, generation: int, task: asyncio.Task[Held]) -> None:
        del self._flights[connection_id]
        self._resting.pop(connection_id, None)
        trouble = None if task.cancelled() else task.exception()
        if trouble is None:
            return
        log.warning("token not renewed", connection=str(connection_id), problem=_told(trouble))
        if isinstance(trouble, CallFailed) and isinstance(trouble.outcome, Retry | Throttled):
            wait_s = trouble.outcome.after_s if isinstance(trouble.outcome, Throttled) else _REST_S
            until = time.monotonic() + max(wait_s, _REST_S)
            self._resting[connection_id] = Rest(generation, until, trouble.reason, trouble.outcome)

    async def _fly(self, connection_id: uuid.UUID, connector: str, generation: int) -> Held:
        """Renew, or wait for whoever is at it."""
        patience = time.monotonic() + LEASE.total_seconds() + _SLACK_S
        pause_s, longest_s = _POLL_S
        while True:
            lease_id, began = new_id(), time.monotonic()
            async with self._store.engine() as conn:
                leased = await conn.fetchrow(SQL["lease"], connection_id, generation, lease_id, LEASE)
            if leased is not None:
                await Renewal(self, connection_id, connector, generation, lease_id, leased, began).run()
            held = await self._fresh(connection_id, connector)
            if held.generation != generation or held.problem or leased is not None:
                return held
            if self._closing or time.monotonic() > patience:
                reason = "its token is being renewed, and that takes too long"
                raise CallFailed(FailKind.ANSWER, False, reason, outcome=Retry(reason))
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, longest_s)

    async def _fresh(self, connection_id: uuid.UUID, connector: str) -> Held:
        self._known.drop(connection_id)
        return await self.held(connection_id, connector)

    async def _read(self, connection_id: uuid.UUID, connector: str) -> Held:
        asked = time.monotonic()
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["grant"], connection_id)
        if row is None:
            reason = f"nobody has given access to it; {reconnect(connection_id)}"
            raise CallFailed(FailKind.ANSWER, False, reason, outcome=Refresh(reason))
        pair = open_pair(self._vault, row["sealed"], grant_row(connection_id))
        left, life = row["left_s"], row["life_s"] or 0.0
        facts = self.facts(connector)
        return Held(
            tenant_id=row["tenant_id"],
            generation=row["generation"],
            token=pair.access_token,
            ends_at=None if left is None else asked + left,
            ahead_at=None if left is None or not pair.refresh_token else asked + left - min(facts.ahead_s, life / 4),
            problem=row["problem"] or "",
        )

    def facts(self, connector: str) -> OAuth2Facts:
        """Return the facts of a vendor's OAuth 2.0. Raises ``CallFailed`` for a connector that has none."""
        found = self._connector(connector)
        if found is None or found.manifest.auth.oauth2 is None:
            reason = f"{connector} has no OAuth 2.0; crossdock connectors show {connector}"
            raise CallFailed(FailKind.ANSWER, False, reason, outcome=Refresh(reason))
        return found.manifest.auth.oauth2

    def client(self, connector: str, app: App, config: Any) -> OAuth2:
        """Return the vendor's authorization server as an app of ours sees it."""
        facts = self.facts(connector)
        found = self._connector(connector)
        assert found is not None
        default = next((f.default for f in found.manifest.form if f.name == facts.base_field), None)
        base = base_of(facts, config, default)
        return OAuth2(facts, app, self._transport, hosts=found.manifest.hosts.allow, base=base)

    async def withdraw(self, connection: Connection) -> str:
        """Give a connection's access back to its vendor; returns why it could not be, in words."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["pair"], connection.id)
            app = row and await conn.fetchrow(SQL["app"], row["app_id"], connection.id)
        if row is None:
            return ""
        pair = open_pair(self._vault, row["sealed"], grant_row(connection.id))
        secret = self._vault.open_secret(app["sealed"], app_row(row["app_id"]))
        client = self.client(connection.connector, App(app["client_id"], secret), connection.config)
        token, hint = (
            (pair.refresh_token, "refresh_token") if pair.refresh_token else (pair.access_token, "access_token")
        )
        try:
            await client.revoke(token, hint)
        except (CallFailed, Denied) as failed:
            return f"its access ({failed})"
        return ""

    async def save(
        self, conn: Any, connection_id: uuid.UUID, tenant_id: uuid.UUID, given: Given, *, actor: str
    ) -> None:
        """Put a grant that a person has just given in the place of what was."""
        sealed = seal_pair(self._vault, given.issued, None, grant_row(connection_id))
        await conn.execute(
            SQL["put"],
            connection_id,
            tenant_id,
            given.app_id,
            self._vault.key_id,
            sealed,
            list(given.scopes),
            list(given.missing),
            given.at,
            span(given.issued),
            bool(given.issued.refresh_token),
            actor,
        )

    @property
    def store(self) -> Store:
        """Return the database."""
        return self._store

    @property
    def vault(self) -> Vault:
        """Return what seals."""
        return self._vault

    @property
    def transport(self) -> Transport:
        """Return the way out."""
        return self._transport


class Given(msgspec.Struct, frozen=True):
    """What a person granted, before it is kept. ``at``: the database's time before it was asked for."""

    app_id: uuid.UUID
    issued: Issued
    scopes: tuple[str, ...]
    missing: tuple[str, ...]
    at: datetime


class GrantTokens:
    """The tokens of one connection."""

    def __init__(self, grants: Grants, connection_id: uuid.UUID, connector: str) -> None:
        self._grants = grants
        self._id = connection_id
        self._connector = connector

    def __repr__(self) -> str:
        return f"GrantTokens({self._id})"

    async def current(self) -> str:
        """Return a token that is good now; see :class:`~crossdock.connect.auth.tokens.Tokens`."""
        held = await self._grants.held(self._id, self._connector)
        now = time.monotonic()
        if not _due(held, now):
            return held.token
        if held.ends_at is not None and held.ends_at - _SLACK_S > now:
            if not held.problem:
                self._grants.ahead(self._id, self._connector, held.generation)
            return held.token
        return _good(await self._renew(held)).token

    async def renewed(self, refused: str) -> str | None:
        """Return another token than the refused one; see :class:`~crossdock.connect.auth.tokens.Tokens`."""
        self._grants.forget(self._id)
        held = await self._grants.held(self._id, self._connector)
        if held.token != refused:
            return held.token
        return _good(await self._renew(held)).token

    async def _renew(self, held: Held) -> Held:
        if held.problem:
            raise gone(held.problem)
        return await self._grants.renew(self._id, self._connector, held.generation)


def _due(held: Held, now: float) -> bool:
    if held.ahead_at is not None:
        return now >= held.ahead_at
    return held.ends_at is not None and now >= held.ends_at - _SLACK_S


def _good(held: Held) -> Held:
    if held.problem:
        raise gone(held.problem)
    return held


def _told(trouble: BaseException) -> str:
    return trouble.reason if isinstance(trouble, CallFailed) else type(trouble).__name__
