"""How a site that runs the plugin and the hub sign what they send to each other (version ``v1``). Pure.

The signature is the lower-case hex HMAC-SHA256, keyed by the UTF-8 bytes of the secret's text, over

    ``<word>\\n<METHOD>\\n<request target>\\n<unix seconds>\\n<nonce>\\n<raw body>``

where the word is ``v1`` from the site to the hub and ``v1-hub`` from the hub to the site, so that no request can be
turned round. The target is the path with its query as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from crossdock.kit.signing import same, sign_hex

VERSION: Final = "v1"
WINDOW_S: Final = 300
"""How far the sender's clock may be from the receiver's."""
KEY, TIMESTAMP, NONCE, SIGNATURE = (
    "x-crossdock-key",
    "x-crossdock-timestamp",
    "x-crossdock-nonce",
    "x-crossdock-signature",
)
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")
_SECONDS: Final = re.compile(r"[0-9]{1,12}\Z")
_PREFIX: Final = f"{VERSION}="


class Way(StrEnum):
    """Who sends: the first word of what is signed."""

    TO_HUB = "v1"
    TO_SITE = "v1-hub"


class Stamp(msgspec.Struct, frozen=True):
    """What a signed request says of itself, well-formed but not yet believed."""

    timestamp: int
    nonce: str
    signature: str
    """Lower-case hex, without the version."""


def message(way: Way, method: str, target: str, timestamp: int, nonce: str, body: bytes) -> bytes:
    """Return the bytes that are signed. ``method`` in capitals; ``target`` as on the request line."""
    return f"{way}\n{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body


def sign(secret: str, way: Way, method: str, target: str, timestamp: int, nonce: str, body: bytes) -> str:
    """Return the value of ``X-Crossdock-Signature``."""
    return _PREFIX + sign_hex(secret.encode(), message(way, method, target, timestamp, nonce, body))


def verified(secret: str, way: Way, method: str, target: str, stamp: Stamp, body: bytes) -> bool:
    """Whether a stamp's signature is right; compared in constant time."""
    ours = sign_hex(secret.encode(), message(way, method, target, stamp.timestamp, stamp.nonce, body))
    return same(ours, stamp.signature)


def stamp_of(headers: Mapping[str, str]) -> Stamp | None:
    """Read a request's stamp from its headers (lower-case names); None where it carries none at all.

    Raises ``ValueError`` with the header's name and its rule where one is missing or malformed.
    """
    given = {name: headers.get(name, "") for name in (TIMESTAMP, NONCE, SIGNATURE)}
    if not any(given.values()):
        return None
    if not _SECONDS.match(given[TIMESTAMP]):
        raise ValueError("X-Crossdock-Timestamp: expected unix seconds in digits")
    if not _NONCE.match(given[NONCE]):
        raise ValueError("X-Crossdock-Nonce: expected 16 to 64 characters of A-Z, a-z, 0-9, _ and -")
    if not given[SIGNATURE].startswith(_PREFIX):
        raise ValueError(f"X-Crossdock-Signature: expected {_PREFIX} and 64 hex digits")
    return Stamp(int(given[TIMESTAMP]), given[NONCE], given[SIGNATURE].removeprefix(_PREFIX))
