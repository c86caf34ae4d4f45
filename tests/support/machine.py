"""What a suite needs of the machine: commands and modules that Debian packages bring.

What is missing is installed with apt where that is possible (root, apt and its sources); else the tests are skipped
with a reason that names it. With ``CI`` set and apt present, a failed installation fails the tests instead.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMANDS = {
    "php": "php-cli",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "mariadb": "mariadb-client",
    "chromium": "chromium",
    "msgfmt": "gettext",
    "phpcs": "php-codesniffer",
    "phpunit": "phpunit",
    "npm": "npm",
    "node": "nodejs",
}
"""Which Debian package brings a command."""

MODULES = {"curl": "php-curl", "mbstring": "php-mbstring", "mysqli": "php-mysql", "xml": "php-xml", "zip": "php-zip"}
"""Which Debian package brings a module of PHP."""

ROOM = 6 << 30
"""Bytes that have to be free in memory before databases are laid there: several test processes do so at once."""


def cache() -> Path:
    """The folder in which what was downloaded is kept between runs."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crossdock"
    home.mkdir(parents=True, exist_ok=True)
    return home


@contextlib.contextmanager
def quick_folder(prefix: str) -> Iterator[Path]:
    """Lend a folder that other users may enter, in memory where there is enough of it.

    A test's database is written and thrown away again and again, and each commit would wait for the disk.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=memory if roomy else None))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold a lock that test processes side by side share."""
    with (cache() / f"{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def can_install() -> bool:
    """Whether apt is there and this user may install with it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def need(*commands: str, modules: tuple[str, ...] = ()) -> None:
    """Make sure that commands and modules of PHP are there; skip the test with a reason when they cannot be had."""
    if not (packages := _missing(commands, modules)):
        return
    with alone("apt"):
        if not (packages := _missing(commands, modules)):
            return
        said = _install(packages) if can_install() else "apt may not be used here"
    if still := _missing(commands, modules):
        reason = f"not on this machine: {', '.join(still)} ({said})"
        if os.environ.get("CI") and can_install():
            pytest.fail(reason)
        pytest.skip(reason)


def _missing(commands: tuple[str, ...], modules: tuple[str, ...]) -> tuple[str, ...]:
    wanted = {COMMANDS[name] for name in commands if shutil.which(name) is None}
    if modules:
        here = _modules() if shutil.which("php") else frozenset()
        wanted |= {MODULES[name] for name in modules if name not in here}
    return tuple(sorted(wanted))


def _modules() -> frozenset[str]:
    done = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False)
    return frozenset(line.strip().lower() for line in done.stdout.splitlines())


def _install(packages: tuple[str, ...]) -> str:
    _refresh()
    # at runlevel 1 Debian's scripts begin no service: the tests run a database of their own
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    return "installed" if done.returncode == 0 else f"apt-get said: {done.stderr.strip()[-300:]}"


@functools.cache
def _refresh() -> None:
    """Read the package lists anew: a fresh machine has none, an old one names files that are gone."""
    subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)


def download(package: str, folder: Path) -> None:
    """Fetch a Debian package without installing it and unpack it into ``folder``; skip when it cannot be had."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip(f"not on this machine: apt-get, which fetches {package}")
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        done = subprocess.run(
            ["apt-get", "download", "-qq", package], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            break
        if os.geteuid() == 0:
            _refresh()
    found = sorted(folder.glob(f"{package}_*.deb"))
    if not found:
        reason = f"not on this machine: the Debian package {package} ({done.stderr.strip()[-200:]})"
        if os.environ.get("CI") and can_install():
            pytest.fail(reason)
        pytest.skip(reason)
    subprocess.run(["dpkg", "-x", str(found[-1]), str(folder)], check=True)
    found[-1].unlink()
