"""What is looked at: the doors of the API that are only read, each in its turn, and what they have to answer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from tests.crash.campaign.world import World

Thing = TypeVar("Thing")

DOORS: Final = (
    "/runs",
    "/runs/stats",
    "/status",
    "/stats",
    "/changes",
    "/orders",
    "/dead-letters",
    "/deliveries",
    "/sku-links",
    "/stock",
    "/stock?store={shop}",
    "/stock/moves",
    "/stock/shares?store={shop}",
    "/stock/thresholds",
    "/stock/alerts",
    "/prices",
    "/proofs",
    "/alerts",
    "/connections/{shop}/findings",
    "/connections/{shop}/stats",
    "/connections/{shop}/maps",
    "/connections/{hub}/schema",
    "/events",
    "/events?stream=order&connection_id={shop}",
    "/events?external_id={order}",
    "/events?before={event}&limit=5",
    "/events/{event}",
)
"""Below ``/api/v1``; ``{order}``: an order's number, ``{event}``: the newest event, ``{hub}``: where events come in."""


def turns(dice: random.Random, things: Sequence[Thing]) -> Iterator[Thing]:
    """Return things without end: each once, in an order of the dice's, before any of them comes again."""
    while True:
        yield from dice.sample(things, len(things))


class Looks:
    """Looks through all doors, one after the other."""

    def __init__(self, world: World, dice: random.Random, order: str) -> None:
        """``order``: the number of an order, once the hub knows it."""
        self._world = world
        self._order = order
        self._doors = turns(dice, DOORS)
        self._asked = 0

    async def next(self) -> None:
        """Look through the next door; what is answered has to be what was asked for."""
        door = next(self._doors)
        event = (await self._ask("/events?limit=1"))["items"][:1] if "{event}" in door else []
        if "{event}" in door and not event:
            return
        newest = event[0]["id"] if event else ""
        hub = self._world.annex.events_id
        told = await self._ask(door.format(shop=self._world.shop_id, hub=hub, order=self._order, event=newest))
        if door.startswith("/events/"):
            assert told["id"] == newest, told
        elif door.startswith("/events?"):
            self._of_events(door, told["items"], newest)

    def _of_events(self, door: str, found: list[dict[str, Any]], newest: str) -> None:
        if "stream=" in door:
            assert {(one["stream"], one["connection_id"]) for one in found} <= {("order", self._world.shop_id)}, found
        if "external_id=" in door:
            assert all(self._order in (one["external_id"], one["code"]) for one in found), found
        assert newest not in {one["id"] for one in found if "before=" in door}, found

    async def _ask(self, path: str) -> Any:
        self._asked += 1
        code, told = await self._world.ask("GET", f"/api/v1{path}", {}, f"look {self._asked}")
        assert code == 200, (path, told)
        return told
