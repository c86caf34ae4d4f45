"""A key in a header of the vendor's own name."""

from __future__ import annotations

from crossdock.connect.auth import Outgoing


class HeaderKey:
    """Header ``name`` with the key. Raises ``ValueError`` for a key that no header can carry."""

    def __init__(self, name: str, key: str) -> None:
        if not key.isascii() or not key.isprintable() or not key.strip():
            raise ValueError("the key is empty or holds characters that no key has (was it pasted whole?)")
        self._name, self._key = name, key.strip()

    def __repr__(self) -> str:
        return f"HeaderKey({self._name})"

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request with the key's header."""
        return request.with_header(self._name, self._key)
