"""The audit: who did what to which, written in the transaction that does it.

An entry is only ever added. The program that writes it marks it with a key derived from the master key, so that a row
put in by somebody with the database alone is told apart before it is chained (:mod:`crossdock.govern.audit`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import orjson

from crossdock.kit.ids import new_id, time_of
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("audit.sql"))
DOMAIN: Final = b"crossdock/audit/entry/1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Marks(Protocol):
    """Whoever holds the master key."""

    def mark(self, message: bytes) -> bytes:
        """Return key id and keyed hash of a message."""
        ...

    def marked(self, message: bytes, mark: bytes) -> bool | None:
        """Whether a mark is one of ours over exactly this message; None when its key is not at hand."""
        ...


class Entry(msgspec.Struct, frozen=True):
    """One line of the audit as it is stored. ``detail`` is JSON text and holds nothing personal."""

    id: uuid.UUID
    tenant_id: uuid.UUID | None
    actor: str
    action: str
    subject: str
    detail: str
    at: datetime


async def audit(
    conn: Any, tenant_id: uuid.UUID | None, actor: str, action: str, subject: uuid.UUID | str, detail: Any = None
) -> None:
    """Write an entry inside the caller's transaction; ``detail`` is plain data and holds nothing personal."""
    await audit_all(conn, [(tenant_id, actor, action, str(subject), detail)])


async def audit_all(conn: Any, told: Sequence[tuple[uuid.UUID | None, str, str, str, Any]]) -> None:
    """Write several entries (tenant, actor, action, subject, detail) with one statement."""
    marks: Marks | None = getattr(conn, "marks", None)
    rows = []
    for tenant_id, actor, action, subject, detail in told:
        made = new_id()
        text = orjson.dumps({} if detail is None else detail, default=str).decode()
        entry = Entry(made, tenant_id, actor, action, subject, text, time_of(made))
        mark = marks.mark(canonical(entry)) if marks is not None else None
        rows.append((made, tenant_id, actor, action, subject, text, entry.at, mark))
    await conn.execute(SQL["note"], *map(list, zip(*rows, strict=True)))


def canonical(entry: Entry) -> bytes:
    """Return the bytes that are marked and chained: every field with its length, details in one spelling of JSON."""
    fields = (
        DOMAIN,
        entry.id.bytes,
        b"" if entry.tenant_id is None else entry.tenant_id.bytes,
        entry.actor.encode(),
        entry.action.encode(),
        entry.subject.encode(),
        str((entry.at - _EPOCH) // timedelta(microseconds=1)).encode(),
        _spelt(entry.detail).encode(),
    )
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def _spelt(detail: str) -> str:
    try:
        return _plain(json.loads(detail, parse_float=Decimal, parse_int=Decimal))
    except RecursionError:
        # nothing that the hub writes is nested so deep: whoever put it in holds nothing up
        return detail


def _plain(value: Any) -> str:
    """Spell JSON so that what PostgreSQL keeps and what was written are the same: keys sorted, numbers by value."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_plain(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_plain(one) for one in value) + "]"
    if isinstance(value, Decimal):
        # zero has no sign in the database
        told = format(value, "f") if value else "0"
        return told.rstrip("0").rstrip(".") if "." in told else told
    return json.dumps(value)
