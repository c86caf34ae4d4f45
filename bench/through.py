"""End to end: signed webhooks in, signed messages out, counted at the sink by id.

Run: ``python -m bench.through``. One ``serve`` process (doors and worker), one sink process, everything switched on.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from bench import load, stage

COUNT = 20_000


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Run the sink and give its port."""
    port = stage.free_port()
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


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Send, wait until the sink has everything, and tell the rate from the first request to the last message."""
    total = int(COUNT * scale)
    with stage.folder() as home, sink() as port:
        shops = stage.prepare(home, f"http://127.0.0.1:{port}/hook", routes=1)
        made = [load.post(path, body, headers) for path, body, headers in stage.orders(total, shops)]
        with stage.serving(home) as (hub, _pid):
            began = time.perf_counter()
            ingest = load.run(hub, made, 128)
            while count(port)["distinct"] < total and time.perf_counter() - began < 300:
                time.sleep(0.05)
            seconds = time.perf_counter() - began
            found = count(port)
    if found["distinct"] != total or found["requests"] != total:
        raise SystemExit(f"{total} were sent, the sink has {found['distinct']} in {found['requests']} requests")
    return [
        {
            "events": total,
            "ingest/s": round(ingest["rate"]),
            "end to end/s": round(total / seconds),
            "sink/s": round(total / found["seconds"]),
            "doubled": 0,
            "lost": 0,
        }
    ]


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
