"""Associations between records: types, labels, and the links themselves, always kept in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from crossdock.connectors.hubspot.sandbox.catalogue import KINDS, SINGULAR
from crossdock.connectors.hubspot.sandbox.refusals import invalid


class LinkType(NamedTuple):
    """One direction of an association type."""

    id: int
    category: str
    source: str
    target: str
    label: str | None
    name: str
    inverse: int


# (from, to, id, inverse id, label): the vendor's SDK; the order object's ids are reported in public code only
_DEFINED = (
    ("contacts", "companies", 279, 280, None),
    ("contacts", "companies", 1, 2, "Primary"),
    ("deals", "contacts", 3, 4, None),
    ("deals", "companies", 341, 342, None),
    ("deals", "companies", 5, 6, "Primary"),
    ("deals", "line_items", 19, 20, None),
    ("companies", "notes", 189, 190, None),
    ("contacts", "notes", 201, 202, None),
    ("deals", "notes", 213, 214, None),
    ("orders", "contacts", 507, 508, None),
    ("orders", "companies", 509, 510, None),
    ("deals", "orders", 511, 512, None),
    ("orders", "line_items", 513, 514, None),
)


class Links:
    """All associations of a portal."""

    def __init__(self) -> None:
        self.types: dict[int, LinkType] = {}
        self.default: dict[tuple[str, str], int] = {}
        self._to: dict[tuple[str, str, str], dict[str, list[int]]] = {}
        self._next = 100_001
        for source, target, id_, inverse, label in _DEFINED:
            self._define(source, target, (id_, inverse), (label, label), "HUBSPOT_DEFINED")
            if label is None:
                self.default[source, target] = id_
                self.default[target, source] = inverse

    def between(self, source: str, target: str) -> list[LinkType]:
        """Return the types from ``source`` to ``target``."""
        return [found for found in self.types.values() if (found.source, found.target) == (source, target)]

    def default_of(self, source: str, target: str) -> LinkType:
        """Return the unlabelled type, or refuse: the two object types cannot be associated."""
        found = self.default.get((source, target))
        if found is None:
            raise invalid(f"No default association type exists between {source} and {target}")
        return self.types[found]

    def given(self, source: str, target: str | None, spec: Any) -> LinkType:
        """Return the type that a body names by category and id, or refuse."""
        if not isinstance(spec, dict):
            raise invalid("Invalid input JSON: an association type must be an object")
        type_id, category = spec.get("associationTypeId"), spec.get("associationCategory")
        found = self.types.get(type_id) if isinstance(type_id, int) and not isinstance(type_id, bool) else None
        if found is None or found.category != category or found.source != source or target not in {None, found.target}:
            raise invalid(
                f"Association type {type_id} of category {category} is not valid from {source} to {target or 'any'}",
                sub_category="crm.associations.INVALID_ASSOCIATION_TYPE",
            )
        return found

    def label(self, source: str, target: str, name: str, labels: tuple[str, str]) -> list[LinkType]:
        """Make a label of the portal's own, in both directions."""
        self.default_of(source, target)
        if any(found.label == labels[0] for found in self.between(source, target)):
            raise invalid(f"An association label {labels[0]!r} already exists")
        pair = (self._next, self._next + 1)
        self._next += 2
        self._define(source, target, pair, labels, "USER_DEFINED", name)
        return [self.types[id_] for id_ in pair]

    def put(self, link: LinkType, source_id: str, target_id: str) -> None:
        """Link two records; a link that is there already stays as it is."""
        for type_, one, other in ((link, source_id, target_id), (self.types[link.inverse], target_id, source_id)):
            ids = self._to.setdefault((type_.source, one, type_.target), {}).setdefault(other, [])
            if type_.id not in ids:
                ids.append(type_.id)

    def take(self, source: str, source_id: str, target: str, target_id: str, only: LinkType | None = None) -> None:
        """Remove all links of two records, or those of one type."""
        ids = list(self._to.get((source, source_id, target), {}).get(target_id, ()))
        for type_id in ids:
            if only is None or only.id == type_id:
                self._remove((source, source_id, target), target_id, type_id)
                self._remove((target, target_id, source), source_id, self.types[type_id].inverse)

    def of(self, source: str, source_id: str, target: str) -> dict[str, list[LinkType]]:
        """Return what a record is linked to: id -> types, in the order the links were made."""
        found = self._to.get((source, source_id, target), {})
        return {other: [self.types[id_] for id_ in ids] for other, ids in found.items()}

    def drop(self, kind: str, record_id: str) -> None:
        """Remove every link of a record."""
        for target in SINGULAR:
            for other in list(self._to.get((kind, record_id, target), {})):
                self.take(kind, record_id, target, other)

    def move(self, kind: str, old: str, new: str) -> None:
        """Give one record's links to another (merge)."""
        for target in SINGULAR:
            for other, types in self.of(kind, old, target).items():
                for type_ in types:
                    self.put(type_, new, other)
        self.drop(kind, old)

    def every(self) -> Iterator[dict[str, Any]]:
        """Yield each link in both directions, for the control door."""
        for (source, source_id, target), found in self._to.items():
            for other, ids in found.items():
                yield {"from": source, "from_id": source_id, "to": target, "to_id": other, "types": ids}

    def _define(
        self,
        source: str,
        target: str,
        ids: tuple[int, int],
        labels: tuple[str | None, str | None],
        category: str,
        name: str | None = None,
    ) -> None:
        for (one, other), (id_, back), label in zip(
            ((source, target), (target, source)), (ids, ids[::-1]), labels, strict=True
        ):
            plain = f"{SINGULAR[one]}_to_{SINGULAR[other]}"
            self.types[id_] = LinkType(
                id_, category, one, other, label, name or (plain if label is None else f"{plain}_primary"), back
            )

    def _remove(self, key: tuple[str, str, str], other: str, type_id: int) -> None:
        found = self._to[key]
        found[other].remove(type_id)
        if not found[other]:
            del found[other]
        if not found:
            del self._to[key]


def kind_of(name: str, *, orders: bool) -> str:
    """Return the plural name of an object type that a path names, or refuse."""
    kind = KINDS.get(name)
    if kind is None or (kind == "orders" and not orders):
        raise invalid(f"Unable to infer object type from: {name}")
    return kind
