"""After a new master key came first: every secret is sealed with it, so that the old key opens none any more.

What is left to the old key: bodies of events, which end with their retention, and the keyed hashes by which people are
found again. It stays in the ring for both.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from crossdock.govern.alerts.channels import channel_row
from crossdock.govern.directory import secret_row
from crossdock.govern.oauth.seals import app_row, grant_row, request_row
from crossdock.govern.people.rows import person_row, totp_row
from crossdock.govern.routing import Store
from crossdock.govern.vault import Vault
from crossdock.model.seals import invoice_row, invoice_terms_row, site_field_row, site_key_row
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("resealing.sql"))
SEALS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "credential": lambda row: secret_row(row["connection_id"], row["name"]),
    "alert_channel": lambda row: channel_row(row["id"]),
    "oauth_app": lambda row: app_row(row["id"]),
    "oauth_grant": lambda row: grant_row(row["id"]),
    "oauth_request": lambda row: request_row(row["id"]),
    "invoice_terms": lambda row: invoice_terms_row(row["id"]),
    "invoice": lambda row: invoice_row(row["id"]),
    "person": lambda row: person_row(row["id"]),
    "person_totp": lambda row: totp_row(row["id"]),
    "site_key": lambda row: site_key_row(row["id"]),
    "site_field": lambda row: site_field_row(row["id"]),
}
"""Every table with a sealed secret (``key_id``, ``sealed``), and the name of the row each seal is bound to."""
_AT_ONCE: Final = 200


class Resealing:
    """Seals secrets anew. It may be interrupted and done again, beside everything else that goes on."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def all(self) -> dict[str, int]:
        """Seal whatever another key has sealed with the current one; returns how many, by table.

        Raises ``WrongMasterKey`` for a seal whose key is not in the ring, or that does not open.
        """
        return {table: await self._table(table) for table in SEALS}

    async def _table(self, table: str) -> int:
        done, after = 0, uuid.UUID(int=0)
        while True:
            async with self._store.transaction() as conn:
                rows = await conn.fetch(SQL[f"old_{table}"], self._vault.key_id, after, _AT_ONCE)
                for row in rows:
                    bound = SEALS[table](row)
                    sealed = self._vault.seal_secret(self._vault.open_secret(row["sealed"], bound), bound)
                    values = (row["id"], self._vault.key_id, sealed, row["sealed"])
                    done += await conn.fetchval(SQL[f"reseal_{table}"], *values) or 0
            if not rows:
                return done
            after = rows[-1]["id"]
