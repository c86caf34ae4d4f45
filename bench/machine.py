"""What this machine gives: the work of one process alone, of several at once, and of its disk.

Run: ``python -m bench.machine``. What a provider calls a core is a core on one machine and a thread of a shared one on
another, where two at once do little more than one alone; goals that name cores mean whole ones. The work is the kind
that a webhook makes: a body of 4 KB is digested, parsed, walked and written again. Alone and at once take turns, a
second each, and the median of the rounds is told. A fifth of a minute.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from bench import stage

ROUNDS = 5
SECONDS = 1.0
WRITES = 400


def bodies() -> list[bytes]:
    """Return orders of about 4 KB."""
    return [orjson.dumps({**one, "note": "n" * 2048}) for one in stage.templates()[:10]]


def turn(body: bytes) -> int:
    """Do the work of one body."""
    order = orjson.loads(body)
    names = sum(len(name) for name in order if order[name])
    return names + len(hashlib.sha256(orjson.dumps(order, option=orjson.OPT_SORT_KEYS)).digest())


def count(seconds: float, start: Any, found: Any) -> None:
    """Count the bodies that one process does, beginning together with the others."""
    every = bodies()
    start.wait()
    until, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        for body in every:
            turn(body)
        done += len(every)
    found.put(done / seconds)


def at_once(processes: int, seconds: float) -> float:
    """Return the bodies a second of so many processes, all together."""
    context = multiprocessing.get_context("fork")
    start, found = context.Barrier(processes), context.Queue()
    workers = [context.Process(target=count, args=(seconds, start, found)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    total = sum(found.get(timeout=60 + 10 * seconds) for _ in workers)
    for worker in workers:
        worker.join()
    return total


def syncs(writes: int) -> float:
    """Return how many writes of 4 KB a second reach the disk one after the other, where databases of benchmarks lie."""
    with tempfile.NamedTemporaryFile(dir=Path(tempfile.gettempdir())) as file:
        began = time.perf_counter()
        for _ in range(writes):
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
        return writes / (time.perf_counter() - began)


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Measure in turns; ``scale`` shortens the rounds."""
    seconds, cores = max(0.1, SECONDS * scale), os.cpu_count() or 1
    counts = sorted({1, 2, cores})
    rounds = [[at_once(processes, seconds) for processes in counts] for _ in range(ROUNDS)]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    worths = [statistics.median(row[n] / row[0] for row in rounds) for n in range(len(counts))]
    rows: list[dict[str, object]] = [
        {
            "of": f"{n} at once, on {cores} so-called cores",
            "a second": round(rate),
            "of one": round(worth, 2),
        }
        for n, rate, worth in zip(counts, medians, worths, strict=True)
    ]
    return [*rows, {"of": "4 KB written and synced", "a second": round(syncs(int(WRITES * scale) or 1)), "of one": ""}]


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
