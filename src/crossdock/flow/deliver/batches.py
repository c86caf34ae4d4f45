"""How many batches of one lane are under way side by side.

Side by side they keep a receiver busy while others are being claimed and settled. But their statements and calls take
turns at the processor with everybody else's: beside other lanes' messages one small batch at a time carries almost as
much, and lets those through.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator

from crossdock.connect.connector import Connector
from crossdock.flow.deliver.ports import Limits
from crossdock.kit.clock import Clock

_MESSAGE_BATCHES = 4
_COMPANY_S = 1.0
_SLOW_S = 0.25
"""A batch that is out for longer waits for its receiver, and takes nobody's turn."""


class Company:
    """Which lanes of this process had a little work of late: those with much wait for a place, not for milliseconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: tuple[uuid.UUID | None, float] = (None, float("-inf"))
        self._other = float("-inf")

    def note(self, lane: uuid.UUID) -> None:
        """Note that little was due on a lane."""
        last, at = self._last
        if last != lane:
            self._other = at
        self._last = (lane, self._clock.monotonic())

    def beside(self, lane: uuid.UUID) -> bool:
        """Whether another lane than this was noted within the last second."""
        last, at = self._last
        return self._clock.monotonic() - (self._other if last == lane else at) < _COMPANY_S


class Batches:
    """Those of one visit to a lane: at most ``most``, of ``size`` deliveries each.

    While the lane has ``company``: one that is not out waiting, of ``small``.
    """

    def __init__(self, most: int, size: int, small: int, company: Callable[[], bool]) -> None:
        self._left = most
        self._most = most
        self._size = size
        self._small = small
        self._company = company
        self._under_way: set[Batch] = set()

    @classmethod
    def of(cls, connector: Connector | None, limits: Limits, company: Callable[[], bool]) -> Batches:
        """Return those of a destination.

        Only messages go side by side, and in small batches where a call takes no more: records go in order, one full
        call after the other.
        """
        if connector is None or any(action.kind != "occurrence" for action in connector.manifest.actions):
            return cls(1, limits.batch, limits.batch, company)
        full = max((action.batch for action in connector.manifest.actions), default=1)
        return cls(_MESSAGE_BATCHES, limits.messages, max(full, limits.messages_beside), company)

    @property
    def size(self) -> int:
        """How many deliveries the next one takes at most."""
        return self._small if self._company() else self._size

    @property
    def room(self) -> bool:
        """Whether a further one may begin."""
        return self._left > 0 and self.moving < self._allowed

    @property
    def crowded(self) -> bool:
        """Whether one has to end."""
        return self.moving > self._allowed

    @property
    def moving(self) -> int:
        """How many are under way and neither wait for their receiver nor are about to end."""
        return sum(batch.moving for batch in self._under_way)

    @property
    def _allowed(self) -> int:
        return 1 if self._company() else self._most

    @contextlib.contextmanager
    def one(self) -> Iterator[Batch]:
        """Count a batch for the length of a block."""
        batch = Batch(self)
        self._left -= 1
        self._under_way.add(batch)
        try:
            yield batch
        finally:
            self._under_way.discard(batch)


class Batch:
    """One of them."""

    def __init__(self, others: Batches) -> None:
        self._others = others
        self.moving = True
        """False while it waits for its receiver, and when it is to end."""

    def gives_way(self) -> bool:
        """Whether this one is to claim nothing more; then the others may stay."""
        self.moving = not self._others.crowded
        return not self.moving

    @contextlib.contextmanager
    def out(self, slow: Callable[[], None]) -> Iterator[None]:
        """Count it as waiting once the block takes long; ``slow`` is called then."""

        def tell() -> None:
            self.moving = False
            slow()

        timer = asyncio.get_running_loop().call_later(_SLOW_S, tell)
        try:
            yield
        finally:
            timer.cancel()
            self.moving = True
