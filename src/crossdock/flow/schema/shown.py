"""A schema as people and programs see it: samples only as far as who asks may see them. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.kit import redact
from crossdock.model.schema import Field, Object, Schema
from crossdock.model.sensitivity import Sensitivity


def shown(schema: Schema, *, people: bool) -> dict[str, Any]:
    """Return both sides. ``people``: whether who asks may see values about people; about health nobody does."""
    return {
        "source": [_object(one, people=people) for one in schema.source],
        "destination": [_object(one, people=people) for one in schema.destination],
    }


def _object(one: Object, *, people: bool) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "looked_at": one.looked_at,
        "fields": [_field(field, people=people) for field in one.fields],
    }


def _field(field: Field, *, people: bool) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(field)
    told["samples"] = [_sample(field, value, people=people) for value in field.samples]
    return told


def _sample(field: Field, value: Any, *, people: bool) -> Any:
    if field.sensitivity is Sensitivity.PHI or (field.sensitivity is Sensitivity.PII and not people):
        return redact.MASK
    if people:
        return value
    masked = redact.document({field.name.rsplit(".", 1)[-1]: value})
    return next(iter(masked.values()))
