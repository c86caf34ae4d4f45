"""What a rule can give, told without an entity: its type, the values it is bound to, and how private they are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from crossdock.flow.map.rules import MAX_PARTS, places_of
from crossdock.flow.map.transforms import TABLE, Unfit, text
from crossdock.flow.schema.words import ITEM, word_fields
from crossdock.kit.expression import parsed
from crossdock.model.mapping import Mapping, Rule, WhenMissing
from crossdock.model.schema import Field, FieldType, Object
from crossdock.model.sensitivity import Sensitivity, guess, worst

_TEXTS = frozenset(
    {"trim", "squeeze", "lower", "upper", "title", "strip_html", "phone", "truncate", "hash", "concat", "country"}
)
_LISTS = frozenset({"concat", "first", "last", "default"})
"""Transforms that take a list or a group."""


class Gives(msgspec.Struct):
    """What a rule gives."""

    type: FieldType
    values: frozenset[str] | None = None
    """All values it can give; None: any."""
    sensitivity: Sensitivity = Sensitivity.NONE
    unseen: tuple[str, ...] = ()
    """Names it reads that no record holds and no word has."""
    clash: str = ""
    """Why its own transforms do not fit together."""


class Reads:
    """The source of one object's rules: the whole entity, or items of its list ``each``."""

    def __init__(self, source: Object | None, each: str | None) -> None:
        self._source = source
        self._each = f"{each}{ITEM}" if each else ""
        self._fields = {field.name: field for field in source.fields} if source else {}

    def find(self, path: str) -> Field | None:
        """Return the field a path names, None when nothing is known of it."""
        if path.startswith("$."):
            return self._fields.get(path[2:])
        name = self._each + path
        return self._fields.get(name) or self._fields.get(_itemised(name))

    def under(self, path: str) -> list[Field]:
        """Return a path's field, or all below it."""
        name = path[2:] if path.startswith("$.") else self._each + path
        return [f for f in self._fields.values() if f.name == name or f.name.startswith((f"{name}.", f"{name}{ITEM}"))]

    def sensitivity(self, path: str) -> Sensitivity:
        """Return how private what a path reads is; what nobody has seen yet counts as personal."""
        found = self.under(path)
        if found:
            return worst(*(field.sensitivity for field in found))
        known = self.find(path)
        return known.sensitivity if known is not None else guess(path, least=Sensitivity.PII)

    @property
    def fields(self) -> list[Field]:
        """Return what an expression can read."""
        return [field for field in self._fields.values() if field.name.startswith(self._each)]

    @property
    def known(self) -> bool:
        """Whether records were looked at, so that what was not seen is worth a word."""
        return self._source is not None and self._source.looked_at > 0


def _itemised(path: str) -> str:
    """Write ``lines.0.sku`` as ``lines[].sku``."""
    parts = path.split(".")
    for at, part in enumerate(parts[1:], start=1):
        if part.isdigit():
            return ".".join(parts[:at]) + ITEM + ".".join(parts[at + 1 :])
    return path


def gives(rule: Rule, reads: Reads) -> Gives:
    """Return what a rule that compiles gives."""
    found = _source(rule, reads)
    for entry in rule.transforms:
        name, argument = (entry, None) if isinstance(entry, str) else next(iter(entry.items()))
        if found.type in (FieldType.LIST, FieldType.GROUP) and name not in _LISTS:
            found.clash = f"{name} cannot use a {found.type}; join it with concat, or take its first"
        _step(found, name, argument)
    if rule.when_missing is WhenMissing.DEFAULT and rule.default is not None and found.values is not None:
        found.values |= {rule.default}
    if rule.when is not None:
        # that a field is written tells what its condition saw
        found.sensitivity = worst(found.sensitivity, expression_sensitivity(rule.when, reads))
    return found


def private_targets(mapping: Mapping) -> frozenset[tuple[str, str]]:
    """Return the (object, field) that carry data about people, as far as the hub's words and names tell."""
    source = Object(name=mapping.entity, fields=word_fields(mapping.entity))
    return frozenset(
        (part.object, rule.target)
        for part in mapping.objects
        for rule in part.rules
        if gives(rule, Reads(source, part.each)).sensitivity is not Sensitivity.NONE
    )


def _source(rule: Rule, reads: Reads) -> Gives:
    if rule.constant is not None:
        return Gives(FieldType.TEXT, frozenset({rule.constant}))
    if rule.template is not None:
        paths = places_of(rule.template)
        private = worst(*(reads.sensitivity(path) for path in paths))
        return Gives(FieldType.TEXT, None, private, _unseen(paths, reads))
    if rule.expression is not None:
        return Gives(FieldType.ANY, None, expression_sensitivity(rule.expression, reads))
    path = rule.path or ""
    field = reads.find(path)
    options = frozenset(option.value for option in field.options) if field and field.options else None
    kind = field.type if field else FieldType.ANY
    return Gives(kind, options, reads.sensitivity(path), _unseen([path], reads))


def _worst(fields: Sequence[Field]) -> Sensitivity:
    return worst(*(field.sensitivity for field in fields))


def _unseen(paths: Sequence[str], reads: Reads) -> tuple[str, ...]:
    return tuple(path for path in paths if reads.known and not reads.under(path) and reads.find(path) is None)


def _step(found: Gives, name: str, argument: Any) -> None:
    """Take a transform."""
    if name == "default":
        found.values = None if found.values is None else found.values | {str(argument)}
        return
    if name == "lookup":
        found.type, found.values = FieldType.TEXT, _looked_up(argument)
        return
    if name == "boolean":
        found.type, found.values = _boolean(argument)
        return
    if found.values is not None:
        found.values = _through(found.values, name, argument)
    found.type = _type_after(found.type, name, argument)


def _looked_up(argument: Any) -> frozenset[str]:
    table, otherwise = argument, None
    if isinstance(argument.get("table"), dict):
        table, otherwise = argument["table"], argument.get("else")
    return frozenset(text(value) for value in (*table.values(), otherwise) if value is not None)


def _boolean(argument: Any) -> tuple[FieldType, frozenset[str]]:
    given = argument or {}
    words = frozenset({str(given.get("true", "true")), str(given.get("false", "false"))})
    return (FieldType.BOOLEAN if words <= {"true", "false"} else FieldType.TEXT), words


def _through(values: frozenset[str], name: str, argument: Any) -> frozenset[str] | None:
    """Return what a transform makes of values that are known; None where it is not for one of them."""
    transform = TABLE[name](argument)
    try:
        return frozenset(text(made) for value in values if (made := transform(value)) is not None)
    except Unfit:
        return None


def _type_after(kind: FieldType, name: str, argument: Any) -> FieldType:
    if name in _TEXTS:
        return FieldType.TEXT
    if name in ("number", "money"):
        return FieldType.NUMBER
    if name == "date":
        style = argument.get("format", "iso") if isinstance(argument, dict) else argument or "iso"
        return FieldType.DATE if style == "date" else FieldType.TIME
    if name == "split":
        return FieldType.TEXT if isinstance(argument, dict) and argument.get("take") is not None else FieldType.LIST
    return FieldType.ANY if kind in (FieldType.LIST, FieldType.GROUP) else kind


def expression_sensitivity(expression: str, reads: Reads) -> Sensitivity:
    """Return how private what an expression can read is, by the names in it: rather too private than too little."""
    parts = parsed(expression, MAX_PARTS)[1]
    if parts[0]["type"] in ("current", "identity") or _whole(parts):
        return _worst(reads.fields)
    names = {str(part["value"]) for part in parts if part["type"] in ("field", "literal") and "value" in part}
    found = [field for field in reads.fields if _last(field) in names or field.label in names]
    for field in list(found):
        if field.type in (FieldType.LIST, FieldType.GROUP):
            below = [one for one in reads.fields if one.name.startswith((f"{field.name}.", f"{field.name}{ITEM}"))]
            if not any(_last(one) in names for one in below):
                found += below
    least = Sensitivity.PII if "meta" in names else Sensitivity.NONE
    return worst(least, _worst(found))


def _last(field: Field) -> str:
    return field.name.replace(ITEM, ".").rpartition(".")[2]


def _whole(parts: list[dict[str, Any]]) -> bool:
    """Whether a function is given the whole entity."""
    return any(
        part["type"] == "function_expression"
        and any(child.get("type") == "current" for child in part["children"] if isinstance(child, dict))
        for part in parts
    )
