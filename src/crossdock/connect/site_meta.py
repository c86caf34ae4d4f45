"""What a CRM's people know, written as meta of a site's users and orders by commands to the program of ours there.

A contact belongs to the site's user with its e-mail address, else to the newest order of the guest who has it; a deal
to the order it was made of, which the hub's own key on it names. Every command may be sent again: the site keeps the
ids of those it carried out.
"""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Context, Needs, PlanRefused
from crossdock.connect.outcomes import failed
from crossdock.connect.outpost import META_KEYS, MOST_COMMANDS, Action, Command, Outpost, Target, Told
from crossdock.model.mapping import Mapped
from crossdock.model.mapping import Mapping as FieldMapping
from crossdock.model.outcome import Delivered, Gone, Outcome, Rejected, Retry
from crossdock.model.plan import Plan, Resolved, Step, Verb, Write
from crossdock.model.schema import Field, Object

WRITE_META: Final = "write_meta"
"""The action, and its one step."""
_TEXT: Final = Path(__file__).with_name("site_meta.toml").read_text(encoding="utf-8")
MAPPINGS: Final = msgspec.convert(tomllib.loads(_TEXT)["mappings"], tuple[FieldMapping, ...])
"""The default mappings of the action."""

OBJECT: Final = "meta"
KINDS: Final = ("user", "order")
LONGEST: Final = 2000
"""Of a value, in bytes."""
_NAMES: Final = uuid.UUID("6f1f5a3e-3a52-5d0c-9b5e-0f1a2cd1b0e7")
"""Namespace of command ids; any fixed one will do."""
_GONE: Final = frozenset({"no-such-user", "no-such-order"})
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


DESCRIBED: Final = Object(
    name=OBJECT,
    label="Meta of users and orders",
    fields=tuple(Field(name=name, label=name.removeprefix("crossdock_").replace("_", " ")) for name in META_KEYS),
)
"""What may be written."""


def needs(entity: Any) -> Needs:
    """Ask who at our sites has a contact's address."""
    address = address_of(entity)
    return Needs(subjects=(address,) if address else ())


def plan(entity: Any, mapped: Mapped, context: Context, site: str) -> Plan:
    """Plan one write at the site named ``site``. Raises :class:`PlanRefused`."""
    if context.presence == "deleted":
        return Plan((), nothing="the record is gone from the CRM; what the site knows of it stays")
    target = target_of(entity, context.speakers, site)
    if target is None:
        return Plan((), nothing="nobody at this site has its e-mail address, and no order of it is named")
    meta = meta_of(mapped.one(OBJECT))
    if not meta:
        return Plan((), nothing="it tells nothing that the mapping writes")
    key = f"{site}:{WRITE_META}:{target.kind}:{target.id}"
    body = msgspec.json.encode(Meta(target, meta))
    return Plan((Step(WRITE_META, (Write(Verb.SEND, OBJECT, key, body=body),)),))


async def perform(outpost: Outpost, writes: Sequence[Resolved]) -> list[Outcome]:
    """Send the commands, fifty a call; one outcome each, in order."""
    outcomes: list[Outcome] = []
    for start in range(0, len(writes), MOST_COMMANDS):
        outcomes += await _send(outpost, writes[start : start + MOST_COMMANDS])
    return outcomes


async def _send(outpost: Outpost, writes: Sequence[Resolved]) -> list[Outcome]:
    try:
        told = await outpost.command([command_of(write) for write in writes])
    except CallFailed as problem:
        return [failed(problem)] * len(writes)
    return [_outcome(one, read(write.write.body)) for one, write in zip(told, writes, strict=True)]


def _outcome(told: Told, said: Meta) -> Outcome:
    if told.done:
        return Delivered(f"{said.target.kind}:{said.target.id}")
    if told.code in _GONE:
        return Gone(f"the site has no {said.target.kind} of this id any more")
    if told.retry:
        return Retry(told.detail or "the site asked for patience", code=told.code)
    reason = f"the site refused to write it: {told.detail or told.code or 'it gave no reason'}"
    return Rejected(reason, told.code or "refused", told.field or None)
