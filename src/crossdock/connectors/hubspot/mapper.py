"""Our words <-> HubSpot's: keys, stages, currencies, and what makes two values the same. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from crossdock.connect.connector import PlanRefused

CONTACTS, DEALS, ORDERS = "contacts", "deals", "orders"
LINE_ITEMS, PRODUCTS = "line_items", "products"
COMPANIES, NOTES = "companies", "notes"

KEY = "crossdock_key"
"""Our unique property on deals, orders, line items and products."""

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+\Z")


def order_key(store_uid: str, order_id: str) -> str:
    """Name an order: two shops with the same order number never meet."""
    return f"{store_uid}:order:{order_id}"


def line_key(store_uid: str, order_id: str, line_id: str) -> str:
    """Name a line of an order."""
    return f"{store_uid}:line:{order_id}:{line_id}"


def product_key(store_uid: str, product_id: str) -> str:
    """Name a product, or a variation by its own id."""
    return f"{store_uid}:product:{product_id}"


def customer_key(store_uid: str, customer_id: str) -> str:
    """Name a customer account of a shop."""
    return f"{store_uid}:customer:{customer_id}"


def guest_key(email: str) -> str:
    """Name a person without an account by a digest (16 bytes): our links hold no address in the clear."""
    return "guest:" + hashlib.sha256(email.encode()).hexdigest()[:32]


def address_of(text: str) -> str | None:
    """Return an e-mail address as HubSpot stores it (trimmed, lower case), or None for what is none.

    HubSpot refuses a malformed address; an order with one is written without a contact rather than not at all.
    """
    found = text.strip().lower()
    return found if _EMAIL.match(found) else None


_WON = frozenset({"processing", "completed"})
_LOST = frozenset({"cancelled", "failed", "refunded", "trash", "deleted"})
_AGREED = frozenset({"pending", "on-hold"})
_PREFERRED = {
    "won": ("closedwon", "processed"),
    "lost": ("closedlost", "cancel"),
    "agreed": ("contractsent",),
    "open": (),
}
"""Stage ids or label parts of HubSpot's default pipelines, tried before the stages' own facts."""


def fate_of(status: str) -> str:
    """Tell where in a pipeline a shop's order status belongs: won, lost, agreed or open (also every unknown status)."""
    if status in _WON:
        return "won"
    if status in _LOST:
        return "lost"
    return "agreed" if status in _AGREED else "open"


def stage_for(
    status: str, object_name: str, account: Mapping[str, Any], config: Mapping[str, Any] = MappingProxyType({})
) -> tuple[str, str] | None:
    """Return (pipeline id, stage id) for a shop's order status, or None where the portal told us of no pipeline.

    ``account["pipelines"][object]`` holds the portal's pipelines in order; the first is used unless ``pipeline`` names
    another. ``stages`` says of a status which stage it is; both by id or label. Raises :class:`PlanRefused` when there
    is none that fits.
    """
    pipelines = (account.get("pipelines") or {}).get(object_name) or ()
    if not pipelines:
        return None
    wanted = str(config.get("pipeline") or "")
    pipeline = _called(pipelines, wanted) if wanted else pipelines[0]
    if pipeline is None:
        raise PlanRefused("pipeline", f"{object_name} has no pipeline {wanted!r}", _CHOOSE)
    stages: Sequence[Mapping[str, Any]] = pipeline["stages"]
    chosen = (config.get("stages") or {}).get(status)
    if chosen is not None:
        if (stage := _called(stages, str(chosen))) is None:
            raise PlanRefused("stages", f"the pipeline of {object_name} has no stage {chosen!r}", _CHOOSE)
        return str(pipeline["id"]), str(stage["id"])
    fate = fate_of(status)
    found = _by_name(stages, _PREFERRED[fate]) or _by_facts(stages, fate)
    if found is None:
        raise PlanRefused(
            "status",
            f"the pipeline of {object_name} has no {_WANTED[fate]} stage",
            "add one in HubSpot under Settings > Objects > Pipelines and check the connection again, or choose stages",
        )
    return str(pipeline["id"]), str(found["id"])


_CHOOSE = "choose one that the portal has (crossdock connections show), or check the connection again"


def _called(things: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    by_id = next((one for one in things if str(one["id"]) == name), None)
    return by_id or next((one for one in things if str(one.get("label", "")).lower() == name.lower()), None)


_WANTED = {"won": "won", "lost": "lost", "agreed": "open", "open": "open"}


def _by_name(stages: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Mapping[str, Any] | None:
    for name in names:
        for stage in stages:
            if stage["id"] == name or name in str(stage.get("label", "")).lower().replace(" ", ""):
                return stage
    return None


def _by_facts(stages: Sequence[Mapping[str, Any]], fate: str) -> Mapping[str, Any] | None:
    if fate in ("agreed", "open"):
        return next((stage for stage in stages if not stage.get("closed")), None)
    closed = [stage for stage in stages if stage.get("closed")]
    won = [stage for stage in closed if _probability(stage) >= Decimal("0.5")]
    lost = [stage for stage in closed if _probability(stage) < Decimal("0.5")]
    return next(iter(won if fate == "won" else lost), None)


def _probability(stage: Mapping[str, Any]) -> Decimal:
    try:
        return Decimal(str(stage.get("probability") or "0"))
    except InvalidOperation:
        return Decimal(0)


def read_pipelines(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Keep what the plan needs of HubSpot's pipelines, in the portal's order.

    A deal stage is closed when its metadata says ``isClosed`` or its probability is 0 or 1.
    """
    found = []
    for pipeline in sorted(results, key=lambda each: each.get("displayOrder") or 0):
        stages = sorted(pipeline.get("stages") or (), key=lambda each: each.get("displayOrder") or 0)
        found.append(
            {"id": str(pipeline["id"]), "label": pipeline.get("label", ""), "stages": [_stage(s) for s in stages]}
        )
    return found


def _stage(stage: Mapping[str, Any]) -> dict[str, Any]:
    facts = stage.get("metadata") or {}
    probability = str(facts.get("probability", ""))
    closed = str(facts.get("isClosed", "")).lower() == "true" or probability in ("0", "0.0", "1", "1.0")
    closed = closed or str(facts.get("state", "")).upper() == "CLOSED"
    return {"id": str(stage["id"]), "label": stage.get("label", ""), "closed": closed, "probability": probability}


def currency_fits(currency: str, account: Mapping[str, Any]) -> bool:
    """Whether to write the order's currency: only where the portal told its currencies.

    Raises :class:`PlanRefused` for a currency the portal does not have: an amount in another currency would be a lie.
    """
    known = account.get("currencies") or ()
    if known and currency not in known:
        raise PlanRefused(
            "currency",
            f"the portal has no currency {currency} (it has {', '.join(known)})",
            "add it in HubSpot under Settings > Account Defaults > Currency, check the connection again, then replay",
        )
    return bool(known)


_LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
)
_TEXTS = frozenset(
    {"hs_sku", "name", "dealname", "zip", "phone", "firstname", "lastname", "crossdock_order_number", "hs_order_name"}
)
"""Properties of free text where 007 is not 7."""
_TIMES = frozenset({"closedate", "createdate", "hs_external_created_date", "hs_processed_date"})


def same_value(object_name: str, name: str, sent: str | None, found: str | None) -> bool:
    """Whether a value found in HubSpot is the value sent: numbers by value, times by moment, addresses by lower case.

    ``lifecyclestage`` only moves forward, and sales may move it on: a later stage than the one sent is no drift, and
    a stage of the portal's own making is left to the portal.
    """
    del object_name
    one, two = (sent or "").strip(), (found or "").strip()
    if one == two:
        return True
    if name == "lifecyclestage":
        return _at_least(one, two)
    if name in ("email", "hs_billing_address_email"):
        return one.lower() == two.lower()
    return bool(one and two) and name not in _TEXTS and _same_word(name, one, two)


def _same_word(name: str, one: str, two: str) -> bool:
    if {one.lower(), two.lower()} <= {"true", "false"}:
        return one.lower() == two.lower()
    if name in _TIMES or ("T" in one and "T" in two):
        return _moment(one) is not None and _moment(one) == _moment(two)
    return _same_number(one, two)


def _at_least(sent: str, found: str) -> bool:
    if found not in _LIFECYCLE:
        return bool(found)
    return sent in _LIFECYCLE and _LIFECYCLE.index(found) >= _LIFECYCLE.index(sent)


_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z")


def _same_number(one: str, two: str) -> bool:
    if not (_NUMBER.match(one) and _NUMBER.match(two)):
        return False
    return Decimal(one) == Decimal(two)


def _moment(text: str) -> datetime | None:
    """Read ISO-8601 or milliseconds since 1970, to the millisecond HubSpot keeps."""
    try:
        if re.fullmatch(r"-?\d{9,15}", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)
