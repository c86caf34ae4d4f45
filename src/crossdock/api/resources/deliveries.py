"""Deliveries: found, looked at, sent again, ended; and all that has not reached its destination."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.records import instant
from crossdock.errors import Conflict
from crossdock.flow.deliver import Filter
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

State = Literal["waiting", "claimed", "in_doubt", "delivered", "skipped", "dead"]
_DELIVERY: dict[str, Any] = {
    "id": "dlv_01kb3v0d1a8w0f6zr4p1n5q2st",
    "state": "dead",
    "rule": None,
    "reason": "mapping: deals.amount: transform decimal cannot use a value of kind text; correct the field",
    "attempts": 1,
    "stream": "order",
    "external_id": "17",
    "action": "order",
    "source": "shop.example",
    "destination": "hubspot-146425001",
}


class DeliveryLine(BaseModel):
    """One delivery, under way or ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DELIVERY]})

    id: str
    state: State
    rule: str | None = Field(description="by which named rule it was skipped")
    reason: str | None = Field(description="why it waits, or ended as it did; redacted")
    attempts: int
    evidence: str | None = Field(description="id: the destination's own record id; accepted: a bare 2xx")
    at_destination: str | None = Field(description="the record's id there")
    stream: str
    external_id: str = Field(description="the record's id at its source")
    action: str
    event_id: str
    record_id: str
    route_id: str
    source_id: str
    source: str
    destination_id: str
    destination: str
    cause_id: str | None = Field(description="the dead letter's cause; see /dead-letters")
    replayed: bool = Field(description="a dead letter that was sent again")
    replay_id: str | None = Field(description="the replay that made it")
    mapping_version: int | None = Field(description="the mapping it was made with; 0 is the connector's own")
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first; ``next`` goes into ``before``."""

    items: list[DeliveryLine]
    next: str | None


class Cause(BaseModel):
    """Why deliveries end dead. Holds no value of any record."""

    cause_id: str
    connector: str
    code: str
    field: str
    rule: str
    reason: str = Field(description="of the newest, redacted")
    first_at: datetime
    last_at: datetime
    seen: int = Field(description="how often it ever was")


class Attempt(BaseModel):
    """One try. ``detail`` of a failing one: method, path, names of the fields, and the redacted answer."""

    number: int
    step: str
    outcome: str
    code: str | None
    reason: str | None
    detail: dict[str, Any] | None
    took_ms: int
    ended_at: datetime


class DeliveryWhole(DeliveryLine):
    """A delivery with its cause and attempts."""

    cause: Cause | None
    tries: list[Attempt]


class UndeliveredLine(DeliveryLine):
    """What has not reached its destination, with the type of its event."""

    type: str | None


class UndeliveredPage(BaseModel):
    """A page, the longest undelivered first; ``next`` goes into ``after``."""

    items: list[UndeliveredLine]
    next: str | None


class Retried(BaseModel):
    """What became of a retry."""

    queued: int = Field(description="0: the record's present state is on its way already")
    delivery_id: str


class Discard(BaseModel):
    """Why something shall never be delivered."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "a test order"}]})

    reason: str = Field(min_length=1, max_length=400)


async def given(
    connection_id: Annotated[str | None, Query(description="Source or destination: con_…")] = None,
    route_id: Annotated[str | None, Query(description="rte_…")] = None,
    stream: Annotated[str | None, Query(max_length=100, description="order, customer …")] = None,
    since: Annotated[datetime | None, Query(description="Made at this time or later.")] = None,
    until: Annotated[datetime | None, Query(description="Made before this time.")] = None,
) -> Filter:
    """Read the filters that all lists of deliveries have."""
    # async although it awaits nothing: a plain function would be run in a thread, which costs more than all of this
    return Filter(
        connection_id=named(Prefix.CONNECTION, connection_id, "connection_id"),
        route_id=named(Prefix.ROUTE, route_id, "route_id"),
        stream=stream,
        since=instant(since, "since"),
        until=instant(until, "until"),
    )


def named(prefix: Prefix, text: str | None, field: str) -> uuid.UUID | None:
    """Read an id that may be left out. Raises ``BadInput`` that names the field."""
    return parsed(prefix, text, field) if text else None


Given = Annotated[Filter, Depends(given)]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["deliveries"])
    _add_lists(api, hub, access.needs("read"))
    _add_one(api, hub, access.needs("read"), access.needs("operate"))
    return api


def _add_lists(api: APIRouter, hub: Hub, reads: Any) -> None:
    @api.get("/deliveries", response_model=DeliveryPage)
    async def deliveries(
        chosen: Given,
        state: State | None = None,
        record_id: Annotated[str | None, Query(description="rec_… (or ord_…, cus_…, prd_…)")] = None,
        event_id: Annotated[str | None, Query(description="evt_…")] = None,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List deliveries, the newest first."""
        asked = Filter(
            state=state,
            connection_id=chosen.connection_id,
            route_id=chosen.route_id,
            stream=chosen.stream,
            since=chosen.since,
            until=chosen.until,
            record_id=record_named(record_id),
            event_id=named(Prefix.EVENT, event_id, "event_id"),
        )
        below = named(Prefix.DELIVERY, before, "before")
        items = await hub.letters.page(caller.tenant_id, asked, limit, below)
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @api.get("/undelivered", response_model=UndeliveredPage)
    async def undelivered(
        chosen: Given,
        after: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List what has not reached its destination: under way, in doubt or dead; the longest first."""
        above = named(Prefix.DELIVERY, after, "after")
        items = await hub.letters.undelivered(caller.tenant_id, chosen, limit, above)
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}


def _add_one(api: APIRouter, hub: Hub, reads: Any, operates: Any) -> None:
    @api.get("/deliveries/{delivery_id}", response_model=DeliveryWhole)
    async def delivery(delivery_id: str, caller: Principal = reads) -> Any:
        """Return one delivery with its cause and every attempt: what was asked and answered, redacted."""
        return await hub.letters.one(caller.tenant_id, parsed(Prefix.DELIVERY, delivery_id, "delivery_id"))

    @api.post("/deliveries/{delivery_id}/retry", status_code=202, response_model=Retried)
    async def retry(delivery_id: str, caller: Principal = operates) -> Any:
        """Deliver again what has ended: the record's present state, or the very same message. A dead letter once."""
        wanted = parsed(Prefix.DELIVERY, delivery_id, "delivery_id")
        found = await hub.letters.one(caller.tenant_id, wanted)
        taken, queued = await hub.replay.one(caller.tenant_id, wanted, actor=caller.actor)
        if not taken:
            raise not_again(found)
        return {"queued": queued, "delivery_id": delivery_id}

    @api.post("/deliveries/{delivery_id}/discard", response_model=DeliveryWhole)
    async def discard(delivery_id: str, body: Discard, caller: Principal = operates) -> Any:
        """End a dead letter for good, with a reason; it stands in the audit."""
        wanted = parsed(Prefix.DELIVERY, delivery_id, "delivery_id")
        return await hub.letters.discard(caller.tenant_id, wanted, body.reason, actor=caller.actor)


def record_named(text: str | None) -> uuid.UUID | None:
    """Read the id of a record by any of its names. Raises ``BadInput``."""
    if not text:
        return None
    prefix = next((p for p in (Prefix.ORDER, Prefix.CUSTOMER, Prefix.PRODUCT) if text.startswith(f"{p}_")), None)
    return parsed(prefix or Prefix.RECORD, text, "record_id")


def not_again(found: Mapping[str, Any]) -> Conflict:
    """Say why something is not delivered again."""
    if found["ended_at"] is None:
        return Conflict("it is under way already", remedy="wait for its end")
    if found["replayed"]:
        return Conflict("it was retried already", remedy="look at the record's newer deliveries")
    if found["state"] == "skipped":
        return Conflict(f"the rule {found['rule']} keeps it", remedy="nothing that a rule of privacy keeps is sent")
    return Conflict("its route was removed", remedy="add the route again, then replay the record")
