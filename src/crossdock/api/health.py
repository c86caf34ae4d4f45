"""``/healthz``: the process lives. ``/readyz``: it can take and record. ``/metrics``: Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from crossdock import metrics
from crossdock.api.problems import answer, problem
from crossdock.errors import Forbidden, Overloaded, Unauthenticated
from crossdock.kit.nearby import from_here
from crossdock.store.absence import TROUBLE
from crossdock.wiring import Hub


async def healthz(request: Request) -> Response:
    """Answer 200 while the process turns its loop."""
    del request
    return answer({"status": "alive"})


class Prometheus:
    """The metrics name connections: they are shown to this machine, or to whoever has the token when there is one."""

    def __init__(self, token: str | None) -> None:
        self._token = token.encode() if token else None

    async def answer(self, request: Request) -> Response:
        """Answer the metrics, 401 without the token, 403 from elsewhere."""
        if self._token is not None:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), self._token):
                return problem(
                    Unauthenticated(
                        "the metrics need their token",
                        field="Authorization",
                        remedy="send Authorization: Bearer and the value of CROSSDOCK_METRICS_TOKEN",
                    )
                )
        elif not from_here(
            request.client.host if request.client else "", request.headers.get("host", ""), request.headers
        ):
            return problem(
                Forbidden(
                    "the metrics are shown to this machine alone",
                    remedy="read them on 127.0.0.1, or set CROSSDOCK_METRICS_TOKEN and send it",
                )
            )
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)


class Readiness:
    """Asks the database and the ingest queue."""

    def __init__(self, hub: Hub, draining: Callable[[], bool]) -> None:
        self._hub = hub
        self._draining = draining

    async def answer(self, request: Request) -> Response:
        """Answer 200 when arrivals can be recorded, else 503."""
        del request
        if self._draining():
            return problem(Overloaded("this process is ending", remedy="another one takes the request"))
        try:
            self._hub.journey.intake.admit(0)
            async with self._hub.database.engine() as conn:
                await conn.fetchval("SELECT 1")
        except Overloaded as error:
            return problem(error)
        except TROUBLE:
            return problem(Overloaded("the database does not answer", remedy="crossdock doctor explains more"))
        mode = "webhooks" if self._hub.settings.public_url else "pull-only"
        return answer({"status": "ready", "mode": mode})
