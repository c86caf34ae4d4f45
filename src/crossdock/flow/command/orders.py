"""Commands about orders: found, checked, recorded as wishes of the shop's own connection."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from crossdock.errors import Conflict, CrossdockError, KeyReused, NotFound
from crossdock.flow.canonical import Canonical
from crossdock.flow.command.judge import wish
from crossdock.flow.command.words import Ask, Fulfil, Issued, Refund, SetStatus, Target
from crossdock.flow.ports import Sources, Store
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.commerce.refund import Refund as RefundWord
from crossdock.model.connection import Connection
from crossdock.model.maps import Maps, effective
from crossdock.model.observation import Occurrence
from crossdock.store.acting import acting
from crossdock.store.audit import audit_all
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("command.sql"))
_EARLIER: dict[str, str] = {Refund.STREAM: "refunds", Fulfil.STREAM: ""}
"""Wish streams whose earlier wishes count, and where the recorded order names what they made."""


class Recorded(Protocol):
    """The receipt of a recorded wish."""

    @property
    def event_id(self) -> uuid.UUID | None: ...
    @property
    def deliveries(self) -> tuple[uuid.UUID, ...]: ...
    @property
    def verdict(self) -> str: ...


Wishes = Callable[[Connection, Sequence[Occurrence]], Awaitable[Sequence[Recorded | Exception]]]


class OrderCommands:
    """Takes commands about orders."""

    def __init__(self, store: Store, sources: Sources, canonical: Canonical, wishes: Wishes) -> None:
        self._store = store
        self._sources = sources
        self._canonical = canonical
        self._wishes = wishes

    async def find(self, tenant_id: uuid.UUID, name: str, connection_id: uuid.UUID | None = None) -> uuid.UUID:
        """Return the order that people call ``name``. Raises ``NotFound``; ``Conflict`` when several shops have it."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["named"], tenant_id, name, connection_id)
        if not rows:
            raise NotFound(f"there is no order {name!r}", remedy="name it by its number, or by its id (ord_…)")
        if len(rows) > 1:
            raise Conflict(f"several shops have an order {name!r}", remedy="name the shop, or the order by its id")
        found: uuid.UUID = rows[0]["id"]
        return found

    async def one(self, tenant_id: uuid.UUID, ask: Ask) -> Issued:
        """Take one command. Raises ``NotFound``, ``BadInput``, ``Conflict``, ``KeyReused`` or ``Overloaded``."""
        answer = (await self.many(tenant_id, [ask]))[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def many(self, tenant_id: uuid.UUID, asks: Sequence[Ask]) -> list[Issued | Exception]:
        """Take many commands in one go; each has its own result, and one refused stops no other."""
        targets = await self._targets(tenant_id, asks)
        taken = await self._taken(tenant_id, asks, targets)
        known = {target.connection.id: target.connection for target in targets.values()}
        statuses = await self._statuses(tenant_id, asks, known)
        carried = await self._carried(tenant_id, list(known))
        answers: list[Issued | Exception | None] = []
        wishes: dict[uuid.UUID, list[tuple[int, Occurrence]]] = {}
        for index, ask in enumerate(asks):
            target = targets.get(ask.order)
            try:
                if target is None:
                    raise NotFound("there is no such order", remedy="it may not be recorded yet")
                if (earlier := taken.get((target.connection.id, ask.key or ""))) is not None:
                    answers.append(_again(ask, target, earlier))
                    continue
                made = _occurrence(ask, target, statuses.get(target.connection.id, ()), carried)
                wishes.setdefault(target.connection.id, []).append((index, made))
                answers.append(None)
            except CrossdockError as refused:
                answers.append(refused)
        await self._note(tenant_id, [asks[index] for listed in wishes.values() for index, _ in listed])
        for connection_id, listed in wishes.items():
            receipts = await self._wishes(known[connection_id], [made for _, made in listed])
            for (index, _), receipt in zip(listed, receipts, strict=True):
                answers[index] = _issued(asks[index], targets[asks[index].order], receipt)
        return await self._with_deliveries(tenant_id, [answer for answer in answers if answer is not None])

    async def _note(self, tenant_id: uuid.UUID, asks: Sequence[Ask]) -> None:
        """Write into the audit what is asked, before it is: the wishes themselves share their commits with others'."""
        who = acting()
        if who is None or not asks:
            return
        rows = [(tenant_id, who, f"order.{ask.command.STREAM}", show(Prefix.ORDER, ask.order), None) for ask in asks]
        async with self._store.engine() as conn:
            await audit_all(conn, rows)

    async def _targets(self, tenant_id: uuid.UUID, asks: Sequence[Ask]) -> dict[uuid.UUID, Target]:
        """Read the orders; their lines, amounts and earlier wishes only where a command looks at them."""
        deep = {ask.order: ask.command.STREAM for ask in asks if isinstance(ask.command, Fulfil | Refund)}
        found = {}
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["orders"], tenant_id, sorted({ask.order for ask in asks}), sorted(deep))
            for row in rows:
                try:
                    connection = await self._sources.connection(row["connection_id"])
                except NotFound:
                    continue
                target = Target(
                    record_id=row["id"],
                    connection=connection,
                    external_id=row["external_id"],
                    number=row["code"] or row["external_id"],
                    seq=row["seq"],
                    presence=row["presence"],
                    status=row["status"],
                    modified_at=row["modified_at"],
                )
                if row["id"] in deep and row["body"] is not None:
                    order = self._canonical.read(connection, row)
                    earlier = await self._earlier(conn, target, deep[row["id"]], order)
                    refunded = await self._refunded(conn, target) if deep[row["id"]] == Refund.STREAM else {}
                    target = msgspec.structs.replace(target, order=order, earlier=earlier, refunded=refunded)
                found[row["id"]] = target
        return found

    async def _earlier(self, conn: Any, target: Target, stream: str, order: Any) -> tuple[dict[str, Any], ...]:
        """Return what was asked before and does not show in the recorded order yet."""
        rows = await conn.fetch(
            SQL["earlier"], target.connection.tenant_id, target.connection.id, stream, target.external_id
        )
        named = _EARLIER[stream]
        shown = {one.id for one in getattr(order, named)} if named else set()
        # the shop named no id of what it made: after a while the recorded order shows it
        hidden = [r for r in rows if r["done_as"] not in shown and not (named and r["done_as"] == "" and r["settled"])]
        return tuple(self._canonical.document(row) for row in hidden)

    async def _refunded(self, conn: Any, target: Target) -> dict[str, int]:
        """Return how many of each line the recorded refunds gave back."""
        gone: Counter[str] = Counter()
        for row in await conn.fetch(
            SQL["refunds"], target.connection.tenant_id, target.connection.id, target.external_id
        ):
            refund = self._canonical.read(target.connection, row)
            for line in refund.lines if isinstance(refund, RefundWord) else ():
                if line.line_id is not None:
                    gone[line.line_id] += int(line.quantity)
        return gone

    async def _statuses(
        self, tenant_id: uuid.UUID, asks: Sequence[Ask], known: dict[uuid.UUID, Connection]
    ) -> dict[uuid.UUID, tuple[str, ...]]:
        """Return each shop's statuses that its account or its orders name, where a command sets one."""
        if not any(isinstance(ask.command, SetStatus) for ask in asks):
            return {}
        found = {}
        async with self._store.engine() as conn:
            for connection in known.values():
                rows = await conn.fetch(SQL["statuses"], tenant_id, connection.id)
                told = connection.account.get("order_statuses")
                listed = [word for word in told if isinstance(word, str)] if isinstance(told, list | dict) else []
                found[connection.id] = (*listed, *(row["status"] for row in rows))
        return found

    async def _carried(self, tenant_id: uuid.UUID, connections: list[uuid.UUID]) -> set[tuple[uuid.UUID, str]]:
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["carriers"], tenant_id, connections)
        return {(row["source_id"], row["stream"]) for row in rows}

    async def _taken(
        self, tenant_id: uuid.UUID, asks: Sequence[Ask], targets: dict[uuid.UUID, Target]
    ) -> dict[tuple[uuid.UUID, str], Any]:
        """Return the wishes that were recorded before under the same keys: (event, its document)."""
        wanted = sorted(
            {(targets[ask.order].connection.id, ask.key) for ask in asks if ask.key and ask.order in targets}
        )
        if not wanted:
            return {}
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["known_keys"], tenant_id, *map(list, zip(*wanted, strict=True)))
        return {(row["connection_id"], row["key"]): (row, self._asked(row)) for row in rows}

    def _asked(self, row: Any) -> str:
        return str(self._canonical.document(row).get("asked", "")) if row["body"] is not None else ""

    async def _with_deliveries(
        self, tenant_id: uuid.UUID, answers: Sequence[Issued | Exception]
    ) -> list[Issued | Exception]:
        again = sorted({a.event_id for a in answers if isinstance(a, Issued) and a.duplicate})
        if not again:
            return list(answers)
        made: dict[uuid.UUID, list[uuid.UUID]] = {}
        async with self._store.engine() as conn:
            for row in await conn.fetch(SQL["deliveries_of"], tenant_id, again):
                made.setdefault(row["event_id"], []).append(row["id"])
        return [
            msgspec.structs.replace(a, delivery_ids=tuple(sorted(made.get(a.event_id, []))))
            if isinstance(a, Issued) and a.duplicate
            else a
            for a in answers
        ]


def digest_of(ask: Ask) -> str:
    """Return what tells whether two asks under one key are the same."""
    return hashlib.sha256(ask.command.STREAM.encode() + b"\0" + msgspec.json.encode(ask.command)).hexdigest()


def _occurrence(ask: Ask, target: Target, statuses: Sequence[str], carried: set[tuple[uuid.UUID, str]]) -> Occurrence:
    stream = ask.command.STREAM
    if (target.connection.id, stream) not in carried:
        raise Conflict(
            f"{target.connection.name} is connected for reading alone",
            remedy="connect it with keys that may write (read_write)",
        )
    owners = target.connection.config.get("field_owners")
    if isinstance(ask.command, SetStatus) and isinstance(owners, dict) and owners.get("order.status") == "store":
        raise Conflict(
            f"{target.connection.name} itself owns the status of its orders",
            remedy="change field_owners of the connection, or the status in the store",
        )
    if isinstance(ask.command, Fulfil | Refund) and target.order is None:
        raise Conflict("the order's document is no longer kept", remedy="pull the shop, then send the command again")
    maps: Maps = effective(target.connection.config)
    document = wish(ask.command, target, maps, statuses)
    if ask.key:
        # the same for every try, so that two at once are one
        request_id = hashlib.sha256(f"{target.connection.id}\0{ask.key}".encode()).hexdigest()[:32]
    else:
        request_id = new_id().hex
    return Occurrence(
        stream=stream,
        type=f"{stream}.requested",
        document={"request_id": request_id, "asked": digest_of(ask), **document},
        external_id=target.external_id,
        key=ask.key,
    )


def _again(ask: Ask, target: Target, earlier: tuple[Any, str]) -> Issued:
    row, asked = earlier
    same = row["stream"] == ask.command.STREAM and row["external_id"] == target.external_id
    if not same or asked != digest_of(ask):
        raise KeyReused(
            "this Idempotency-Key was used before with another body",
            field="Idempotency-Key",
            remedy="send the same body, or a new key for a new command",
        )
    return _shown(ask, target, row["event_id"], (), duplicate=True)


def _issued(ask: Ask, target: Target, receipt: Recorded | Exception) -> Issued | Exception:
    if isinstance(receipt, Exception):
        return receipt
    assert receipt.event_id is not None
    duplicate = receipt.verdict == "duplicate"
    return _shown(ask, target, receipt.event_id, receipt.deliveries, duplicate=duplicate)


def _shown(
    ask: Ask, target: Target, event_id: uuid.UUID, deliveries: tuple[uuid.UUID, ...], *, duplicate: bool
) -> Issued:
    maps = effective(target.connection.config)
    return Issued(
        event_id=event_id,
        delivery_ids=deliveries,
        duplicate=duplicate,
        order=ask.order,
        status=maps.from_shop(target.status),
        version=target.seq,
    )
