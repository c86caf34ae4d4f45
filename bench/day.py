"""Twenty-four hours compressed: 4.3 million events under a moved clock, partitions and retention at work.

Run: ``python -m bench.day [scale]``. 50 events a second for a day. What is old is judged by the day, so each hour's
load gets a day of the clock: the hub is opened with a clock that is moved on (ids, partitions and retention follow it),
and two days of events and one of bodies and attempts are kept, so retention is steady from the fourth hour on. Every
event takes the product's own way: a signed webhook is verified, parsed, recorded and routed, and its message is signed
and sent by a worker to a sink over HTTP, all in one process; only the HTTP of the door is left out, and nothing is
written in bulk. Six times an hour, as often as a worker does, what is past its time goes.

The shops' orders are always the same, each changed four times an hour: the records of a shop that grows are its
history, which nothing drops. What the database itself dates (leases, retries) stays on the machine's clock; its
autovacuum looks every second, because its hours are compressed too.

The first steady hour is the fifth: its memory and table sizes, after the queue has run empty, beside those of hour 24.
The goal: all tables and the memory within 5 %. The full size takes one to two hours: it goes at what one process does
end to end, 600 to 1,200 events a second. Below a scale of 0.002 the empty pages of a new day's partitions outweigh it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from bench import stage, through
from crossdock.kit import ids
from crossdock.kit.clock import SystemClock
from crossdock.kit.signing import sign_base64
from crossdock.wiring import Hub, open_hub
from crossdock.worker import Housekeeping, Worker

EVENTS = 4_300_000
HOURS = 24
STEADY = 5
"""The first hour whose every predecessor within the retention was whole."""
GOAL = 1.05
CHANGES = 4
TURNS = 6
AT_ONCE = 256
SIZES = """
SELECT coalesce(parent.relname, c.relname)::text AS name,
       sum(pg_table_size(c.oid) + pg_indexes_size(c.oid))::bigint AS n
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
GROUP BY 1
"""
SHOWN = ("event", "delivery_done", "attempt", "record", "delivery")


class Moved(SystemClock):
    """The machine's clock, so many days on; its monotonic side is not moved."""

    def __init__(self) -> None:
        self.days = 0

    def now(self) -> datetime:
        """Return the moved time."""
        return datetime.now(UTC) + timedelta(days=self.days)


def webhooks(hour: int, count: int, shops: int) -> Iterator[tuple[int, dict[str, str], bytes]]:
    """Yield an hour's webhooks: (which shop, headers, body). Every order changes several times, always later."""
    orders = max(1, count // CHANGES)
    templates, began = stage.templates(), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=hour)
    for n in range(count):
        number = n % orders
        order = dict(templates[number % len(templates)])
        at = (began + timedelta(minutes=10 * (n // orders))).strftime("%Y-%m-%dT%H:%M:%S")
        order |= {"id": 1_000 + number, "number": str(1_000 + number), "date_modified_gmt": at}
        order["customer_note"] = f"{at} "
        order["customer_note"] += "n" * max(0, 4096 - len(orjson.dumps(order)))
        body = orjson.dumps(order)
        headers = {
            "x-wc-webhook-topic": "order.updated",
            "x-wc-webhook-resource": "order",
            "x-wc-webhook-id": "1",
            "x-wc-webhook-signature": sign_base64(stage.SECRET.encode(), body),
        }
        yield number % shops, headers, body


async def hour(hub: Hub, shops: list[uuid.UUID], number: int, count: int, housekeeping: Housekeeping) -> None:
    """Take an hour's webhooks, and tidy as often as a worker does in an hour."""
    connections = [await hub.directory.connection(shop) for shop in shops]
    verdicts: dict[str, int] = {}
    pace = max(1, count // TURNS)
    under_way: set[asyncio.Task[Any]] = set()

    async def one(shop: int, headers: dict[str, str], body: bytes) -> None:
        for receipt in await hub.journey.webhook(connections[shop], headers, body):
            verdicts[receipt.verdict] = verdicts.get(receipt.verdict, 0) + 1

    for n, webhook in enumerate(webhooks(number, count, len(shops)), start=1):
        under_way.add(asyncio.create_task(one(*webhook)))
        if len(under_way) >= AT_ONCE or n % pace == 0:
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            _ = [task.result() for task in done]
        if n % pace == 0:
            await housekeeping.expire()
    await asyncio.gather(*under_way)
    if verdicts != {"applied": count}:
        raise SystemExit(f"hour {number}: of {count} webhooks became {verdicts}")
    until = time.monotonic() + 60 + count / 200
    while time.monotonic() < until:
        async with hub.database.engine() as conn:
            if not await conn.fetchval("SELECT EXISTS (SELECT FROM delivery)"):
                break
        await asyncio.sleep(0.05)
    else:
        raise SystemExit(f"hour {number}: the queue did not run empty")
    await housekeeping.expire()


def memory() -> float:
    """Return the MB that this process holds now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


async def sizes(hub: Hub) -> dict[str, float]:
    """Return the MB of each table with its partitions and indexes, of all, and of this process's memory now."""
    async with hub.database.owner() as conn:
        tables = {row["name"]: row["n"] / 1e6 for row in await conn.fetch(SIZES)}
    shown = {name: tables[name] for name in SHOWN}
    return {**shown, "all the rest": sum(tables.values()) - sum(shown.values()), "memory": memory()}


async def run(home: Path, port: int, shops: list[uuid.UUID], count: int) -> list[dict[str, float]]:
    """Run the day; returns what each hour left."""
    (home / "data" / "postgresql.local.conf").write_text("autovacuum_naptime = 1s\n")
    kept = {"keep_events_days": 2, "keep_bodies_days": 1, "keep_attempts_days": 1}
    settings = stage.settings(home).model_copy(update={**kept, "prove_at_hour": -1, "report_at_hour": -1})
    clock, found, sent = Moved(), [], 0
    ids.follow(clock)
    async with open_hub(settings, clock=clock) as hub:
        worker, housekeeping = Worker(hub), Housekeeping(hub, clock)
        task = asyncio.create_task(worker.run())
        for number in range(1, HOURS + 1):
            clock.days = number
            await housekeeping.expire()
            began = time.monotonic()
            await hour(hub, shops, number, count, housekeeping)
            sent += count
            found.append({**await sizes(hub), "seconds": time.monotonic() - began})
            print(f"hour {number}: {count / found[-1]['seconds']:.0f} events/s", file=sys.stderr)
        worker.stop()
        await task
    ids.follow(None)
    took = await asyncio.to_thread(through.count, port)
    if took["requests"] != sent:
        raise SystemExit(f"{sent} messages were due, the sink has {took['requests']}")
    return found


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run the day on a stage of its own."""
    count = max(100, int(EVENTS * scale / HOURS))
    with stage.folder() as home, through.sink() as port:
        shops = stage.prepare(home, f"http://127.0.0.1:{port}/hook", routes=1)
        found = asyncio.run(run(home, port, shops, count))
    first, last = found[STEADY - 1], found[-1]
    names = [*SHOWN, "all the rest"]
    first["all tables"], last["all tables"], found[0]["all tables"] = (
        sum(each[name] for name in names) for each in (first, last, found[0])
    )
    return [
        {
            "MB of": name,
            "hour 1 (filling)": round(found[0][name], 1),
            f"hour {STEADY}": round(first[name], 1),
            f"hour {HOURS}": round(last[name], 1),
            "ratio": round(last[name] / first[name], 3),
            "events an hour": count,
            f"goal: at most {GOAL}": _verdict(name, last[name] / first[name]),
        }
        for name in (*names, "all tables", "memory")
    ]


def _verdict(name: str, ratio: float) -> str:
    """The goal is of the sums: one table alone may hold what the next autovacuum takes away."""
    if name not in ("all tables", "memory"):
        return ""
    return "met" if ratio <= GOAL else "not met"


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
