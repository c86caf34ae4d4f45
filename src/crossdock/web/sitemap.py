"""The sidebar: the pages of a tenant in their order, as stops on lines; and which page shows what an id names."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix


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


_HOMES: Mapping[str, str] = {
    Prefix.EVENT: "/events",
    Prefix.DELIVERY: "/deliveries",
    Prefix.CONNECTION: "/connections",
    Prefix.ROUTE: "/routes",
    Prefix.RUN: "/runs",
    Prefix.ORDER: "/orders",
    Prefix.CUSTOMER: "/customers",
    Prefix.PROOF: "/proof",
    Prefix.ALERT: "/alerts",
    Prefix.CHANNEL: "/alerts/channels",
    Prefix.INVOICE: "/invoices",
}


def home_of(shown: str) -> str:
    """Return the page of what an id names, below the tenant's; empty where its kind has none."""
    home = _HOMES.get(shown.partition("_")[0])
    return f"{home}/{shown}" if home else ""


def lines_for(role: Role) -> list[Line]:
    """Return what a person of a role sees."""
    seen = (Line(line.name, tuple(one for one in line.stops if role.covers(one.role))) for line in _LINES)
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
