"""The budget of a vendor account, as one process sees it: calls wait for a turn, so that the vendor need not say 429.

Calls are taken from a hand that the *board* deals (:mod:`crossdock.connect.allowance`): one question a hand, none a
call. All processes on one database share its board: a row an account. What is more urgent goes
first. What the vendor says is left, and the rest it asks for after too much, go back with the next question.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crossdock.connect.allowance import STANDARD, USE_S, Ask, Caps, Grant, Learned, Window, lag
from crossdock.connect.limits import EndpointLimit, Limits
from crossdock.kit.clock import Clock
from crossdock.model.connection import Connection

_URGENCY: ContextVar[tuple[int, float] | None] = ContextVar("urgency", default=None)
_PATIENT_S = 60.0
_HURRIED_S = 3.0
"""A delivery waits no longer for a turn: its lane rests instead, and it is not in doubt."""
_LONGEST_SLEEP_S = 0.25
_IDLE_S = 0.3
_LONGEST_SPENT_S = 300.0
"""After so long somebody asks again: the limit may have been raised."""
_TOO_MANY = 429
_DIGITS = 12


class Spent(Exception):
    """No turn for a while: the window is full, the day's quota used up, or the vendor asked for a rest."""

    def __init__(self, after_s: float, reason: str, from_priority: int = 0) -> None:
        super().__init__(reason)
        self.after_s, self.reason = after_s, reason
        self.from_priority = from_priority
        """What is of this priority or less urgent has to wait."""


@contextlib.contextmanager
def urgent(priority: int, *, patient: bool = False) -> Iterator[None]:
    """Make the calls of a block (and of tasks begun in it) as urgent as a delivery of this priority.

    They do not wait long for a turn, unless they are patient.
    """
    token = _URGENCY.set((priority, _PATIENT_S if patient else _HURRIED_S))
    try:
        yield
    finally:
        _URGENCY.reset(token)


class Board(Protocol):
    """Who deals the hands."""

    async def ask(self, tenant_id: uuid.UUID, account: str, ask: Ask, caps: Caps) -> Grant:
        """Answer a process's question about an account."""
        ...


class _Turn:
    """A call that waits."""

    def __init__(self, urgency: int, patience_until: float) -> None:
        self.urgency, self.patience_until = urgency, patience_until
        self.given: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _Hand:
    """What was dealt last, and what became of it."""

    def __init__(self, calls: int = 0, urgency: int = STANDARD, use_by: float = 0.0) -> None:
        self.calls, self.urgency, self.use_by = calls, urgency, use_by
        self.used = 0
        self.given_at = self.answered_at = 0.0


class Budget:
    """The turns of one account in this process."""

    def __init__(self, board: Board, tenant_id: uuid.UUID, account: str, caps: Caps, clock: Clock, holder: str) -> None:
        self.caps = caps
        self.zone = "UTC"
        """Where the account's day ends at midnight."""
        self.account = account
        self._board, self._tenant_id, self._clock, self._holder = board, tenant_id, clock, holder
        self._queue: list[tuple[int, int, _Turn]] = []
        self._count = itertools.count()
        self._hand = _Hand()
        self._slots: int | None = None
        self._busy = 0
        self._news = asyncio.Event()
        self._learned: Learned | None = None
        self._server: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it for the length of a call. Raises :class:`Spent`."""
        await self._take()
        try:
            yield
        finally:
            self._busy -= 1
            self._hand.answered_at = self._clock.monotonic()
            self._ring()

    def learn(self, limits: Limits, status: int, headers: Mapping[str, str], stop_s: float) -> None:
        """Take in what an answer says of the account's limits; after a 429 everybody rests for ``stop_s``."""
        before = self._learned or Learned()
        self._learned = Learned(
            limit=_number(headers, limits.limit_header) or before.limit,
            remaining=_number(headers, limits.remaining_header),
            reset_s=_number(headers, limits.reset_header),
            daily=_number(headers, limits.daily_header) or before.daily,
            daily_remaining=_number(headers, limits.daily_remaining_header),
            stop_s=max(stop_s, before.stop_s or 0.0) if status == _TOO_MANY else before.stop_s,
        )
        if status == _TOO_MANY:
            # nothing more goes out from this hand, and the others hear of it with their next question
            self._hand.use_by = 0.0
            self._ring()

    def close(self) -> None:
        """Give no more turns."""
        if self._server is not None:
            self._server.cancel()

    async def _take(self) -> None:
        urgency, patience_s = _URGENCY.get() or (STANDARD, _PATIENT_S)
        turn = _Turn(urgency, self._clock.monotonic() + patience_s)
        heapq.heappush(self._queue, (turn.urgency, next(self._count), turn))
        self._ring()
        try:
            await turn.given
        except asyncio.CancelledError:
            if turn.given.done() and not turn.given.cancelled() and turn.given.exception() is None:
                self._busy -= 1  # given and not used: it counts as used
            raise

    def _ring(self) -> None:
        self._news.set()
        if self._server is None or self._server.done():
            self._server = asyncio.get_running_loop().create_task(self._serve(), name=f"budget {self.account}")

    async def _serve(self) -> None:
        """Give turns while any are wanted; then settle the hand and end."""
        try:
            while True:
                self._news.clear()
                self._give()
                if self._queue and self._room():
                    await self._deal()
                elif self._queue or self._busy:
                    await self._wait(_IDLE_S if self._queue or self._hand.used else None)
                elif not await self._wait(_IDLE_S):
                    await self._settle()
                    if not self._news.is_set():
                        return
        except asyncio.CancelledError:
            self._fail(lambda _turn: True, Spent(1.0, "the process ends"))
            raise
        except Exception as trouble:  # noqa: BLE001 - whoever waits is told, and decides
            self._fail(lambda _turn: True, trouble)

    def _give(self) -> None:
        hand, now = self._hand, self._clock.monotonic()
        while self._queue:
            urgency, _, turn = self._queue[0]
            if turn.given.done():
                heapq.heappop(self._queue)
                continue
            if hand.used >= hand.calls or now > hand.use_by or urgency > hand.urgency or not self._room():
                return
            heapq.heappop(self._queue)
            hand.used, hand.given_at = hand.used + 1, now
            self._busy += 1
            turn.given.set_result(None)

    def _room(self) -> bool:
        return self._slots is None or self._busy < self._slots or (self._busy == 0 and self._slots == 0)

    async def _wait(self, most_s: float | None) -> bool:
        """Wait for news; False when none came in time."""
        try:
            async with asyncio.timeout(most_s):
                await self._news.wait()
        except TimeoutError:
            if self._queue or self._busy:
                # others may have given up their part; and what of the hand is unused is theirs
                await self._ask(0)
            return False
        return True

    async def _deal(self) -> None:
        """Ask for a hand; where there is none, wait a little or tell those who cannot."""
        before, urgency = self._hand, self._queue[0][0]
        likely = 2 * before.used if before.used >= before.calls else before.used
        grant = await self._ask(max(len(self._queue), likely, 1), urgency)
        if grant.calls or not self._queue:
            return
        now = self._clock.monotonic()
        if grant.spent:
            later = Spent(min(grant.wait_s, _LONGEST_SPENT_S), grant.reason, from_priority=urgency)
            self._fail(lambda turn: turn.urgency >= urgency, later)
            return
        # nobody waits for a rest the vendor asked for: it would say so itself
        rests = grant.stopped and grant.wait_s > _HURRIED_S
        self._fail(lambda turn: rests or turn.patience_until < now + grant.wait_s, Spent(grant.wait_s, grant.reason))
        if self._queue:
            await asyncio.sleep(min(grant.wait_s, _LONGEST_SLEEP_S))

    async def _settle(self) -> None:
        if self._hand.calls or self._learned is not None:
            await self._ask(0)

    async def _ask(self, want: int, urgency: int = STANDARD) -> Grant:
        """Settle the last hand and take the next."""
        hand, learned, now = self._hand, self._learned, self._clock.monotonic()
        counted_by = hand.given_at + lag(self.caps)
        if not self._busy:
            counted_by = min(counted_by, hand.answered_at)
        self._learned = None
        ask = Ask(
            holder=self._holder,
            want=want,
            urgency=urgency,
            used=hand.used,
            until_s=counted_by - now,
            busy=self._busy,
            slots=self._busy + len(self._queue),
            learned=learned or Learned(),
            day_left_s=_day_left_s(self._clock.now(), self.zone),
        )
        try:
            grant = await self._board.ask(self._tenant_id, self.account, ask, self.caps)
        except BaseException:
            self._learned = self._learned or learned
            raise
        self._slots = grant.slots
        stopped = self._learned is not None and self._learned.stop_s is not None
        self._hand = _Hand(grant.calls, urgency, 0.0 if stopped else now + USE_S)
        return grant

    def _fail(self, which: Callable[[_Turn], bool], trouble: Exception) -> None:
        kept = []
        for place in self._queue:
            turn = place[2]
            if not which(turn):
                kept.append(place)
            elif not turn.given.done():
                turn.given.set_exception(trouble)
        self._queue = kept
        heapq.heapify(self._queue)


class Budgets:
    """The budgets of all accounts this process calls. Without a board nothing is limited but by the vendor's 429."""

    def __init__(self, clock: Clock, board: Board | None = None) -> None:
        self._clock = clock
        self.board = board
        self._holder = uuid.uuid4().hex[:12]
        self._budgets: dict[tuple[uuid.UUID, str], Budget] = {}

    def of(self, connection: Connection, limits: Limits) -> Budget | None:
        """Return the budget of a connection's account; None where nothing is limited."""
        return self._made(connection, account_of(connection), caps_of(limits, connection.config))

    def over(self, connection: Connection, limits: Limits) -> tuple[tuple[str, Budget], ...]:
        """Return (part of a path, budget) of what a call may need a turn of: its endpoint's, then the account's."""
        account = account_of(connection)
        found = [
            (e.path, self._made(connection, f"{account} {e.path}", endpoint_caps(e, limits, connection.config)))
            for e in limits.endpoints
        ]
        found.append(("", self.of(connection, limits)))
        return tuple((path, budget) for path, budget in found if budget is not None)

    def _made(self, connection: Connection, account: str, caps: Caps) -> Budget | None:
        if self.board is None or (not caps.windows and caps.daily is None and caps.concurrency is None):
            return None
        budget = self._budgets.get((connection.tenant_id, account))
        if budget is None:
            budget = Budget(self.board, connection.tenant_id, account, caps, self._clock, self._holder)
            self._budgets[connection.tenant_id, account] = budget
        budget.caps = caps
        zone = connection.account.get("time_zone")
        budget.zone = zone if isinstance(zone, str) else "UTC"
        return budget

    def close(self) -> None:
        """Give no more turns."""
        for budget in self._budgets.values():
            budget.close()


def account_of(connection: Connection) -> str:
    """Return the name of a connection's vendor account: its limits hold for all that call it."""
    return f"{connection.connector}:{connection.account_uid or connection.id}"


def caps_of(limits: Limits, config: Mapping[str, Any]) -> Caps:
    """Return an account's limits: the vendor's where it enforces them, and what the connection has lowered."""
    own = _mapping(config.get("limits"))
    windows, daily, concurrency = [], None, None
    if limits.enforced:
        windows.append(Window(limits.requests, limits.per_s))
        daily, concurrency = limits.daily, limits.concurrency
    if calls := _positive(own.get("requests")):
        span = own.get("per_s")
        windows.append(Window(calls, float(span) if isinstance(span, int | float) and span > 0 else limits.per_s))
    if calls := _positive(config.get("requests_per_minute")):
        windows.append(Window(calls, 60.0))
    for given in (own.get("daily"), config.get("requests_per_day")):
        daily = _lower(daily, _positive(given))
    concurrency = _lower(concurrency, _positive(own.get("concurrency")))
    return Caps(tuple(windows), daily, concurrency, limits.timeout_s)


def endpoint_caps(endpoint: EndpointLimit, limits: Limits, config: Mapping[str, Any]) -> Caps:
    """Return an endpoint's own limits."""
    own = _mapping(_mapping(_mapping(config.get("limits")).get("endpoints")).get(endpoint.path))
    windows = [Window(endpoint.requests, endpoint.per_s)]
    if calls := _positive(own.get("requests")):
        windows.append(Window(calls, endpoint.per_s))
    concurrency = _lower(endpoint.concurrency, _positive(own.get("concurrency")))
    return Caps(tuple(windows), None, concurrency, limits.timeout_s)


def _mapping(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _positive(given: object) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else None


def _lower(one: int | None, other: int | None) -> int | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    said = headers.get(name, "") if name else ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < _DIGITS else None


def _day_left_s(now: datetime, zone: str) -> float:
    try:
        here = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        here = now.astimezone(UTC)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), here.tzinfo)
    return max(1.0, (midnight.astimezone(UTC) - now).total_seconds())
