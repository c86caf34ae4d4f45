"""What a vendor's app sends about all of its accounts at one address: verified once, split, and committed as one.

An account is told only by who has the secret that its own connection names for the app: a tenant that knows another
secret, or none, rings nobody else's bells.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import asyncpg

from crossdock.connect.connector import AppDoor, Connector, Refused
from crossdock.errors import BadInput, NotFound, Unauthenticated
from crossdock.flow.journey import Journey
from crossdock.flow.ports import Store
from crossdock.model.connection import Connection
from crossdock.model.observation import Doorbell

_TRIES = 6
_AGES = {"v1": 1, "v2": 2, "v3": 3}
_NEWEST = 3


class Accounts(Protocol):
    """Who has an app."""

    def connector(self, name: str) -> Connector | None:
        """Return a connector; None for one that is not installed."""
        ...

    async def of_app(self, connector: str, app_id: str) -> Sequence[tuple[Connection, str]]:
        """Return the connections an app tells of, each with the app's secret as it knows it."""
        ...

    def streams(self, connection: Connection) -> tuple[str, ...]:
        """Return the streams a connection is read by."""
        ...


class Apps:
    """Takes the webhooks of apps."""

    def __init__(self, store: Store, accounts: Accounts, journey: Journey) -> None:
        self._store = store
        self._accounts = accounts
        self._journey = journey

    async def take(self, connector: str, app_id: str, headers: Mapping[str, str], body: bytes) -> int:
        """Take one webhook, all of it in one transaction; returns how many doorbells it rang.

        ``headers`` are those of a door but ``:received-at``, which is now. Raises ``NotFound`` for an app that nobody
        has, ``Unauthenticated`` or ``BadInput``; then nothing of it is kept.
        """
        found = self._accounts.connector(connector)
        door = found.app_door if found else None
        accounts = await self._accounts.of_app(connector, app_id) if door else ()
        if door is None or not accounts:
            raise NotFound("there is no such app", field="path", remedy="check the webhook's address")
        told = self._told(door, accounts, {**headers, ":received-at": f"{time.time():.3f}"}, body)
        try:
            bells = door.parse(body)
        except ValueError as malformed:
            self._journey.refusals.note("malformed", told[0])
            problem = f"the body cannot be read: {malformed}"
            raise BadInput(problem, field="body", remedy="send the vendor's own format") from None
        ours = self._ours(told, bells)
        if ours:
            await self._record(ours)
        return len(ours)

    def _told(
        self, door: AppDoor, accounts: Sequence[tuple[Connection, str]], headers: Mapping[str, str], body: bytes
    ) -> list[Connection]:
        """Return the connections by whose secret the signature fits. Every distinct secret is tried."""
        judged: dict[tuple[str, int], bool] = {}
        problem = "no connection of this app has its secret"
        for connection, secret in accounts:
            key = (secret, _AGES.get(str(connection.config.get("app_signature")), _NEWEST))
            if secret and key not in judged:
                try:
                    door.verify(headers, body, secret, oldest=key[1])
                except Refused as refused:
                    judged[key], problem = False, str(refused)
                else:
                    judged[key] = True
        told = [
            connection
            for connection, secret in accounts
            if judged.get((secret, _AGES.get(str(connection.config.get("app_signature")), _NEWEST)))
        ]
        if not told:
            self._journey.refusals.note("bad-signature", accounts[0][0])
            raise Unauthenticated(
                problem, field="signature", remedy="check that app_secret of the connection is the app's client secret"
            )
        return told

    def _ours(
        self, told: Sequence[Connection], bells: Sequence[tuple[str, Doorbell]]
    ) -> list[tuple[Connection, Doorbell]]:
        """Split by account; what a connection is not read by rings nothing."""
        named: dict[str, list[Connection]] = {}
        for connection in told:
            named.setdefault(connection.account_uid, []).append(connection)
        read = {connection.id: frozenset(self._accounts.streams(connection)) for connection in told}
        return [
            (connection, bell)
            for account, bell in bells
            for connection in named.get(account, ())
            if bell.stream in read[connection.id]
        ]

    async def _record(self, ours: Sequence[tuple[Connection, Doorbell]]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                async with self._store.transaction() as conn:
                    await self._journey.rung(conn, ours)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, self._journey.again):
                if not left:
                    raise
        self._journey.recorded(doorbells=True)
