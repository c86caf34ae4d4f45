"""The audit for whoever looks at it: filtered, page by page, whole, verified."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from crossdock.errors import BadInput
from crossdock.govern.audit.chain import HOUSE
from crossdock.govern.audit.chainer import Chainer, Store
from crossdock.govern.audit.cutting import Cutter
from crossdock.govern.audit.verifier import Expected, Report, Verifier
from crossdock.kit.ids import Prefix, floor_of, parse, show
from crossdock.store.audit import Marks
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("book.sql"))
_PAGE: Final = 1000
_FIRST = uuid.UUID(int=0)
_SUBJECTS: Final = {
    "connection": Prefix.CONNECTION,
    "oauth": Prefix.CONNECTION,
    "route": Prefix.ROUTE,
    "mapping": Prefix.ROUTE,
    "delivery": Prefix.DELIVERY,
    "invoice": Prefix.INVOICE,
    "oauth_app": Prefix.OAUTH_APP,
    "site": Prefix.SITE,
    "site_key": Prefix.SITE,
    "run": Prefix.RUN,
    "key": Prefix.KEY,
    "user": Prefix.USER,
    "tenant": Prefix.TENANT,
}
"""What the subject of an action is, by the action's first word."""
_HEAD = re.compile(r"^(\d{1,18}):([0-9a-f]{64})$")


class Asked(msgspec.Struct, frozen=True):
    """Which entries; None leaves a filter out."""

    actor: str | None = None
    """``usr_…``, ``key_…``, ``cli`` or the hub's own: ``watch``, ``door`` and others."""
    action: str | None = None
    """An action (``connection.pause``), or its first word for all of a kind (``connection``)."""
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditBook:
    """All that there is to do with the audit, but for writing it (:func:`crossdock.store.audit.audit`)."""

    def __init__(self, store: Store, marks: Marks) -> None:
        self._store = store
        self.chainer = Chainer(store, marks)
        self.verifier = Verifier(store, marks)
        self.cutter = Cutter(store, marks)

    async def entries(
        self, tenant_id: uuid.UUID | None, asked: Asked, *, before: uuid.UUID | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Return entries, the newest first; None: those that belong to no tenant."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["list"], tenant_id, before, *_filters(asked), limit)
        return [_line(row) for row in rows]

    async def export(self, tenant_id: uuid.UUID | None, asked: Asked) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield all entries, the oldest first, with their places and hashes in the chain."""
        after = _FIRST
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["export"], tenant_id, after, *_filters(asked), _PAGE)
            if rows:
                yield [{**_line(row), "hash": row["hash"].hex() if row["hash"] else None} for row in rows]
            if len(rows) < _PAGE:
                return
            after = rows[-1]["id"]

    async def verify(self, tenant_id: uuid.UUID | None = None, head: str | None = None) -> Report:
        """Verify a tenant's chain, or all; ``head`` is a ``seq:hash`` that an earlier verification told."""
        return await self.verifier.verify(tenant_id, expected(tenant_id or HOUSE, head) if head else None)


def expected(chain: uuid.UUID, head: str) -> Expected:
    """Read a head that was noted earlier. Raises ``BadInput``."""
    found = _HEAD.match(head.strip().lower())
    if found is None:
        raise BadInput(
            "a head is written seq:hash", field="head", remedy="take it from an earlier crossdock audit verify --json"
        )
    return Expected(chain, int(found[1]), found[2])


def _filters(asked: Asked) -> tuple[Any, ...]:
    return (
        None if asked.since is None else floor_of(asked.since),
        None if asked.until is None else floor_of(asked.until),
        asked.actor,
        asked.action,
        None if asked.subject is None else _spellings(asked.subject),
    )


def _spellings(subject: str) -> list[str]:
    """Return the ways a subject may have been written: as it is shown, or as a bare UUID."""
    for prefix in Prefix:
        if subject.startswith(f"{prefix}_"):
            try:
                return [subject, str(parse(prefix, subject))]
            except ValueError:
                break
    return [subject]


def _line(row: Any) -> dict[str, Any]:
    return {
        "id": show(Prefix.AUDIT, row["id"]),
        "at": row["at"],
        "actor": row["actor"],
        "action": row["action"],
        "subject": _shown(row["action"], row["subject"]),
        "detail": orjson.loads(row["detail"]),
        "seq": row["seq"],
    }


def _shown(action: str, subject: str) -> str:
    prefix = _SUBJECTS.get(action.partition(".")[0])
    if prefix is None:
        return subject
    try:
        return show(prefix, uuid.UUID(subject))
    except ValueError:
        return subject
