"""Deliveries: found by state, route, destination, rule and time; one with its attempts; and what is done to many."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from crossdock.errors import BadInput, Conflict, CrossdockError
from crossdock.flow.deliver import Ask, Filter, Waiting
from crossdock.flow.deliver.waiting import MOST
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.delivery import DeliveryState, SkipReason
from crossdock.model.route import Priority
from crossdock.web.asking import asked_id, asked_text, asked_time, asked_word, choices, given, kept, named
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.traffic.causes import help_for

ROOM = Room()
_LIMIT: Final = 50
_PAGE: Final = 500
FIELDS: Final = ("state", "connection", "route", "stream", "rule", "since", "until")
_COLUMNS: Final = (
    *("id", "state", "rule", "reason", "attempts", "evidence", "at_destination", "stream", "external_id", "code"),
    *("action", "source", "destination", "event_id", "route_id", "mapping_version", "created_at", "due_at", "ended_at"),
)
_DOES: Final = ("hurry", "reprioritise", "discard", "replay")
_LIVE: Final = (None, "waiting", "claimed", "in_doubt")


@ROOM.page("/deliveries")
async def deliveries(desk: Desk) -> Response:
    """List deliveries, the newest first."""
    asked = wanted(desk)
    if desk.query.get("format"):
        return await desk.export("deliveries", _COLUMNS, _lines(desk, asked))
    before = asked_id(desk, Prefix.DELIVERY, "before")
    items = await desk.hub.letters.page(desk.tenant_id, asked, _LIMIT, before)
    routes = await desk.hub.connections.routes(desk.tenant_id)
    return desk.show(
        "deliveries/list.html",
        items=items,
        filters={name: given(desk, name) for name in FIELDS},
        filtered=bool(kept(desk, FIELDS)),
        connections=named(await desk.hub.connections.list(desk.tenant_id)),
        routes=[
            ("", "All"),
            *((r["id"], f"{r['source']} {r['stream']} → {r['destination']} {r['action']}") for r in routes),
        ],
        states=choices(DeliveryState),
        rules=choices(SkipReason),
        older=desk.here(before=items[-1]["id"]) if len(items) == _LIMIT else "",
        newest=desk.here(before=None) if before else "",
    )


@ROOM.page("/deliveries/act", role=Role.OPERATOR)
async def ask(desk: Desk) -> Response:
    """Count what fits the filter, and ask."""
    return await _question(desk)


@ROOM.action("/deliveries/act")
async def act(desk: Desk) -> Response:
    """Do to all that fits the filter what was asked for."""
    does = asked_word(desk, "do", _DOES) or ""
    try:
        return await _done(desk, does)
    except BadInput as refused:
        return await _question(desk, refused)


@ROOM.page("/deliveries/{delivery_id}")
async def delivery(desk: Desk) -> Response:
    """Tell one delivery with its cause and attempts."""
    return await _one(desk)


@ROOM.action("/deliveries/{delivery_id}/retry")
async def retry(desk: Desk) -> Response:
    """Deliver again what has ended, or try now what waits."""
    found = await desk.hub.letters.one(desk.tenant_id, desk.id(Prefix.DELIVERY, "delivery_id"))
    here = f"/deliveries/{found['id']}"
    if found["ended_at"] is None:
        hurried = await _waiting(desk).hurry(desk.tenant_id, [found["uuid"]], actor=desk.actor)
        said = "It is tried now." if hurried else "It is due already; its turn comes by itself."
        return desk.go(here, said=said, tone="good" if hurried else "warn")
    taken, queued = await desk.hub.replay.one(desk.tenant_id, found["uuid"], actor=desk.actor)
    if not taken:
        raise Conflict(*_not_again(found))
    path = f"/deliveries?connection={found['destination_id']}&state=waiting" if queued else here
    said = "It goes out again." if queued else "The record's present state is on its way already."
    return desk.go(here, said=said, link=desk.to(path) if queued else "", label="See what waits")


@ROOM.action("/deliveries/{delivery_id}/discard")
async def discard(desk: Desk) -> Response:
    """End a delivery for good, with a reason."""
    found = await desk.hub.letters.one(desk.tenant_id, desk.id(Prefix.DELIVERY, "delivery_id"))
    reason = desk.text("reason")
    if not 0 < len(reason) <= 400:
        return await _one(desk, BadInput("say why", field="reason", remedy="1 to 400 characters"))
    if found["state"] == DeliveryState.WAITING:
        if not await _waiting(desk).discard(desk.tenant_id, [found["uuid"]], reason, actor=desk.actor):
            raise Conflict("a worker has taken it in hand", remedy="look at it again")
    else:
        await desk.hub.letters.discard(desk.tenant_id, found["uuid"], reason, actor=desk.actor)
    return desk.go(f"/deliveries/{found['id']}", said="It is discarded.")


def wanted(desk: Desk) -> Filter:
    """Read the filter. Raises ``BadInput`` that names the field."""
    rule = asked_word(desk, "rule", [str(one) for one in SkipReason])
    state = asked_word(desk, "state", [str(one) for one in DeliveryState])
    return Filter(
        state=DeliveryState.SKIPPED if rule and not state else state,
        rule=rule,
        connection_id=asked_id(desk, Prefix.CONNECTION, "connection"),
        route_id=asked_id(desk, Prefix.ROUTE, "route"),
        stream=asked_text(desk, "stream"),
        since=asked_time(desk, "since"),
        until=asked_time(desk, "until", end=True),
    )


def _waiting(desk: Desk) -> Waiting:
    return Waiting(desk.hub.database, desk.hub.hints)


async def _one(desk: Desk, problem: CrossdockError | None = None) -> Response:
    found = await desk.hub.letters.one(desk.tenant_id, desk.id(Prefix.DELIVERY, "delivery_id"))
    return desk.show(
        "deliveries/one.html",
        status=422 if problem else 200,
        problem=problem,
        one=found,
        helps=help_for(found["cause"]) if found["cause"] else None,
        again=found["ended_at"] is not None and not found["replayed"] and found["rule"] not in _KEPT,
        gone=found["state"] == DeliveryState.WAITING
        or (found["state"] == DeliveryState.DEAD and not found["replayed"]),
    )


_KEPT: Final = (SkipReason.CONSENT, SkipReason.ECHO, SkipReason.ERASED, SkipReason.HOP_LIMIT)
"""Rules of privacy and of loops: nothing that they keep is sent."""


def _not_again(found: Mapping[str, Any]) -> tuple[str, ...]:
    if found["replayed"]:
        return ("it was sent again already",)
    if found["state"] == DeliveryState.SKIPPED:
        return (f"the rule {found['rule']} keeps it",)
    return ("its route was removed",)


async def _question(desk: Desk, problem: CrossdockError | None = None) -> Response:
    does = asked_word(desk, "do", _DOES) or "hurry"
    asked = _asked(desk, does)
    count = await desk.hub.letters.count(desk.tenant_id, asked, MOST + 1)
    return desk.show(
        "deliveries/act.html",
        status=422 if problem else 200,
        problem=problem,
        does=does,
        count=count,
        most=MOST,
        filters=kept(desk, FIELDS),
        priorities=choices(one.name.lower() for one in Priority)[1:],
        reason=desk.text("reason"),
    )


def _asked(desk: Desk, does: str) -> Filter:
    """Return what an action is about: what waits, or what has ended."""
    asked = wanted(desk)
    if does == "replay":
        if asked.state in ("waiting", "claimed", "in_doubt"):
            raise BadInput("only what has ended is delivered again", field="state", remedy="choose delivered or dead")
        return asked
    if asked.state not in _LIVE:
        raise BadInput("this is done to what waits", field="state", remedy="choose the state waiting")
    return msgspec.structs.replace(asked, state=DeliveryState.WAITING)


async def _done(desk: Desk, does: str) -> Response:
    asked = _asked(desk, does)
    if does == "replay":
        if asked.since is None:
            raise BadInput("say from when on", field="since", remedy="give the filter a time")
        run_id = await desk.hub.replays.ask(desk.tenant_id, Ask(filter=asked), actor=desk.actor)
        return desk.go(f"/runs/{show(Prefix.RUN, run_id)}", said="They are being delivered again.")
    ids = await desk.hub.letters.ids(desk.tenant_id, asked, MOST)
    waiting, tenant_id = _waiting(desk), desk.tenant_id
    if does == "hurry":
        said = f"{await waiting.hurry(tenant_id, ids, actor=desk.actor):,} are tried now."
    elif does == "reprioritise":
        word = asked_word(desk, "priority", [one.name.lower() for one in Priority])
        if word is None:
            raise BadInput("choose a priority", field="priority", remedy="live, standard or bulk")
        changed = await waiting.reprioritise(tenant_id, ids, Priority[word.upper()], actor=desk.actor)
        said = f"{changed:,} have the priority {word} now."
    else:
        if desk.text("confirm") != "discard":
            raise BadInput("this is another word", field="confirm", remedy="type discard")
        ended = await waiting.discard(tenant_id, ids, desk.text("reason"), actor=desk.actor)
        said = f"{ended:,} are discarded."
    return desk.leave(desk.to("/deliveries", **kept(desk, FIELDS)), said=said)


async def _lines(desk: Desk, asked: Filter) -> AsyncIterator[Mapping[str, Any]]:
    before: uuid.UUID | None = None
    while page := await desk.hub.letters.page(desk.tenant_id, asked, _PAGE, before):
        for one in page:
            yield one
        before = parse(Prefix.DELIVERY, page[-1]["id"])
