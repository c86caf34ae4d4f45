"""Tables as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.errors import BadInput
from crossdock.web.exports import exported

ROWS: list[dict[str, Any]] = [
    {"name": "Ann", "sum": "-12.50", "at": datetime(2026, 11, 21, tzinfo=UTC), "more": {"a": 1}, "hidden": "x"},
    {"name": '=HYPERLINK("https://evil.example")', "sum": None, "at": "line\nbreak", "more": ["b"], "hidden": "x"},
    {"name": "@SUM(A1)", "sum": "+1", "at": "+49 151", "more": None, "hidden": "x"},
]
COLUMNS = ("name", "sum", "at", "more")


async def text_of(rows: Any, form: str) -> str:
    answer = await exported("things", COLUMNS, rows, form)
    assert answer.headers["content-disposition"] == f'attachment; filename="things.{form}"'
    parts = [part async for part in answer.body_iterator]  # type: ignore[attr-defined]
    return "".join(part if isinstance(part, str) else part.decode() for part in parts)


async def test_csv_holds_no_formula() -> None:
    read = list(csv.reader(io.StringIO(await text_of(ROWS, "csv"))))
    assert read == [
        list(COLUMNS),
        ["Ann", "-12.50", "2026-11-21T00:00:00+00:00", '{"a":1}'],
        ["'" + ROWS[1]["name"], "", "line\nbreak", '["b"]'],
        ["'@SUM(A1)", "+1", "'+49 151", ""],
    ]


async def test_json_is_as_it_is() -> None:
    read = json.loads(await text_of(ROWS, "json"))
    assert [list(row) for row in read] == [list(COLUMNS)] * 3
    assert read[1]["name"] == ROWS[1]["name"]


async def test_rows_are_written_while_they_are_read() -> None:
    read = 0

    async def many() -> AsyncIterator[dict[str, Any]]:
        nonlocal read
        for number in range(20_000):
            read += 1
            yield {"name": f"row {number}", "sum": "1", "at": "", "more": ""}

    answer = await exported("things", COLUMNS, many(), "csv")
    first = await anext(aiter(answer.body_iterator))  # type: ignore[attr-defined]
    assert len(first) < 200_000
    assert read < 10_000


async def test_another_format_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        await exported("things", COLUMNS, [], "xlsx")
    assert refused.value.field == "format"
