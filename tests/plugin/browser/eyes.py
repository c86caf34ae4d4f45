"""A browser that looks at pages of a site: Chromium, driven by a small script of Node, with axe in the page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tools import plugin_php

from tests.support import machine
from tests.support.wordpress.site import Browser, Site

SCRIPT = Path(__file__).parent / "look.mjs"
SHOTS = Path(os.environ.get("CROSSDOCK_SHOTS") or Path(tempfile.gettempdir()) / "crossdock-screens")
"""Where the pictures of pages with something wrong are kept."""


def need() -> None:
    """Make sure that Chromium, Node and the script's packages are there; skip when they cannot be had."""
    machine.need("chromium")
    lack = "node is not installed" if shutil.which("node") is None else plugin_php.install()
    if lack:
        reason = f"not on this machine: {lack}"
        if os.environ.get("CI") and lack.startswith("npm ci"):
            pytest.fail(reason)
        pytest.skip(reason)


def look(site: Site, person: Browser, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Open pages as a person who is logged in; returns for each what axe and the console say, and its text."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    told = {
        "modules": str(plugin_php.TESTS / "node_modules"),
        "chromium": shutil.which("chromium"),
        "url": site.url,
        "cookies": [{"name": one.name, "value": one.value} for one in person.cookies],
        "folder": str(SHOTS),
        "pages": pages,
    }
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(told), capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return list(json.loads(done.stdout))


def assert_well(found: list[dict[str, Any]]) -> None:
    """Every page opened, nobody complained, nothing is wider than the screen."""
    said = [
        f"{one['name']} ({one['status']}): {json.dumps(one['axe'], indent=1) if one['axe'] else ''} {one['noise'] or ''} "
        + (f"{one['wide']} px too wide" if one["wide"] > 0 else "")
        for one in found
        if one["axe"] or one["noise"] or one["status"] != 200 or one["wide"] > 0
    ]
    assert said == [], f"pictures in {SHOTS}\n" + "\n".join(said)
    assert all(one["passed"] > 0 for one in found), "axe saw nothing"
