"""A name for this process that tells, on the same machine, whether it still lives.

``<host>@<boot>.<pid namespace>.<start>:<pid>``: boot and namespace make sure that the pid is asked where it means
something (two containers may share a host name), the start time that it was not given to somebody else since.
Where the system does not tell (no ``/proc``) the first part is empty and nobody is ever called dead.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

_STARTED_AT = 19
"""Field of ``/proc/<pid>/stat`` after the name in brackets: start time in clock ticks since the boot (proc(5))."""


def own_name() -> str:
    """Return the name of this process."""
    start = _start_of(os.getpid())
    place = f"{_place()}.{start}" if _place() and start else ""
    return f"{socket.gethostname()}@{place}:{os.getpid()}"


def is_dead(name: str) -> bool:
    """Whether the process of a name has certainly ended: it ran here, since this boot, and is not there any more."""
    host, _, rest = name.partition("@")
    place, _, pid = rest.rpartition(":")
    where, _, start = place.rpartition(".")
    if not place or host != socket.gethostname() or where != _place() or not pid.isdigit():
        return False
    return _start_of(int(pid)) != start


@cache
def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot[:8]}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """Return when a process started; empty when there is none, or only what is left of one (a zombie)."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in ("Z", "X") else after_name[_STARTED_AT]
