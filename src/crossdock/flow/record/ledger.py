"""The ledger: writes a batch of arrivals, their records and their deliveries in one transaction."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from crossdock.errors import KeyReused, NotFound
from crossdock.flow.record.append import append
from crossdock.flow.record.batch import (
    Batch,
    DeliveryRow,
    EventRow,
    KeyRow,
    RecordRow,
    RingRow,
    columns,
)
from crossdock.flow.record.line import stand_in_line, wake_planned
from crossdock.flow.record.parcel import Parcel, Receipt, Verdict
from crossdock.flow.record.rule import Known, Seen, event_type, rule, turned
from crossdock.flow.record.written import Written
from crossdock.kit.digest import VERSION
from crossdock.kit.ids import new_id
from crossdock.model.delivery import SkipReason
from crossdock.model.observation import Doorbell, Observation, Occurrence, Presence
from crossdock.model.route import Priority, Route
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("ledger.sql"))

KEYS_KEPT = timedelta(days=7)
"""How long a transport key is remembered: longer than any vendor retries (Stripe: 3 days)."""
GET_AGAIN = timedelta(seconds=1)

_LOCKED = (
    *("id", "connection_id", "stream", "external_id", "parent_id", "seq", "digest", "digest_version", "presence"),
    *("status", "modified_at", "made_at", "seen_to", "contested", "subject", "event_id", "code"),
)
_TOUCHED = ("id", "modified_at", "seen_to", "contested", "code")
_DONE = ("id", "tenant_id", "lane_id", "route_id", "record_id", "event_id", "seq", "rule")


class Sealer(Protocol):
    """The part of the vault the ledger needs."""

    def open_body(self, sealed: bytes, row: bytes) -> bytes: ...
    def seal_body(self, body: bytes, row: bytes) -> bytes: ...
    def subject(self, identifier: str) -> bytes: ...


class Redo(Exception):
    """Somebody else wrote in between; the batch has to be done again from the start."""


class FanOut(Protocol):
    """The routes of one connection."""

    @property
    def planned(self) -> Sequence[uuid.UUID]:
        """Return those whose waiting messages look at their source again when it changes."""
        ...

    def __call__(self, event: EventRow, /) -> Sequence[tuple[Route, SkipReason | None]]:
        """Return the routes that take an event; a named rule beside those that end it at once."""
        ...


class FanOuts(Protocol):
    """The route stage, as the ledger sees it."""

    def of(self, connection_id: uuid.UUID, epoch: int) -> FanOut | None:
        """Return the fan-out of a connection, None when the cached routes are of another epoch."""
        ...

    async def refresh(self, conn: Any, connection_ids: Sequence[uuid.UUID]) -> None:
        """Read the routes of connections again, over the caller's connection."""
        ...


class Ledger:
    """Appends batches. One instance serves any number of concurrent transactions."""

    def __init__(self, vault: Sealer, fan_outs: FanOuts) -> None:
        self._vault = vault
        self._fan_outs = fan_outs

    async def append(self, conn: Any, parcels: Sequence[Parcel]) -> tuple[list[Receipt | Exception], set[uuid.UUID]]:
        """Record ``parcels`` inside the caller's transaction.

        Returns a receipt or refusal a parcel, in order, and the lanes that got work. Raises :class:`Redo`: try again.
        """
        connections = sorted({p.connection_id for p in parcels})
        keys = sorted({p.key for p in parcels if p.key[2] and not isinstance(p.arrived, Doorbell)})
        rows = await conn.fetch(SQL["gate"], connections, *([key[i] for key in keys] for i in range(3)))
        gates = {row["gate_id"]: row for row in rows}
        fans = await self._fans(conn, gates)
        batch = Batch(at=max((row["at"] for row in rows), default=datetime.now(UTC)))
        for row in rows:
            if row["id"] is not None:
                batch.records[row["connection_id"], row["stream"], row["external_id"]] = _record_of(row)
        await self._known_keys(conn, batch, parcels)
        written = Written()
        await written.read(conn, self._vault, gates, batch, parcels)
        receipts: list[Receipt | Exception] = []
        for parcel in parcels:
            gate = gates.get(parcel.connection_id)
            if gate is None or gate["tenant_id"] != parcel.tenant_id or gate["state"] == "revoked":
                receipts.append(NotFound("there is no such connection"))
                continue
            try:
                receipts.append(self._enter(batch, parcel, written))
            except KeyReused as refused:
                receipts.append(refused)
        await written.keep_quiet(conn)
        self._fan_out(batch, fans, written)
        await self._write(conn, batch)
        await written.tell(conn)
        woken = await wake_planned(conn, batch, fans)
        return batch.told(parcels, receipts), woken | {d.lane_id for d in batch.deliveries if d.rule is None}

    async def _fans(self, conn: Any, gates: dict[uuid.UUID, Any]) -> dict[uuid.UUID, FanOut]:
        stale = [cid for cid, gate in gates.items() if self._fan_outs.of(cid, gate["route_epoch"]) is None]
        if stale:
            await self._fan_outs.refresh(conn, stale)
        fans = {}
        for cid, gate in gates.items():
            fan = self._fan_outs.of(cid, gate["route_epoch"])
            if fan is None:
                raise Redo
            fans[cid] = fan
        return fans

    async def _known_keys(self, conn: Any, batch: Batch, parcels: Sequence[Parcel]) -> None:
        given = sorted({(p.connection_id, key) for p in parcels if (key := _transport_key(p))})
        if given:
            for row in await conn.fetch(SQL["known_keys"], *map(list, zip(*given, strict=True))):
                batch.keys[row["connection_id"], row["key"]] = KeyRow(
                    row["connection_id"], row["key"], parcels[0].tenant_id, row["event_id"], row["body_hash"]
                )

    def _enter(self, batch: Batch, parcel: Parcel, written: Written) -> Receipt:
        arrived = parcel.arrived
        if isinstance(arrived, Doorbell):
            batch.ring(parcel.key, parcel.tenant_id, arrived.parent_id, arrived.reason)
            return Receipt(Verdict.RUNG)
        if isinstance(arrived, Occurrence):
            return self._enter_occurrence(batch, parcel, arrived)
        return self._enter_observation(batch, parcel, arrived, written)

    def _enter_occurrence(self, batch: Batch, parcel: Parcel, arrived: Occurrence) -> Receipt:
        about = f"{arrived.type}\0{arrived.external_id or ''}\0".encode()
        body_hash = hashlib.sha256(about + parcel.body).digest()
        if arrived.key:
            known = batch.keys.get((parcel.connection_id, arrived.key))
            if known is not None:
                if known.body_hash != body_hash:
                    raise KeyReused(
                        "this Idempotency-Key or id was used before with another body",
                        field="Idempotency-Key",
                        remedy="send the same body, or a new key for a new event",
                    )
                return Receipt(Verdict.DUPLICATE, known.event_id)
        record = batch.records.get(parcel.key) if arrived.external_id else None
        event_id = new_id()
        if record is None:
            record = self._new_record(batch, parcel, event_id)
            if arrived.external_id:
                batch.records[parcel.key] = record
        record.seq += 1
        record.digest, record.seen_to, record.event_id, record.applied = parcel.digest, batch.at, event_id, True
        event = self._event(batch, parcel, record, arrived.type, Verdict.APPLIED, event_id, 0)
        if record.is_new and record.subject is None:
            record.subject = event.subject
        batch.events.append(event)
        if arrived.key:
            row = KeyRow(parcel.connection_id, arrived.key, parcel.tenant_id, event_id, body_hash)
            batch.keys[parcel.connection_id, arrived.key] = row
        return Receipt(Verdict.APPLIED, event_id)

    def _enter_observation(self, batch: Batch, parcel: Parcel, arrived: Observation, written: Written) -> Receipt:
        record = batch.records.get(parcel.key)
        seen_to = parcel.seen_to or batch.at
        if record is not None and record.digest_version != VERSION:
            record.renew(parcel)
        known = record and Known(record.digest, record.modified_at, record.seen_to, record.presence)
        ruling = rule(
            known or None,
            Seen(
                digest=parcel.digest,
                modified_at=arrived.modified_at,
                seen_from=parcel.seen_from,
                presence=arrived.presence,
                fresh=parcel.fresh,
                listed=parcel.seen_from is not None,
                final=parcel.final,
            ),
        )
        ruling, judged = written.judge(parcel, record, ruling)
        if ruling.ring and not parcel.final:
            # a GET that could not decide comes again when the call it waits for may have been answered
            wait = GET_AGAIN if parcel.fresh else timedelta(0)
            batch.ring(parcel.key, parcel.tenant_id, arrived.parent_id, ruling.verdict, wait)
        if ruling.verdict in (Verdict.UNKNOWN, Verdict.STALE):
            return Receipt(ruling.verdict)
        if ruling.verdict is Verdict.UNCHANGED:
            assert record is not None
            record.touch(arrived, seen_to, settled=parcel.fresh)
            return Receipt(ruling.verdict)
        event = self._apply(batch, parcel, arrived, record, ruling.verdict, seen_to, judged.hops)
        written.note(event.id, event.record_id, judged)
        return Receipt(ruling.verdict, event.id)

    def _apply(
        self,
        batch: Batch,
        parcel: Parcel,
        arrived: Observation,
        record: RecordRow | None,
        verdict: Verdict,
        seen_to: datetime,
        hops: int,
    ) -> EventRow:
        event_id = new_id()
        before, stood = (record.presence, record.status) if record else (None, None)
        if record is None:
            record = batch.records[parcel.key] = self._new_record(batch, parcel, event_id)
        kind = event_type(arrived.stream, before, arrived.presence)
        if parcel.turn is not None and turned(parcel.turn, stood, arrived.status):
            kind = f"{arrived.stream}.{parcel.turn.verb}"
        if verdict is Verdict.CONTESTED:
            record.contested, record.touched = True, True
        else:
            record.seq += 1
            record.digest, record.event_id, record.applied, record.contested = parcel.digest, event_id, True, False
            record.digest_version = VERSION
            record.presence, record.status = arrived.presence, arrived.status
            record.modified_at = arrived.modified_at or record.modified_at
            record.made_at = arrived.created_at or record.made_at
            record.parent_id = arrived.parent_id or record.parent_id
            record.code = arrived.code or record.code
            record.seen_to = max(record.seen_to, seen_to)
        event = self._event(batch, parcel, record, kind, verdict, event_id, hops)
        if verdict is not Verdict.CONTESTED:
            record.subject = event.subject
        batch.add(event, parcel.skip)
        return event

    def _new_record(self, batch: Batch, parcel: Parcel, event_id: uuid.UUID) -> RecordRow:
        arrived = parcel.arrived
        assert not isinstance(arrived, Doorbell)
        return RecordRow(
            id=new_id(),
            tenant_id=parcel.tenant_id,
            connection_id=parcel.connection_id,
            stream=arrived.stream,
            external_id=arrived.external_id or "",
            parent_id=None,
            seq=0,
            digest=parcel.digest,
            presence=Presence.LIVE,
            status="",
            modified_at=None,
            made_at=None,
            seen_to=parcel.seen_to or batch.at,
            contested=False,
            subject=None,
            event_id=event_id,
            is_new=True,
        )

    def _event(
        self,
        batch: Batch,
        parcel: Parcel,
        record: RecordRow,
        kind: str,
        verdict: Verdict,
        event_id: uuid.UUID,
        hops: int,
    ) -> EventRow:
        arrived = parcel.arrived
        assert not isinstance(arrived, Doorbell)
        seen = arrived if isinstance(arrived, Observation) else None
        return EventRow(
            id=event_id,
            tenant_id=parcel.tenant_id,
            connection_id=parcel.connection_id,
            record_id=record.id,
            seq=record.seq,
            stream=arrived.stream,
            external_id=arrived.external_id or "",
            type=kind,
            origin=parcel.origin,
            verdict=verdict,
            presence=seen.presence if seen else Presence.LIVE,
            status=seen.status if seen else "",
            modified_at=seen.modified_at if seen else arrived.occurred_at,  # type: ignore[union-attr]
            subject=self._vault.subject(arrived.subjects[0]) if arrived.subjects else record.subject,
            hops=max(parcel.hops, hops),
            digest=parcel.digest,
            body=self._vault.seal_body(parcel.body, event_id.bytes),
        )

    def _fan_out(self, batch: Batch, fans: dict[uuid.UUID, FanOut], written: Written) -> None:
        last: dict[tuple[uuid.UUID, uuid.UUID], DeliveryRow] = {}
        for event in batch.events:
            if event.verdict == Verdict.CONTESTED:
                continue
            historical = event.origin.historical
            for route, filtered in fans[event.connection_id](event):
                told = batch.skips.get(event.id) or filtered
                skipped = told or written.rule(event, route, waiting=(route.id, event.record_id) in last)
                row = DeliveryRow(
                    id=new_id(),
                    tenant_id=event.tenant_id,
                    lane_id=route.destination_id,
                    route_id=route.id,
                    record_id=event.record_id,
                    event_id=event.id,
                    seq=event.seq,
                    occurrence=route.occurrence,
                    priority=int(Priority.BULK if historical else route.priority),
                    rule=skipped,
                )
                batch.deliveries.append(row)
                if skipped:
                    continue
                earlier = last.get((route.id, event.record_id))
                if earlier is not None and not route.occurrence:
                    earlier.rule = SkipReason.SUPERSEDED
                elif earlier is not None:
                    row.head = False
                last[route.id, event.record_id] = row

    async def _write(self, conn: Any, batch: Batch) -> None:
        await stand_in_line(conn, batch)
        await self._touch_records(conn, batch)
        if batch.events and not await append(conn, batch, [d for d in batch.deliveries if d.rule is None]):
            raise Redo
        done = [d for d in batch.deliveries if d.rule is not None]
        if done:
            await conn.execute(SQL["append_done"], *columns(done, _DONE))
        made = {event.id for event in batch.events}
        new_keys = [key for key in batch.keys.values() if key.event_id in made]
        if new_keys:
            written = await conn.fetchval(
                SQL["keep_keys"], *columns(new_keys, tuple(KeyRow.__struct_fields__)), KEYS_KEPT
            )
            if written != len(new_keys):
                raise Redo
        if batch.rings:
            rows = [batch.rings[key] for key in sorted(batch.rings)]
            await conn.execute(SQL["ring"], *columns(rows, tuple(RingRow.__struct_fields__)))

    async def _touch_records(self, conn: Any, batch: Batch) -> None:
        rows = [batch.records[k] for k in sorted(batch.records)]
        touched = [r for r in rows if r.touched and not r.applied]
        if touched:
            await conn.execute(SQL["touch_records"], *columns(touched, _TOUCHED))
        if renewed := [r for r in touched if r.renewed]:
            await conn.execute(SQL["renew_digests"], *columns(renewed, ("id", "digest", "digest_version")))


def _record_of(row: Any) -> RecordRow:
    facts = {name: row[name] for name in _LOCKED}
    return RecordRow(**{**facts, "presence": Presence(row["presence"]), "tenant_id": row["tenant_id"]})


def _transport_key(parcel: Parcel) -> str | None:
    return parcel.arrived.key if isinstance(parcel.arrived, Occurrence) else None
