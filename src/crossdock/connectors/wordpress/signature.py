"""What the hub signs when it calls a site: the site signs the other way round, so that no request can be turned.

``X-Crossdock-Signature: v1=<hex HMAC-SHA256>`` with the site's secret over ``v1-hub``, method, request target as sent,
unix seconds, nonce and raw body, each but the last followed by a line break. Pure.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

from crossdock.connect.auth import Outgoing
from crossdock.kit.signing import sign_hex

WINDOW_S: Final = 300
"""How far a request's time may be from the receiver's clock, either way."""


def new_nonce() -> str:
    """Return a nonce of 32 characters."""
    return secrets.token_urlsafe(24)


def signature(secret: str, method: str, target: str, stamp: int, nonce: str, body: bytes) -> str:
    """Return ``v1=<hex>`` for one request; ``target`` is its path with its query."""
    said = f"v1-hub\n{method}\n{target}\n{stamp}\n{nonce}\n".encode() + body
    return f"v1={sign_hex(secret.encode(), said)}"


class HubSignature:
    """Signs calls with one site's key; ``now`` gives unix seconds by the site's clock."""

    def __init__(self, key: str, secret: str, now: Callable[[], float], nonce: Callable[[], str] = new_nonce) -> None:
        self._key, self._secret, self._now, self._nonce = key, secret, now, nonce

    def __repr__(self) -> str:
        return "HubSignature()"

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request with key, time, nonce and signature. Pure but for time and nonce."""
        # slashes stay as they are: sites see ?rest_route=/crossdock/v1/status as WordPress itself writes it
        query = "&".join(f"{quote(n, safe='-._~')}={quote(v, safe='-._~/')}" for n, v in request.query)
        url = f"{request.url}?{query}" if query else request.url
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        stamp, nonce = int(self._now()), self._nonce()
        made = signature(self._secret, request.method, target, stamp, nonce, request.body)
        headers = {
            **request.headers,
            "X-Crossdock-Key": self._key,
            "X-Crossdock-Timestamp": str(stamp),
            "X-Crossdock-Nonce": nonce,
            "X-Crossdock-Signature": made,
        }
        return Outgoing(request.method, url, (), headers, request.body)
