"""The demonstration's child processes: started with one line of readiness, ended by their pid on every way out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from crossdock.errors import Trouble


class Child:
    """One process of our own program, in its own session so that Ctrl-C reaches the demonstration alone."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-m", *arguments],
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    async def ready(self, patience_s: float = 60) -> dict[str, Any]:
        """Return the JSON line by which it says that it is ready. Raises ``Trouble`` with its own last words."""
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(asyncio.to_thread(self._process.stdout.readline), patience_s)
            told: dict[str, Any] = orjson.loads(line)
        except (TimeoutError, orjson.JSONDecodeError):
            last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            raise Trouble(
                f"the demonstration's {self.name} did not start: {' '.join(last)[:300]}", remedy="crossdock doctor"
            ) from None
        return told

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        self._process.kill()
        self._process.wait(10)

    def end(self, patience_s: float = 15) -> None:
        """Ask it to end, and insist when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(patience_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
