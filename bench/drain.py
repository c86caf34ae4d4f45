"""Delivery alone: a backlog that is there is sent; ours beside Celery with Redis, and a hundred messages a request.

Run: ``python -m bench.drain``. Goal for the destination that takes batches, on two cores: 10,000 a second. Ours: one
``worker`` process, in order per entity, each attempt and outcome committed and fsynced, messages signed. Celery: its
own worker with eight processes, late acknowledgement, Redis with every write fsynced; it keeps no order and no outcome.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench import load, peers, stage
from bench.through import count, sink

COUNT = 20_000
ENQUEUE = """
import sys
from bench.jobs import send
body = "n" * 4096
with send.app.producer_pool.acquire() as producer:
    for n in range(int(sys.argv[2])):
        send.apply_async((sys.argv[1], str(n), body), producer=producer)
"""


def drained(port: int, total: int) -> dict[str, float]:
    """Wait until the sink has all; the rate is the sink's own, from its first message to its last."""
    until = time.perf_counter() + 300
    while count(port)["distinct"] < total and time.perf_counter() < until:
        time.sleep(0.05)
    found = count(port)
    if found["distinct"] != total:
        raise SystemExit(f"{total} were queued, the sink has {found['distinct']}")
    return {**found, "rate": total / found["seconds"]}


def ours(total: int, connector: str = "webhook", place: str = "hook") -> dict[str, float]:
    """Record without a worker, then let one loose."""
    with stage.folder() as home, sink() as port:
        shops = stage.prepare(home, f"http://127.0.0.1:{port}/{place}", routes=1, connector=connector)
        made = [load.post(path, body, headers) for path, body, headers in stage.orders(total, shops)]
        with stage.serving(home, "--no-worker") as (hub, _pid):
            load.run(hub, made, 128)
        with stage.working(home):
            return drained(port, total)


def batched(total: int) -> dict[str, float]:
    """The same to a destination that takes a hundred messages a request: a connector that is installed for this run.

    In a process of its own, because connectors are looked for once.
    """
    with stage.folder() as place:
        info = place / "bench-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[crossdock.connectors]\nbatched = bench.batched:CONNECTOR\n")
        path = os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))
        code = f"import json; from bench.drain import ours; print(json.dumps(ours({total}, 'batched', 'batch')))"
        env = {**os.environ, "PYTHONPATH": path}
        made = subprocess.run([sys.executable, "-c", code], env=env, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    return found


def theirs(total: int) -> dict[str, float] | str:
    """Fill Redis, then let Celery's worker loose; returns why not where this machine cannot."""
    try:
        with peers.celery() as (python, broker), sink() as port:
            env = {**os.environ, "BENCH_BROKER": broker, "PYTHONPATH": str(Path(__file__).parent.parent)}
            url = f"http://127.0.0.1:{port}/hook"
            subprocess.run([str(python), "-c", ENQUEUE, url, str(total)], env=env, check=True)
            options = ["--loglevel=ERROR", "--concurrency=8", "--without-gossip", "--without-mingle"]
            command = [str(python), "-m", "celery", "-A", "bench.jobs", "worker", *options]
            worker = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return drained(port, total)
            finally:
                worker.terminate()
                worker.wait(timeout=60)
    except peers.Absent as reason:
        return str(reason)


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run both, one after the other."""
    total = int(COUNT * scale)
    mine, together, other = ours(total), batched(2 * total), theirs(total)
    rows: list[dict[str, object]] = [_row("Crossdock", total, mine, 1.0)]
    rows.append(_row("Crossdock, 100 a request", 2 * total, together, together["rate"] / mine["rate"]))
    if isinstance(other, str):
        return [*rows, {"program": f"Celery: {other}"}]
    return [*rows, _row("Celery + Redis", total, other, mine["rate"] / other["rate"])]


def _row(program: str, total: int, found: dict[str, float], ratio: float) -> dict[str, object]:
    sent_twice = max(0, round(found["requests"] - found["distinct"]))
    rate = round(found["rate"])
    return {"program": program, "messages": total, "/s": rate, "doubled": sent_twice, "ours / theirs": round(ratio, 2)}


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
