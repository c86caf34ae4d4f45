"""Doors to single records: list, create, read, update, archive, merge, gdpr-delete."""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice
from typing import Any

from crossdock.connectors.hubspot.sandbox.calls import Answer, Call, paging, shown
from crossdock.connectors.hubspot.sandbox.drafts import Drafting, key_text, properties_of
from crossdock.connectors.hubspot.sandbox.links import kind_of
from crossdock.connectors.hubspot.sandbox.portal import Portal, Record
from crossdock.connectors.hubspot.sandbox.refusals import invalid, not_found
from crossdock.connectors.hubspot.sandbox.values import BadValue, email

_SHOWN_LINKS = 100
"""Associations in one record of a list, before its paging begins."""


def unique_name(portal: Portal, kind: str, name: Any) -> str | None:
    """Return the ``idProperty`` of a call, checked to be unique; None when there is none."""
    if name is None or name == "":
        return None
    definition = portal.schema.properties[kind].get(str(name))
    if definition is None or not definition.unique:
        raise invalid(
            f"Unable to perform update/upsert by non-unique {kind} property {name} in portal ID "
            f"{portal.settings.portal_id}"
        )
    return definition.name


def create(call: Call) -> Answer:
    """POST /{type}."""
    kind = call.kind()
    drafting = Drafting(call.portal, call.version)
    record = drafting.apply(drafting.create(kind, call.body()))
    return 201, shown(call, record)


def read(call: Call) -> Answer:
    """GET /{type}/{id}, by id or ``idProperty``; with ``archived=true`` from the bin."""
    kind = call.kind()
    name = unique_name(call.portal, kind, call.text("idProperty"))
    record: Record | None
    if call.flag("archived"):
        record = call.portal.records[kind].get(call.params["id"])
        if record is not None and record.archived_ms is None:
            record = None
    else:
        record = call.portal.find(kind, call.params["id"], name)
    if record is None:
        raise not_found()
    history = call.words("propertiesWithHistory")
    body = shown(call, record, call.words("properties"), history=history)
    return 200, body | _with_links(call, record)


def update(call: Call) -> Answer:
    """PATCH /{type}/{id}, by id or ``idProperty``."""
    kind = call.kind()
    name = unique_name(call.portal, kind, call.text("idProperty"))
    given = properties_of(call.body())
    record = call.portal.find(kind, call.params["id"], name)
    if record is None:
        raise not_found()
    drafting = Drafting(call.portal, call.version)
    return 200, shown(call, drafting.apply(drafting.update(record, given)))


def archive(call: Call) -> Answer:
    """DELETE /{type}/{id}: 204, also when it is archived or was never there (vendor)."""
    record = call.portal.find(call.kind(), call.params["id"])
    if record is not None:
        call.portal.archive(record)
    return 204, None


def listed(call: Call) -> Answer:
    """GET /{type}: records in the order of their ids; ``after`` is the last id of the page before."""
    kind = call.kind()
    limit, after = call.page(10, 100)
    history = call.words("propertiesWithHistory")
    if history and limit > 50:
        raise invalid("Invalid query parameter limit: must be between 1 and 50 with propertiesWithHistory")
    archived = call.flag("archived")
    asked = call.words("properties")
    records = call.portal.records[kind]
    ids = list(records)  # ids only ever grow, so the order of insertion is theirs
    if after is not None and not after.isdigit():
        raise invalid(f"Invalid query parameter after: {after}")
    start = 0 if after is None else bisect_right(ids, int(after), key=int)
    wanted = (records[each] for each in islice(ids, start, None))
    page = list(islice((one for one in wanted if (one.archived_ms is not None) is archived), limit + 1))
    results = [shown(call, one, asked, history=history) | _with_links(call, one) for one in page[:limit]]
    body: dict[str, Any] = {"results": results}
    if len(page) > limit:
        body["paging"] = paging(page[limit - 1].id)
    return 200, body


def merge(call: Call) -> Answer:
    """POST /{type}/merge: the primary record keeps its id and values; the other's address becomes secondary."""
    kind = call.kind()
    body = call.body()
    portal = call.portal
    primary = portal.find(kind, key_text(body.get("primaryObjectId"), "primaryObjectId"))
    other = portal.find(kind, key_text(body.get("objectIdToMerge"), "objectIdToMerge"))
    if primary is None or other is None:
        raise not_found()
    if primary is other:
        raise invalid("A record cannot be merged with itself")
    merge_records(portal, primary, other)
    return 200, shown(call, primary)


def merge_records(portal: Portal, primary: Record, other: Record) -> None:
    """Fold ``other`` into ``primary``. Old ids lead to the merged record."""
    portal.links.move(other.kind, other.id, primary.id)
    addresses = [other.properties.get("email", ""), *other.properties.get("hs_additional_emails", "").split(";")]
    portal.archive(other)
    other.merged_into = primary.id
    ends = {"primaryObjectId": int(primary.id), "mergedObjectIds": [int(other.id)], "newObjectId": int(primary.id)}
    portal.hooks.tell(primary.kind, "merge", primary.id, "CRM_UI", **ends)
    own = {"hs_object_id", "hs_additional_emails", "hs_merged_object_ids", *_times(primary.kind)}
    filled = {name: value for name, value in other.properties.items() if name not in {*primary.properties, *own}}
    merged = [part for part in primary.properties.get("hs_merged_object_ids", "").split(";") if part]
    portal.write(primary, filled | {"hs_merged_object_ids": ";".join([*merged, other.id])}, "MERGE_OBJECTS")
    if primary.kind == "contacts":
        for address in addresses:
            if address and address != primary.properties.get("email"):
                portal.add_alias(primary, address)


def _times(kind: str) -> tuple[str, ...]:
    return ("createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate") if kind else ()


def gdpr_delete(call: Call) -> Answer:
    """POST /contacts/gdpr-delete: gone for good, and the address may not come back."""
    if call.kind() != "contacts":
        raise not_found()
    body = call.body()
    key = key_text(body.get("objectId"), "objectId")
    name = unique_name(call.portal, "contacts", body.get("idProperty"))
    if name == "email":
        try:
            call.portal.blocked.add(email(key))
        except BadValue as bad:
            raise invalid(bad.problem.message) from bad
    record = call.portal.find("contacts", key, name)
    if record is not None:
        if record.properties.get("email"):
            call.portal.blocked.add(record.properties["email"])
        call.portal.erase(record)
    elif name is None:
        raise not_found()
    return 204, None


def _with_links(call: Call, record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in call.words("associations"):
        target = kind_of(name, orders=call.portal.settings.orders_object)
        linked = call.portal.links.of(record.kind, record.id, target)
        rows = [{"id": other, "type": link.name} for other, links in linked.items() for link in links]
        if rows:
            part: dict[str, Any] = {"results": rows[:_SHOWN_LINKS]}
            if len(rows) > _SHOWN_LINKS:
                part["paging"] = paging(rows[_SHOWN_LINKS - 1]["id"])
            # the vendor writes the type's display name here: "line items" with a space
            found[target.replace("_", " ")] = part
    return {"associations": found} if found else {}
