"""Who calls: an API key or a token made of one in ``Authorization: Bearer``, verified and remembered for a second."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from fastapi import Depends
from starlette.requests import Request

from crossdock.errors import Forbidden, Unauthenticated
from crossdock.govern.keys import Principal
from crossdock.govern.programs.tokens import looks_like
from crossdock.store.acting import act_as
from crossdock.wiring import Hub

_FRESH_S = 1.0
_MOST = 1024


class Access:
    """Looks keys up; a revoked key is refused within a second, and so is every token made of it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._tokens = hub.tokens
        self._known: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    async def principal(self, request: Request, *scopes: str) -> Principal:
        """Return the caller, who has one of the scopes (none: anybody with a key).

        Raises ``Unauthenticated`` or ``Forbidden``.
        """
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            self._hub.refusals.note("no-api-key", subject="api")
            raise Unauthenticated(
                "the request has no API key", field="Authorization", remedy="send Authorization: Bearer cdk_…"
            )
        now = time.monotonic()
        known = self._known.get(key)
        if known is None or known[0] < now:
            try:
                verify = self._tokens.verify if looks_like(key) else self._hub.keys.verify
                known = (now + _FRESH_S, await verify(key))
            except Unauthenticated:
                self._hub.refusals.note("bad-api-key", subject="api")
                raise
            self._known[key] = known
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        try:
            if scopes:
                known[1].need(*scopes)
        except Forbidden:
            self._hub.refusals.note("forbidden", subject="api")
            raise
        act_as(known[1].actor)
        return known[1]

    def needs(self, *scopes: str) -> Any:
        """Return FastAPI's dependency on a caller with one of the scopes (none: on any caller)."""

        async def caller(request: Request) -> Principal:
            return await self.principal(request, *scopes)

        return Depends(caller)
