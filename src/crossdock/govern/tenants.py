"""Tenants: whose data is whose."""

from __future__ import annotations

import contextlib
import re
import uuid
from pathlib import Path
from typing import Any, Protocol

from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store.audit import audit
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("connections.sql"))
DEFAULT = "default"
LONGEST_NAME = 200
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


class Store(Protocol):
    """The database, as the tenants need it."""

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...


class Tenants:
    """Makes and finds tenants by their slug."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, slug: str, name: str = "") -> uuid.UUID:
        """Make a tenant. Raises ``BadInput`` or ``Conflict``."""
        check_slug(slug)
        async with self._store.engine() as conn:
            made: uuid.UUID | None = await conn.fetchval(SQL["add_tenant"], new_id(), slug, name or slug)
        if made is None:
            raise Conflict(f"there is a tenant {slug!r} already", remedy="choose another name")
        return made

    async def rename(self, tenant_id: uuid.UUID, name: str, *, actor: str) -> None:
        """Change what people call a tenant; its short name in addresses stays. Raises ``BadInput`` or ``NotFound``."""
        name = name.strip()
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            told = f"a name has 1 to {LONGEST_NAME} characters"
            raise BadInput(told, field="name", remedy="write what people call it")
        async with self._store.transaction() as conn:
            if await conn.fetchval(SQL["rename_tenant"], tenant_id, name) is None:
                raise NotFound("there is no such tenant", remedy="list them with: crossdock tenants")
            await audit(conn, tenant_id, actor, "tenant.rename", tenant_id)

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

    async def test_side(self, tenant_id: uuid.UUID) -> uuid.UUID:
        """Return the tenant that is another's test side; it is made at its first use. A test side has none but itself.

        Raises ``NotFound`` or ``Conflict``.
        """
        for number in range(1, 10):
            async with self._store.engine() as conn:
                found: uuid.UUID | None = await conn.fetchval(SQL["test_side"], tenant_id)
                if found is None:
                    live = await conn.fetchrow(SQL["tenants"], tenant_id)
                    if live is None or live["ending_at"] is not None:
                        raise NotFound("there is no such tenant", remedy="list them with: crossdock tenants")
                    slug = f"{live['slug'][:56].rstrip('-')}-test{'' if number == 1 else f'-{number}'}"
                    found = await conn.fetchval(SQL["add_test_side"], tenant_id, new_id(), slug)
            if found is not None:
                return found
        raise Conflict("no name is free for its test side", remedy="rename or delete the tenants that end in -test")

    async def side(self, tenant_id: uuid.UUID) -> str | None:
        """Return the short name of a tenant's test side; None while it has none."""
        async with self._store.engine() as conn:
            slug: str | None = await conn.fetchval(SQL["side_slug"], tenant_id)
        return slug

    async def list(self, tenant_id: uuid.UUID | None = None) -> list[dict[str, Any]]:
        """Return all tenants, or the one that is named; ``test_of``: the slug of the one it is the test side of."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["tenants"], tenant_id)
        return [
            {
                "id": show(Prefix.TENANT, r["tenant_id"]),
                "slug": r["slug"],
                "name": r["name"],
                "test_of": r["test_of"],
                "created_at": r["created_at"],
            }
            for r in rows
        ]


def is_slug(text: str) -> bool:
    """Whether a text has the form of a tenant's short name."""
    return _SLUG.match(text) is not None


def check_slug(slug: str) -> None:
    """Raise ``BadInput`` for what is no short name of a tenant."""
    if not is_slug(slug):
        raise BadInput(
            "a tenant's name is 1 to 63 lower-case letters, digits and hyphens", field="tenant", remedy="rename it"
        )
