"""A template with one store's own overrides laid over it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from crossdock.flow.map.differ import plain
from crossdock.model.mapping import Mapping, ObjectMapping, Rule


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one store has otherwise in one object: rules that replace or join the template's, and targets left out."""

    object: str
    set: tuple[Rule, ...] = ()
    drop: tuple[str, ...] = ()
    each: str | None = None
    """Only for an object that the template does not have."""


def plain_override(override: Override) -> dict[str, Any]:
    """Return an override as people write it: without what is left at its default."""
    told = {"object": override.object, "set": [plain(rule) for rule in override.set], "drop": list(override.drop)}
    return {
        **{name: value for name, value in told.items() if value},
        **({"each": override.each} if override.each else {}),
    }


def composed(template: Mapping, overrides: Sequence[Override]) -> Mapping:
    """Return the template with overrides. Raises ``ValueError`` that names what an override does not fit."""
    parts = {part.object: part for part in template.objects}
    named = [one.object for one in overrides]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ValueError(f"overrides.{twice[0]}: is there twice; put its rules together")
    for one in overrides:
        parts[one.object] = _laid(parts.get(one.object), one)
    kept = tuple(part for part in parts.values() if part.rules)
    return msgspec.structs.replace(template, objects=kept)


def _laid(part: ObjectMapping | None, override: Override) -> ObjectMapping:
    if part is None:
        if override.drop:
            raise ValueError(f"overrides.{override.object}.drop: the template does not have the object")
        return ObjectMapping(override.object, override.set, override.each)
    if override.each is not None and override.each != part.each:
        raise ValueError(f"overrides.{override.object}.each: the template says {part.each}")
    targets = {rule.target for rule in part.rules}
    lacking = [name for name in override.drop if name not in targets]
    if lacking:
        raise ValueError(f"overrides.{override.object}.drop: the template has no rule for {lacking[0]}")
    own = {rule.target: rule for rule in override.set}
    rules = [own.pop(rule.target, rule) for rule in part.rules if rule.target not in override.drop]
    return ObjectMapping(part.object, (*rules, *own.values()), part.each)
