"""Signatures of Standard Webhooks 1.0.0, made and checked.

Headers ``webhook-id`` (the same for every attempt), ``webhook-timestamp`` (unix seconds of this attempt) and
``webhook-signature`` (``v1,<base64>``, several separated by spaces while a secret is being changed). What is signed is
``{id}.{timestamp}.{body}`` by HMAC-SHA256 with the bytes behind ``whsec_<base64>``.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable, Mapping

from crossdock.kit.signing import same

PREFIX = "whsec_"
TOLERANCE_S = 300


class BadSignature(Exception):
    """A message is not what it claims; ``reason`` is missing, malformed, stale or mismatch."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the signature is not good: {reason}")
        self.reason = reason


def new_secret() -> str:
    """Return a fresh ``whsec_`` secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def key_of(secret: str) -> bytes:
    """Return the key's bytes. Raises ``ValueError`` unless it is base64 of 24 to 64 bytes, with or without prefix."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("expected whsec_ and base64") from None
    if not 24 <= len(key) <= 64:
        raise ValueError("expected whsec_ and base64 of 24 to 64 bytes")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one ``v1,<base64>`` entry."""
    raw = hmac.digest(key, b"%s.%d.%s" % (message_id.encode(), timestamp, body), "sha256")
    return "v1," + base64.b64encode(raw).decode("ascii")


def headers(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers. Raises ``ValueError`` for an id with a dot, which would blur what is signed."""
    if "." in message_id:
        raise ValueError("a message id holds no dot")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, message_id, timestamp, body) for key in keys),
    }


def verify(keys: Iterable[bytes], headers: Mapping[str, str], body: bytes, now_s: float) -> None:
    """Check a message (lower-case header names) in constant time. Raises :class:`BadSignature`."""
    message_id, stamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
    given = headers.get("webhook-signature")
    if not message_id or not stamp or not given:
        raise BadSignature("missing")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise BadSignature("malformed")
    if abs(now_s - int(stamp)) > TOLERANCE_S:
        raise BadSignature("stale")
    expected = [signature(key, message_id, int(stamp), body) for key in keys]
    fits = False
    for entry in given.split(" ")[:8]:
        for ours in expected:
            fits |= same(ours, entry)
    if not fits:
        raise BadSignature("mismatch")
