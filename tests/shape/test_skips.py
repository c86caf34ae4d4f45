"""In CI a test may only be skipped for what the machine lacks, and then it says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = """
import pytest
def test_lazy(): pytest.skip("later")
@pytest.mark.skipif(True, reason="not on this machine: a thing")
def test_lacking(): pass
"""


def outcome(tmp_path: Path, **env: str) -> str:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(tmp_path), "-q", "-p", "tests.support.skips", "-c", "/dev/null"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip().splitlines()[-1]


def test_a_lazy_skip_fails_in_ci_and_passes_at_home(tmp_path: Path) -> None:
    assert "1 failed, 1 skipped" in outcome(tmp_path, CI="1")
    assert "2 skipped" in outcome(tmp_path)
