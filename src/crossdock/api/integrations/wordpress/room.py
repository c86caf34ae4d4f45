"""The doors of the room: one envelope for every answer, problem+json for every refusal, rate headers on both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crossdock.api.body import announced, headers_of, read
from crossdock.api.integrations.operation import Operation, Reply
from crossdock.api.integrations.wordpress.gate import Gate, shown
from crossdock.api.problems import answer, refusal
from crossdock.errors import MethodNotAllowed
from crossdock.govern.sites.keys import Allowance, Limited
from crossdock.kit.ids import new_id

_ANY: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def doors(base: str, operations: Sequence[Operation], gate: Gate) -> list[Route]:
    """Return a route a path."""
    paths: dict[str, dict[str, Operation]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method] = one
    return [Route(base + path, _Door(methods, gate).take, methods=_ANY) for path, methods in paths.items()]


class _Door:
    """One path with its methods."""

    def __init__(self, methods: dict[str, Operation], gate: Gate) -> None:
        self._methods = methods
        self._gate = gate

    async def take(self, request: Request) -> Response:
        """Answer one request; a bug is logged and told as one."""
        request.state.allowance = None
        try:
            response = enveloped(await self._answer(request))
        except Exception as error:  # noqa: BLE001 - the last wall
            if isinstance(error, Limited):
                request.state.allowance = error.allowance
            response = refusal(error)
        return limited(response, request.state.allowance)

    async def _answer(self, request: Request) -> Reply:
        operation = self._methods.get(request.method)
        if operation is None:
            allowed = ", ".join(sorted(self._methods))
            raise MethodNotAllowed(f"this page does not take {request.method}", allow=allowed, remedy=f"send {allowed}")
        if operation.opens is not None:
            announced(headers_of(request.scope), self._gate.most)
            return await operation.opens(request, await read(request.receive, self._gate.most))
        caller = await self._gate.enter(request)
        assert operation.does is not None
        return await operation.does(caller, request)


def enveloped(reply: Reply) -> Response:
    """Put what an operation answers into the one form."""
    meta: dict[str, Any] = {"request_id": f"req_{new_id().hex}", "time": shown(datetime.now(UTC))}
    response = answer({"data": reply.data, "meta": meta}, reply.status)
    response.headers.update(reply.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def limited(response: Response, allowance: Allowance | None) -> Response:
    """Say what the key may still send."""
    if allowance is not None:
        response.headers["RateLimit-Limit"] = str(allowance.limit)
        response.headers["RateLimit-Remaining"] = str(allowance.remaining)
        response.headers["RateLimit-Reset"] = str(allowance.reset_s)
    return response
