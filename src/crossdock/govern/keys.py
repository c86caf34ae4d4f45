"""API keys, kept as hashes, and the check that the master key is the database's."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from crossdock.errors import BadInput, Forbidden, NotFound, Unauthenticated, WrongMasterKey
from crossdock.govern.vault import Vault
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("connections.sql"))
SCOPES = ("events:write", "read", "write", "admin")
_PREFIX = "cdk_"


class Store(Protocol):
    """The database, as the keys need it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Principal(msgspec.Struct, frozen=True):
    """Who calls."""

    key_id: uuid.UUID
    tenant_id: uuid.UUID
    name: str
    scopes: frozenset[str]

    def need(self, scope: str) -> None:
        """Raise ``Forbidden`` unless the key carries ``scope`` (``admin`` carries all)."""
        if scope not in self.scopes and "admin" not in self.scopes:
            raise Forbidden(f"the key lacks the scope {scope}", remedy="make a key that has it: crossdock keys add")


class Keys:
    """Makes, verifies and revokes API keys. A key is shown once; only its SHA-256 is kept (it has 256 random bits)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self, tenant_id: uuid.UUID, name: str, scopes: Sequence[str], expires_at: datetime | None = None
    ) -> tuple[uuid.UUID, str]:
        """Make a key; returns its id and the key itself, which nobody can read again."""
        unknown = [s for s in scopes if s not in SCOPES]
        if unknown or not scopes:
            raise BadInput(f"scopes are {', '.join(SCOPES)}", field="scopes", remedy="name at least one of them")
        key, key_id = _PREFIX + secrets.token_urlsafe(32), new_id()
        async with self._store.engine() as conn:
            await conn.execute(SQL["add_key"], key_id, tenant_id, name, _hash(key), list(scopes), expires_at)
        return key_id, key

    async def verify(self, key: str) -> Principal:
        """Return who a key is. Raises ``Unauthenticated``."""
        row = None
        if key.startswith(_PREFIX):
            async with self._store.engine() as conn:
                row = await conn.fetchrow(SQL["key"], _hash(key))
        if row is None:
            raise Unauthenticated("the API key is not known, revoked or expired", remedy="crossdock keys add")
        return Principal(row["id"], row["tenant_id"], row["name"], frozenset(row["scopes"]))

    async def list(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """Return a tenant's keys, without the keys."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list_keys"], tenant_id)
        return [{**dict(row), "id": show(Prefix.KEY, row["id"])} for row in rows]

    async def revoke(self, tenant_id: uuid.UUID, key_id: uuid.UUID) -> None:
        """End a key at once. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            if await conn.fetchval(SQL["revoke_key"], tenant_id, key_id) is None:
                raise NotFound("there is no such key", remedy="list them with: crossdock keys")

    async def check_vault(self, vault: Vault) -> None:
        """Make sure the master key is one that this database was sealed with, and note it when it is new.

        Raises :class:`WrongMasterKey` before anything is read or written with a key that does not fit.
        """
        async with self._store.engine() as conn:
            await refuse_other_keys(conn, vault)
            await conn.execute(SQL["note_vault_key"], vault.key_id, vault.check_value(vault.key_id))


async def refuse_other_keys(conn: Any, vault: Vault) -> None:
    """Raise :class:`WrongMasterKey` when a key that this database was sealed with is missing; changes nothing."""
    known = await conn.fetch(SQL["vault_keys"])
    missing = [row["key_id"] for row in known if not _fits(vault, row["key_id"], row["check_value"])]
    if missing:
        raise WrongMasterKey(
            f"the database was sealed with key {', '.join(missing)}, which is not among the master keys given",
            remedy="add it to CROSSDOCK_MASTER_KEY (comma separated, the current one first)",
        )


def _fits(vault: Vault, key_id: str, check: bytes) -> bool:
    ours = vault.check_value(key_id)
    return ours is not None and hmac.compare_digest(ours, check)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
