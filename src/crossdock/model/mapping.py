"""A mapping: versioned field rules from a canonical entity to a destination's objects. Data, not code."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class WhenMissing(StrEnum):
    """What a rule does when its source has no value."""

    SKIP = "skip"
    NULL = "null"
    DEFAULT = "default"
    FAIL = "fail"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One target field. Exactly one of path, expression, constant, template is its source."""

    target: str
    path: str | None = None
    """Dotted path into the canonical entity (``billing.first_name``)."""
    expression: str | None = None
    """JMESPath, the escape for what a path cannot say."""
    constant: str | None = None
    template: str | None = None
    """Text with ``{dotted.path}`` places (``{billing.first_name} {billing.last_name}``)."""
    transforms: tuple[str | dict[str, Any], ...] = ()
    """Names of transforms, or ``{name: argument}``, applied in order."""
    when_missing: WhenMissing = WhenMissing.SKIP
    default: str | None = None


class ObjectMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules for one object of the destination; ``each`` repeats them for every item of a list (``lines``)."""

    object: str
    rules: tuple[Rule, ...]
    each: str | None = None


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All objects one action writes from one kind of entity."""

    entity: str
    action: str
    objects: tuple[ObjectMapping, ...]
    version: int = 0


class Mapped(msgspec.Struct, frozen=True):
    """What a mapping made of an entity: object -> its properties, one per item where ``each`` repeats."""

    objects: dict[str, tuple[dict[str, str | None], ...]]

    def one(self, name: str) -> dict[str, str | None]:
        """Return the properties of an object that occurs once ({} when the mapping leaves it out)."""
        found = self.objects.get(name, ())
        return dict(found[0]) if found else {}
