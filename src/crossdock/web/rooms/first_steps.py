"""The first steps of a newcomer: from an empty yard to the first proven order, each stop seen from what is there."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.errors import Conflict
from crossdock.flow.run import RunKind
from crossdock.govern.access import Role
from crossdock.govern.directory import HUB
from crossdock.kit.ids import Prefix, parse
from crossdock.store.queries import load
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.wiring import connector_named
from crossdock.wiring.starting import prove, start

SQL = load(Path(__file__).with_name("first_steps.sql"))
ROOM = Room()
_AWAY = "steps-away"
_YEAR_S = 365 * 86400


class Step(msgspec.Struct, frozen=True):
    """One stop. ``state``: done, now (its button is offered), busy (the hub is at it) or later."""

    title: str
    said: str
    done: bool
    busy: bool = False
    href: str = ""
    action: str = ""
    label: str = ""
    role: Role = Role.ADMIN
    state: str = "later"


async def steps_of(desk: Desk) -> list[Step]:
    """Return the stops of a tenant's first way; none when it is gone, or was put away."""
    if desk.cookies.get(_AWAY) == desk.seat.slug:
        return []
    stores, others = await _ends(desk)
    async with desk.hub.database.engine() as conn:
        reached = await conn.fetchrow(SQL["reached"], desk.tenant_id, [parse(Prefix.CONNECTION, one) for one in stores])
    steps = _stops(desk, stores, others, reached)
    return [] if all(one.done for one in steps) else _states(steps)


async def _ends(desk: Desk) -> tuple[list[str], list[str]]:
    """Return the connections that tell of orders, and those that take them."""
    stores, others = [], []
    for row in await desk.hub.connections.list(desk.tenant_id):
        connector = connector_named(row["connector"])
        if connector is None or row["connector"] == HUB or row["state"] in ("revoked", "draft"):
            continue
        if any(stream.entity == "order" for stream in connector.manifest.streams):
            stores.append(row["id"])
        elif any(not action.by_hub for action in connector.manifest.actions):
            others.append(row["id"])
    return stores, others


def _stops(desk: Desk, stores: list[str], others: list[str], reached: Any) -> list[Step]:
    first = stores[0] if stores else ""
    look = "/dead-letters" if reached["dead"] else "/events"
    return [
        Step(
            "Connect your store",
            "Its orders, customers and products are read; nothing is changed there.",
            bool(stores),
            href=desk.to("/connections/new"),
            label="Connect a store",
        ),
        Step(
            "Connect where the orders shall go",
            "A CRM, a webhook, whatever takes them.",
            bool(others),
            href=desk.to("/connections/new"),
            label="Connect a destination",
        ),
        Step(
            "Make the route between them",
            "Usual routes and mappings come by themselves when both sides are connected.",
            reached["routed"],
            href=desk.to(f"/connections/{first}/welcome") if first else "",
            label="See what fits",
        ),
        Step(
            "Read the first order",
            "All that the store holds comes over. New orders come by themselves from then on.",
            reached["ordered"],
            busy=reached["reading"],
            action=desk.to("/first-steps/read"),
            label="Read its orders",
            role=Role.OPERATOR,
        ),
        Step(
            "See it delivered",
            "The destination’s own number of the order comes back, and is kept as evidence.",
            reached["delivered"],
            busy=not reached["dead"],
            href=desk.to(look),
            label="See why not" if reached["dead"] else "Look at the events",
            role=Role.VIEWER,
        ),
        Step(
            "Prove the first day",
            "Store and destination are read again and compared: nothing missing, nothing doubled.",
            reached["proven"] and reached["delivered"],
            busy=reached["proving"],
            action=desk.to("/first-steps/prove"),
            label="Prove it",
            role=Role.OPERATOR,
        ),
    ]


def _states(steps: list[Step]) -> list[Step]:
    """Let the first stop that is not done be the one that is at hand."""
    at_hand = next(number for number, one in enumerate(steps) if not one.done)
    return [
        msgspec.structs.replace(
            one, state="done" if one.done else "later" if number != at_hand else "busy" if one.busy else "now"
        )
        for number, one in enumerate(steps)
    ]


async def _store(desk: Desk) -> uuid.UUID:
    stores, _ = await _ends(desk)
    if not stores:
        raise Conflict("no store is connected yet", remedy="connect a store first")
    return parse(Prefix.CONNECTION, stores[0])


@ROOM.action("/first-steps/read", role=Role.OPERATOR)
async def read(desk: Desk) -> Response:
    """Read all that the first store holds."""
    run = await start(desk.hub, desk.tenant_id, await _store(desk), RunKind.BACKFILL)
    link = desk.to(f"/runs/{run['id']}")
    return desk.go("/", said="The orders are being read. This page shows when they arrive.", link=link, label="Watch")


@ROOM.action("/first-steps/prove", role=Role.OPERATOR)
async def prove_first(desk: Desk) -> Response:
    """Prove the first store."""
    run = await prove(desk.hub, desk.tenant_id, await _store(desk), None, None)
    link = desk.to(f"/runs/{run['id']}")
    return desk.go("/", said="Both sides are being read and compared.", link=link, label="Watch")


@ROOM.action("/first-steps/away", role=Role.VIEWER)
async def away(desk: Desk) -> Response:
    """Put the list away, in this browser."""
    response = desk.go("/", said="The first steps are put away.")
    desk.cookies.put(response, _AWAY, desk.seat.slug, seconds=_YEAR_S)
    return response
