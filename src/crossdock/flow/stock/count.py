"""Stock in: what a tenant's stores have sold and show, counted once from the events of their connections.

One consumer a tenant at a time, in the order in which events became visible: what it counts and how far it has come
are one commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock.flow.ports import Sources, Store
from crossdock.flow.stock import levels
from crossdock.flow.stock.levels import MAIN, Cause, Change
from crossdock.flow.stock.movement import Line, Shown, counted, moved, saw, sold, unwritten
from crossdock.flow.stock.offer import Level, location_of
from crossdock.flow.stock.ports import CHANNEL, Words
from crossdock.flow.stock.push import Timing, account, shares_of
from crossdock.kit.redact import text
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.observation import Presence
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("count.sql"))
log = structlog.get_logger("crossdock.stock")
_SCAN = 2000
"""Events looked at in one commit."""
_APPLIED = ("applied", "rewound")


class LineState(msgspec.Struct):
    """A line of an order as the book knows it."""

    connection_id: uuid.UUID
    order_id: str
    line_id: str
    hub_sku: str
    location: str
    line: Line
    seq: int


Key = tuple[uuid.UUID, str, str]


class Tally(msgspec.Struct):
    """What one commit is going to write."""

    links: dict[Key, Any]
    """(connection, product, variation or "") -> row of the link."""
    lines: dict[Key, LineState]
    levels: dict[str, list[Level]]
    shares: dict[uuid.UUID, Any]
    changes: list[Change] = []
    steps: list[tuple[uuid.UUID, str, int, Any]] = []
    """(link, "sold" or "saw", pieces or quantity, event): applied to the links' accounts once these are locked."""
    touched: dict[Key, LineState] = {}

    def link_of(self, connection_id: uuid.UUID, product_id: str | None, variation_id: str | None) -> Any:
        """Return the link that sells a product: its variation's own, else its product's."""
        own = self.links.get((connection_id, product_id or "", variation_id or ""))
        return own if own is not None or not variation_id else self.links.get((connection_id, product_id or "", ""))


class Counter:
    """Counts the events of one tenant."""

    def __init__(self, store: Store, sources: Sources, words: Words, timing: Timing) -> None:
        self._store = store
        self._sources = sources
        self._words = words
        self._timing = timing

    async def count(self, tenant_id: uuid.UUID) -> bool:
        """Count what has happened since the last time. False when there was nothing more to look at."""
        async with self._store.transaction() as conn:
            cursor = await conn.fetchrow(SQL["lock_cursor"], tenant_id)
            if cursor is None:
                return False
            place = (cursor["era"], cursor["xid"], cursor["id"])
            seen = await conn.fetch(SQL["events_after"], tenant_id, *place, _SCAN)
            if not seen:
                return False
            await self._take(conn, tenant_id, await self._words_of(conn, tenant_id, seen))
            last = seen[-1]
            await conn.execute(SQL["move_cursor"], tenant_id, last["era"], last["xid"], last["id"])
            return len(seen) == _SCAN

    async def _words_of(self, conn: Any, tenant_id: uuid.UUID, seen: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Return (event, word) of what concerns linked stores, in order."""
        linked = {row["connection_id"] for row in await conn.fetch(SQL["linked_stores"], tenant_id)}
        wanted = [row["id"] for row in seen if row["connection_id"] in linked and row["verdict"] in _APPLIED]
        bodies = {row["id"]: row for row in await conn.fetch(SQL["bodies"], wanted)} if wanted else {}
        words = []
        for name in wanted:
            event = bodies.get(name)
            if event is None or event["presence"] == Presence.DELETED or event["body"] is None:
                continue
            try:
                connection = await self._sources.connection(event["connection_id"])
                words.append((event, self._words.read(connection, event)))
            except ValueError as wrong:
                # a document its own source cannot read: the entity's next state says more
                log.warning("not counted", event=str(name), problem=text(str(wrong)))
        return words

    async def _take(self, conn: Any, tenant_id: uuid.UUID, words: Sequence[tuple[Any, Any]]) -> None:
        if not words:
            return
        tally = await prepare(conn, tenant_id, words)
        for event, word in words:
            if isinstance(word, Order):
                count_order(tally, event, word)
            elif isinstance(word, Product):
                count_product(tally, event, word)
            elif event["stream"] == "fulfilment":
                await self._await_fulfilment(conn, event, word)
        await self._save(conn, tenant_id, tally)

    async def _await_fulfilment(self, conn: Any, event: Any, wish: dict[str, Any]) -> None:
        lines = msgspec.json.encode(wish.get("lines")).decode() if wish.get("lines") is not None else None
        names = (event["id"], event["tenant_id"], event["connection_id"], event["record_id"])
        await conn.execute(SQL["await_fulfilment"], *names, str(wish["order_id"]), lines)

    async def _save(self, conn: Any, tenant_id: uuid.UUID, tally: Tally) -> None:
        if tally.changes:
            await levels.apply(conn, tenant_id, tally.changes)
        await save_lines(conn, tenant_id, list(tally.touched.values()))
        touched = sorted({step[0] for step in tally.steps})
        if not touched:
            return
        rows = {row["id"]: dict(row) for row in await conn.fetch(SQL["lock_accounts"], touched)}
        owing = False
        for link_id, kind, amount, event in tally.steps:
            row = rows.get(link_id)
            if row is not None:
                owing |= _account(row, kind, amount, event)
        await conn.execute(SQL["save_accounts"], *_columns([_saved(row) for _, row in sorted(rows.items())], 7))
        await conn.execute(SQL["owe"], touched, self._timing.owed)
        if owing:
            await conn.execute(levels.SQL["wake"], CHANNEL)


async def prepare(conn: Any, tenant_id: uuid.UUID, words: Sequence[tuple[Any, Any]]) -> Tally:
    """Read what the book knows of the products and orders of (event, word) pairs."""
    pairs, orders = set(), set()
    for event, word in words:
        if isinstance(word, Order):
            orders.add((event["connection_id"], word.id))
            pairs |= {(event["connection_id"], line.product_id) for line in word.lines if line.product_id}
        elif isinstance(word, Product):
            pairs.add((event["connection_id"], word.parent_id or word.id))
    rows = await conn.fetch(SQL["links_of"], tenant_id, *_columns(sorted(pairs)))
    # a store whose orders are not read moves levels by its quantity: its account has to stand still meanwhile
    by_quantity = sorted(row["id"] for row in rows if row["counts"] == "quantity")
    locked = {row["id"]: row for row in await conn.fetch(SQL["lock_accounts"], by_quantity)} if by_quantity else {}
    links = {
        (row["connection_id"], row["product_id"], row["variation_id"] or ""): dict(row)
        | dict(locked.get(row["id"], {}))
        for row in rows
    }
    lines = await _lines_of(conn, tenant_id, sorted(orders))
    skus = sorted({row["hub_sku"] for row in rows})
    known: dict[str, list[Level]] = {}
    for row in await conn.fetch(SQL["levels_of"], tenant_id, skus):
        known.setdefault(row["hub_sku"], []).append(Level(row["location"], row["on_hand"], row["reserved"]))
    return Tally(links, lines, known, await shares_of(conn, tenant_id))


def count_order(tally: Tally, event: Any, order: Order) -> None:
    """Count what an order's lines have taken since they were last seen."""
    for line in order.lines:
        key = (event["connection_id"], order.id, line.id)
        link = tally.link_of(event["connection_id"], line.product_id, line.variation_id)
        state = tally.lines.get(key)
        if line.stock_taken is None or (state is None and (link is None or not _counts(link))):
            continue
        if state is None:
            state = tally.lines[key] = first_sight(tally, link, event, order, line)
        if state.seq >= event["seq"]:
            continue
        after = msgspec.structs.replace(state.line, taken=int(line.stock_taken))
        pieces = after.taken - state.line.taken
        move(tally, state, after, _cause(pieces), f"order:{order.id}:{line.id}:{event['id']}")
        if pieces and link is not None and link["hub_sku"] == state.hub_sku:
            tally.steps.append((link["id"], "sold", pieces, event))
        state.seq = event["seq"]
        tally.touched[key] = state


def _counts(link: Any) -> bool:
    return bool(link["direction"] != "out" and link["counts"] == "orders")


def first_sight(tally: Tally, link: Any, event: Any, order: Order, line: OrderLine) -> LineState:
    """Return a new line's state; pieces taken before the link was made are its baseline and move nothing."""
    pieces = int(line.stock_taken or 0)
    location = location_of(
        tally.shares.get(event["connection_id"], ()), tally.levels.get(link["hub_sku"], ()), max(pieces, 1)
    )
    # shops tell whole seconds
    since = link["counted_from"].replace(microsecond=0)
    # while nobody knows how much there is, nothing can be taken from it
    new = location is not None and any(at is not None and at >= since for at in (order.created_at, order.paid_at))
    taken = 0 if new else pieces
    start = Line(taken=taken, baseline=taken, reserves=link["push_on_fulfilment"])
    return LineState(event["connection_id"], order.id, line.id, link["hub_sku"], location or MAIN, start, -1)


def move(tally: Tally, state: LineState, after: Line, cause: Cause, reference: str) -> None:
    """Note the move between a line's state and ``after``."""
    on_hand, reserved = moved(state.line, after)
    if on_hand or reserved:
        tally.changes.append(
            Change(
                sku=state.hub_sku,
                location=state.location,
                reference=reference,
                cause=cause,
                delta=on_hand,
                reserved_delta=reserved,
                connection_id=state.connection_id,
            )
        )
    state.line = after


def _cause(pieces: int) -> Cause:
    return Cause.SALE if pieces >= 0 else Cause.REFUND


def count_product(tally: Tally, event: Any, product: Product) -> None:
    """Note what a store shows of a product. A product whose stock the store does not manage shows nothing."""
    whole = (product.parent_id, product.id) if product.parent_id else (product.id, "")
    link = tally.links.get((event["connection_id"], *whole))
    if link is None or product.stock_quantity is None or link["direction"] == "out":
        return
    if event["seq"] <= link["seen_seq"]:
        return
    quantity = int(product.stock_quantity)
    tally.steps.append((link["id"], "saw", quantity, event))
    if link["counts"] != "quantity":
        return
    state, by = counted(account(link), quantity)
    link.update(shown=state.shown, before=state.before, owed=0, doubt=None, seen_seq=event["seq"])
    location = location_of(
        tally.shares.get(event["connection_id"], ()), tally.levels.get(link["hub_sku"], ()), max(-by, 1)
    )
    if by and location is not None:
        tally.changes.append(
            Change(
                sku=link["hub_sku"],
                location=location,
                reference=f"product:{event['external_id']}:{event['id']}",
                cause=_cause(-by),
                delta=by,
                connection_id=event["connection_id"],
            )
        )


def _account(row: dict[str, Any], kind: str, amount: int, event: Any) -> bool:
    """Move one link's account by one step; True when something may have to be pushed for it alone."""
    state: Shown = account(row)
    if kind == "saw":
        if event["seq"] <= row["seen_seq"]:
            return False
        row["seen_seq"] = event["seq"]
        state = counted(state, amount)[0] if row["counts"] == "quantity" else saw(state, amount)
    else:
        state = sold(state, amount)
        state = state if row["written"] else unwritten(state)
    if state.doubt is None or state.doubt != row["doubt"]:
        row["doubt_at"] = event["recorded_at"] if state.doubt is not None else None
    row.update(shown=state.shown, owed=state.owed, doubt=state.doubt, before=state.before)
    return True


def _saved(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("id", "shown", "owed", "doubt", "doubt_at", "before", "seen_seq"))


async def _lines_of(conn: Any, tenant_id: uuid.UUID, orders: Sequence[tuple[uuid.UUID, str]]) -> dict[Key, LineState]:
    """Return the lines of orders as the book knows them."""
    rows = await conn.fetch(SQL["lines_of"], tenant_id, *_columns(orders)) if orders else []
    return {
        (row["connection_id"], row["order_id"], row["line_id"]): LineState(
            row["connection_id"],
            row["order_id"],
            row["line_id"],
            row["hub_sku"],
            row["location"],
            Line(row["taken"], row["fulfilled"], row["reserves"], row["baseline"]),
            row["seq"],
        )
        for row in rows
    }


async def save_lines(conn: Any, tenant_id: uuid.UUID, states: Sequence[LineState]) -> None:
    """Keep lines."""
    rows = [
        (
            *(s.connection_id, s.order_id, s.line_id, s.hub_sku, s.location),
            *(s.line.taken, s.line.fulfilled, s.line.baseline, s.line.reserves, s.seq),
        )
        for s in states
    ]
    if rows:
        await conn.execute(SQL["save_lines"], tenant_id, *_columns(rows, 10))


def _columns(rows: Sequence[tuple[Any, ...]], width: int = 2) -> list[list[Any]]:
    return [[row[at] for row in rows] for at in range(width)]


__all__ = ["Counter", "LineState", "Tally", "count_order", "count_product", "move", "prepare", "save_lines"]
