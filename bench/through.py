"""End to end: webhooks in, messages out, counted at the sink by id; ours beside Node-RED's webhook -> HTTP.

Run: ``python -m bench.through``. Ours: one ``serve`` process for the doors and one ``worker`` process, signatures
checked, every event and delivery committed and fsynced, messages signed. Node-RED: one process, nothing kept, nothing
checked. The same bodies, the same 128 connections, the same sink.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator

from bench import load, peers, stage
from crossdock.cli.demo.ground import free_port

COUNT = 20_000


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Run the sink and give its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)])
    try:
        stage.wait_for(f"http://127.0.0.1:{port}/count")
        yield port
    finally:
        process.terminate()
        process.wait()


def count(port: int) -> dict[str, float]:
    """Ask the sink."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=10) as reply:
        found: dict[str, float] = json.loads(reply.read())
        return found


def passed(hub: int, made: list[bytes], sink_port: int, already: int = 0) -> dict[str, float]:
    """Send all, wait until the sink has them (or gets no further), and tell the rates; it had so many already."""
    began = time.perf_counter()
    ingest = load.run(hub, made, 128)
    now = arrived(sink_port, already + len(made)) - already
    seconds = time.perf_counter() - began
    return {"ingest": ingest["rate"], "rate": now / seconds, **count(sink_port)}


def arrived(port: int, wanted: int, kind: str = "distinct") -> float:
    """Wait until the sink has so many (or gets no further for 20 s); returns how many it has."""
    moved, seen = time.perf_counter(), 0.0
    while (now := count(port)[kind]) < wanted and time.perf_counter() - moved < 20:
        if now > seen:
            moved, seen = time.perf_counter(), now
        time.sleep(0.05)
    return now


def ours(total: int) -> dict[str, float]:
    """Run ours; anything lost or doubled ends the benchmark."""
    with stage.folder() as home, sink() as port:
        shops = stage.prepare(home, f"http://127.0.0.1:{port}/hook", routes=1)
        made = [load.post(path, body, headers) for path, body, headers in stage.orders(total, shops)]
        with stage.serving(home, "--no-worker") as (hub, _pid), stage.working(home):
            found = passed(hub, made, port)
    if found["distinct"] != total or found["requests"] != total:
        raise SystemExit(f"{total} were sent, the sink has {found['distinct']} in {found['requests']} requests")
    return found


def theirs(total: int) -> dict[str, float] | str:
    """Run Node-RED; returns why not where this machine cannot."""
    try:
        with sink() as port, peers.node_red(f"http://127.0.0.1:{port}/hook") as red:
            made = []
            for _path, body, headers in stage.orders(total, [uuid.UUID(int=1)]):
                named = {"Content-Type": headers["Content-Type"], "webhook-id": headers["X-WC-Webhook-Delivery-ID"]}
                made.append(load.post("/hook", body, named))
            return passed(red, made, port)
    except peers.Absent as reason:
        return str(reason)


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run both, one after the other."""
    total = int(COUNT * scale)
    mine, other = ours(total), theirs(total)
    rows: list[dict[str, object]] = [_row("Crossdock", total, mine, 1.0)]
    if isinstance(other, str):
        return [*rows, {"program": f"Node-RED: {other}"}]
    return [*rows, _row("Node-RED", total, other, mine["rate"] / other["rate"])]


def _row(program: str, total: int, found: dict[str, float], ratio: float) -> dict[str, object]:
    return {
        "program": program,
        "events": total,
        "ingest/s": round(found["ingest"]),
        "end to end/s": round(found["rate"]),
        "doubled": round(found["requests"] - found["distinct"]),
        "lost": round(total - found["distinct"]),
        "ours / theirs": round(ratio, 2),
    }


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
