"""The dashboard's pages over a large history: the server's time and the size of every main page, at a million events.

Run: ``python -m bench.dashboard`` (an argument of 0.05 takes 50,000). One ``serve`` process without a worker, and one
person who opens one page after the other. The goal: p95 below 50 ms, no page above 150 KB.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import history, load, stage
from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.store import partitions
from crossdock.web.page import Reach
from crossdock.web.rooms import all_pages
from crossdock.wiring import Hub, open_hub

EVENTS = 1_000_000
DAYS = 90
ROUNDS = 150
FIRST = 10_000_000
MOST_BYTES = 150_000
PASSWORD = "a-long-password-for-the-bench-7"

PATHS: Mapping[str, str] = {
    # traffic
    "Overview": "/",
    "Events": "/events",
    "Events of a store": "/events?connection={connection}",
    "Events by type, none fits": "/events?type=order.never",
    "Events of a record": "/events?record={number}",
    "Events of a day in the middle": "/events?until={day}",
    "Event trace": "/events/{event}",
    "Deliveries": "/deliveries",
    "Deliveries that wait": "/deliveries?state=waiting",
    "Deliveries of a route": "/deliveries?route={route}&state=delivered",
    "Deliveries skipped by a rule": "/deliveries?rule=filter",
    "A delivery": "/deliveries/{delivery}",
    "Dead letters": "/dead-letters",
    "Dead letters of a cause": "/dead-letters?cause={cause}",
    "Runs": "/runs",
    "A run": "/runs/{run}",
    "Find a number": "/find?q={number}x",
    # network
    "Connections": "/connections",
    "A connection": "/connections/{connection}",
    "Routes": "/routes",
    "A route": "/routes/{route}",
    "Mappings": "/mappings",
    # records
    "Orders": "/orders",
    "An order": "/orders/{order}",
    "Customers": "/customers",
    "Proof": "/proof",
    "SKU links": "/sku-links",
    "Stock": "/stock",
    "Invoices": "/invoices",
    # house
    "Alerts": "/alerts",
    "Audit": "/audit",
    "Users": "/users",
    "API keys": "/keys",
    "Settings": "/settings",
}
"""What is measured: page -> address below the tenant, with an example of each thing in its place."""

CAUSES = """
INSERT INTO dead_cause (tenant_id, id, connector, code, field, rule, reason, seen)
SELECT $1, gen_random_uuid(), 'webhook', '422', 'field ' || n, '', 'the value of field ' || n || ' is refused', 400
FROM generate_series(1, 5) AS n;
"""
DEAD = """
UPDATE delivery_done d SET state = 'dead', reason = 'the value is refused', cause_id = k.cause_id
FROM (SELECT x.id, (SELECT array_agg(c.id) FROM dead_cause c)[1 + (row_number() OVER ()) % 5] AS cause_id
      FROM (SELECT id FROM delivery_done WHERE tenant_id = $1 ORDER BY random() LIMIT 2000) AS x) AS k
WHERE d.id = k.id;
"""
WAITING = """
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head, attempt,
                      due_at)
SELECT ($2::uuid[])[n], d.tenant_id, d.lane_id, d.route_id, d.record_id, d.event_id, d.seq + 1, true, 1, true, n % 3,
       now() + interval '1 hour'
FROM (SELECT *, row_number() OVER () AS n FROM delivery_done WHERE tenant_id = $1 LIMIT 5000) AS d;
"""
TALLY = """
INSERT INTO arrival_tally (connection_id, tenant_id, day, stream, origin, verdict, count)
SELECT connection_id, tenant_id, (recorded_at AT TIME ZONE 'UTC')::date, stream, origin, verdict, count(*)
FROM event GROUP BY 1, 2, 3, 4, 5, 6;
"""
ATTEMPTS = """
INSERT INTO attempt (id, tenant_id, delivery_id, lane_id, number, step, outcome, code, took_ms, ended_at)
SELECT d.id, d.tenant_id, d.id, d.lane_id, 1, 'post', 'delivered', '200', 120, d.ended_at FROM delivery_done d;
"""
RUNS = """
INSERT INTO run (id, tenant_id, connection_id, kind, streams, state, progress, started_at, ended_at)
SELECT k.id, $1, $3, 'pull', '{order,product}', 'done', '{"order": {"read": 120, "done": true}}', now(), now()
FROM unnest($2::uuid[]) AS k(id);
"""


async def fill(home: Path, shops: Sequence[Any], events: int) -> tuple[dict[str, list[str]], str]:
    """Make a history with all that pages show of it; returns examples of each thing and a person's session."""
    async with open_hub(stage.settings(home)) as hub:
        tenant = await hub.tenants.find()
        async with hub.database.owner() as owner:
            await partitions.ensure_ahead(owner, now=datetime.now(UTC) - timedelta(days=DAYS + 1), days=DAYS + 1)
        await history.fill(hub, shops, events, first=FIRST, days=DAYS, spread=True)
        await _around(hub, tenant, shops[0])
        return await _examples(hub, shops), await _person(hub, tenant)


async def _around(hub: Hub, tenant: Any, shop: Any) -> None:
    """Put dead letters, a queue, attempts, runs, tallies and roll-ups beside the events."""
    async with hub.database.transaction() as conn:
        await conn.execute(CAUSES, tenant)
        await conn.execute(DEAD, tenant)
        await conn.execute(WAITING, tenant, [new_id() for _ in range(5000)])
        await conn.execute(TALLY)
        await conn.execute(ATTEMPTS)
        await conn.execute(RUNS, tenant, [new_id() for _ in range(500)], shop)
    await hub.rollups.add_up()
    await hub.rollups.rate()
    await hub.rollups.count_queue()
    async with hub.database.owner() as conn:
        for table in ("record", "event", "delivery", "delivery_done", "attempt", "rollup", "arrival_tally", "run"):
            await conn.execute(f"ANALYZE {table}")


async def _examples(hub: Hub, shops: Sequence[Any]) -> dict[str, list[str]]:
    kinds = {
        "event": (Prefix.EVENT, "SELECT id FROM event ORDER BY random() LIMIT 200"),
        "delivery": (Prefix.DELIVERY, "SELECT id FROM delivery_done ORDER BY random() LIMIT 200"),
        "order": (Prefix.ORDER, "SELECT id FROM record WHERE stream = 'order' ORDER BY random() LIMIT 200"),
        "route": (Prefix.ROUTE, "SELECT id FROM route"),
        "cause": (Prefix.CAUSE, "SELECT id FROM dead_cause"),
        "run": (Prefix.RUN, "SELECT id FROM run LIMIT 50"),
    }
    found: dict[str, list[str]] = {"connection": [show(Prefix.CONNECTION, shop) for shop in shops]}
    async with hub.database.engine() as conn:
        for name, (prefix, statement) in kinds.items():
            found[name] = [show(prefix, row["id"]) for row in await conn.fetch(statement)]
        numbers = await conn.fetch("SELECT code FROM record WHERE code <> '' ORDER BY random() LIMIT 200")
    now = datetime.now(UTC)
    return {
        **found,
        "number": [row["code"] for row in numbers],
        "day": [f"{now - timedelta(days=n):%Y-%m-%d}" for n in range(5, DAYS, 5)],
    }


async def _person(hub: Hub, tenant: Any) -> str:
    invited = await hub.people.members.invite(tenant, "bench@people.example", Role.OWNER, actor="bench")
    await hub.people.links.use(Kind.INVITE, invited.token, name="Bench", password=PASSWORD)
    begun = await hub.people.sessions.begin("bench@people.example", PASSWORD, agent="bench", address="127.0.0.1")
    return str(begun.token)


def get(path: str, token: str) -> bytes:
    """Render one GET of a page."""
    address = "/t/default" + ("" if path == "/" else path)
    return f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: crossdock-session={token}\r\n\r\n".encode()


def stands(path: str) -> bool:
    """Whether there is such a page."""
    parts = path.partition("?")[0].split("/")
    pages = [page.path.split("/") for page in all_pages() if not page.acts and page.reach is Reach.TENANT]
    return any(
        len(one) == len(parts) and all(mine == its or "{" in its for mine, its in zip(parts, one, strict=True))
        for one in pages
    )


def measure(port: int, examples: Mapping[str, list[str]], token: str) -> list[dict[str, object]]:
    """Time every page that stands."""
    pick = random.Random(7)
    told: list[dict[str, object]] = []
    for name, path in PATHS.items():
        if not stands(path):
            continue
        paths = [path.format(**{kind: pick.choice(some) for kind, some in examples.items()}) for _ in range(ROUNDS)]
        size = max(_size(port, one, token) for one in paths[:3])
        load.run(port, [get(one, token) for one in paths[:10]], 1)
        timed = load.run(port, [get(one, token) for one in paths], 1)
        told.append(
            {
                "page": name,
                "p50 ms": round(timed["p50_ms"], 1),
                "p95 ms": round(timed["p95_ms"], 1),
                "KB": round(size / 1000, 1),
                "failures": int(timed["failures"]),
                "well": timed["p95_ms"] < 50 and size <= MOST_BYTES and not timed["failures"],
            }
        )
    return told


def _size(port: int, path: str, token: str) -> int:
    address = f"http://127.0.0.1:{port}/t/default" + ("" if path == "/" else path)
    asked = urllib.request.Request(address, headers={"Cookie": f"crossdock-session={token}"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return len(answer.read())
    except urllib.error.HTTPError as refused:
        print(f"{address}: {refused}", file=sys.stderr)
        return 0


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Fill, serve, measure."""
    events = max(10_000, int(EVENTS * scale))
    with stage.folder() as home:
        shops = stage.prepare(home, "http://127.0.0.1:9/none", "http://127.0.0.1:9/nobody", routes=1)
        examples, token = asyncio.run(fill(home, shops, events))
        with stage.serving(home, "--no-worker") as (port, _pid):
            return measure(port, examples, token)


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
