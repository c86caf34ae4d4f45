"""What every stage may need from others; ``govern`` and ``journey`` provide it, ``wiring`` plugs it in."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from crossdock.connect.connector import Source
from crossdock.connect.manifest import Stream
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation
from crossdock.model.origin import Origin


class Store(Protocol):
    """The database."""

    def transaction(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection with an open transaction."""
        ...

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Sources(Protocol):
    """Who is who."""

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises ``NotFound``."""
        ...

    async def source(self, connection_id: uuid.UUID) -> Source:
        """Return the reading half of a connection, its secrets unsealed."""
        ...

    def streams(self, connection: Connection) -> tuple[str, ...]:
        """Return the streams a connection can be read by, in the order they should be."""
        ...

    def described(self, connection: Connection) -> tuple[Stream, ...]:
        """Return what the connector's manifest says of these streams."""
        ...


class Recorder(Protocol):
    """The record stage."""

    again: type[Exception]
    """Raised when a transaction has to be done again."""

    async def record(
        self,
        conn: Any,
        connection: Connection,
        seen: Sequence[Observation],
        origin: Origin,
        interval: tuple[datetime, datetime],
        *,
        fresh: bool = False,
    ) -> dict[str, int]:
        """Record observations inside the caller's transaction; returns how many got which verdict."""
        ...

    def recorded(self) -> None:
        """Tell the pumps after the commit."""
        ...
