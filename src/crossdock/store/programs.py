"""Running libpq's programs (pg_dump, pg_restore) against any URL, without showing its password to ``ps``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from crossdock.store import binaries


def run(name: str, url: str, arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program on a database and return what it said; blocking. The caller looks at ``returncode``.

    Raises :class:`~crossdock.store.errors.BinariesUnusable`.
    """
    binaries.version()
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment = {**kept, "LC_ALL": "C", "PGAPPNAME": f"crossdock/{name}"}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    return subprocess.run(  # noqa: S603 - our own program, no shell
        [binaries.program(name), f"--dbname={make_conninfo('', **parts)}", "--no-password", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=environment,
    )


def last_line(ran: subprocess.CompletedProcess[str]) -> str:
    """Return the last line a program wrote to its errors."""
    lines = [line for line in ran.stderr.splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"it ended with {ran.returncode}"
