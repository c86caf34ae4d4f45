"""How a vendor knows us: one file a kind. Each is a pure function from a request to the request with its proof."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Outgoing(msgspec.Struct, frozen=True):
    """A request before it leaves. ``url`` carries no query; ``query`` keeps the order and repeats of its pairs."""

    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Outgoing({self.method})"

    def with_header(self, name: str, value: str) -> Outgoing:
        """Return the request with one header more."""
        return msgspec.structs.replace(self, headers={**self.headers, name: value})

    def with_query(self, *pairs: tuple[str, str]) -> Outgoing:
        """Return the request with pairs added at the end of its query."""
        return msgspec.structs.replace(self, query=(*self.query, *pairs))


class Auth(Protocol):
    """A kind of proof, holding the credential."""

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request with the proof added. Pure."""
        ...


class NoAuth:
    """Nothing to prove (the URL is the credential, or there is none)."""

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request as it is."""
        return request
