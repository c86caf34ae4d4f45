"""Dead letters by their cause: opened, tried dry, replayed by a mapping of choice, discarded with a reason."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.responses import Response

from crossdock.errors import BadInput, CrossdockError
from crossdock.flow.deliver import Ask, Filter
from crossdock.kit.ids import Prefix, parse, show
from crossdock.store.queries import load
from crossdock.web.asking import asked_id, asked_text, asked_time, choices, given, kept, named
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.traffic.causes import help_for

SQL = load(Path(__file__).parent.parent / "traffic" / "dead.sql")
ROOM = Room()
_LIMIT: Final = 50
_COLUMNS: Final = (
    *("id", "cause_id", "connector", "code", "field", "rule", "reason", "stream", "external_id", "action", "source"),
    *("destination", "attempts", "event_id", "created_at", "ended_at"),
)
_CAUSE: Final = ("cause_id", "connector", "code", "field", "rule")
FIELDS: Final = ("connection", "stream", "since", "until", "words", "cause")
_NARROW: Final = ("connection", "stream", "since", "until")
"""The part of the filter that stays when a cause is opened."""


@ROOM.page("/dead-letters")
async def dead_letters(desk: Desk) -> Response:
    """Group standing dead letters by cause; the one that is asked for is opened."""
    asked = wanted(desk)
    if desk.query.get("format"):
        return await desk.export("dead-letters", _COLUMNS, _lines(desk, asked))
    all_causes = Filter(connection_id=asked.connection_id, stream=asked.stream, since=asked.since, until=asked.until)
    groups = await desk.hub.letters.groups(desk.tenant_id, all_causes)
    if words := (asked_text(desk, "words") or "").lower():
        groups = [
            one for one in groups if words in f"{one['reason']} {one['field']} {one['rule']} {one['code']}".lower()
        ]
    opened = await _opened(desk, asked, groups)
    return desk.show(
        "dead_letters/list.html",
        groups=[{**one, "helps": help_for(one)} for one in groups],
        standing=sum(one["standing"] for one in groups),
        filters={name: given(desk, name) for name in FIELDS},
        narrow={name: given(desk, name) for name in _NARROW},
        filtered=bool(kept(desk, FIELDS)),
        connections=named(await desk.hub.connections.list(desk.tenant_id)),
        streams=choices(sorted({"order", "customer", "product", "refund"})),
        opened=opened,
    )


@ROOM.action("/dead-letters/replay")
async def replay(desk: Desk) -> Response:
    """Retry letters by a mapping of choice, or say what that would do."""
    dry = desk.text("do").startswith("dry")
    asked = _ask(desk, dry=dry)
    run_id = await desk.hub.replays.ask(desk.tenant_id, asked, actor=desk.actor)
    said = "The dry run has begun; nothing is sent." if dry else "The letters are being replayed."
    return desk.go(f"/runs/{show(Prefix.RUN, run_id)}", said=said)


@ROOM.action("/dead-letters/discard/ask")
async def ask_discard(desk: Desk) -> Response:
    """Say what discarding means, and ask for a reason and the destination's name."""
    return await _discard_page(desk)


@ROOM.action("/dead-letters/discard")
async def discard(desk: Desk) -> Response:
    """Discard letters for good, with a reason."""
    name = await _name(desk)
    reason = desk.text("reason")
    if not 0 < len(reason) <= 400:
        return await _discard_page(desk, BadInput("say why", field="reason", remedy="1 to 400 characters"))
    if desk.text("confirm") != name:
        return await _discard_page(desk, BadInput("this is another name", field="confirm", remedy=f"type {name}"))
    ids = _chosen(desk)
    if ids:
        for one in ids:
            await desk.hub.letters.discard(desk.tenant_id, one, reason, actor=desk.actor)
        count = f"{len(ids)} letter{'s are' if len(ids) > 1 else ' is'}"
        return desk.go("/dead-letters", said=f"{count} discarded.")
    asked = Ask(do="discard", filter=wanted(desk), reason=reason)
    run_id = await desk.hub.replays.ask(desk.tenant_id, asked, actor=desk.actor)
    return desk.go(f"/runs/{show(Prefix.RUN, run_id)}", said="The letters are being discarded.")


def wanted(desk: Desk) -> Filter:
    """Read the filter. Raises ``BadInput`` that names the field."""
    return Filter(
        cause_id=asked_id(desk, Prefix.CAUSE, "cause"),
        connection_id=asked_id(desk, Prefix.CONNECTION, "connection"),
        stream=asked_text(desk, "stream"),
        since=asked_time(desk, "since"),
        until=asked_time(desk, "until", end=True),
    )


async def _opened(desk: Desk, asked: Filter, groups: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the letters of the cause that is opened, with what can be done about them."""
    shown = show(Prefix.CAUSE, asked.cause_id) if asked.cause_id else ""
    # one cause alone needs no choice
    fits = [one for one in groups if one["cause_id"] == shown] if shown else [*groups][: len(groups) == 1]
    if not fits:
        return None
    group = fits[0]
    asked = msgspec.structs.replace(
        asked,
        cause_id=parse(Prefix.CAUSE, group["cause_id"]),
        connection_id=parse(Prefix.CONNECTION, group["connection_id"]),
    )
    after = asked_id(desk, Prefix.DELIVERY, "after")
    letters = await desk.hub.letters.dead(desk.tenant_id, asked, _LIMIT, after)
    newer = await _newer_of(desk, letters)
    routes = sorted({one["route_id"] for one in letters})
    return {
        "cause_id": group["cause_id"],
        "connection_id": group["connection_id"],
        "fields": {
            **kept(desk, _NARROW),
            "cause": group["cause_id"],
            "connection": group["connection_id"],
        },
        "connection": group["connection"],
        "standing": group["standing"],
        "letters": [{**one, "newer": _newer(newer.get(one["uuid"]))} for one in letters],
        "route_id": routes[0] if len(routes) == 1 else None,
        "mappings": await _versions(desk, routes),
        "older": desk.here(after=letters[-1]["id"]) if len(letters) == _LIMIT else "",
        "first": desk.here(after=None) if given(desk, "after") else "",
    }


async def _newer_of(desk: Desk, letters: Sequence[Mapping[str, Any]]) -> dict[uuid.UUID, Any]:
    """Return what has become of newer states of the letters' records, by letter."""
    if not letters:
        return {}
    ids = [one["uuid"] for one in letters]
    records = [parse(Prefix.RECORD, one["record_id"]) for one in letters]
    routes = [parse(Prefix.ROUTE, one["route_id"]) for one in letters]
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        rows = await conn.fetch(SQL["newer"], desk.tenant_id, ids, records, routes, min(ids))
    return {row["id"]: row for row in rows}


def _newer(row: Any) -> tuple[str, str]:
    """Say what has become of a newer state: its delivery's state and words."""
    if row is None or (row["waits"] is None and row["ended"] is None):
        return "", "none"
    if row["waits"] is not None:
        return row["waits"], "waits behind"
    return row["ended"], "went on"


async def _versions(desk: Desk, routes: Sequence[str]) -> list[tuple[str, str]]:
    """Return the mappings that letters may be replayed with; numbers are counted by route."""
    offered = [("", "the version that acts now"), ("newest", "the newest version, active or not")]
    if len(routes) != 1:
        return offered
    try:
        found = await desk.hub.mappings.desk.versions(desk.tenant_id, parse(Prefix.ROUTE, routes[0]), 20)
    except CrossdockError:
        return offered[:1]  # messages are not mapped
    return offered + [
        (str(one["version"]), f"version {one['version']}" if one["version"] else "the connector's own") for one in found
    ]


def _chosen(desk: Desk) -> list[uuid.UUID]:
    """Return the letters that are ticked; none where all that fit are meant. Raises ``BadInput`` without either."""
    if desk.text("do").endswith("all") or desk.text("all"):
        return []
    if not desk.texts("id"):
        raise BadInput("choose the letters first", field="id", remedy="tick some, or take all of the cause")
    try:
        return [parse(Prefix.DELIVERY, one) for one in desk.texts("id")]
    except ValueError as wrong:
        raise BadInput(str(wrong), field="id") from None


def _ask(desk: Desk, *, dry: bool) -> Ask:
    """Return what is asked for: the chosen letters, or all that fit the filter."""
    ids = _chosen(desk)
    word = desk.text("mapping")
    mapping = int(word) if word.isdigit() else word or None
    route = asked_id(desk, Prefix.ROUTE, "route") if isinstance(mapping, int) else None
    asked = Filter(route_id=route) if ids else msgspec.structs.replace(wanted(desk), route_id=route)
    return Ask(do="retry", deliveries=tuple(ids), filter=asked, mapping=mapping, dry_run=dry)


async def _discard_page(desk: Desk, problem: CrossdockError | None = None) -> Response:
    ids = _chosen(desk)
    count = len(ids) or await desk.hub.letters.count_dead(desk.tenant_id, wanted(desk))
    return desk.show(
        "dead_letters/discard.html",
        status=422 if problem else 200,
        problem=problem,
        ids=desk.texts("id") if ids else [],
        everything=not ids,
        filters=kept(desk, FIELDS),
        count=count,
        name=await _name(desk),
        reason=desk.text("reason"),
    )


async def _name(desk: Desk) -> str:
    """Return the name that is typed to confirm: the destination's, or the hub's own word where there are several."""
    connection_id = asked_id(desk, Prefix.CONNECTION, "connection")
    if connection_id is None:
        return "discard"
    return (await desk.hub.connections.one(desk.tenant_id, connection_id)).name


async def _lines(desk: Desk, asked: Filter) -> AsyncIterator[Mapping[str, Any]]:
    async for page in desk.hub.letters.export(desk.tenant_id, asked):
        for letter in page:
            yield {name: letter["cause"][name] if name in _CAUSE else letter[name] for name in _COLUMNS}
