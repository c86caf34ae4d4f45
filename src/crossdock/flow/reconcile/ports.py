"""The proof's words, and what the prover needs from others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import msgspec

from crossdock.connect.connector import Destination
from crossdock.flow.ports import Sources
from crossdock.model.connection import Connection
from crossdock.model.plan import Plan


class ProofRow(msgspec.Struct):
    """One kind of entity, store against destination; all numbers count entities."""

    entity: str
    destination: str = ""
    in_store: int = 0
    """What the store lists now: live, trashed and drafts."""
    recorded: int = 0
    delivered: int = 0
    """Recorded, and the last delivery of its present state arrived."""
    skipped: int = 0
    """Ended by a named rule (a draft)."""
    dead: int = 0
    missing: int = 0
    """In the store, but not recorded, or recorded and not at the destination."""
    duplicates: int = 0
    drifted: int = 0
    """There, but a field, line or association differs from the mapping's output."""
    unexpected: int = 0
    """At the destination with our key, but not in the store."""

    @property
    def green(self) -> bool:
        """Whether nothing is wrong with this kind."""
        return not (self.missing or self.duplicates or self.dead or self.drifted or self.unexpected)


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not as it should be, named without personal values."""

    entity: str
    external_id: str
    kind: str
    """missing, duplicate, drifted, unexpected or dead."""
    what: str
    """The object, field or association (``deals.amount``)."""


class Proof(msgspec.Struct):
    """The answer to "is anything missing?" for one store."""

    rows: list[ProofRow]
    differences: list[Difference]
    unlisted: int = 0
    """Differences beyond those that are listed."""
    pending: int = 0
    """Deliveries that had not ended when the proof was taken."""

    @property
    def ok(self) -> bool:
        """Whether nothing is missing, doubled, dead, drifted or unexpected, and nothing is under way."""
        return all(row.green for row in self.rows) and not self.pending


class Days(msgspec.Struct, frozen=True):
    """Which of the store's own days a proof is about; orders alone are of a day."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        """Whether it names days at all; without, a proof is about everything."""
        return self.first is not None or self.last is not None

    def holds(self, at: datetime | None, offset_h: float) -> bool:
        """Whether a moment lies in these days of the store (``offset_h`` hours ahead of UTC)."""
        if not self:
            return True
        if at is None:
            return False
        day = (at + timedelta(hours=offset_h)).date()
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


class Expected(msgspec.Struct, frozen=True):
    """What a destination should hold of one record."""

    record_id: uuid.UUID
    external_id: str
    main_key: str
    plan: Plan | None


class Directory(Sources, Protocol):
    """Who is who, on both sides."""

    async def destination(self, connection_id: uuid.UUID) -> Destination:
        """Return the writing half of a connection, its secrets unsealed."""
        ...


class Expectations(Protocol):
    """The map and plan stages: what should stand at a destination."""

    async def expected(self, conn: Any, destination: Connection, rows: Sequence[tuple[Any, Any]]) -> list[Expected]:
        """Plan the present state of records: (row of ``state_routes``, row of ``records_of``)."""
        ...


class Requeue(Protocol):
    """The deliver stage: what was found wrong goes out again."""

    async def states(self, tenant_id: uuid.UUID, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> int:
        """Deliver the present state of (route, record) pairs again."""
        ...
