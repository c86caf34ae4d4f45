"""Proof: the calendar of stores, destinations and days; a day opened into its sum and exceptions; reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any, Final

import orjson
from starlette.responses import Response

from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.flow.reconcile.reports import Kept
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, parse, show
from crossdock.store.audit import audit
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.records.asking import chosen, connections, day, place
from crossdock.web.records.calendar import MOST_LINES, Line, Opened, lines, opened
from crossdock.wiring.starting import prove

ROOM = Room()
PAGE: Final = 100
_KINDS: Final = ("missing", "duplicate", "drifted", "unexpected", "dead")
_DAY_COLUMNS: Final = (
    *("store", "destination", "day", "in_store", "recorded", "delivered", "skipped", "fallback", "dead", "missing"),
    *("duplicate", "drifted", "moving", "repaired"),
)
_LIST_COLUMNS: Final = ("id", "store", "connection_id", "ok", "depth", "exceptions", "began_at", "ended_at", "run_id")
_EXCEPTIONS: Final = (
    *("id", "entity", "external_id", "destination", "kind", "what", "state", "cause", "done", "remedy", "known"),
)


@ROOM.page("/proof")
async def proofs(desk: Desk) -> Response:
    """Show a month, and the day that is opened."""
    month = _month(desk)
    stores = await connections(desk, streams=("order",))
    only = next((one.uuid for one in stores if one.id == desk.query.get("only")), None)
    ledger, found = await lines(desk.hub, desk.tenant_id, month, only)
    if desk.query.get("format"):
        return await desk.export(f"proof-{month:%Y-%m}", _DAY_COLUMNS, _rows(ledger, found))
    begin = int(desk.query.get("from", "0")) if desk.query.get("from", "0").isdigit() else 0
    shown = found[begin : begin + MOST_LINES]
    return desk.show(
        "proof/calendar.html",
        month=month,
        before=_shift(month, -1),
        after=_shift(month, 1) if _shift(month, 1) <= datetime.now(UTC).date().replace(day=1) else None,
        lines=shown,
        days=max((line.cells for line in shown), key=len, default=()),
        total=len(found),
        begin=begin,
        stores=stores,
        store_options=[(one.id, one.name) for one in stores],
        only=desk.query.get("only", ""),
        day=await _opened(desk, ledger, found),
        taken=await desk.hub.reports.listed(desk.tenant_id, None, None, 8),
        today=datetime.now(UTC).date(),
    )


@ROOM.action("/proof", role=Role.OPERATOR)
async def start(desk: Desk) -> Response:
    """Prove a store's days, as a run."""
    first, last = day(desk.text("first"), "first"), day(desk.text("last"), "last")
    run = await prove(
        desk.hub, desk.tenant_id, desk.id(Prefix.CONNECTION, "store"), first, last or first,
        repair=bool(desk.text("repair")),
    )  # fmt: skip
    said = "everything" if first is None else f"the orders of {first} to {last or first}"
    link = desk.to(f"/runs/{run['id']}")
    return desk.go("/proof", said=f"{run['connection']}: {said} is being proven.", link=link, label="See the run")


@ROOM.page("/proof/all")
async def listed(desk: Desk) -> Response:
    """List the proofs that were taken."""
    before = place(desk, Prefix.PROOF)
    if desk.query.get("format"):
        return await desk.export("proofs", _LIST_COLUMNS, _each(desk))
    rows = await desk.hub.reports.listed(desk.tenant_id, None, before, 50)
    older = desk.here(before=rows[-1]["id"]) if len(rows) == 50 else ""
    return desk.show("proof/list.html", rows=rows, older=older, newer=desk.here(before=None) if before else "")


@ROOM.page("/proof/{proof_id}")
async def one(desk: Desk) -> Response:
    """Show one report with its exceptions."""
    kept = await _kept(desk)
    kind = chosen(desk.query.get("kind", ""), "kind", _KINDS)
    state = chosen(desk.query.get("state", ""), "state", ("open", "repaired"))
    exceptions = desk.hub.reports.exceptions
    if desk.query.get("format"):
        return await desk.export(f"proof-{desk.request.path_params['proof_id']}", _EXCEPTIONS, _told(desk, kept))
    found = await exceptions.page(
        desk.tenant_id, kept.id, after=place(desk, Prefix.EXCEPTION, "after"), kind=kind, state=state, limit=PAGE
    )
    return desk.show(
        "proof/one.html",
        report=kept.report,
        proof_id=show(Prefix.PROOF, kept.id),
        signature=kept.signature,
        genuine=desk.hub.reports.genuine(kept.report, kept.signature),
        found=found,
        tab_kinds=[(one.capitalize(), desk.here(kind=one, after=None), one == kind, "") for one in _KINDS],
        kind=kind or "",
        state=state or "",
        older=desk.here(after=found[-1]["id"]) if len(found) == PAGE else "",
    )


@ROOM.page("/proof/{proof_id}/report")
async def signed(desk: Desk) -> Response:
    """Give the signed report as a file: word for word what the signature is over, with every exception."""
    kept = await _kept(desk)
    every = [one async for one in desk.hub.reports.exceptions.every(desk.tenant_id, kept.id)]
    name = desk.request.path_params["proof_id"]
    told = {"report": kept.report, "signature": kept.signature, "exceptions": every}
    return Response(
        orjson.dumps(told),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )


@ROOM.action("/proof/{proof_id}/repair", role=Role.OPERATOR)
async def repair(desk: Desk) -> Response:
    """Deliver the present state of what a proof found wrong again."""
    kept = await _kept(desk)
    ids = [parse(Prefix.EXCEPTION, one) for one in desk.texts("exception")[:1000]]
    pairs = await desk.hub.reports.exceptions.pairs(desk.tenant_id, kept.id, ids)
    if not pairs:
        raise Conflict("nothing of it can be put right by another delivery", remedy="its remedy says what helps")
    queued = await desk.hub.replay.states(desk.tenant_id, pairs)
    async with desk.hub.database.transaction() as conn:
        await audit(conn, desk.tenant_id, desk.actor, "proof.repair", kept.id, {"records": len(pairs)})
    said = "One record is" if len(pairs) == 1 else f"{len(pairs)} records are"
    way = "being delivered again" if queued else "on the way already"
    back = desk.text("back") if desk.text("back").startswith("/t/") else ""
    said = f"{said} {way}; prove the day again to see it whole."
    return desk.go("/proof", said=said, link=back, label="Back to the day")


async def _opened(desk: Desk, ledger: Any, found: list[Line]) -> Opened | None:
    asked = day(desk.query.get("day", ""), "day")
    names = (desk.query.get("store", ""), desk.query.get("to", ""))
    line = next((one for one in found if (one.store_id, one.destination_id) == names), None)
    return await opened(desk.hub, ledger, line, asked, desk.tenant_id) if asked and line else None


def _month(desk: Desk) -> date:
    text = desk.query.get("month", "") or desk.query.get("day", "")[:7]
    if not text:
        return datetime.now(UTC).date().replace(day=1)
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise BadInput("this is no month", field="month", remedy="write it as 2026-11") from None


def _shift(month: date, by: int) -> date:
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)


def _rows(ledger: Any, found: list[Line]) -> list[dict[str, Any]]:
    rows = []
    for line in found:
        for cell in line.cells:
            _, row = ledger.at(parse(Prefix.CONNECTION, line.store_id), line.destination_id, cell.day)
            counts = {name: getattr(row, name) for name in _DAY_COLUMNS[3:]} if row else {}
            rows.append({"store": line.store, "destination": line.destination, "day": cell.day.isoformat(), **counts})
    return rows


async def _each(desk: Desk) -> AsyncIterator[dict[str, Any]]:
    before = None
    while rows := await desk.hub.reports.listed(desk.tenant_id, None, before, 200):
        for row in rows:
            yield row
        before = parse(Prefix.PROOF, rows[-1]["id"])


async def _told(desk: Desk, kept: Kept) -> AsyncIterator[dict[str, Any]]:
    async for found in desk.hub.reports.exceptions.every(desk.tenant_id, kept.id):
        yield found


async def _kept(desk: Desk) -> Kept:
    kept = await desk.hub.reports.one(desk.tenant_id, desk.id(Prefix.PROOF, "proof_id"))
    if kept is None:
        raise NotFound(
            "there is no such proof", field="proof_id", remedy="proofs are kept for a time; see the calendar"
        )
    return kept
