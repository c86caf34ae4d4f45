"""The supervisor of the embedded PostgreSQL server.

Who may do what is settled by three kernel locks, so nothing has to be cleaned up after a kill -9:

- ``start.lock`` (exclusive, short): somebody is starting or stopping the server.
- ``clients.lock`` (shared, for as long as a process uses the server): whoever can take it alone is the last one out
  and stops the server.
- ``server.lock``: inherited by the server's processes through an open descriptor. While it is held, a server process
  lives, whatever a stale ``postmaster.pid`` says (reused pid, zombie, another container); when it is free, none does.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from crossdock.store import cluster, layout, locks
from crossdock.store.errors import DataDirUnusable, ServerWontStart, StoreError

SUPERUSER = "postgres"
_LOCK_WAIT_S = 120.0
_STOP_WAIT_S = 60.0
_WATCH_S = 0.25
_children: set[int] = set()
"""Servers that this process started and has not waited for yet."""


class EmbeddedServer:
    """A PostgreSQL server that lives as long as somebody uses it.

    Use it with ``with`` or ``async with``; entering starts the server unless it runs, leaving stops it when no other
    process uses it. An object stands for one user; one process may hold several. Not to be carried across a fork.
    Entering raises :class:`~crossdock.store.errors.StoreError` (binaries, data directory, start), in plain words.
    """

    def __init__(self, data_dir: Path, *, run_as: str | None = None, start_timeout_s: float = 60.0) -> None:
        self._data_dir = data_dir
        self._run_as = run_as
        self._start_timeout_s = start_timeout_s
        self._layout: layout.Layout | None = None
        self._client: int | None = None
        self._guard = threading.RLock()
        self._socket_dir: Path | None = None

    # -- what clients need -------------------------------------------------------------------------------------

    @property
    def socket_dir(self) -> Path:
        """Return the directory of the server's socket (also libpq's ``host``)."""
        if self._socket_dir is None:
            raise ServerWontStart("the embedded server has not been started", "enter it first")
        return self._socket_dir

    @property
    def log(self) -> Path:
        """Return the file the server's messages go to."""
        return self._settled().log

    @property
    def postmaster_pid(self) -> int | None:
        """Return the pid of the running server, or None."""
        if not self._alive():
            return None
        status = cluster.read_pid_file(self._settled().pgdata)
        return status.pid if status else None

    def url(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Return a ``postgresql://`` URL over the socket that asyncpg, psycopg and libpq's programs take."""
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{user}@/{quote(database, safe='')}?host={host}&port={layout.PORT}"

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Register as a user of the server and make sure that it runs and answers."""
        with self._guard:
            if self._client is not None:
                return self
            self._layout = layout.settle(self._data_dir, self._run_as)
            with self._starting():
                client = locks.open_lock(self._layout.clients_lock, self._layout.file_owner)
                try:
                    if not locks.take_within(client, 1.0, shared=True):
                        raise ServerWontStart(
                            f"{self._layout.clients_lock} is locked by another program", "end that program, try again"
                        )
                    self._bring_up()
                except BaseException:
                    os.close(client)
                    raise
                self._client = client
            atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Stop using the server; the last user shuts it down (fast: open transactions are rolled back)."""
        with self._guard:
            if self._client is None:
                return
            client, self._client = self._client, None
            atexit.unregister(self.stop)
            try:
                with self._starting():
                    locks.free(client)
                    if locks.take(client):
                        self._shut_down(signal.SIGINT)
            finally:
                os.close(client)
                _reap()

    def ensure(self) -> bool:
        """Start the server again if it is gone (crashed, killed). Returns True when it had to be started."""
        with self._guard:
            if self._client is None or self._alive():
                return False
            with self._starting():
                return self._bring_up()

    def restart(self) -> None:
        """Stop the server for everybody and start it again; clients reconnect."""
        with self._guard, self._starting():
            self._shut_down(signal.SIGINT)
            self._bring_up()

    async def watch(self) -> None:
        """Bring a server that died back, and keep its log small, until cancelled.

        A failed start is tried again; the clients see the trouble as lost connections meanwhile.
        """
        pause = _WATCH_S
        while True:
            await asyncio.sleep(pause)
            try:
                if not self._alive():
                    await asyncio.to_thread(self.ensure)
                cluster.trim_log(self._settled().log)
                pause = _WATCH_S
            except (StoreError, OSError):
                pause = min(pause * 2, 5.0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def join(self) -> Self:
        """Do as :meth:`start` beside the event loop; called off, it leaves nothing running."""
        starting = asyncio.ensure_future(asyncio.to_thread(self.start))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # its thread goes on whatever becomes of us: it is waited for, and what it has started is stopped
            with contextlib.suppress(StoreError, OSError):
                await starting
            await asyncio.to_thread(self.stop)
            raise

    async def __aenter__(self) -> Self:
        return await self.join()

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _settled(self) -> layout.Layout:
        if self._layout is None:
            self._layout = layout.settle(self._data_dir, self._run_as)
        return self._layout

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        place = self._settled()
        try:
            with locks.held(place.start_lock, _LOCK_WAIT_S, place.file_owner):
                yield
        except TimeoutError as problem:
            raise ServerWontStart(
                f"another process has been starting or stopping the server for {_LOCK_WAIT_S:.0f} s",
                f"look at {place.log}; end the process that holds {place.start_lock}",
            ) from problem

    def _alive(self) -> bool:
        """Tell whether any process of the server lives; asks the kernel, not a pid file."""
        _reap()
        place = self._settled()
        try:
            descriptor = os.open(place.server_lock, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            # shared: two processes that look at the same time must not take each other for the server
            return not locks.take(descriptor, shared=True)
        finally:
            os.close(descriptor)

    def _bring_up(self) -> bool:
        place = self._settled()
        deadline = time.monotonic() + self._start_timeout_s
        if not self._alive():
            cluster.prepare(place)
            self._launch(place)
            started = True
        else:
            started = False
        self._socket_dir = self._wait_until_ready(place, deadline, retry=not started)
        return started

    def _launch(self, place: layout.Layout) -> None:
        lock = locks.open_lock(place.server_lock, place.file_owner)
        try:
            # a process that looks (_alive) holds it shared for a moment
            if not locks.take_within(lock, 5.0):
                raise ServerWontStart("processes of an earlier server are still ending", "try again in a few seconds")
            _children.add(cluster.launch(place, lock))
        finally:
            os.close(lock)

    def _wait_until_ready(self, place: layout.Layout, deadline: float, *, retry: bool) -> Path:
        while True:
            status = cluster.read_pid_file(place.pgdata)
            if status is not None and status.ready and cluster.accepts(status.socket_dir):
                return status.socket_dir
            if not self._alive():
                if not retry:
                    raise cluster.explain_failure(place)
                # what was alive was the end of a dying server
                retry = False
                cluster.prepare(place)
                self._launch(place)
            if time.monotonic() > deadline:
                raise ServerWontStart(
                    f"the server did not answer within {self._start_timeout_s:.0f} s (it may still be recovering)",
                    f"look at {place.log}, then start again: a server that came up meanwhile is used",
                )
            time.sleep(0.005)

    def _shut_down(self, how: signal.Signals) -> None:
        place = self._settled()
        status = cluster.read_pid_file(place.pgdata)
        if status is None or not self._alive():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(status.pid, how)
        end = time.monotonic() + _STOP_WAIT_S
        while self._alive():
            if time.monotonic() > end:
                if how is signal.SIGQUIT:
                    raise DataDirUnusable(f"the server (pid {status.pid}) does not stop", f"look at {place.log}")
                # recovery at the next start keeps all that was committed
                self._shut_down(signal.SIGQUIT)
                return
            time.sleep(0.005)


def _reap() -> None:
    """Wait for servers of ours that have ended, so that they do not stay as zombies."""
    for pid in tuple(_children):
        try:
            ended, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            ended = pid
        if ended:
            _children.discard(pid)
