"""One order seen through: captured, mapped, sent, answered, proven; and what a person may do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.errors import Conflict
from crossdock.flow.deliver import Ask, Filter
from crossdock.flow.reconcile.days import zone_of
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.connection import Connection
from crossdock.web.desk import Desk
from crossdock.web.outward import Outside, at_destination, at_source, title_of
from crossdock.web.page import Room
from crossdock.web.records import story
from crossdock.web.traffic.changes import hidden, plain
from crossdock.wiring.starting import prove

ROOM = Room()
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


@ROOM.page("/orders/{order_id}")
async def order(desk: Desk) -> Response:
    """Show the whole story of an order."""
    found, source = await _found(desk)
    people = desk.may(Role.OPERATOR)
    told = await story.told(desk.hub, source, found, parse(Prefix.ORDER, found["id"]), people=people)
    shown = found["data"] if people or found["data"] is None else hidden(plain(found["data"]))
    if desk.query.get("format") == "json":
        return await desk.export(f"order-{found['external_id']}", ("order", "story"), [_document(found, shown, told)])
    return desk.show(
        "orders/one.html",
        found=found,
        word=shown,
        source=source,
        number=number_of(found),
        story=told,
        places=await _places(desk, found),
        outside=at_source(desk.hub, source, "order", found["external_id"]),
        title=title_of(desk.hub, source),
        verdict=_verdict(told),
        people=people,
    )


@ROOM.page("/orders/{order_id}/resend", role=Role.OPERATOR)
async def ask_to_resend(desk: Desk) -> Response:
    """Say on how many routes the order goes out, and ask."""
    found, source = await _found(desk)
    sides = await desk.hub.xray.sides(desk.tenant_id, parse(Prefix.ORDER, found["id"]), people=False)
    if not sides:
        raise Conflict("no route takes orders of this store", remedy="add a route first")
    names = ", ".join(sorted({side.destination for side in sides}))
    number = number_of(found)
    return desk.confirm(
        title=f"Send order #{number} again?",
        said=f"Its present state goes from {source.name} to {names} once more. What holds the same values already is "
        "not changed; nothing is made twice.",
        action=desk.to(f"/orders/{found['id']}/resend"),
        label=f"Send to {names}",
        back=desk.to(f"/orders/{found['id']}"),
    )


@ROOM.action("/orders/{order_id}/resend", role=Role.OPERATOR)
async def resend(desk: Desk) -> Response:
    """Send the present state on each route that had taken it."""
    found, _ = await _found(desk)
    asked = Ask(filter=Filter(record_id=parse(Prefix.ORDER, found["id"]), since=_ALWAYS))
    run = await desk.hub.replays.ask(desk.tenant_id, asked, actor=desk.actor)
    return desk.go(
        f"/orders/{found['id']}",
        said=f"Order #{number_of(found)} is being sent again.",
        link=desk.to(f"/runs/{show(Prefix.RUN, run)}"),
        label="See the run",
    )


@ROOM.action("/orders/{order_id}/prove", role=Role.OPERATOR)
async def prove_now(desk: Desk) -> Response:
    """Prove the orders of this order's day at its store."""
    found, source = await _found(desk)
    placed = found["created_at"]
    if placed is None:
        raise Conflict("the store does not say of which day it is", remedy="prove the whole store, under Proof")
    at = datetime.fromisoformat(placed) if isinstance(placed, str) else placed
    day = at.astimezone(zone_of(source.account)).date()
    run = await prove(desk.hub, desk.tenant_id, source.id, day, day)
    return desk.go(
        f"/orders/{found['id']}",
        said=f"The orders of {day:%a} {day.day} {day:%b} are being read afresh and compared.",
        link=desk.to(f"/runs/{run['id']}"),
        label="See the run",
    )


async def _found(desk: Desk) -> tuple[dict[str, Any], Connection]:
    order_id = show(Prefix.ORDER, desk.id(Prefix.ORDER, "order_id"))
    found = await desk.hub.finder.one(desk.tenant_id, "order", order_id, "order_id")
    store = parse(Prefix.CONNECTION, found["store"]["id"])
    return found, await desk.hub.directory.connection(store)


def number_of(found: dict[str, Any]) -> str:
    """Return what people call an order."""
    data = found["data"]
    number = data.get("number") if isinstance(data, dict) else None
    return str(number or found["external_id"])


async def _places(desk: Desk, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the copies at destinations, each with its own page there."""
    places = []
    for link in found["links"]:
        connection = await desk.hub.directory.connection(parse(Prefix.CONNECTION, link["connection"]))
        outside: Outside | None = at_destination(desk.hub, connection, link["object"], link["external_id"])
        places.append({**link, "outside": outside, "title": title_of(desk.hub, connection)})
    return places


def _verdict(told: story.Story) -> tuple[str, str]:
    """Return the answer of the page and its tone."""
    standing = told.standing
    dead = [one for one in standing if one["state"] == "dead"]
    moving = [one for one in standing if one["ended_at"] is None]
    good = [one for one in standing if one["state"] == "delivered"]
    if not standing:
        return ("Recorded; no route has taken it.", "quiet")
    if dead:
        return (f"Not in {dead[0]['destination']}: its delivery is dead.", "bad")
    if told.proven is not None and told.proven.open:
        return ("Delivered, but the last proof found a difference.", "warn")
    if moving:
        return (f"On its way to {moving[0]['destination']}.", "live")
    if not good:
        return ("Recorded, and kept from every destination by a rule.", "quiet")
    names = ", ".join(sorted({one["destination"] for one in good}))
    return (f"In {names}, once" + (", and proven." if told.proven else "; not proven yet."), "good")


def _document(found: dict[str, Any], shown: Any, told: story.Story) -> dict[str, Any]:
    order_ = {name: value for name, value in found.items() if name not in ("data", "refunds")}
    return {"order": {**order_, "data": shown}, "story": msgspec.to_builtins(told)}
