"""The cookies of the pages: their names and how they are set."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

SESSION = "session"
"""Holds the token of a person's session."""


class Cookies:
    """Reads and writes them for one request; behind the https address they are ``Secure`` and bound to the host."""

    def __init__(self, request: Request, public_url: str | None) -> None:
        self._request = request
        public = urlsplit(public_url or "")
        at_public = public.scheme == "https" and request.headers.get("host", "").lower() == public.netloc.lower()
        self.secure = at_public or request.url.scheme == "https"

    def _name(self, name: str) -> str:
        return f"__Host-crossdock-{name}" if self.secure else f"crossdock-{name}"

    def get(self, name: str) -> str | None:
        """Return a cookie's value."""
        return self._request.cookies.get(self._name(name))

    def put(self, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
        """Set one that no script can read; without ``seconds`` it ends with the browser."""
        response.set_cookie(
            self._name(name), value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def drop(self, response: Response, name: str) -> None:
        """Take one back."""
        response.delete_cookie(self._name(name), path="/", secure=self.secure, httponly=True, samesite="lax")
