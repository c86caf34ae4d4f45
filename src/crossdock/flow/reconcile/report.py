"""The report of a proof: one document, and a line for every exception; the document's bytes are signed. Pure.

The document holds the number of exceptions and the SHA-256 over their lines (each as JSON with sorted keys, ended by a
newline, in their order), so the signature covers them however many there are.

What a signature says: this hub, by its master key, saw these numbers at this time. It does not say that nobody who
holds the key could write another; it does say that nobody else has changed this one since.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from crossdock.flow.reconcile.days import Days
from crossdock.flow.reconcile.ports import Proof

FORMAT: Final = "crossdock-proof/2"
COLUMNS: Final = (
    *("entity", "destination", "in_store", "recorded", "delivered", "skipped", "dead", "missing", "duplicates"),
    *("drifted", "unexpected", "fallback"),
)
EXCEPTION_COLUMNS: Final = (
    *("entity", "external_id", "destination", "kind", "what", "state", "cause", "done", "remedy"),
    *("last_webhook_at", "delivery", "delivery_reason", "record", "event", "delivery_path"),
)


def report(
    proof: Proof,
    *,
    store: Mapping[str, str],
    times: tuple[datetime, datetime],
    exceptions: Mapping[str, Any],
    days: Days,
) -> dict[str, Any]:
    """Return the report as a document. ``exceptions``: count, open, repaired, sha256."""
    costs = proof.costs
    return {
        "format": FORMAT,
        "store": dict(store),
        "days": {"first": days.first, "last": days.last},
        "depth": proof.depth,
        "began_at": times[0],
        "ended_at": times[1],
        "seconds": round((times[1] - times[0]).total_seconds(), 3),
        "ok": proof.ok and bool(proof.rows),
        "pending": proof.pending,
        "moving": proof.moving,
        "rows": [msgspec.to_builtins(row) for row in proof.rows],
        "by_day": [msgspec.to_builtins(row) for row in proof.by_day],
        "skipped_by": proof.skipped_by,
        "taken_by": proof.taken_by,
        "repairs": proof.repairs,
        "exceptions": dict(exceptions),
        "requests": costs.connectors,
        "costs": {"store": costs.store, "destinations": costs.destinations, "repairs": costs.repairs},
    }


def signed_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: sorted keys, no spaces."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def line_of(exception: Mapping[str, Any]) -> bytes:
    """Return the bytes of an exception that the digest covers, without the newline."""
    return orjson.dumps(exception, option=orjson.OPT_SORT_KEYS)


def covers(document: Mapping[str, Any], exceptions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these are all the exceptions of a report, word for word. Raises ``TypeError`` for what is no report."""
    told = document.get("exceptions")
    if isinstance(told, list):  # the first format listed them inside
        return True
    if not isinstance(told, Mapping):
        return False
    covered = hashlib.sha256()
    for one in exceptions:
        covered.update(line_of(one) + b"\n")
    return told.get("count") == len(exceptions) and told.get("sha256") == covered.hexdigest()


def rows_csv(document: Mapping[str, Any]) -> str:
    """Return the rows of a report as CSV, and the heading of its exceptions below an empty line when it has any."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(document["rows"])
    told = document["exceptions"]
    if told if isinstance(told, list) else told["count"]:
        out.write("\n" + ",".join(EXCEPTION_COLUMNS) + "\n")
    return out.getvalue()


def exceptions_csv(exceptions: Iterable[Mapping[str, Any]]) -> str:
    """Return exceptions as lines of CSV."""
    out = io.StringIO()
    table = csv.DictWriter(out, EXCEPTION_COLUMNS, extrasaction="ignore", lineterminator="\n")
    for one in exceptions:
        links = one.get("links", {})
        table.writerow(
            {
                **one.get("known", {}),
                **one,
                "record": links.get("record"),
                "event": links.get("event"),
                "delivery_path": links.get("delivery"),
            }
        )
    return out.getvalue()
