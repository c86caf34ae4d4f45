"""Dotted paths into a canonical entity, checked against its word and precompiled.

``billing.first_name`` walks the fields of a word; in a document without a word (a custom event) it walks keys and,
with a number, list items: ``items.0.sku``. What plugins noted beside an entity is named by its key:
``meta._billing_vat`` is the value that stands last under that key. Inside ``each``, a path belongs to the item and
``$.currency`` to the whole entity.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from crossdock.model.commerce.marks import Meta

Getter = Callable[[Any], tuple[Any, ...]]

_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
MAX_PATH = 200


def check(path: str, word: type[msgspec.Struct] | None) -> str:
    """Return what is wrong with a path, or "" when nothing is."""
    if len(path) > MAX_PATH or not _PATH.fullmatch(path):
        return f"{path[:40]!r} is no dotted path"
    return "" if word is None else _check_fields(path, word)


def _check_fields(path: str, word: type[msgspec.Struct]) -> str:
    here: Any = word
    for part in path.split("."):
        kind = _struct(here)
        if kind is None:
            # a mapping, list or plain value: a dict may hold anything, so only plain values end a path
            return "" if _is_open(here) else f"{path!r} goes on after the plain value before {part!r}"
        fields = _hints(kind, extras=True)
        if part not in fields:
            return f"{kind.__name__} has no field {part!r}; it has {', '.join(sorted(fields))}"
        here = fields[part]
    return ""


def item_word(word: type[msgspec.Struct], each: str) -> type[msgspec.Struct] | None:
    """Return the word of the items of a list field, or None when the field is no list of words."""
    here: Any = _hints(word).get(each)
    found = [_struct(part) for part in get_args(here)]
    return found[0] if found else None


def getter(paths: Sequence[str], word: type[msgspec.Struct] | None) -> Getter:
    """Return a function from an entity to the values of all ``paths``; what is not there is None."""
    if not paths:
        return _nothing
    if word is not None and all(_direct(path, word) for path in paths):
        found = attrgetter(*paths)
        return found if len(paths) > 1 else _single(found)
    walkers = tuple(_walker(path.split(".")) for path in paths)
    return lambda entity: tuple(walk(entity) for walk in walkers)


def _nothing(entity: Any) -> tuple[Any, ...]:
    del entity
    return ()


def _single(get: Callable[[Any], Any]) -> Getter:
    return lambda entity: (get(entity),)


def _walker(parts: list[str]) -> Callable[[Any], Any]:
    def walk(entity: Any) -> Any:
        here = entity
        for part in parts:
            here = _step(here, part)
            if here is None:
                return None
        return here

    return walk


def _step(here: Any, part: str) -> Any:
    if isinstance(here, dict):
        return here.get(part)
    if isinstance(here, list | tuple):
        if part.isdigit():
            return here[int(part)] if int(part) < len(here) else None
        return next((row.value for row in reversed(here) if isinstance(row, Meta) and row.key == part), None)
    return getattr(here, part, None) if isinstance(here, msgspec.Struct) else None


def _direct(path: str, word: type[msgspec.Struct]) -> bool:
    """Whether every step but the last is a word that is always there, so that plain attributes will do."""
    here: Any = word
    for part in path.split("."):
        if not (isinstance(here, type) and issubclass(here, msgspec.Struct)):
            return False
        here = _hints(here)[part]
    return True


@functools.cache
def _hints(word: type[msgspec.Struct], *, extras: bool = False) -> dict[str, Any]:
    # evaluated anew each time it would take most of what compiling a mapping costs
    return get_type_hints(word, include_extras=extras)


def _struct(hint: Any) -> type[msgspec.Struct] | None:
    if get_origin(hint) is Annotated:
        return _struct(get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    if get_origin(hint) in (Union, types.UnionType):
        return next((found for found in map(_struct, get_args(hint)) if found), None)
    return None


def _is_open(hint: Any) -> bool:
    if get_origin(hint) is Annotated:
        return _is_open(get_args(hint)[0])
    return hint is Any or get_origin(hint) in (dict, list, tuple)
