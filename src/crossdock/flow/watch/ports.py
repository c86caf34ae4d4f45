"""What the watch needs from others; ``govern`` provides it, ``wiring`` plugs it in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Protocol

from crossdock.connect.connector import Source
from crossdock.connect.watching import Mend, Watcher
from crossdock.flow.run import RunKind
from crossdock.model.connection import Connection


class Directory(Protocol):
    """Who is who."""

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises ``NotFound``."""
        ...

    async def source(self, connection_id: uuid.UUID) -> Source:
        """Return the reading half of a connection."""
        ...

    async def watcher(self, connection_id: uuid.UUID) -> Watcher:
        """Return the watching part of a connection. Raises ``BadInput`` where its connector has none."""
        ...

    def streams(self, connection: Connection) -> tuple[str, ...]:
        """Return the streams a connection can be read by."""
        ...

    def forget(self, connection_id: uuid.UUID) -> None:
        """Drop what is cached of a connection."""
        ...


class Hooks(Protocol):
    """The webhooks of connections: at the shop, in our rows, and their secrets."""

    def url_of(self, connection: Connection) -> str:
        """Return where a connection's webhooks have to point; empty in pull-only mode."""
        ...

    def topics_of(self, connection: Connection) -> tuple[str, ...]:
        """Return the topics that webhooks are wanted of."""
        ...

    async def mend(self, connection: Connection, mend: Mend) -> None:
        """Repair one webhook. Raises ``CallFailed`` or ``ValueError``."""
        ...

    async def forget_old(self) -> int:
        """Drop replaced secrets that late deliveries can no longer be signed with; returns how many."""
        ...


class Queue(Protocol):
    """Where runs are asked for."""

    async def add(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, kind: RunKind, streams: Sequence[str]) -> Any:
        """Queue a run; returns its id, or that of one that is under way already."""
        ...
