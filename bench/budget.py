"""How much of a vendor's allowed rate is used by one, two and four processes, and how often it says 429.

Run: ``python -m bench.budget``. The vendor is the sandbox of HubSpot with the limit of its Pro plan (190 calls in any
10 seconds); each process calls as often as it may. The first window is left out. There is one size: it takes four
minutes. The goal: at least 95 % of the allowed rate, and no 429.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from bench import stage
from crossdock.connect import catalogue
from crossdock.connect.allowance import BULK
from crossdock.connect.budget import urgent
from crossdock.connect.client import CallFailed, VendorClient
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.model.connection import Connection, ConnectionState
from crossdock.wiring import open_hub

PER_10S = 190
GOAL = 95.0
WINDOWS = 4
SIDE_BY_SIDE = 8


def account(url: str) -> Connection:
    """Return a portal's connection as every process sees it."""
    one = uuid.UUID(int=1)
    return Connection(one, one, "hubspot", "portal", ConnectionState.ACTIVE, "portal", {"base_url": url}, {})


async def work(home: Path, url: str, seconds: float) -> None:
    """Call as often as the budget lets, until the time is over."""
    async with open_hub(stage.settings(home)) as hub:
        manifest = catalogue.get("hubspot").manifest
        headers = {"Authorization": f"Bearer {hubspot.TOKEN}"}
        client = VendorClient(hub.transport, url, manifest, headers=headers, connection=account(url))
        until = time.monotonic() + seconds

        async def call() -> None:
            while time.monotonic() < until:
                try:
                    with urgent(BULK, patient=True):
                        await client.request("GET", "/account-info/2026-09/details")
                except CallFailed:
                    await asyncio.sleep(0.1)

        await asyncio.gather(*(call() for _ in range(SIDE_BY_SIDE)))


def counted(url: str) -> tuple[int, int]:
    """Return (calls that were answered, calls that were refused with 429) by the vendor's own count."""
    with urllib.request.urlopen(f"{url}/_sandbox/state?history=false", timeout=10) as reply:
        requests: dict[str, dict[str, int]] = json.loads(reply.read())["requests"]
    refused = sum(counts.get("429", 0) for counts in requests.values())
    return sum(sum(counts.values()) for counts in requests.values()) - refused, refused


async def run(home: Path, processes: int) -> dict[str, object]:
    """Let some processes share the account for some windows."""
    async with serving(hubspot.HubSpotSandbox(hubspot.Settings(per_10s=PER_10S))) as portal:
        seconds = 10.0 * (WINDOWS + 2)
        async with open_hub(stage.settings(home)):
            command = [sys.executable, "-m", "bench.budget", "work", str(home), portal.url, str(seconds)]
            env = stage.environment(home)
            children = [await asyncio.create_subprocess_exec(*command, env=env) for _ in range(processes)]
            while (await asyncio.to_thread(counted, portal.url))[0] == 0:  # noqa: ASYNC110 - it happens elsewhere
                await asyncio.sleep(0.05)
            await asyncio.sleep(11)
            before, began = (await asyncio.to_thread(counted, portal.url))[0], time.monotonic()
            await asyncio.sleep(10.0 * WINDOWS)
            took = time.monotonic() - began
            after, refused = await asyncio.to_thread(counted, portal.url)
            for child in children:
                await child.wait()
    used = 100 * (after - before) / (PER_10S * took / 10)
    return {
        "processes": processes,
        "calls": after - before,
        "seconds": round(took, 1),
        "used %": round(used, 1),
        "429": refused,
        f"goal: {GOAL:.0f} % and no 429": "met" if used >= GOAL and not refused else "not met",
    }


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Measure one, two and four processes."""
    rows: list[dict[str, Any]] = []
    for processes in (1, 2, 4):
        with stage.folder() as home:
            rows.append(asyncio.run(run(home, processes)))
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        asyncio.run(work(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
    else:
        for row in main():
            print(json.dumps(row))
