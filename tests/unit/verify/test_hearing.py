"""What webhooks were answered is counted as the shop counts it, and outlives a database that is away."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.flow.verify import Hearing
from crossdock.kit.clock import SetClock
from crossdock.kit.ids import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Rows:
    """A database that is away until it is told to be there; keeps what was written."""

    def __init__(self) -> None:
        self.there = True
        self.written: list[tuple[Any, ...]] = []

    @contextlib.asynccontextmanager
    async def engine(self) -> AsyncIterator[Rows]:
        if not self.there:
            raise OSError("away")
        yield self

    async def execute(self, sql: str, *columns: list[Any]) -> None:
        self.written += zip(*columns, strict=True)


async def test_a_delivery_that_was_taken_ends_the_count() -> None:
    hearing, rows, shop = Hearing(SetClock(NOW)), Rows(), new_id()
    hearing.failed(shop, "5")
    hearing.failed(shop, "5", signature=True)
    await hearing.flush(rows)
    assert rows.written.pop() == (shop, "5", None, 2, 1, NOW)
    hearing.failed(shop, "5")
    hearing.took(shop, "5")
    hearing.failed(shop, "5")
    await hearing.flush(rows)
    assert rows.written.pop()[:5] == (shop, "5", NOW, 1, 0)
    assert await hearing.flush(rows) == 0


async def test_failures_while_the_database_is_away_are_kept() -> None:
    hearing, rows, shop = Hearing(SetClock(NOW)), Rows(), new_id()
    rows.there = False
    for _ in range(3):
        hearing.failed(shop, "5")
        with pytest.raises(OSError, match="away"):
            await hearing.flush(rows)
    rows.there = True
    await hearing.flush(rows)
    assert rows.written == [(shop, "5", None, 3, 0, None)]


async def test_a_success_after_the_failed_write_wins() -> None:
    hearing, rows, shop = Hearing(SetClock(NOW)), Rows(), new_id()
    rows.there = False
    hearing.failed(shop, "5")
    with pytest.raises(OSError, match="away"):
        await hearing.flush(rows)
    rows.there = True
    hearing.took(shop, "5")
    await hearing.flush(rows)
    assert rows.written == [(shop, "5", NOW, 0, 0, None)]


async def test_what_names_no_webhook_is_not_counted() -> None:
    hearing, rows = Hearing(SetClock(NOW)), Rows()
    hearing.failed(new_id(), "")
    hearing.took(new_id(), "")
    assert await hearing.flush(rows) == 0
    assert rows.written == []
