"""WordPress' own check of parameters, driven by the recorded argument tables (``recorded/routes.json``).

Single endpoints run it; batch endpoints skip it, as the real ones do (vendor facts 27 and 28).
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import orjson

from . import php
from .answers import WpError

_EMAIL = re.compile(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")
_STAMP = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)?$")


class Flaw(msgspec.Struct, frozen=True):
    """Why a value is refused."""

    code: str
    message: str
    data: Any = None


@cache
def routes() -> dict[str, Any]:
    """Return the recorded routes: template -> methods and endpoints with their arguments."""
    value: dict[str, Any] = orjson.loads((Path(__file__).parent / "recorded" / "routes.json").read_bytes())
    return value


@cache
def arguments(template: str, method: str) -> dict[str, Any]:
    """Return the argument table of one route and method ({} where none is recorded)."""
    for endpoint in routes().get(template, {}).get("endpoints", ()):
        if method in endpoint["methods"]:
            return dict(endpoint["args"] or {})
    return {}


def check(args: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with their types set right; raise the 400 that WordPress raises."""
    missing = [name for name, rule in args.items() if rule.get("required") and name not in given]
    if missing:
        message = f"Missing parameter(s): {', '.join(missing)}"
        raise WpError(400, "rest_missing_callback_param", message, params=missing)
    flaws: dict[str, Flaw] = {}
    clean = dict(given)
    for name, rule in args.items():
        if name not in given:
            continue
        flaw = flaw_of(given[name], rule, name)
        if flaw:
            flaws[name] = flaw
        else:
            clean[name] = sanitize(given[name], rule)
    if flaws:
        _refuse(flaws)
    return clean


def _refuse(flaws: dict[str, Flaw]) -> None:
    details = {n: {"code": f.code, "message": f.message, "data": f.data} for n, f in flaws.items()}
    params = {name: flaw.message for name, flaw in flaws.items()}
    message = f"Invalid parameter(s): {', '.join(flaws)}"
    raise WpError(400, "rest_invalid_param", message, params=params, details=details)


def flaw_of(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    """Return what is wrong with a value, or None."""
    kind = rule.get("type")
    if kind is None:
        return None
    if isinstance(kind, list):
        return _any_of(value, rule, name)
    checker = _BY_TYPE.get(kind)
    if checker is None:
        return None
    return checker(value, rule, name) or _enum_flaw(value, rule, name)


def _any_of(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    """Check against the first type that fits, as WordPress does with several."""
    kinds: list[str] = rule["type"]
    if value is None and "null" in kinds:
        return None
    if isinstance(value, str) and "string" in kinds:
        return _string(value, rule, name)
    flaws = [flaw_of(value, {**rule, "type": kind}, name) for kind in kinds if kind != "null"]
    return None if any(flaw is None for flaw in flaws) else _type_flaw(name, ",".join(kinds))


def _enum_flaw(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    allowed = rule.get("enum")
    if not allowed or value in allowed:
        return None
    words = [str(item) for item in allowed]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])}{',' * (len(words) > 2)} and {words[-1]}"
    return Flaw("rest_not_in_enum", f"{name} is not one of {listed}.")


def _type_flaw(name: str, kind: str) -> Flaw:
    return Flaw("rest_invalid_type", f"{name} is not of type {kind}.", {"param": name})


def _array(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    items = as_list(value)
    if items is None:
        return _type_flaw(name, "array")
    inner = rule.get("items") or {}
    return next((flaw for i, item in enumerate(items) if (flaw := flaw_of(item, inner, f"{name}[{i}]"))), None)


def as_list(value: Any) -> list[Any] | None:
    """Return a list from a list, a map or a comma-separated text, as WordPress reads arrays."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values()) if all(str(key).isdigit() for key in value) else None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return [part for part in re.split(r"[\s,]+", str(value)) if part]
    return None


def _object(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    if value in ("", []):
        return None
    if not isinstance(value, dict):
        return _type_flaw(name, "object")
    properties = rule.get("properties") or {}
    for key, item in value.items():
        flaw = flaw_of(item, properties[key], f"{name}[{key}]") if key in properties else None
        if flaw:
            return flaw
    return None


def _integer(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    at = php.as_decimal(value) if not isinstance(value, bool | list | dict) and value is not None else None
    if at is None or at != at.to_integral_value():
        return _type_flaw(name, "integer")
    return _bounds(at, rule, name)


def _number(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    at = php.as_decimal(value) if not isinstance(value, bool | list | dict) and value is not None else None
    return _type_flaw(name, "number") if at is None else _bounds(at, rule, name)


def _bounds(at: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    low, high = rule.get("minimum"), rule.get("maximum")
    if (low is None or at >= low) and (high is None or at <= high):
        return None
    if low is not None and high is not None:
        return Flaw("rest_out_of_bounds", f"{name} must be between {low} (inclusive) and {high} (inclusive)")
    if low is not None:
        return Flaw("rest_out_of_bounds", f"{name} must be greater than or equal to {low}")
    return Flaw("rest_out_of_bounds", f"{name} must be less than or equal to {high}")


def _boolean(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    del rule
    known = isinstance(value, bool) or str(value).lower() in ("true", "false", "1", "0")
    return None if known else _type_flaw(name, "boolean")


def _string(value: Any, rule: dict[str, Any], name: str) -> Flaw | None:
    if not isinstance(value, str):
        return _type_flaw(name, "string")
    if rule.get("format") == "email" and not _EMAIL.match(value):
        return Flaw("rest_invalid_email", "Invalid email address.")
    if rule.get("format") == "date-time" and not is_stamp(value):
        return Flaw("rest_invalid_date", "Invalid date.")
    return None


def is_stamp(value: str) -> bool:
    """Whether WordPress reads the text as a date and time (no epoch, no bare date: recorded 400s)."""
    if not _STAMP.match(value):
        return False
    try:
        datetime.fromisoformat(value.upper().replace(" ", "T", 1))
    except ValueError:
        return False
    return True


_BY_TYPE = {
    "array": _array,
    "object": _object,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
}


def sanitize(value: Any, rule: dict[str, Any]) -> Any:
    """Return a checked value in its declared type."""
    kind = rule.get("type")
    if kind == "integer":
        return int(php.as_decimal(value) or 0)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1")
    if kind == "array":
        return [sanitize(item, rule.get("items") or {}) for item in as_list(value) or []]
    if kind == "object" and isinstance(value, dict):
        properties = rule.get("properties") or {}
        return {key: sanitize(item, properties.get(key) or {}) for key, item in value.items()}
    return value
