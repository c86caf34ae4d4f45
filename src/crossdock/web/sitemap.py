"""The sidebar: the pages of a tenant in their order, as stops on lines. A page that no room has is left out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from crossdock.govern.access import Role
from crossdock.web.page import Reach
from crossdock.web.rooms import all_pages


class Stop(msgspec.Struct, frozen=True):
    """One entry; ``count`` names what is counted beside it."""

    path: str
    label: str
    count: str = ""
    role: Role = Role.VIEWER


class Line(msgspec.Struct, frozen=True):
    """Entries under one name."""

    name: str
    stops: tuple[Stop, ...]


_LINES = (
    Line("", (Stop("/", "Overview"), Stop("/proof", "Proof", "proof"))),
    Line(
        "Traffic",
        (
            Stop("/events", "Events"),
            Stop("/deliveries", "Deliveries"),
            Stop("/dead-letters", "Dead letters", "dead"),
            Stop("/runs", "Runs"),
        ),
    ),
    Line(
        "Network",
        (Stop("/connections", "Connections", "broken"), Stop("/routes", "Routes"), Stop("/mappings", "Mappings")),
    ),
    Line(
        "Records",
        (
            Stop("/orders", "Orders"),
            Stop("/customers", "Customers"),
            Stop("/sku-links", "SKU links"),
            Stop("/stock", "Stock"),
            Stop("/deals", "Deals"),
            Stop("/invoices", "Invoices"),
        ),
    ),
    Line(
        "House",
        (
            Stop("/alerts", "Alerts", "alerts"),
            Stop("/audit", "Audit"),
            Stop("/users", "Users", role=Role.OWNER),
            Stop("/keys", "API keys", role=Role.OWNER),
            Stop("/settings", "Settings", role=Role.OWNER),
        ),
    ),
)


@cache
def _standing() -> tuple[Line, ...]:
    paths = {page.path for page in all_pages() if page.reach is Reach.TENANT and not page.acts}
    lines = (Line(line.name, tuple(stop for stop in line.stops if stop.path in paths)) for line in _LINES)
    return tuple(line for line in lines if line.stops)


def lines_for(role: Role) -> list[Line]:
    """Return what a person of a role sees."""
    seen = (Line(line.name, tuple(one for one in line.stops if role.covers(one.role))) for line in _standing())
    return [line for line in seen if line.stops]


def current(path: str, slug: str) -> str:
    """Return the entry that a page belongs to."""
    below = path.removeprefix(f"/t/{slug}") or "/"
    return "/" + below.split("/")[1]


def labels(counts: Mapping[str, int]) -> dict[str, str]:
    """Return counts as they are shown; what was counted only up to a bound says so."""
    return {name: (f"{count:,}" if count < MOST else f"{MOST - 1:,}+") for name, count in counts.items() if count}


MOST = 1000
"""Counted no further than this on every page."""
