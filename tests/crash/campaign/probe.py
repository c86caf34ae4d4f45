"""The probe that strikes: injected where production has none."""

from __future__ import annotations

import asyncio
import os
import signal

import asyncpg
import psycopg

from crossdock.connect.client import CallFailed, FailKind
from tests.crash.campaign.board import AFTER, BEFORE, Board, Fault

DELAY_S = 0.4
ACTIONS = ("raise", "cut", "delay", "kill", "stop", "cancel")


class Struck(Exception):
    """An unexpected error, of no kind that anybody expects."""


class Probe:
    """Counts every passing on the board and does what is planned for it."""

    def __init__(self, board: Board, faults: list[Fault], admin_url: str, database: str) -> None:
        self._board = board
        self._admin_url, self._database = admin_url, database
        self._planned: dict[tuple[str, str], list[tuple[int, Fault]]] = {}
        for number, fault in enumerate(faults):
            self._planned.setdefault((fault.phase, fault.place), []).append((number, fault))

    async def reach(self, name: str) -> None:
        """Pass a place."""
        place, phase = _told(name)
        if f"{phase} {place}" not in self._board.names:
            return
        count = self._board.passed(place, phase)
        if not self._board.armed:
            return
        for number, fault in self._planned.get((phase, place), ()):
            if count >= fault.nth and self._board.strike(number):
                await self._strike(fault, name)

    async def _strike(self, fault: Fault, name: str) -> None:
        match fault.action:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "cancel":
                os.kill(os.getpid(), signal.SIGTERM)
            case "delay":
                await asyncio.sleep(DELAY_S)
            case "cut" if "/" in name:
                raise asyncpg.ConnectionDoesNotExistError("the session was cut")
            case "cut" if name.startswith("call "):
                raise CallFailed(FailKind.REFUSED, False, "the host refuses the connection")
            case "cut" if name.startswith("answer "):
                raise CallFailed(FailKind.CUT, True, "the connection was cut before the answer")
            case "cut":
                await asyncio.to_thread(self._cut_all)
            case _:
                raise Struck(str(fault))

    def _cut_all(self) -> None:
        """End every session of the hub, as a restart of the server does."""
        with psycopg.connect(self._admin_url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
                " AND application_name LIKE 'crossdock/%%'",
                (self._database,),
            )


def _told(name: str) -> tuple[str, str]:
    """Return (place, phase): ``x``, ``commit x`` come before the effect, ``x done`` and ``committed x`` after."""
    if name.endswith(" done"):
        return name.removesuffix(" done"), AFTER
    if name.startswith("committed "):
        return name.removeprefix("committed "), AFTER
    return name.removeprefix("commit "), BEFORE
