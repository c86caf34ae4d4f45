"""What handlers take and give: one call, one answer, and errors as WordPress words them."""

from __future__ import annotations

from typing import Any

import msgspec

from .settings import Settings
from .shop import Shop


class WpError(Exception):
    """A ``WP_Error``: answered as ``{code, message, data}`` with its status.

    ``data`` replaces the usual ``{"status": ...}`` (refund errors carry a bare number, vendor fact 26).
    """

    def __init__(self, status: int, code: str, message: str, *, data: Any = None, **extra: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.data = data if data is not None else {"status": status, **extra}

    def body(self) -> dict[str, Any]:
        """Return the answer's body."""
        return {"code": self.code, "message": self.message, "data": self.data}


class Answer(msgspec.Struct):
    """An answer: ``body`` is bytes already written, or a value yet to be written as PHP's JSON."""

    body: Any
    status: int = 200
    headers: dict[str, str] = {}


class Call(msgspec.Struct):
    """One request as a handler sees it: parameters checked and merged, path ids taken out."""

    shop: Shop
    settings: Settings
    method: str
    path: str
    """Path under ``/wp-json``, no trailing slash."""
    base: str
    """The site's own address, no trailing slash."""
    query: dict[str, Any]
    body: dict[str, Any]
    params: dict[str, Any]
    ids: dict[str, str]

    def number(self, name: str = "id") -> int:
        """Return an id of the path."""
        return int(self.ids[name])

    def flag(self, name: str) -> bool:
        """Return a boolean parameter (absent is False)."""
        return self.params.get(name) in (True, "true", "1", 1)


def invalid_id(what: str, status: int = 404) -> WpError:
    """Return the error for an id that is none (404 on reads, 400 on writes). Tax rates have one of their own (seen)."""
    if what == "tax":
        return WpError(status, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    return WpError(status, f"woocommerce_rest_{what}_invalid_id", "Invalid ID.")


def no_route() -> WpError:
    """Return the error for a path that is no route."""
    return WpError(404, "rest_no_route", "No route was found matching the URL and request method.")
