"""The rule of recording: how an observation becomes an event. Pure.

An observation is (M, H, [from, to]): the source's modified time, the digest of the document without its volatile
parts, and the interval of database time in which it was read (a webhook's ``from`` is unknown). Under the record's
row lock:

* H equal: unchanged; M and ``to`` move to the maximum.
* M greater: applied.
* M less: stale. A listing that sees it asks for a fresh GET, and a GET begun after the record's ``to`` applies as
  rewound (a shop restored from a backup).
* M equal or unknown, H different: applied when ``from`` lies after the record's ``to``; otherwise contested.
* Where nobody can be asked (a site tells by itself alone) what was told last is the state; its deletion is the end.
* After a deletion only a reading begun later than the deletion was seen may bring the entity back: its last webhooks
  may still be on their way.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from crossdock.flow.record.parcel import Verdict
from crossdock.model.observation import Presence, Turn


class Known(msgspec.Struct, frozen=True):
    """What the record says."""

    digest: bytes
    modified_at: datetime | None
    seen_to: datetime
    presence: Presence


class Seen(msgspec.Struct, frozen=True):
    """What an observation says."""

    digest: bytes
    modified_at: datetime | None
    seen_from: datetime | None
    presence: Presence
    fresh: bool
    """A GET made for this entity, not a listing or a webhook."""
    listed: bool
    """Read by a pull (a listing or a GET), not told by the source."""
    final: bool = False
    """Told by a source that cannot be asked: no GET will decide."""


class Ruling(msgspec.Struct, frozen=True):
    """The verdict, and whether a fresh GET has to follow."""

    verdict: Verdict
    ring: bool = False


def rule(known: Known | None, seen: Seen) -> Ruling:
    """Decide about one observation of an entity."""
    if known is None:
        gone = seen.presence is Presence.DELETED
        return Ruling(Verdict.UNKNOWN if gone else Verdict.APPLIED)
    if seen.digest == known.digest:
        return Ruling(Verdict.UNCHANGED)
    later = seen.seen_from is not None and seen.seen_from > known.seen_to
    if known.presence is Presence.DELETED and seen.final:
        return Ruling(Verdict.STALE)
    if known.presence is Presence.DELETED:
        return Ruling(Verdict.APPLIED) if later else Ruling(Verdict.CONTESTED, ring=True)
    if seen.modified_at is not None and known.modified_at is not None and seen.modified_at != known.modified_at:
        return _by_time(known.modified_at, seen, later=later)
    return Ruling(Verdict.APPLIED) if later or seen.final else Ruling(Verdict.CONTESTED, ring=True)


def _by_time(known_at: datetime, seen: Seen, *, later: bool) -> Ruling:
    assert seen.modified_at is not None
    if seen.modified_at > known_at:
        return Ruling(Verdict.APPLIED)
    if seen.fresh:
        return Ruling(Verdict.REWOUND) if later else Ruling(Verdict.STALE, ring=True)
    return Ruling(Verdict.STALE, ring=seen.listed)


def event_type(stream: str, before: Presence | None, after: Presence) -> str:
    """Name the event by the difference between the records before and after, never by a webhook's topic."""
    if after is Presence.DELETED:
        verb = "deleted"
    elif after is Presence.TRASHED:
        verb = "updated" if before is Presence.TRASHED else "trashed"
    elif before is None or (before is Presence.DRAFT and after is Presence.LIVE):
        verb = "created"
    elif before in (Presence.TRASHED, Presence.DELETED):
        verb = "restored"
    else:
        verb = "updated"
    return f"{stream}.{verb}"


def turned(turn: Turn | None, before: str | None, after: str) -> bool:
    """Whether an entity comes to the state that ``turn`` tells of; ``before`` None: it was never seen."""
    if turn is None:
        return False
    return turn.first if before is None else before != after and before not in turn.among
