"""Every exception explained: its cause with all that is known, links to look at, what was done, and the remedy. Pure.

A text holds no personal values: ids, names of fields, times, and the reasons that deliveries ended with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from crossdock.kit.ids import Prefix, show

_PATHS: Final = {
    "order": ("orders", Prefix.ORDER),
    "customer": ("customers", Prefix.CUSTOMER),
    "product": ("products", Prefix.PRODUCT),
}
_REMEDIES: Final = {
    "missing": "replay its delivery, or prove again; when it goes missing again look for what deletes it there",
    "duplicate": "merge or archive the one the hub has no link to, in the destination",
    "drifted": "let the destination keep the field (field_owners, fill_blanks in the mapping), or stop what changes it",
    "unexpected": "archive it in the destination, if nobody keeps it there on purpose",
    "dead": "follow its reason, then replay it: crossdock replay",
}


def explained(row: Mapping[str, Any], findings: Sequence[Mapping[str, Any]], *, repairs: bool) -> dict[str, Any]:
    """Explain one exception: a row of ``evidence``, and the open findings of both sides."""
    return {
        "entity": row["entity"],
        "external_id": row["external_id"],
        "destination": row["destination"],
        "kind": row["kind"],
        "what": row["what"],
        "state": row["state"],
        "cause": _cause(row),
        "done": _done(row, repairs=repairs),
        "remedy": "nothing is left to do" if row["state"] == "repaired" else _remedy(row),
        "known": _known(row, findings),
        "links": _links(row),
    }


def _cause(row: Mapping[str, Any]) -> str:
    match row["kind"]:
        case "missing":
            return _missing(row)
        case "drifted":
            return _drifted(row)
        case "unexpected":
            return _unexpected(row)
        case "dead":
            return f"its last delivery was given up: {row['done_reason'] or 'no reason was kept'}"
        case _:
            return "it stands at the destination more than once under one key"


def _missing(row: Mapping[str, Any]) -> str:
    if row["record_id"] is None:
        return "the store lists it, but the hub has no record of it: what it answered could not be taken"
    if row["live_state"] is not None:
        reason = f": {row['live_reason']}" if row["live_reason"] else ""
        return f"its delivery has not ended ({row['live_state']}, try {row['live_attempt']}{reason})"
    if row["done_state"] == "delivered" and row["taken_by"]:
        return f"its present state went to {row['taken_by']} at {_at(row['done_at'])}, the route's second destination"
    if row["done_state"] == "delivered":
        return f"it was delivered at {_at(row['done_at'])} and is not there any more: deleted or merged there"
    if row["done_state"] == "skipped":
        return f"its last delivery ended undone by the rule {row['done_rule']!r}"
    return "nothing of it was ever delivered on this route: it was recorded before the route was made"


def _drifted(row: Mapping[str, Any]) -> str:
    if row["what"].endswith(" not archived"):
        return "the store has it no more, and the destination still holds it"
    since = f" after {_at(row['done_at'])}" if row["done_state"] == "delivered" else ""
    if " to " in row["what"]:
        return f"an association that the mapping makes is not there: somebody removed it{since}"
    if "." not in row["what"]:
        return f"a part of it is not there: somebody deleted it{since}"
    return f"the destination holds another value than the mapping gives: somebody changed it there{since}"


def _unexpected(row: Mapping[str, Any]) -> str:
    return (
        f"the {row['what']} record {row['found_id']} carries this store's key, but belongs to nothing the store has: "
        "made by hand, copied, or left behind by a store that was restored from a backup"
    )


def _done(row: Mapping[str, Any], *, repairs: bool) -> str:
    times = {1: "once", 2: "twice"}.get(row["rounds"], f"{row['rounds']} times")
    if row["state"] == "repaired":
        return f"delivered again {times}; it is right now"
    if row["rounds"]:
        return f"delivered again {times}; it is still so"
    if row["kind"] in ("missing", "drifted"):
        return "nothing: it could not be delivered" if repairs else "nothing: repairs were switched off"
    return "nothing: this is a person's to decide"


def _remedy(row: Mapping[str, Any]) -> str:
    if row["kind"] == "missing" and row["record_id"] is None:
        return "pull it again (crossdock pull), and look at the connection's errors"
    if row["kind"] == "missing" and row["live_state"] is not None:
        return "look at the destination: while it does not answer, deliveries wait and are tried again"
    return _REMEDIES[row["kind"]]


def _known(row: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    known = {
        "presence": row["presence"],
        "status": row["status"],
        "seen_in_store_at": _at(row["seen_to"]),
        "changed_at": _at(row["modified_at"]),
        "last_webhook_at": _at(row["webhook_at"]),
        "last_event": row["event_type"],
        "origin": row["origin"],
        "delivery": row["live_state"] or row["done_state"],
        "delivery_rule": row["done_rule"] if row["live_state"] is None else None,
        "delivery_reason": row["live_reason"] or row["done_reason"],
        "delivery_ended_at": _at(row["done_at"]) if row["live_state"] is None else None,
        "delivery_attempts": row["live_attempt"] or row["done_attempts"],
        "found_id": row["found_id"],
        "findings": [{"code": f["code"], "since": _at(f["since"]), "cause": f["cause"]} for f in findings],
    }
    return {name: value for name, value in known.items() if value not in (None, "", [])}


def _links(row: Mapping[str, Any]) -> dict[str, str]:
    links = {}
    if row["record_id"] is not None and row["entity"] in _PATHS:
        path, prefix = _PATHS[row["entity"]]
        links["record"] = f"/api/v1/{path}/{show(prefix, row['record_id'])}"
    if row["event_id"] is not None:
        links["event"] = f"/api/v1/events/{show(Prefix.EVENT, row['event_id'])}"
    delivery = row["live_id"] or row["done_id"]
    if delivery is not None:
        links["delivery"] = f"/api/v1/deliveries/{show(Prefix.DELIVERY, delivery)}"
    return links


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment is not None else None
