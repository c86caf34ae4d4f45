"""Signatures of both directions, from their written construction alone."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


def made(word: str, secret: str, parts: tuple[str, str, str, str], body: bytes) -> str:
    """Return ``v1=<hex>``; ``parts`` are method, target, time and nonce, the word is v1 or v1-hub."""
    lines = "\n".join((word, *parts)).encode() + b"\n" + body
    return "v1=" + hmac.new(secret.encode(), lines, hashlib.sha256).hexdigest()


def to_hub(key: str, secret: str, method: str, target: str, body: bytes) -> dict[str, str]:
    """Return the headers of a request to the hub."""
    stamp, nonce = str(int(time.time())), secrets.token_urlsafe(18)
    return {
        "X-Crossdock-Key": key,
        "X-Crossdock-Timestamp": stamp,
        "X-Crossdock-Nonce": nonce,
        "X-Crossdock-Signature": made("v1", secret, (method, target, stamp, nonce), body),
    }


class Gate:
    """Believes what the hub signed, once."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def problem(
        self, key: str, secret: str, now: float, request: tuple[str, str], headers: Mapping[str, str], body: bytes
    ) -> str:
        """Return why a request (method, target) is refused; empty when it is good. Lower-case header names."""
        if not hmac.compare_digest(headers.get("x-crossdock-key", "").encode(), key.encode()):
            return "unknown-key"
        stamp, nonce = headers.get("x-crossdock-timestamp", ""), headers.get("x-crossdock-nonce", "")
        if not re.fullmatch(r"[0-9]{1,12}", stamp) or not _NONCE.fullmatch(nonce):
            return "bad-signature"
        ours = made("v1-hub", secret, (*request, stamp, nonce), body)
        if not hmac.compare_digest(headers.get("x-crossdock-signature", "").encode(), ours.encode()):
            return "bad-signature"
        if abs(now - int(stamp)) > 300:
            return "clock-skew"
        if nonce in self.seen:
            return "nonce-replayed"
        self.seen.add(nonce)
        return ""
