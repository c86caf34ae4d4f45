"""The way out of one connection: asks for leave before each call, and counts what is called.

Every call of a connector goes through the transport it was given, so that nothing it does can be forgotten here.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from yarl import URL

from crossdock.connect.client import CallFailed, FailKind, Reply, Transport
from crossdock.model.connection import Connection
from crossdock.model.outcome import Throttled

Leave = Callable[[], Awaitable[str]]
_LEAVE: ContextVar[Leave | None] = ContextVar("leave", default=None)
_COUNTED: ContextVar[dict[str, int] | None] = ContextVar("counted", default=None)


@contextlib.contextmanager
def by_leave(leave: Leave) -> Iterator[None]:
    """Ask ``leave`` before every call made inside a block (and by tasks begun in it): why not, or nothing."""
    token = _LEAVE.set(leave)
    try:
        yield
    finally:
        _LEAVE.reset(token)


@contextlib.contextmanager
def counting() -> Iterator[dict[str, int]]:
    """Count the calls of a block (and of tasks begun in it) that vendors have seen, by connector: what a proof cost."""
    counted: dict[str, int] = {}
    token = _COUNTED.set(counted)
    try:
        yield counted
    finally:
        _COUNTED.reset(token)


class Meter:
    """Calls since the last :meth:`taken`, by tenant, connection and what was answered (``2xx``, ``429``, ``none``)."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[uuid.UUID, uuid.UUID, str]] = Counter()

    def note(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, status: int) -> None:
        """Count a call; status 0 means that no answer came."""
        answered = "429" if status == 429 else f"{status // 100}xx" if status else "none"
        self._counts[tenant_id, connection_id, answered] += 1

    def taken(self) -> Counter[tuple[uuid.UUID, uuid.UUID, str]]:
        """Return the counts and begin anew."""
        counts, self._counts = self._counts, Counter()
        return counts

    def put_back(self, counts: Counter[tuple[uuid.UUID, uuid.UUID, str]]) -> None:
        """Take back what could not be written."""
        self._counts.update(counts)


class Metered(Transport):
    """The process's transport, as one connection sees it; it opens and closes nothing."""

    def __init__(self, base: Transport, meter: Meter, connection: Connection) -> None:
        # what Transport.__init__ would make is the base's: there is one session a process
        self._base = base
        self._meter = meter
        self._connection = connection
        vars(self).update((name, value) for name, value in vars(base).items() if not name.startswith("_"))

    async def close(self) -> None:
        """Leave the base open: others use it."""

    async def send(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes, timeout_s: float, *more: Any, **named: Any
    ) -> Reply:
        """Make one call, if there is leave for it. Raises :class:`CallFailed`; without leave nothing was sent."""
        leave = _LEAVE.get()
        if leave is not None and (why := await leave()):
            raise CallFailed(FailKind.REFUSED, False, why, outcome=Throttled(0.0, why))
        try:
            reply = await self._base.send(method, url, headers, body, timeout_s, *more, **named)
        except CallFailed as failed:
            if failed.sent:  # else the vendor has seen nothing, and counts nothing
                self._note(0)
            raise
        self._note(reply.status)
        return reply

    def _note(self, status: int) -> None:
        one = self._connection
        self._meter.note(one.tenant_id, one.id, status)
        counted = _COUNTED.get()
        if counted is not None:
            counted[one.connector] = counted.get(one.connector, 0) + 1
