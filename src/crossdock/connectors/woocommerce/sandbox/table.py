"""Rows of one kind with two indexes by time: lists never sort ten thousand rows for a page."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any, Literal

Row = dict[str, Any]
Axis = Literal["created", "modified", "id"]


class Table:
    """Rows by id. ``put`` after every change keeps the indexes and forgets the written-out copies."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows: dict[int, Row] = {}
        self.written: dict[tuple[str, int], bytes] = {}
        """Rows as JSON by (base URL, id)."""
        self._bases: set[str] = set()
        self._at: dict[int, tuple[str, str]] = {}
        self._created: list[tuple[str, int]] = []
        self._modified: list[tuple[str, int]] = []

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def get(self, row_id: int) -> Row | None:
        """Return one row or None."""
        return self.rows.get(row_id)

    def fill(self, rows: list[Row]) -> None:
        """Load many rows at once (one sort)."""
        for row in rows:
            self.rows[row["id"]] = row
            self._at[row["id"]] = self._stamps(row)
        self._created = sorted((at[0], row_id) for row_id, at in self._at.items())
        self._modified = sorted((at[1], row_id) for row_id, at in self._at.items())

    def put(self, row: Row) -> Row:
        """Insert or replace one row."""
        row_id = row["id"]
        self._unindex(row_id)
        self.rows[row_id] = row
        at = self._at[row_id] = self._stamps(row)
        insort(self._created, (at[0], row_id))
        insort(self._modified, (at[1], row_id))
        self.forget(row_id)
        return row

    def drop(self, row_id: int) -> Row | None:
        """Remove one row for ever."""
        self._unindex(row_id)
        self.forget(row_id)
        return self.rows.pop(row_id, None)

    def forget(self, row_id: int) -> None:
        """Drop the written-out copies of one row."""
        for base in self._bases:
            self.written.pop((base, row_id), None)

    def keep(self, base: str, row_id: int, body: bytes) -> None:
        """Remember a row as JSON; at most four base URLs are remembered."""
        if base not in self._bases and len(self._bases) >= 4:
            self._bases.clear()
            self.written.clear()
        self._bases.add(base)
        self.written[(base, row_id)] = body

    def ids(self, axis: Axis, *, after: str | None = None, before: str | None = None) -> list[int]:
        """Return ids in ascending order of ``axis``; ``after`` and ``before`` are exclusive GMT texts."""
        if axis == "id":
            return sorted(self.rows)
        index = self._created if axis == "created" else self._modified
        low = bisect_left(index, (after + "\x00", 0)) if after is not None else 0
        high = bisect_left(index, (before, -1)) if before is not None else len(index)
        return [row_id for _, row_id in index[low:high]]

    def _unindex(self, row_id: int) -> None:
        at = self._at.pop(row_id, None)
        if at is None:
            return
        for index, stamp in ((self._created, at[0]), (self._modified, at[1])):
            del index[bisect_left(index, (stamp, row_id))]

    @staticmethod
    def _stamps(row: Row) -> tuple[str, str]:
        return row.get("date_created_gmt") or "", row.get("date_modified_gmt") or ""
