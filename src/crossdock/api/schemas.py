"""JSON Schemas of the hub's words, published and referred to by the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.commerce.refund import Refund

WORDS: dict[str, type[msgspec.Struct]] = {
    "order": Order,
    "customer": Customer,
    "product": Product,
    "refund": Refund,
    "deal": Deal,
}
_REF = "#/components/schemas/{name}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
Responses = dict[int | str, dict[str, Any]]


@cache
def components() -> dict[str, Any]:
    """Return the schemas of all words and envelopes, for the OpenAPI document."""
    # imported late: the feed and the records refer to this module
    from crossdock.api.resources.changes import Change
    from crossdock.govern.records import Stored

    _, found = msgspec.json.schema_components([*WORDS.values(), Stored, Change], ref_template=_REF)
    return found


def schema_of(word: str) -> dict[str, Any]:
    """Return the self-contained JSON Schema (2020-12) of a word. Raises ``KeyError``."""
    return {"$schema": _DIALECT, "$id": f"/api/v1/schemas/{word}", **msgspec.json.schema(WORDS[word])}


def _answer(schema: dict[str, Any], text: str) -> Responses:
    return {200: {"description": text, "content": {"application/json": {"schema": schema}}}}


def _stored(word: str) -> dict[str, Any]:
    data = {"oneOf": [{"$ref": _REF.format(name=word)}, {"type": "null"}]}
    return {"allOf": [{"$ref": _REF.format(name="Stored")}, {"type": "object", "properties": {"data": data}}]}


def one_of(word: str) -> Responses:
    """Describe the answer of one record."""
    return _answer(_stored(word), f"the {word.lower()}, its copies elsewhere and its history")


def page_of(word: str) -> Responses:
    """Describe the answer of a list."""
    page = {
        "type": "object",
        "required": ["items", "next"],
        "properties": {"items": {"type": "array", "items": _stored(word)}, "next": {"type": ["string", "null"]}},
    }
    return _answer(page, "a page; `next` goes into `before`")


def feed() -> Responses:
    """Describe the answer of the feed of changes."""
    page = {
        "type": "object",
        "required": ["items", "next", "more"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": _REF.format(name="Change")}},
            "next": {"type": "string"},
            "more": {"type": "boolean"},
        },
    }
    return _answer(page, "the changes; store `next` with what you did with them")
