"""Bearer tokens (RFC 6750): HubSpot, Salesforce, Square, Slack's API, Stripe."""

from __future__ import annotations

from crossdock.connect.auth import Outgoing


class Bearer:
    """A token in the Authorization header. Raises ``ValueError`` for one that no header can carry."""

    def __init__(self, token: str) -> None:
        if not token.isascii() or not token.isprintable() or not token.strip():
            raise ValueError("the token is empty or holds characters that no token has (was it pasted whole?)")
        self._value = f"Bearer {token.strip()}"

    def __repr__(self) -> str:
        return "Bearer()"

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request with its Authorization header."""
        return request.with_header("Authorization", self._value)
