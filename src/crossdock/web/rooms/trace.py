"""The trace of an event: its whole story as one line."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
from starlette.responses import Response

from crossdock.errors import Forbidden
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix
from crossdock.web.asking import asked_id
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.traffic.story import told

ROOM = Room()


@ROOM.page("/events/{event_id}")
async def trace(desk: Desk) -> Response:
    """Tell the story of an event; ``?people=shown`` shows personal values to whoever may operate."""
    people = desk.query.get("people") == "shown"
    if people and not desk.may(Role.OPERATOR):
        raise Forbidden("persons are shown to operators", remedy="ask an owner of this tenant for the role")
    event_id = desk.id(Prefix.EVENT, "event_id")
    chosen = asked_id(desk, Prefix.DELIVERY, "delivery")
    story = await told(desk.hub, desk.tenant_id, event_id, chosen, people=people)
    if desk.query.get("format") == "json":
        name = {"Content-Disposition": f'attachment; filename="{story.event["id"]}.json"'}
        return Response(orjson.dumps(_document(story), default=str), media_type="application/json", headers=name)
    return desk.show("trace/one.html", story=story, people=people)


def _document(story: Any) -> dict[str, Any]:
    """Return a story as a file."""
    return {
        "event": story.event,
        "deliveries": story.deliveries,
        "delivery": story.chosen,
        "story": msgspec.to_builtins(story.stops, enc_hook=str),
        "payload": story.payload,
    }
