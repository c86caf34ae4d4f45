"""The bare address: on to the tenant used last, or to the login."""

from __future__ import annotations

from starlette.responses import Response

from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()


@ROOM.open("/")
async def front(desk: Desk) -> Response:
    """Send the browser to where this person works."""
    if desk.guest:
        return desk.leave("/login")
    return desk.leave(desk.to() if desk.seat.slug else "/account")
