"""The hub's processes of a round: one always lives; a stopped one goes on after its lease, beside the next."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

_LOOK_S = 0.05
_BESIDE_S = 1.0
"""How long one that was stopped lives on beside its successor."""


class Kid(msgspec.Struct):
    """One process of the hub."""

    pid: int
    role: str
    stopped_at: float | None = None
    over_at: float | None = None


class Family:
    """Keeps the hub alive through everything that befalls it."""

    def __init__(self, home: Path, stop_s: float) -> None:
        """``stop_s``: how long a stopped process sleeps."""
        self.home = home
        self.port = 0
        self.ends: Counter[str] = Counter()
        self.log = home / "hub.log"
        self._stop_s = stop_s
        self._orders: dict[str, bytes] = {}
        self._kids: dict[int, Kid] = {}
        self._awaited: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Family:
        with (self.home / "nursery.log").open("ab") as told:
            self._nursery = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.crash.campaign.nursery",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=told,
                start_new_session=True,
            )
        assert self._nursery.stdout is not None
        self.port = orjson.loads(await self._nursery.stdout.readline())["port"]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        await self._nursery.wait()

    def live(self, order: dict[str, Any], roles: Sequence[str] = ("all",)) -> None:
        """Begin: a child of each role is born, and from now on one of each always lives."""
        for role in roles:
            told = {**order, "role": role.rstrip("0123456789"), "log": str(self.log)}
            self._orders[role] = orjson.dumps(told) + b"\n"
        self._tasks = [asyncio.create_task(self._hear()), asyncio.create_task(self._tend())]

    @property
    def pids(self) -> list[int]:
        """Return who lives and is not stopped."""
        return [kid.pid for kid in self._kids.values() if kid.stopped_at is None]

    @property
    def roles(self) -> list[str]:
        """Return the roles of those who live and are not stopped."""
        return sorted(kid.role for kid in self._kids.values() if kid.stopped_at is None)

    def renew(self) -> None:
        """Let everybody leave; the next has learned nothing of what the faults made of its pace."""
        for kid in self._kids.values():
            kid.over_at = None
            _send(kid.pid, signal.SIGCONT)
            _send(kid.pid, signal.SIGTERM)

    def _bear(self, role: str) -> None:
        assert self._nursery.stdin is not None
        self._awaited.append(role)
        self._nursery.stdin.write(self._orders[role])

    async def _hear(self) -> None:
        assert self._nursery.stdout is not None
        while line := await self._nursery.stdout.readline():
            told = orjson.loads(line)
            if pid := told.get("born"):
                # orders are carried out in their order
                self._kids[pid] = Kid(pid, self._awaited.pop(0))
            elif pid := told.get("dead"):
                self._kids.pop(pid, None)
                self.ends[_ended(told["status"])] += 1
            elif (pid := told.get("stopped")) in self._kids:
                self._kids[pid].stopped_at = time.monotonic()
                self.ends["stopped"] += 1

    async def _tend(self) -> None:
        while True:
            now = time.monotonic()
            for kid in self._kids.values():
                if kid.stopped_at is not None and now > kid.stopped_at + self._stop_s:
                    kid.stopped_at, kid.over_at = None, now + _BESIDE_S
                    _send(kid.pid, signal.SIGCONT)
                elif kid.over_at is not None and now > kid.over_at:
                    kid.over_at = None
                    _send(kid.pid, signal.SIGTERM)
            well = {kid.role for kid in self._kids.values() if kid.stopped_at is None and kid.over_at is None}
            for role in self._orders.keys() - well - set(self._awaited):
                self._bear(role)
            await asyncio.sleep(_LOOK_S)


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _ended(status: int) -> str:
    if status < 0:
        return signal.Signals(-status).name
    return "left" if status == 0 else "died of an error"
