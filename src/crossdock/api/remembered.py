"""What records said lately, as the bytes they are answered with: a list that is asked again is not made again.

Nothing is shown out of memory alone: the row is read each time, with the role of its tenant, and what is remembered of
it counts only while its sealed body is the same and its store is read the same way (account, maps). So a new version,
an erasure and another map show at once. It is people's data in the clear: bounded in bytes, and kept for a minute.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from crossdock.model.connection import Connection

FRESH_S: Final = 60.0
MOST_BYTES: Final = 8_000_000
_SEAL: Final = 17
"""Version, key id and nonce: another sealing has others."""
_STORES: Final = 10_000


class _Kept(NamedTuple):
    terms: tuple[Any, ...]
    said: bytes
    until: float


class _Way(NamedTuple):
    account: Mapping[str, Any]
    config: Mapping[str, Any]
    number: int


class Remembered:
    """Reads rows of records or events, and remembers for a minute what they said."""

    def __init__(
        self,
        read: Callable[[Connection, Any], Any],
        *,
        most_bytes: int = MOST_BYTES,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """``read`` returns the word of a row, see :meth:`crossdock.flow.canonical.Canonical.read`."""
        self._read = read
        self._most_bytes = most_bytes
        self._now = now
        self._kept: OrderedDict[uuid.UUID, _Kept] = OrderedDict()
        self.size = 0
        """Bytes that are kept."""
        self._ways: dict[uuid.UUID, _Way] = {}
        self._numbers = itertools.count()
        self._encoder = msgspec.json.Encoder()

    def said(self, store: Connection, row: Any) -> msgspec.Raw:
        """Return what a row says, as JSON. Raises ``ValueError`` like the reading itself; that is not remembered."""
        name = row.get("event_id") or row["id"]
        terms = (row["body"][:_SEAL], self._way(store), row["presence"], row["status"], row["modified_at"])
        now = self._now()
        kept = self._kept.get(name)
        if kept is not None and kept.until > now and kept.terms == terms:
            return msgspec.Raw(kept.said)
        said = self._encoder.encode(self._read(store, row))
        self._keep(name, _Kept(terms, said, now + FRESH_S), now)
        return msgspec.Raw(said)

    def _keep(self, name: uuid.UUID, kept: _Kept, now: float) -> None:
        self._drop(name)
        self._kept[name] = kept
        self.size += len(kept.said)
        # the first is the oldest, because what is asked again stays where it is
        while self._kept:
            oldest = next(iter(self._kept))
            if self.size <= self._most_bytes and self._kept[oldest].until > now:
                return
            self._drop(oldest)

    def _drop(self, name: uuid.UUID) -> None:
        gone = self._kept.pop(name, None)
        self.size -= len(gone.said) if gone is not None else 0

    def _way(self, store: Connection) -> int:
        """Return a number that stands for how a store is read; another account or config has another number."""
        known = self._ways.get(store.id)
        if known is not None and known.account == store.account and known.config == store.config:
            return known.number
        if len(self._ways) >= _STORES:
            self._ways.clear()
        self._ways[store.id] = _Way(store.account, store.config, next(self._numbers))
        return self._ways[store.id].number
