"""One renewal of a grant under its lease, and how it ends: new tokens, another try later, or a broken connection."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog

from crossdock.connect.auth.oauth2 import TIMEOUT_S, App, Denied, DeniedKind, Issued
from crossdock.connect.client import CallFailed, FailKind
from crossdock.errors import CrossdockError
from crossdock.govern.oauth.seals import Pair, app_row, grant_row, open_pair, seal_pair
from crossdock.kit.ids import Prefix, show
from crossdock.model.outcome import Refresh, Retry
from crossdock.store.absence import TROUBLE
from crossdock.store.audit import audit
from crossdock.store.queries import load

if TYPE_CHECKING:
    from crossdock.govern.oauth.grants import Grants

SQL = load(Path(__file__).with_name("grants.sql"))
LEASE: Final = timedelta(seconds=60)
"""Much longer than one call: who holds it and lives has ended long before."""
_TRIES: Final = 2
"""Calls of one renewal whose answer is lost, before it is given up for now."""
_SLACK_S: Final = 5.0
log = structlog.get_logger("crossdock.oauth")


class Renewal:
    """One renewal under its lease."""

    def __init__(
        self,
        grants: Grants,
        connection_id: uuid.UUID,
        connector: str,
        generation: int,
        lease_id: uuid.UUID,
        leased: Any,
        began: float,
    ) -> None:
        self._grants = grants
        self._id = connection_id
        self._connector = connector
        self._generation = generation
        self._lease_id = lease_id
        self._leased = leased
        self._until = began + LEASE.total_seconds()

    async def run(self) -> None:
        """Call and swap. Raises ``CallFailed``; a grant that is gone breaks its connection first."""
        pair = open_pair(self._grants.vault, self._leased["sealed"], grant_row(self._id))
        if not pair.refresh_token:
            await self._end("its access has ended, and the vendor gave no way to renew it")
        try:
            issued = await self._ask(pair.refresh_token)
        except Denied as denied:
            await self._denied(denied)
            return
        await self._grants.transport.failpoints.reach("oauth.answered")
        await self._swap(issued, pair)

    async def _ask(self, refresh_token: str) -> Issued:
        async with self._grants.store.engine() as conn:
            row = await conn.fetchrow(SQL["app"], self._leased["app_id"], self._id)
        app = App(row["client_id"], self._grants.vault.open_secret(row["sealed"], app_row(self._leased["app_id"])))
        client = self._grants.client(row["connector"], app, orjson.loads(row["config"]))
        tries = 0
        while True:
            tries += 1
            if time.monotonic() > self._until - TIMEOUT_S - _SLACK_S:
                # stopped for so long that somebody else may be at it by now: two must never ask at once
                await self._unlease(undone=tries == 1)
                raise later("the renewal was held up")
            await self._grants.transport.failpoints.reach("oauth.renewing")
            try:
                return await client.refresh(refresh_token)
            except CallFailed as failed:
                if failed.sent and tries < _TRIES:
                    # the answer was lost: within the vendor's grace, or where nothing was done, it is given again
                    continue
                await self._unlease(undone=not failed.sent and tries == 1)
                raise later(failed.reason, failed) from None

    async def _denied(self, denied: Denied) -> None:
        if denied.kind is DeniedKind.APP:
            await self._unlease(undone=True)
            reason = f"the vendor refuses our app ({denied}); correct it: crossdock oauth apps set"
            await self._break(reason)
            raise gone(reason)
        since, asks = self._leased["asked_at"], self._leased["asks"]
        cause = f"access was withdrawn or has ended ({denied})"
        if asks > 1:
            cause = f"the answer to a renewal at {since:%Y-%m-%d %H:%M} UTC was lost, and the old token is used up"
        await self._end(cause)

    async def _end(self, cause: str) -> None:
        """Note that no renewal can help any more, unless somebody else's has come through. Raises ``CallFailed``."""
        reason = f"{cause}; {reconnect(self._id)}"
        async with self._grants.store.engine() as conn:
            ended = await conn.fetchval(SQL["end"], self._id, self._generation, reason)
        if ended is not None:
            await self._break(reason)
            raise gone(reason)

    async def _break(self, reason: str) -> None:
        async with self._grants.store.transaction() as conn:
            tenant = await conn.fetchval(SQL["break"], self._id, reason)
            if tenant is not None:
                await audit(conn, tenant, "oauth", "connection.broken", self._id, {"problem": reason})
        if tenant is not None:
            log.error("connection broken", connection=show(Prefix.CONNECTION, self._id), problem=reason)

    async def _swap(self, issued: Issued, pair: Pair) -> None:
        """Keep the new tokens. They exist here alone now: a database that is away for a moment is waited for."""
        vault = self._grants.vault
        sealed = seal_pair(vault, issued, pair.refresh_token, grant_row(self._id))
        scopes = list(issued.scopes if issued.scopes is not None else self._leased["scopes"])
        values = (self._id, self._generation, vault.key_id, sealed, self._leased["at"], span(issued), scopes)
        pause_s = 0.1
        while True:
            try:
                async with self._grants.store.engine() as conn:
                    await conn.fetchval(SQL["swap"], *values)
                return
            except (*TROUBLE, CrossdockError) as trouble:
                if time.monotonic() > self._until:
                    raise
                log.warning("new token not kept yet", connection=str(self._id), problem=type(trouble).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)

    async def _unlease(self, *, undone: bool) -> None:
        async with self._grants.store.engine() as conn:
            await conn.execute(SQL["unlease"], self._id, self._generation, self._lease_id, int(undone))


def reconnect(connection_id: uuid.UUID) -> str:
    """Return what a person does about a grant that is gone."""
    return f"reconnect it in one click: crossdock oauth reconnect {show(Prefix.CONNECTION, connection_id)}"


def gone(reason: str) -> CallFailed:
    """Return the failure that breaks a connection."""
    return CallFailed(FailKind.ANSWER, False, reason, outcome=Refresh(reason))


def later(reason: str, cause: CallFailed | None = None) -> CallFailed:
    """Return the failure of a renewal that is tried again later. The vendor's API itself has seen nothing."""
    text = f"its token could not be renewed: {reason}"
    outcome = cause.outcome if cause is not None and cause.outcome is not None else Retry(text)
    return CallFailed(FailKind.ANSWER, False, text, outcome=outcome)


def span(issued: Issued) -> timedelta | None:
    """Return the life of an access token; None: it does not end."""
    return None if issued.expires_in_s is None else timedelta(seconds=issued.expires_in_s)
