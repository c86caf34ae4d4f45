"""What the suite needs of the machine: Debian's Chromium, and axe from the npm lock that the plugin's tests have."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

import pytest
from tools import plugin_php

from tests.support import machine


@functools.cache
def chromium() -> str:
    """Return the browser's path; skip where it cannot be had."""
    machine.need("chromium", "node", "npm")
    return str(shutil.which("chromium"))


@functools.cache
def axe() -> str:
    """Return the source of axe-core; skip where its package cannot be had, and fail for that in CI."""
    if lack := plugin_php.install():
        reason = f"not on this machine: axe-core ({lack})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return (Path(plugin_php.TESTS) / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
