"""Events: what came in, found by connection, stream, type, record and time; as a file; and delivered again."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput
from crossdock.flow.deliver import Ask, Filter
from crossdock.flow.record.events import EventFilter, Events, known_by, told
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.origin import Origin
from crossdock.web.asking import asked_id, asked_text, asked_time, asked_word, choices, given, kept, named
from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()
_LIMIT = 50
_MOST_NAMED = 1_000
_COLUMNS = (
    *("id", "recorded_at", "type", "stream", "external_id", "code", "connection", "connection_id", "origin", "verdict"),
    *("presence", "status", "seq", "modified_at", "ends"),
)
FIELDS = ("connection", "stream", "type", "record", "origin", "since", "until")
"""The words of the filter, as they stand in the address."""
_DAYS = ("since", "until")


@ROOM.page("/events")
async def events(desk: Desk) -> Response:
    """List events, the newest first."""
    asked, reader = wanted(desk), Events(desk.hub.database)
    if desk.query.get("format"):
        return await desk.export("events", _COLUMNS, _lines(reader, desk.tenant_id, asked))
    page = await reader.page(desk.tenant_id, asked, _LIMIT, asked_id(desk, Prefix.EVENT, "before"))
    return desk.show(
        "events/list.html",
        page=page,
        filters={name: given(desk, name)[:10] if name in _DAYS else given(desk, name) for name in FIELDS},
        filtered=bool(kept(desk, FIELDS)),
        connections=named(await desk.hub.connections.list(desk.tenant_id)),
        streams=choices(await reader.streams(desk.tenant_id)),
        origins=choices(one.value for one in Origin),
        older=desk.here(before=show(Prefix.EVENT, page.next)) if page.next else "",
        newest=desk.here(before=None) if given(desk, "before") else "",
    )


@ROOM.page("/events/replay", role=Role.OPERATOR)
async def ask_replay(desk: Desk) -> Response:
    """Say what delivering these events again would be, and ask."""
    asked = wanted(desk)
    chosen = await _chosen(desk, asked)
    most = 10_001
    count = len(chosen) if chosen is not None else await desk.hub.letters.count(desk.tenant_id, _as_filter(asked), most)
    return desk.show(
        "events/replay.html",
        filters=kept(desk, FIELDS),
        ids=desk.request.query_params.getlist("id"),
        by_name=chosen is not None,
        count=count,
        most=most - 1,
        problem=None,
    )


@ROOM.action("/events/replay")
async def replay(desk: Desk) -> Response:
    """Deliver events again, as a run."""
    asked = wanted(desk)
    chosen = await _chosen(desk, asked)
    dry = desk.text("do") == "dry"
    ask = (
        Ask(events=tuple(chosen), dry_run=dry, mapping=_mapping(desk))
        if chosen is not None
        else Ask(filter=_as_filter(asked), dry_run=dry, mapping=_mapping(desk))
    )
    run_id = await desk.hub.replays.ask(desk.tenant_id, ask, actor=desk.actor)
    said = "The dry run has begun; nothing is sent." if dry else "They are being delivered again."
    return desk.go(f"/runs/{show(Prefix.RUN, run_id)}", said=said)


def wanted(desk: Desk) -> EventFilter:
    """Read the filter. Raises ``BadInput`` that names the field."""
    return EventFilter(
        connection_id=asked_id(desk, Prefix.CONNECTION, "connection"),
        stream=asked_text(desk, "stream"),
        type=asked_text(desk, "type"),
        origin=asked_word(desk, "origin", [one.value for one in Origin]),
        external_id=known_by(asked_text(desk, "record")),
        since=asked_time(desk, "since"),
        until=asked_time(desk, "until", end=True),
    )


async def _chosen(desk: Desk, asked: EventFilter) -> list[uuid.UUID] | None:
    """Return the events that are meant one by one; None where the filter's words are those of deliveries, too."""
    ids = [*desk.texts("id"), *desk.request.query_params.getlist("id")]
    if ids:
        return [_parsed(one) for one in ids[:_MOST_NAMED]]
    if asked.type is None and asked.external_id is None and asked.origin is None:
        if asked.since is None:
            raise BadInput("say from when on", field="since", remedy="give the filter a time, then replay")
        return None
    page = await Events(desk.hub.database).page(desk.tenant_id, asked, _MOST_NAMED, ends=False)
    if page.next is not None:
        raise BadInput(
            f"at most {_MOST_NAMED:,} events are named at once", field="since", remedy="narrow the time, then replay"
        )
    return [item["uuid"] for item in page.items]


def _parsed(text: str) -> uuid.UUID:
    try:
        return parse(Prefix.EVENT, text)
    except ValueError as wrong:
        raise BadInput(str(wrong), field="id") from None


def _as_filter(asked: EventFilter) -> Filter:
    return Filter(connection_id=asked.connection_id, stream=asked.stream, since=asked.since, until=asked.until)


def _mapping(desk: Desk) -> str | None:
    return "newest" if desk.text("mapping") == "newest" else None


async def _lines(reader: Events, tenant_id: uuid.UUID, asked: EventFilter) -> AsyncIterator[Mapping[str, Any]]:
    async for item in reader.all(tenant_id, asked):
        yield {**item, "ends": told(item["ends"])}
