"""The authorization server of another author (npm ``oidc-provider``), run for the length of a test session."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CALLBACK = "http://127.0.0.1:9/oauth/callback"
FILES = ("package.json", "package-lock.json", "server.mjs")


def installed() -> Path:
    """Return a folder with the server and the packages its lock names, installed once; skip where there is no npm."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("not on this machine: node and npm, which the authorization server of another author needs")
    named = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:16]
    home = ROOT / "var" / f"oauth-server-{named}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "done").exists():
            for name in FILES:
                shutil.copy(HERE / name, home / name)
            done = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=home,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, f"npm ci failed: {done.stderr[-2000:]}"
            (home / "done").touch()
    return home


class Server:
    """The running server, and the person at its page."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def turn(self, **dials: Any) -> dict[str, Any]:
        """Turn dials: ``drop`` the next answers, ``grace_s``, ``life_s``, ``withhold`` scopes, ``account``."""
        async with self._session.post(f"{self.url}/_control", json=dials) as response:
            return dict(await response.json())

    async def seen(self) -> dict[str, Any]:
        """Return what happened: renewals, grants revoked because of a reuse, refusals by name."""
        async with self._session.get(f"{self.url}/_control") as response:
            return dict(await response.json())

    async def status(self, path: str, token: str) -> int:
        """Call with a token, without the hub."""
        async with self._session.get(self.url + path, headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status

    async def accept(self, url: str) -> str:
        """Go through the pages as a browser does; returns the address that it is sent back to."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            for _ in range(10):
                async with browser.get(url, allow_redirects=False) as response:
                    assert response.status in (302, 303), await response.text()
                    url = response.headers["location"]
                if url.startswith(CALLBACK):
                    return url
                url = url if url.startswith("http") else self.url + url
        raise AssertionError("the pages lead nowhere")


@contextlib.asynccontextmanager
async def authorization_server() -> AsyncIterator[Server]:
    """Run the server on a free port of this machine."""
    process = await asyncio.create_subprocess_exec(
        "node",
        "server.mjs",
        CALLBACK,
        cwd=installed(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        async with aiohttp.ClientSession() as session:
            yield Server(json.loads(line)["url"], session)
    finally:
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 10)
        if process.returncode is None:
            process.kill()
            await process.wait()
