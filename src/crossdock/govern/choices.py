"""What a person may choose about a connection after it is made: checked here, where it is written. Pure.

Every refusal names the field as the API knows it (``streams.order.interval_s``). ``None`` takes a choice back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crossdock.connect.connector import Connector
from crossdock.connect.manifest import FieldKind
from crossdock.errors import BadInput

SHORTEST_S: Final = 5
LONGEST_S: Final = 7 * 24 * 3600
_MOST: Final = 500
_WORD = re.compile(r"[a-z0-9_-]{1,60}")
_FIELD = re.compile(r"[a-z_]{1,60}\.[A-Za-z0-9_]{1,120}")
_OWNERS: Final = ("store", "hub", "crm", "fill_blanks")
_FIRST_YEAR: Final = 1990

Check = Callable[[Connector, str, Any], Any]


def checked(connector: Connector, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as they are kept in the config. Raises ``BadInput`` with the field."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        check = CHECKS.get(name) or _asked(connector, name)
        if check is None:
            raise BadInput(f"there is no such choice: {name[:60]}", field=name[:60], remedy=f"one of {_list(CHECKS)}")
        found[name] = None if value is None else check(connector, name, value)
    return found


def _asked(connector: Connector, name: str) -> Check | None:
    """Return the check of a choice that the connection's form asks for, too."""
    field = next((one for one in connector.manifest.form if one.name == name and one.later), None)
    if field is None:
        return None

    def check(_: Connector, at: str, given: Any) -> Any:
        if field.kind is FieldKind.BOOL and not isinstance(given, bool):
            raise BadInput("neither true nor false", field=at, remedy="write true or false")
        if field.kind is FieldKind.CHOICE and given not in field.choices:
            raise BadInput("no such choice", field=at, remedy=f"one of {', '.join(field.choices)}")
        if field.kind in (FieldKind.TEXT, FieldKind.URL) and not _text(given):
            raise BadInput("no short text", field=at, remedy="write at most 200 letters")
        return given

    return check


def needs_preparing(connector: Connector, names: Iterable[str]) -> bool:
    """Whether one of these choices is asked for by the connection's form: the account may need something for it."""
    return any(name not in CHECKS and _asked(connector, name) is not None for name in names)


def merged(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with changes: streams change one by one, everything else as a whole; None takes back."""
    new = {**config, **changes}
    if changes.get("streams") is not None:
        before = config.get("streams")
        streams = dict(before) if isinstance(before, Mapping) else {}
        for name, terms in changes["streams"].items():
            old = streams.get(name)
            streams[name] = None if terms is None else {**(old if isinstance(old, Mapping) else {}), **terms}
        new["streams"] = {name: terms for name, terms in streams.items() if terms is not None} or None
    return {name: value for name, value in new.items() if value is not None}


def _streams(connector: Connector, field: str, given: Any) -> Any:
    known = [stream.name for stream in connector.manifest.streams]
    found: dict[str, Any] = {}
    for name, terms in _object(field, given).items():
        at = f"{field}.{name[:60]}"
        if name not in known:
            raise BadInput("there is no such stream", field=at, remedy=f"one of {', '.join(known)}")
        found[name] = None if terms is None else _terms(at, terms)
    return found


def _terms(at: str, given: Any) -> dict[str, Any]:
    terms = _object(at, given)
    _only(at, terms, ("enabled", "interval_s"))
    enabled, interval = terms.get("enabled"), terms.get("interval_s")
    if enabled is not None and not isinstance(enabled, bool):
        raise BadInput("neither true nor false", field=f"{at}.enabled", remedy="write true or false")
    if interval is not None:
        _number(f"{at}.interval_s", interval, SHORTEST_S, LONGEST_S)
    return terms


def _start(connector: Connector, field: str, given: Any) -> Any:
    del connector
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        at = None
    if at is None or at.year < _FIRST_YEAR:
        raise BadInput("no date", field=field, remedy="write it as 2026-01-31, or with a time and zone")
    return given


def _quiet(connector: Connector, field: str, given: Any) -> Any:
    del connector
    hours = _object(field, given)
    _only(field, hours, ("from", "to", "zone"))
    for name in ("from", "to"):
        try:
            time.fromisoformat(hours[name])
        except (KeyError, TypeError, ValueError):
            raise BadInput("no time of day", field=f"{field}.{name}", remedy="write it as 22:00") from None
    try:
        ZoneInfo(hours.get("zone") or "UTC")
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        raise BadInput("no time zone", field=f"{field}.zone", remedy="write it as Europe/Berlin") from None
    return hours


def _filters(connector: Connector, field: str, given: Any) -> Any:
    del connector
    filters = _object(field, given)
    _only(field, filters, ("gateways", "emails", "meta", "drafts", "products", "categories"))
    for name, value in filters.items():
        at = f"{field}.{name}"
        if name == "drafts":
            if not isinstance(value, bool):
                raise BadInput("neither true nor false", field=at, remedy="write true or false")
            continue
        if not isinstance(value, list) or len(value) > _MOST:
            raise BadInput(f"no list of at most {_MOST}", field=at, remedy='write it as ["one", "two"]')
        for i, item in enumerate(value):
            if not _filter_item(name, item):
                raise BadInput("not what this filter takes", field=f"{at}[{i}]", remedy=_FILTER_REMEDY[name])
    return filters


_FILTER_REMEDY: Final = {
    "gateways": "write ids of payment methods, such as cod",
    "emails": "write patterns, such as *@example.com",
    "meta": 'write meta keys, such as "_test", or {"key": "mode", "value": "test"}',
    "products": "write ids of products, such as 17",
    "categories": "write ids of categories, such as 17",
}


def _filter_item(name: str, item: Any) -> bool:
    if name in ("products", "categories"):
        return (isinstance(item, int) and not isinstance(item, bool) and item > 0) or (
            isinstance(item, str) and item.isascii() and item.isdigit()
        )
    if name == "meta" and isinstance(item, dict):
        return set(item) == {"key", "value"} and all(_text(part) for part in item.values())
    return _text(item)


def _statuses(connector: Connector, field: str, given: Any) -> Any:
    del connector
    told: dict[str, str] = {}
    for word, theirs in _map(field, given).items():
        at = f"{field}.{word[:60]}"
        listed = theirs if isinstance(theirs, list) and theirs else [theirs]
        for one in (word, *listed):
            if not isinstance(one, str) or not _WORD.fullmatch(one) or one.startswith("wc-"):
                raise BadInput("no name of a status", field=at, remedy="write it as on-hold, without wc- before it")
        for one in listed:
            if told.setdefault(one, word) != word:
                raise BadInput(f"{one} stands for {told[one]} already", field=at, remedy="let it stand for one word")
    return given


def _words(connector: Connector, field: str, given: Any) -> Any:
    del connector
    for name, word in _map(field, given).items():
        if not _text(name) or not _text(word):
            raise BadInput("no short text", field=f"{field}.{name[:60]}", remedy='write it as {"flat_rate": "DHL"}')
    return given


def _owners(connector: Connector, field: str, given: Any) -> Any:
    if connector.destination is None:
        raise BadInput("nothing is written to it, so its fields are its own", field=field, remedy="leave it out")
    for name, owner in _map(field, given).items():
        at = f"{field}.{name[:120]}"
        if connector.owned and name not in connector.owned:
            raise BadInput("there is no such field", field=at, remedy=f"one of {', '.join(connector.owned)}")
        if not _FIELD.fullmatch(name):
            raise BadInput("no name of a field", field=at, remedy="write it as contacts.phone")
        words = connector.owned.get(name, _OWNERS)
        if owner not in words:
            raise BadInput("no owner that this field may have", field=at, remedy=f"one of {', '.join(words)}")
    return given


def _rollout(connector: Connector, field: str, given: Any) -> Any:
    if connector.destination is None:
        raise BadInput("nothing is written to it", field=field, remedy="leave it out")
    if given in ("observe", "all"):
        return given
    how = given if isinstance(given, dict) else {}
    if set(how) == {"first"}:
        _whole(f"{field}.first", how["first"], 1_000_000)
    elif set(how) == {"percent"}:
        _number(f"{field}.percent", how["percent"], 1, 100)
    else:
        remedy = 'write "observe", {"first": 50}, {"percent": 1} or "all"'
        raise BadInput("no way to begin", field=field, remedy=remedy)
    return given


def _budget(most: int) -> Check:
    def check(connector: Connector, field: str, given: Any) -> Any:
        del connector
        if isinstance(given, float):
            raise BadInput("no whole number", field=field, remedy=f"write one between 1 and {most}")
        return _number(field, given, 1, most)

    return check


def _limits(connector: Connector, field: str, given: Any) -> Any:
    """Limits of the account may be lowered, never raised above what the vendor enforces."""
    limits, own = connector.manifest.limits, _object(field, given)
    _only(field, own, ("requests", "per_s", "daily", "concurrency", "endpoints"))
    most = {"requests": 1_000_000, "daily": limits.daily or 1_000_000_000, "concurrency": 1_000}
    if limits.enforced:
        most["concurrency"] = limits.concurrency
    for name, highest in most.items():
        if own.get(name) is not None:
            _whole(f"{field}.{name}", own[name], highest)
    span = own.get("per_s")
    if span is not None:
        _number(f"{field}.per_s", span, 1, 86_400)
    rate = own["requests"] / (span or limits.per_s) if own.get("requests") else 0.0
    if limits.enforced and rate > limits.requests / limits.per_s:
        raise BadInput(
            f"more than the account may have: {limits.requests} in {limits.per_s:g} s",
            field=f"{field}.requests",
            remedy="write fewer, or leave it out",
        )
    known = {endpoint.path: endpoint for endpoint in limits.endpoints}
    for path, terms in _map(f"{field}.endpoints", own.get("endpoints") or {}).items():
        at = f"{field}.endpoints.{path[:60]}"
        if path not in known:
            raise BadInput("there is no such endpoint", field=at, remedy=f"one of {', '.join(known) or 'none'}")
        _only(at, _object(at, terms), ("requests", "concurrency"))
        for name, highest in (("requests", known[path].requests), ("concurrency", known[path].concurrency or 1_000)):
            if terms.get(name) is not None:
                _whole(f"{at}.{name}", terms[name], highest)
    return own


def _whole(field: str, given: Any, most: int) -> None:
    if isinstance(given, float):
        raise BadInput("no whole number", field=field, remedy=f"write one between 1 and {most}")
    _number(field, given, 1, most)


def _cleared(connector: Connector, field: str, given: Any) -> Any:
    del connector
    if given not in ("none", "pii", "phi"):
        raise BadInput("no kind of data", field=field, remedy="write none, pii (people) or phi (people's health)")
    return given


CHECKS: Final[dict[str, Check]] = {
    "streams": _streams,
    "start_date": _start,
    "filters": _filters,
    "quiet_hours": _quiet,
    "status_map": _statuses,
    "shipping_map": _words,
    "payment_map": _words,
    "limits": _limits,
    "field_owners": _owners,
    "cleared_for": _cleared,
    "rollout": _rollout,
    "stages": _words,
    "requests_per_minute": _budget(10_000),
    "requests_per_day": _budget(10_000_000),
}


def _object(field: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
        raise BadInput("no object", field=field, remedy='write it as {"name": …}')
    return given


def _map(field: str, given: Any) -> dict[str, Any]:
    found = _object(field, given)
    if len(found) > _MOST:
        raise BadInput(f"more than {_MOST} entries", field=field, remedy="leave out what needs no translation")
    return found


def _only(field: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise BadInput("there is no such choice", field=f"{field}.{name[:60]}", remedy=f"one of {', '.join(known)}")


def _number(field: str, given: Any, least: int, most: int) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= most:
        raise BadInput("no number in its bounds", field=field, remedy=f"write one between {least} and {most}")
    return given


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(("name", "url", *names))
