"""The ASGI application: every door of the hub."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from crossdock.api.access import Access
from crossdock.api.body import Receive, Scope
from crossdock.api.connecting import ConnectDoors
from crossdock.api.consent import ConsentDoor
from crossdock.api.events import EventsDoor
from crossdock.api.headers import Headers
from crossdock.api.health import Prometheus, Readiness, healthz
from crossdock.api.integrations import routes as integrations
from crossdock.api.plugin_files import PluginFiles
from crossdock.api.problems import problem, refusal
from crossdock.api.rest import build_rest
from crossdock.api.webhooks import Send, WebhookDoor
from crossdock.errors import MethodNotAllowed, NotFound
from crossdock.wiring import Hub


async def _nowhere(request: Request, error: Exception) -> Response:
    del request, error
    return problem(NotFound("there is no such page", remedy="the API is under /api/v1"))


async def _not_so(request: Request, error: Exception) -> Response:
    del error
    return problem(MethodNotAllowed(f"this page does not take {request.method}", allow="GET", remedy="send GET"))


async def _bug(request: Request, error: Exception) -> Response:
    del request
    return refusal(error)


def _answered(app: ASGIApp) -> ASGIApp:
    """Keep in what an application has answered: Starlette raises a bug again after it was told and logged."""

    async def within(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(Exception):
            await app(scope, receive, send)

    return within


class App:
    """Sends webhooks straight to their door; everything else goes through Starlette's router."""

    def __init__(self, hub: Hub, pages: Sequence[BaseRoute]) -> None:
        access, connecting = Access(hub), ConnectDoors(hub)
        token = hub.settings.metrics_token
        metrics_token = token.get_secret_value() if token else None
        self.webhooks = WebhookDoor(hub)
        self._headers = Headers(hub.settings.public_url)
        self.draining = False
        """Set when the process is about to end: /readyz says so, all else is answered."""
        self._others = Starlette(
            routes=[
                Route("/healthz", healthz),
                Route("/readyz", Readiness(hub, lambda: self.draining).answer),
                Route("/metrics", Prometheus(metrics_token).answer),
                # other methods of this path go on to the REST application, which lists events
                Route("/api/v1/events", EventsDoor(hub, access).post, methods=["POST"]),
                Route("/connect/{connector}/callback", connecting.callback, methods=["POST"]),
                Route("/connect/{connector}/return", connecting.back),
                Route("/oauth/callback", ConsentDoor(hub).callback),
                *PluginFiles(hub).routes(),
                *integrations(hub),
                *pages,
                Mount("/api/v1", _answered(build_rest(hub, access))),
            ],
            exception_handlers={404: _nowhere, 405: _not_so, Exception: _bug},
        )
        self._answer = _answered(self._others)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Return every route but the webhooks' own."""
        return self._others.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request."""
        if scope["type"] == "http" and scope["path"].startswith("/webhooks/"):
            await self.webhooks(scope, receive, send)
        else:
            await self._answer(scope, receive, self._headers.on(scope, send) if scope["type"] == "http" else send)


def build_app(hub: Hub, pages: Sequence[BaseRoute] = ()) -> App:
    """Put the doors together; ``pages`` are the doors for people."""
    return App(hub, pages)
