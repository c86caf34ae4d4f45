"""OAuth 1.0a, one-legged, as WooCommerce checks it over plain http.

Vendor facts (vendor sheet WooCommerce 37, recordings ``auth/oauth_*``): HMAC-SHA256 and HMAC-SHA1 are taken, in the
query; the signing key is the secret and ``&``; the base URL is the shop's home URL with its port, unless that is the
scheme's own; the clock may be 15 minutes off; a nonce counts once; a JSON body is not signed; ``status[0]=`` signs,
``status[]=`` does not.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from crossdock.connect.auth import Outgoing

_DEFAULT_PORTS = {"http": 80, "https": 443}
_DIGESTS = {"HMAC-SHA256": "sha256", "HMAC-SHA1": "sha1"}
_EMPTY_INDEX = re.compile(r"\[\]\Z")


def encode(text: str) -> str:
    """Percent-encode by RFC 3986: only letters, digits and ``-._~`` stay."""
    return quote(text, safe="-._~")


def base_url(url: str) -> str:
    """Return scheme, host and path in the form that is signed: lower-case host, no default port, no query."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    return f"{parts.scheme.lower()}://{host}{parts.path or '/'}"


def base_string(method: str, url: str, query: tuple[tuple[str, str], ...]) -> str:
    """Return what is signed: method, URL and sorted parameters, each encoded.

    The shop reads ``status[1]`` back as an array and keeps the order it was sent in, so pairs are sorted by the name
    before the bracket and otherwise stay as they are.
    """
    pairs = [(encode(name), encode(value)) for name, value in query]
    pairs.sort(key=lambda pair: pair[0].partition("%5B")[0])
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), encode(base_url(url)), encode(joined)))


class OAuth1:
    """Consumer key and secret; ``now`` gives unix seconds and ``nonce`` a fresh word."""

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        method: str = "HMAC-SHA256",
        now: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        if method not in _DIGESTS:
            raise ValueError(f"expected one of {', '.join(_DIGESTS)}")
        self._key, self._secret, self._method, self._now, self._nonce = key, secret, method, now, nonce

    def __repr__(self) -> str:
        return "OAuth1()"

    def apply(self, request: Outgoing) -> Outgoing:
        """Return the request with the six ``oauth_`` pairs in its query.

        Raises ``ValueError`` for a parameter whose index is empty (``status[]``): the shop refuses its signature.
        """
        for name, _ in request.query:
            if _EMPTY_INDEX.search(name):
                raise ValueError(f"{name}: give an index ({name[:-2]}[0]); an empty one cannot be signed")
        signed = (
            *request.query,
            ("oauth_consumer_key", self._key),
            ("oauth_timestamp", str(int(self._now()))),
            ("oauth_nonce", self._nonce()),
            ("oauth_signature_method", self._method),
        )
        text = base_string(request.method, request.url, signed)
        raw = hmac.digest(f"{encode(self._secret)}&".encode(), text.encode(), _DIGESTS[self._method])
        signature = base64.b64encode(raw).decode("ascii")
        return request.with_query(*signed[len(request.query) :], ("oauth_signature", signature))
