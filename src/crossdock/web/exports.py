"""A table as a file, CSV or JSON: written while it is read, so that a million rows need no more memory than a page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from crossdock.errors import BadInput

Row = Mapping[str, Any]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9.]+\Z")


async def exported(name: str, columns: Sequence[str], rows: AsyncIterable[Row] | Sequence[Row], form: str) -> Response:
    """Answer rows as a file named after the table. Raises ``BadInput`` for another format."""
    if form not in ("csv", "json"):
        raise BadInput("tables are exported as csv or json", field="format", remedy="format=csv")
    lines = _csv(columns, _each(rows)) if form == "csv" else _json(columns, _each(rows))
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    return StreamingResponse(
        lines, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    )


async def _each(rows: AsyncIterable[Row] | Sequence[Row]) -> AsyncIterator[Row]:
    if isinstance(rows, Sequence):
        for row in rows:
            yield row
    else:
        async for row in rows:
            yield row


async def _csv(columns: Sequence[str], rows: AsyncIterator[Row]) -> AsyncIterator[str]:
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(columns)
    async for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
        if page.tell() > 65_536:
            yield page.getvalue()
            page.seek(0)
            page.truncate()
    yield page.getvalue()


async def _json(columns: Sequence[str], rows: AsyncIterator[Row]) -> AsyncIterator[bytes]:
    yield b"["
    before = b"\n"
    async for row in rows:
        yield before + orjson.dumps({column: row.get(column) for column in columns}, default=str)
        before = b",\n"
    yield b"\n]\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return orjson.dumps(value, default=str).decode()
    text = str(value)
    # a spreadsheet would run what begins like a formula
    return "'" + text if text.startswith(_FORMULA) and not _NUMBER.match(text) else text
