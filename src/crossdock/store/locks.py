"""Kernel locks (flock): they end with their process, however it ends, so a kill -9 never leaves one behind."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.01


def open_lock(path: Path, owner: tuple[int, int] | None = None) -> int:
    """Open (or make, 0600) a lock file and return its descriptor; it is not inherited by programs we start."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if owner is not None and os.geteuid() == 0:
        os.fchown(descriptor, *owner)
    return descriptor


def take(descriptor: int, *, shared: bool = False) -> bool:
    """Try once to lock; False when somebody else holds it."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def free(descriptor: int) -> None:
    """Give the lock back."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def take_within(descriptor: int, deadline_s: float, *, shared: bool = False) -> bool:
    """Try until ``deadline_s`` seconds have passed; False when it was never free."""
    end = time.monotonic() + deadline_s
    while not take(descriptor, shared=shared):
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_S)
    return True


@contextmanager
def held(path: Path, deadline_s: float, owner: tuple[int, int] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on a file. Raises ``TimeoutError`` when it is not free in time."""
    descriptor = open_lock(path, owner)
    try:
        if not take_within(descriptor, deadline_s):
            raise TimeoutError(f"{path} stayed locked for {deadline_s:.0f} s")
        yield
    finally:
        os.close(descriptor)
