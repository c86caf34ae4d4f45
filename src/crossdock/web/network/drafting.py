"""A mapping while somebody edits it: it travels with the form as text, one rule of it as fields. Pure.

Nothing is stored until a version is kept; every step sends the whole draft and gets it back, with scripts and without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from crossdock.errors import BadInput
from crossdock.flow.map.differ import written
from crossdock.flow.mapping.words import MAX_DOCUMENT
from crossdock.flow.schema.words import ITEM
from crossdock.model.mapping import Mapping as FieldMapping
from crossdock.model.mapping import ObjectMapping, Rule

Objects = tuple[ObjectMapping, ...]
KINDS = (
    ("path", "a field"),
    ("template", "text with {fields} in it"),
    ("constant", "always the same"),
    ("expression", "an expression (JMESPath)"),
)
MISSING = (
    ("skip", "leave the field alone"),
    ("null", "write empty"),
    ("default", "use a default"),
    ("fail", "fail, with a reason"),
)
OWNERS = (
    ("store", "the shop: it is written over"),
    ("crm", "the people there: only blanks are filled"),
    ("hub", "the mapping itself"),
)
_ELSE = "*"


class Place(msgspec.Struct, frozen=True):
    """Which rule is meant: an object and its field."""

    object: str
    target: str

    @classmethod
    def of(cls, text: str) -> Place | None:
        """Read ``object.field``; None for nothing."""
        name, _, target = text.partition(".")
        return cls(name, target) if name else None

    def __str__(self) -> str:
        return f"{self.object}.{self.target}"


def packed(objects: Sequence[ObjectMapping]) -> str:
    """Return a draft as the form carries it."""
    return orjson.dumps(written(FieldMapping("", "", tuple(objects)))["objects"]).decode()


def unpacked(text: str) -> Objects:
    """Read a draft. Raises ``BadInput``."""
    if len(text) > MAX_DOCUMENT:
        raise BadInput(f"a mapping has at most {MAX_DOCUMENT:,} bytes", field="draft", remedy="split it")
    try:
        return msgspec.json.decode(text.encode(), type=Objects)
    except msgspec.DecodeError as wrong:
        raise BadInput(f"the draft cannot be read: {wrong}", field="draft", remedy="open the mapping anew") from None


def rule_at(objects: Objects, place: Place | None) -> Rule | None:
    """Return the rule of a place; None where there is none."""
    if place is None:
        return None
    rules = (rule for part in objects if part.object == place.object for rule in part.rules)
    return next((rule for rule in rules if rule.target == place.target), None)


def with_rule(objects: Objects, name: str, rule: Rule, was: Place | None = None, *, each: str | None = None) -> Objects:
    """Return a draft with a rule in it, in place of the one it was or of the one for the same field.

    ``each`` is the list that the rules of an object are repeated for, where the draft has none of it yet.
    """
    if was is not None and str(was) != f"{name}.{rule.target}":
        objects = without(objects, was)
    if not any(part.object == name for part in objects):
        return (*objects, ObjectMapping(name, (rule,), each))
    made = []
    for part in objects:
        rules = part.rules
        if part.object == name:
            there = any(one.target == rule.target for one in rules)
            rules = tuple(rule if one.target == rule.target else one for one in rules) if there else (*rules, rule)
        made.append(msgspec.structs.replace(part, rules=rules))
    return tuple(made)


def without(objects: Objects, place: Place) -> Objects:
    """Return a draft without a rule; an object that has none left goes, too."""
    made = [
        msgspec.structs.replace(part, rules=tuple(rule for rule in part.rules if rule.target != place.target))
        if part.object == place.object
        else part
        for part in objects
    ]
    return tuple(part for part in made if part.rules)


def each_of(objects: Objects, name: str, usual: Objects = ()) -> str | None:
    """Return the list that an object's rules are repeated for."""
    return next((part.each for part in (*objects, *usual) if part.object == name), None)


def reading(path: str, each: str | None) -> dict[str, str]:
    """Return the source that reads a field of the entity: by path, or by expression where it stands in a list."""
    if each and path.startswith(f"{each}{ITEM}"):
        path, each = path[len(each) + len(ITEM) :], None
    if "[]" in path:
        return {"expression": path}
    return {"path": f"$.{path}" if each else path}


# --- one rule as fields -------------------------------------------------------------------------------------------


def fields_of(rule: Rule | None, place: Place | None) -> dict[str, Any]:
    """Return a rule as the fields of a form."""
    rule = rule or Rule("")
    kind = next((name for name, _ in KINDS if getattr(rule, name) is not None), "path")
    return {
        "object": place.object if place else "",
        "target": rule.target or (place.target if place else ""),
        "kind": kind,
        "source": getattr(rule, kind) or "",
        "transforms": [_shown(one) for one in rule.transforms],
        "when_missing": str(rule.when_missing),
        "default": rule.default or "",
        "owner": str(rule.owner),
        "fill_blanks": rule.fill_blanks,
        "when": rule.when or "",
    }


def rule_of(fields: Mapping[str, Any]) -> Rule:
    """Read a rule out of the fields of a form. Raises ``BadInput`` that names the field."""
    told: dict[str, Any] = {
        "target": fields["target"],
        fields["kind"]: fields["source"],
        "transforms": [_read(name, text) for name, text in fields["transforms"] if name],
        "when_missing": fields["when_missing"],
        "owner": fields["owner"],
        "fill_blanks": bool(fields["fill_blanks"]),
        "when": fields["when"] or None,
    }
    if fields["when_missing"] == "default":
        told["default"] = fields["default"]
    if not fields["target"]:
        raise BadInput("the field to write is missing", field="target", remedy="choose one of the destination's")
    try:
        return msgspec.convert(told, Rule)
    except msgspec.ValidationError as wrong:
        raise BadInput(str(wrong), field="source", remedy="look at the rule again") from None


def chips(rule: Rule) -> list[str]:
    """Return a rule's transforms in a few words each, and what it does when nothing is there."""
    said = []
    for one in rule.transforms:
        name, text = _shown(one)
        short = text.splitlines()[0] if text else ""
        more = f" +{len(text.splitlines()) - 1}" if "\n" in text else ""
        said.append(f"{name.replace('_', ' ')}{f' {short[:24]}' if short else ''}{more}")
    if rule.when_missing != "skip":
        said.append(f"missing: {rule.default if rule.when_missing == 'default' else rule.when_missing}")
    if rule.fill_blanks or rule.owner == "crm":
        said.append("only blanks")
    if rule.when is not None:
        said.append(f"when {rule.when[:40]}")
    return said


def source_of(rule: Rule) -> str:
    """Return what a rule reads, as the list shows it."""
    return next((str(value) for name, _ in KINDS if (value := getattr(rule, name)) is not None), "")


def _shown(one: str | dict[str, Any]) -> tuple[str, str]:
    """Return a transform's name, and its argument as people write it."""
    if isinstance(one, str):
        return one, ""
    name, argument = next(iter(one.items()))
    if name == "lookup" and isinstance(argument, dict):
        table = argument.get("table") if set(argument) <= {"table", "else"} else argument
        if isinstance(table, dict):
            lines = [f"{key} = {value}" for key, value in table.items()]
            if table is not argument and "else" in argument:
                lines.append(f"{_ELSE} = {argument['else']}")
            return name, "\n".join(lines)
    return name, argument if isinstance(argument, str) else orjson.dumps(argument).decode()


def _read(name: str, text: str) -> str | dict[str, Any]:
    text = text.strip("\r\n") if name in ("concat", "split") else text.strip()
    if name == "lookup":
        return {name: _table(text)}
    if not text:
        return name
    if text[:1] in "{[" or text.isdigit():
        try:
            return {name: orjson.loads(text)}
        except orjson.JSONDecodeError:
            problem = f"the argument of {name} is no JSON"
            raise BadInput(problem, field="transforms", remedy='write it as {"places": 2}') from None
    return {name: text}


def _table(text: str) -> dict[str, Any]:
    table: dict[str, str] = {}
    other: str | None = None
    for line in text.splitlines():
        if not line.strip():
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            remedy = "write a line for each value, such as completed = won, and * = open for all others"
            raise BadInput(f"a line of the table has no =: {line.strip()[:60]}", field="transforms", remedy=remedy)
        if key == _ELSE:
            other = value
        else:
            table[key] = value
    if other is None:
        return {"table": table} if "table" in table else dict(table)
    return {"table": table, "else": other}
