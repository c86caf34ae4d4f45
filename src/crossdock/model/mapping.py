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


class Owner(StrEnum):
    """Whose word counts for a field."""

    STORE = "store"
    """What the shop says is written over whatever stands there."""
    CRM = "crm"
    """The destination's people keep it: written only where nothing stands."""
    HUB = "hub"
    """The mapping's own (a constant, a template): written like the shop's."""


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
    owner: Owner = Owner.STORE
    fill_blanks: bool = False
    """True: written only where the destination holds nothing, whoever owns it."""
    when: str | None = None
    """JMESPath: where it is false, null or empty of an entity (inside ``each``: of an item), the rule says nothing."""


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
    blanks: dict[str, frozenset[str]] = {}
    """Object -> its properties that are written only where the destination holds nothing."""
    targets: dict[str, frozenset[str]] = {}
    """Object -> all properties the mapping may write, whether this entity has a value for them or not."""

    def one(self, name: str) -> dict[str, str | None]:
        """Return the properties of an object that occurs once ({} when the mapping leaves it out)."""
        found = self.objects.get(name, ())
        return dict(found[0]) if found else {}


def blanks_of(mapping: Mapping) -> dict[str, frozenset[str]]:
    """Return which properties of which object a mapping only fills in."""
    return {
        part.object: names
        for part in mapping.objects
        if (names := frozenset(rule.target for rule in part.rules if rule.fill_blanks or rule.owner is Owner.CRM))
    }


def targets_of(mapping: Mapping) -> dict[str, frozenset[str]]:
    """Return which properties of which object a mapping may write."""
    return {part.object: frozenset(rule.target for rule in part.rules) for part in mapping.objects}


def kept_by(config: Any) -> dict[str, frozenset[str]]:
    """Return what a connection's config says beside its mapping: ``field_owners`` of ``{"contacts.phone": "crm"}``.

    ``crm`` and ``fill_blanks`` both leave alone what stands there; other words change nothing.
    """
    given = config.get("field_owners")
    found: dict[str, set[str]] = {}
    for name, owner in given.items() if isinstance(given, dict) else ():
        part, _, field = name.partition(".")
        if field and owner in (Owner.CRM, "fill_blanks"):
            found.setdefault(part, set()).add(field)
    return {part: frozenset(fields) for part, fields in found.items()}
