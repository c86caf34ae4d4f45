"""The list of connections: how each does, in words, and which of them a filter means."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from crossdock.connect.connector import Connector
from crossdock.govern.budgets import SharedBoard
from crossdock.govern.directory import HUB
from crossdock.govern.rollups import status_of
from crossdock.kit.ids import Prefix, parse
from crossdock.wiring import Hub, connector_named

AT_ONCE = 100
"""Rows of a page."""
STATES = (
    ("", "any"),
    ("needs", "needs a look"),
    ("active", "active"),
    ("paused", "paused"),
    ("broken", "broken"),
    ("draft", "draft"),
)


class Row(msgspec.Struct, frozen=True):
    """One connection as the list shows it."""

    id: str
    uuid: uuid.UUID
    connector: str
    title: str
    name: str
    state: str
    shown: str
    """The state as it is shown: ``active`` in its finer shades."""
    why: str
    reads: bool
    writes: bool
    hooks: bool
    """Whether we register webhooks there."""
    heard_at: datetime | None
    read_at: datetime | None
    delivered_at: datetime | None
    lag_s: float
    waiting: int
    dead: int
    arrivals: int
    used: int | None
    """Per cent of the tightest limit of the account; None where nothing is known."""
    requests_today: int
    error_share: float | None
    p95_ms: float | None

    @property
    def needs(self) -> bool:
        """Whether somebody should look at it."""
        return self.state == "broken" or self.shown in ("attention", "resting") or self.dead > 0


class Filter(msgspec.Struct, frozen=True):
    """Which connections are meant; what stands in the address."""

    q: str = ""
    state: str = ""
    connector: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Filter:
        """Read it from an address or a form."""
        return cls(*(str(given.get(name) or "").strip() for name in ("q", "state", "connector")))

    def takes(self, row: Row) -> bool:
        """Whether a connection is meant."""
        text = self.q.lower()
        return (
            (not text or text in row.name.lower() or text == row.id)
            and (not self.connector or row.connector == self.connector)
            and (not self.state or (row.needs if self.state == "needs" else row.state == self.state))
        )

    @property
    def asked(self) -> dict[str, str]:
        """Return what it asks for, to stand in an address."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


async def roster(hub: Hub, tenant_id: uuid.UUID) -> list[Row]:
    """Return how every connection of a tenant does; the tenant's own events API is none that can be managed."""
    told = await status_of(hub.database.tenant, tenant_id, SharedBoard(hub.database).used, connector_named)
    return [_row(one, connector_named(one["connector"])) for one in told["connections"] if one["connector"] != HUB]


def page_of(rows: Sequence[Row], after: str) -> tuple[list[Row], str]:
    """Return the rows of a page that begins after a connection, and where the next one begins (empty: nowhere)."""
    begin = next((i + 1 for i, row in enumerate(rows) if row.id == after), 0) if after else 0
    shown = list(rows[begin : begin + AT_ONCE])
    return shown, shown[-1].id if len(rows) > begin + AT_ONCE else ""


def _row(one: Mapping[str, Any], connector: Connector | None) -> Row:
    shown, why = condition(one)
    manifest = connector.manifest if connector else None
    return Row(
        id=one["id"],
        uuid=parse(Prefix.CONNECTION, one["id"]),
        connector=one["connector"],
        title=manifest.identity.title if manifest else one["connector"],
        name=one["name"],
        state=one["state"],
        shown=shown,
        why=why,
        reads=connector is not None and connector.source is not None,
        writes=connector is not None and connector.destination is not None,
        hooks=connector is not None and connector.door is not None and connector.manifest.webhooks is not None,
        heard_at=one["last_heard_at"],
        read_at=one["last_read_at"],
        delivered_at=one["last_delivered_at"],
        lag_s=one["lag_s"],
        waiting=one["waiting"],
        dead=one["dead"],
        arrivals=one["arrivals"],
        used=share_of(one["quota"]),
        requests_today=one["requests_today"],
        error_share=one["error_share"],
        p95_ms=one["latency_ms"]["p95"],
    )


def condition(one: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a connection's state is shown, and its cause in words (empty: all is well)."""
    state = one["state"]
    if state == "broken":
        return "broken", one["problem"] or "its account refuses us"
    if state == "paused":
        return "paused", "what arrives is kept, nothing is read or delivered"
    if state != "active":
        return state, ""
    if one["writes_stopped"]:
        return "attention", f"nothing is written: {one['writes_stopped']}"
    if one["breaker"] == "open":
        return "resting", "too many calls in a row failed; one is tried at a time"
    if one["findings"]:
        named = ", ".join(code.replace("-", " ") for code in one["findings"])
        return "attention", f"found: {named}"
    quota = one["quota"]
    if quota is not None and quota["daily"] and not quota["left_today"]:
        return "throttled", "the day's calls are used up; it goes on when they are counted anew"
    return "active", ""


def share_of(quota: Mapping[str, Any] | None) -> int | None:
    """Return how much of an account's tightest limit is used, in per cent."""
    if quota is None:
        return None
    shares = []
    if quota["daily"]:
        shares.append(quota["used_today"] / quota["daily"])
    if quota["window_calls"]:
        shares.append(quota["window_used"] / quota["window_calls"])
    return min(100, round(100 * max(shares))) if shares else None
