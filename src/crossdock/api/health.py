"""``/healthz``: the process lives. ``/readyz``: it can take and record. ``/metrics``: Prometheus."""

from __future__ import annotations

import asyncpg
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from crossdock import metrics
from crossdock.api.problems import answer, problem
from crossdock.errors import Overloaded
from crossdock.wiring import Hub


async def healthz(request: Request) -> Response:
    """Answer 200 while the process turns its loop."""
    del request
    return answer({"status": "alive"})


async def prometheus(request: Request) -> Response:
    """Answer the metrics."""
    del request
    return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)


class Readiness:
    """Asks the database and the ingest queue."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def answer(self, request: Request) -> Response:
        """Answer 200 when arrivals can be recorded, else 503."""
        del request
        try:
            self._hub.journey.intake.admit(0)
            async with self._hub.database.engine() as conn:
                await conn.fetchval("SELECT 1")
        except Overloaded as error:
            return problem(error)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return problem(Overloaded("the database does not answer", remedy="crossdock doctor explains more"))
        mode = "webhooks" if self._hub.settings.public_url else "pull-only"
        return answer({"status": "ready", "mode": mode})
