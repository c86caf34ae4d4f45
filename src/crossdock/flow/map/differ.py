"""What differs between two mappings, rule by rule. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.model.mapping import Mapping, ObjectMapping, Rule


class Difference(msgspec.Struct, frozen=True):
    """One rule that is not the same in both."""

    object: str
    target: str
    """Empty where it is about the object itself (``each``)."""
    change: str
    """added, removed or changed."""
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def differences(before: Mapping, after: Mapping) -> list[Difference]:
    """Return the rules that differ, by object and target; the order of rules says nothing."""
    old, new = ({part.object: part for part in one.objects} for one in (before, after))
    found = []
    for name in sorted({*old, *new}):
        one, other = old.get(name), new.get(name)
        if (one.each if one else None) != (other.each if other else None):
            found.append(_difference(name, "", _each(one), _each(other)))
        rules = [{rule.target: plain(rule) for rule in part.rules} if part else {} for part in (one, other)]
        found += [
            _difference(name, target, rules[0].get(target), rules[1].get(target))
            for target in sorted({*rules[0], *rules[1]})
            if rules[0].get(target) != rules[1].get(target)
        ]
    return found


def plain(rule: Rule) -> dict[str, Any]:
    """Return a rule as people write it: without what is left at its default."""
    told: dict[str, Any] = {**msgspec.to_builtins(rule), "transforms": list(rule.transforms)}
    return {name: value for name, value in told.items() if name == "target" or value != _USUAL[name]}


_USUAL: dict[str, Any] = {**msgspec.to_builtins(Rule("")), "transforms": []}


def written(mapping: Mapping) -> dict[str, Any]:
    """Return a mapping as people write it."""
    return {
        "entity": mapping.entity,
        "action": mapping.action,
        "objects": [
            {
                "object": part.object,
                **({"each": part.each} if part.each else {}),
                "rules": [plain(rule) for rule in part.rules],
            }
            for part in mapping.objects
        ],
    }


def _each(part: ObjectMapping | None) -> dict[str, Any] | None:
    return None if part is None else {"each": part.each}


def _difference(name: str, target: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Difference:
    change = "added" if before is None else "removed" if after is None else "changed"
    return Difference(name, target, change, before, after)
