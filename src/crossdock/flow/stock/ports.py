"""What the stock stage needs from others; ``wiring`` plugs it in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Protocol

from crossdock.model.connection import Connection
from crossdock.model.observation import Occurrence

CHANNEL = "crossdock_stock"
"""NOTIFY on it says that a level or a link has changed: a push is due."""


class Recording(Protocol):
    """The record stage, inside a transaction of ours."""

    again: type[Exception]
    """Raised when the transaction has to be done again."""

    async def within(self, conn: Any, connection: Connection, events: Sequence[Occurrence]) -> list[uuid.UUID]:
        """Record occurrences in the caller's transaction; returns their event ids, in order."""
        ...

    def recorded(self) -> None:
        """Tell the pumps after the commit."""
        ...


class Hubs(Protocol):
    """Where a tenant's own events come from."""

    async def hub_source(self, tenant_id: uuid.UUID, conn: Any = None) -> Connection:
        """Return the tenant's own events source, inside the caller's transaction if one is given."""
        ...


class Words(Protocol):
    """Reads the sealed body of an event or record."""

    def read(self, connection: Connection, row: Any) -> Any:
        """Return the canonical word. Raises ``ValueError`` for a malformed document."""
        ...

    def document(self, row: Any) -> dict[str, Any]:
        """Return the source's own document."""
        ...
