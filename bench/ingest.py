"""Ingest: distinct signed orders of 4 KB over ten connections, two routes each, beside a bare insert-only endpoint.

Run: ``python -m bench.ingest``. Both servers run one process each on the same embedded PostgreSQL (fsync on), one after
the other, under the same load generator.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import load, stage
from crossdock.cli.demo.ground import free_port
from crossdock.store import roles
from crossdock.wiring import open_hub

LEVELS = ((1, 1_500), (32, 15_000), (128, 30_000))


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run all levels; returns one row each."""
    rows: list[dict[str, object]] = []
    with stage.folder() as home:
        shops = stage.prepare(home, "http://127.0.0.1:9/none", "http://127.0.0.1:9/none2")
        with stage.serving(home, "--no-worker") as (port, pid):
            first = 1_000_000
            load.run(port, _rendered(2_000, shops, 900_000), 32)
            ours = {}
            for level, count in LEVELS:
                ours[level] = load.run(port, _rendered(int(count * scale), shops, first), level)
                first += count
            memory = _memory_mb(pid)
            with _insert_only(home) as bare:
                load.run(bare, _rendered(2_000, shops, 900_000), 32)
                for level, count in LEVELS:
                    peer = load.run(bare, _rendered(int(count * scale), shops, 1_000_000), level)
                    rows.append(_row(level, ours[level], peer))
            asyncio.run(_check(home, sum(int(ours[level]["rate"] * ours[level]["seconds"] + 0.5) for level in ours)))
    print(f"memory of serve after the run: {memory:.0f} MB")
    return rows


def _rendered(count: int, shops: list, first: int) -> list[bytes]:
    return [load.post(path, body, headers) for path, body, headers in stage.orders(count, shops, first=first)]


@contextmanager
def _insert_only(home: Path) -> Iterator[int]:
    async def url() -> str:
        async with open_hub(stage.settings(home)) as hub:
            async with hub.database.owner() as conn:
                await conn.execute(
                    "CREATE TABLE bench_insert_only (id bigserial PRIMARY KEY, body bytea STORAGE EXTERNAL);"
                    "GRANT INSERT ON bench_insert_only TO crossdock_engine;"
                    "GRANT USAGE ON SEQUENCE bench_insert_only_id_seq TO crossdock_engine"
                )
            return hub.database.direct_url(roles.ENGINE)

    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.insert_only", asyncio.run(url()), str(port)])
    try:
        stage.wait_for(f"http://127.0.0.1:{port}/")
        yield port
    finally:
        process.terminate()
        process.wait()


async def _check(home: Path, expected: int) -> None:
    """Every 200 is a committed event with two deliveries."""
    async with open_hub(stage.settings(home)) as hub, hub.database.engine() as conn:
        events = await conn.fetchval("SELECT count(*) FROM event")
        deliveries = await conn.fetchval("SELECT count(*) FROM delivery")
    if events != expected + 2_000 or deliveries != 2 * events:
        raise SystemExit(f"{expected + 2_000} were answered 200, {events} events and {deliveries} deliveries are there")


def _memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def _row(level: int, ours: dict, peer: dict) -> dict[str, object]:
    return {
        "c": level,
        "ours/s": round(ours["rate"]),
        "p50 ms": round(ours["p50_ms"], 2),
        "p99 ms": round(ours["p99_ms"], 1),
        "insert-only/s": round(peer["rate"]),
        "its p99 ms": round(peer["p99_ms"], 1),
        "ratio": round(ours["rate"] / peer["rate"], 2),
    }


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
