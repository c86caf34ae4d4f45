"""The order of the journey: receive, verify, record, route; and what each stage lends the next."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
import orjson

from crossdock.connect.connector import Arrived, Connector, Door, Filter
from crossdock.errors import BadInput, Forbidden, Unauthenticated
from crossdock.flow.deliver import Directory
from crossdock.flow.deliver.planner import Planner, Subject
from crossdock.flow.deliver.prepare import route_of
from crossdock.flow.receive import door_of, read_arrivals
from crossdock.flow.reconcile import Expected
from crossdock.flow.record import Intake, Ledger, Parcel, Receipt, Tally
from crossdock.flow.record.ledger import Redo
from crossdock.flow.record.parcel import digest_of
from crossdock.flow.verify import Hearing, Refusals, verify
from crossdock.kit.digest import Volatile
from crossdock.kit.failpoints import Failpoints
from crossdock.model.connection import Connection
from crossdock.model.delivery import SkipReason
from crossdock.model.observation import Doorbell, Observation, Occurrence, Turn
from crossdock.model.origin import Origin
from crossdock.model.wish import Cause

_LET_GO: dict[str, Any] = {}
_MOST_FILTERS = 2048


class Secrets(Protocol):
    """Where the secrets of a connection's webhooks are."""

    async def hook_secrets(self, connection_id: uuid.UUID) -> Mapping[str, str]:
        """Return vendor id -> secret."""
        ...


class Journey:
    """Takes what arrives through the stages up to its commit."""

    def __init__(
        self,
        intake: Intake,
        ledger: Ledger,
        connectors: Callable[[str], Connector | None],
        secrets: Secrets,
        rung: Callable[[set[uuid.UUID], bool], None],
        tally: Tally,
        hearing: Hearing,
        failpoints: Failpoints,
    ) -> None:
        self.intake = intake
        self.hearing = hearing
        self.refusals = Refusals()
        self._failpoints = failpoints
        self.again: type[Exception] = Redo
        self._ledger = ledger
        self._connectors = connectors
        self._secrets = secrets
        self._rung = rung
        self.tally = tally
        self._lanes: set[uuid.UUID] = set()
        self._volatile: dict[tuple[str, str], Volatile] = {}
        self._turns: dict[str, Callable[[Observation, Connection], Turn | None] | None] = {}
        self._filters: OrderedDict[uuid.UUID, tuple[dict[str, Any], Filter | None]] = OrderedDict()

    async def webhook(self, connection: Connection, headers: Mapping[str, str], body: bytes) -> list[Receipt]:
        """Take one webhook: verify, parse, record. A ping gives no receipt.

        Raises ``Unauthenticated``, ``Forbidden`` (a copy of the shop sent it), ``BadInput`` or ``Overloaded``; then
        nothing of it is kept.
        """
        door = door_of(self._connectors(connection.connector))
        if door.ping(headers, body):
            return []
        hook = door.hook_of(headers)
        try:
            taken = await self._take(door, connection, headers, body)
        except Exception as refused:
            if address := door.stranger(headers, connection.account):
                # the copy's failures say nothing of the shop's own webhooks, which have the same ids
                self.hearing.stranger(connection.id, address)
            else:
                self.hearing.failed(connection.id, hook, signature=isinstance(refused, Unauthenticated))
            raise
        self.hearing.took(connection.id, hook)
        return taken

    async def _take(self, door: Door, connection: Connection, headers: Mapping[str, str], body: bytes) -> list[Receipt]:
        await self._failpoints.reach("receive.arrived")
        verify(door, headers, body, await self._secrets.hook_secrets(connection.id), self.refusals, connection)
        if door.stranger(headers, connection.account):
            self.refusals.note("other-site", connection)
            raise Forbidden(
                "another site sent this than the one connected (a copy of the shop?)",
                field="x-wc-webhook-source",
                remedy="delete the webhooks named Crossdock in the copy",
            )
        try:
            arrivals = read_arrivals(door, headers, body)
            parcels = [self.parcel(connection, arrived, Origin.WEBHOOK, body) for arrived in arrivals]
        except BadInput:
            self.refusals.note("malformed", connection)
            raise
        await self._failpoints.reach("verify.passed")
        waiting = [self.intake.enqueue(parcel) for parcel in parcels]
        receipts = [await receipt for receipt in waiting]
        await self._failpoints.reach("receive.recorded")
        return receipts

    async def occurrences(
        self, connection: Connection, events: Sequence[Occurrence], *, hops: int = 0
    ) -> list[Receipt | Exception]:
        """Take custom events of the events API; each gets its own receipt or refusal."""
        await self._failpoints.reach("receive.offered")
        waiting = []
        for event in events:
            body = orjson.dumps(event.document)
            waiting.append(self.intake.enqueue(self.parcel(connection, event, Origin.API, body, hops=hops)))
        answers: list[Receipt | Exception] = []
        for receipt in waiting:
            try:
                answers.append(await receipt)
            except Exception as refused:  # noqa: BLE001 - each event has its own answer
                answers.append(refused)
        await self._failpoints.reach("receive.answered")
        return answers

    async def told(
        self, connection: Connection, arrivals: Sequence[tuple[Arrived, Origin]], *, final: bool
    ) -> list[Receipt | Exception]:
        """Take what a site tells by its plugin; each gets its own receipt or refusal, once it is committed.

        ``final``: the site cannot be asked, so that its word is the last.
        """
        await self._failpoints.reach("receive.told")
        waiting: list[asyncio.Future[Receipt] | Exception] = []
        for arrived, origin in arrivals:
            try:
                body = b"" if isinstance(arrived, Doorbell) else orjson.dumps(arrived.document)
                waiting.append(self.intake.enqueue(self.parcel(connection, arrived, origin, body, final=final)))
            except (BadInput, orjson.JSONEncodeError) as refused:
                waiting.append(refused)
        done = await asyncio.gather(
            *(one for one in waiting if isinstance(one, asyncio.Future)), return_exceptions=True
        )
        answers = iter(done)
        found: list[Receipt | Exception] = []
        for one in waiting:
            answer = one if isinstance(one, Exception) else next(answers)
            if isinstance(answer, BaseException) and not isinstance(answer, Exception):
                raise answer
            found.append(answer)
        await self._failpoints.reach("receive.recorded")
        return found

    async def wishes(
        self, connection: Connection, wishes: Sequence[Occurrence], cause: Cause | None = None
    ) -> list[Receipt | Exception]:
        """Record what the hub wants of a connection's own account; routes from the connection to itself carry it out.

        A wish is an occurrence whose ``external_id`` names the entity it is about, so wishes about one entity keep
        their order; ``key`` makes it idempotent. Whether a newer one replaces a waiting older one is the route's
        matter: actions of kind *state* coalesce, actions of kind *occurrence* do not. ``cause`` is the event of
        another connection that led to them: what comes back of them is no news there.
        """
        if cause is None:
            return await self.occurrences(connection, wishes)
        told = msgspec.to_builtins(cause)
        caused = [msgspec.structs.replace(one, document={**one.document, "cause": told}) for one in wishes]
        return await self.occurrences(connection, caused, hops=cause.hops)

    async def within(self, conn: Any, connection: Connection, events: Sequence[Occurrence]) -> list[uuid.UUID]:
        """Record occurrences inside the caller's transaction, all or none; returns their event ids, in order.

        Call :meth:`recorded` after the commit. Raises ``again`` when the transaction has to be done again.
        """
        parcels = [self.parcel(connection, event, Origin.API, orjson.dumps(event.document)) for event in events]
        receipts, lanes = await self._ledger.append(conn, parcels)
        made = []
        for parcel, receipt in zip(parcels, receipts, strict=True):
            if isinstance(receipt, Exception):
                raise receipt
            self.tally.note(parcel, receipt)
            assert receipt.event_id is not None
            made.append(receipt.event_id)
        self._lanes |= lanes
        return made

    async def rung(self, conn: Any, bells: Sequence[tuple[Connection, Doorbell]]) -> None:
        """Record doorbells of several connections inside the caller's transaction; :meth:`recorded` after its commit.

        A connection that ended in between is told nothing. Raises ``again``.
        """
        parcels = sorted((self.parcel(*bell, Origin.WEBHOOK, b"") for bell in bells), key=lambda parcel: parcel.key)
        receipts, _ = await self._ledger.append(conn, parcels)
        for parcel, receipt in zip(parcels, receipts, strict=True):
            if not isinstance(receipt, Exception):
                self.tally.note(parcel, receipt)

    def parcel(
        self,
        connection: Connection,
        arrived: Arrived,
        origin: Origin,
        body: bytes,
        interval: tuple[datetime, datetime] | None = None,
        *,
        fresh: bool = False,
        hops: int = 0,
        final: bool = False,
    ) -> Parcel:
        """Make an arrival ready for the ledger.

        Once it is digested the parsed document is let go: while thousands wait for their commit only bytes are held.
        """
        volatile = self._volatile_of(connection.connector, arrived.stream)
        skip = self._skip(connection, arrived) if isinstance(arrived, Observation) else None
        turn = self._turn(connection, arrived) if isinstance(arrived, Observation) else None
        try:
            fingerprint = digest_of(arrived, volatile)
        except orjson.JSONEncodeError:
            raise BadInput("the body is nested too deeply", field="body", remedy="flatten it") from None
        if isinstance(arrived, Observation):
            arrived = msgspec.structs.replace(arrived, document=_LET_GO)
        return Parcel(
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            key=(connection.id, arrived.stream, arrived.external_id or ""),
            origin=origin,
            arrived=arrived,
            body=b"" if isinstance(arrived, Doorbell) else body,
            digest=fingerprint,
            seen_from=interval[0] if interval else None,
            seen_to=interval[1] if interval else None,
            fresh=fresh,
            hops=hops,
            volatile=volatile,
            skip=skip,
            final=final,
            turn=turn,
        )

    def _skip(self, connection: Connection, seen: Observation) -> SkipReason | None:
        """Say by which rule of its own connection an entity goes no further than the record."""
        known = self._filters.get(connection.id)
        if known is None or known[0] is not connection.config:
            found = self._connectors(connection.connector)
            known = (connection.config, found.filters(connection.config) if found and found.filters else None)
            self._filters[connection.id] = known
            self._filters.move_to_end(connection.id)
            while len(self._filters) > _MOST_FILTERS:
                self._filters.popitem(last=False)
        return known[1](seen) if known[1] else None

    def _turn(self, connection: Connection, seen: Observation) -> Turn | None:
        try:
            turn = self._turns[connection.connector]
        except KeyError:
            found = self._connectors(connection.connector)
            turn = self._turns[connection.connector] = found.turn if found else None
        return turn(seen, connection) if turn is not None else None

    def _volatile_of(self, connector: str, stream: str) -> Volatile:
        known = self._volatile.get((connector, stream))
        if known is None:
            found = self._connectors(connector)
            streams = found.manifest.streams if found else ()
            known = Volatile.of(next((s.volatile for s in streams if s.name == stream), ()))
            self._volatile[connector, stream] = known
        return known

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
        """Record what a pull has read, inside its transaction; returns how many got which verdict."""
        if not seen:
            return {}
        parcels = [
            self.parcel(connection, item, origin, orjson.dumps(item.document), interval, fresh=fresh) for item in seen
        ]
        receipts, lanes = await self._ledger.append(conn, parcels)
        counts: dict[str, int] = {}
        for parcel, receipt in zip(parcels, receipts, strict=True):
            if isinstance(receipt, Exception):
                raise receipt
            self.tally.note(parcel, receipt)
            counts[receipt.verdict] = counts.get(receipt.verdict, 0) + 1
        self._lanes |= lanes
        return counts

    def recorded(self, *, doorbells: bool = False) -> None:
        """Tell the pumps after a pull's commit, and those who answer doorbells."""
        lanes, self._lanes = self._lanes, set()
        self._rung(lanes, doorbells)


class Expectations:
    """The map and plan stages for the prover: what should stand at a destination."""

    def __init__(self, planner: Planner, directory: Directory) -> None:
        self._planner = planner
        self._directory = directory

    async def expected(self, conn: Any, destination: Connection, rows: Sequence[tuple[Any, Any]]) -> list[Expected]:
        """Plan the present state of records: (row of a route, row of a record with its event)."""
        writer = await self._directory.destination(destination.id)
        subjects = []
        for route, row in rows:
            source = await self._directory.connection(row["connection_id"])
            subjects.append(Subject(row, source.tenant_id, route_of(route), source, row))
        return [
            Expected(item.subject.key["record_id"], item.subject.key["external_id"], item.main_key, item.plan)
            for item in await self._planner.plan(conn, destination, writer, subjects)
        ]

    def document(self, row: Any) -> dict[str, Any]:
        """Return the source's own document of a record's row."""
        return self._planner.canonical.document(row)
