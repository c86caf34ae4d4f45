"""One operation of a room: its door and what its OpenAPI document says of it, in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.requests import Request

from crossdock.errors import CrossdockError
from crossdock.govern.sites.keys import Allowance, SiteKey
from crossdock.model.connection import Connection

VERSION: Final = version("crossdock")
"""The hub's own."""


class Caller(msgspec.Struct, frozen=True):
    """Who calls, after everything was verified."""

    key: SiteKey
    connection: Connection
    """The home of the site: what it tells is recorded here."""
    body: bytes
    """The raw body, as it was signed."""
    allowance: Allowance


class Reply(msgspec.Struct, frozen=True):
    """What an operation answers: the ``data`` of the envelope."""

    data: Any
    status: int = 200
    headers: dict[str, str] = {}


Handler = Callable[[Caller, Request], Awaitable[Reply]]
OpenHandler = Callable[[Request, bytes], Awaitable[Reply]]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation. ``path`` is below the room's base, with Starlette's ``{names}``."""

    method: str
    path: str
    summary: str
    does: Handler | None = None
    opens: OpenHandler | None = None
    """In place of ``does``: an operation without a key."""
    body: str = ""
    """Name of the published schema of its body; empty: it takes none."""
    body_example: Any = None
    answers: dict[int, str] = msgspec.field(default_factory=lambda: {200: "done"})
    """Status -> what it means."""
    example: Any = None
    """The ``data`` of a usual answer."""
    refusals: tuple[CrossdockError, ...] = ()
    """What it may be refused with, beside what every operation of the room may."""
    query: dict[str, str] = {}
    """Query parameter -> what it says."""
    headers: dict[str, str] = {}
    """Header of the request -> what it says."""
