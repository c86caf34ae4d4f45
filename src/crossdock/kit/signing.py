"""Keyed signatures over raw bytes and their constant-time comparison."""

from __future__ import annotations

import base64
import hashlib
import hmac


def sign_base64(secret: bytes, body: bytes) -> str:
    """Return base64(HMAC-SHA256): WooCommerce, Square, HubSpot v3, Standard Webhooks."""
    return base64.b64encode(hmac.digest(secret, body, "sha256")).decode("ascii")


def sign_hex(secret: bytes, body: bytes) -> str:
    """Return hex(HMAC-SHA256): Stripe, Slack, Mailchimp."""
    return hmac.digest(secret, body, "sha256").hex()


def same(ours: str | bytes, theirs: str | bytes) -> bool:
    """Compare in constant time; anything but ASCII on their side is simply unequal."""
    a = ours.encode("ascii") if isinstance(ours, str) else ours
    b = theirs.encode("utf-8", "replace") if isinstance(theirs, str) else theirs
    return hmac.compare_digest(a, b)


def keyed_hash(key: bytes, text: str) -> bytes:
    """Return 16 bytes that find a value again without holding it (subjects, e-mail keys)."""
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).digest()
