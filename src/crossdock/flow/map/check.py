"""A mapping against the schemas of both sides: everything that can be known before the first record. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

import msgspec

from crossdock.flow.map.engine import compile_mapping
from crossdock.flow.map.failures import MappingInvalid
from crossdock.flow.map.problems import Problem, Weight, of_compiling
from crossdock.flow.map.values import Gives, Reads, gives
from crossdock.model.mapping import Mapping, ObjectMapping, Rule
from crossdock.model.schema import Field, FieldType, Object, Schema
from crossdock.model.sensitivity import Sensitivity, covers

_NUMBER = frozenset("0123456789.-+")


def check(
    mapping: Mapping,
    source: Object | None,
    written: Schema,
    *,
    cleared: Sensitivity,
    objects: Collection[str] = (),
    usual: Mapping | None = None,
) -> list[Problem]:
    """Return what is wrong, errors first.

    ``source``: what the entity holds (None: nothing is known). ``written``: the destination's schema; one without
    objects is not known and not compared. ``cleared``: the most private kind of data the destination may hold.
    ``objects``: what the action writes; empty: whatever the destination has. ``usual``: the connector's own mapping,
    whose fields the connector makes where they are needed.
    """
    try:
        compile_mapping(mapping)
    except MappingInvalid as invalid:
        return [of_compiling(told) for told in invalid.problems]
    own = {(part.object, rule.target) for part in (usual.objects if usual else ()) for rule in part.rules}
    found = [
        msgspec.structs.replace(one, weight=Weight.WARNING)
        if one.rule == "unknown-field" and (one.object, one.target) in own
        else one
        for part in mapping.objects
        for one in _object(part, source, written, cleared, objects)
    ]
    return sorted(found, key=lambda one: one.weight is not Weight.ERROR)


def _object(
    part: ObjectMapping, source: Object | None, written: Schema, cleared: Sensitivity, objects: Collection[str]
) -> Iterator[Problem]:
    name = part.object
    target = written.written_as(name)
    if objects and name not in objects:
        yield Problem(name, "", "unknown-object", "the action does not write it", f"one of {', '.join(objects)}")
        return
    if target is None and written.destination:
        known = ", ".join(one.name for one in written.destination)
        # another account, or other permissions, may have it: what the connector itself writes is not refused
        weight = Weight.WARNING if objects else Weight.ERROR
        yield Problem(name, "", "unknown-object", "the account has no such object", f"it has {known}", weight)
    reads = Reads(source, part.each)
    for rule in part.rules:
        given = gives(rule, reads)
        yield from _read(name, rule, given, cleared)
        if target is not None:
            yield from _written(name, rule, given, target)
    if target is not None:
        yield from _required(name, part, target)


def _read(name: str, rule: Rule, given: Gives, cleared: Sensitivity) -> Iterator[Problem]:
    if given.clash:
        yield Problem(name, rule.target, "type-clash", given.clash)
    for path in given.unseen:
        told = f"no record that was looked at holds {path}"
        yield Problem(name, rule.target, "not-seen", told, "look at the schema of the source", Weight.WARNING)
    if not covers(cleared, given.sensitivity):
        told = f"it carries data of the kind {given.sensitivity}, and the destination is cleared for {cleared}"
        remedy = f"leave the rule out, or clear the connection: cleared_for={given.sensitivity}"
        yield Problem(name, rule.target, "sensitive-field", told, remedy)


def _written(name: str, rule: Rule, given: Gives, target: Object) -> Iterator[Problem]:
    field = target.field(rule.target)
    if field is None:
        near = difflib.get_close_matches(rule.target, [one.name for one in target.fields], 1)
        remedy = f"did you mean {near[0]}?" if near else "make the field there first, or look at the schema"
        yield Problem(name, rule.target, "unknown-field", f"{name} has no such field", remedy)
        return
    if field.read_only:
        yield Problem(name, rule.target, "read-only", "the vendor computes it", "choose another field")
    if not given.clash:
        yield from _typed(name, rule, given, field)


def _typed(name: str, rule: Rule, given: Gives, field: Field) -> Iterator[Problem]:
    if field.type is FieldType.ENUMERATION:
        yield from _chosen(name, rule, given, field)
        return
    remedy = _CLASHES[field.type](given) if field.type in _CLASHES else ""
    if remedy:
        told = f"the rule gives {given.type}, the field takes {field.type}"
        yield Problem(name, rule.target, "type-clash", told, remedy)


def _chosen(name: str, rule: Rule, given: Gives, field: Field) -> Iterator[Problem]:
    if not field.options:
        return
    options = {option.value for option in field.options}
    shown = ", ".join(sorted(options)[:12])
    if given.values is None:
        told = "whatever is none of its options is refused by the vendor"
        yield Problem(name, rule.target, "enumeration-open", told, f"use a lookup onto: {shown}", Weight.WARNING)
        return
    chosen = {one for value in given.values for one in (value.split(";") if field.multiple else (value,))}
    wrong = sorted(chosen - options - {""})
    if wrong:
        told = f"{', '.join(wrong[:5])}: none of its options"
        yield Problem(name, rule.target, "enumeration-value", told, f"one of {shown}")


def _required(name: str, part: ObjectMapping, target: Object) -> Iterator[Problem]:
    mapped = {rule.target: rule for rule in part.rules}
    told = f"{name} cannot be made without it"
    for field in target.fields:
        if not field.required:
            continue
        if field.name not in mapped:
            yield Problem(name, field.name, "required-missing", told, "add a rule, a constant at the least")
        elif mapped[field.name].when is not None:
            remedy = "let a value depend on it (an expression), not the field"
            told_when = f"{told}, and its rule has a condition"
            yield Problem(name, field.name, "required-missing", told_when, remedy, Weight.WARNING)


def _for_text(given: Gives) -> str:
    return "join it with concat" if given.type in (FieldType.LIST, FieldType.GROUP) else ""


def _for_number(given: Gives) -> str:
    if given.type in (FieldType.NUMBER, FieldType.ANY):
        return ""
    if given.values is not None and all(value and set(value) <= _NUMBER for value in given.values):
        return ""
    return "add the transform number or money"


def _for_boolean(given: Gives) -> str:
    if given.type in (FieldType.BOOLEAN, FieldType.ANY):
        return ""
    if given.values is not None and given.values <= {"true", "false"}:
        return ""
    return "add the transform boolean"


def _for_time(given: Gives) -> str:
    return "" if given.type in (FieldType.DATE, FieldType.TIME, FieldType.ANY) else "add the transform date"


_CLASHES = {
    FieldType.TEXT: _for_text,
    FieldType.NUMBER: _for_number,
    FieldType.BOOLEAN: _for_boolean,
    FieldType.DATE: _for_time,
    FieldType.TIME: _for_time,
}
"""Field type -> what would make a rule fit; empty when it does."""
