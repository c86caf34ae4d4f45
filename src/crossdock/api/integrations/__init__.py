"""Doors for the hub's own companions at other systems: each room has keys, signatures and a document of its own."""

from __future__ import annotations

from starlette.routing import BaseRoute

from crossdock.api.integrations.wordpress import routes as wordpress
from crossdock.wiring import Hub


def routes(hub: Hub) -> list[BaseRoute]:
    """Return the doors of all rooms."""
    return [*wordpress(hub)]
