"""A campaign that is ended from outside leaves nothing behind: no process, no folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import machine

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a campaign puts its folders: a short path, that PostgreSQL's own user may enter."""
    with machine.quick_folder("crossdock-ended-") as path:
        yield path


def of(folder: Path) -> set[int]:
    """Return the processes that were given this folder: in their command or their environment."""
    word, found = str(folder).encode(), set()
    for process in Path("/proc").iterdir():
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue  # no process, or gone by now
        if process.name.isdigit() and word in told:
            found.add(int(process.name))
    return found


def begun(folder: Path) -> subprocess.Popen[str]:
    """Begin a campaign that would go on for long, with a server of its own."""
    command = [sys.executable, "-m", "tests.crash.campaign", "--rounds", "1", "--hands", "shop", "--live", "60"]
    env = {name: value for name, value in os.environ.items() if name != "CROSSDOCK_TEST_DATABASE_URL"}
    return subprocess.Popen(command, cwd=ROOT, env={**env, "TMPDIR": str(folder)}, text=True)


def wait(until: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "sign"),
    [
        pytest.param(signal.SIGTERM, "crossdock-crash-*/hub.log", id="in the midst of a round"),
        pytest.param(signal.SIGINT, "crossdock-crash-*/server/**/postmaster.pid", id="as its server begins"),
    ],
)
def test_a_campaign_that_is_ended_leaves_nothing_behind(folder: Path, number: signal.Signals, sign: str) -> None:
    campaign = begun(folder)
    try:
        wait(lambda: list(folder.glob(sign)))
        assert len(of(folder)) > 1, "its server, at least, lives beside it"
        campaign.send_signal(number)
        assert campaign.wait(30) == 128 + number
        assert of(folder) == set()
        assert list(folder.iterdir()) == []
    finally:
        campaign.kill()
        campaign.wait()
        for left in of(folder):
            os.kill(left, signal.SIGKILL)
