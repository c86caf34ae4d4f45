"""How the vendor checks and normalises one property value."""

from __future__ import annotations

import re

from crossdock.connectors.hubspot.sandbox.definitions import Definition
from crossdock.connectors.hubspot.sandbox.instants import iso, read_date, read_instant
from crossdock.connectors.hubspot.sandbox.refusals import Problem

LONGEST = 65_536
"""Characters in a string value (vendor)."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}\Z"
)


class BadValue(ValueError):
    """A value the vendor refuses, as a :class:`Problem`."""

    def __init__(self, name: str, code: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(name, code, message)


def as_text(name: str, raw: object) -> str:
    """Return a JSON scalar as the vendor stores it: text. ``null`` clears like the empty string."""
    if isinstance(raw, str):
        return raw
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return repr(raw)
    raise BadValue(name, "INVALID_TYPE", f"Property {name} must be a string, not an array or object")


def normalise(prop: Definition, raw: object) -> str:
    """Return the value as stored, or raise :class:`BadValue`. The empty string clears any property."""
    text = as_text(prop.name, raw)
    if not text:
        return text
    check = _CHECKS.get(prop.type)
    if check is None:
        if len(text) > LONGEST:
            raise BadValue(prop.name, "TOO_LONG", f"Property {prop.name} is longer than {LONGEST} characters")
        return text
    return check(prop, text)


def email(text: str) -> str:
    """Return an address in lower case, or raise :class:`BadValue`."""
    if not _EMAIL.match(text) or ".." in text or len(text) > 254:
        raise BadValue("email", "INVALID_EMAIL", f"Email address {text} is invalid")
    return text.lower()


def _number(prop: Definition, text: str) -> str:
    if not _NUMBER.match(text):
        raise BadValue(prop.name, "INVALID_NUMBER", f"{text} was not a valid number.")
    return text


def _date(prop: Definition, text: str) -> str:
    day = read_date(text)
    if day is None:
        raise BadValue(prop.name, "INVALID_DATE", f"{text} was not a valid date: midnight UTC or YYYY-MM-DD.")
    return day


def _datetime(prop: Definition, text: str) -> str:
    ms = read_instant(text)
    if ms is None:
        raise BadValue(prop.name, "INVALID_LONG", f"{text} was not a valid long or ISO-8601 time.")
    return iso(ms)


def _bool(prop: Definition, text: str) -> str:
    if text not in {"true", "false"}:
        raise BadValue(prop.name, "INVALID_BOOLEAN", f"{text} was not one of the allowed options: [true, false]")
    return text


def _enumeration(prop: Definition, text: str) -> str:
    if prop.external_options:
        return text
    parts = [part for part in text.split(";") if part] if prop.field_type == "checkbox" else [text]
    for part in parts:
        if part not in prop.option_values:
            allowed = ", ".join(str(option["value"]) for option in prop.options)
            raise BadValue(prop.name, "INVALID_OPTION", f"{part} was not one of the allowed options: [{allowed}]")
    return text


_CHECKS = {"number": _number, "date": _date, "datetime": _datetime, "bool": _bool, "enumeration": _enumeration}
