"""Runs: pulls, backfills, proofs, replays and pushes, under way and ended; one with its progress and what it found."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from crossdock.errors import Conflict, NotFound
from crossdock.flow.run import Listing, RunKind
from crossdock.kit.ids import Prefix, parse
from crossdock.web.asking import asked_id, asked_time, asked_word, choices, given, kept, named
from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()
_LIMIT: Final = 50
_PAGE: Final = 500
_STATES: Final = ("waiting", "running", "done", "partial", "failed", "cancelled")
_COLUMNS: Final = (
    *("id", "kind", "connection", "connection_id", "state", "counters", "total", "problem", "error_count"),
    *("created_at", "started_at", "ended_at"),
)
FIELDS: Final = ("kind", "state", "connection", "since")


@ROOM.page("/runs")
async def runs(desk: Desk) -> Response:
    """List runs, the newest first."""
    asked = Listing(
        limit=_LIMIT,
        kind=asked_word(desk, "kind", [str(one) for one in RunKind]),
        state=asked_word(desk, "state", _STATES),
        connection_id=asked_id(desk, Prefix.CONNECTION, "connection"),
        since=asked_time(desk, "since"),
        before=asked_id(desk, Prefix.RUN, "before"),
    )
    if desk.query.get("format"):
        return await desk.export("runs", _COLUMNS, _each(desk, asked))
    items = await desk.hub.runs.listed(desk.tenant_id, asked)
    return desk.show(
        "runs/list.html",
        items=[{**one, "share": share_of(one)} for one in items],
        filters={name: given(desk, name) for name in FIELDS},
        filtered=bool(kept(desk, FIELDS)),
        kinds=choices(RunKind),
        states=choices(_STATES),
        connections=named(await desk.hub.connections.list(desk.tenant_id)),
        older=desk.here(before=items[-1]["id"]) if len(items) == _LIMIT else "",
        newest=desk.here(before=None) if asked.before else "",
    )


@ROOM.page("/runs/{run_id}")
async def run(desk: Desk) -> Response:
    """Tell one run: how far it is, what is left, what it found."""
    run_id = desk.id(Prefix.RUN, "run_id")
    found = await _found(desk, run_id)
    replay = await desk.hub.replays.one(desk.tenant_id, run_id) if found["kind"] == RunKind.REPLAY else None
    return desk.show(
        "runs/one.html",
        one=found,
        share=share_of(found),
        replay=replay,
        asked=_asked(found["asked"]),
        result=_result(found.get("result")),
        live=found["state"] in ("waiting", "running") or bool(replay and replay["under_way"]),
    )


@ROOM.action("/runs/{run_id}/cancel")
async def cancel(desk: Desk) -> Response:
    """End a run that is under way; what it has done stays."""
    run_id = desk.id(Prefix.RUN, "run_id")
    found = await _found(desk, run_id)
    if not await desk.hub.runs.cancel(desk.tenant_id, run_id, desk.actor):
        raise Conflict(f"the run is {found['state']} already", remedy="nothing is left to cancel")
    return desk.go(f"/runs/{found['id']}", said="The run is cancelled. What it has done stays.")


async def _each(desk: Desk, asked: Listing) -> AsyncIterator[Mapping[str, Any]]:
    asked = msgspec.structs.replace(asked, limit=_PAGE)
    while rows := await desk.hub.runs.listed(desk.tenant_id, asked):
        for row in rows:
            yield row
        asked = msgspec.structs.replace(asked, before=parse(Prefix.RUN, rows[-1]["id"]))


async def _found(desk: Desk, run_id: uuid.UUID) -> dict[str, Any]:
    found = await desk.hub.runs.one(desk.tenant_id, run_id)
    if found is None:
        raise NotFound("there is no such run", field="run_id", remedy="it may be older than what is kept")
    return found


def share_of(run: Mapping[str, Any]) -> int | None:
    """Return how far a run is, in per cent; None while nobody knows how much there is."""
    if run["state"] in ("done", "partial"):
        return 100
    if not run["total"]:
        return None
    read, total = int(run["counters"]["read"]), int(run["total"])
    return min(100, round(100 * read / total))


_HIDDEN: Final = frozenset({"do", "key"})


def _asked(asked: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what a run was asked for, as words; what was left open is left out."""
    told: list[tuple[str, Any]] = []
    for name, value in asked.items():
        if name == "filter":
            told += [(f"{part}", one) for part, one in value.items() if one is not None]
        elif name not in _HIDDEN and value not in (None, "", [], (), False):
            told.append((name, f"{len(value):,} named" if isinstance(value, list) else value))
    return told


def _result(result: Any) -> list[tuple[str, str, str]]:
    """Return what a run came to: name, value, and the page it leads to."""
    told = []
    for name, value in (result or {}).items():
        path = ""
        if isinstance(value, str) and value.startswith("prf_"):
            path = f"/proof/{value}"
        if not isinstance(value, dict | list):
            told.append(
                (name.replace("_", " "), "yes" if value is True else "no" if value is False else str(value), path)
            )
    return told
