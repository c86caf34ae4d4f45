"""A plan: what one delivery does at its destination, in resumable steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec


class Verb(StrEnum):
    """What a write does."""

    UPSERT = "upsert"
    ASSOCIATE = "associate"
    DISSOCIATE = "dissociate"
    ARCHIVE = "archive"
    SEND = "send"
    """A message or a command: each is its own, never merged with another's, and no link is kept of it."""


class Ref(msgspec.Struct, frozen=True):
    """Stands for the external id of the record that (object, key) is linked to when the step is performed."""

    object: str
    key: str


class Write(msgspec.Struct, frozen=True):
    """One effect on one record of the destination.

    ``key`` is our own name of the record (``<store uid>:order:17``): links are kept under (object, key).
    ``match`` is the destination's unique property and value to find it by when there is no link yet
    (``("email", "a@b.example")``, ``("crossdock_key", "…")``). Two writes of one batch with the same match are one.
    """

    verb: Verb
    object: str
    key: str
    properties: dict[str, str | Ref | None] = msgspec.field(default_factory=dict)
    match: tuple[str, str] | None = None
    parent_key: str | None = None
    """Key of the record this one is a part of (a line's order): the links of a parent are found by it."""
    to: Ref | None = None
    """The other end of an association."""
    ensure: bool = False
    """True: make sure the record exists, but leave its fields to their owner when it does (links are then enough)."""
    blanks: frozenset[str] = frozenset()
    """Properties that are written only where the record holds nothing; the destination looks before it writes."""
    alike: tuple[tuple[str, str], ...] = ()
    """(property, value): where there is neither link nor match, a record without our key that holds such a value is
    taken over instead of another being made."""
    body: bytes = b""
    """Raw payload of SEND."""
    record_id: str | None = None
    """The record's own id, where it is known without a link: people made the record, and we only write to it."""


class Step(msgspec.Struct, frozen=True):
    """Writes that may go out together; a step begins when the one before it is committed."""

    name: str
    writes: tuple[Write, ...]


class Plan(msgspec.Struct, frozen=True):
    """Steps in order. An empty plan means that there is nothing to do, and ``nothing`` says why."""

    steps: tuple[Step, ...]
    nothing: str = ""


def with_blanks(plan: Plan, blanks: Mapping[str, frozenset[str]]) -> Plan:
    """Return a plan whose upserts leave alone what stands at the destination in some properties (object -> names)."""
    if not blanks:
        return plan
    return Plan(
        tuple(
            Step(step.name, tuple(_with_blanks(write, blanks.get(write.object, frozenset())) for write in step.writes))
            for step in plan.steps
        ),
        plan.nothing,
    )


def _with_blanks(write: Write, names: frozenset[str]) -> Write:
    mine = names & write.properties.keys() if write.verb is Verb.UPSERT else frozenset()
    # what it is found by is written in any case
    mine -= {write.match[0]} if write.match else set()
    return msgspec.structs.replace(write, blanks=write.blanks | mine) if mine else write


class Resolved(msgspec.Struct, frozen=True):
    """A write whose refs and link have been looked up."""

    write: Write
    external_id: str | None
    """The linked record, when there is one."""
    properties: dict[str, str | None]
    """Properties with every Ref replaced by its external id."""
    from_id: str | None = None
    to_id: str | None = None
    idempotency_key: str = ""
    """The same for every attempt of the same delivery and step."""
    repeated: bool = False
    """An earlier attempt was made: it may have taken effect."""
    asked_at: datetime | None = None
    """When the hub recorded what the write carries."""


class Found(msgspec.Struct, frozen=True):
    """One record as the destination holds it now, read for a proof."""

    object: str
    external_id: str
    key: str | None
    """Our own key on the record, when it carries one."""
    properties: dict[str, str | None]
    associations: frozenset[tuple[str, str]] = frozenset()
    """(object, external id) of what it is associated with."""
