"""A terminal on the test's own database, and sandboxes to connect to."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from crossdock.cli.app import app

Terminal = Callable[..., Result]


@pytest.fixture
def terminal(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Run ``crossdock`` with arguments, in this process, on the test's database."""
    ours = {
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path / "data"),
        "MASTER_KEY_FILE": str(tmp_path / "keys" / "master.key"),
        "CONFIG": "/dev/null",
        "EGRESS_ALLOW": "127.0.0.1/32",
        "PRODUCTION": "false",
        "LOG_LEVEL": "warning",
    }
    for name, value in ours.items():
        monkeypatch.setenv(f"CROSSDOCK_{name}", value)
    runner = CliRunner()
    yield lambda *words, given=None: runner.invoke(app, list(words), input=given)
    # the commands' log goes to a captured stream that is closed by now
    structlog.reset_defaults()


def answer(result: Result) -> Any:
    """Return what a command gave on standard output as JSON; nothing else may stand there."""
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


@contextlib.contextmanager
def sandbox(*words: str) -> Iterator[dict[str, Any]]:
    """Serve a sandbox by the product's own command; yields what it says when it is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "crossdock", "sandbox", *words, "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            assert process.wait(20) == 0


def options(ready: dict[str, Any]) -> list[str]:
    """Return the options of ``crossdock connect`` for a sandbox."""
    return [word for name, value in ready["connect"].items() for word in (f"--{name}", value)]
