"""The proof's words, and what the prover needs from others."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec

from crossdock.connect.connector import Destination
from crossdock.flow.ports import Sources
from crossdock.flow.reconcile.by_day import DayRow
from crossdock.flow.reconcile.days import Days
from crossdock.model.connection import Connection
from crossdock.model.plan import Plan

ALWAYS: Final = Days()
SHOWN: Final = 1000
"""So many differences a proof carries in memory; all of them are kept as rows."""
WEEK: Final = timedelta(days=7)
Tell = Callable[[str], None]


def silent(_: str) -> None:
    """Tell nobody."""


class Depth(StrEnum):
    """How much of the store is read."""

    AUTO = "auto"
    """Light, but full where the last full proof is older than a week, and for days."""
    LIGHT = "light"
    """All ids with what an edit changes; in full only what differs from the record."""
    FULL = "full"


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
    """Ended by a named rule (a draft, a filter)."""
    fallback: int = 0
    """Its present state was taken by the route's second destination; :attr:`Proof.taken_by` names it."""
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
    destination: str = ""


class Costs(msgspec.Struct):
    """Vendor requests of one proof."""

    store: int = 0
    """Reading the store; answers to doorbells the proof has rung are not among them."""
    destinations: dict[str, int] = msgspec.field(default_factory=dict)
    """Reading each destination, by its name."""
    repairs: dict[str, int] = msgspec.field(default_factory=dict)
    """What repairing made: ``gets`` (single readings of the store), ``deliveries`` and the ``batches`` they went in."""
    connectors: dict[str, int] = msgspec.field(default_factory=dict)
    """All readings, by connector."""


class Proof(msgspec.Struct):
    """The answer to "is anything missing?" for one store."""

    rows: list[ProofRow]
    differences: list[Difference]
    """The first :data:`SHOWN`."""
    unlisted: int = 0
    """Differences beyond those; every one is kept as a row."""
    pending: int = 0
    """Deliveries that were due before the comparison and have not ended."""
    moving: int = 0
    """Records that changed while the proof was taken and are on their way: no gap."""
    skipped_by: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """entity -> named rule -> how many go no further by it."""
    taken_by: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """entity -> second destination of a critical route -> how many it took while the first stood."""
    by_day: list[DayRow] = msgspec.field(default_factory=list)
    """Orders by the store's day and destination, the newest first."""
    repairs: dict[str, int] = msgspec.field(default_factory=dict)
    """What the proof has put right: ``missed`` and ``changed`` records, ``gone`` ones, ``delivered`` again."""
    depth: Depth = Depth.FULL
    costs: Costs = msgspec.field(default_factory=Costs)

    @property
    def ok(self) -> bool:
        """Whether nothing is missing, doubled, dead, drifted or unexpected, and nothing is under way."""
        return all(row.green for row in self.rows) and not self.pending


class Asked(msgspec.Struct, frozen=True):
    """How a proof is wanted."""

    rounds: int = 2
    """How often what is missing or drifted is delivered again."""
    patience_s: float = 120.0
    """How long deliveries may stand still before they count as not ended."""
    days: Days = ALWAYS
    depth: Depth = Depth.FULL
    daily: bool = False
    """Asked for by the clock, not by a person: the store's quiet hours hold."""
    tell: Tell = silent


class Job(msgspec.Struct, frozen=True):
    """One proof that is being taken."""

    proof_id: uuid.UUID
    connection: Connection
    asked: Asked
    depth: Depth
    proof: Proof


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

    def document(self, row: Any) -> dict[str, Any]:
        """Return the source's own document of a record's row."""
        ...


class Requeue(Protocol):
    """The deliver stage: what was found wrong goes out again."""

    async def states(self, tenant_id: uuid.UUID, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> int:
        """Deliver the present state of (route, record) pairs again."""
        ...


class Turn(Protocol):
    """One request under way; its reader says of which shape it was and how many rows came."""

    kind: str
    items: int

    def begin(self) -> None:
        """Say that the store is asked only now; what went before was our own."""
        ...


class Manners(Protocol):
    """On which terms a store is read: its pace, its budget, its quiet hours."""

    def turn(self, connection: Connection, kind: str, *, bulk: bool) -> contextlib.AbstractAsyncContextManager[Turn]:
        """Wait for a turn. Raises ``PutOff`` when the budget is spent, or in quiet hours when it is ``bulk``."""
        ...

    def per_day(self, connection: Connection) -> int | None:
        """Return the day's budget of requests, None where there is none."""
        ...

    def left_out(self, connection: Connection) -> frozenset[str]:
        """Return the streams that are switched off."""
        ...


class Sealer(Protocol):
    """The part of the vault that hides what a destination holds while it is compared."""

    def seal_body(self, body: bytes, row: bytes) -> bytes: ...
    def open_body(self, sealed: bytes, row: bytes) -> bytes: ...
    def subject(self, identifier: str) -> bytes: ...
