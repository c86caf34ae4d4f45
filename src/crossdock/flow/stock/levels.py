"""The book of levels: every change is a movement with a reference, under the level's row lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from crossdock.flow.stock.ports import CHANNEL
from crossdock.kit.ids import new_id
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("levels.sql"))
MAIN = "main"
"""The location of whoever has only one."""
MOST = 2_000_000_000
"""Pieces of one SKU at one location."""


class Cause(StrEnum):
    """Why a level moved."""

    SALE = "sale"
    REFUND = "refund"
    """Pieces given back by a store: cancelled, refunded or put on its shelf."""
    SET = "set"
    FULFILMENT = "fulfilment"
    IMPORT = "import"
    CORRECTION = "correction"
    """A difference that no order explains: somebody counted the shelf in a store."""


class Change(msgspec.Struct, frozen=True):
    """One change of one level: absolute where ``on_hand`` or ``reserved`` is given, else by the deltas."""

    sku: str
    reference: str
    """What moved it. The same reference moves a level once (deltas only; setting the same again changes nothing)."""
    cause: Cause
    location: str = MAIN
    on_hand: int | None = None
    reserved: int | None = None
    delta: int = 0
    reserved_delta: int = 0
    confirmed: bool | None = None
    """False: a zero that may be a mistake, so that the store is read again before it is written."""
    expected_version: int | None = None
    """Change only this version of the level."""
    connection_id: uuid.UUID | None = None

    @property
    def absolute(self) -> bool:
        """Return whether the change sets instead of adds."""
        return self.on_hand is not None or self.reserved is not None


class Status(StrEnum):
    """What became of a change."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    """The level has another version than the one expected."""
    UNKNOWN = "unknown"
    """There is no such level to be moved."""


class Result(msgspec.Struct, frozen=True):
    """A change's result, and the level as it stands now (None where there is none)."""

    status: Status
    sku: str
    location: str
    on_hand: int | None = None
    reserved: int | None = None
    version: int | None = None


class _Row(msgspec.Struct):
    on_hand: int
    reserved: int
    confirmed: bool
    version: int


Key = tuple[str, str]


async def apply(conn: Any, tenant_id: uuid.UUID, changes: Sequence[Change]) -> list[Result]:
    """Make changes in the caller's transaction; one result a change, in order. What is pushed for it is marked."""
    sets = sorted({(c.sku, c.location) for c in changes if c.on_hand is not None})
    if sets:
        await conn.execute(SQL["create_levels"], tenant_id, *_columns(sets, 2))
    keys = sorted({(c.sku, c.location) for c in changes})
    rows = await conn.fetch(SQL["lock_levels"], tenant_id, *_columns(keys, 2))
    levels = {
        (r["hub_sku"], r["location"]): _Row(r["on_hand"], r["reserved"], r["confirmed"], r["version"]) for r in rows
    }
    named = sorted({(c.sku, c.location, c.reference) for c in changes if not c.absolute})
    found = await conn.fetch(SQL["known_moves"], tenant_id, *_columns(named, 3)) if named else []
    known = {(r["hub_sku"], r["location"], r["reference"]) for r in found}
    moves: list[tuple[Any, ...]] = []
    results = [_one(change, levels, known, moves) for change in changes]
    if moves:
        await _write(conn, tenant_id, levels, moves)
    return results


def _one(
    change: Change, levels: dict[Key, _Row], known: set[tuple[str, str, str]], moves: list[tuple[Any, ...]]
) -> Result:
    level = levels.get((change.sku, change.location))
    if level is None:
        return Result(Status.UNKNOWN, change.sku, change.location)
    status = _status(change, level, known)
    if status is Status.CHANGED:
        was = (level.on_hand, level.reserved)
        if change.absolute:
            level.on_hand = was[0] if change.on_hand is None else change.on_hand
            level.reserved = was[1] if change.reserved is None else change.reserved
        else:
            level.on_hand += change.delta
            level.reserved += change.reserved_delta
            known.add((change.sku, change.location, change.reference))
        level.confirmed = _confirmed(change, level)
        level.version += 1
        deltas = (level.on_hand - was[0], level.reserved - was[1])
        now = (level.on_hand, level.reserved, level.version)
        name = (change.sku, change.location)
        moves.append((new_id(), *name, *deltas, *now, change.cause, change.reference, change.connection_id))
    return Result(status, change.sku, change.location, level.on_hand, level.reserved, level.version)


def _status(change: Change, level: _Row, known: set[tuple[str, str, str]]) -> Status:
    if change.expected_version not in (None, level.version):
        return Status.CONFLICT
    if not change.absolute:
        return Status.DUPLICATE if (change.sku, change.location, change.reference) in known else Status.CHANGED
    same = change.on_hand in (None, level.on_hand) and change.reserved in (None, level.reserved)
    if same and level.version and _confirmed(change, level) == level.confirmed:
        return Status.UNCHANGED
    return Status.CHANGED


def _confirmed(change: Change, level: _Row) -> bool:
    """A zero that was counted down is real; one that was set is, when the caller says so."""
    if change.confirmed is not None:
        return change.confirmed
    if not change.absolute:
        return True
    return (level.on_hand if change.on_hand is None else change.on_hand) > 0


async def _write(conn: Any, tenant_id: uuid.UUID, levels: dict[Key, _Row], moves: list[tuple[Any, ...]]) -> None:
    keys = sorted({(move[1], move[2]) for move in moves})
    rows = [
        (*key, level.on_hand, level.reserved, level.confirmed, level.version)
        for key in keys
        for level in (levels[key],)
    ]
    await conn.execute(SQL["save_levels"], tenant_id, *_columns(rows, 6))
    await conn.execute(SQL["add_moves"], tenant_id, *_columns(moves, 11))
    await mark(conn, tenant_id, sorted({key[0] for key in keys}))


async def mark(conn: Any, tenant_id: uuid.UUID, skus: Sequence[str]) -> None:
    """Mark what is to be pushed after SKUs have changed, and wake the pushers at the commit."""
    await conn.execute(SQL["mark_links"], tenant_id, list(skus))
    await conn.execute(SQL["wake"], CHANNEL)


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[at] for row in rows] for at in range(width)]
