"""What a number looks like, and the day and year it belongs to."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from crossdock.flow.invoice.checks import broken

_FIELD: Final = re.compile(r"\{(series|year|number)(?::0([1-9]|1[0-2])d)?\}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9/._ -]*")


def check_pattern(pattern: str, *, yearly: bool) -> None:
    """Refuse a pattern that cannot tell numbers apart. Raises ``PydanticCustomError`` by name of the rule."""
    fields = [found[1] for found in _FIELD.finditer(pattern)]
    padded = [found[1] for found in _FIELD.finditer(pattern) if found[2]]
    if not _PLAIN.fullmatch(_FIELD.sub("", pattern)) or pattern != pattern.strip() or set(padded) - {"number"}:
        raise broken("series.pattern")
    if fields.count("number") != 1:
        raise broken("series.number")
    if yearly and "year" not in fields:
        raise broken("series.year")


def rendered(pattern: str, series: str, year: int, number: int) -> str:
    """Return a number as it stands on the invoice: ``RE-2026-00017``."""
    values = {"series": series, "year": str(year)}

    def fill(found: re.Match[str]) -> str:
        if found[1] != "number":
            return values[found[1]]
        return str(number).zfill(int(found[2])) if found[2] else str(number)

    return _FIELD.sub(fill, pattern)


def day_of(now: datetime, timezone: str) -> date:
    """Return the day a moment falls on by the seller's calendar."""
    return now.astimezone(ZoneInfo(timezone)).date()
