"""Tenants that a platform makes over the API: each with its first key, once, however often it is asked."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.errors import Conflict, KeyReused, NotFound
from crossdock.govern.keys import Keys, Store, check_scopes
from crossdock.govern.tenants import check_slug, is_slug
from crossdock.kit.ids import Prefix, new_id, parse, show
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("provisioning.sql"))
FIRST = uuid.UUID(int=0)


class NewTenant(msgspec.Struct, frozen=True):
    """A tenant to be made, with what its first key may do."""

    slug: str
    name: str
    key_name: str
    scopes: tuple[str, ...]


class Provisioned(msgspec.Struct, frozen=True):
    """A tenant and its first key. ``key`` is None where it was shown before and is in use."""

    tenant_id: uuid.UUID
    key_id: uuid.UUID | None
    key: str | None
    again: bool

    def __repr__(self) -> str:
        return f"Provisioned({self.tenant_id}, again={self.again})"


class Provisioning:
    """Makes and finds tenants for a platform."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._keys = keys

    async def make(self, asked: NewTenant, *, by: uuid.UUID | None, actor: str, key: str | None) -> Provisioned:
        """Make a tenant with its first key. ``by``: the platform key; ``key``: the Idempotency-Key.

        The same Idempotency-Key is the same tenant: a first key that nobody has used is replaced, as its text was lost
        with the answer. Raises ``BadInput``, ``Conflict`` (the slug is taken), ``KeyReused``.
        """
        check_slug(asked.slug)
        check_scopes(asked.scopes)
        end = self._keys.end(None)
        named = hashlib.sha256(key.encode()).digest() if key else None
        body = hashlib.sha256(orjson.dumps([asked.slug, asked.name, asked.key_name, asked.scopes])).digest()
        async with self._store.transaction() as conn:
            made = await conn.fetchval(SQL["make"], new_id(), asked.slug, asked.name or asked.slug, by, named, body)
            before = None
            if made is None:
                # of those who ask at once, each sees what the one before it has made
                held = await conn.fetchval(SQL["hold_made"], by, named) if named else None
                before = await conn.fetchrow(SQL["made_before"], by, named) if held else None
                if before is None:
                    raise Conflict(
                        f"there is a tenant {asked.slug!r} already",
                        field="slug",
                        remedy=f"choose another slug, or look at it: GET /api/v1/tenants/{asked.slug}",
                    )
                if before["made_body"] != body:
                    raise KeyReused("the Idempotency-Key came with another body", field="Idempotency-Key")
                made = before["tenant_id"]
                if not before["unused"] or not await conn.fetchval(SQL["drop_unused"], made, before["first_key_id"]):
                    return Provisioned(made, before["first_key_id"], None, True)
            key_id, text = await self._keys.add_within(conn, made, asked.key_name, asked.scopes, end, actor)
            await conn.execute(SQL["keep_first_key"], made, key_id)
            if before is None:
                await audit(conn, made, actor, "tenant.add", show(Prefix.TENANT, made), {"slug": asked.slug})
        return Provisioned(made, key_id, text, before is not None)

    async def list(self, after: uuid.UUID | None, limit: int) -> Sequence[dict[str, Any]]:
        """Return tenants of the whole installation, in the order they were made."""
        async with self._store.engine() as conn:
            return [shown(row) for row in await conn.fetch(SQL["list"], after or FIRST, limit)]

    async def one(self, text: str, within: uuid.UUID | None) -> dict[str, Any]:
        """Return a tenant by id or slug; ``within``: only this one or its test side. Raises ``NotFound``."""
        try:
            named: uuid.UUID | None = parse(Prefix.TENANT, text)
        except ValueError:
            named = None
        slug = text if is_slug(text) else None
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["one"], named, slug, within)
        if row is None:
            raise NotFound("there is no such tenant", field="tenant", remedy="give its slug or tnt_ id")
        return shown(row)


def shown(row: Any) -> dict[str, Any]:
    """Return a tenant as programs see it; ``uuid`` is for us."""
    return {
        "uuid": row["tenant_id"],
        "id": show(Prefix.TENANT, row["tenant_id"]),
        "slug": row["slug"],
        "name": row["name"],
        "mode": "live" if row["test_of"] is None else "test",
        "test_of": row["test_of"],
        "state": "active" if row["ending_at"] is None else "ending",
        "created_at": row["created_at"],
    }
