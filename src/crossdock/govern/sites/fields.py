"""Fields that a site found in its own data: for the lists of a mapping's sources."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from crossdock.govern.sites.keys import Store
from crossdock.govern.vault import Vault
from crossdock.kit.ids import new_id
from crossdock.model.seals import site_field_row
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("fields.sql"))
MOST: Final = 4000
"""Fields that are kept of one connection; the newest stay."""


class Found(msgspec.Struct, frozen=True):
    """A field: where it stands, what it holds, and a value it was seen with (personal; masked by the site)."""

    path: str
    type: str
    sample: str = ""
    kind: str = ""
    seen_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Found({self.path})"


class SiteFields:
    """Keeps and lists what discovery told. Samples are sealed."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def put(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, kind: str, fields: Sequence[Found]) -> int:
        """Keep the fields of one kind; a path that is known is replaced. Returns how many there were."""
        known = {field.path: field for field in fields}
        rows = [(new_id(), known[path]) for path in sorted(known)]
        seals = [self._vault.seal_secret(field.sample, site_field_row(made)) for made, field in rows]
        async with self._store.transaction() as conn:
            await conn.execute(SQL["hold"], tenant_id, connection_id)
            await conn.execute(
                SQL["put"],
                tenant_id,
                connection_id,
                kind,
                self._vault.key_id,
                [made for made, _ in rows],
                [field.path for _, field in rows],
                [field.type for _, field in rows],
                seals,
            )
            await conn.execute(SQL["keep_newest"], tenant_id, connection_id, MOST)
        return len(rows)

    async def list(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, kind: str | None = None) -> list[Found]:
        """Return what a connection's site found, of one kind or all."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list"], tenant_id, connection_id, kind)
        return [
            Found(
                path=row["path"],
                type=row["type"],
                sample=self._vault.open_secret(row["sealed"], site_field_row(row["id"])),
                kind=row["kind"],
                seen_at=row["seen_at"],
            )
            for row in rows
        ]
