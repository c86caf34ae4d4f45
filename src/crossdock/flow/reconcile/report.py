"""The report of a proof: one document, every exception explained, its bytes signed. Pure.

What a signature says: this hub, by its master key, saw these numbers at this time. It does not say that nobody who
holds the key could write another; it does say that nobody else has changed this one since.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from crossdock.flow.reconcile.ports import Days, Difference, Proof

FORMAT: Final = "crossdock-proof/1"
COLUMNS: Final = (
    *("entity", "destination", "in_store", "recorded", "delivered", "skipped", "dead", "missing", "duplicates"),
    *("drifted", "unexpected"),
)
CAUSES: Final = {
    "missing": "it stands in the store but not at the destination; pull it again and look at its last delivery",
    "duplicate": "it stands at the destination more than once; merge or archive the one the hub has no link to",
    "drifted": "the destination holds another value than the mapping gives: somebody changed it there",
    "unexpected": "it stands at the destination under this store's key, but the store has no such thing any more",
    "dead": "its last delivery was given up; its reason says what to do, then replay it",
}


def report(
    proof: Proof,
    *,
    store: Mapping[str, str],
    times: tuple[datetime, datetime],
    requests: Mapping[str, int],
    days: Days,
) -> dict[str, Any]:
    """Return the report as a document."""
    return {
        "format": FORMAT,
        "store": dict(store),
        "days": {"first": days.first, "last": days.last},
        "began_at": times[0],
        "ended_at": times[1],
        "ok": proof.ok and bool(proof.rows),
        "pending": proof.pending,
        "rows": [msgspec.to_builtins(row) for row in proof.rows],
        "exceptions_unlisted": proof.unlisted,
        "exceptions": [explained(one) for one in proof.differences],
        "requests": dict(requests),
        "seconds": round((times[1] - times[0]).total_seconds(), 3),
    }


def explained(one: Difference) -> dict[str, str]:
    """Return an exception with its cause in words."""
    return {**msgspec.to_builtins(one), "cause": CAUSES.get(one.kind, one.kind)}


def signed_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: sorted keys, no spaces."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def as_csv(document: Mapping[str, Any]) -> str:
    """Return the rows of a report as CSV, then its exceptions below an empty line."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(document["rows"])
    if document["exceptions"]:
        out.write("\n")
        below = csv.DictWriter(out, ("entity", "external_id", "kind", "what", "cause"), lineterminator="\n")
        below.writeheader()
        below.writerows(document["exceptions"])
    return out.getvalue()
