"""Connecting by an account's own page: a one-time state goes out with a person, keys come back and are tried.

The callback is unsigned, so it proves nothing by itself: it counts only with a state that we gave out less than 15
minutes ago, once, and the keys are tried against the very address the state was made for before anything is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets as random_secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, Self

import msgspec
import orjson
import structlog

from crossdock.connect.account_page import Authorization
from crossdock.connect.connector import Connector
from crossdock.errors import BadInput, Forbidden, Trouble
from crossdock.govern import refusing
from crossdock.govern.connections import Connected
from crossdock.govern.forms import settings_of
from crossdock.govern.routing import Store
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("authorizations.sql"))
LIFETIME: Final = timedelta(minutes=15)
log = structlog.get_logger("crossdock.connections")


class Connects(Protocol):
    """The connections, as the authorizations need them."""

    async def connect(
        self,
        tenant_id: uuid.UUID,
        connector_name: str,
        answers: Mapping[str, Any],
        *,
        name: str = "",
        actor: str,
        hooks_later: bool = False,
    ) -> Connected:
        """Check an account and connect it."""
        ...

    async def add_hooks(self, connection_id: uuid.UUID) -> int:
        """Register the webhooks of a connection that was made without."""
        ...


class Asked(msgspec.Struct, frozen=True):
    """Where to send the person, and the state that finds the outcome again. Its repr shows neither."""

    url: str
    state: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Asked()"


class AuthorizationState(msgspec.Struct, frozen=True):
    """How far an authorization is: ``waiting``, ``connecting``, ``connected``, ``refused`` or ``expired``."""

    state: str
    connection_id: uuid.UUID | None = None
    name: str = ""
    problem: str = ""
    remedy: str = ""


class Authorizations:
    """Begins and completes authorizations. Leaving its context gives up what still follows a callback."""

    def __init__(self, store: Store, connections: Connects, connector: Any, public_url: str | None) -> None:
        self._store = store
        self._connections = connections
        self._connector = connector
        self._public_url = public_url
        self._following: set[asyncio.Task[None]] = set()

    async def begin(
        self, tenant_id: uuid.UUID, connector_name: str, given: Mapping[str, Any], *, name: str = "", actor: str
    ) -> Asked:
        """Return the account's page to send a person to. ``given``: the form's fields that are no secrets.

        Raises ``BadInput`` for a connector without such a page or a field that breaks a rule, ``Trouble`` where the
        hub has no https address that the keys could come to.
        """
        connector, page = self._page(connector_name)
        config = settings_of(connector, given)
        base = self._https()
        state = random_secrets.token_urlsafe(32)
        door = f"{base}/connect/{connector_name}"
        try:
            url = page.url(config, state=state, callback_url=f"{door}/callback", return_url=f"{door}/return")
        except ValueError as wrong:
            field, _, problem = str(wrong).partition(": ")
            raise BadInput(problem or field, field=field, remedy="give the address as the browser shows it") from None
        made = new_id()
        async with self._store.transaction() as conn:
            await conn.execute(SQL["forget_old"])
            expires = await conn.fetchval(
                SQL["begin"],
                made,
                tenant_id,
                connector_name,
                _hash(state),
                name,
                orjson.dumps(config).decode(),
                actor,
                LIFETIME,
            )
            await audit(conn, tenant_id, actor, "authorization.begin", made, {"connector": connector_name})
        return Asked(url, state, expires)

    async def complete(self, connector_name: str, headers: Mapping[str, str], body: bytes) -> Connected:
        """Take what came to the callback: use the state up, try the keys, connect.

        Raises ``BadInput`` for what is malformed, ``Forbidden`` for a state that is unknown, used or expired, and
        what ``connect`` raises. Whatever is raised must not be answered with 200: the account then deletes the keys.
        """
        _, page = self._page(connector_name)
        try:
            granted = page.granted(headers, body)
        except ValueError as wrong:
            field, _, problem = str(wrong).partition(": ")
            raise BadInput(problem or field, field=field) from None
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["use"], _hash(granted.state), connector_name)
        if row is None:
            raise Forbidden("the state is unknown, used or expired", field="user_id", remedy="begin anew")
        answers = {**orjson.loads(row["config"]), **granted.answers}
        async with refusing.kept(partial(self._refused, row)):
            made = await self._connections.connect(
                row["tenant_id"], connector_name, answers, name=row["name"], actor=row["actor"], hooks_later=True
            )
        async with self._store.engine() as conn:
            await conn.execute(SQL["connected"], row["id"], made.id)
        # the shop's own request waits for our answer, and webhooks are a call a topic, each with a ping back to us:
        # they follow when it has it. Should this process be lost now, the watch finds them missing.
        following = asyncio.create_task(self._follow(made.id))
        self._following.add(following)
        following.add_done_callback(self._following.discard)
        return made

    async def _follow(self, connection_id: uuid.UUID) -> None:
        try:
            await self._connections.add_hooks(connection_id)
        except Exception as problem:  # noqa: BLE001 - the watch registers what is missing, whatever it was
            log.warning("webhooks left to the watch", connection=str(connection_id), problem=type(problem).__name__)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    async def state(
        self, connector_name: str, state: str, tenant_id: uuid.UUID | None = None
    ) -> AuthorizationState | None:
        """Return how far an authorization is, None for an unknown state or another tenant's.

        Only who holds the state can ask.
        """
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["by_state"], _hash(state), connector_name)
        if row is None or tenant_id not in (None, row["tenant_id"]):
            return None
        if row["connection_id"] is not None:
            return AuthorizationState("connected", row["connection_id"], row["name"] or "")
        if row["problem"] is not None:
            return AuthorizationState("refused", problem=row["problem"], remedy=row["remedy"] or "")
        if row["used_at"] is not None:
            return AuthorizationState("connecting")
        return AuthorizationState("expired" if row["late"] else "waiting")

    def _page(self, connector_name: str) -> tuple[Connector, Authorization]:
        connector: Connector | None = self._connector(connector_name)
        if connector is None:
            raise BadInput(
                f"there is no connector {connector_name!r}", field="connector", remedy="crossdock connectors"
            )
        if connector.authorization is None:
            raise BadInput(
                f"{connector.manifest.identity.title} has no page of consent",
                field="connector",
                remedy=f"connect it by keys: crossdock connect {connector_name} --help",
            )
        return connector, connector.authorization

    def _https(self) -> str:
        if self._public_url is None or not self._public_url.startswith("https://"):
            raise Trouble(
                "the keys are sent to this hub over https alone, and it has no https address",
                remedy="set CROSSDOCK_PUBLIC_URL to the hub's https:// address, or connect by keys",
            )
        return self._public_url

    async def _refused(self, row: Any, problem: str, remedy: str) -> None:
        async with self._store.transaction() as conn:
            await conn.execute(SQL["refused"], row["id"], problem, remedy)
            await audit(conn, row["tenant_id"], row["actor"], "authorization.refused", row["id"], {"problem": problem})


def shown(state: AuthorizationState) -> dict[str, Any]:
    """Return a state as programs see it."""
    made = show(Prefix.CONNECTION, state.connection_id) if state.connection_id else None
    return {
        "state": state.state,
        "connection": made,
        "name": state.name,
        "problem": state.problem,
        "remedy": state.remedy,
    }


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
