"""A MariaDB of one's own, on a socket that nobody else can reach."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.process import running

PATIENCE_S = 30.0


@dataclass(frozen=True)
class MariaDb:
    """A running server with an administrator who needs no password."""

    socket: Path

    def run(self, statements: str, database: str = "") -> str:
        """Run statements and return what the client printed: rows as tab separated lines, without headings."""
        command = ["mariadb", "--no-defaults", "-uroot", f"--socket={self.socket}", "-N", "--raw"]
        done = subprocess.run(
            [*command, *([database] if database else [])], input=statements, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def dump(self, database: str) -> str:
        """Return the statements that make a database what it is now."""
        done = subprocess.run(
            [
                *("mariadb-dump", "--no-defaults", "-uroot", f"--socket={self.socket}", "--skip-comments"),
                *("--skip-lock-tables", "--single-transaction", "--hex-blob", database),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return "SET foreign_key_checks=0, unique_checks=0, autocommit=0;\n" + done.stdout + "\nCOMMIT;\n"


@contextlib.contextmanager
def serving(home: Path) -> Iterator[MariaDb]:
    """Run a server whose data lie in ``home``."""
    data, socket, scratch = home / "db", home / "db" / "s", home / "scratch"
    data.mkdir()
    # of its own: the names of temporary tables are not, and servers side by side would meet in /tmp
    scratch.mkdir()
    server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    user = []
    if os.geteuid() == 0:
        # the server does not like to be root
        for folder in (data, scratch):
            shutil.chown(folder, pwd.getpwnam("mysql").pw_uid)
        user = ["--user=mysql"]
    made = subprocess.run(
        [
            *("mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--tmpdir={scratch}", *user),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    command = [
        *(server, "--no-defaults", f"--datadir={data}", f"--tmpdir={scratch}", f"--socket={socket}", *user),
        "--skip-networking",
        *("--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--sync-frm=0"),
        *("--innodb-buffer-pool-size=64M", "--performance-schema=0", "--innodb-flush-method=nosync"),
    ]
    with running(command, home / "mariadb.log", remove=home) as process:
        until = time.monotonic() + PATIENCE_S
        while not _answers(socket):
            said = (home / "mariadb.log").read_text(encoding="utf-8", errors="replace")[-2000:]
            assert process.poll() is None, f"the database server ended: {said}"
            assert time.monotonic() < until, f"the database server does not answer: {said}"
            time.sleep(0.05)
        yield MariaDb(socket)


def _answers(socket: Path) -> bool:
    asked = ["mariadb-admin", "--no-defaults", "-uroot", f"--socket={socket}", "ping"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0
