"""How private a field of the vocabulary is; every field of ``model.commerce`` carries one."""

from __future__ import annotations

import re
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


_HEALTH = re.compile(
    r"health|medic|diagnos|allerg|prescri|patient|symptom|disease|illness|pregnan|disab|blood|vaccin|therap|treatment|"
    r"icd_?10|insulin|dosage|hiv",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"mail|phone|mobile|fax|(first|last|full|user|nick|sur|maiden|buyer|contact|customer)[_ ]?name|"
    r"(billing|shipping)[_ ]?name|address|street|post[_ ]?code|zip|city|state|country|birth|gender|salut|"
    r"(?<![a-z])(age|vat)|job|tax[_ ]?(id|number)|iban|bic|passport|ssn|ip_|user_agent|latitude|longitude|twitter|"
    r"linkedin|facebook|note|comment|message|signature|avatar|photo|income|marital|language|time_?zone",
    re.IGNORECASE,
)
_ORDER = (Sensitivity.NONE, Sensitivity.PII, Sensitivity.PHI)


def guess(*names: str, least: Sensitivity = Sensitivity.NONE) -> Sensitivity:
    """Guess from a field's name and label; never less than ``least``.

    A wrong guess towards "personal" hides a sample, one towards "health" refuses a rule until somebody clears the
    destination: both are seen. So the lists are wide.
    """
    if any(_HEALTH.search(name) for name in names):
        return Sensitivity.PHI
    found = Sensitivity.PII if any(_PERSON.search(name) for name in names) else Sensitivity.NONE
    return worst(found, least)


def worst(*of_all: Sensitivity) -> Sensitivity:
    """Return the most private of some; none of none."""
    return max(of_all, key=_ORDER.index, default=Sensitivity.NONE)


def covers(cleared: Sensitivity, wanted: Sensitivity) -> bool:
    """Whether who is cleared for one may hold the other."""
    return _ORDER.index(cleared) >= _ORDER.index(wanted)
