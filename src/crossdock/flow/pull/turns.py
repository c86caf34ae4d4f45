"""Turns at a shop: its pace and its budget hold for all that this process reads there."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from crossdock.connect.client import CallFailed
from crossdock.flow.pull.pace import Pace
from crossdock.flow.pull.terms import Terms, terms_of
from crossdock.flow.run import PutOff
from crossdock.kit.buckets import Window
from crossdock.kit.clock import Clock
from crossdock.model.connection import Connection
from crossdock.model.outcome import Throttled

Check = Callable[[datetime], None]
_MOST = 4096
_MINUTE_S = 60.0


_BEAT_S = 0.02
_NOTICED_S = 0.01
_NEAR_S = 0.03
_DEAF = 16


class Ears:
    """When this process was too busy to hear an answer: its own lateness must not look like the shop's."""

    def __init__(self) -> None:
        self._deaf: deque[tuple[float, float]] = deque(maxlen=_DEAF)
        self._listening = 0
        self._beat: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Watch the event loop for the length of a block."""
        self._listening += 1
        if self._beat is None:
            self._beat = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._listening -= 1
            if not self._listening and self._beat is not None:
                self._beat.cancel()
                self._beat = None

    def late_s(self, heard: float) -> float:
        """Return how much earlier an answer may have come that was heard at a time of the event loop."""
        at = heard
        for began, ended in reversed(self._deaf):
            if at - ended > _NEAR_S:
                break
            at = min(at, began)
        return heard - at

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            if (now := loop.time()) > due + _NOTICED_S:
                self._deaf.append((due, now))


class Turn:
    """One request under way; its reader says of which shape it was and how many rows came."""

    def __init__(self, kind: str, clock: Clock) -> None:
        self.kind = kind
        self.items = 0
        self._clock = clock
        self.took_s: float | None = None
        """How long the shop took, where its reader knows it better than this clock."""
        self.began = clock.monotonic()

    def begin(self) -> None:
        """Say that the shop is asked only now; what went before was our own."""
        self.began = self._clock.monotonic()


class Queue:
    """The turns of one shop.

    Its minute is waited for before a turn begins, so that no waiting looks like the shop's slowness, and holds (at its
    default) where nobody named a budget; the budgets that were named hold for all processes in :mod:`connect.budget`.
    """

    def __init__(self, clock: Clock, ears: Ears) -> None:
        self.pace = Pace()
        self._clock = clock
        self._ears = ears
        self._one = asyncio.Lock()
        self._ended = clock.monotonic() - _MINUTE_S
        self._minute: Window | None = None

    @contextlib.asynccontextmanager
    async def turn(self, kind: str, terms: Terms, check: Check | None = None) -> AsyncIterator[Turn]:
        """Wait for a turn and learn from how long it takes. ``check`` is asked when it has come.

        Raises what ``check`` raises: then the shop is not asked; and ``PutOff`` where the shop, or the budget that all
        processes share (a day's, too), says when to come again.
        """
        async with self._one:
            await self._wait(terms, check)
            async with self._ears.listening():
                turn = Turn(kind, self._clock)
                try:
                    yield turn
                except CallFailed as problem:
                    self.pace.failed()
                    if isinstance(problem.outcome, Throttled):
                        later = self._clock.now() + timedelta(seconds=problem.outcome.after_s)
                        raise PutOff(later, problem.reason) from None
                    raise
                except Exception:
                    self.pace.failed()
                    raise
                else:
                    await self._learn(turn)
                finally:
                    self._ended = self._clock.monotonic()

    async def _learn(self, turn: Turn) -> None:
        now = self._clock.monotonic()
        after_s = 0.0 if turn.took_s is None else max(0.0, now - turn.began - turn.took_s)
        heard = asyncio.get_running_loop().time() - after_s
        await asyncio.sleep(0)  # what has just kept this process busy is noticed
        self.pace.answered(turn.kind, now - turn.began - after_s, turn.items, self._ears.late_s(heard))

    async def _wait(self, terms: Terms, check: Check | None) -> None:
        if self._minute is None or self._minute.limit != terms.per_minute:
            self._minute = Window(terms.per_minute, _MINUTE_S, self._clock)
        rest = self._ended + self.pace.rest_s - self._clock.monotonic()
        while (wait := max(rest, self._minute.wait_s())) > 0:
            await asyncio.sleep(wait)
            rest = 0.0
        now = self._clock.now()
        if check is not None:
            check(now)
        self._minute.take()


class Turns:
    """The queues of all shops that this process reads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ears = Ears()
        self._queues: OrderedDict[uuid.UUID, Queue] = OrderedDict()

    def of(self, connection_id: uuid.UUID) -> Queue:
        """Return a shop's queue."""
        queue = self._queues.get(connection_id)
        if queue is None:
            queue = self._queues[connection_id] = Queue(self._clock, self._ears)
        self._queues.move_to_end(connection_id)
        while len(self._queues) > _MOST:
            self._queues.popitem(last=False)
        return queue


class Manners:
    """The terms on which other stages read a shop: they wait for the same turns as the pull does."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    @contextlib.asynccontextmanager
    async def turn(self, connection: Connection, kind: str, *, bulk: bool) -> AsyncIterator[Turn]:
        """Wait for a turn. Raises ``PutOff`` when the day's budget is spent, or in quiet hours when it is ``bulk``."""
        terms = terms_of(connection.config)

        def check(now: datetime) -> None:
            if bulk and terms.quiet is not None and (until := terms.quiet.left(now)) is not None:
                raise PutOff(until, "the shop's quiet hours: nothing is read in bulk")

        async with self._turns.of(connection.id).turn(kind, terms, check) as turn:
            yield turn

    def left_out(self, connection: Connection) -> frozenset[str]:
        """Return the streams that are switched off."""
        return terms_of(connection.config).switched_off

    def per_day(self, connection: Connection) -> int | None:
        """Return the day's budget of requests, None where there is none."""
        return terms_of(connection.config).per_day
