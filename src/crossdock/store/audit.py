"""The audit: who did what to which, written in the transaction that does it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import orjson

from crossdock.kit.ids import new_id
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("audit.sql"))


async def audit(
    conn: Any, tenant_id: uuid.UUID, actor: str, action: str, subject: uuid.UUID | str, detail: Any = None
) -> None:
    """Write an entry inside the caller's transaction; ``detail`` is plain data and holds nothing personal."""
    told = orjson.dumps({} if detail is None else detail, default=str).decode()
    await conn.execute(SQL["note"], new_id(), tenant_id, actor, action, str(subject), told)
