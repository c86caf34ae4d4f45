"""From what stands and what is found now to what changes and what is told. Pure; time is given.

One alert a kind and subject is open at a time. It is told when it is raised, reminded of at growing intervals until
somebody acknowledges it, told again when it has grown tenfold, and told once more when it has been calm for a while.
What comes back within a day needs twice the calm each time: something that flaps becomes one long alert.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from crossdock.govern.alerts.readings import Trouble

REMIND_AFTER: tuple[timedelta, ...] = tuple(timedelta(hours=h) for h in (1, 4, 12, 24, 72, 168))
"""From each telling to the next; the last one repeats."""
LONGEST_CALM = timedelta(hours=1)
_GROWN = 10
_SEEN_EVERY = timedelta(minutes=5)


class What(StrEnum):
    """What is told of an alert."""

    RAISED = "raised"
    REMINDER = "reminder"
    GROWN = "grown"
    RECOVERED = "recovered"


class Standing(msgspec.Struct, frozen=True):
    """An open alert as it is kept."""

    id: uuid.UUID
    trouble: Trouble
    raised_at: datetime
    seen_at: datetime
    told_count: int
    remind_at: datetime
    reminders: int = 0
    relapses: int = 0
    calm_since: datetime | None = None
    acknowledged: bool = False
    ended_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes it one."""
        return (self.trouble.kind, self.trouble.subject)


class Happening(msgspec.Struct, frozen=True):
    """What is told of which alert."""

    what: What
    alert: Standing


class Course(msgspec.Struct, frozen=True):
    """What changes: rows to write, in full, and what is told."""

    opened: Sequence[Standing]
    changed: Sequence[Standing]
    told: Sequence[Happening]


def course(
    standing: Iterable[Standing],
    troubles: Iterable[Trouble],
    now: datetime,
    *,
    calm: timedelta,
    ids: Iterable[uuid.UUID],
    relapses: Mapping[tuple[str, str], int] | None = None,
    frozen: frozenset[uuid.UUID] = frozenset(),
    gone: frozenset[uuid.UUID] = frozenset(),
) -> Course:
    """Decide about one tenant.

    ``ids`` names new alerts; ``relapses`` says how often what begins now has come back within a day; alerts of
    ``frozen`` connections (paused by a person) stay as they are, those of ``gone`` ones end without a word.
    """
    found = {(t.kind, t.subject): t for t in troubles}
    names = iter(ids)
    opened: list[Standing] = []
    changed: list[Standing] = []
    told: list[Happening] = []
    for alert in standing:
        trouble = found.pop(alert.key, None)
        connection = alert.trouble.connection_id
        if connection in gone:
            changed.append(msgspec.structs.replace(alert, ended_at=now))
            continue
        if connection in frozen:
            continue
        after, what = _goes_on(alert, trouble, now) if trouble else _calms(alert, now, calm)
        if after != alert:
            changed.append(after)
        if what:
            told.append(Happening(what, after))
    for key, trouble in found.items():
        if trouble.quiet:
            continue
        alert = Standing(
            id=next(names),
            trouble=trouble,
            raised_at=now,
            seen_at=now,
            told_count=trouble.count,
            remind_at=now + REMIND_AFTER[0],
            relapses=(relapses or {}).get(key, 0),
        )
        opened.append(alert)
        told.append(Happening(What.RAISED, alert))
    return Course(opened, changed, told)


def _goes_on(alert: Standing, trouble: Trouble, now: datetime) -> tuple[Standing, What | None]:
    back = alert.calm_since is not None
    after = msgspec.structs.replace(
        alert,
        trouble=msgspec.structs.replace(trouble, since=min(trouble.since, alert.trouble.since), quiet=False),
        calm_since=None,
        relapses=alert.relapses + back,
    )
    if after != alert or now - alert.seen_at >= _SEEN_EVERY:
        after = msgspec.structs.replace(after, seen_at=now)
    if trouble.quiet:
        return after, None
    if trouble.count >= _GROWN * alert.told_count:
        return msgspec.structs.replace(after, told_count=trouble.count), What.GROWN
    if alert.acknowledged or now < alert.remind_at:
        return after, None
    reminders = alert.reminders + 1
    pause = REMIND_AFTER[min(reminders, len(REMIND_AFTER) - 1)]
    return (
        msgspec.structs.replace(after, reminders=reminders, remind_at=now + pause, told_count=trouble.count),
        What.REMINDER,
    )


def _calms(alert: Standing, now: datetime, calm: timedelta) -> tuple[Standing, What | None]:
    if alert.calm_since is None:
        alert = msgspec.structs.replace(alert, calm_since=now)
    assert alert.calm_since is not None
    if now - alert.calm_since < calm_of(alert.relapses, calm):
        return alert, None
    return msgspec.structs.replace(alert, ended_at=now), What.RECOVERED


def calm_of(relapses: int, calm: timedelta) -> timedelta:
    """Return how long something has to be calm before it is over: twice as long each time it came back."""
    return min(calm * float(2 ** min(relapses, 20)), max(LONGEST_CALM, calm))
