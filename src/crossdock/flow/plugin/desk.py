"""The desk: takes the items of a site, gives each its result. A batch costs a bounded number of statements."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import structlog

from crossdock.connect.connector import Arrived, Connector
from crossdock.errors import BadInput, CrossdockError
from crossdock.flow.plugin.items import STATES, TEST, Home, Item, Linked, Told, arrival, home_of
from crossdock.flow.plugin.persons import Mails, Sealer, linked, mail_of, nameless
from crossdock.flow.ports import Store
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation, Occurrence
from crossdock.model.origin import Origin
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("plugin.sql"))
log = structlog.get_logger("crossdock.plugin")


class Record(Protocol):
    """Records arrivals; gives each a receipt (``verdict``, ``event_id``) or its refusal, once all are committed."""

    async def __call__(
        self, connection: Connection, arrivals: Sequence[tuple[Arrived, Origin]], *, final: bool
    ) -> Sequence[Any]: ...


class _Case(msgspec.Struct):
    """One item on its way."""

    item: Item
    arrived: Arrived | None = None
    origin: Origin = Origin.PLUGIN
    told: Told | None = None

    @property
    def key(self) -> tuple[str, str] | None:
        """Return stream and id of the entity it is about; None for what has no record of its own."""
        arrived = self.arrived
        if arrived is None or isinstance(arrived, Occurrence) or not arrived.external_id:
            return None
        return arrived.stream, arrived.external_id


class Tellings:
    """Records what sites tell by the plugin."""

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        connectors: Callable[[str], Connector | None],
        record: Record,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._connectors = connectors
        self._record = record

    def home(self, connection: Connection) -> Home:
        """Return how a connection's items are read."""
        connector = self._connectors(connection.connector)
        return home_of(connector, self._connectors(connector.speaks) if connector and connector.speaks else None)

    async def take(self, connection: Connection, items: Sequence[Item]) -> list[Told]:
        """Record items of one connection; each gets its own result, in order.

        The same item id again is a duplicate and is not read. What is refused, or finds no room, is not remembered:
        it may be sent again under the same id.
        """
        home, cases = self.home(connection), [_Case(item) for item in items]
        await self._seen_before(connection, cases)
        await self._name(connection, home, [case for case in cases if case.told is None])
        going = []
        for case in cases:
            if case.told is None:
                self._ready(case, home)
            if case.told is None:
                going.append(case)
        await self._go(connection, home, going)
        await self._remember(connection, going)
        return await self._results(connection, cases)

    async def _seen_before(self, connection: Connection, cases: Sequence[_Case]) -> None:
        ids = {case.item.id for case in cases if _stateful(case.item)}
        if not ids:
            return
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["told_before"], connection.id, list(ids))
        known = {row["item"]: row["event_id"] for row in rows}
        met: set[uuid.UUID] = set()
        for case in cases:
            item = case.item.id
            if not _stateful(case.item):
                continue
            if item in known or item in met:
                case.told = Told(status="duplicate", event_id=known.get(item))
            met.add(item)

    async def _name(self, connection: Connection, home: Home, cases: Sequence[_Case]) -> None:
        """Find the customers that are told of without an id by their e-mail."""
        asked = [case for case in cases if nameless(case.item)]
        if not asked:
            return
        mails = Mails(self._sealer)
        for case in asked:
            mails.add(mail_of(case.item))
        async with self._store.engine() as conn:
            names = (connection.tenant_id, connection.id, list(mails.hashes))
            rows = await conn.fetch(SQL["by_mail"], *names, True)
        for case in asked:
            try:
                case.item = mails.named(case.item, rows, read=home.read)
            except BadInput as refused:
                case.told = _refused(refused)

    def _ready(self, case: _Case, home: Home) -> None:
        try:
            case.arrived, case.origin = arrival(case.item, home)
        except BadInput as refused:
            case.told = _refused(refused)

    async def _go(self, connection: Connection, home: Home, cases: Sequence[_Case]) -> None:
        if not cases:
            return
        answers = await self._record(connection, [_sent(case) for case in cases], final=not home.read)
        for case, answer in zip(cases, answers, strict=True):
            case.told = _told(answer)

    async def _remember(self, connection: Connection, cases: Sequence[_Case]) -> None:
        done = [case for case in cases if _stateful(case.item) and case.told and case.told.status != "refused"]
        if not done:
            return
        columns = [case.item.id for case in done], [case.told.event_id if case.told else None for case in done]
        async with self._store.engine() as conn:
            await conn.execute(SQL["remember"], connection.id, connection.tenant_id, *columns)

    async def _results(self, connection: Connection, cases: Sequence[_Case]) -> list[Told]:
        """Name the records of what was told, and whose orders they are."""
        for case in cases:
            if case.arrived is None and _stateful(case.item) and case.told and case.told.status == "duplicate":
                case.arrived = _stub(case.item)
        keys = {case.key for case in cases if case.key is not None and case.told and case.told.status != "refused"}
        buyers = {("customer", str(case.item.data["customer_id"])) for case in cases if _named_buyer(case)}
        if not keys:
            return [case.told for case in cases if case.told is not None]
        asked = sorted(keys | buyers)
        async with self._store.engine() as conn:
            rows = await conn.fetch(
                SQL["records"], connection.id, [k[0] for k in asked], [k[1] for k in asked], connection.tenant_id
            )
            records = {(row["stream"], row["external_id"]): row for row in rows}
            persons = await self._persons(conn, connection, cases, records)
        made = {case.told.event_id for case in cases if case.told}
        return [self._result(case, records, persons, made) for case in cases]

    async def _persons(
        self, conn: Any, connection: Connection, cases: Sequence[_Case], records: Mapping[Any, Any]
    ) -> dict[bytes, Any]:
        """Look those buyers up by e-mail whom no id has found."""
        orders = [case for case in cases if _order(case)]
        asked = {
            self._sealer.subject(mail)
            for case in orders
            if ("customer", str(case.item.data.get("customer_id"))) not in records and (mail := mail_of(case.item))
        }
        if not asked:
            return {}
        own = [records[case.key]["id"] for case in orders if case.key in records]
        rows = await conn.fetch(SQL["persons"], connection.tenant_id, connection.id, list(asked), own)
        return {row["subject"]: row for row in rows}

    def _result(
        self, case: _Case, records: Mapping[Any, Any], persons: Mapping[bytes, Any], made: set[uuid.UUID | None]
    ) -> Told:
        told = case.told
        assert told is not None
        row = records.get(case.key)
        if row is None or told.status == "refused":
            return told
        customer: Linked | None = None
        if _order(case):
            mail = mail_of(case.item)
            person = persons.get(self._sealer.subject(mail)) if mail else None
            customer = linked(records.get(("customer", str(case.item.data.get("customer_id")))), person, made)
        return msgspec.structs.replace(told, record_id=row["id"], customer=customer)


def _stateful(item: Item) -> bool:
    return item.kind in STATES and item.origin != TEST


def _order(case: _Case) -> bool:
    return case.item.kind == "order" and case.item.action == "saved" and case.key is not None


def _named_buyer(case: _Case) -> bool:
    buyer = case.item.data.get("customer_id")
    return _order(case) and isinstance(buyer, int) and buyer > 0


def _stub(item: Item) -> Observation | None:
    number = item.data.get("id")
    return Observation(item.kind, str(number), item.data) if isinstance(number, int) and number > 0 else None


def _sent(case: _Case) -> tuple[Arrived, Origin]:
    assert case.arrived is not None
    return case.arrived, case.origin


def _refused(error: CrossdockError) -> Told:
    return Told(status="refused", problem=error)


_STATUS: Final = {"unchanged": "unchanged", "unknown": "unchanged", "stale": "stale", "duplicate": "duplicate"}
"""Verdict -> what a site is told; all else is recorded."""


def _told(answer: Any) -> Told:
    if isinstance(answer, CrossdockError):
        return _refused(answer)
    if isinstance(answer, Exception):
        log.error("unexpected", problem=type(answer).__name__, exc_info=answer)
        return _refused(CrossdockError("an unexpected error; it was logged", remedy="send it again"))
    return Told(status=_STATUS.get(answer.verdict, "recorded"), event_id=answer.event_id)  # type: ignore[arg-type]
