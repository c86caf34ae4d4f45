"""What is wrong with a mapping, field by field, so that a person can put it right. Holds no value of anybody's."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Weight(StrEnum):
    """error: the mapping is not kept. warning: it is, and somebody should look."""

    ERROR = "error"
    WARNING = "warning"


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    object: str
    target: str
    """The field at the destination; empty where it is about the whole object."""
    rule: str
    """Stable name of what is broken: ``unknown-field``, ``type-clash`` …"""
    problem: str
    remedy: str = ""
    weight: Weight = Weight.ERROR


def of_compiling(told: str) -> Problem:
    """Read a problem that compiling a mapping found: ``object.target: what``."""
    place, _, what = told.partition(": ")
    name, _, target = place.partition(".")
    if not what or " " in name:
        return Problem("", "", "invalid", told)
    return Problem(name, target, "invalid", what)
