"""Replays: deliver again, one or a million, as runs behind all that is live; or only say what would change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import Key, parsed
from crossdock.api.problems import answer
from crossdock.api.records import instant
from crossdock.api.resources.deliveries import named, record_named
from crossdock.flow.deliver import Ask, Filter
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

_EXAMPLES: dict[str, Any] = {
    "a day": {"value": {"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}},
    "what would change": {
        "value": {"since": "2026-11-20T00:00:00Z", "route_id": "rte_01kb3v0d1a8w0f6zr4p1n5q2st", "dry_run": True}
    },
    "some events": {"value": {"events": ["evt_01kb3v0d1a8w0f6zr4p1n5q2st"]}},
}


class NewReplay(BaseModel):
    """What shall be delivered again: named deliveries or events, or all that ended in a time and fits."""

    model_config = ConfigDict(extra="forbid")

    deliveries: list[str] = Field(default=[], max_length=1000)
    events: list[str] = Field(default=[], max_length=1000)
    since: datetime | None = Field(default=None, description="made at this time or later")
    until: datetime | None = Field(default=None, description="made before this time; what comes later is no part")
    connection_id: str | None = Field(default=None, description="source or destination")
    route_id: str | None = None
    stream: str | None = Field(default=None, max_length=100)
    record_id: str | None = None
    state: Literal["delivered", "skipped", "dead"] | None = Field(
        default=None, description="null: delivered and dead ones; what a rule of privacy or loops skipped never goes"
    )
    mapping: int | Literal["newest"] | None = Field(
        default=None, description="a version of the route's mapping (0: the connector's own), newest, or null: its own"
    )
    dry_run: bool = Field(default=False, description="true: nothing is sent; the answer tells what would change")

    def ask(self) -> Ask:
        """Return the flow's word. Raises ``BadInput`` that names the field."""
        return Ask(
            deliveries=tuple(parsed(Prefix.DELIVERY, one, "deliveries") for one in self.deliveries),
            events=tuple(parsed(Prefix.EVENT, one, "events") for one in self.events),
            filter=Filter(
                state=self.state,
                connection_id=named(Prefix.CONNECTION, self.connection_id, "connection_id"),
                route_id=named(Prefix.ROUTE, self.route_id, "route_id"),
                stream=self.stream,
                record_id=record_named(self.record_id),
                since=instant(self.since, "since"),
                until=instant(self.until, "until"),
            ),
            mapping=self.mapping,
            dry_run=self.dry_run,
        )


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["deliveries"])
    reads, operates = access.needs("read"), access.needs("operate")

    @api.post("/replays", status_code=202)
    async def replay(
        body: Annotated[NewReplay, Body(openapi_examples=_EXAMPLES)], key: Key = None, caller: Principal = operates
    ) -> Any:
        """Deliver again, as a run of kind ``replay``; the same Idempotency-Key is the same replay for ever."""
        made = await hub.replays.ask(caller.tenant_id, body.ask(), actor=caller.actor, key=key)
        return answer(await hub.replays.one(caller.tenant_id, made), 202)

    @api.get("/replays")
    async def replays(
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List replays, retries and discards by filter, the newest first."""
        items = await hub.replays.listed(caller.tenant_id, limit, named(Prefix.RUN, before, "before"))
        return answer({"items": items, "next": items[-1]["id"] if len(items) == limit else None})

    @api.get("/replays/{replay_id}")
    async def one(replay_id: str, caller: Principal = reads) -> Any:
        """Return a replay: how far it is, what became of its deliveries, and what a dry run found."""
        return answer(await hub.replays.one(caller.tenant_id, parsed(Prefix.RUN, replay_id, "replay_id")))

    return api
