"""Memory: the peak of a worker that backfills a large shop beside that of one that backfills a small one.

Run: ``python -m bench.memory [orders]`` (100,000 by default, beside 1,000). Each in a fresh process on a fresh
database; the shop is a process of its own. The peak is the kernel's (VmHWM) at the end of the run.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from bench import stage
from bench.backfill import options
from crossdock.cli.demo.children import Child
from crossdock.flow.run import RunKind
from crossdock.wiring import open_hub

SMALL = 1_000
ALLOWED_MB = 30.0


def peak_mb(pid: int) -> float:
    """Return the most memory a process has held at once."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


async def run(home: Path, orders: int) -> dict[str, float]:
    """Backfill a shop of so many orders; returns the worker's peak in MB, and seconds."""
    arguments = ["crossdock", "sandbox", "woocommerce", "--orders", str(orders), "--json"]
    shop = Child("shop", arguments, {}, home / "shop.log")
    try:
        told = await shop.ready(900)
        async with open_hub(stage.settings(home)) as hub:
            tenant = await hub.tenants.find()
            made = await hub.connections.connect(tenant, "woocommerce", options(told), actor="bench")
            worker = Child("worker", ["crossdock", "worker"], stage.environment(home), home / "worker.log")
            try:
                began = time.perf_counter()
                run_id = await hub.runs.add(tenant, made.id, RunKind.BACKFILL)
                found = None
                while found is None or not found["ended_at"]:
                    await asyncio.sleep(0.25)
                    found = await hub.runs.one(tenant, run_id)
                if found["state"] != "done" or found["progress"]["order"]["read"] < orders:
                    raise SystemExit(f"the backfill ended {found['state']}: {found['problem']}")
                return {"peak": peak_mb(worker.pid), "seconds": time.perf_counter() - began}
            finally:
                worker.end()
    finally:
        shop.end()


def main(orders: int = 100_000) -> list[dict[str, object]]:
    """Run both, one after the other."""
    found = []
    for count in (SMALL, orders):
        with stage.folder() as home:
            found.append(asyncio.run(run(home, count)))
    small, large = found
    more = large["peak"] - small["peak"]
    return [
        {
            "orders": orders,
            "seconds": round(large["seconds"]),
            "peak MB": round(large["peak"], 1),
            f"peak MB at {SMALL}": round(small["peak"], 1),
            "more MB": round(more, 1),
            "allowed MB": ALLOWED_MB,
            "holds": more <= ALLOWED_MB,
        }
    ]


if __name__ == "__main__":
    for row in main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
        print(json.dumps(row))
