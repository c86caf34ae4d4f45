"""Run every benchmark and print one table each: ``python -m bench [scale]`` (0.2 takes a fifth of the load)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench import (
    backlog,
    budget,
    dashboard,
    day,
    dead,
    drain,
    fair,
    fanout,
    history_cost,
    ingest,
    machine,
    plugin_checkout,
    portal,
    pull,
    rest,
    steady,
    stock,
    through,
    verify,
)

PARTS = (
    ("What this machine gives: work of the kind that a webhook makes, alone and at once", machine.main),
    ("Ingest: signed 4 KB webhooks, two routes each, beside a bare insert-only endpoint", ingest.main),
    ("End to end: webhooks in, messages out, beside Node-RED", through.main),
    ("Steady load: milliseconds from a webhook's due moment to arrival", steady.main),
    ("Delivery alone: a backlog sent one by one and in batches, beside Celery with Redis", drain.main),
    ("To HubSpot in batches: contacts, products, deals, lines, associations", portal.main),
    ("One event to 1, 5 and 20 routes", fanout.main),
    ("A tenant at ten events a second, alone and beside a tenant with a backlog", fair.main),
    ("Claims under a backlog of a million waiting deliveries", backlog.main),
    ("Healthy destinations of a thousand connections, while others are dead", dead.main),
    ("Claim, ingest and end to end with five million rows of history", history_cost.main),
    ("Twenty-four hours compressed: partitions and retention at work", day.main),
    ("An account's allowed rate used by one, two and four processes, and the 429s", budget.main),
    ("Stock: ten thousand SKUs into a shop, and one SKU from acceptance to answer", stock.main),
    ("REST over a large history", rest.main),
    ("The dashboard's pages over a million events: one person, one page after the other", dashboard.main),
    ("Signatures, beside hmac.digest alone", verify.main),
    ("Pull: a shop's orders, beside dlt's rest_api source", pull.main),
    ("A shop's checkout with the WordPress plugin and without, while the hub is away", plugin_checkout.main),
)


def main(scale: float) -> None:
    """Run all parts, one after the other."""
    console = Console()
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, scale {scale}")
    for title, part in PARTS:
        _show(console, title, part(scale))


def _show(console: Console, title: str, rows: Sequence[dict[str, object]]) -> None:
    table = Table(title=title, title_justify="left")
    for name in rows[0]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
