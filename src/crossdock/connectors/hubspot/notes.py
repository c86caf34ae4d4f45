"""A shop's notes on an order as notes on its deal; and the owner that new records are given. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from crossdock.connect.connector import Context, PlanRefused
from crossdock.connectors.hubspot import mapper
from crossdock.connectors.hubspot.mapper import DEALS, KEY, NOTES, ORDERS
from crossdock.model.plan import Plan, Ref, Step, Verb, Write

OWNER: Final = "hubspot_owner_id"
_LONGEST: Final = 65_000
_ORDER = re.compile(r"/orders/([0-9]{1,20})/?\Z")


def note_key(store_uid: str, note_id: str) -> str:
    """Name a note of an order."""
    return f"{store_uid}:note:{note_id}"


def plan(document: Mapping[str, Any], context: Context) -> Plan:
    """Return the plan of a shop's note: written by its key, joined to its order's record.

    The text is escaped: what a plugin writes into a note is no markup of ours. Raises ``PlanRefused``.
    """
    if context.config.get("notes") is not True:
        return Plan((), nothing="notes are not written: the connection's choice notes is off")
    order_id = order_of(document)
    if not order_id:
        raise PlanRefused("_links", "the note names no order", "pull the shop's notes again")
    sale = ORDERS if context.config.get("order_object") == ORDERS else DEALS
    key = note_key(context.store_uid, context.external_id)
    author = " ".join(str(document.get("author") or "").split())
    told = ("to the customer: " if document.get("customer_note") else "") + str(document.get("note") or "")
    text = html.escape(f"{context.store_name}{f', {author}' if author else ''}: {told}")[:_LONGEST]
    at = str(document.get("date_created_gmt") or "")
    properties: dict[str, str | Ref | None] = {"hs_note_body": text.replace("\n", "<br>"), KEY: key}
    if at:
        properties["hs_timestamp"] = at if at.endswith("Z") else f"{at}Z"
    made = Write(Verb.UPSERT, NOTES, key, properties=properties, match=(KEY, key), parent_key=key)
    end = Ref(sale, mapper.order_key(context.store_uid, order_id))
    joined = Write(Verb.ASSOCIATE, NOTES, key, parent_key=key, to=end)
    return Plan((Step("note", (made,)), Step("note-associations", (joined,))))


def deleted(context: Context) -> Plan:
    """Return the plan of a note that was deleted at the shop: it goes to the bin, if it was ever written."""
    key = note_key(context.store_uid, context.external_id)
    if not context.children.get(key):
        return Plan((), nothing="the note was deleted before it was delivered")
    gone = Write(Verb.ARCHIVE, NOTES, key, match=(KEY, key), parent_key=key)
    return Plan((Step("archive-note", (gone,)),))


def order_of(document: Mapping[str, Any]) -> str:
    """Return the order a note belongs to, from its link upwards; empty where it names none."""
    links = document.get("_links")
    ups = links.get("up") if isinstance(links, Mapping) else None
    for up in ups if isinstance(ups, list) else ():
        found = _ORDER.search(str(up.get("href", ""))) if isinstance(up, Mapping) else None
        if found:
            return found[1]
    return ""


def owned(write: Write, context: Context) -> Write:
    """Return a write that gives its record an owner where it has none; raises ``PlanRefused`` for one nobody knows."""
    wanted = str(context.config.get("owner") or "").strip().lower()
    if not wanted:
        return write
    owners: Mapping[str, str] = context.account.get("owners") or {}
    owner_id = wanted if wanted in owners.values() else owners.get(wanted)
    if owner_id is None:
        raise PlanRefused(
            "owner", "the portal has no such owner", "choose the address of one of its users, then check the connection"
        )
    properties = {OWNER: owner_id, **write.properties}
    return msgspec.structs.replace(write, properties=properties, blanks=write.blanks | {OWNER})
