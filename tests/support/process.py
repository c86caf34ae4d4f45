"""A process that ends with its test run, whatever ends that."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")


@contextlib.contextmanager
def running(
    command: list[str], log: Path, *, remove: Path | None = None, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command for the length of a block; its output goes to ``log``, its children end with it.

    ``remove``: a folder that goes with it, even when this process is killed.
    """
    with log.open("ab") as said:
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), str(remove or ""), *command],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        try:
            yield guard
        finally:
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait(30)
