"""Doors to batches of records: create, read, update, upsert, archive.

When every input carries its own ``objectWriteTraceId`` the answer is multi-status: good rows take effect, bad ones are
listed in ``errors``. Otherwise one bad row refuses the whole batch and nothing takes effect (vendor).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crossdock.connectors.hubspot.sandbox.calls import Answer, Call, batch_answer, shown
from crossdock.connectors.hubspot.sandbox.drafts import Draft, Drafting, key_text, properties_of
from crossdock.connectors.hubspot.sandbox.objects import unique_name
from crossdock.connectors.hubspot.sandbox.portal import Record
from crossdock.connectors.hubspot.sandbox.refusals import Refused, invalid, not_found

Inputs = list[dict[str, Any]]


def create(call: Call) -> Answer:
    """POST /{type}/batch/create: 201, or 207 with errors."""
    kind = call.kind()
    inputs = call.inputs()
    drafting = Drafting(call.portal, call.version)
    results, errors = _write(call, inputs, drafting, lambda row: drafting.create(kind, row))
    return (207 if errors else 201), batch_answer(call, results, errors)


def update(call: Call) -> Answer:
    """POST /{type}/batch/update: by record id, or by a unique property. 200, or 207 with errors."""
    kind = call.kind()
    inputs = call.inputs()
    drafting = Drafting(call.portal, call.version)
    targets = _targets(call, kind, inputs, required=False)

    def draft(row: dict[str, Any]) -> Draft:
        given = properties_of(row)
        record = targets[id(row)]
        if record is None:
            raise not_found(
                "Could not update some objects, they may be deleted or not exist", context={"ids": [str(row["id"])]}
            )
        return drafting.update(record, given)

    results, errors = _write(call, inputs, drafting, draft)
    return (207 if errors else 200), batch_answer(call, results, errors)


def upsert(call: Call) -> Answer:
    """POST /{type}/batch/upsert: by ``idProperty``; each result tells ``new``.

    Partial failure: 207 before 2026-09, from then on a 200 whose body has ``errors`` (vendor).
    """
    kind = call.kind()
    inputs = call.inputs()
    drafting = Drafting(call.portal, call.version)
    targets = _targets(call, kind, inputs, required=True)

    def draft(row: dict[str, Any]) -> Draft:
        given = dict(properties_of(row))
        name, key = row["idProperty"], str(row["id"])
        record = targets[id(row)]
        if record is None:
            return drafting.new(kind, {name: key} | given)
        if name == "email" and str(given.get("email", "")).lower() == key.lower():
            del given["email"]  # the key found the contact, perhaps by a secondary address: the primary one stays
        return drafting.update(record, given)

    results, errors = _write(call, inputs, drafting, draft, tell_new=True)
    partial = 200 if call.version == "2026-09" else 207
    return (partial if errors else 200), batch_answer(call, results, errors)


def read(call: Call) -> Answer:
    """POST /{type}/batch/read: 200, or 207 naming the ids that are not there."""
    kind = call.kind()
    body = call.body()
    inputs = call.inputs()
    name = unique_name(call.portal, kind, body.get("idProperty"))
    asked, history = _names(body, "properties"), _names(body, "propertiesWithHistory")
    archived = call.flag("archived")
    found: dict[str, Record] = {}
    missing: list[str] = []
    for row in inputs:
        key = key_text(row.get("id"), "id")
        record = call.portal.records[kind].get(key) if archived else call.portal.find(kind, key, name)
        if record is None or (record.archived_ms is not None) is not archived:
            missing.append(key)
        else:
            found[record.id] = record
    results = [shown(call, record, asked, history=history) for record in found.values()]
    if not missing:
        return 200, batch_answer(call, results)
    message = f"Could not get some {kind.upper()} objects, they may be deleted or not exist. Check that ids are valid."
    return 207, batch_answer(call, results, [not_found(message, context={"ids": missing}).row()])


def archive(call: Call) -> Answer:
    """POST /{type}/batch/archive: 204; ids that are not there do not matter."""
    kind = call.kind()
    for key in [key_text(row.get("id"), "id") for row in call.inputs()]:
        record = call.portal.find(kind, key)
        if record is not None:
            call.portal.archive(record)
    return 204, None


def _write(
    call: Call,
    inputs: Inputs,
    drafting: Drafting,
    draft: Callable[[dict[str, Any]], Draft],
    *,
    tell_new: bool = False,
) -> tuple[list[Any], list[Any]]:
    traced = _traced(inputs)
    drafts: list[tuple[Draft, str | None]] = []
    errors: list[Any] = []
    for row in inputs:
        trace = row.get("objectWriteTraceId")
        try:
            drafts.append((draft(row), trace))
        except Refused as refused:
            if not traced:
                raise
            errors.append(refused.row(trace))
    results = []
    for made, trace in drafts:
        new = made.record is None
        result = shown(call, drafting.apply(made))
        if tell_new:
            result["new"] = new
        if trace is not None:
            result["objectWriteTraceId"] = trace
        results.append(result)
    return results, errors


def _traced(inputs: Inputs) -> bool:
    traces = [row.get("objectWriteTraceId") for row in inputs]
    given = [trace for trace in traces if trace is not None]
    if not all(isinstance(trace, str) and trace for trace in given):
        raise invalid("Invalid input JSON: objectWriteTraceId must be a non-empty string")
    if len(set(given)) != len(given):
        raise invalid("Each objectWriteTraceId of a batch must be unique")
    return len(given) == len(traces)


def _targets(call: Call, kind: str, inputs: Inputs, *, required: bool) -> dict[int, Record | None]:
    """Find each row's record. Rows that mean the same record refuse the whole batch, naming it."""
    targets: dict[int, Record | None] = {}
    taken: set[tuple[str, str]] = set()
    twice: list[str] = []
    for row in inputs:
        key = key_text(row.get("id"), "id")
        if required and not row.get("idProperty"):
            raise invalid("Invalid input JSON: idProperty is required for an upsert")
        name = unique_name(call.portal, kind, row.get("idProperty"))
        record = call.portal.find(kind, key, name)
        targets[id(row)] = record
        plain = key.lower() if name == "email" else key
        mark = ("", record.id) if record is not None else (name or "", plain)
        if mark in taken:
            twice.append(key)
        taken.add(mark)
    if twice:
        raise invalid(
            f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique", context={"ids": twice}
        )
    return targets


def _names(body: dict[str, Any], member: str) -> list[str]:
    names = body.get(member) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise invalid(f"Invalid input JSON: {member} must be a list of strings")
    return names
