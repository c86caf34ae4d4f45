"""Runs as people and programs see them. Pure but for the rows it is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from crossdock.kit.ids import Prefix, show


def shown(row: Mapping[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """Return one run: its counters, how far it is, when it will be done, and what went wrong."""
    progress = _json(row["progress"])
    parts = {name: part for name, part in progress.items() if isinstance(part, dict)}
    read = sum(part.get("read", 0) for part in parts.values())
    verdicts: dict[str, int] = {}
    for part in parts.values():
        for verdict, count in part.get("verdicts", {}).items():
            verdicts[verdict] = verdicts.get(verdict, 0) + count
    totals = [part.get("read") if part.get("done") else part.get("total") for part in parts.values()]
    total = None if not totals or None in totals else sum(t for t in totals if t is not None)
    at = row["ended_at"] or now or datetime.now(UTC)
    seconds = (at - row["started_at"]).total_seconds() if row["started_at"] else 0.0
    rate = read / seconds if seconds > 0 and read else None
    left = max(0, total - read) if total is not None and row["state"] == "running" else None
    return {
        "id": show(Prefix.RUN, row["id"]),
        "connection_id": show(Prefix.CONNECTION, row["connection_id"]),
        "connection": row["connection"],
        "kind": row["kind"],
        "streams": list(row["streams"]),
        "asked": _json(row["asked"]),
        "state": row["state"],
        "counters": {"read": read, **verdicts},
        "total": total,
        "rate_per_s": round(rate, 1) if rate else None,
        "eta_s": round(left / rate) if left is not None and rate else None,
        "step": progress.get("step"),
        "progress": parts,
        "error_count": row["error_count"],
        "errors": _json(row["errors"]),
        "problem": row["problem"] if row["state"] not in ("done", "running") else None,
        "failures": row["failures"],
        "created_at": row["created_at"],
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
        **({"result": _json(row["result"])} if "result" in row.keys() else {}),  # noqa: SIM118 - a Record iterates values
    }


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value
