"""Which entities of a batch the hub has written to lately, and what their arrivals are next to those writes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import orjson
import structlog

from crossdock.errors import Trouble
from crossdock.flow.record.batch import Batch, EventRow, Key, RecordRow
from crossdock.flow.record.echo import MOST_HOPS, WINDOW, Intent, Judged, Seen, judge, undone
from crossdock.flow.record.parcel import Parcel, Verdict
from crossdock.flow.record.rule import Ruling
from crossdock.kit.ids import Prefix, new_id, show, time_of
from crossdock.model.delivery import SkipReason
from crossdock.model.observation import Doorbell
from crossdock.model.route import Route
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("written.sql"))
_GET_DECIDES = Ruling(Verdict.CONTESTED, ring=True)
_PING_PONG = "ping-pong"
_CAUSE = "two systems keep answering each other's writes to one {stream}; the hub stopped writing after {hops} hops"
_REMEDY = (
    "name one owner of the field that went to and fro (field_owners of the connection, or the mapping's rule), look "
    "for an automation that changes it back, then prove and replay; it is resolved after 30 minutes without another"
)
log = structlog.get_logger("crossdock.record")


class Opener(Protocol):
    """The part of the vault that opens bodies."""

    def open_body(self, sealed: bytes, row: bytes) -> bytes: ...


class _Entity(msgspec.Struct):
    intents: list[Intent]
    before: Mapping[str, Any] | None = None


def _opened(vault: Opener, row: Any) -> Mapping[str, Any] | None:
    """Return the document that stands; None of one that cannot be opened, so that what comes next is recorded."""
    try:
        found: Mapping[str, Any] = orjson.loads(vault.open_body(row["body"], row["id"].bytes))
    except Trouble as problem:
        log.error("a record's body cannot be opened", of=show(Prefix.EVENT, row["id"]), problem=problem.problem)
        return None
    return found


class Written:
    """The recent writes to the entities of one batch; empty, and without a query, where nothing was written lately."""

    def __init__(self) -> None:
        self._entities: dict[Key, _Entity] = {}
        self._echoes: dict[uuid.UUID, tuple[uuid.UUID, dict[uuid.UUID, datetime]]] = {}
        self._ended: dict[uuid.UUID, tuple[EventRow, Route]] = {}

    async def read(
        self, conn: Any, vault: Opener, gates: Mapping[uuid.UUID, Any], batch: Batch, parcels: Sequence[Parcel]
    ) -> None:
        """Read the intents and present documents of a batch's entities, where their connection was written to."""
        lately = {connection_id for connection_id, gate in gates.items() if gate["writes"]}
        if not lately:
            return
        keys = sorted(
            {p.key for p in parcels if p.key[0] in lately and p.key[2] and not isinstance(p.arrived, Doorbell)}
        )
        if not keys:
            return
        for row in await conn.fetch(SQL["intents"], *map(list, zip(*keys, strict=True)), WINDOW):
            key = (row["connection_id"], row["stream"], row["external_id"])
            self._entities.setdefault(key, _Entity([])).intents.append(_intent(row))
        held = {batch.records[key].event_id: key for key in self._entities if key in batch.records}
        if held:
            for row in await conn.fetch(SQL["present_bodies"], list(held)):
                self._entities[held[row["id"]]].before = _opened(vault, row)

    def judge(self, parcel: Parcel, record: RecordRow | None, ruling: Ruling) -> tuple[Ruling, Judged]:
        """Judge an arrival that is about to be applied, or that equals what is recorded."""
        entity = self._entities.get(parcel.key)
        if entity is None or ruling.verdict not in (Verdict.APPLIED, Verdict.REWOUND, Verdict.UNCHANGED):
            return ruling, Judged()
        document = orjson.loads(parcel.body)
        seen = Seen(document, parcel.seen_from, parcel.volatile.top)
        if ruling.verdict is Verdict.UNCHANGED:
            assert record is not None
            news = undone(seen, entity.intents, time_of(record.event_id))
            return (_GET_DECIDES if news is None else Ruling(Verdict.APPLIED) if news else ruling), Judged()
        judged = judge(entity.before, seen, entity.intents)
        if judged.contested:
            return _GET_DECIDES, judged
        entity.before = document
        return ruling, judged

    def note(self, event_id: uuid.UUID, record_id: uuid.UUID, judged: Judged) -> None:
        """Remember what an event is."""
        if judged.origins:
            self._echoes[event_id] = (record_id, judged.origins)

    async def keep_quiet(self, conn: Any) -> None:
        """Drop what is news again: something else went to the origin since, or is on its way there."""
        if not self._echoes:
            return
        rows = sorted(
            {(record, origin, at) for record, origins in self._echoes.values() for origin, at in origins.items()}
        )
        heard = {
            (row["record_id"], row["lane_id"])
            for row in await conn.fetch(SQL["delivered_since"], *map(list, zip(*rows, strict=True)))
        }
        for record, origins in self._echoes.values():
            for origin in [one for one in origins if (record, one) in heard]:
                del origins[origin]

    def rule(self, event: EventRow, route: Route, *, waiting: bool) -> SkipReason | None:
        """Return the rule by which a delivery of an event ends at once; ``waiting``: an earlier one of it goes out."""
        if event.hops >= MOST_HOPS and not route.occurrence:
            self._ended[event.connection_id] = (event, route)
            return SkipReason.HOP_LIMIT
        echo = self._echoes.get(event.id)
        return SkipReason.ECHO if echo and route.destination_id in echo[1] and not waiting else None

    async def tell(self, conn: Any) -> None:
        """Keep a finding for every connection whose ping-pong was ended: one row, however often."""
        for connection_id, (event, route) in sorted(self._ended.items(), key=lambda one: one[0]):
            evidence = {
                "stream": event.stream,
                "entity": event.external_id,
                "destination": show(Prefix.CONNECTION, route.destination_id),
                "hops": event.hops,
            }
            cause = _CAUSE.format(stream=event.stream, hops=MOST_HOPS)
            told = orjson.dumps(evidence).decode()
            facts = (new_id(), event.tenant_id, connection_id, _PING_PONG, cause, _REMEDY, told)
            fresh = await conn.fetchval(SQL["found"], *facts)
            say = log.error if fresh else log.warning
            say("found", connection=str(connection_id), code=_PING_PONG, **evidence)


def _intent(row: Any) -> Intent:
    return Intent(
        origin=row["origin_id"],
        caused_at=row["caused_at"],
        at=row["at"],
        sent=orjson.loads(row["sent"]),
        derived=frozenset(row["derived"]),
        returned=orjson.loads(row["returned"]) if row["returned"] else {},
        answered_at=row["answered_at"],
        hops=row["hops"],
    )
