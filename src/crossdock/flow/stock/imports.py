"""Files of links and levels as runs: kept part by part, taken a chunk of rows a commit, resumed where they were.

A chunk's rows, the run's progress and its errors are one commit, so a process that is killed loses none and takes none
twice. A dry run does the same and takes every chunk back.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg
import msgspec

from crossdock.errors import BadInput, Conflict, NotFound, TooLarge
from crossdock.flow.ports import Store
from crossdock.flow.run import Run, RunKind, Runs
from crossdock.flow.stock.counted import LevelRows
from crossdock.flow.stock.links import Links
from crossdock.flow.stock.sheet import LinkRows
from crossdock.flow.stock.table import Applied, Heading, rows_of
from crossdock.kit.ids import Prefix, new_id, parse, show
from crossdock.store.acting import note_act
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("imports.sql"))
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_ROWS: Final = 200_000
_PART: Final = 256 * 1024
_CHUNK: Final = 500
_LISTED: Final = 100
_KEPT: Final = timedelta(days=7)
_TRIES: Final = 5


class What(StrEnum):
    """What a file holds."""

    LINKS = "sku-links"
    LEVELS = "stock"


class Rows(Protocol):
    """How the rows of a kind of file are read and applied."""

    heading: Heading

    async def read(self, number: int, row: Mapping[str, str]) -> Any:
        """Read a row. Raises ``BadInput``."""
        ...

    async def apply(self, conn: Any, items: list[Any]) -> Applied:
        """Apply what was read in the caller's transaction."""
        ...


class RowError(msgspec.Struct, frozen=True):
    """What is wrong with a line of the file (the heading is line 1)."""

    line: int
    field: str
    problem: str
    remedy: str


class Taken(msgspec.Struct):
    """What an import has done, or would do."""

    rows: int = 0
    line: int = 1
    """The last line that was taken."""
    failed: int = 0
    counts: dict[str, int] = {}
    errors: list[RowError] = []
    """The first hundred."""

    def after(self, chunk: _Chunk, applied: Applied) -> Taken:
        """Return what is taken with one chunk more."""
        wrong = [*chunk.errors, *(_error(chunk.lines[at], one) for at, one in applied.refused.items())]
        counts = {n: self.counts.get(n, 0) + applied.counts.get(n, 0) for n in {*self.counts, *applied.counts}}
        listed = [*self.errors, *sorted(wrong, key=lambda one: one.line)][:_LISTED]
        return Taken(self.rows + chunk.rows, chunk.line, self.failed + len(wrong), counts, listed)


class _Chunk(msgspec.Struct):
    rows: int = 0
    line: int = 1
    items: list[Any] = []
    lines: list[int] = []
    errors: list[RowError] = []


class _TakenBack(Exception):
    """Ends the transaction of a dry run."""


class Imports:
    """Keeps files, and does the runs that import them."""

    def __init__(self, store: Store, runs: Runs, links: Links, ring: Callable[[], None]) -> None:
        """``ring`` is told when levels may have to be pushed."""
        self._store = store
        self._runs = runs
        self._links = links
        self._ring = ring

    async def at_once(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, what: What, body: AsyncIterable[bytes], *, dry_run: bool
    ) -> Taken:
        """Import a small file without a run. Raises ``BadInput`` for a file that is no CSV with our columns."""
        rows = self._rows(what, tenant_id, connection_id, f"csv:{new_id().hex}")
        taken, by = Taken(), (tenant_id, "import.rows", what.value)
        async for chunk in _chunks(body, rows, 1):
            taken = taken.after(chunk, await self._apply(rows, chunk, dry_run=dry_run, by=by))
        self._ring()
        return taken

    async def spool(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, what: What, body: AsyncIterable[bytes], *, dry_run: bool
    ) -> uuid.UUID:
        """Keep a file and queue its run; returns the run. The same file once more is the run that is under way.

        Raises ``BadInput`` for a heading that does not fit, ``TooLarge``, and ``Conflict`` while another file is
        being imported.
        """
        name = new_id()
        try:
            digest, size, lines = await self._keep(name, tenant_id, self._rows(what, tenant_id, name, ""), body)
        except BaseException:
            await self._drop(name, tenant_id)
            raise
        asked = {"what": what, "dry_run": dry_run, "sha256": digest, "bytes": size, "rows": lines}
        made: uuid.UUID = await self._runs.add(tenant_id, connection_id, RunKind.IMPORT, (), asked, name)
        if made == name:
            return made
        await self._drop(name, tenant_id)
        other = await self._runs.one(tenant_id, made)
        if other is None or any(other["asked"].get(key) != asked[key] for key in ("what", "dry_run", "sha256")):
            told = f"{show(Prefix.RUN, made)} imports another file here"
            raise Conflict(told, remedy="wait until it has ended, or cancel it")
        return made

    async def for_good(self, tenant_id: uuid.UUID, run_id: uuid.UUID) -> uuid.UUID:
        """Import a file that a dry run has read through; returns the new run.

        Raises ``NotFound`` where there is no such run or its file is no longer kept, and ``Conflict``.
        """
        tried = await self._runs.one(tenant_id, run_id)
        if tried is None or tried["kind"] != RunKind.IMPORT or not tried["asked"].get("dry_run"):
            raise NotFound("there is no such dry run of an import", field="run_id")
        if tried["state"] in ("waiting", "running"):
            raise Conflict("the file is still being read through", remedy="wait until it has ended")
        connection_id = parse(Prefix.CONNECTION, tried["connection_id"])
        body = self._parts(tenant_id, run_id)
        return await self.spool(tenant_id, connection_id, What(tried["asked"]["what"]), body, dry_run=False)

    async def __call__(self, run: Run) -> dict[str, Any]:
        """Do a run of kind import."""
        what, dry_run = What(run.asked["what"]), bool(run.asked["dry_run"])
        rows = self._rows(what, run.tenant_id, run.connection_id, f"csv:{run.id.hex}")
        told = run.progress.get("rows", {})
        taken = Taken(told.get("read", 0), told.get("line", 1), told.get("failed", 0), told.get("verdicts", {}))
        async for chunk in _chunks(self._parts(run.tenant_id, run.id), rows, taken.line):
            taken = await self._commit(run, rows, chunk, taken, dry_run=dry_run)
            self._ring()
        run.progress = _progress(taken, run.asked["rows"], done=True)
        return {"dry_run": dry_run, "rows": taken.rows, "failed": taken.failed, **taken.counts}

    async def line(self, tenant_id: uuid.UUID, run_id: uuid.UUID, line: int) -> str:
        """Return one line of a file that was imported within the last days. Raises ``NotFound``."""
        number, rest = 0, b""
        async for part in self._parts(tenant_id, run_id):
            *whole, rest = (rest + part).split(b"\n")
            if number + len(whole) >= line:
                return whole[line - number - 1].decode("utf-8-sig", "replace").rstrip("\r")
            number += len(whole)
        if rest and number + 1 == line:
            return rest.decode("utf-8-sig", "replace").rstrip("\r")
        raise NotFound("the file has no such line, or is no longer kept", field="line", remedy="files are kept 7 days")

    async def forget(self) -> None:
        """Drop files of runs that ended long ago, and of uploads that never became one."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["forget_parts"], _KEPT)

    def _rows(self, what: What, tenant_id: uuid.UUID, connection_id: uuid.UUID, name: str) -> Rows:
        if what is What.LEVELS:
            return LevelRows(tenant_id, name)
        return LinkRows(self._links, tenant_id, connection_id)

    async def _keep(
        self, run_id: uuid.UUID, tenant_id: uuid.UUID, rows: Rows, body: AsyncIterable[bytes]
    ) -> tuple[str, int, int]:
        """Keep a file as it comes; returns its digest, size and rows."""
        digest, size, lines, number, waiting, last = hashlib.sha256(), 0, 0, 0, bytearray(), b"\n"
        async for piece in body:
            digest.update(piece)
            size, lines, waiting, last = size + len(piece), lines + piece.count(b"\n"), waiting + piece, piece or last
            if size > MOST_BYTES or lines > MOST_ROWS + 1:
                told = f"a file has at most {MOST_BYTES // 1024 // 1024} MB and {MOST_ROWS} rows"
                raise TooLarge(told, field="body", remedy="split it")
            while len(waiting) >= _PART:
                number = await self._keep_part(run_id, tenant_id, rows, number, bytes(waiting[:_PART]))
                del waiting[:_PART]
        if waiting or not number:
            await self._keep_part(run_id, tenant_id, rows, number, bytes(waiting))
        return digest.hexdigest(), size, max(0, lines - 1 + (not last.endswith(b"\n")))

    async def _keep_part(self, run_id: uuid.UUID, tenant_id: uuid.UUID, rows: Rows, number: int, part: bytes) -> int:
        if not number:  # what is no file of ours is refused before it is kept
            first = part.split(b"\n", 1)[0] + b"\n" if part else b""
            async for _ in rows_of(_once(first), rows.heading):
                break
        async with self._store.engine() as conn:
            await conn.execute(SQL["keep_part"], run_id, number, tenant_id, part)
        return number + 1

    async def _parts(self, tenant_id: uuid.UUID, run_id: uuid.UUID) -> AsyncIterator[bytes]:
        number = 0
        while True:
            async with self._store.engine() as conn:
                part = await conn.fetchval(SQL["parts"], run_id, tenant_id, number)
            if part is None:
                return
            yield part
            number += 1

    async def _drop(self, run_id: uuid.UUID, tenant_id: uuid.UUID) -> None:
        async with self._store.engine() as conn:
            await conn.execute(SQL["drop_parts"], run_id, tenant_id)

    async def _commit(self, run: Run, rows: Rows, chunk: _Chunk, taken: Taken, *, dry_run: bool) -> Taken:
        """Take a chunk; its rows, the run's progress and its errors are one commit."""
        before = list(run.errors), run.error_count
        if dry_run:
            applied = await self._apply(rows, chunk, dry_run=True)
            async with self._store.transaction() as conn:
                return await self._advance(conn, run, chunk, taken, applied)
        for left in reversed(range(_TRIES)):
            try:
                async with self._store.transaction() as conn:
                    applied = await rows.apply(conn, chunk.items) if chunk.items else Applied({})
                    return await self._advance(conn, run, chunk, taken, applied)
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
                run.errors, run.error_count = before
                if not left:
                    raise
        raise AssertionError

    async def _advance(self, conn: Any, run: Run, chunk: _Chunk, taken: Taken, applied: Applied) -> Taken:
        known = len(taken.errors)
        after = taken.after(chunk, applied)
        path = f"/api/v1/runs/{show(Prefix.RUN, run.id)}/lines"
        for one in after.errors[known:]:
            told = {"line": one.line, "field": one.field, "rule": one.problem, "remedy": one.remedy}
            run.note_error(f"line {one.line}", f"{one.field}: {one.problem}", link=f"{path}/{one.line}", **told)
        run.error_count = after.failed
        progress = _progress(after, run.asked["rows"], done=False)
        await self._runs.advance(conn, run, progress)
        run.progress = progress
        return after

    async def _apply(
        self, rows: Rows, chunk: _Chunk, *, dry_run: bool, by: tuple[uuid.UUID, str, str] | None = None
    ) -> Applied:
        """``by``: tenant, action and subject of the audit's entry; None: its run has one already."""
        applied = Applied({})
        for left in reversed(range(_TRIES)):
            try:
                async with self._store.transaction() as conn:
                    applied = await rows.apply(conn, chunk.items) if chunk.items else applied
                    if dry_run:
                        raise _TakenBack
                    if by is not None:
                        await note_act(conn, *by, {"rows": len(chunk.items)})
            except _TakenBack:
                pass
            except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
                if not left:
                    raise
                continue
            break
        return applied


async def _chunks(body: AsyncIterable[bytes], rows: Rows, done: int) -> AsyncIterator[_Chunk]:
    """Yield a file's rows after line ``done``; rows before are read, too, so that doubles are found."""
    chunk = _Chunk()
    async for number, row in rows_of(body, rows.heading):
        try:
            if isinstance(row, BadInput):
                raise row
            item = await rows.read(number, row)
            if number > done:
                chunk.items.append(item)
                chunk.lines.append(number)
        except BadInput as wrong:
            if number > done:
                chunk.errors.append(_error(number, wrong))
        if number > done:
            chunk.rows, chunk.line = chunk.rows + 1, number
        if chunk.rows >= _CHUNK:
            yield chunk
            chunk = _Chunk()
    if chunk.rows:
        yield chunk


def _error(line: int, wrong: BadInput) -> RowError:
    return RowError(line, wrong.field or "", wrong.problem, wrong.remedy)


def _progress(taken: Taken, total: int, *, done: bool) -> dict[str, Any]:
    told = {"read": taken.rows, "total": total, "line": taken.line, "failed": taken.failed, "done": done}
    return {"rows": {**told, "verdicts": taken.counts}}


async def _once(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
