"""What the pump needs from others; ``govern`` and ``journey`` provide it, ``wiring`` plugs it in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from crossdock.connect.connector import Connector, Destination
from crossdock.model.connection import Connection
from crossdock.model.mapping import Mapped
from crossdock.model.route import Route


class Limits(msgspec.Struct, frozen=True):
    """The pump's settings."""

    batch: int = 300
    """Deliveries claimed at once: several vendor calls of 100, so that each is full."""
    messages: int = 100
    """The same for messages, which go out one by one."""
    messages_beside: int = 25
    """The same while another lane has a little work: less than this."""
    lease: timedelta = timedelta(seconds=4)
    call_timeout_s: float = 15.0
    doubt_margin: timedelta = timedelta(seconds=1)
    retry_base_s: float = 2.0
    retry_ceiling_s: float = 3600.0
    retry_for: timedelta = timedelta(days=3)
    least_tries: int = 8
    """However long ago its first failure was, a delivery is tried so often before it is given up."""
    breaker_for: timedelta = timedelta(seconds=15)
    """How long a breaker stays open at first; it doubles with every failed probe."""
    breaker_ceiling: timedelta = timedelta(minutes=10)
    slice_s: float = 2.0
    """How long a lane is kept before others get their turn."""
    pressed_slice_s: float = 0.25
    """The same while others wait for a pump."""
    lanes: int = 16
    """Pumps of one process."""
    one_tenant: int = 12
    """Most of them for one tenant: another tenant's event always finds a pump."""
    standard_patience: timedelta = timedelta(seconds=30)
    """Waiting longer than this, a standard delivery may go ahead of newer live ones."""
    bulk_patience: timedelta = timedelta(minutes=5)
    """The same for bulk."""
    aged_share: float = 0.1
    """Part of a batch that belongs to each of them."""

    def aged(self, most: int) -> int:
        """Return how many places of a batch belong to a priority's deliveries that have waited too long."""
        return max(1, int(most * self.aged_share)) if most > 2 else 0

    @property
    def step_budget(self) -> timedelta:
        """Return how long one step may take: what stands in ``call_deadline_at``."""
        return timedelta(seconds=2 * self.call_timeout_s)


class Opener(Protocol):
    """The part of the vault the pump needs."""

    def open_body(self, sealed: bytes, row: bytes) -> bytes:
        """Open an event's body."""
        ...

    def subject(self, identifier: str) -> bytes:
        """Return the keyed hash of a person's identifier."""
        ...


class Directory(Protocol):
    """Who is who: connections with their connectors, cached per process."""

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises ``NotFound``."""
        ...

    def connector(self, name: str) -> Connector | None:
        """Return a connector; None for one that is not installed (the hub's own events API)."""
        ...

    def streams(self, connection: Connection) -> tuple[str, ...]:
        """Return the streams a connection is read by."""
        ...

    async def destination(self, connection_id: uuid.UUID) -> Destination:
        """Return the writing half of a connection, its secrets unsealed."""
        ...

    async def withheld(self, connection_id: uuid.UUID, destination: Destination) -> str:
        """Return why nothing may be sent by this destination any more; empty while it may."""
        ...


Mapper = Callable[[Any], Mapped]


class Mappings(Protocol):
    """The map stage: which mapping a route applies to an entity."""

    async def of(self, route: Route, destination: Connector, entity: str, version: int | None = None) -> Mapper:
        """Return the compiled mapping of a version (None: the route's own); one that maps nothing where there is none.

        Raises ``ValueError`` for a version that is not there or not valid.
        """
        ...
