"""Who acts: set by the door somebody came in by, read where his change is written into the audit.

What the hub does by itself (its loops, chores and runs) has nobody acting; its changes tell of the part that does them.
"""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from typing import Any

from crossdock.store.audit import audit

_ACTING: ContextVar[str | None] = ContextVar("acting", default=None)


def act_as(who: str | None) -> None:
    """Say for the rest of this request or command who acts: ``usr_…``, ``key_…``, ``cli``."""
    _ACTING.set(who)


def acting() -> str | None:
    """Return who acts; None: the hub itself."""
    return _ACTING.get()


async def note_act(conn: Any, tenant_id: uuid.UUID, action: str, subject: uuid.UUID | str, detail: Any = None) -> None:
    """Write what somebody does into the audit, inside the caller's transaction; nothing where nobody acts."""
    who = acting()
    if who is not None:
        await audit(conn, tenant_id, who, action, subject, detail)
