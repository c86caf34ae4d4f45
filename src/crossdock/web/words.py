"""How values are said on pages: times, numbers, money, states. One place, so that every page says the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from crossdock.model.delivery import MEANS, SkipReason


def spoken(span: timedelta | float) -> str:
    """Return a span in its two largest units: ``1 min 52 s``, ``3 h``, ``2 days``."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {rest} s" if rest and minutes < 10 else "")
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {minutes} min" if minutes and hours < 10 else "")
    return f"{hours // 24} days"


def relative(at: datetime, now: datetime) -> str:
    """Return how long ago or how soon: ``3 h ago``, ``in 5 min``."""
    span = now - at
    if abs(span) < timedelta(seconds=1):
        return "now"
    if abs(span) < timedelta(seconds=10):
        return f"{abs(span).seconds} s ago" if span > timedelta(0) else f"in {abs(span).seconds} s"
    return f"{spoken(span)} ago" if span > timedelta(0) else f"in {spoken(-span)}"


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local(at: datetime, zone: str) -> datetime:
    """Return a time in a zone; an unknown zone is UTC."""
    return at.astimezone(_zone(zone))


def absolute(at: datetime, zone: str, *, precise: bool = False) -> str:
    """Return a time in full: ``Sat 21 Nov 2026, 14:32:10``."""
    there = local(at, zone)
    return there.strftime("%a %-d %b %Y, %H:%M:%S") + (f".{there.microsecond // 1000:03d}" if precise else "")


def clock(at: datetime, zone: str) -> str:
    """Return the time of day with its thousandths."""
    there = local(at, zone)
    return there.strftime("%H:%M:%S") + f".{there.microsecond // 1000:03d}"


def day(at: datetime, zone: str) -> str:
    """Return a day: ``Sat 21 Nov``."""
    return local(at, zone).strftime("%a %-d %b")


def instant(value: Any) -> datetime:
    """Return a time that came as text, as UTC."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def number(value: float | Decimal | None, digits: int = 0) -> str:
    """Return a number with its thousands apart; nothing is a dash."""
    return "–" if value is None else f"{value:,.{digits}f}"


def some(amount: Decimal | str | None) -> bool:
    """Whether an amount is more or less than nothing, with however many digits it is written."""
    return bool(Decimal(amount or 0))


def share(part: float, whole: float) -> str:
    """Return a share in per cent; of nothing it is a dash."""
    return "–" if not whole else f"{100 * part / whole:.1f} %".replace(".0 %", " %")


def pretty(value: Any) -> str:
    """Return data as indented JSON."""
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()


def masked(value: str) -> str:
    """Return a personal value as those see it who need not know it: ``in…@mail.example``, ``+4…21``."""
    if "@" in value:
        name, _, host = value.rpartition("@")
        return f"{name[:2]}…@{host}"
    return f"{value[:2]}…{value[-2:]}" if len(value) > 6 else "…"


def capitalize_first(text: str) -> str:
    """Return a sentence with its first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Return words as a sentence: a large letter first, and a stop at the end; of nothing, nothing."""
    text = text.strip()
    return capitalize_first(text) + ("" if not text or text.endswith((".", "?", "…")) else ".")


TONES: Mapping[str, tuple[str, str, str]] = {
    # deliveries: word on the page, tone, icon
    "waiting": ("Waiting", "quiet", "waiting"),
    "retrying": ("Retrying", "warn", "retry"),
    "claimed": ("Claimed", "live", "claimed"),
    "in_doubt": ("In doubt", "doubt", "doubt"),
    "delivered": ("Delivered", "good", "delivered"),
    "proven": ("Proven", "good", "proven"),
    "skipped": ("Skipped", "quiet", "skipped"),
    "dead": ("Dead", "bad", "dead"),
    # connections
    "draft": ("Draft", "quiet", "open"),
    "active": ("Active", "good", "delivered"),
    "paused": ("Paused", "quiet", "pause"),
    "broken": ("Broken", "bad", "dead"),
    "revoked": ("Revoked", "quiet", "lock"),
    "throttled": ("Throttled", "warn", "waiting"),
    "resting": ("Resting", "warn", "retry"),
    # runs
    "running": ("Running", "live", "claimed"),
    "done": ("Done", "good", "delivered"),
    "partial": ("Done in part", "warn", "alert"),
    "failed": ("Failed", "bad", "dead"),
    "cancelled": ("Cancelled", "quiet", "skipped"),
    # proof
    "whole": ("Whole", "good", "proven"),
    "repaired": ("Repaired", "live", "repair"),
    "missing": ("Missing", "bad", "gap"),
    "drifted": ("Drifted", "warn", "alert"),
    # what guards a lane
    "closed": ("Closed", "good", "delivered"),
    "open": ("Open", "bad", "alert"),
    "half_open": ("Half open", "warn", "retry"),
}
"""State -> word, tone, icon. A state is always shown with all three."""


def toned(state: str) -> tuple[str, str, str]:
    """Return how a state is shown; one that is not listed is shown quietly with its own word."""
    return TONES.get(state) or (state.replace("_", " ").capitalize(), "quiet", "none")


FILTERS: dict[str, Callable[..., Any]] = {
    "spoken": spoken,
    "relative": relative,
    "absolute": absolute,
    "clock": clock,
    "day": day,
    "instant": instant,
    "number": number,
    "some": some,
    "pretty": pretty,
    "masked": masked,
    "capitalize_first": capitalize_first,
}


def rule_word(rule: str) -> str:
    """Return what a rule says that ended a delivery undone."""
    return MEANS.get(SkipReason(rule), rule) if rule in set(SkipReason) else rule


GLOBALS: dict[str, Any] = {"toned": toned, "share": share, "rule_word": rule_word}
