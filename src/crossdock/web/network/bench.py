"""The bench of the mapping editor: both schemas, the rules with what they give for a real record, what is wrong."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.errors import CrossdockError
from crossdock.flow.map.catalogue import TRANSFORMS
from crossdock.flow.map.differ import Difference, differences
from crossdock.flow.map.failures import MappingInvalid
from crossdock.flow.map.problems import Problem
from crossdock.flow.map.rules import places_of
from crossdock.flow.mapping import record_named
from crossdock.flow.mapping.words import Chosen
from crossdock.flow.schema import shown as schema_shown
from crossdock.flow.schema.words import ITEM
from crossdock.kit.ids import Prefix, show
from crossdock.model.mapping import Mapping as FieldMapping
from crossdock.model.mapping import ObjectMapping, Rule
from crossdock.model.schema import Object, Schema
from crossdock.store.queries import load
from crossdock.web.desk import Desk
from crossdock.web.network.drafting import (
    KINDS,
    MISSING,
    OWNERS,
    Objects,
    Place,
    chips,
    fields_of,
    packed,
    rule_at,
    source_of,
)

SQL = load(Path(__file__).with_name("network.sql"))
_LISTED = 70
"""Fields of a schema that are shown at once; the others are found by name."""
_SAMPLES = 12


class State(msgspec.Struct):
    """How far an editing is: all that the form carries."""

    objects: Objects
    base: int
    open: Place | None = None
    fields: dict[str, Any] | None = None
    """The open rule as its fields."""
    picked: str = ""
    """A source field that was picked and has no destination yet."""
    at: str = ""
    """The object whose fields stand on the right."""
    record: str = ""
    people: bool = False
    find_from: str = ""
    find_to: str = ""
    note: str = ""


async def bench(desk: Desk, chosen: Chosen, state: State) -> dict[str, Any]:
    """Return what the editor shows."""
    if state.open is not None and state.fields is None:
        state.fields = fields_of(rule_at(state.objects, state.open), state.open)
    mapping = FieldMapping(chosen.route.stream, chosen.route.action, state.objects)
    acting = await desk.hub.mappings.desk.mapping(chosen, chosen.route.mapping_version)
    told, written, trouble = await _schemas(desk, chosen, state)
    found, untold = await _problems(desk, chosen, mapping)
    samples = await _samples(desk, chosen)
    record = await _record(desk, chosen, state, samples)
    given = await _given(desk, chosen, mapping, record, people=state.people)
    names = _objects_of(chosen, state.objects)
    state.at = state.at if state.at in names else _main(chosen, names)
    changes = differences(acting, mapping)
    rows = _rows(state, given["mapped"], found, {(one.object, one.target) for one in changes})
    return {
        "chosen": chosen,
        "state": state,
        "draft": packed(state.objects),
        "part": next((row for row in rows if row["object"] == state.at), None),
        "source": _source(told, state),
        "destination": _destination(written, state),
        "objects": [_tab(name, rows, state) for name in names],
        "problems": found,
        "changes": [_told(one) for one in changes],
        "destination_id": show(Prefix.CONNECTION, chosen.destination.id),
        "record": record,
        "given": given,
        "samples": samples,
        "trouble": trouble or untold,
        "transforms": TRANSFORMS,
        "kinds": KINDS,
        "missing": MISSING,
        "owners": OWNERS,
        "acting": chosen.route.mapping_version,
    }


async def _schemas(
    desk: Desk, chosen: Chosen, state: State
) -> tuple[dict[str, Any] | None, dict[str, Object], CrossdockError | None]:
    """Return the source's object as it is shown, the destination's by name, and why one of them is not told."""
    schemas = desk.hub.mappings.schemas
    told: dict[str, Any] | None = None
    try:
        source = (await schemas.of(chosen.source.id)).schema.read_as(chosen.route.stream)
        if source is not None:
            told = schema_shown(Schema(source=(source,)), people=state.people)["source"][0]
        theirs = (await schemas.of(chosen.destination.id)).schema.destination
    except CrossdockError as trouble:
        return told, {}, trouble
    return told, {one.name: one for one in theirs}, None


async def _problems(desk: Desk, chosen: Chosen, mapping: FieldMapping) -> tuple[list[Problem], CrossdockError | None]:
    try:
        return await desk.hub.mappings.desk.problems(chosen, mapping, anew=False), None
    except CrossdockError as told:
        return [], told


async def _samples(desk: Desk, chosen: Chosen) -> list[Any]:
    route = chosen.route
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        found: list[Any] = await conn.fetch(SQL["samples"], desk.tenant_id, route.source_id, route.stream, _SAMPLES)
    return found


async def _record(desk: Desk, chosen: Chosen, state: State, samples: Sequence[Any]) -> str:
    """Return the store's id of the record to look at: by its number as people know it, its id, or the newest."""
    if not state.record:
        return samples[0]["external_id"] if samples else ""
    named = (desk.tenant_id, chosen.route.source_id, chosen.route.stream, state.record.lstrip("#"))
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        return str(await conn.fetchval(SQL["by_code"], *named) or state.record)


async def _given(desk: Desk, chosen: Chosen, mapping: FieldMapping, record: str, *, people: bool) -> dict[str, Any]:
    """Return what the draft makes of a record; empty with the reason where it makes nothing."""
    nothing: dict[str, Any] = {"mapped": {}, "field": "", "reason": ""}
    if not record:
        return nothing
    named: uuid.UUID | str = record_named(record)
    try:
        return await desk.hub.mappings.trials.mapped(chosen, mapping, named, people=people)
    except MappingInvalid:
        return {**nothing, "reason": "a rule is not right yet"}
    except CrossdockError as told:
        return {**nothing, "field": told.field or "", "reason": told.problem}


def _main(chosen: Chosen, names: list[str]) -> str:
    """Return the object that is shown first: what the connection writes an entity as, else the first."""
    wanted = str(chosen.destination.config.get(f"{chosen.route.stream}_object") or f"{chosen.route.action}s")
    return wanted if wanted in names else next(iter(names), "")


def _tab(name: str, rows: list[dict[str, Any]], state: State) -> dict[str, Any]:
    rules: list[dict[str, Any]] = next((row["rules"] for row in rows if row["object"] == name), [])
    return {
        "name": name,
        "count": len(rules),
        "changed": sum(rule["changed"] for rule in rules),
        "wrong": any(rule["wrong"] and rule["wrong"].weight == "error" for rule in rules),
        "here": name == state.at,
    }


def _told(one: Difference) -> dict[str, str]:
    """Return a difference as two lines of text."""
    place = f"{one.object}.{one.target}" if one.target else one.object
    return {"place": place, "before": _line(one.before), "after": _line(one.after)}


def _line(rule: Mapping[str, Any] | None) -> str:
    told = [
        f"{name}: {value if isinstance(value, str) else orjson.dumps(value).decode()}"
        for name, value in (rule or {}).items()
        if name != "target"
    ]
    return ", ".join(told)


def _objects_of(chosen: Chosen, objects: Objects) -> list[str]:
    facts = chosen.connector.manifest.action(chosen.route.action)
    return list(dict.fromkeys([*(part.object for part in objects), *facts.objects]))


def _rows(
    state: State,
    mapped: Mapping[str, list[dict[str, Any]]],
    problems: list[Problem],
    changed: set[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Return the rules by object, each with what it gives."""
    wrong: dict[tuple[str, str], Problem] = {}
    for one in problems:
        wrong.setdefault((one.object, one.target), one)
    return [
        {
            "object": part.object,
            "each": part.each,
            "count": len(mapped.get(part.object, [])),
            "wrong": wrong.get((part.object, "")),
            "rules": [_row(part, rule, state, mapped.get(part.object, []), wrong, changed) for rule in part.rules],
        }
        for part in state.objects
    ]


def _row(
    part: ObjectMapping,
    rule: Rule,
    state: State,
    made: list[dict[str, Any]],
    wrong: Mapping[tuple[str, str], Problem],
    changed: set[tuple[str, str]],
) -> dict[str, Any]:
    values = [one[rule.target] for one in made if one.get(rule.target) is not None]
    return {
        "place": f"{part.object}.{rule.target}",
        "target": rule.target,
        "source": source_of(rule),
        "constant": rule.constant is not None,
        "chips": chips(rule),
        "value": values[0] if values else None,
        "more": len(values) - 1 if len(values) > 1 else 0,
        "wrong": wrong.get((part.object, rule.target)),
        "changed": (part.object, rule.target) in changed,
        "open": state.open == Place(part.object, rule.target),
    }


def _reads(part: ObjectMapping, rule: Rule) -> set[str]:
    """Return the source fields that a rule reads by name."""
    paths = [rule.path] if rule.path else places_of(rule.template) if rule.template else []
    before = f"{part.each}{ITEM}" if part.each else ""
    found = {path[2:] if path.startswith("$.") else before + path for path in paths}
    return found | ({rule.expression} if rule.expression else set())


def _source(told: dict[str, Any] | None, state: State) -> dict[str, Any]:
    """Return the source's fields: those in use first, then by how often they are filled."""
    used = {path for part in state.objects for rule in part.rules for path in _reads(part, rule)}
    here = {
        path
        for part in state.objects
        for rule in part.rules
        if state.open == Place(part.object, rule.target)
        for path in _reads(part, rule)
    }
    fields = [one for one in (told or {"fields": []})["fields"] if one["type"] != "group"]
    text = state.find_from.lower()
    found = [one for one in fields if text in one["name"].lower()]
    found.sort(key=lambda one: (one["name"] not in here, one["name"] not in used, not one["seen"]))
    return {
        "looked_at": told["looked_at"] if told else 0,
        "fields": [
            {**one, "used": one["name"] in used, "here": one["name"] in here or one["name"] == state.picked}
            for one in found[:_LISTED]
        ],
        "more": max(0, len(found) - _LISTED),
        "every": len(fields),
    }


def _destination(written: Mapping[str, Object], state: State) -> dict[str, Any]:
    """Return the fields of the object on the right: those in use first."""
    part = next((one for one in state.objects if one.object == state.at), None)
    used = {rule.target for rule in part.rules} if part else set()
    known = written.get(state.at)
    fields = list(known.fields) if known else []
    text = state.find_to.lower()
    found = [one for one in fields if text in one.name.lower() or text in one.label.lower()]
    found.sort(key=lambda one: (one.name not in used, one.read_only, not one.custom))
    return {
        "label": (known.label if known else "") or state.at,
        "fields": [
            {
                "name": one.name,
                "label": one.label,
                "type": f"one of {len(one.options)}" if one.options else str(one.type),
                "options": ", ".join(option.value for option in one.options[:4]),
                "read_only": one.read_only,
                "required": one.required,
                "used": one.name in used,
                "here": state.open == Place(state.at, one.name),
            }
            for one in found[:_LISTED]
        ],
        "names": [one.name for one in fields if not one.read_only][:400],
        "more": max(0, len(found) - _LISTED),
        "every": len(fields),
    }
