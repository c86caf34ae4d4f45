"""What recorded entities really hold: values for the fields of a word, and the keys that plugins added. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.flow.schema.words import ITEM, word_fields
from crossdock.model.commerce.marks import Meta
from crossdock.model.schema import Field, FieldType, Object
from crossdock.model.sensitivity import Sensitivity, guess

_KINDS = 3
_LONGEST = 200
_MOST_KEYS = 500
_DEPTH = 4
_PATH = re.compile(r"[A-Za-z0-9_-]+")
_WHOLE = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")


class _Held(msgspec.Struct):
    """What stands under one name."""

    seen: int = 0
    samples: list[Any] = msgspec.field(default_factory=list)
    kinds: set[FieldType] = msgspec.field(default_factory=set)

    def note(self, values: Iterable[Any]) -> None:
        """Take the values of one entity."""
        there = [value for value in values if value not in (None, "", (), [], {})]
        self.seen += bool(there)
        for value in there:
            self.kinds.add(kind_of(value))
            plain = _plain(value)
            if plain is not None and plain not in self.samples and len(self.samples) < _KINDS:
                self.samples.append(plain)

    @property
    def kind(self) -> FieldType:
        """Return the one type that all values had."""
        return next(iter(self.kinds)) if len(self.kinds) == 1 else FieldType.ANY


def described(entity: str, found: Sequence[Any]) -> Object:
    """Return an entity's object: the word's fields with samples of ``found``, and what is there beside them."""
    fields = [_sampled(field, found) for field in word_fields(entity)]
    fields += _metas(found) if fields else _keys(found)
    return Object(name=entity, label=entity.replace("_", " ").capitalize(), fields=tuple(fields), looked_at=len(found))


def _sampled(field: Field, found: Sequence[Any]) -> Field:
    if field.type in (FieldType.GROUP, FieldType.LIST):
        held = sum(bool(list(_at(one, field.name))) for one in found)
        return msgspec.structs.replace(field, seen=held)
    here = _Held()
    for one in found:
        here.note(_at(one, field.name))
    return msgspec.structs.replace(field, seen=here.seen, samples=tuple(here.samples))


def _at(entity: Any, path: str) -> Iterator[Any]:
    """Yield the values of a path; of ``lines[].sku`` one an item."""
    head, item, tail = path.partition(ITEM)
    here = entity
    for name in head.split("."):
        here = getattr(here, name, None)
    if not item:
        if here not in (None, "", ()):
            yield here
        return
    for one in here or ():
        yield from _at(one, tail)


def _metas(found: Sequence[Any]) -> list[Field]:
    """Return the keys of meta, of the entity and of its lines."""
    fields = []
    for before, rows in (("", [_rows(one) for one in found]), (f"lines{ITEM}", [_line_rows(one) for one in found])):
        held: dict[str, _Held] = {}
        for of_one in rows:
            by_key: dict[str, list[Any]] = {}
            for row in of_one:
                by_key.setdefault(row.key, []).append(row.value)
            for key, values in by_key.items():
                if key in held or len(held) < _MOST_KEYS:
                    held.setdefault(key, _Held()).note(values)
        fields += [_meta(before, key, here) for key, here in sorted(held.items())]
    return fields


def _rows(entity: Any) -> Sequence[Meta]:
    return getattr(entity, "meta", ())


def _line_rows(entity: Any) -> list[Meta]:
    return [row for line in getattr(entity, "lines", ()) for row in _rows(line)]


def _meta(before: str, key: str, here: _Held) -> Field:
    spelt = f"meta.{key}" if _PATH.fullmatch(key) else f"meta[?key=='{key}'].value | [-1]"
    told = "" if _PATH.fullmatch(key) else "write it as an expression"
    return Field(
        name=before + spelt,
        label=key,
        description=told,
        type=here.kind,
        custom=True,
        # nobody knows what plugins write, so it counts as personal
        sensitivity=guess(key, least=Sensitivity.PII),
        samples=tuple(here.samples),
        seen=here.seen,
    )


def _keys(found: Sequence[Any]) -> list[Field]:
    """Return the keys of documents that have no word."""
    held: dict[str, _Held] = {}
    for one in found:
        values: dict[str, list[Any]] = {}
        for path, value in _leaves(one, ""):
            values.setdefault(path, []).append(value)
        for path, here in values.items():
            if path in held or len(held) < _MOST_KEYS:
                held.setdefault(path, _Held()).note(here)
    return [
        Field(
            name=path,
            type=here.kind,
            custom=True,
            sensitivity=guess(path, least=Sensitivity.PII),
            samples=tuple(here.samples),
            seen=here.seen,
        )
        for path, here in sorted(held.items())
    ]


def _leaves(here: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(here, dict) and path.count(".") < _DEPTH:
        for name, value in here.items():
            if _PATH.fullmatch(str(name)):
                yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif path:
        yield path, here


def kind_of(value: Any) -> FieldType:
    """Return what type a value found in a document is of; numbers in text count as numbers."""
    if isinstance(value, bool):
        return FieldType.BOOLEAN
    if isinstance(value, int | float | Decimal) or (isinstance(value, str) and _WHOLE.fullmatch(value)):
        return FieldType.NUMBER
    if isinstance(value, datetime):
        return FieldType.TIME
    if isinstance(value, str):
        return FieldType.TEXT
    return FieldType.LIST if isinstance(value, list | tuple) else FieldType.GROUP


def _plain(value: Any) -> Any:
    """Return a value as JSON shows it, cut; None for what is no plain value."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")[:_LONGEST]
    if isinstance(value, datetime):
        return value.isoformat()
    return value[:_LONGEST] if isinstance(value, str) else None
