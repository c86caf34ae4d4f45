"""What goes into the ledger and what comes back."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

import msgspec

from crossdock.kit.digest import NOTHING, Volatile, digest
from crossdock.model.delivery import SkipReason
from crossdock.model.observation import Doorbell, Observation, Occurrence, Turn
from crossdock.model.origin import Origin


class Verdict(StrEnum):
    """What became of an arrival; every arrival gets exactly one."""

    APPLIED = "applied"
    REWOUND = "rewound"
    """An older state that a fresh GET saw: a shop restored from a backup. Applied, with an alert."""
    CONTESTED = "contested"
    """Two readings that cannot be put in order: kept, and a GET decides."""
    UNCHANGED = "unchanged"
    STALE = "stale"
    RUNG = "rung"
    """A doorbell: a GET will decide."""
    DUPLICATE = "duplicate"
    """The same transport key with the same body."""
    UNKNOWN = "unknown"
    """The end of an entity we have no record of."""


class Receipt(msgspec.Struct, frozen=True):
    """The committed result of one arrival."""

    verdict: Verdict
    event_id: uuid.UUID | None = None
    deliveries: tuple[uuid.UUID, ...] = ()
    """Of an occurrence: the deliveries that carry it out."""


class Parcel(msgspec.Struct, frozen=True):
    """A verified arrival, ready for the ledger."""

    tenant_id: uuid.UUID
    connection_id: uuid.UUID
    key: tuple[uuid.UUID, str, str]
    """What serialises it: two parcels of one key (connection, stream, id there) are recorded in their order."""
    origin: Origin
    arrived: Observation | Doorbell | Occurrence
    body: bytes
    """The bytes as they came (webhook) or as we read them (pull)."""
    digest: bytes
    seen_from: datetime | None = None
    """Database time before it was read; None when unknown (a webhook)."""
    seen_to: datetime | None = None
    """Database time after it was read; None: the time of the commit."""
    fresh: bool = False
    """True for a GET made to decide about this very entity."""
    hops: int = 0
    volatile: Volatile = NOTHING
    """Keys of the document that change without meaning."""
    skip: SkipReason | None = None
    """The connection's own rule leaves it out: it is recorded, and its deliveries end at once."""
    final: bool = False
    """Told by a source that cannot be asked: no bell is rung."""
    turn: Turn | None = None
    """The entity stands in a state whose coming is an event of its own."""

    @property
    def size(self) -> int:
        """Return about how many bytes it holds while it waits."""
        return len(self.body) + 512


def digest_of(arrived: Observation | Doorbell | Occurrence, volatile: Volatile) -> bytes:
    """Return the digest of an arrival's document without what changes by itself."""
    return b"" if isinstance(arrived, Doorbell) else digest(arrived.document, volatile)
