"""What a person may choose about a route: checked here, where it is written. Pure.

Every refusal names the field as the API knows it (``schedule.quiet.from``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from crossdock.connect.connector import Connector
from crossdock.errors import BadInput
from crossdock.kit.expression import compiled
from crossdock.model.route import Priority
from crossdock.model.schedule import Quiet, Schedule

NAMES: Final = ("historical", "priority", "types", "skip_statuses", "schedule")
PRIORITIES: Final = {priority.name.lower(): priority for priority in Priority}
URGENT: Final = frozenset({"payment", "refund", "payout", "dispute", "sale"})
"""Entities whose routes are live unless said otherwise: payments, and what a till sells."""
_LONGEST: Final = timedelta(days=366).total_seconds()
_MOST: Final = 100
_WORD: Final = 60
_FIELDS: Final = {name: f"schedule.{name}" for name in ("delay_s", "at", "offset_s", "zone", "zone_at", "late")}
_REMEDIES: Final = {
    "at": "write a JMESPath such as meta_data[?key=='_appointment_at'].value | [0]",
    "zone_at": "write a JMESPath that gives a name such as Europe/Berlin",
    "zone": "write it as Europe/Berlin",
    "delay_s": "write 3600 for an hour",
    "offset_s": "write -86400 for a day before",
}


class Terms(msgspec.Struct, frozen=True):
    """What is chosen about a route; UNSET leaves it as it is."""

    historical: bool | msgspec.UnsetType = msgspec.UNSET
    priority: Priority | msgspec.UnsetType = msgspec.UNSET
    types: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    skip_statuses: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    schedule: Schedule | msgspec.UnsetType | None = msgspec.UNSET


def terms_of(given: Mapping[str, Any]) -> Terms:
    """Read choices. Raises ``BadInput`` with the field, the rule and a remedy."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in NAMES:
            raise BadInput(f"there is no such choice: {name[:_WORD]}", field=name[:_WORD], remedy=_one_of(NAMES))
        found[name] = _READ[name](name, value)
    return Terms(**found)


def usual_priority(source: Connector | None, stream: str) -> Priority:
    """Return the priority of a new route: payments and a till's sales are live, all else is standard."""
    entities = {s.name: s.entity for s in source.manifest.streams} if source else {}
    return Priority.LIVE if entities.get(stream, stream) in URGENT else Priority.STANDARD


def schedule_of(given: Any) -> Schedule | None:
    """Read a route's schedule; None and {} are none. Raises ``BadInput``."""
    if given is None or given == {}:
        return None
    try:
        schedule = msgspec.convert(given, Schedule)
    except msgspec.ValidationError as wrong:
        rule, _, place = str(wrong).partition(" - at ")
        field = "schedule" + place.strip("`").removeprefix("$")
        raise BadInput(rule, field=field, remedy=_one_of(Schedule.__struct_encode_fields__)) from None
    unknown = sorted(set(given) - set(Schedule.__struct_encode_fields__))
    if unknown:
        named = _one_of(Schedule.__struct_encode_fields__)
        raise BadInput("there is no such choice", field=f"schedule.{unknown[0][:_WORD]}", remedy=named)
    _check(schedule)
    return schedule


def _check(schedule: Schedule) -> None:
    for name in ("at", "zone_at"):
        if text := getattr(schedule, name):
            try:
                compiled(text)
            except ValueError as wrong:
                raise _refused(name, str(wrong)) from None
    if not 0 <= schedule.delay_s <= _LONGEST:
        raise _refused("delay_s", "no number of seconds up to 366 days")
    if not abs(schedule.offset_s) <= _LONGEST:
        raise _refused("offset_s", "no number of seconds up to 366 days")
    if schedule.offset_s and not schedule.at:
        raise _refused("offset_s", "is added to the time that schedule.at gives, and that is empty")
    try:
        ZoneInfo(schedule.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refused("zone", "no time zone") from None
    if schedule.quiet is not None:
        _check_quiet(schedule.quiet)


def _check_quiet(quiet: Quiet) -> None:
    for name, given in (("from", quiet.begin), ("to", quiet.end)):
        try:
            time.fromisoformat(given)
        except ValueError:
            raise BadInput("no time of day", field=f"schedule.quiet.{name}", remedy="write it as 21:00") from None
    if time.fromisoformat(quiet.begin) == time.fromisoformat(quiet.end):
        problem = "equals schedule.quiet.from, so that nothing would ever go out"
        raise BadInput(problem, field="schedule.quiet.to", remedy="let the quiet hours end at another time")


def _refused(name: str, problem: str) -> BadInput:
    return BadInput(problem, field=_FIELDS[name], remedy=_REMEDIES[name])


def _truth(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadInput("neither true nor false", field=name, remedy="write true or false")
    return value


def _priority(name: str, value: Any) -> Priority:
    if value not in PRIORITIES:
        raise BadInput("there is no such priority", field=name, remedy=_one_of(PRIORITIES))
    return PRIORITIES[value]


def _words(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise BadInput(f"no list of at most {_MOST}", field=name, remedy='write it as ["one", "two"]')
    for i, word in enumerate(value):
        if not isinstance(word, str) or not 0 < len(word) <= _WORD or not word.isprintable():
            raise BadInput("no short text", field=f"{name}[{i}]", remedy="write a word such as order.created")
    return tuple(dict.fromkeys(value))


def _schedule(name: str, value: Any) -> Schedule | None:
    if value is not None and not isinstance(value, dict):
        raise BadInput("no object", field=name, remedy='write it as {"delay_s": 3600}, or null for at once')
    return schedule_of(value)


_READ: Final = {
    "historical": _truth,
    "priority": _priority,
    "types": _words,
    "skip_statuses": _words,
    "schedule": _schedule,
}


def _one_of(names: Any) -> str:
    return f"one of {', '.join(names)}"
