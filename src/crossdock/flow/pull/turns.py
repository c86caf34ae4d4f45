"""Turns at a shop: its pace and its budget hold for all that this process reads there."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta

from crossdock.flow.pull.pace import Pace
from crossdock.flow.pull.terms import Terms, terms_of
from crossdock.flow.run import PutOff
from crossdock.kit.buckets import Window
from crossdock.kit.clock import Clock
from crossdock.model.connection import Connection

_MOST = 4096
_MINUTE_S = 60.0


class Turn:
    """One request under way; its reader says how many rows came."""

    def __init__(self) -> None:
        self.items = 0


class Queue:
    """The turns of one shop."""

    def __init__(self, clock: Clock) -> None:
        self.pace = Pace()
        self._clock = clock
        self._busy = 0
        self._free = asyncio.Condition()
        self._ended = clock.monotonic() - _MINUTE_S
        self._minute: Window | None = None
        self._day = date.min
        self._today = 0

    @contextlib.asynccontextmanager
    async def turn(self, kind: str, terms: Terms) -> AsyncIterator[Turn]:
        """Wait for a turn and learn from how long it takes. Raises ``PutOff`` when the day's budget is spent."""
        async with self._free:
            await self._free.wait_for(lambda: self._busy < self.pace.width)
            self._busy += 1
        try:
            await self._wait(terms)
            began, turn = self._clock.monotonic(), Turn()
            try:
                yield turn
            except Exception:
                self.pace.failed()
                raise
            self.pace.answered(kind, self._clock.monotonic() - began, turn.items)
        finally:
            self._ended = self._clock.monotonic()
            self._busy -= 1
            async with self._free:
                self._free.notify_all()

    async def _wait(self, terms: Terms) -> None:
        self._spend_today(terms, self._clock.now())
        if self._minute is None or self._minute.limit != terms.per_minute:
            self._minute = Window(terms.per_minute, _MINUTE_S, self._clock)
        rest = self._ended + self.pace.rest_s - self._clock.monotonic()
        while (wait := max(rest, self._minute.wait_s())) > 0:
            await asyncio.sleep(wait)
            rest = 0.0
        self._minute.take()

    def _spend_today(self, terms: Terms, now: datetime) -> None:
        if now.date() != self._day:
            self._day, self._today = now.date(), 0
        if terms.per_day is not None and self._today >= terms.per_day:
            midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
            raise PutOff(midnight, f"today's {terms.per_day} requests to this shop are spent")
        self._today += 1


class Turns:
    """The queues of all shops that this process reads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: OrderedDict[uuid.UUID, Queue] = OrderedDict()

    def of(self, connection_id: uuid.UUID) -> Queue:
        """Return a shop's queue."""
        queue = self._queues.get(connection_id)
        if queue is None:
            queue = self._queues[connection_id] = Queue(self._clock)
        self._queues.move_to_end(connection_id)
        while len(self._queues) > _MOST:
            self._queues.popitem(last=False)
        return queue

    def now(self) -> datetime:
        """Return the time."""
        return self._clock.now()


class Manners:
    """The terms on which other stages read a shop: they wait for the same turns as the pull does."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    @contextlib.asynccontextmanager
    async def turn(self, connection: Connection, kind: str, *, bulk: bool) -> AsyncIterator[Turn]:
        """Wait for a turn. Raises ``PutOff`` when the day's budget is spent, or in quiet hours when it is ``bulk``."""
        terms = terms_of(connection.config)
        if bulk and terms.quiet is not None and (until := terms.quiet.left(self._turns.now())) is not None:
            raise PutOff(until, "the shop's quiet hours: nothing is read in bulk")
        async with self._turns.of(connection.id).turn(kind, terms) as turn:
            yield turn

    def left_out(self, connection: Connection) -> frozenset[str]:
        """Return the streams that are switched off."""
        return terms_of(connection.config).switched_off
