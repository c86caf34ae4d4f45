"""The headers that every answer carries, whatever door it comes from; those of the pages say more (``web.headers``)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from crossdock.api.body import Scope
from crossdock.api.webhooks import Send

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_PRIVATE = (b"cache-control", b"no-store")
_HTTPS = (b"strict-transport-security", b"max-age=31536000")


class Headers:
    """Adds what an answer does not say itself."""

    def __init__(self, public_url: str | None) -> None:
        public = urlsplit(public_url or "")
        self._public = public.netloc.lower().encode() if public.scheme == "https" else None

    def on(self, scope: Scope, send: Send) -> Send:
        """Return what sends an answer with the headers."""

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                known = {name.lower() for name, _ in given}
                message = {**message, "headers": given + [one for one in self._of(scope) if one[0] not in known]}
            await send(message)

        return sent

    def _of(self, scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
        more = (_PRIVATE,) if scope["path"].startswith("/api/") else ()
        host = next((value.lower() for name, value in scope["headers"] if name == b"host"), b"")
        if scope.get("scheme") == "https" or (self._public is not None and host == self._public):
            more = (*more, _HTTPS)
        return (*_ALWAYS, *more)
