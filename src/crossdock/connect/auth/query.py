"""Keys in the query: WooCommerce where a server strips the Authorization header (https only), GA4's api_secret."""

from __future__ import annotations

from collections.abc import Mapping

from crossdock.connect.auth import Outgoing


class QueryKeys:
    """Pairs added to the query, such as ``consumer_key`` and ``consumer_secret``."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._pairs = tuple(pairs.items())

    def __repr__(self) -> str:
        return f"QueryKeys({', '.join(name for name, _ in self._pairs)})"

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request with the pairs at the end of its query."""
        return request.with_query(*self._pairs)
