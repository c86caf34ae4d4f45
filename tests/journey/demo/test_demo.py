"""The demonstration as a program of its own: proven in calm and under faults, nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

LIMIT_S = 240


def _start(open_tmp: Path, *options: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CROSSDOCK_")}
    place = open_tmp / f"demo-{time.monotonic_ns()}"
    place.mkdir()
    place.chmod(0o755)
    return subprocess.Popen(
        [sys.executable, "-m", "crossdock", "demo", *options],
        env={**environment, "TMPDIR": str(place)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _children(pid: int) -> list[int]:
    """Return all processes below one (Linux)."""
    tasks = Path(f"/proc/{pid}/task")
    found = [int(child) for task in tasks.glob("*/children") for child in task.read_text().split()]
    return found + [grand for child in found for grand in _children(child)]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _finish(demo: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    out, errors = demo.communicate(timeout=LIMIT_S)
    assert demo.returncode == 0, (out[-3000:], errors[-3000:])
    return json.loads(out.strip().splitlines()[-1]), out + errors


def _all_green(answer: dict[str, Any]) -> None:
    assert answer["ok"] is True
    assert [row["entity"] for row in answer["proof"]] == ["order", "customer", "product"]
    for row in (*answer["proof"], *answer["truth"]):
        assert [row[name] for name in ("missing", "duplicates", "drifted", "unexpected")] == [0, 0, 0, 0], row
        assert row.get("dead", 0) == 0
        assert row["in_store"] > 0
    assert answer["disagreements"] == []
    assert answer["rates"]["delivered"] > 0


def test_calm_demo_is_proven_and_leaves_nothing(open_tmp: Path) -> None:
    """Sixty orders and live traffic; the temporary directory is gone at the end."""
    demo = _start(open_tmp, "--once", "--orders", "60", "--calm", "--json")
    answer, _ = _finish(demo)
    _all_green(answer)
    assert not [path for place in open_tmp.glob("demo-*") for path in place.iterdir()]


def test_demo_is_proven_under_faults(open_tmp: Path) -> None:
    """It ends by itself (standard input is no terminal), with every kind of fault shown, and all is proven."""
    answer, _ = _finish(_start(open_tmp, "--orders", "60", "--json"))
    _all_green(answer)
    for fault in ("worker killed", "answers 429", "answers 503 in a burst", "silent line edit", "delete force"):
        assert answer["faults"].get(fault), (fault, answer["faults"])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="not on this machine: /proc")
def test_a_demo_that_is_ended_early_takes_its_children_along(open_tmp: Path) -> None:
    """SIGTERM in the middle: no process and no file stays."""
    demo = _start(open_tmp, "--orders", "300", "--calm", "--json")
    deadline = time.monotonic() + 60
    while len(below := _children(demo.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=60)
    assert demo.returncode == 130
    while any(map(_alive, below)) and time.monotonic() < deadline + 30:
        time.sleep(0.05)
    assert [pid for pid in below if _alive(pid)] == []
    assert not [path for place in open_tmp.glob("demo-*") for path in place.iterdir()]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="not on this machine: /proc")
def test_a_child_that_hangs_leaves_nothing_behind_either(open_tmp: Path) -> None:
    """What serves does not answer, and is killed: the database it was the last to use is stopped all the same."""
    demo = _start(open_tmp, "--orders", "300", "--calm", "--json")
    below: list[int] = []
    try:
        deadline = time.monotonic() + 60
        while not (serving := _titled("crossdock serve", below := _children(demo.pid))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # it has joined the database
        while not any("clients.lock" in file for file in _files(serving[0])):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(serving[0], signal.SIGSTOP)
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=60)
        assert [pid for pid in below if _alive(pid)] == []
        assert _titled(f"{open_tmp}/demo-", [int(one.name) for one in Path("/proc").glob("[0-9]*")]) == []
        assert not [path for place in open_tmp.glob("demo-*") for path in place.iterdir()]
    finally:
        if demo.poll() is None:
            for pid in (demo.pid, *below):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            demo.communicate(timeout=60)


def _files(pid: int) -> list[str]:
    found = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        # one that was open a moment ago
        with contextlib.suppress(FileNotFoundError):
            found.append(str(file.readlink()))
    return found


def _titled(words: str, pids: list[int]) -> list[int]:
    return [pid for pid in pids if words in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
