"""One commit in the making: the records it has locked and the rows it is going to write."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from crossdock.flow.record.parcel import Parcel, Receipt
from crossdock.kit import digest as digests
from crossdock.model.delivery import SkipReason
from crossdock.model.observation import Observation, Occurrence, Presence
from crossdock.model.origin import Origin

Key = tuple[uuid.UUID, str, str]


class RecordRow(msgspec.Struct):
    """A record as it stands in this transaction."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    connection_id: uuid.UUID
    stream: str
    external_id: str
    parent_id: str | None
    seq: int
    digest: bytes
    presence: Presence
    status: str
    modified_at: datetime | None
    made_at: datetime | None
    seen_to: datetime
    contested: bool
    subject: bytes | None
    event_id: uuid.UUID
    code: str = ""
    digest_version: int = digests.VERSION
    is_new: bool = False
    """Not in the table yet."""
    applied: bool = False
    """Carries a new state to be saved."""
    renewed: bool = False
    """Its digest was made anew by the present rule."""
    touched: bool = False
    """Was seen again; only its times moved."""

    def touch(self, arrived: Observation, seen_to: datetime, *, settled: bool) -> None:
        """Note that it was seen again, unchanged."""
        modified_at = arrived.modified_at
        if arrived.code and arrived.code != self.code:
            self.code, self.touched = arrived.code, True
        if modified_at is not None and (self.modified_at is None or modified_at > self.modified_at):
            self.modified_at, self.touched = modified_at, True
        if seen_to > self.seen_to:
            self.seen_to, self.touched = seen_to, True
        if self.contested and settled:
            self.contested, self.touched = False, True

    def renew(self, parcel: Parcel) -> None:
        """Take the present rule's digest when the rule it was digested by says that the content is the same."""
        volatile = parcel.volatile
        if volatile.nested and self.digest in (parcel.digest, digests.older(parcel.body, volatile)):
            self.digest, self.digest_version, self.renewed, self.touched = parcel.digest, digests.VERSION, True, True


class EventRow(msgspec.Struct, frozen=True):
    """One immutable event, its body sealed; its fields stand as the type ``commit_event`` begins."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    connection_id: uuid.UUID
    record_id: uuid.UUID
    seq: int
    stream: str
    external_id: str
    type: str
    origin: Origin
    verdict: str
    presence: str
    status: str
    modified_at: datetime | None
    subject: bytes | None
    hops: int
    digest: bytes
    body: bytes


class DeliveryRow(msgspec.Struct):
    """One event on one route, to be queued or (with a ``rule``) ended at once.

    Its fields but the ``rule``, the last, stand as those of the type ``commit_delivery``.
    """

    id: uuid.UUID
    tenant_id: uuid.UUID
    lane_id: uuid.UUID
    route_id: uuid.UUID
    record_id: uuid.UUID
    event_id: uuid.UUID
    seq: int
    occurrence: bool
    priority: int
    head: bool = True
    rule: str | None = None


class KeyRow(msgspec.Struct, frozen=True):
    """A transport key that came in with this commit."""

    connection_id: uuid.UUID
    key: str
    tenant_id: uuid.UUID
    event_id: uuid.UUID
    body_hash: bytes


class RingRow(msgspec.Struct, frozen=True):
    """A doorbell to ring."""

    connection_id: uuid.UUID
    stream: str
    external_id: str
    tenant_id: uuid.UUID
    parent_id: str | None
    reason: str
    wait: timedelta = timedelta(0)


class Batch:
    """All that one commit holds."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.records: dict[Key, RecordRow] = {}
        self.events: list[EventRow] = []
        self.deliveries: list[DeliveryRow] = []
        self.keys: dict[tuple[uuid.UUID, str], KeyRow] = {}
        self.rings: dict[Key, RingRow] = {}
        self.skips: dict[uuid.UUID, SkipReason] = {}
        """Events that the connection's own rule leaves out, and its name."""

    def add(self, event: EventRow, skip: SkipReason | None) -> None:
        """Add an event; ``skip``: the rule by which all its deliveries end at once."""
        self.events.append(event)
        if skip is not None:
            self.skips[event.id] = skip

    def ring(
        self, key: Key, tenant_id: uuid.UUID, parent_id: str | None, reason: str, wait: timedelta = timedelta(0)
    ) -> None:
        """Ask for a fresh GET; many rings of one entity are one."""
        self.rings[key] = RingRow(key[0], key[1], key[2], tenant_id, parent_id, reason, wait)

    def told(self, parcels: Sequence[Parcel], receipts: Sequence[Receipt | Exception]) -> list[Receipt | Exception]:
        """Name in the receipts of occurrences their deliveries: whoever sent them follows them."""
        made: dict[uuid.UUID | None, list[uuid.UUID]] = {}
        if any(isinstance(parcel.arrived, Occurrence) for parcel in parcels):
            for row in self.deliveries:
                made.setdefault(row.event_id, []).append(row.id)
        return [
            msgspec.structs.replace(receipt, deliveries=tuple(made.get(receipt.event_id, ())))
            if made and isinstance(receipt, Receipt) and isinstance(parcel.arrived, Occurrence)
            else receipt
            for parcel, receipt in zip(parcels, receipts, strict=True)
        ]


def columns(rows: Sequence[Any], names: tuple[str, ...]) -> list[list[Any]]:
    """Turn rows into one array a column, as ``unnest`` takes them."""
    return [[getattr(row, name) for row in rows] for name in names]
