"""Where things lie in a data directory, whom they belong to, and which user the server runs as.

::

    <data_dir>/
      start.lock     held while somebody starts or stops the server
      clients.lock   every process that uses the server holds it shared
      server.lock    held by the server's own processes, as long as one of them lives
      server.log     what the server says; server.log.1 is the older half
      pgdata/        the cluster (0700)
      run/           the socket (0700), unless the path is too long for a socket
"""

from __future__ import annotations

import errno
import hashlib
import os
import pwd
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from crossdock.store import binaries
from crossdock.store.errors import DataDirUnusable

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_LOCK = f"{SOCKET_NAME}.lock"
_LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107
_ELSEWHERE = "set CROSSDOCK_DATA_DIR to a directory {whom} can write, or CROSSDOCK_DATABASE_URL to a PostgreSQL server"
_FOR_ROOT = Path("/var/lib/crossdock")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one data directory. ``user`` is (uid, gid) when the server runs as somebody else than we do."""

    data_dir: Path
    user: tuple[int, int] | None
    file_owner: tuple[int, int] | None

    @property
    def pgdata(self) -> Path:
        """Return the cluster's directory."""
        return self.data_dir / "pgdata"

    @property
    def start_lock(self) -> Path:
        """Return the lock held while starting or stopping."""
        return self.data_dir / "start.lock"

    @property
    def clients_lock(self) -> Path:
        """Return the lock every client holds shared."""
        return self.data_dir / "clients.lock"

    @property
    def server_lock(self) -> Path:
        """Return the lock that the server's processes hold."""
        return self.data_dir / "server.lock"

    @property
    def log(self) -> Path:
        """Return the server's log."""
        return self.data_dir / "server.log"

    @property
    def server_uid(self) -> int:
        """Return the uid the server runs as."""
        return self.user[0] if self.user else os.geteuid()

    def socket_dir(self) -> Path:
        """Return the directory of the socket: inside the data directory, or a short one derived from its name."""
        inside = self.data_dir / "run"
        if fits(inside) and "," not in str(inside):
            return inside
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        for base in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - a private directory is made in it
            short = base / f"crossdock-{self.server_uid}-{name}"
            if fits(short) and "," not in str(short):
                return short
        return short


def fits(directory: Path) -> bool:
    """Tell whether a socket in the directory has a path the kernel takes."""
    return len(os.fsencode(directory / SOCKET_NAME)) <= _LONGEST_SOCKET


def settle(data_dir: Path, run_as: str | None) -> Layout:
    """Make the data directory if need be, decide whom the server runs as, and check that it can.

    Raises :class:`DataDirUnusable` that says which directory is in the way and what to do.
    """
    real = data_dir.expanduser().resolve()
    try:
        real.mkdir(parents=True, exist_ok=True)
        owner = real.stat()
        user, file_owner = _whom(owner.st_uid, owner.st_gid, run_as)
        _try_writing(real)
    except OSError as problem:
        whom = "this user"
        raise DataDirUnusable(
            f"the data directory {real} cannot be used: {_plain(problem)}", _ELSEWHERE.format(whom=whom)
        ) from problem
    if user is not None:
        barrier = binaries.first_barrier(real, user)
        if barrier is not None:
            name = _name_of(user[0])
            raise DataDirUnusable(
                f"PostgreSQL never runs as root; it runs as {name}, who may not enter {barrier}, "
                f"which is on the way to the data directory {real}",
                f"set CROSSDOCK_DATA_DIR to a place such as {_FOR_ROOT}, or run crossdock as an ordinary user",
            )
    return Layout(real, user, file_owner)


def _whom(uid: int, gid: int, run_as: str | None) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    if os.geteuid() != 0:
        return None, None
    if uid != 0 and _known(uid):
        return (uid, gid), (uid, gid)
    return _unprivileged(run_as), None


def _known(uid: int) -> bool:
    """Tell whether the uid has a name: PostgreSQL refuses to run as one that has none (a volume's owner, say)."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged(run_as: str | None) -> tuple[int, int]:
    for name in (run_as,) if run_as else ("crossdock", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return entry.pw_uid, entry.pw_gid
    if run_as:
        raise DataDirUnusable(f"there is no ordinary user named {run_as}", "name an existing user other than root")
    return 65534, 65534


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _try_writing(directory: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".writable-", dir=directory)
    try:
        os.write(descriptor, b"crossdock")
    finally:
        os.close(descriptor)
        Path(name).unlink()


def _plain(problem: OSError) -> str:
    words = {
        errno.EROFS: "it is on a read-only file system",
        errno.EACCES: "permission denied",
        errno.EPERM: "permission denied",
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.ENOTDIR: "a part of its path is a file",
        errno.EEXIST: "a file of that name is in the way",
    }
    return words.get(problem.errno or 0, problem.strerror or str(problem))


def private_dir(directory: Path, user: tuple[int, int] | None) -> None:
    """Make a directory that only the server's user may enter (0700), or check that an existing one is such.

    Raises :class:`DataDirUnusable` when somebody else's directory has that name.
    """
    try:
        directory.mkdir(mode=0o700)
        if user is not None:
            os.chown(directory, *user)
    except FileExistsError:
        pass
    info = directory.lstat()
    wanted = user[0] if user else os.geteuid()
    if info.st_uid != wanted or not directory.is_dir() or directory.is_symlink():
        raise DataDirUnusable(
            f"{directory} belongs to another user ({_name_of(info.st_uid)}) than the server ({_name_of(wanted)})",
            f"remove it, or give it to {_name_of(wanted)}",
        )
    if info.st_mode & 0o077:
        directory.chmod(0o700)
