"""Ingest: distinct signed orders of 4 KB over ten connections, two routes each, beside a bare insert-only endpoint.

Run: ``python -m bench.ingest``. Both servers run on the same embedded PostgreSQL (fsync on), one after the other, under
the same load generator: one process each, then two each. Goals on two cores that also carry PostgreSQL and the load
generator: 8,000 a second with two processes at 128 connections, p99 below 50 ms. About four minutes.
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

LEVELS = ((1, 1, 1_500), (1, 32, 15_000), (1, 128, 30_000), (2, 128, 40_000))
"""Processes, connections, requests."""
WARM = 2_000


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run all levels; returns one row each."""
    with stage.folder() as home:
        shops = stage.prepare(home, "http://127.0.0.1:9/none", "http://127.0.0.1:9/none2")
        counts = [int(count * scale) for _, _, count in LEVELS]
        with stage.serving(home, "--no-worker") as (port, pid), stage.serving(home, "--no-worker") as (second, _):
            ours = _levels([port, second], shops, counts)
            memory = _memory_mb(pid)
            # both keep running, idle: they hold the database up
            with _insert_only(home) as bare, _insert_only(home) as other:
                peers = _levels([bare, other], shops, counts)
            asyncio.run(_check(home, WARM + sum(counts)))
    print(f"memory of serve after the run: {memory:.0f} MB")
    return [_row(*level[:2], *both) for level, *both in zip(LEVELS, ours, peers, strict=True)]


def _levels(ports: list[int], shops: list, counts: list[int]) -> list[dict[str, float]]:
    first, found = 1_000_000, []
    load.run(ports, _rendered(WARM, shops, 900_000), 32)
    for (processes, level, _), count in zip(LEVELS, counts, strict=True):
        found.append(load.run(ports[:processes], _rendered(count, shops, first), level))
        first += count
    return found


def _rendered(count: int, shops: list, first: int) -> list[bytes]:
    return [load.post(path, body, headers) for path, body, headers in stage.orders(count, shops, first=first)]


@contextmanager
def _insert_only(home: Path) -> Iterator[int]:
    async def url() -> str:
        async with open_hub(stage.settings(home)) as hub:
            async with hub.database.owner() as conn:
                await conn.execute(
                    "CREATE TABLE IF NOT EXISTS bench_insert_only"
                    " (id bigserial PRIMARY KEY, body bytea STORAGE EXTERNAL);"
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
    if events != expected or deliveries != 2 * events:
        raise SystemExit(f"{expected} were answered 200, {events} events and {deliveries} deliveries are there")


def _memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def _row(processes: int, level: int, ours: dict, peer: dict) -> dict[str, object]:
    return {
        "processes": processes,
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
