"""The table of transforms: small pure functions from a value to a value.

A factory checks its argument once (``ValueError`` says what is wrong with it) and returns the function that is applied
to every value. A function raises :class:`Unfit` with a remedy when a value is not for it; its text holds no value.
``None`` stands for "no value" and reaches only ``default``.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from crossdock.kit.countries import BY_CODE, CODE_OF

Transform = Callable[[Any], Any]
Factory = Callable[[Any], Transform]


class Unfit(ValueError):
    """A value this transform cannot use; the text is the remedy."""


def text(value: Any) -> str:
    """Return a plain value as text: decimals without exponent, times as ISO-8601 UTC, booleans as true or false."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, float):
        return _digits(Decimal(repr(value)))
    raise Unfit("join a list with concat, or name one field of it")


def _digits(value: Decimal) -> str:
    # 1E+999999999 is a short text until somebody writes it out
    if not -_MOST_DIGITS <= value.adjusted() <= _MOST_DIGITS:
        raise Unfit(f"give a number of at most {_MOST_DIGITS} digits")
    return format(value, "f")


_MOST_DIGITS = 24


def _iso(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _plain(function: Callable[[str], Any]) -> Factory:
    def factory(argument: Any) -> Transform:
        if argument is not None:
            raise ValueError("takes no argument")
        return lambda value: function(text(value))

    return factory


def _title(value: str) -> str:
    # str.title() would make "O'Neill's" into "O'Neill'S"
    return re.sub(r"(?<![\w'’])\w", lambda found: found[0].upper(), value.lower())


def _squeeze(value: str) -> str:
    return " ".join(value.split())


_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^>]*>", re.IGNORECASE)
_TAGS = re.compile(r"</?[A-Za-z][^<>]*>")


def _strip_html(value: str) -> str:
    if "<" in value or "&" in value:
        value = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", _HIDDEN.sub("", value))))
    lines = (_squeeze(line) for line in value.split("\n"))
    return "\n".join(line for line in lines if line)


def _phone(value: str) -> str:
    """E.164 where the number says its country (+ or 00); anything else stays as it was written."""
    bare = re.sub(r"[\s./-]", "", value.strip())
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    return bare if re.fullmatch(r"\+[1-9][0-9]{6,14}", bare) else _squeeze(value)


def _concat(argument: Any) -> Transform:
    between = " " if argument is None else argument
    if not isinstance(between, str):
        raise ValueError("takes the text to put between (concat: ', ')")

    def join(value: Any) -> str:
        if isinstance(value, list | tuple):
            return between.join(text(part) for part in value if part not in (None, ""))
        return text(value)

    return join


def _split(argument: Any) -> Transform:
    by, take = (argument, None) if isinstance(argument, str) else (None, None)
    if isinstance(argument, dict):
        by, take = argument.get("by"), argument.get("take")
    if not isinstance(by, str) or not by or not (take is None or isinstance(take, int)):
        raise ValueError("takes the text to split at, or {by: ',', take: 0}")

    def split(value: Any) -> Any:
        parts = [part.strip() for part in text(value).split(by)]
        if take is None:
            return parts
        return parts[take] if -len(parts) <= take < len(parts) else None

    return split


def _default(argument: Any) -> Transform:
    if not isinstance(argument, str):
        raise ValueError("takes the text to use instead of nothing")
    return lambda value: argument if value in (None, "", (), []) else value


def _lookup(argument: Any) -> Transform:
    if not isinstance(argument, dict) or not argument:
        raise ValueError("takes a table, or {table: {...}, else: '...'}")
    table, otherwise = argument, None
    if isinstance(argument.get("table"), dict):
        table, otherwise = argument["table"], argument.get("else")
    ready = {str(name): value for name, value in table.items()}
    return lambda value: ready.get(text(value), otherwise)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("takes a known time zone (Europe/Berlin)") from None


def _date(argument: Any) -> Transform:
    given = {"format": argument or "iso"} if not isinstance(argument, dict) else argument
    style = given.get("format", "iso")
    zone = _zone(str(given.get("zone", "UTC")))
    shapes: dict[Any, Callable[[datetime], str]] = {
        "iso": _iso,
        "date": lambda moment: moment.astimezone(zone).date().isoformat(),
        "ms": lambda moment: str(int(moment.timestamp() * 1000)),
    }
    if style not in shapes:
        raise ValueError("takes iso, date or ms")
    shape = shapes[style]
    return lambda value: shape(_moment(value))


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            moment = datetime.fromisoformat(text(value).strip())
        except ValueError:
            raise Unfit("give a time such as 2026-01-31T12:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def decimal(value: Any) -> Decimal:
    """Read an exact number. Raises :class:`Unfit` for what is none."""
    if isinstance(value, bool):
        raise Unfit("give a number such as 12.50")
    try:
        found = value if isinstance(value, Decimal) else Decimal(text(value).strip())
    except InvalidOperation:
        raise Unfit("give a number such as 12.50, without separators") from None
    if not found.is_finite():
        raise Unfit("give a finite number")
    if found.adjusted() >= _MOST_DIGITS:
        raise Unfit(f"give a number of at most {_MOST_DIGITS} digits")
    return found


def _bounds(argument: Any) -> tuple[Decimal | None, Decimal | None, int | None]:
    given = argument if argument is not None else {}
    if not isinstance(given, dict) or set(given) - {"min", "max", "places"}:
        raise ValueError("takes {min: '0', max: '9', places: 2}")
    places = given.get("places")
    if places is not None and (not isinstance(places, int) or not 0 <= places <= 12):
        raise ValueError("takes places from 0 to 12")
    try:
        low, high = (None if given.get(name) is None else Decimal(str(given[name])) for name in ("min", "max"))
    except InvalidOperation:
        raise ValueError("takes numbers as min and max") from None
    return low, high, places


def _number(argument: Any) -> Transform:
    """Clamp and round; trailing zeros go (a quantity)."""
    keep = _money(argument)

    def number(value: Any) -> Decimal:
        found: Decimal = keep(value)
        return found.normalize(_WIDE) if found else Decimal(0)

    return number


_WIDE = Context(prec=60)
"""Room for the most digits before the point and twelve behind it."""


def _money(argument: Any) -> Transform:
    """Clamp, and round half up only what has more places than asked for; the scale is kept (an amount)."""
    low, high, places = _bounds(argument)
    step = Decimal(1).scaleb(-(places or 0))

    def money(value: Any) -> Decimal:
        found = decimal(value)
        if low is not None:
            found = max(found, low)
        if high is not None:
            found = min(found, high)
        if places is not None and found != (rounded := found.quantize(step, rounding=ROUND_HALF_UP, context=_WIDE)):
            found = rounded
        return found

    return money


_TRUE, _FALSE = frozenset({"true", "yes", "1", "on"}), frozenset({"false", "no", "0", "off"})


def _boolean(argument: Any) -> Transform:
    given = argument if argument is not None else {}
    if not isinstance(given, dict) or set(given) - {"true", "false"}:
        raise ValueError("takes {true: 'Yes', false: 'No'}")
    yes, no = str(given.get("true", "true")), str(given.get("false", "false"))

    def boolean(value: Any) -> str:
        word = text(value).strip().lower()
        if word in _TRUE:
            return yes
        if word in _FALSE:
            return no
        raise Unfit("give true or false, yes or no, 1 or 0")

    return boolean


def _truncate(argument: Any) -> Transform:
    if not isinstance(argument, int) or isinstance(argument, bool) or argument < 1:
        raise ValueError("takes the greatest number of characters")
    return lambda value: text(value)[:argument]


def _country(argument: Any) -> Transform:
    if argument not in (None, "code", "name"):
        raise ValueError("takes code or name")

    def country(value: Any) -> str:
        word = _squeeze(text(value))
        code = word.upper() if word.upper() in BY_CODE else CODE_OF.get(word.casefold())
        if code is None:
            raise Unfit("give an ISO 3166-1 code (DE) or an English country name")
        return BY_CODE[code] if argument == "name" else code

    return country


def _hash(argument: Any) -> Transform:
    if argument not in (None, "sha256"):
        raise ValueError("takes sha256 or nothing")
    return lambda value: hashlib.sha256(text(value).encode()).hexdigest()


def _pick(index: int) -> Factory:
    def factory(argument: Any) -> Transform:
        if argument is not None:
            raise ValueError("takes no argument")
        return lambda value: (value[index] if value else None) if isinstance(value, list | tuple) else value

    return factory


TABLE: dict[str, Factory] = {
    "trim": _plain(str.strip),
    "squeeze": _plain(_squeeze),
    "lower": _plain(str.lower),
    "upper": _plain(str.upper),
    "title": _plain(_title),
    "strip_html": _plain(_strip_html),
    "phone": _plain(_phone),
    "concat": _concat,
    "split": _split,
    "first": _pick(0),
    "last": _pick(-1),
    "default": _default,
    "lookup": _lookup,
    "date": _date,
    "number": _number,
    "money": _money,
    "boolean": _boolean,
    "truncate": _truncate,
    "country": _country,
    "hash": _hash,
}
"""Every transform by its name."""
