"""Stock: levels, their movements, prices, shares, thresholds and alerts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from crossdock.api.access import Access
from crossdock.api.body import announced, read
from crossdock.api.importing import HOW, ImportResult, taken
from crossdock.api.parsing import parsed
from crossdock.errors import BadInput
from crossdock.flow.stock.imports import What
from crossdock.flow.stock.levels import MAIN, MOST, Cause, Change, Result
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.kit.ids import new_id
from crossdock.wiring import Hub

MOST_ITEMS = 10_000
"""Levels in one call."""
_CHUNK = 1000
_SKU = Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$", examples=["TEA-100"])
_PLACE = Field(default=MAIN, min_length=1, max_length=64, pattern=r"^\S+$")


class Strict(BaseModel):
    """A body whose fields are all known."""

    model_config = ConfigDict(extra="forbid")


class NewLevel(Strict):
    """A level to be set (``on_hand``, ``reserved``), or moved by ``delta`` with a ``reference``."""

    sku: str = _SKU
    location: str = _PLACE
    on_hand: int | None = Field(default=None, ge=-MOST, le=MOST, strict=True, examples=[12])
    reserved: int | None = Field(default=None, ge=0, le=MOST, strict=True)
    delta: int | None = Field(default=None, ge=-MOST, le=MOST, strict=True)
    reference: str | None = Field(default=None, min_length=1, max_length=200, description="moves a level once")
    confirmed: bool | None = Field(
        default=None, description="true: a zero is meant; without it the store is read again before a zero is written"
    )
    expected_version: int | None = Field(default=None, description="conflict when the level has moved on")


class LevelResult(BaseModel):
    """What became of one item, and the level as it stands."""

    status: Literal["changed", "unchanged", "duplicate", "conflict", "unknown", "refused"]
    sku: str | None
    location: str | None
    on_hand: int | None = None
    reserved: int | None = None
    version: int | None = None
    problem: dict[str, Any] | None = None


class LevelResults(BaseModel):
    """One result an item, in order."""

    items: list[LevelResult]


class LevelShown(BaseModel):
    """A level."""

    sku: str
    location: str
    on_hand: int
    reserved: int
    available: int
    confirmed: bool
    version: int
    changed_at: datetime
    offered: int | None = Field(default=None, description="what the store asked for may offer (all its locations)")


class LevelPage(BaseModel):
    """A page of levels by SKU; ``next`` goes into ``after``."""

    items: list[LevelShown]
    next: str | None


class MoveShown(BaseModel):
    """A movement of a level."""

    id: str
    sku: str
    location: str
    delta: int
    reserved_delta: int
    on_hand: int
    reserved: int
    version: int
    cause: str
    reference: str
    store: str | None
    made_at: datetime


class MovePage(BaseModel):
    """A page of movements, newest first; ``next`` goes into ``before``."""

    items: list[MoveShown]
    next: str | None


_ITEM = TypeAdapter(NewLevel)
_ONE = {"sku": "TEA-100", "on_hand": 12}
_MANY = [_ONE, {"sku": "TEA-250", "delta": -1, "reference": "pick-17"}]
_NEW_LEVEL = NewLevel.model_json_schema()
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_NEW_LEVEL, {"type": "array", "items": _NEW_LEVEL, "maxItems": MOST_ITEMS}]},
                "example": _MANY,
            },
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"sku": "TEA-100", "on_hand": 12}\n'},
        },
    }
}

_CSV = {"text/csv": {"schema": {"type": "string"}, "example": "sku,location,on_hand\nTEA-100,main,12\n"}}


def read_items(body: bytes, content_type: str) -> list[Any]:
    """Return the items of a body: one, a list, ``{"items": […]}`` or a line each (NDJSON). Raises ``BadInput``."""
    try:
        if "ndjson" in content_type or "jsonl" in content_type:
            items = [orjson.loads(line) for line in body.splitlines() if line.strip()]
        else:
            found = orjson.loads(body)
            items = found["items"] if isinstance(found, dict) and set(found) == {"items"} else found
    except orjson.JSONDecodeError:
        raise BadInput("the body is not JSON", field="body", remedy="send one level, a list, or a line each") from None
    listed = items if isinstance(items, list) else [items]
    if not 1 <= len(listed) <= MOST_ITEMS:
        raise BadInput(f"a call takes 1 to {MOST_ITEMS} levels", field="items", remedy="split it")
    return listed


def change_of(item: Any, at: int, key: str) -> Change | LevelResult:
    """Return an item's change, or its refusal."""
    try:
        level = _ITEM.validate_python(item)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "item"
        return _refused(item, BadInput(str(first["msg"]), field=f"items[{at}].{field}"))
    moves = level.delta is not None
    sets = level.on_hand is not None or level.reserved is not None
    if moves == sets:
        rule = "give either on_hand and reserved, or delta"
        return _refused(item, BadInput(rule, field=f"items[{at}]", remedy="see PUT /api/v1/stock"))
    if moves and level.reference is None:
        rule = "a movement needs a reference, so that it moves the level once"
        return _refused(item, BadInput(rule, field=f"items[{at}].reference", remedy="name what moved it"))
    return Change(
        sku=level.sku,
        location=level.location,
        reference=f"api:{level.reference}" if moves else f"set:{key}:{at}",
        cause=Cause.SET if sets else Cause.CORRECTION,
        on_hand=level.on_hand,
        reserved=level.reserved,
        delta=level.delta or 0,
        confirmed=level.confirmed,
        expected_version=level.expected_version,
    )


def _refused(item: Any, problem: BadInput) -> LevelResult:
    named = item if isinstance(item, dict) else {}
    sku, location = (str(named.get(name))[:200] if named.get(name) else None for name in ("sku", "location"))
    return LevelResult(status="refused", sku=sku, location=location, problem=problem.as_problem())


async def set_levels(hub: Hub, tenant_id: uuid.UUID, items: Sequence[Any]) -> list[LevelResult]:
    """Set or move levels, a thousand a commit; one result an item. What is changed is pushed at once."""
    key = new_id().hex
    read_in = [change_of(item, at, key) for at, item in enumerate(items)]
    changes = [change for change in read_in if isinstance(change, Change)]
    done: list[Result] = []
    for start in range(0, len(changes), _CHUNK):
        done += await hub.book.apply(tenant_id, changes[start : start + _CHUNK])
    hub.stock.bell.set()
    results = iter(done)
    return [
        LevelResult(**msgspec.to_builtins(next(results))) if isinstance(change, Change) else change
        for change in read_in
    ]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["stock"])
    reads, writes = access.needs("read"), access.needs("write")

    @api.put("/stock", response_model=LevelResults, openapi_extra=_BODY)
    async def put_stock(request: Request, caller: Principal = writes) -> Any:
        """Set or move one level or thousands: JSON, a list, or a line each. Sending the same again changes nothing."""
        limit = hub.settings.max_body_bytes
        announced(dict(request.headers), limit)
        body = await read(request.receive, limit)
        items = read_items(body, request.headers.get("content-type", ""))
        return {"items": await set_levels(hub, caller.tenant_id, items)}

    @api.post(
        "/stock/import",
        response_model=ImportResult,
        responses={202: {"description": "a large file: the run that imports it"}},
        description=f"Set or move levels from CSV; lines that are wrong are listed and left out. {HOW}",
        openapi_extra={"requestBody": {"required": True, "content": _CSV}},
    )
    async def import_stock(request: Request, dry_run: bool = False, caller: Principal = writes) -> Any:
        own = (await hub.connections.hub_source(caller.tenant_id)).id
        return await taken(hub, caller.tenant_id, own, What.LEVELS, request, dry_run=dry_run)

    @api.get("/stock", response_model=LevelPage)
    async def get_stock(
        sku: Annotated[list[str] | None, Query(max_length=200, description="may be given several times")] = None,
        store: Annotated[str | None, Query(description="id, account or name: what it sells and offers")] = None,
        after: Annotated[str | None, Query(max_length=300)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        caller: Principal = reads,
    ) -> Any:
        """List levels by SKU and location."""
        return await list_levels(hub, caller.tenant_id, sku, store, after, limit)

    @api.get("/stock/moves", response_model=MovePage)
    async def get_moves(
        sku: Annotated[str | None, Query(max_length=200)] = None,
        before: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        caller: Principal = reads,
    ) -> Any:
        """List movements, the newest first."""
        upper = parsed(ids.Prefix.MOVE, before, "before") if before else None
        items = await hub.shelf.moves(caller.tenant_id, sku, upper, limit)
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    return api


async def list_levels(
    hub: Hub, tenant_id: uuid.UUID, skus: Sequence[str] | None, store: str | None, after: str | None, limit: int
) -> dict[str, Any]:
    """Return a page of levels; with ``store`` only what it is linked to, with what it may offer."""
    connection = await hub.connections.find(tenant_id, store) if store else None
    return await hub.shelf.levels(tenant_id, skus, connection.id if connection else None, after, limit)
