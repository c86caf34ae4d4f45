"""A warm process that has imported everything and forks hubs on demand; it ends with whoever started it.

One JSON line in is one child; one JSON line out is what became of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import os
import select
import signal
import socket
import sys
import time
import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import uvloop

from crossdock.cli import logs
from crossdock.cli.server import stand
from crossdock.kit.clock import SystemClock
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from crossdock.worker import Worker
from tests.crash.campaign.board import Board, Fault
from tests.crash.campaign.probe import Probe

_LOOK_S = 0.01


def main() -> None:
    """Serve until standard input closes."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    listener.setblocking(False)
    children: set[int] = set()
    # without a buffer: what it kept of two orders that came at once, select would not tell of
    orders = io.FileIO(sys.stdin.fileno(), closefd=False)
    gc.collect()
    gc.freeze()
    _tell({"port": listener.getsockname()[1]})
    try:
        while _serve(orders, listener, children):
            _bury(children)
    finally:
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _serve(orders: io.FileIO, listener: socket.socket, children: set[int]) -> bool:
    ready, _, _ = select.select([orders], [], [], _LOOK_S)
    if not ready:
        return True
    line = orders.readline()
    if not line:
        return False
    order = orjson.loads(line)
    pid = os.fork()
    if pid == 0:
        _live(order, listener)
    children.add(pid)
    _tell({"born": pid})
    return True


def _bury(children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return
        if os.WIFSTOPPED(status):
            _tell({"stopped": pid})
        else:
            children.discard(pid)
            _tell({"dead": pid, "status": os.waitstatus_to_exitcode(status)})


def _tell(value: dict[str, Any]) -> None:
    os.write(1, orjson.dumps(value) + b"\n")


def _live(order: dict[str, Any], listener: socket.socket) -> None:
    """Be a hub until told to end; never returns."""
    code = 1
    try:
        with Path(order["log"]).open("ab") as told:
            os.dup2(told.fileno(), 1)
            os.dup2(told.fileno(), 2)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.environ.update(order["env"])
        settings = Settings()
        logs.set_up(settings)
        faults = [Fault(**fault) for fault in order["faults"]]
        probe = Probe(Board(Path(order["board"]), len(faults)), faults, order["admin_url"], order["database"])
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_hub(settings, probe, listener, order.get("role", "all"), order.get("skew_s", 0)))
        code = 0
    except Exception:  # noqa: BLE001 - nobody else would tell what became of it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


async def _hub(settings: Settings, probe: Probe, listener: socket.socket, role: str, skew_s: float) -> None:
    async with open_hub(settings, probe, clock=Jumping(skew_s)) as hub:
        if role == "worker":
            worker = Worker(hub)
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
            await worker.run()
        else:
            await stand(hub, listener, worker=role == "all")


class Jumping(SystemClock):
    """A wall clock that jumps to and fro by so many seconds, each second anew."""

    def __init__(self, skew_s: float) -> None:
        self._skew_s = skew_s

    def now(self) -> datetime:
        """Return the time as such a clock shows it."""
        jump = (0, 1, 0, -1)[int(time.monotonic()) % 4]
        return super().now() + timedelta(seconds=jump * self._skew_s)


if __name__ == "__main__":
    main()
