"""Text that documents can hold: what XML 1.0 has no way to say is replaced, and where that was is told."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from crossdock.documents.words import Problem, Weight

_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Everything but the characters of XML 1.0 (production 2): control characters, lone surrogates, U+FFFE and U+FFFF."""
REPLACEMENT = "\ufffd"
T = TypeVar("T", bound=msgspec.Struct)


def cleaned(thing: T) -> tuple[T, tuple[Problem, ...]]:
    """Return the same struct with sayable text, and a warning for every field that had to change."""
    found: list[Problem] = []
    sayable: T = _clean(thing, "", found)
    return sayable, tuple(found)


def _clean(value: Any, place: str, found: list[Problem]) -> Any:
    if isinstance(value, str):
        return _clean_text(value, place, found)
    if isinstance(value, msgspec.Struct):
        parts = {
            name: _clean(getattr(value, name), f"{place}.{name}" if place else name, found)
            for name in value.__struct_fields__
        }
        return type(value)(**parts)
    if isinstance(value, tuple):
        return tuple(_clean(part, f"{place}[{at}]", found) for at, part in enumerate(value))
    return value


def _clean_text(value: str, place: str, found: list[Problem]) -> str:
    if type(value) is not str:
        # an enumeration's member: one of ours
        return value
    sayable, count = _UNSAYABLE.subn(REPLACEMENT, value)
    if count:
        words = f"{count} characters that no document can hold were replaced by U+FFFD"
        found.append(Problem(rule="text.replaced", place=place, words=words, weight=Weight.WARNING))
    return sayable
