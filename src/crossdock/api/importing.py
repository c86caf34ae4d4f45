"""Files that are imported: a small one is answered at once, a large one becomes a run."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Final

from fastapi import Request, Response
from pydantic import BaseModel

from crossdock.api.problems import answer
from crossdock.errors import BadInput
from crossdock.flow.stock.imports import MOST_BYTES, MOST_ROWS, What
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub

_SMALL: Final = 256 * 1024
_FEW: Final = 1000


class RowProblem(BaseModel):
    """What is wrong with a line; the heading is line 1."""

    line: int
    field: str
    problem: str
    remedy: str


class ImportResult(BaseModel):
    """What an import did, or would do (dry_run)."""

    dry_run: bool
    rows: int
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicate: int = 0
    failed: int
    errors: list[RowProblem]


HOW: Final = (
    f"A file of up to {_FEW} rows is answered at once (200). A larger one, or any with `Prefer: respond-async`, is kept"
    " and becomes a run (202): its progress, the first hundred wrong lines, cancel and resume are under `/runs/{id}`."
    f" At most {MOST_BYTES // 1024 // 1024} MB and {MOST_ROWS} rows."
)


async def taken(
    hub: Hub, tenant_id: uuid.UUID, connection_id: uuid.UUID, what: What, request: Request, *, dry_run: bool
) -> Response:
    """Import the request's body; lines that are wrong are listed and left out."""
    body = request.stream()
    first, ended = await _first(body)
    wants_run = "respond-async" in request.headers.get("prefer", "").lower()
    if ended and not wants_run and first.count(b"\n") <= _FEW:
        done = await hub.imports.at_once(tenant_id, connection_id, what, _again(first, None), dry_run=dry_run)
        errors = [RowProblem(line=e.line, field=e.field, problem=e.problem, remedy=e.remedy) for e in done.errors]
        told = ImportResult(dry_run=dry_run, rows=done.rows, failed=done.failed, errors=errors, **done.counts)
        return answer(told.model_dump())
    run_id = await hub.imports.spool(tenant_id, connection_id, what, _again(first, body), dry_run=dry_run)
    made = await hub.runs.one(tenant_id, run_id)
    reply = answer(made, 202)
    reply.headers["Location"] = f"/api/v1/runs/{show(Prefix.RUN, run_id)}"
    return reply


async def _first(body: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """Read what a small file would be; returns it and whether that is all."""
    read = bytearray()
    async for piece in body:
        read += piece
        if len(read) > _SMALL:
            return bytes(read), False
    if not read:
        raise BadInput("the file is empty", field="body", remedy="send CSV with a heading")
    return bytes(read), True


async def _again(first: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    yield first
    if rest is not None:
        async for piece in rest:
            yield piece
