"""A shop's address and how its keys are sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from crossdock.connect.auth import Auth
from crossdock.connect.auth.basic import Basic
from crossdock.connect.auth.oauth1 import OAuth1
from crossdock.connect.auth.query import QueryKeys
from crossdock.connect.client import Reply

REST_BASE: Final = "/wp-json"
PLAIN_REST_BASE: Final = "/index.php/wp-json"
"""Works where the server cannot rewrite addresses (seen); ``?rest_route=`` does not take keys (seen)."""


def same_place(asked: str, reply: Reply) -> bool:
    """Whether an answer points to the very address asked, with a slash at its end or without."""
    return reply.redirected and reply.headers.get("Location", "").rstrip("/") == asked


def rest_base(config: Mapping[str, Any], account: Mapping[str, Any]) -> str:
    """Return the path of the REST API: as the person said, else as the check found."""
    said = str(config.get("rest_base") or "").rstrip("/")
    if said and said != REST_BASE:
        return said if said.startswith("/") else f"/{said}"
    return str(account.get("rest_base") or REST_BASE)


def auth_kind(site: str, config: Mapping[str, Any], account: Mapping[str, Any]) -> str:
    """Return oauth1 (plain http takes nothing else), basic or query: as the person said, else as the check found."""
    if not site.startswith("https://"):
        return "oauth1"
    said = str(config.get("auth") or "auto")
    if said == "auto":
        said = str(account.get("auth") or "basic")
    return "query" if said == "query" else "basic"


def clock_ahead_s(account: Mapping[str, Any]) -> float:
    """Return how many seconds the shop's clock is ahead of ours, as the watch found; 0 where it is right."""
    ahead = account.get("clock_ahead_s", 0)
    return float(ahead) if isinstance(ahead, int | float) else 0.0


def auth_of(kind: str, secrets: Mapping[str, str], now: Callable[[], float]) -> Auth:
    """Return the proof of a kind; ``now`` gives unix seconds. Raises ``ValueError`` for keys that cannot be sent."""
    key, secret = secrets.get("key", "").strip(), secrets.get("secret", "").strip()
    if not key or not secret:
        raise ValueError("key: consumer key and consumer secret are both needed")
    match kind:
        case "oauth1":
            return OAuth1(key, secret, now=now)
        case "query":
            return QueryKeys({"consumer_key": key, "consumer_secret": secret})
        case _:
            return Basic(key, secret)
