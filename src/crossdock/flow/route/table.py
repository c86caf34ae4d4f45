"""The routes of every connection, cached per process and valid for one route epoch."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from crossdock.model.delivery import SkipReason
from crossdock.model.observation import Presence
from crossdock.model.origin import Origin
from crossdock.model.route import Priority, Route
from crossdock.model.schedule import OnChange, Schedule
from crossdock.model.wish import STREAMS as WISHES
from crossdock.store.memory import CHANNEL, LONGEST_S, Ear
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("table.sql"))
_MOST = 4096
_OURS = "routes:"
TEST = "test"
"""The stream of what a site's test buttons send."""


class Reads(Protocol):
    """The database, as the route table needs it."""

    @property
    def ears(self) -> Ear:
        """What this process hears of changes."""
        ...

    def engine(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return an engine connection."""
        ...


class Facts(Protocol):
    """What a route looks at: nothing personal, nothing from the body."""

    @property
    def stream(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def origin(self) -> Origin: ...
    @property
    def presence(self) -> str: ...
    @property
    def status(self) -> str: ...


class Fan:
    """The routes of one connection at one epoch."""

    def __init__(self, epoch: int, routes: Sequence[Route]) -> None:
        self.epoch = epoch
        self.read_at = time.monotonic()
        self._by_stream: dict[tuple[str, bool], tuple[Route, ...]] = {}
        self._routes = tuple(routes)
        self.planned = tuple(
            r.id for r in routes if r.occurrence and r.schedule and r.schedule.on_change is not OnChange.KEEP
        )
        """Routes whose waiting messages look at their source again when it changes."""

    def __call__(self, event: Facts, /) -> list[tuple[Route, SkipReason | None]]:
        """Return the routes that take ``event``; a named rule beside those that end it at once."""
        sample = event.stream == TEST and event.origin is Origin.PLUGIN
        routes = self._by_stream.get((event.stream, sample))
        if routes is None:
            # a wish is between the hub and the store it is about, a sample for whoever asks for samples: a route for
            # everything tells neither to others
            takes = (event.stream,) if sample or event.stream in WISHES else ("*", event.stream)
            routes = tuple(r for r in self._routes if r.stream in takes)
            self._by_stream[event.stream, sample] = routes
        return [(r, _rule(r, event)) for r in routes if not r.types or event.type in r.types]


def _rule(route: Route, event: Facts) -> SkipReason | None:
    if event.status in route.skip_statuses or (event.presence == Presence.DRAFT and not route.occurrence):
        return SkipReason.FILTER
    if route.occurrence and not route.historical and event.origin.historical:
        return SkipReason.HISTORICAL
    return None


class RouteTable:
    """Answers from memory; the ledger verifies the epoch inside its transaction and asks for a refresh."""

    def __init__(self, database: Reads) -> None:
        self._fans: OrderedDict[uuid.UUID, Fan] = OrderedDict()
        database.ears.on(CHANNEL, self._heard)

    def of(self, connection_id: uuid.UUID, epoch: int) -> Fan | None:
        """Return the fan-out of a connection, None when what is cached is of another epoch."""
        fan = self._fans.get(connection_id)
        if fan is None or fan.epoch != epoch or time.monotonic() - fan.read_at > LONGEST_S:
            return None
        return fan

    def _heard(self, payload: str) -> None:
        """Drop what has changed: the epoch shows it too, but for a writer that forgot to raise it."""
        if not payload:
            self._fans.clear()
        elif payload.startswith(_OURS):
            self._fans.pop(uuid.UUID(payload.removeprefix(_OURS)), None)

    async def refresh(self, conn: Any, connection_ids: Sequence[uuid.UUID]) -> None:
        """Read the routes of connections again, over the connection of whoever needs them: it waits for no other."""
        rows = await conn.fetch(SQL["routes_of"], list(connection_ids))
        for connection_id in connection_ids:
            own = [row for row in rows if row["connection_id"] == connection_id]
            if own:
                routes = [_route(row) for row in own if row["id"] is not None]
                self._fans[connection_id] = Fan(own[0]["route_epoch"], routes)
                self._fans.move_to_end(connection_id)
        while len(self._fans) > _MOST:
            self._fans.popitem(last=False)


def _route(row: Any) -> Route:
    return Route(
        id=row["id"],
        tenant_id=row["tenant_id"],
        source_id=row["source_id"],
        destination_id=row["destination_id"],
        stream=row["stream"],
        action=row["action"],
        occurrence=row["occurrence"],
        historical=row["historical"],
        priority=Priority(row["priority"]),
        types=frozenset(row["types"]),
        skip_statuses=frozenset(row["skip_statuses"]),
        mapping_version=row["mapping_version"],
        schedule=msgspec.json.decode(row["schedule"], type=Schedule) if row["schedule"] is not None else None,
    )
