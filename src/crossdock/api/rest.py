"""The REST resources under ``/api/v1`` (FastAPI, pydantic at the edge, OpenAPI 3.1)."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.openapi import described
from crossdock.api.problems import ABSENT, NO_ROOM, problem, refusal
from crossdock.errors import BadInput, CrossdockError, MethodNotAllowed, NotFound
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.store.queries import load
from crossdock.wiring import Hub

SQL = load(Path(__file__).with_name("rest.sql"))
_LAST = uuid.UUID(int=(1 << 128) - 1)


class ConnectionStatus(BaseModel):
    """How one connection does."""

    id: str
    connector: str
    name: str
    state: str
    problem: str | None
    breaker: str | None
    waiting: int
    dead: int
    arrivals: int


class Status(BaseModel):
    """How all connections do."""

    mode: Literal["webhooks", "pull-only"]
    connections: list[ConnectionStatus]


class DeliveryShown(BaseModel):
    """One delivery, live or ended."""

    id: str
    state: str
    rule: str | None = None
    reason: str | None = None
    attempts: int
    external_id: str | None = None
    event_id: str | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first; ``next`` goes into ``before``."""

    items: list[DeliveryShown]
    next: str | None


class EventShown(BaseModel):
    """One event, without its body."""

    id: str
    connection_id: str
    type: str
    stream: str
    external_id: str
    origin: str
    verdict: str
    presence: str
    status: str
    seq: int
    modified_at: datetime | None
    recorded_at: datetime
    deliveries: list[DeliveryShown]


def build_rest(hub: Hub, access: Access) -> FastAPI:
    """Build the REST application."""
    app = FastAPI(title="Crossdock", version="1", docs_url=None, redoc_url=None)

    async def reader(request: Request) -> Principal:
        return await access.principal(request, "read")

    _say_problems(app)
    _add_connections(app, hub, Depends(reader))
    _add_events(app, hub, Depends(reader))
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    return app


def _say_problems(app: FastAPI) -> None:
    """Answer every error as problem+json."""

    async def ours(request: Request, error: Exception) -> Response:
        del request
        return refusal(error)

    for kind in (CrossdockError, *NO_ROOM, *ABSENT, Exception):
        app.add_exception_handler(kind, ours)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        del request
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or "body"
        return problem(BadInput(str(first["msg"]), field=field, remedy="see /api/v1/openapi.json"))

    @app.exception_handler(404)
    async def nowhere(request: Request, error: Exception) -> Response:
        del request, error
        return problem(NotFound("there is no such resource", remedy="see /api/v1/openapi.json"))

    @app.exception_handler(405)
    async def not_so(request: Request, error: Exception) -> Response:
        del error
        return problem(
            MethodNotAllowed(f"this resource does not take {request.method}", allow="GET", remedy="send GET")
        )


def _add_connections(app: FastAPI, hub: Hub, caller_reads: Any) -> None:
    @app.get("/status", response_model=Status)
    async def status(caller: Principal = caller_reads) -> Any:
        return await status_of(hub, caller.tenant_id)

    @app.get("/connections")
    async def connections(caller: Principal = caller_reads) -> JSONResponse:
        rows = await hub.connections.list(caller.tenant_id)
        shown = [{k: v for k, v in row.items() if k not in ("uuid", "created_at")} for row in rows]
        return JSONResponse({"items": shown})


def _add_events(app: FastAPI, hub: Hub, caller_reads: Any) -> None:
    @app.get("/deliveries", response_model=DeliveryPage)
    async def deliveries(
        state: Literal["waiting", "claimed", "in_doubt", "delivered", "skipped", "dead"] | None = None,
        before: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        caller: Principal = caller_reads,
    ) -> Any:
        upper = _parse(ids.Prefix.DELIVERY, before, "before") if before else _LAST
        async with hub.database.tenant(caller.tenant_id) as conn:
            rows = await conn.fetch(SQL["deliveries"], caller.tenant_id, state, upper, limit)
        items = [_delivery(row) for row in rows]
        return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}

    @app.get("/events/{event_id}", response_model=EventShown)
    async def event(event_id: str, caller: Principal = caller_reads) -> Any:
        wanted = _parse(ids.Prefix.EVENT, event_id, "event_id")
        async with hub.database.tenant(caller.tenant_id) as conn:
            row = await conn.fetchrow(SQL["event"], caller.tenant_id, wanted)
            if row is None:
                raise NotFound("there is no such event")
            made = await conn.fetch(SQL["event_deliveries"], caller.tenant_id, wanted)
        return {
            **dict(row),
            "id": ids.show(ids.Prefix.EVENT, row["id"]),
            "connection_id": ids.show(ids.Prefix.CONNECTION, row["connection_id"]),
            "deliveries": [_delivery(delivery) for delivery in made],
        }


async def status_of(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
    """Return how a tenant's connections do."""
    async with hub.database.tenant(tenant_id) as conn:
        rows = await conn.fetch(SQL["status"], tenant_id)
    return {
        "mode": "webhooks" if hub.settings.public_url else "pull-only",
        "connections": [{**dict(row), "id": ids.show(ids.Prefix.CONNECTION, row["id"])} for row in rows],
    }


def _delivery(row: Any) -> dict[str, Any]:
    shown = dict(row)
    shown["id"] = ids.show(ids.Prefix.DELIVERY, row["id"])
    if "event_id" in shown:
        shown["event_id"] = ids.show(ids.Prefix.EVENT, row["event_id"])
    return shown


def _parse(prefix: ids.Prefix, text: str, field: str) -> uuid.UUID:
    try:
        return ids.parse(prefix, text)
    except ValueError as wrong:
        raise BadInput(str(wrong), field=field) from None
