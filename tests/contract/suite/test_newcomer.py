"""What ``connector new`` writes keeps the whole contract, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from crossdock.connect.newcomer import create
from crossdock.connect.suite import rules


def test_a_newcomer_keeps_the_contract(tmp_path: Path) -> None:
    create("acme_notes", tmp_path)
    root = tmp_path / "crossdock-acme-notes"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "tests"],
        cwd=root,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(rules())} passed" in ran.stdout


def test_a_newcomer_is_well_written(tmp_path: Path) -> None:
    create("acme_notes", tmp_path)
    root = tmp_path / "crossdock-acme-notes"
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        compile(text, str(path), "exec")
        assert max(map(len, text.splitlines())) <= 120, path.name
        assert len(text.splitlines()) <= 400, path.name
