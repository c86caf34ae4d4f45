"""The first steps of a newcomer: from an empty yard to the first proven order, each stop seen from what is there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connect import catalogue
from crossdock.connect.connector import Connector
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
_NEAR = 2


class Step(msgspec.Struct, frozen=True):
    """One stop. ``state``: done, now (its button is offered), busy (the hub is at it) or later."""

    title: str
    said: str
    done: bool
    busy: bool = False
    ways: tuple[tuple[str, str], ...] = ()
    """What can be pressed: words and address; the first is the usual one."""
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
        if _tells(connector):
            stores.append(row["id"])
        elif _takes(connector):
            others.append(row["id"])
    return stores, others


def _tells(connector: Connector) -> bool:
    return any(stream.entity == "order" for stream in connector.manifest.streams)


def _takes(connector: Connector) -> bool:
    return any(not action.by_hub for action in connector.manifest.actions)


def _gallery(desk: Desk, fits: Callable[[Connector], bool]) -> tuple[tuple[str, str], ...]:
    """Return the connectors that fit, those that hold most first, and the way to all of them."""
    # without a public address nobody else's page can send its key here
    way = None if desk.hub.settings.public_url else "keys"
    fitting = [one.manifest for one in catalogue.connectors() if one.manifest.name != HUB and fits(one)]
    fitting.sort(key=lambda one: -len(one.streams) - len(one.actions))
    near = [(one.identity.title, desk.to(f"/connections/new/{one.name}", way=way)) for one in fitting[:_NEAR]]
    return (*near, ("All of them", desk.to("/connections/new")))


def _stops(desk: Desk, stores: list[str], others: list[str], reached: Any) -> list[Step]:
    first = stores[0] if stores else ""
    return [
        Step(
            "Connect your store",
            "Its orders, customers and products are read; nothing is changed there.",
            bool(stores),
            ways=_gallery(desk, _tells),
        ),
        Step(
            "Connect where the orders shall go",
            "A CRM, a webhook, whatever takes them.",
            bool(others),
            ways=_gallery(desk, lambda one: _takes(one) and not _tells(one)),
        ),
        Step(
            "Make the route between them",
            "Usual routes and mappings come by themselves when both sides are connected.",
            reached["routed"],
            ways=(("See what fits", desk.to(f"/connections/{first}/welcome")),) if first else (),
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
            ways=(("See why not", desk.to("/dead-letters")),),
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
