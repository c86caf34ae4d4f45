"""The campaign's nursery: each order is a child, however the orders come."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import orjson


def test_orders_that_come_at_once_are_a_child_each(tmp_path: Path) -> None:
    order = {"log": str(tmp_path / "log"), "env": {}, "faults": [], "board": str(tmp_path / "none"), "admin_url": ""}
    lines = orjson.dumps({**order, "database": ""}) + b"\n"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.campaign.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as nursery:
        over = threading.Timer(30, nursery.kill)
        over.start()
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        nursery.stdin.write(lines * 3)
        nursery.stdin.flush()
        born = 0
        while born < 3 and (told := nursery.stdout.readline()):
            born += "born" in orjson.loads(told)
        nursery.stdin.close()
        over.cancel()
    assert (born, nursery.returncode) == (3, 0)
