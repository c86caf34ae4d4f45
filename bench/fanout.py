"""Fan-out: one event to one, five and twenty routes, end to end, and what a delivery costs relative to one route.

Run: ``python -m bench.fanout [scale]``. One ``serve`` process for the doors and one ``worker`` process; every route has
a destination of its own (a lane of its own), all behind one sink. About the same number of deliveries each time, so the
events grow fewer; nothing may be lost or doubled. CPU is the kernel's count over the hub's two processes and all of
PostgreSQL's, so that other work on the machine does not count.

The full size (20,000 deliveries, three times) takes about two minutes. The goal: a delivery costs no more CPU because
its event has more routes. Below a scale of 0.1 the processes' own work weighs more than the deliveries.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from bench import load, stage
from bench.through import arrived, count, sink

DELIVERIES = 20_000
ROUTES = (1, 5, 20)
GOAL = 1.0
TICK = os.sysconf("SC_CLK_TCK")


def fanned(routes: int, deliveries: int) -> dict[str, float]:
    """Send events until so many deliveries have arrived; anything lost or doubled ends the benchmark."""
    total = max(1, deliveries // routes)
    with stage.folder() as home, sink() as port:
        lanes = [f"http://127.0.0.1:{port}/hook/{n}" for n in range(routes)]
        shops = stage.prepare(home, *lanes, routes=routes)
        made = [load.post(path, body, headers) for path, body, headers in stage.orders(total, shops)]
        with stage.serving(home, "--no-worker") as (hub, server), stage.working(home) as worker:
            time.sleep(1)  # the start of the processes is not what is measured
            before, began = _cpu(home, server, worker), time.perf_counter()
            taken = load.run(hub, made, 128)
            _wait(port, total * routes)
            seconds = time.perf_counter() - began
            spent = _cpu(home, server, worker) - before
    found = {"events": total, "seconds": seconds, "cpu_ms": spent * 1000 / (total * routes)}
    return {**found, "ingest": taken["rate"], "deliveries": total * routes}


def _wait(port: int, wanted: int) -> None:
    arrived(port, wanted, "requests")
    found = count(port)
    if found["requests"] != wanted or found["distinct"] != wanted:
        raise SystemExit(f"{wanted} deliveries were due, the sink has {found}")


def _cpu(home: Path, *pids: int) -> float:
    """Return the processor seconds so far of these processes and of the whole database server."""
    (lock,) = (home / "data").rglob("postmaster.pid")
    master = int(lock.read_text().split()[0])
    spent = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(path.parent.name) == master:
            spent += sum(int(value) for value in fields[11:15]) / TICK
        elif int(path.parent.name) in pids or int(fields[1]) == master:
            spent += sum(int(value) for value in fields[11:13]) / TICK
    return spent


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run all, one after the other; ratios are to one route."""
    found = {routes: fanned(routes, int(DELIVERIES * scale)) for routes in ROUTES}
    one = found[ROUTES[0]]
    wall = one["seconds"] / one["deliveries"]
    return [
        {
            "routes": routes,
            "events": round(each["events"]),
            "events/s": round(each["events"] / each["seconds"]),
            "deliveries/s": round(each["deliveries"] / each["seconds"]),
            "CPU ms a delivery": round(each["cpu_ms"], 3),
            "time a delivery / one route's": round(each["seconds"] / each["deliveries"] / wall, 2),
            "CPU a delivery / one route's": round(each["cpu_ms"] / one["cpu_ms"], 2),
            f"goal: at most {GOAL}": "met" if each["cpu_ms"] <= GOAL * one["cpu_ms"] else "not met",
        }
        for routes, each in found.items()
    ]


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
