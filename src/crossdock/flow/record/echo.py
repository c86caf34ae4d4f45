"""What comes back from a system we have written to: ours, or news? Pure.

Before a call the hub commits what it is going to write (an intent), afterwards what the system answered. An arrival of
the same entity is compared with that:

* A reading that may have been made before the write took effect, and says something else than the newest write, is
  *contested*: it is kept, and a GET made afterwards decides. A write without an answer is waited for, a minute at most.
* A reading made after the answer that says again what the record said before the write is news: somebody undid it.
* Where every changed field has the value that was sent or returned, or is one the system derives by itself, it is an
  *echo*: the record moves and every route delivers, except back to where the write came from.
* Any change in a field we have written counts one hop more than the write had: whatever two systems do to each other,
  it ends at :data:`MOST_HOPS`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

WINDOW = timedelta(minutes=15)
"""How long a write is remembered: longer than a shop's late webhooks usually take."""
OPEN = timedelta(seconds=60)
"""How long a write without an answer keeps a GET waiting: longer than a call may take."""
MOST_HOPS = 5


class Intent(msgspec.Struct, frozen=True):
    """A write of ours to an entity."""

    origin: uuid.UUID | None
    """The connection whose news it carried; None when a person or program asked the hub itself."""
    caused_at: datetime
    at: datetime
    sent: dict[str, Any]
    derived: frozenset[str] = frozenset()
    returned: dict[str, Any] = msgspec.field(default_factory=dict)
    answered_at: datetime | None = None
    hops: int = 0

    def says(self, field: str, value: Any) -> bool:
        """Whether a field's value is the one we sent, or the one the system made of it."""
        return (field in self.sent and value == self.sent[field]) or (
            field in self.returned and value == self.returned[field]
        )


class Seen(msgspec.Struct, frozen=True):
    """An arrival of the entity."""

    document: Mapping[str, Any]
    begun_at: datetime | None
    """Database time before it was read; None when unknown (a webhook)."""
    volatile: frozenset[str]


class Judged(msgspec.Struct, frozen=True):
    """What an arrival is, next to our own writes."""

    contested: bool = False
    origins: dict[uuid.UUID, datetime] = msgspec.field(default_factory=dict)
    """Where it is no news -> when the hub saw their news; only as long as nothing else was delivered there since."""
    hops: int = 0


def judge(before: Mapping[str, Any] | None, seen: Seen, intents: Sequence[Intent]) -> Judged:
    """Judge an arrival by the record's document ``before`` it and our recent writes to the entity."""
    if _contested(seen, intents):
        return Judged(contested=True)
    if before is None:
        return Judged()
    after = seen.document
    changed = {n for n in {*before, *after} if before.get(n) != after.get(n)} - seen.volatile
    meant = [one for one in intents if changed & (one.sent.keys() | one.derived)]
    if not meant:
        return Judged()
    return Judged(origins=_origins(changed, after, meant), hops=1 + max(one.hops for one in meant))


def undone(seen: Seen, intents: Sequence[Intent], recorded_at: datetime) -> bool | None:
    """Say whether a reading that equals the record is news, because we have written something else since.

    ``recorded_at``: when the record's state was recorded. None: only a later GET can tell.
    """
    for field, one in _newest(intents).items():
        if one.at > recorded_at and field in seen.document and not one.says(field, seen.document[field]):
            return True if _settled(seen, one) else None
    return False


def _contested(seen: Seen, intents: Sequence[Intent]) -> bool:
    return any(
        field in seen.document and not one.says(field, seen.document[field]) and not _settled(seen, one)
        for field, one in _newest(intents).items()
    )


def _newest(intents: Sequence[Intent]) -> dict[str, Intent]:
    newest: dict[str, Intent] = {}
    for one in sorted(intents, key=lambda intent: intent.at):
        newest.update(dict.fromkeys(one.sent, one))
    return newest


def _settled(seen: Seen, one: Intent) -> bool:
    """Whether a reading was surely made after a write."""
    if seen.begun_at is None:
        return False
    return seen.begun_at > (one.answered_at or one.at + OPEN)


def _origins(changed: set[str], after: Mapping[str, Any], intents: Sequence[Intent]) -> dict[uuid.UUID, datetime]:
    found: dict[uuid.UUID, datetime] = {}
    for origin in {one.origin for one in intents if one.origin is not None}:
        own = [one for one in intents if one.origin == origin]
        if all(any(n in one.derived or one.says(n, after.get(n)) for one in own) for n in changed):
            found[origin] = max(one.caused_at for one in own)
    return found
