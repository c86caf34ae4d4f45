"""Run a command in a session of its own and end all of it when whoever started it is gone.

Usage: ``python guard.py FOLDER COMMAND ...`` with a pipe as standard input. When the pipe closes (the starter ended it,
or was killed), the command's whole process group gets TERM, and KILL when it does not heed it; then FOLDER is removed
(empty: none is).
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

PATIENCE_S = 10.0


def main() -> int:
    """Start the command and watch both ends."""
    folder, *command = sys.argv[1:]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    while child.poll() is None:
        readable, _, _ = select.select([sys.stdin], [], [], 0.2)
        if readable and not os.read(sys.stdin.fileno(), 1024):
            break
    _end(child)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    return child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(PATIENCE_S)
    # workers outlive a master that was killed: the group is ended as a whole
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


if __name__ == "__main__":
    raise SystemExit(main())
