"""Connect links: a page, open to whoever has its address, by which a merchant connects one account to a tenant.

Of the token only the hash is kept (it has 256 random bits). A link makes one connection: one attempt at a time, an
older page of consent counts no more once another is opened, and what has connected closes it.
"""

from __future__ import annotations

import hashlib
import secrets as random_secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from crossdock.connect.catalogue import connectors
from crossdock.connect.egress import EgressRefused, Guard
from crossdock.errors import BadInput, Conflict, CrossdockError, NotFound
from crossdock.govern.authorizations import Asked, Authorizations
from crossdock.govern.connections import Connected, Connections
from crossdock.govern.keys import Store
from crossdock.govern.oauth.consents import Consents
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.kit.redact import text
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("links.sql"))
USUAL_MINUTES: Final = 24 * 60
MOST_MINUTES: Final = 14 * 24 * 60
_LONGEST_URL: Final = 2000


class Link(msgspec.Struct, frozen=True):
    """A connect link and how far it is: ``waiting``, ``connecting``, ``connected``, ``expired`` or ``revoked``."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    tenant: str
    connector: str
    name: str
    return_url: str
    state: str
    connection_id: uuid.UUID | None
    problem: str
    """Why the last attempt failed; another may be made while it waits."""
    remedy: str
    created_at: datetime
    expires_at: datetime

    @property
    def actor(self) -> str:
        """Return who it is for the audit."""
        return show(Prefix.CONNECT_LINK, self.id)

    @property
    def onward(self) -> str:
        """Return where the person goes afterwards, told how it went; empty where nowhere was named."""
        if not self.return_url:
            return ""
        parts = urlsplit(self.return_url)
        told = {"connect_link": self.actor, "state": self.state}
        if self.connection_id is not None:
            told["connection"] = show(Prefix.CONNECTION, self.connection_id)
        query = "&".join(part for part in (parts.query, urlencode(told)) if part)
        return urlunsplit(parts._replace(query=query))


class MadeLink(msgspec.Struct, frozen=True):
    """A new link. Its address is told once; its repr does not show it."""

    id: uuid.UUID
    url: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"MadeLink({self.id})"


class ConnectLinks:
    """Makes links, and connects what comes by them."""

    def __init__(
        self,
        store: Store,
        connections: Connections,
        authorizations: Authorizations,
        consents: Consents,
        guard: Guard,
        base: str,
    ) -> None:
        self._store = store
        self._connections = connections
        self._authorizations = authorizations
        self._consents = consents
        self._guard = guard
        self._base = base.rstrip("/")

    async def make(
        self,
        tenant_id: uuid.UUID,
        connector: str,
        *,
        name: str = "",
        return_url: str = "",
        minutes: int = USUAL_MINUTES,
        actor: str,
    ) -> MadeLink:
        """Make a link. Raises ``BadInput``, or ``NotFound`` for a tenant that is ending."""
        known = sorted(one.manifest.name for one in connectors() if one.manifest.form)
        if connector not in known:
            raise BadInput("there is no such connector", field="connector", remedy=f"one of: {', '.join(known)}")
        if not 5 <= minutes <= MOST_MINUTES:
            raise BadInput(f"a link lives 5 to {MOST_MINUTES} minutes", field="minutes", remedy="1440 is a day")
        self._check(return_url)
        token, made = random_secrets.token_urlsafe(32), new_id()
        values = (made, tenant_id, connector, name, return_url, _hash(token), actor, timedelta(minutes=minutes))
        async with self._store.transaction() as conn:
            await conn.execute(SQL["forget_old"])
            expires = await conn.fetchval(SQL["add"], *values)
            if expires is None:
                raise NotFound("there is no such tenant", field="tenant")
            subject = show(Prefix.CONNECT_LINK, made)
            await audit(conn, tenant_id, actor, "connect_link.add", subject, {"connector": connector})
        return MadeLink(made, f"{self._base}/c/{token}", expires)

    def _check(self, return_url: str) -> None:
        """Refuse an address that no person should be sent to."""
        if not return_url:
            return
        try:
            if len(return_url) > _LONGEST_URL:
                raise EgressRefused("the address is too long", f"at most {_LONGEST_URL} characters")
            self._guard.check_url(return_url, plain_http=not self._guard.production)
        except EgressRefused as refused:
            raise BadInput(refused.problem, field="return_url", remedy=refused.remedy) from None

    async def look(self, token: str) -> Link:
        """Return the link of a token. Raises ``NotFound``."""
        return await self._one(token=_hash(token))

    async def one(self, link_id: uuid.UUID, within: uuid.UUID | None) -> Link:
        """Return a link by id; ``within``: only of this tenant or its test side. Raises ``NotFound``."""
        return await self._one(link_id=link_id, within=within)

    async def of_state(self, state: str) -> Link | None:
        """Return the link by which a person was sent to the page of consent that a state belongs to."""
        try:
            return await self._one(state=_hash(state))
        except NotFound:
            return None

    async def list(self, within: uuid.UUID | None, before: uuid.UUID | None, limit: int) -> Sequence[Link]:
        """Return links, the newest first."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["link"], None, None, None, within, before, limit)
        return [link_of(row) for row in rows]

    async def revoke(self, link_id: uuid.UUID, within: uuid.UUID | None, *, actor: str) -> None:
        """Close a link that has connected nothing, and the page that it led to. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["revoke"], within, link_id)
            if row is None:
                raise NotFound("there is no such link that is open", field="link_id")
            await _void(conn, row["tenant_id"], row["way"], row["state_hash"])
            await audit(conn, row["tenant_id"], actor, "connect_link.revoke", show(Prefix.CONNECT_LINK, link_id))

    async def by_form(self, token: str, answers: Mapping[str, Any]) -> Connected:
        """Connect by the answers to the connector's form. Raises what ``connect`` does, and ``Conflict``."""
        link = await self._begin(token)
        try:
            made = await self._connections.connect(
                link.tenant_id, link.connector, answers, name=link.name, actor=link.actor
            )
        except CrossdockError as problem:
            await self._over(link, text(problem.problem), text(problem.remedy))
            raise
        except BaseException:
            await self._over(link, None, None)
            raise
        async with self._store.engine() as conn:
            await conn.execute(SQL["connected"], link.tenant_id, link.id, made.id)
        return made

    async def by_account(self, token: str, answers: Mapping[str, Any]) -> Asked:
        """Return the account's own page, where one press lets us in. Raises what ``begin`` does, and ``Conflict``."""
        link = await self._begin(token)
        return await self._sent(
            link,
            "account",
            self._authorizations.begin(link.tenant_id, link.connector, answers, name=link.name, actor=link.actor),
        )

    async def by_oauth(self, token: str, answers: Mapping[str, Any]) -> Asked:
        """Return the vendor's page of consent. Raises what ``begin`` does, and ``Conflict``."""
        link = await self._begin(token)
        return await self._sent(
            link,
            "oauth",
            self._consents.begin(link.tenant_id, link.connector, answers, name=link.name, actor=link.actor),
        )

    async def _begin(self, token: str) -> Link:
        """Hold a link for one attempt; an older page of consent counts no more."""
        link = await self.look(token)
        if link.state != "waiting":
            raise _closed(link.state)
        async with self._store.transaction() as conn:
            row = await conn.fetchrow(SQL["try"], link.id, link.tenant_id)
            if row is None:
                raise Conflict(_OVER["connecting"], remedy="wait a minute")
            await _void(conn, link.tenant_id, row["way"], row["state_hash"])
        return link

    async def _sent(self, link: Link, way: str, asking: Any) -> Asked:
        try:
            asked: Asked = await asking
        except BaseException:
            await self._over(link, None, None)
            raise
        async with self._store.engine() as conn:
            kept = await conn.fetchval(SQL["sent"], link.id, link.tenant_id, way, _hash(asked.state))
            if kept is None:
                await _void(conn, link.tenant_id, way, _hash(asked.state))
                raise _closed("revoked")
        return asked

    async def _over(self, link: Link, problem: str | None, remedy: str | None) -> None:
        async with self._store.engine() as conn:
            await conn.execute(SQL["tried"], link.id, link.tenant_id, problem, remedy)

    async def _one(
        self,
        *,
        token: bytes | None = None,
        state: bytes | None = None,
        link_id: uuid.UUID | None = None,
        within: uuid.UUID | None = None,
    ) -> Link:
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["link"], token, state, link_id, within, None, 1)
            if row is None:
                raise NotFound("there is no such link", remedy="ask whoever sent it for a new one")
            if row["made"] is not None and row["connection_id"] is None:
                # what became of the page of consent is forgotten there after a while
                await conn.execute(SQL["connected"], row["tenant_id"], row["id"], row["made"])
        return link_of(row)


_OVER: Final = {
    "connected": "it is connected already",
    "connecting": "it is being connected at this moment",
    "expired": "the link has expired",
    "revoked": "the link was withdrawn",
}


def _closed(state: str) -> Conflict:
    return Conflict(_OVER[state], remedy="ask whoever sent it for a new one")


async def _void(conn: Any, tenant_id: uuid.UUID, way: str | None, state_hash: bytes | None) -> None:
    """Have the page that a person was sent to count no more."""
    if way is not None:
        await conn.execute(SQL[f"void_{way}"], tenant_id, state_hash)


def link_of(row: Any) -> Link:
    """Read a row of ``link``."""
    if row["made"] is not None:
        state = "connected"
    elif row["revoked_at"] is not None:
        state = "revoked"
    elif row["trying"] or (row["used"] and row["problem"] is None):
        state = "connecting"
    else:
        state = "expired" if row["late"] else "waiting"
    return Link(
        id=row["id"],
        tenant_id=row["tenant_id"],
        tenant=row["tenant"],
        connector=row["connector"],
        name=row["name"],
        return_url=row["return_url"],
        state=state,
        connection_id=row["made"],
        problem="" if row["made"] else row["problem"] or "",
        remedy="" if row["made"] else row["remedy"] or "",
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def shown(link: Link) -> dict[str, Any]:
    """Return a link as programs see it."""
    return {
        "id": link.actor,
        "tenant": show(Prefix.TENANT, link.tenant_id),
        "connector": link.connector,
        "name": link.name,
        "return_url": link.return_url or None,
        "state": link.state,
        "connection_id": show(Prefix.CONNECTION, link.connection_id) if link.connection_id else None,
        "problem": link.problem,
        "remedy": link.remedy,
        "created_at": link.created_at,
        "expires_at": link.expires_at,
    }


def _hash(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
