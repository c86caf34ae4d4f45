"""The list of connections: how each does, and what is done to many at once."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.govern.access import Role
from crossdock.web.desk import Desk
from crossdock.web.network.bulk import DOINGS, Doing, doing, done_to
from crossdock.web.network.roster import STATES, Filter, Row, page_of, roster
from crossdock.web.page import Room

ROOM = Room()
_COLUMNS = tuple(name for name in Row.__struct_fields__ if name not in ("uuid", "reads", "writes", "hooks", "shown"))
_QUIETLY = ("pause", "resume")
"""What is over at once, so that nobody needs a list of how it went."""
_NAMED = 20


@ROOM.page("/connections")
async def connections(desk: Desk) -> Response:
    """Show all connections; ``format`` exports what the filter takes."""
    every = await roster(desk.hub, desk.tenant_id)
    asked = Filter.of(desk.query)
    found = [row for row in every if asked.takes(row)]
    if "format" in desk.query:
        return await desk.export("connections", _COLUMNS, [_plain(row) for row in found])
    rows, further = page_of(found, desk.query.get("after", ""))
    return desk.show(
        "connections/list.html",
        rows=rows,
        further=further,
        found=len(found),
        every=len(every),
        said=_said(every),
        asked=asked,
        states=STATES,
        connectors=[("", "any"), *sorted({(row.connector, row.title) for row in every})],
        doings=list(DOINGS.values()),
    )


@ROOM.page("/connections/bulk", role=Role.OPERATOR)
async def ask_bulk(desk: Desk) -> Response:
    """Count and name what would be done to whom; nothing is done."""
    what = doing(desk.query.get("do", ""))
    chosen, others = await _meant(desk, what, desk.query, desk.request.query_params.getlist("id"))
    return desk.show(
        "connections/bulk.html",
        what=what,
        chosen=chosen[:_NAMED],
        count=len(chosen),
        others=others,
        fields={**Filter.of(desk.query).asked, "do": what.name, "id": [row.id for row in _picked(desk, chosen)]},
        back=desk.to("/connections", **Filter.of(desk.query).asked),
    )


@ROOM.action("/connections/bulk")
async def do_bulk(desk: Desk) -> Response:
    """Do it, and tell how it went for each."""
    what = doing(desk.text("do"))
    given = {name: desk.text(name) for name in ("q", "state", "connector")}
    chosen, _ = await _meant(desk, what, given, desk.texts("id"))
    back = Filter.of(given).asked
    if not chosen:
        return desk.go("/connections", said="Nothing fitted, so nothing was done.", tone="warn")
    went = await done_to(desk.hub, desk.tenant_id, chosen, what, desk.actor)
    bad = [one for one in went if not one.good]
    if what.name in _QUIETLY and not bad:
        state = "paused" if what.name == "pause" else "going on"
        many = "1 connection is" if len(went) == 1 else f"{len(went)} connections are"
        return desk.leave(desk.to("/connections", **back), said=f"{many} {state}.")
    return desk.show(
        "connections/went.html",
        what=what,
        went=sorted(went, key=lambda one: one.good),
        bad=len(bad),
        back=desk.to("/connections", **back),
    )


async def _meant(desk: Desk, what: Doing, given: Any, picked: list[str]) -> tuple[list[Row], list[Row]]:
    """Return the connections a thing is done to, and those that are meant but do not fit."""
    asked = Filter.of(given)
    every = await roster(desk.hub, desk.tenant_id)
    meant = [row for row in every if (row.id in picked if picked else asked.takes(row))]
    return [row for row in meant if what.fits(row)], [row for row in meant if not what.fits(row)]


def _picked(desk: Desk, chosen: list[Row]) -> list[Row]:
    """Return what was ticked by hand; where nothing was, the filter says it."""
    return chosen if desk.request.query_params.getlist("id") else []


def _plain(row: Row) -> dict[str, Any]:
    return msgspec.structs.asdict(row)


def _said(rows: list[Row]) -> str:
    """Return the page's first line: how many there are, and how many need somebody."""
    if not rows:
        return "Nothing is connected yet."
    count = "One account is connected." if len(rows) == 1 else f"{len(rows)} accounts are connected."
    needs = sum(row.needs for row in rows)
    if not needs:
        return f"{count} All of them do what they should."
    return f"{count} {'One needs' if needs == 1 else f'{needs} need'} a look."
