"""What a process remembers of the database: bounded, for an hour at most, and only as long as it hears of changes.

Every writer tells of what it changes inside its own transaction, by triggers (migration 0012), so that none can forget
to. An answer from memory is at most half a second behind: it is given while the listener has proven itself within that
time. A process that does not listen (a single command), or cannot, reads again what is older than half a second.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar

import msgspec

CHANNEL = "crossdock_cache"
"""Payloads: ``<kind>:<id>``; ``""`` after the listener's (re)connect: everything may have changed."""
LONGEST_S = 3600.0
DEAF_S = 0.5

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Ear(Protocol):
    """The listener of this process."""

    @property
    def proven(self) -> bool:
        """Whether all that was committed a moment ago has surely been heard."""
        ...

    async def prove(self) -> bool:
        """Make sure of it; False when it cannot be."""
        ...

    def on(self, channel: str, callback: Callable[[str], None]) -> object:
        """Call back with what is notified."""
        ...


class _Kept(msgspec.Struct, Generic[V]):
    value: V
    read_at: float
    """When its reading began: a change that was told since is not in it."""
    dropped: bool = False


class Memory(Generic[K, V]):
    """Things by key. ``key_of`` reads a key from a payload's id."""

    def __init__(self, ear: Ear, kind: str, key_of: Callable[[str], K], most: int) -> None:
        self._ear = ear
        self._kind = kind
        self._key_of = key_of
        self._most = most
        self._kept: OrderedDict[K, _Kept[V]] = OrderedDict()
        self._dropped_at: OrderedDict[K, float] = OrderedDict()
        self._all_dropped_at = float("-inf")
        ear.on(CHANNEL, self._heard)

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: K, read: Callable[[V | None], Awaitable[V]]) -> V:
        """Return what is remembered, or ``read`` it; ``read`` is given what was remembered until now.

        Whatever ``read`` raises is raised, and nothing is remembered.
        """
        kept = self._kept.get(key)
        if kept is not None and not kept.dropped:
            age = time.monotonic() - kept.read_at
            # looked at again after the question: what it brought may have dropped it
            if age < DEAF_S or (age < LONGEST_S and (self._ear.proven or await self._ear.prove()) and not kept.dropped):
                return kept.value
        began = time.monotonic()
        try:
            value = await read(kept.value if kept is not None else None)
        except BaseException:
            self._kept.pop(key, None)
            raise
        fresh = _Kept(value, began)
        # told while it was being read: whether the change is in it, nobody knows
        fresh.dropped = self._dropped_at.get(key, float("-inf")) >= began or self._all_dropped_at >= began
        self._kept[key] = fresh
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return value

    def drop(self, key: K) -> None:
        """Read it again at its next use."""
        kept = self._kept.get(key)
        if kept is not None:
            kept.dropped = True
        self._dropped_at[key] = time.monotonic()
        self._dropped_at.move_to_end(key)
        while len(self._dropped_at) > self._most:
            # what is forgotten here counts as dropped together with everything
            self._all_dropped_at = max(self._all_dropped_at, self._dropped_at.popitem(last=False)[1])

    def drop_all(self) -> None:
        """Read everything again at its next use."""
        self._all_dropped_at = time.monotonic()
        for kept in self._kept.values():
            kept.dropped = True

    def _heard(self, payload: str) -> None:
        if not payload:
            self.drop_all()
            return
        kind, _, name = payload.partition(":")
        if kind == self._kind:
            try:
                self.drop(self._key_of(name))
            except ValueError:
                self.drop_all()
