"""A vendor call before it is signed: its URL, headers and body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from crossdock.connect.auth import Outgoing
from crossdock.connect.auth.oauth1 import encode

Params = Mapping[str, str | int] | Sequence[tuple[str, str | int]]


def compose(
    base: str,
    headers: Mapping[str, str],
    call: tuple[str, str],
    params: Params | None,
    bodies: tuple[Any, Params | None, bytes | None],
) -> Outgoing:
    """Put a call together: (method, path) below ``base``; at most one of the bodies (JSON, form, bytes) is given.

    Raises ``ValueError`` for a path that leaves the base.
    """
    method, path = call
    if path and not path.startswith("/"):
        raise ValueError("a path begins with /")
    if _LEAVES.search(path):
        raise ValueError("a path holds no query, fragment, backslash or dots that climb")
    data, content_type = _encode_body(*bodies)
    merged = {"Content-Type": content_type, **headers} if content_type else dict(headers)
    url = base + quote(path, safe="/%:@-._~!$&'()*+,;=")
    return Outgoing(method, url, _pairs(params), merged, data)


_LEAVES = re.compile(r"[?#\\\x00-\x1f]|(?:^|/)\.\.(?:/|$)|^//")


def _encode_body(json: Any, form: Params | None, body: bytes | None) -> tuple[bytes, str]:
    if sum(part is not None for part in (json, form, body)) > 1:
        raise ValueError("give at most one of json, form and body")
    if json is not None:
        return orjson.dumps(json), "application/json"
    if form is not None:
        return urlencode(_pairs(form)).encode(), "application/x-www-form-urlencoded"
    return body or b"", ""


def _pairs(params: Params | None) -> tuple[tuple[str, str], ...]:
    if params is None:
        return ()
    items = params.items() if isinstance(params, Mapping) else params
    return tuple((name, str(value)) for name, value in items)


def full(outgoing: Outgoing) -> str:
    """Return the URL of a call with its query."""
    if not outgoing.query:
        return outgoing.url
    return outgoing.url + "?" + "&".join(f"{encode(name)}={encode(value)}" for name, value in outgoing.query)
