"""API keys, kept as hashes, and the check that the master key is the database's."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import msgspec
import structlog

from crossdock.errors import BadInput, Conflict, Forbidden, NotFound, Unauthenticated, WrongMasterKey
from crossdock.govern.access import Scope, reach
from crossdock.govern.programs import key_text
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.absence import TROUBLE
from crossdock.store.audit import audit
from crossdock.store.errors import StoreError
from crossdock.store.queries import load

CONNECTIONS = load(Path(__file__).with_name("connections.sql"))
SQL = load(Path(__file__).with_name("keys.sql"))
SCOPES: Final = tuple(scope.value for scope in Scope)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""The end of a key that has none."""
_LONGEST_NAME: Final = 200
_LONGEST_OVERLAP: Final = timedelta(days=30)
log = structlog.get_logger("crossdock.keys")


class Store(Protocol):
    """The database, as the keys need it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls: a program by its key (or a token made of one), or a person. ``scopes`` hold what they imply."""

    tenant_id: uuid.UUID
    name: str
    scopes: frozenset[str]
    key_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    token: bool = False
    """Whether a token made of the key was shown in place of the key itself."""
    expires_at: datetime | None = None
    slug: str = ""
    tenant: str = ""
    test: bool = False
    """Whether the tenant is another's test side."""

    @property
    def actor(self) -> str:
        """Return who it is for the audit: ``key_…`` or ``usr_…``, never a name."""
        if self.person_id is not None:
            return show(Prefix.USER, self.person_id)
        return show(Prefix.KEY, self.key_id) if self.key_id is not None else "unknown"

    def itself(self) -> None:
        """Raise ``Forbidden`` when a token calls: what lives an hour lets nobody in for longer."""
        if self.token:
            raise Forbidden(
                "a token makes no keys and invites nobody", remedy="send the key itself: Authorization: Bearer cdk_…"
            )

    def need(self, *scopes: str) -> None:
        """Raise ``Forbidden`` unless it has one of the scopes."""
        if not self.scopes.intersection(scopes):
            wanted, who = " or ".join(scopes), "key" if self.person_id is None else "role"
            remedy = f"make a key that has it: crossdock keys add NAME --scope {scopes[0]}"
            raise Forbidden(f"the {who} lacks the scope {wanted}", remedy=remedy)


class KeyLives(msgspec.Struct, frozen=True):
    """How long keys live: ``usual`` unless their making says otherwise, and ``most`` at the longest; None: no end."""

    usual: timedelta | None = None
    most: timedelta | None = None

    def end(self, asked: datetime | None, now: datetime) -> datetime | None:
        """Return the end of a key made now; ``asked`` None is the usual, :data:`NEVER` none. Raises ``BadInput``."""
        if asked is None:
            spans = [span for span in (self.usual, self.most) if span is not None]
            return now + min(spans) if spans else None
        if asked <= now:
            raise BadInput("a key ends later than now", field="expires_at", remedy="name a time to come")
        if self.most is not None and asked > now + self.most:
            days = self.most.days
            raise BadInput(
                f"a key lives for {days} days at most", field="expires_at", remedy=f"at most {days} days from now"
            )
        return None if asked == NEVER else asked


class Keys:
    """Makes, verifies, rotates and ends API keys. A key is shown once; only its SHA-256 is kept (it has 256 random
    bits). To be entered: on leaving, what is still to be noted of keys in use is noted.
    """

    def __init__(self, store: Store, lives: KeyLives = KeyLives()) -> None:  # noqa: B008 - it is frozen
        self._store = store
        self._lives = lives
        self._seen: set[uuid.UUID] = set()
        self._noting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._noting is not None:
            await self._noting

    async def add(
        self,
        tenant_id: uuid.UUID,
        name: str,
        scopes: Sequence[str],
        expires_at: datetime | None = None,
        *,
        actor: str = "cli",
    ) -> tuple[uuid.UUID, str]:
        """Make a key; returns its id and the key itself, which nobody can read again.

        ``expires_at``: None is the usual life of this installation, :data:`NEVER` no end. Raises ``BadInput``.
        """
        check_scopes(scopes)
        if not 0 < len(name.strip()) <= _LONGEST_NAME:
            raise BadInput(f"a name has 1 to {_LONGEST_NAME} characters", field="name", remedy="say what it is for")
        end = self.end(expires_at)
        async with self._store.transaction() as conn:
            return await self.add_within(conn, tenant_id, name, scopes, end, actor)

    def end(self, asked: datetime | None) -> datetime | None:
        """Return the end of a key that is made now. Raises ``BadInput``."""
        return self._lives.end(asked, datetime.now(UTC))

    async def add_within(
        self, conn: Any, tenant_id: uuid.UUID, name: str, scopes: Sequence[str], end: datetime | None, actor: str
    ) -> tuple[uuid.UUID, str]:
        """Do as :meth:`add` inside the caller's transaction, with what was checked already."""
        return await self._put(conn, tenant_id, (name, scopes, end, actor), None)

    async def _put(
        self, conn: Any, tenant_id: uuid.UUID, told: tuple[str, Sequence[str], datetime | None, str], old: Any
    ) -> tuple[uuid.UUID, str]:
        name, scopes, end, actor = told
        side = await conn.fetchrow(SQL["side"], tenant_id)
        if side is None:
            raise NotFound("there is no such tenant", remedy="list them with: crossdock tenants")
        key, key_id = key_text.made(test=side["test"]), new_id()
        await conn.execute(
            SQL["add_key"], key_id, tenant_id, name.strip(), _hash(key), [*dict.fromkeys(scopes)], end, actor, old
        )
        detail = {"scopes": sorted(set(scopes)), "expires_at": end, "replaces": show(Prefix.KEY, old) if old else None}
        await audit(conn, tenant_id, actor, "key.add", key_id, detail)
        return key_id, key

    async def verify(self, key: str) -> Principal:
        """Return who a key is. Raises ``Unauthenticated``; a text that cannot be a key costs no statement."""
        if not key_text.could_be(key):
            raise _unknown()
        return await self._acting("key", _hash(key))

    async def named(self, key_id: uuid.UUID) -> Principal:
        """Return who a key is by its id. Raises ``Unauthenticated`` unless it acts."""
        return await self._acting("key_named", key_id)

    async def _acting(self, statement: str, value: bytes | uuid.UUID) -> Principal:
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL[statement], value)
        if row is None:
            raise _unknown()
        if row["unseen"]:
            self._note(row["id"])
        return principal_of(row)

    async def list(self, tenant_id: uuid.UUID, key_id: uuid.UUID | None = None) -> list[dict[str, Any]]:
        """Return a tenant's keys with those of its test side (or the one that is named), without the keys."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_keys"], tenant_id, key_id)
        return [
            {
                **dict(row),
                "id": show(Prefix.KEY, row["id"]),
                "replaces": show(Prefix.KEY, row["replaces"]) if row["replaces"] else None,
            }
            for row in rows
        ]

    async def revoke(self, tenant_id: uuid.UUID, key_id: uuid.UUID, *, actor: str = "cli") -> None:
        """End a key of the tenant or its test side; it acts nowhere after a second. Raises ``NotFound``."""
        async with self._store.transaction() as conn:
            owner = await conn.fetchval(SQL["revoke_key"], tenant_id, key_id)
            if owner is None:
                raise NotFound("there is no such key", remedy="list them with: crossdock keys")
            await audit(conn, owner, actor, "key.revoke", key_id)

    async def rotate(
        self, tenant_id: uuid.UUID, key_id: uuid.UUID, overlap: timedelta, *, actor: str = "cli"
    ) -> tuple[uuid.UUID, str, datetime]:
        """Make a key in place of another: same name, scopes and span of life. Returns its id, the key, and when the
        old one ends: after ``overlap`` (0 to 30 days), so that programs can be given the new one meanwhile.

        Raises ``BadInput``, ``NotFound``, or ``Conflict`` for a key that is over or was rotated.
        """
        if not timedelta() <= overlap <= _LONGEST_OVERLAP:
            raise BadInput("the old key goes on for 0 to 720 hours", field="overlap_hours", remedy="24 is usual")
        now = datetime.now(UTC)
        async with self._store.transaction() as conn:
            await conn.execute(SQL["hold_key"], tenant_id, key_id)
            old = await conn.fetchrow(SQL["key_to_rotate"], tenant_id, key_id)
            if old is None:
                raise NotFound("there is no such key", remedy="list them with: crossdock keys")
            if old["over"] or old["rotated"]:
                why = "is revoked or expired" if old["over"] else "was rotated already"
                raise Conflict(f"the key {why}", remedy="rotate the newest one, or make a key: crossdock keys add")
            span = old["expires_at"] - old["created_at"] if old["expires_at"] else None
            end = self._lives.end(now + span if span else None, now) if span or self._lives.most else None
            told = (old["name"], old["scopes"], end, actor)
            made, key = await self._put(conn, old["tenant_id"], told, key_id)
            await conn.execute(SQL["end_key_at"], old["tenant_id"], key_id, now + overlap)
            await audit(conn, old["tenant_id"], actor, "key.rotate", key_id, {"ends_at": now + overlap})
        return made, key, min(now + overlap, old["expires_at"] or NEVER)

    async def check_vault(self, vault: Vault) -> None:
        """Make sure the master key is one that this database was sealed with, and note it when it is new.

        Raises :class:`WrongMasterKey` before anything is read or written with a key that does not fit.
        """
        async with self._store.engine() as conn:
            await refuse_other_keys(conn, vault)
            await conn.execute(CONNECTIONS["note_vault_key"], vault.key_id, vault.check_value(vault.key_id))
            # people's hashes go by the first key, wherever it stands in the list
            vault.rooted((await conn.fetch(CONNECTIONS["vault_keys"]))[0]["key_id"])

    def _note(self, key_id: uuid.UUID) -> None:
        """Have it noted that a key is in use; whoever calls does not wait for it."""
        self._seen.add(key_id)
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_all(), name="keys-in-use")

    async def _note_all(self) -> None:
        while self._seen:
            seen, self._seen = self._seen, set()
            try:
                async with self._store.engine() as conn:
                    await conn.execute(SQL["used"], list(seen))
            except (StoreError, *TROUBLE) as problem:
                # it is noted at the key's next use
                log.warning("use of keys not noted", reason=type(problem).__name__)


def check_scopes(scopes: Sequence[str]) -> None:
    """Raise ``BadInput`` unless all are scopes, and there is one."""
    if not scopes or any(scope not in SCOPES for scope in scopes):
        raise BadInput(f"scopes are {', '.join(SCOPES)}", field="scopes", remedy="name at least one of them")


def principal_of(row: Any) -> Principal:
    """Read a row of ``key``."""
    return Principal(
        tenant_id=row["tenant_id"],
        name=row["name"],
        scopes=reach(row["scopes"]),
        key_id=row["id"],
        expires_at=row["expires_at"],
        slug=row["slug"],
        tenant=row["tenant"],
        test=row["test"],
    )


async def refuse_other_keys(conn: Any, vault: Vault) -> None:
    """Raise :class:`WrongMasterKey` when a key that this database was sealed with is missing; changes nothing."""
    known = await conn.fetch(CONNECTIONS["vault_keys"])
    missing = [row["key_id"] for row in known if not _fits(vault, row["key_id"], row["check_value"])]
    if missing:
        raise WrongMasterKey(
            f"the database was sealed with key {', '.join(missing)}, which is not among the master keys given",
            remedy="add it to CROSSDOCK_MASTER_KEY (comma separated, the current one first)",
        )


def _fits(vault: Vault, key_id: str, check: bytes) -> bool:
    ours = vault.check_value(key_id)
    return ours is not None and hmac.compare_digest(ours, check)


def _unknown() -> Unauthenticated:
    return Unauthenticated("the API key is not known, revoked or expired", remedy="crossdock keys add")


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
