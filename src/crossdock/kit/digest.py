"""Digests of parsed documents: equal content gives equal bytes, whatever the spelling of the JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import orjson

VERSION: Final = 2
"""Goes up when the rule below changes; a record keeps the version its digest was made with.

2 leaves out nested volatile keys as well. For a document without any it is 1, so digests of both versions compare;
:func:`older` makes the digest of version 1 for the others.
"""


class Volatile(msgspec.Struct, frozen=True):
    """Keys of a document that change without meaning, ready to be left out."""

    top: frozenset[str] = frozenset()
    nested: tuple[tuple[str, Volatile], ...] = ()
    """Keys of an object, or of each object of a list, below a key."""

    @classmethod
    def of(cls, paths: Iterable[str]) -> Volatile:
        """Read paths: ``permalink``, ``line_items.*.image`` (``*``: each member of a list, or of a map)."""
        top: set[str] = set()
        below: dict[str, list[str]] = {}
        for path in paths:
            head, _, rest = path.partition(".")
            if rest:
                below.setdefault(head, []).append(rest)
            else:
                top.add(head)
        return cls(frozenset(top), tuple((head, cls.of(rest)) for head, rest in below.items() if head not in top))

    def without(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a document without these keys; what is not changed is shared, not copied."""
        kept = _copy(document, self.top)
        for name, inner in self.nested:
            if name == "*":
                for key, value in kept.items():
                    kept[key] = _below(value, inner)
            elif value := kept.get(name):
                kept[name] = _below(value, inner)
        return kept


def _below(value: Any, inner: Volatile) -> Any:
    if isinstance(value, dict):
        return inner.without(value)
    if not isinstance(value, list):
        return value
    if len(inner.nested) == 1 and inner.nested[0][0] == "*" and not inner.top:
        inner = inner.nested[0][1]
    if inner.nested:
        return [inner.without(item) if isinstance(item, dict) else item for item in value]
    top = inner.top
    return [_copy(item, top) if isinstance(item, dict) else item for item in value]


def _copy(document: Mapping[str, Any], without: frozenset[str]) -> dict[str, Any]:
    # a copy in C and a few pops take a third of the time of a comprehension
    kept = dict(document)
    for key in without:
        kept.pop(key, None)
    return kept


NOTHING: Final = Volatile()


def digest(document: Mapping[str, Any], volatile: Volatile = NOTHING) -> bytes:
    """Return 32 bytes over the document with sorted keys, without its ``volatile`` keys."""
    kept = volatile.without(document) if volatile.top or volatile.nested else document
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).digest()


def older(body: bytes, volatile: Volatile) -> bytes:
    """Return the digest of version 1 of a document's bytes: nested volatile keys counted."""
    return digest(orjson.loads(body), Volatile(volatile.top))
