"""How private a field of the vocabulary is; every field of ``model.commerce`` carries one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec


class Sensitivity(StrEnum):
    """none: about things. pii: about a person. phi: about a person's health."""

    NONE = "none"
    PII = "pii"
    PHI = "phi"


PII = msgspec.Meta(extra={"sensitivity": Sensitivity.PII})
PHI = msgspec.Meta(extra={"sensitivity": Sensitivity.PHI})
NONE = msgspec.Meta(extra={"sensitivity": Sensitivity.NONE})


def of(word: type[msgspec.Struct]) -> dict[str, Sensitivity]:
    """Return the sensitivity of each field of a word.

    A field without a mark raises ``LookupError``: privacy is stated, never assumed. A field whose type is itself a
    word (or a tuple of one) speaks through that word's own fields and needs no mark.
    """
    found = {}
    for name, hint in get_type_hints(word, include_extras=True).items():
        mark = _mark(hint)
        if mark is not None:
            found[name] = mark
        elif not _holds_word(hint):
            raise LookupError(f"{word.__name__}.{name} states no sensitivity")
    return found


def _mark(hint: Any) -> Sensitivity | None:
    if get_origin(hint) is not Annotated:
        return None
    for extra in get_args(hint)[1:]:
        if isinstance(extra, msgspec.Meta) and extra.extra and "sensitivity" in extra.extra:
            return Sensitivity(extra.extra["sensitivity"])
    return None


def _holds_word(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return True
    return any(_holds_word(part) for part in get_args(hint))
