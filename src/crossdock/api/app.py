"""The ASGI application: every door of the hub."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from crossdock.api.access import Access
from crossdock.api.body import Receive, Scope
from crossdock.api.events import EventsDoor
from crossdock.api.health import Readiness, healthz, prometheus
from crossdock.api.rest import build_rest
from crossdock.api.webhooks import Send, WebhookDoor
from crossdock.wiring import Hub


class App:
    """Sends webhooks straight to their door; everything else goes through Starlette's router."""

    def __init__(self, hub: Hub, pages: Sequence[Route]) -> None:
        access = Access(hub)
        self._webhooks = WebhookDoor(hub)
        self._others = Starlette(
            routes=[
                Route("/healthz", healthz),
                Route("/readyz", Readiness(hub).answer),
                Route("/metrics", prometheus),
                Route("/api/v1/events", EventsDoor(hub, access).post, methods=["POST"]),
                *pages,
                Mount("/api/v1", build_rest(hub, access)),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one request."""
        if scope["type"] == "http" and scope["path"].startswith("/webhooks/"):
            await self._webhooks(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def build_app(hub: Hub, pages: Sequence[Route] = ()) -> App:
    """Put the doors together; ``pages`` are the doors for people."""
    return App(hub, pages)
