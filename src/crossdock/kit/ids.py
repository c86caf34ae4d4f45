"""UUIDv7 identifiers, in order of creation, shown to people with a prefix (``evt_…``)."""

from __future__ import annotations

import os
import struct
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from crossdock.kit.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o, u."""
_VALUES = {c: i for i, c in enumerate(_ALPHABET)}
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Two digits for every ten bits."""
_SHOWN = 26
CLOCKS: Final = timedelta(hours=1)
"""By how much the clocks of processes may differ, generously."""


class Prefix(StrEnum):
    """What an identifier names."""

    EVENT = "evt"
    DELIVERY = "dlv"
    ATTEMPT = "att"
    CONNECTION = "con"
    ROUTE = "rte"
    MAPPING = "map"
    TENANT = "tnt"
    RUN = "run"
    PROOF = "prf"
    EXCEPTION = "exc"
    RECORD = "rec"
    ORDER = "ord"
    CUSTOMER = "cus"
    PRODUCT = "prd"
    SKU_LINK = "skl"
    MOVE = "mov"
    ALERT = "alr"
    RULE = "rul"
    CHANNEL = "chn"
    NOTICE = "ntc"
    USER = "usr"
    KEY = "key"
    AUDIT = "aud"
    CAUSE = "cau"
    OAUTH_APP = "oap"
    INVOICE = "inv"
    SITE = "sit"
    CONNECT_LINK = "lnk"
    TENANT_END = "end"


_set, _SAFE = object.__setattr__, uuid.SafeUUID.unknown
_lock = threading.Lock()
_last = (0, 0)
_AT_ONCE = 256
_drawn: list[int] = []
if hasattr(os, "register_at_fork"):
    # a child would draw what its parent draws
    os.register_at_fork(after_in_child=_drawn.clear)
_followed: Clock | None = None


def follow(clock: Clock | None) -> None:
    """Take the time of this process's ids from a clock that is moved (rehearsals); None: the machine's own again."""
    global _followed  # noqa: PLW0603 - as the order of ids, so is their time a property of the process
    _followed = clock


def _now_ms() -> int:
    return time.time_ns() // 1_000_000 if _followed is None else int(_followed.now().timestamp() * 1000)


def new_id(at: datetime | None = None) -> uuid.UUID:
    """Make a UUIDv7 (RFC 9562, method 1: a 12-bit counter keeps order inside a millisecond).

    ``at`` fixes the time part, for rows that belong to a given moment.
    """
    global _last  # noqa: PLW0603 - the order of ids is a property of the process
    ms = _now_ms() if at is None else int(at.timestamp() * 1000)
    with _lock:
        last_ms, counter = _last
        if at is None and ms <= last_ms:
            ms, counter = last_ms, counter + 1
            if counter > 0xFFF:
                ms, counter = ms + 1, 0
        else:
            counter = _random() & 0xFF
        if at is None:
            _last = (ms, counter)
        tail = _random() >> 2
    # the constructor looks at four spellings of its argument: three quarters of the time
    made = object.__new__(uuid.UUID)
    _set(made, "int", (ms << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | tail)
    _set(made, "is_safe", _SAFE)
    return made


def _random() -> int:
    """Return 64 random bits. The system is asked for many at once: a third of what an id costs."""
    if not _drawn:
        _drawn.extend(struct.unpack(f">{_AT_ONCE}Q", os.urandom(8 * _AT_ONCE)))
    return _drawn.pop()


def time_of(identifier: uuid.UUID) -> datetime:
    """Return the moment a UUIDv7 was made (to the millisecond)."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)


def floor_of(at: datetime) -> uuid.UUID:
    """Return the smallest identifier of a moment: a lower bound for ranges and partitions. None is before 1970."""
    return uuid.UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


def floor_near(at: datetime) -> uuid.UUID:
    """Return an identifier below all that were made at a moment or later, whichever process's clock they go by."""
    return floor_of(at - CLOCKS)


def show(prefix: Prefix, identifier: uuid.UUID) -> str:
    """Return ``prefix_`` and 26 characters of base 32."""
    # written out, in two halves of sixty bits and more: every row of every answer shows two or three
    value = identifier.int
    high, low = value >> 60, value & 0xFFFFFFFFFFFFFFF
    return (
        f"{prefix}_{_PAIRS[high >> 60]}{_PAIRS[high >> 50 & 1023]}{_PAIRS[high >> 40 & 1023]}"
        f"{_PAIRS[high >> 30 & 1023]}{_PAIRS[high >> 20 & 1023]}{_PAIRS[high >> 10 & 1023]}{_PAIRS[high & 1023]}"
        f"{_PAIRS[low >> 50]}{_PAIRS[low >> 40 & 1023]}{_PAIRS[low >> 30 & 1023]}"
        f"{_PAIRS[low >> 20 & 1023]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"
    )


def parse(prefix: Prefix, text: str) -> uuid.UUID:
    """Read what :func:`show` wrote (a bare UUID is taken too).

    Raises ``ValueError`` naming the expected form.
    """
    if not text.startswith(f"{prefix}_"):
        try:
            return uuid.UUID(text)
        except ValueError:
            raise ValueError(f"expected an id that begins with {prefix}_") from None
    body = text[len(prefix) + 1 :].lower()
    if len(body) != _SHOWN or any(c not in _VALUES for c in body):
        raise ValueError(f"expected {prefix}_ and {_SHOWN} characters of base 32")
    value = 0
    for c in body:
        value = (value << 5) | _VALUES[c]
    if value >> 128:
        raise ValueError(f"expected {prefix}_ and a number of 128 bits")
    return uuid.UUID(int=value)
