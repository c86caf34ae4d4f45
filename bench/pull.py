"""Pull: every order of a sandbox shop into the hub's ledger, beside dlt's rest_api source into files.

Run: ``python -m bench.pull``. Both read the same sandbox (a process of its own) by pages of 100; ours signs OAuth 1.0a
and records, digests, seals and commits every order, dlt sends query-string keys (the sandbox's second door, which takes
them as if it stood behind TLS) and normalises to JSON lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import stage
from crossdock.cli.demo.ground import free_port
from crossdock.connectors.woocommerce.sandbox import DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET
from crossdock.flow.run import RunKind
from crossdock.wiring import open_hub
from crossdock.worker import Worker

ORDERS = 5_000
SHOP = """
import asyncio, sys
from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce.sandbox import Settings, build, generate
async def main():
    shop = generate(int(sys.argv[1]), 1)
    plain, secure = build(shop), build(shop, Settings(https=True))
    async with serving(plain, port=int(sys.argv[2])), serving(secure, port=int(sys.argv[3])):
        await asyncio.Event().wait()
asyncio.run(main())
"""


@contextlib.contextmanager
def shop(orders: int) -> Iterator[tuple[int, int]]:
    """Run a sandbox shop in its own process and give its two doors."""
    plain, secure = free_port(), free_port()
    process = subprocess.Popen([sys.executable, "-c", SHOP, str(orders), str(plain), str(secure)])
    try:
        stage.wait_for(f"http://127.0.0.1:{secure}/_sandbox/dials")
        yield plain, secure
    finally:
        process.kill()
        process.wait()


async def ours(home: Path, port: int) -> tuple[int, float]:
    """Backfill the orders; returns how many and in how many seconds."""
    async with open_hub(stage.settings(home)) as hub:
        tenant = await hub.tenants.find()
        form = {"url": f"http://127.0.0.1:{port}", "key": DEFAULT_CONSUMER_KEY, "secret": DEFAULT_CONSUMER_SECRET}
        made = await hub.connections.connect(tenant, "woocommerce", {**form, "plain_http": True}, actor="bench")
        worker = Worker(hub)
        task = asyncio.create_task(worker.run())
        began = time.perf_counter()
        await hub.runs.add(tenant, made.id, RunKind.BACKFILL, ("order",))
        while True:
            await asyncio.sleep(0.05)
            async with hub.database.engine() as conn:
                state = await conn.fetchval("SELECT state FROM run WHERE connection_id = $1", made.id)
                if state in ("done", "failed"):
                    count = await conn.fetchval("SELECT count(*) FROM record WHERE stream = 'order'")
                    break
        seconds = time.perf_counter() - began
        worker.stop()
        await task
        return count, seconds


def theirs(home: Path, port: int) -> tuple[int, float]:
    """Read the same pages with dlt and write them as files; trash and drafts are not among its pages."""
    import dlt
    from dlt.sources.rest_api import rest_api_source

    params = {"per_page": 100, "orderby": "id", "order": "asc"}
    params |= {"consumer_key": DEFAULT_CONSUMER_KEY, "consumer_secret": DEFAULT_CONSUMER_SECRET}
    source = rest_api_source(
        {
            "client": {
                "base_url": f"http://127.0.0.1:{port}/wp-json/wc/v3/",
                "paginator": {"type": "page_number", "base_page": 1, "total_path": None, "stop_after_empty_page": True},
            },
            "resources": [
                {
                    "name": "orders",
                    "max_table_nesting": 0,
                    "endpoint": {"path": "orders", "params": params},
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.filesystem(bucket_url=f"file://{home}/dlt"),
        dataset_name="shop",
        pipelines_dir=str(home / "pipelines"),
        progress=None,
    )
    began = time.perf_counter()
    pipeline.run(source, loader_file_format="jsonl")
    seconds = time.perf_counter() - began
    return int(pipeline.last_trace.last_normalize_info.row_counts["orders"]), seconds


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run both, one after the other."""
    orders = int(ORDERS * scale)
    with stage.folder() as home, shop(orders) as (plain, secure):
        count, seconds = asyncio.run(ours(home, plain))
        their_count, their_seconds = theirs(home, secure)
    return [
        {
            "orders": orders,
            "ours": count,
            "ours/s": round(count / seconds),
            "dlt": their_count,
            "dlt/s": round(their_count / their_seconds),
            "ratio": round((count / seconds) / (their_count / their_seconds), 2),
        }
    ]


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
