"""The fields of the hub's own words, flattened to the paths that a rule names. Pure."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.marks import Meta
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.commerce.refund import Refund
from crossdock.model.schema import Field, FieldType, Option
from crossdock.model.sensitivity import Sensitivity, of

WORDS: dict[str, type[msgspec.Struct]] = {"order": Order, "customer": Customer, "product": Product, "refund": Refund}
"""Entities that have a word; every other entity is mapped from its document (plain keys)."""

ITEM = "[]."
"""Between a list and a field of its items: ``lines[].sku``. A rule inside ``each = "lines"`` names ``sku``."""

_PLAIN: dict[type, FieldType] = {
    bool: FieldType.BOOLEAN,
    int: FieldType.NUMBER,
    float: FieldType.NUMBER,
    Decimal: FieldType.NUMBER,
    datetime: FieldType.TIME,
    date: FieldType.DATE,
    str: FieldType.TEXT,
}


@cache
def word_fields(entity: str) -> tuple[Field, ...]:
    """Return the fields of an entity's word by path; none for an entity without a word."""
    word = WORDS.get(entity)
    return tuple(_walk(word, "", ())) if word is not None else ()


def _walk(word: type[msgspec.Struct], before: str, above: tuple[type, ...]) -> Iterator[Field]:
    marks = of(word)
    required = {one.name for one in msgspec.structs.fields(word) if one.required}
    for name, hint in get_type_hints(word, include_extras=True).items():
        path = before + name
        inner, is_list = _inner(hint)
        if inner is Meta:
            continue  # by their keys, as records hold them
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            yield Field(name=path, type=FieldType.LIST if is_list else FieldType.GROUP, required=name in required)
            if inner not in above:
                yield from _walk(inner, path + (ITEM if is_list else "."), (*above, word))
            continue
        kind, options = (FieldType.LIST, ()) if is_list else _kind(inner)
        yield Field(
            name=path,
            type=kind,
            required=name in required,
            options=options,
            sensitivity=marks.get(name, Sensitivity.PII),
        )


def _inner(hint: Any) -> tuple[Any, bool]:
    """Return the bare type of a hint, and whether it is a list of it."""
    if get_origin(hint) is Annotated:
        return _inner(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return _inner(next(part for part in get_args(hint) if part is not type(None)))
    if get_origin(hint) in (tuple, list):
        return _inner(get_args(hint)[0])[0], True
    return hint, False


def _kind(hint: Any) -> tuple[FieldType, tuple[Option, ...]]:
    if get_origin(hint) is Literal:
        return FieldType.ENUMERATION, tuple(Option(str(word)) for word in get_args(hint))
    return _PLAIN.get(hint, FieldType.ANY), ()
