"""Where the shared fixtures lie, when this machine has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("CROSSDOCK_SHARED", Path(__file__).parents[3] / "shared"))
RECORDINGS = SHARED / "fixtures" / "woocommerce"

needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(),
    reason="not on this machine: the recordings of a real store (set CROSSDOCK_SHARED)",
)
