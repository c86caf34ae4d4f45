"""What a shop in PHP does with text: JSON as ``wp_json_encode`` writes it, query strings as ``$_GET`` reads them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

CENT = Decimal("0.01")
_ENCODE = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def encode(value: object) -> bytes:
    r"""Return JSON as PHP writes it: ``\/`` for a slash, ``\uXXXX`` for all that is not ASCII (recorded bodies)."""
    return _ENCODE(value).replace("/", "\\/").encode("ascii")


def parse_query(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the pairs as PHP reads them: ``a[]=1``, ``a[0]=1`` are lists, ``a[b]=1`` is a map, the last one wins."""
    out: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, rest = name.partition("[")
        if not bracket or "]" not in rest:
            out[name.replace(".", "_").replace(" ", "_")] = value
            continue
        _put(out, head, re.findall(r"\[([^\]]*)\]", "[" + rest), value)
    return {name: _listed(value) for name, value in out.items()}


def _put(out: dict[str, Any], head: str, path: list[str], value: str) -> None:
    at = out.get(head)
    if not isinstance(at, dict):
        at = out[head] = {}
    for step in path[:-1]:
        key = step or str(len(at))
        if not isinstance(at.get(key), dict):
            at[key] = {}
        at = at[key]
    at[path[-1] or str(len(at))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    return list(inner.values()) if all(key.isdigit() for key in inner) else inner


def pairs_of(query_string: str) -> list[tuple[str, str]]:
    """Return the pairs of a query string, blank values kept."""
    return parse_qsl(query_string, keep_blank_values=True, errors="surrogateescape")


def build_query(values: Mapping[str, Any]) -> str:
    """Return a query string as WordPress' ``add_query_arg`` writes it (lists as ``name[0]``)."""
    parts: list[str] = []
    for name, value in values.items():
        if isinstance(value, list):
            parts += [f"{name}%5B{i}%5D={quote_plus(str(item))}" for i, item in enumerate(value)]
        elif isinstance(value, bool):
            parts.append(f"{name}={int(value)}")
        else:
            parts.append(f"{name}={quote_plus(str(value))}")
    return "&".join(parts)


def number(value: Decimal) -> int | float:
    """Return a PHP float as JSON shows it: whole ones without a point (recorded ``price``: 16, 1.2)."""
    return int(value) if value == value.to_integral_value() else float(value)


def money(value: Decimal) -> str:
    """Return an amount with two decimals, half up: the sandbox's shop has two for every currency (vendor fact 23)."""
    return str(value.quantize(CENT, ROUND_HALF_UP) + 0)


def short(value: Decimal) -> str:
    """Return an amount without trailing zeros, as coupon lines show it (recorded ``"4.8"``)."""
    text = money(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_decimal(value: Any) -> str:
    """Return ``wc_format_decimal``: all but digits, point and minus is dropped, so "12,50" is 1250 and "abc" is ""."""
    kept = re.sub(r"[^0-9.\-]", "", str(value))
    return kept if as_decimal(kept) is not None else ""


def as_decimal(value: Any) -> Decimal | None:
    """Return a finite number or None."""
    try:
        at = Decimal(str(value))
    except InvalidOperation:
        return None
    return at if at.is_finite() else None


def as_int(value: Any) -> int:
    """Return PHP's ``intval``: the leading digits, else 0."""
    if isinstance(value, bool | int | float):
        return int(value)
    found = re.match(r"\s*[+-]?\d+", str(value or ""))
    return int(found.group()) if found else 0


def slugify(text: str) -> str:
    """Return a WordPress slug: lower case, tags and marks dropped, other letters percent-encoded."""
    plain = re.sub(r"<[^>]*>|&[a-z]+;", "", text).replace("ß", "s").replace("×", "x")
    plain = "".join(
        unicodedata.normalize("NFD", c)[0] if "LATIN" in unicodedata.name(c, "") else c for c in plain.lower()
    )
    kept = re.sub(
        r"[\s\-]+", "-", "".join(c if c.isalnum() or ord(c) > 127 else "-" if c in " -" else "" for c in plain)
    )
    return quote(kept.strip("-"), safe="-").lower()
