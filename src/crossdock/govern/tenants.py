"""Tenants: whose data is whose."""

from __future__ import annotations

import contextlib
import re
import uuid
from pathlib import Path
from typing import Any, Protocol

from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("connections.sql"))
DEFAULT = "default"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


class Store(Protocol):
    """The database, as the tenants need it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Tenants:
    """Makes and finds tenants by their slug."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, slug: str, name: str = "") -> uuid.UUID:
        """Make a tenant. Raises ``BadInput`` or ``Conflict``."""
        if not _SLUG.match(slug):
            raise BadInput(
                "a tenant's name is 1 to 63 lower-case letters, digits and hyphens", field="tenant", remedy="rename it"
            )
        async with self._store.engine() as conn:
            made: uuid.UUID | None = await conn.fetchval(SQL["add_tenant"], new_id(), slug, name or slug)
        if made is None:
            raise Conflict(f"there is a tenant {slug!r} already", remedy="choose another name")
        return made

    async def find(self, slug: str = DEFAULT) -> uuid.UUID:
        """Return a tenant's id; the default tenant is made at its first use. Raises ``NotFound``."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["tenant_by_slug"], slug)
            if row is None and slug == DEFAULT:
                await conn.fetchval(SQL["add_tenant"], new_id(), slug, slug)
                row = await conn.fetchrow(SQL["tenant_by_slug"], slug)
        if row is None:
            raise NotFound(f"there is no tenant {slug!r}", remedy="list them with: crossdock tenants")
        found: uuid.UUID = row["tenant_id"]
        return found

    async def list(self) -> list[dict[str, Any]]:
        """Return all tenants."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["tenants"])
        return [
            {
                "id": show(Prefix.TENANT, r["tenant_id"]),
                "slug": r["slug"],
                "name": r["name"],
                "created_at": r["created_at"],
            }
            for r in rows
        ]
