"""One cluster on disk: made once, configured at every start, launched, and read when something is wrong."""

from __future__ import annotations

import importlib.resources
import os
import shutil
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from crossdock.store import binaries, layout
from crossdock.store.errors import DataDirUnusable, ServerWontStart, StoreError, WrongMajorVersion

_LOG_LIMIT = 5_000_000
_READY_LINE = 7
_TELLING = ("FATAL", "PANIC", "error:", "ERROR", "invalid value", "unrecognized", "syntax error")
_SOCKET_LINE = 4
_PROTOCOL_3 = 196608
_READY_FOR_QUERY = b"Z\0\0\0\5I"


@dataclass(frozen=True, slots=True)
class PidFile:
    """What ``postmaster.pid`` says; it may be stale."""

    pid: int
    socket_dir: Path
    ready: bool


def read_pid_file(pgdata: Path) -> PidFile | None:
    """Read ``postmaster.pid``; None when there is none or it is still being written."""
    try:
        lines = (pgdata / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    if len(lines) <= _SOCKET_LINE or not lines[0].strip().isdigit() or not lines[_SOCKET_LINE]:
        return None
    ready = len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"
    return PidFile(int(lines[0]), Path(lines[_SOCKET_LINE]), ready)


def accepts(socket_dir: Path) -> bool:
    """Tell whether the server lets somebody in.

    A whole handshake, not a mere connect: the kernel accepts connections for a server that was killed an instant ago.
    """
    body = struct.pack("!i", _PROTOCOL_3) + b"user\0postgres\0database\0postgres\0\0"
    got = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5.0)
        try:
            probe.connect(str(socket_dir / layout.SOCKET_NAME))
            probe.sendall(struct.pack("!i", len(body) + 4) + body)
            while not got.endswith(_READY_FOR_QUERY):
                more = probe.recv(4096)
                if not more or (got + more).startswith(b"E"):
                    return False
                got += more
            probe.sendall(b"X\0\0\0\4")
        except OSError:
            return False
    return True


def prepare(place: layout.Layout) -> None:
    """Make the cluster if there is none, check its version, write its configuration, clear what a crash left.

    Only called under ``start.lock`` while no server process lives.
    """
    if not (place.pgdata / "PG_VERSION").exists():
        _initdb(place)
    check_version(place.pgdata)
    sockets = place.socket_dir()
    try:
        layout.private_dir(sockets, place.user)
        # no server process lives (server.lock is free), so these are stale, whoever has the pid in them now
        for stale in (place.pgdata / "postmaster.pid", sockets / layout.SOCKET_LOCK, sockets / layout.SOCKET_NAME):
            stale.unlink(missing_ok=True)
        _write_configuration(place)
    except OSError as problem:
        raise _disk_trouble(place, problem) from problem


def _initdb(place: layout.Layout) -> None:
    """Make the cluster beside its place and rename it when whole, so that a kill in between leaves nothing."""
    if place.pgdata.exists() and any(place.pgdata.iterdir()):
        raise DataDirUnusable(
            f"{place.pgdata} is not empty and holds no PostgreSQL cluster (PG_VERSION is missing)",
            "restore it from a backup, or move it away to begin anew",
        )
    draft = place.data_dir / "pgdata.new"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        layout.private_dir(draft, place.user)
        ran = _run_initdb(place, draft)
        if ran.returncode != 0:
            said = ran.stderr + ran.stdout
            raise ServerWontStart(
                f"initdb could not make the cluster: {_last_words(said)}",
                "run crossdock as a user that /etc/passwd knows, or set CROSSDOCK_DATABASE_URL"
                if "could not look up effective user" in said
                else f"look at the rights and the free space of {place.data_dir}",
            )
        if place.pgdata.exists():
            place.pgdata.rmdir()
        draft.rename(place.pgdata)
        _sync_directory(place.data_dir)
    except OSError as problem:
        raise _disk_trouble(place, problem) from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run_initdb(place: layout.Layout, draft: Path) -> subprocess.CompletedProcess[str]:
    home = binaries.within_reach(place.user)
    binaries.version()
    command: list[str | Path] = [
        home / "initdb",
        "--pgdata",
        draft,
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        "--wal-segsize=4",
    ]
    return subprocess.run(  # noqa: S603 - our own program, no shell
        command,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=300,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        user=place.user[0] if place.user else None,
        group=place.user[1] if place.user else None,
        extra_groups=[] if place.user else None,
    )


def _environment() -> dict[str, str]:
    """Return a clean environment: PG* variables of the user's shell must not steer our server."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TZ", "LD_LIBRARY_PATH", "TMPDIR")}
    return {**kept, "LC_ALL": "C"}


def check_version(pgdata: Path) -> None:
    """Raise :class:`WrongMajorVersion` when the cluster was made by another version; no cluster yet is fine."""
    if not (pgdata / "PG_VERSION").exists():
        return
    found = (pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(binaries.MAJOR):
        raise WrongMajorVersion(
            f"the data in {pgdata} was written by PostgreSQL {found}; this program brings PostgreSQL {binaries.MAJOR}",
            f"make a backup with the crossdock version that used PostgreSQL {found} and restore it into a new data "
            "directory, or go back to that version",
        )


def _write_configuration(place: layout.Layout) -> None:
    base = importlib.resources.files("crossdock.store").joinpath("postgresql.conf").read_text(encoding="utf-8")
    lines = [base, f"unix_socket_directories = {_quoted(place.socket_dir())}"]
    local = place.data_dir / "postgresql.local.conf"
    if local.exists():
        lines.append(f"include = {_quoted(local)}")
    _replace(place, place.pgdata / "postgresql.conf", "\n".join(lines) + "\n")
    _replace(
        place, place.pgdata / "pg_hba.conf", "# The socket's directory (0700) is the guard.\nlocal all all trust\n"
    )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"


def _replace(place: layout.Layout, path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
        if place.user is not None:
            os.fchown(out.fileno(), *place.user)
    draft.rename(path)


def launch(place: layout.Layout, lock: int) -> int:
    """Start the server in a session of its own (Ctrl-C does not reach it); it inherits ``lock`` and keeps it.

    Returns its pid, which is to be waited for.
    """
    home = binaries.within_reach(place.user)
    trim_log(place.log)
    log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if place.file_owner is not None:
            os.fchown(log, *place.file_owner)
        os.write(log, b"--- start\n")
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [home / "postgres", "-D", place.pgdata],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            pass_fds=(lock,),
            umask=0o077,
            user=place.user[0] if place.user else None,
            group=place.user[1] if place.user else None,
            extra_groups=[] if place.user else None,
        )
    except OSError as problem:
        raise _disk_trouble(place, problem) from problem
    finally:
        os.close(log)
    # the server may outlive this object and this process; whoever needs to waits for the pid itself
    process.returncode = 0
    return process.pid


def explain_failure(place: layout.Layout) -> StoreError:
    """Turn the server's last words into an error in plain words."""
    said = _since_start(place.log)
    words = _last_words(said)
    table = {
        "No space left on device": "free some space on the disk of the data directory",
        "could not resize shared memory": "give the container more shared memory (--shm-size=256m)",
        "could not map anonymous shared memory": "the machine has too little free memory",
        "Permission denied": f"give {place.data_dir} back to the user that crossdock runs as",
        "could not locate a valid checkpoint record": "restore the data directory from a backup",
        "incompatible with server": "the data was written by another version: restore a backup into a new directory",
        "postgresql.local.conf": "correct postgresql.local.conf",
    }
    remedy = next((cure for sign, cure in table.items() if sign in said), f"look at {place.log}")
    return ServerWontStart(f"PostgreSQL gave up while starting: {words or 'it said nothing'}", remedy)


def _since_start(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 20_000))
            return file.read().decode("utf-8", "replace").rpartition("--- start\n")[2]
    except OSError:
        return ""


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if any(sign in line for sign in _TELLING)]
    return " / ".join((telling or lines)[-3:])[:500]


def _disk_trouble(place: layout.Layout, problem: OSError) -> DataDirUnusable:
    return DataDirUnusable(
        f"the data directory {place.data_dir} cannot be used: {problem.strerror or problem}",
        "free some space or correct its rights, or set CROSSDOCK_DATA_DIR to another place",
    )


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def trim_log(log: Path, limit: int = _LOG_LIMIT) -> None:
    """Keep the log to about twice ``limit`` bytes: the server appends to an open file, so it is copied and cut."""
    try:
        if log.stat().st_size > limit:
            shutil.copy2(log, log.with_name(log.name + ".1"))
            os.truncate(log, 0)
    except FileNotFoundError:
        return
