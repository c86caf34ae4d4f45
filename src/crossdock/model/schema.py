"""What an account holds: its objects and their fields, as its vendor names them. What a mapping reads and writes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from crossdock.model.sensitivity import Sensitivity


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    """A day without a time."""
    TIME = "time"
    """A moment (UTC)."""
    ENUMERATION = "enumeration"
    """One of its options; several where ``multiple``."""
    LIST = "list"
    GROUP = "group"
    """Fields of its own."""
    ANY = "any"
    """Nobody says."""


class Option(msgspec.Struct, frozen=True):
    """A value an enumeration takes."""

    value: str
    label: str = ""
    hidden: bool = False


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of an object."""

    name: str
    """As a rule names it: a target property, or a path into the hub's word."""
    label: str = ""
    description: str = ""
    type: FieldType = FieldType.ANY
    required: bool = False
    read_only: bool = False
    unique: bool = False
    multiple: bool = False
    """An enumeration of which several may be chosen."""
    custom: bool = False
    """Made by the account's own people or plugins; False: the vendor's (or the hub's word's) own."""
    options: tuple[Option, ...] = ()
    """Empty where the field has none, or where they are kept elsewhere (owners, stages)."""
    sensitivity: Sensitivity = Sensitivity.NONE
    """Stated by the hub's vocabulary; for all else a guess by name, never less than the guess."""
    samples: tuple[Any, ...] = ()
    """Values that stand there now, each once."""
    seen: int = 0
    """In how many of the records that were looked at it holds a value."""


class Object(msgspec.Struct, frozen=True, kw_only=True):
    """One object of an account: contacts, deals; at a source one stream."""

    name: str
    label: str = ""
    fields: tuple[Field, ...] = ()
    looked_at: int = 0
    """How many records the samples come from."""

    def field(self, name: str) -> Field | None:
        """Return a field by its name; None when there is none."""
        return next((one for one in self.fields if one.name == name), None)


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of an account: what it is read by, and what can be written to it."""

    source: tuple[Object, ...] = ()
    destination: tuple[Object, ...] = ()

    def read_as(self, name: str) -> Object | None:
        """Return what a stream is read as; None for a stream it has none of."""
        return next((one for one in self.source if one.name == name), None)

    def written_as(self, name: str) -> Object | None:
        """Return an object that is written; None when there is none of this name."""
        return next((one for one in self.destination if one.name == name), None)
