"""The plugin's room: ``/api/integrations/wordpress``. Its operations stand in :data:`PARTS`, one module each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.routing import Mount, Route

from crossdock.api.integrations.operation import Operation
from crossdock.api.integrations.wordpress import activity, fields, mapping, pairing, standing, telling
from crossdock.api.integrations.wordpress.document import pages
from crossdock.api.integrations.wordpress.gate import Gate
from crossdock.api.integrations.wordpress.room import doors
from crossdock.wiring import Hub

BASE: Final = "/api/integrations/wordpress"
PARTS: Final[tuple[Callable[[Hub], tuple[Operation, ...]], ...]] = (
    pairing.operations,
    standing.operations,
    telling.operations,
    fields.operations,
    activity.operations,
    mapping.operations,
)


def operations(hub: Hub) -> tuple[Operation, ...]:
    """Return all operations of the room."""
    return tuple(one for part in PARTS for one in part(hub))


def routes(hub: Hub) -> list[Mount | Route]:
    """Return the room's doors, and the pages that describe them."""
    every = operations(hub)
    return [*doors(BASE, every, Gate(hub)), *pages(BASE, every)]
