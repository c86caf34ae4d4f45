"""From what a CRM's people know to commands that write meta at a site. Pure.

A contact belongs to the site's user with its e-mail address, else to the newest order of the guest who has it; a deal
to the order it was made of, which the hub's own key on it names.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from crossdock.connect.connector import PlanRefused
from crossdock.connect.outpost import META_KEYS, Action, Command, Target
from crossdock.model.plan import Resolved

OBJECT: Final = "meta"
KINDS: Final = ("user", "order")
LONGEST: Final = 2000
"""Of a value, in bytes."""
_NAMES: Final = uuid.UUID("6f1f5a3e-3a52-5d0c-9b5e-0f1a2cd1b0e7")
"""Namespace of command ids; any fixed one will do."""
_STREAMS: Final = {"customer": "user", "order": "order"}


class Meta(msgspec.Struct, frozen=True):
    """What one write says: which meta of whom."""

    target: Target
    meta: dict[str, str]


def address_of(entity: Any) -> str:
    """Return a contact's e-mail address in lower case; empty where it has none."""
    told = entity.get("email") if isinstance(entity, Mapping) else getattr(entity, "email", "")
    address = told.strip().lower() if isinstance(told, str) else ""
    return address if "@" in address else ""


def target_of(entity: Any, speakers: Mapping[str, tuple[str, str]], site: str) -> Target | None:
    """Return whose meta an entity tells of at the site named ``site``; None: nobody's there.

    ``speakers``: address -> (stream, ``<site>:<id>``) of the record that speaks for a person.
    """
    key = entity.get("crossdock_key") if isinstance(entity, Mapping) else None
    if isinstance(key, str) and (found := re.fullmatch(r"(.+):order:([0-9]{1,18})", key)):
        return Target("order", int(found[2])) if found[1] == site else None
    stream, name = speakers.get(address_of(entity), ("", ""))
    uid, _, number = name.rpartition(":")
    if stream not in _STREAMS or uid != site or not number.isascii() or not number.isdigit():
        return None
    return Target(_STREAMS[stream], int(number))


def meta_of(properties: Mapping[str, str | None]) -> dict[str, str]:
    """Return mapped properties as meta: what is null is emptied. Raises :class:`PlanRefused`."""
    for name, value in properties.items():
        if name not in META_KEYS:
            listed = ", ".join(META_KEYS)
            raise PlanRefused(f"meta.{name}", "the site does not let the hub write this key", f"one of {listed}")
        if value is not None and (len(value.encode()) > LONGEST or "\x00" in value):
            rule = f"expected at most {LONGEST} bytes without NUL"
            raise PlanRefused(f"meta.{name}", rule, "shorten it in the mapping: truncate")
    return {name: value or "" for name, value in sorted(properties.items())}


def command_of(write: Resolved) -> Command:
    """Return the command of a write: its id is the same for every attempt of the same delivery."""
    said = read(write.write.body)
    name = f"{write.idempotency_key}\n{write.write.key}\n".encode() + write.write.body
    made = uuid.uuid5(_NAMES, name.decode())
    return Command(str(made), Action.WRITE_META, said.target, said.meta)


def read(body: bytes) -> Meta:
    """Read a write's body."""
    return msgspec.json.decode(body, type=Meta)
