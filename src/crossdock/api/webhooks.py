"""``POST /webhooks/{connector}/{connection}``: the hot door. Answered with exactly 200 once it is committed."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from crossdock.api.body import Receive, Scope, announced, headers_of, read
from crossdock.api.problems import problem, unexpected
from crossdock.errors import CrossdockError, MethodNotAllowed, NotFound
from crossdock.kit import ids
from crossdock.model.connection import Connection
from crossdock.wiring import Hub

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"2")]
_START = {"type": "http.response.start", "status": 200, "headers": _HEADERS}
_BODY = {"type": "http.response.body", "body": b"{}"}


class WebhookDoor:
    """A raw ASGI application."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = hub.settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one webhook; errors are problem+json, and nothing of a refused request is kept."""
        try:
            await self._take(scope, receive)
        except CrossdockError as error:
            await _say(problem(error), scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last wall: a bug is logged, the shop gets a 500
            await _say(unexpected(error), scope, receive, send)
        else:
            await send(dict(_START))
            await send(dict(_BODY))

    async def _take(self, scope: Scope, receive: Receive) -> None:
        if scope["method"] != "POST":
            raise MethodNotAllowed("webhooks are POSTed", remedy="send POST")
        headers = headers_of(scope)
        hub = self._hub
        try:
            hub.journey.intake.admit(announced(headers, self._limit))
            connection = await self._connection(scope["path"])
            body = await read(receive, self._limit)
        except CrossdockError as refused:
            if refused.status in (404, 413):
                hub.refusals.note(refused.code, subject=scope["path"][:80])
            raise
        await hub.journey.webhook(connection, headers, body)

    async def _connection(self, path: str) -> Connection:
        _, _, connector, *rest = (*path.split("/"), "", "")
        try:
            connection_id = _parse(rest[0])
        except ValueError:
            raise NotFound("there is no such connection", remedy="check the webhook's address") from None
        connection = await self._hub.directory.connection(connection_id)
        if connection.connector != connector:
            raise NotFound("there is no such connection", remedy="check the webhook's address")
        return connection


@lru_cache(maxsize=4096)
def _parse(text: str) -> uuid.UUID:
    return ids.parse(ids.Prefix.CONNECTION, text)


async def _say(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    await response(scope, receive, send)
