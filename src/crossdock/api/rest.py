"""The REST application under ``/api/v1`` (FastAPI, pydantic at the edge, OpenAPI 3.1)."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response
from starlette.routing import Match

from crossdock.api.access import Access
from crossdock.api.openapi import described
from crossdock.api.problems import UNKEEPABLE, problem, refusal
from crossdock.api.resources import ALL
from crossdock.errors import BadInput, CrossdockError, MethodNotAllowed, NotFound
from crossdock.store.absence import ABSENT, NO_ROOM
from crossdock.wiring import Hub

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_DOORS = {("/events", "POST")}
"""What is answered before this application is asked, but is as much a part of the API."""


def build_rest(hub: Hub, access: Access) -> FastAPI:
    """Build the REST application."""
    app = FastAPI(title="Crossdock", version="1", docs_url=None, redoc_url=None)
    _say_problems(app)
    for router in ALL:
        app.include_router(router(hub, access))
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    return app


def _say_problems(app: FastAPI) -> None:
    """Answer every error as problem+json."""

    async def ours(request: Request, error: Exception) -> Response:
        del request
        return refusal(error)

    async def unkeepable(request: Request, error: Exception) -> Response:
        return refusal(error, _with_nul(request))

    for kind in (CrossdockError, *NO_ROOM, *ABSENT, Exception):
        app.add_exception_handler(kind, ours)
    for kind in UNKEEPABLE:
        app.add_exception_handler(kind, unkeepable)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        del request
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or "body"
        return problem(BadInput(str(first["msg"]), field=field, remedy="see /api/v1/openapi.json"))

    @app.exception_handler(400)
    async def unreadable(request: Request, error: Exception) -> Response:
        del request, error
        return problem(BadInput("the body cannot be read", field="body", remedy="send JSON in UTF-8"))

    @app.exception_handler(404)
    async def nowhere(request: Request, error: Exception) -> Response:
        del request, error
        return problem(NotFound("there is no such resource", remedy="see /api/v1/openapi.json"))

    @app.exception_handler(405)
    async def not_so(request: Request, error: Exception) -> Response:
        del error
        taken = _taken(app, request)
        told = f"this resource does not take {request.method}"
        return problem(MethodNotAllowed(told, allow=", ".join(taken), remedy=f"send {' or '.join(taken)}"))


def _with_nul(request: Request) -> str:
    """Return the parameter that holds a NUL, which no column takes; the body, when none does."""
    given = [*request.query_params.multi_items(), *request.path_params.items()]
    return next((name for name, value in given if "\x00" in str(value)), "body")


def _taken(app: FastAPI, request: Request) -> list[str]:
    """Return the methods that the resource of a request takes."""
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    return [
        method
        for method in _METHODS
        if (path, method) in _DOORS
        or any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]
