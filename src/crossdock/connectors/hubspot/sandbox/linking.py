"""Doors to associations: default ones, with types, labels; single and in batches."""

from __future__ import annotations

from typing import Any

from crossdock.connectors.hubspot.sandbox.calls import Answer, Call, batch_answer, paging
from crossdock.connectors.hubspot.sandbox.catalogue import TYPE_IDS
from crossdock.connectors.hubspot.sandbox.links import LinkType
from crossdock.connectors.hubspot.sandbox.refusals import Refused, invalid, not_found

_PAGE = 500


def put_default(call: Call) -> Answer:
    """PUT /{from}/{fromId}/associations/default/{to}/{toId}."""
    source, target, one, other = _pair(call)
    link = call.portal.links.default_of(source, target)
    call.portal.links.put(link, one, other)
    return 200, batch_answer(call, _both(call, link, one, other))


def put(call: Call) -> Answer:
    """PUT /{from}/{fromId}/associations/{to}/{toId} with a list of types."""
    source, target, one, other = _pair(call)
    links = _types(call, source, target, call.json())
    for link in links:
        call.portal.links.put(link, one, other)
    return 201, _labels_between(links, one, other)


def delete(call: Call) -> Answer:
    """DELETE /{from}/{fromId}/associations/{to}/{toId}: every type; 204 also when there was none."""
    call.portal.links.take(call.kind("from"), call.params["fromId"], call.kind("to"), call.params["toId"])
    return 204, None


def listed(call: Call) -> Answer:
    """GET /{from}/{fromId}/associations/{to}."""
    source, target = call.kind("from"), call.kind("to")
    record = call.portal.find(source, call.params["fromId"])
    if record is None:
        raise not_found()
    limit, after = call.page(_PAGE, _PAGE)
    rows, following = _ends(call, (source, record.id, target), after, limit)
    body: dict[str, Any] = {"results": rows}
    if following:
        body["paging"] = paging(following)
    return 200, body


def batch_default(call: Call) -> Answer:
    """POST /{from}/{to}/batch/associate/default: 200, or 207 naming the pairs that failed."""
    source, target = call.kind("from"), call.kind("to")
    link = call.portal.links.default_of(source, target)
    inputs = call.inputs(call.portal.settings.association_inputs)
    results: list[Any] = []
    pairs, errors = _pairs(call, source, target, inputs)
    for one, other, _ in pairs:
        call.portal.links.put(link, one, other)
        results += _both(call, link, one, other)
    return (207 if errors else 200), batch_answer(call, results, errors)


def batch_create(call: Call) -> Answer:
    """POST /{from}/{to}/batch/create: inputs with types. 201, or 207 naming the pairs that failed."""
    source, target = call.kind("from"), call.kind("to")
    inputs = call.inputs(call.portal.settings.association_inputs)
    links = [_types(call, source, target, row.get("types")) for row in inputs]
    results: list[Any] = []
    pairs, errors = _pairs(call, source, target, inputs)
    for one, other, place in pairs:
        for link in links[place]:
            call.portal.links.put(link, one, other)
        results.append(_labels_between(links[place], one, other))
    return (207 if errors else 201), batch_answer(call, results, errors)


def batch_read(call: Call) -> Answer:
    """POST /{from}/{to}/batch/read: 200, or 207: a record without any is an error of the answer (vendor)."""
    source, target = call.kind("from"), call.kind("to")
    results: list[Any] = []
    errors: list[Any] = []
    for row in call.inputs(call.portal.settings.association_reads):
        one = str(row.get("id") or "")
        after = row.get("after")
        rows, following = _ends(call, (source, one, target), None if after is None else str(after), _PAGE)
        if not rows:
            errors.append(
                not_found(
                    f"No {target} is associated with {source} {one}.",
                    sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
                    context={"fromObjectId": [one], "fromObjectType": [source], "toObjectType": [target]},
                ).row()
            )
            continue
        result: dict[str, Any] = {"from": {"id": one}, "to": rows}
        if following:
            result["paging"] = paging(following)
        results.append(result)
    return (207 if errors else 200), batch_answer(call, results, errors)


def batch_archive(call: Call) -> Answer:
    """POST /{from}/{to}/batch/archive: all types of each pair; 204."""
    source, target = call.kind("from"), call.kind("to")
    pairs = []
    for row in call.inputs(call.portal.settings.association_inputs):
        ends = row.get("to")
        if not isinstance(ends, list):
            raise invalid("Invalid input JSON: to is required and must be a list")
        pairs += [(_end(row, "from"), _end({"to": end}, "to")) for end in ends]
    for one, other in pairs:
        call.portal.links.take(source, one, target, other)
    return 204, None


def batch_archive_labels(call: Call) -> Answer:
    """POST /{from}/{to}/batch/labels/archive: the named types of each pair; 204."""
    source, target = call.kind("from"), call.kind("to")
    inputs = call.inputs(call.portal.settings.association_inputs)
    pairs = [
        (_end(row, "from"), _end(row, "to"), link)
        for row in inputs
        for link in _types(call, source, target, row.get("types"))
    ]
    for one, other, link in pairs:
        call.portal.links.take(source, one, target, other, link)
    return 204, None


def labels(call: Call) -> Answer:
    """GET /{from}/{to}/labels: the types between two object types."""
    source, target = call.kind("from"), call.kind("to")
    found = call.portal.links.between(source, target)
    return 200, {"results": [_written(link) for link in found]}


def types(call: Call) -> Answer:
    """GET /crm/v3/associations/{from}/{to}/types, the older list."""
    found = call.portal.links.between(call.kind("from"), call.kind("to"))
    return 200, {"results": [{"id": str(link.id), "name": link.name} for link in found]}


def create_label(call: Call) -> Answer:
    """POST /{from}/{to}/labels ``{label, name, inverseLabel?}``: both directions of a new type."""
    body = call.body()
    for member in ("label", "name"):
        if not isinstance(body.get(member), str) or not body[member]:
            raise invalid(f"Invalid input JSON: {member} is required and must be a non-empty string")
    pair = (body["label"], str(body.get("inverseLabel") or body["label"]))
    made = call.portal.links.label(call.kind("from"), call.kind("to"), body["name"], pair)
    return 200, {"results": [_written(link) for link in made]}


def _pair(call: Call) -> tuple[str, str, str, str]:
    source, target = call.kind("from"), call.kind("to")
    row = {"from": {"id": call.params["fromId"]}, "to": {"id": call.params["toId"]}}
    return source, target, *_ids(call, source, target, row)


def _pairs(
    call: Call, source: str, target: str, inputs: list[dict[str, Any]]
) -> tuple[list[tuple[str, str, int]], list[Any]]:
    """Return the inputs' pairs of ids with their places, and an error for each whose record is not there."""
    pairs: list[tuple[str, str, int]] = []
    errors: list[Any] = []
    for place, row in enumerate(inputs):
        try:
            pairs.append((*_ids(call, source, target, row), place))
        except Refused as refused:
            if refused.status != 404:
                raise
            errors.append(refused.row())
    return pairs, errors


def _ids(call: Call, source: str, target: str, row: dict[str, Any]) -> tuple[str, str]:
    found = []
    for kind, end in ((source, "from"), (target, "to")):
        key = _end(row, end)
        record = call.portal.find(kind, key)
        if record is None:
            context = {"fromObjectId": [_end(row, "from")], "toObjectId": [_end(row, "to")]}
            raise not_found(
                f"{kind} {key} does not exist", sub_category="crm.associations.INVALID_OBJECT_IDS", context=context
            )
        found.append(record.id)
    return found[0], found[1]


def _end(row: dict[str, Any], end: str) -> str:
    value = row.get(end)
    key = value.get("id") if isinstance(value, dict) else None
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise invalid(f"Invalid input JSON: {end}.id is required")
    return str(key)


def _types(call: Call, source: str, target: str, specs: Any) -> list[LinkType]:
    if not isinstance(specs, list) or not specs:
        raise invalid("Invalid input JSON: association types are required as a list")
    return [call.portal.links.given(source, target, spec) for spec in specs]


def _both(call: Call, link: LinkType, one: str, other: str) -> list[dict[str, Any]]:
    back = call.portal.links.types[link.inverse]
    return [
        {
            "from": {"id": start},
            "to": {"id": end},
            "associationSpec": {"associationCategory": way.category, "associationTypeId": way.id},
        }
        for way, start, end in ((link, one, other), (back, other, one))
    ]


def _labels_between(links: list[LinkType], one: str, other: str) -> dict[str, Any]:
    return {
        "fromObjectTypeId": TYPE_IDS[links[0].source],
        "fromObjectId": one,
        "toObjectTypeId": TYPE_IDS[links[0].target],
        "toObjectId": other,
        "labels": [link.label for link in links if link.label is not None],
    }


def _ends(
    call: Call, link: tuple[str, str, str], after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    found = list(call.portal.links.of(*link).items())
    if after is not None:
        keys = [key for key, _ in found]
        found = found[keys.index(after) + 1 :] if after in keys else []
    rows = [{"toObjectId": key, "associationTypes": [_written(each) for each in links]} for key, links in found[:limit]]
    return rows, found[limit - 1][0] if len(found) > limit else None


def _written(link: LinkType) -> dict[str, Any]:
    return {"category": link.category, "typeId": link.id, "label": link.label}
