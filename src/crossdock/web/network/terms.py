"""A route's terms on a page: as fields of a form, out of it again, and as words. Pure but for the form it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossdock.connect.connector import Connector
from crossdock.errors import BadInput
from crossdock.flow import mapping
from crossdock.govern.route_terms import Terms, terms_of
from crossdock.web.desk import Desk
from crossdock.web.words import spoken

_TEXTS = ("at", "zone", "zone_at")
_NUMBERS = ("delay_s", "offset_s")
FIELDS = (
    "priority",
    "types",
    "skip_statuses",
    *(f"schedule.{name}" for name in (*_NUMBERS, *_TEXTS, "on_change", "late", "cancelled", "quiet.from", "quiet.to")),
)
URGENCIES = (
    ("live", "live: before everything else"),
    ("standard", "standard"),
    ("bulk", "bulk: when nothing else waits"),
)


def fields_of(route: Mapping[str, Any]) -> dict[str, str]:
    """Return a route's terms by the names of the form's fields."""
    schedule = route.get("schedule") or {}
    quiet = schedule.get("quiet") or {}
    found = {f"schedule.{name}": str(schedule.get(name, "")) for name in (*_TEXTS, "on_change", "late")}
    found |= {f"schedule.{name}": _plain(schedule.get(name)) for name in _NUMBERS}
    found["schedule.cancelled"] = ", ".join(schedule.get("cancelled", ()))
    return {
        **found,
        "schedule.quiet.from": str(quiet.get("from", "")),
        "schedule.quiet.to": str(quiet.get("to", "")),
        "priority": str(route.get("priority", "standard")),
        "types": ", ".join(route.get("types", ())),
        "skip_statuses": ", ".join(route.get("skip_statuses", ())),
        "historical": "on" if route.get("historical") else "",
    }


def fields_in(desk: Desk) -> dict[str, str]:
    """Return what a form says, to show it again."""
    return {name: desk.text(name) for name in (*FIELDS, "historical")}


def terms_in(desk: Desk) -> Terms:
    """Read the terms of a form. Raises ``BadInput`` that names the form's field."""
    schedule: dict[str, Any] = {name: desk.text(f"schedule.{name}") for name in (*_TEXTS, "on_change", "late")}
    schedule |= {name: _number(desk, f"schedule.{name}") for name in _NUMBERS}
    schedule["cancelled"] = _words(desk, "schedule.cancelled")
    schedule = {name: value for name, value in schedule.items() if value}
    quiet = {name: desk.text(f"schedule.quiet.{name}") for name in ("from", "to")}
    if any(quiet.values()):
        schedule["quiet"] = quiet
    given = {
        "priority": desk.text("priority", "standard") or "standard",
        "types": _words(desk, "types"),
        "skip_statuses": _words(desk, "skip_statuses"),
        "historical": desk.text("historical") == "on",
        "schedule": schedule or None,
    }
    try:
        return terms_of(given)
    except BadInput as wrong:
        # a list is one field of the form
        wrong.field = (wrong.field or "").partition("[")[0]
        raise


def only_of(route: Mapping[str, Any]) -> str:
    """Return in words which events a route takes; empty: all of them."""
    said = []
    if route["types"]:
        said.append(f"only {', '.join(route['types'])}")
    if route["skip_statuses"]:
        said.append(f"without {', '.join(route['skip_statuses'])}")
    if route["historical"]:
        said.append("old ones too")
    return "; ".join(said)


def when_of(route: Mapping[str, Any]) -> str:
    """Return in words when a route's deliveries go out; empty: at once."""
    schedule = route["schedule"] or {}
    said = []
    if schedule.get("at"):
        offset = float(schedule.get("offset_s") or 0)
        before = f"{spoken(abs(offset))} {'before' if offset < 0 else 'after'} " if offset else ""
        said.append(f"{before}the time of {schedule['at']}")
    if schedule.get("delay_s"):
        said.append(f"{spoken(float(schedule['delay_s']))} later")
    if schedule.get("quiet"):
        quiet = schedule["quiet"]
        said.append(f"not from {quiet['from']} to {quiet['to']} {schedule.get('zone', 'UTC')}")
    return ", ".join(said)


def canary_of(config: Mapping[str, Any]) -> str:
    """Return in words how much of what is due goes out to a destination; empty: all of it."""
    how = config.get("rollout")
    if how == "observe":
        return "nothing is written"
    if isinstance(how, Mapping):
        return f"the first {how['first']:,}" if "first" in how else f"{how.get('percent', 0):g} %"
    return ""


def name_of(route: Mapping[str, Any]) -> str:
    """Return what people call a route, and type to remove it."""
    return f"{route['source']} {route['stream']} to {route['destination']}"


def maps(connector: Connector | None, route: Mapping[str, Any]) -> bool:
    """Whether a route writes fields, so that it has a mapping."""
    return connector is not None and mapping.maps(
        connector, route["action"], route["stream"], occurrence=route["occurrence"]
    )


def _words(desk: Desk, name: str) -> list[str]:
    return [word for part in desk.text(name).replace("\n", ",").split(",") if (word := part.strip())]


def _number(desk: Desk, name: str) -> float | None:
    given = desk.text(name)
    try:
        return float(given) if given else None
    except ValueError:
        raise BadInput("this is no number of seconds", field=name, remedy="write 3600 for an hour") from None


def _plain(value: float | None) -> str:
    return "" if not value else f"{value:g}"
