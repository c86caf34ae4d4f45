"""Reading single values out of WooCommerce's documents: strict about type, tolerant of PHP's habits. Pure.

PHP has one type for lists and maps and writes an empty one as ``[]``; plugins leave ``null`` or ``""`` where a number
belongs and write numbers as text. Those are read for what they mean. Anything else of the wrong type raises
``ValueError`` with the field's path, the rule and the type that was found: never the value, which may be personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, NoReturn

_KINDS: Final = {
    bool: "a truth value",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}
_ZERO: Final = Decimal(0)
_SHORT: Final = 24
_USUAL: Final = len("2026-11-21T02:31:52")
_NUMBERS: Final = (int, float)


def kind_of(value: object) -> str:
    """Name a JSON value's type for people."""
    return "nothing" if value is None else _KINDS.get(type(value), type(value).__name__)


def identifier(value: object, path: str) -> str:
    """Return an id as text; WooCommerce's ids are whole numbers. Raises ``ValueError``."""
    found = _whole(value)
    if found is None:
        raise ValueError(f"{path}: expected a whole number, got {kind_of(value)}")
    return found


def _whole(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    return None


def moment(value: object) -> datetime | None:
    """Read a ``*_gmt`` time: it carries no zone and means UTC (an offset is honoured). None when it is no time."""
    if not isinstance(value, str):
        return None
    if len(value) == _USUAL and value[10] == "T":
        try:
            return datetime.fromisoformat(value + "+00:00")
        except ValueError:
            pass  # an unusual one of the same length
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None  # the latter: the first hours of year 1, east of Greenwich


def _decimal(text: str) -> Decimal | None:
    stripped = text.strip()
    if not stripped:
        return None
    read = Decimal(stripped)
    if not read.is_finite():
        raise OverflowError
    return read


_seen_before = lru_cache(maxsize=4096)(_decimal)
"""A shop writes few different amounts (0.00, its prices); only short texts are kept."""


class Fields:
    """One object of a document, read field by field. It knows where it stands, to name a field that is wrong."""

    __slots__ = ("_at", "_name", "_values", "_within")

    def __init__(self, values: Mapping[str, Any], within: Fields | None = None, name: str = "", at: int = -1) -> None:
        self._values = values
        self._within = within
        self._name = name
        self._at = at

    def path(self, name: str) -> str:
        """Return where a field stands in the document: ``line_items[0].total``."""
        if self._within is None:
            return name
        place = self._within.path(self._name)
        return f"{place}.{name}" if self._at < 0 else f"{place}[{self._at}].{name}"

    def has(self, name: str) -> bool:
        """Whether the field is there and not empty."""
        return self._values.get(name) not in (None, "")

    def require(self, *names: str) -> None:
        """Raise ``ValueError`` for the first of ``names`` that is missing or empty."""
        for name in names:
            if not self.has(name):
                raise ValueError(f"{self.path(name)}: is missing")

    def any(self, name: str) -> Any:
        """Return whatever is there; None when nothing is."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """Return text; a number is its text, nothing (or PHP's ``false``) is empty."""
        value = self._values.get(name)
        if isinstance(value, str):
            return value
        if value is None or value is False:
            return ""
        if isinstance(value, _NUMBERS) and not isinstance(value, bool):
            return str(value)
        raise self._wrong(name, "text", value)

    def amount(self, name: str) -> Decimal | None:
        """Return an exact decimal; a float by its shortest text (11.05 stays 11.05); None when empty."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            text = value
        elif isinstance(value, _NUMBERS) and not isinstance(value, bool):
            text = str(value)
        else:
            raise self._wrong(name, "a decimal number", value)
        try:
            return _seen_before(text) if len(text) <= _SHORT else _decimal(text)
        except InvalidOperation:
            raise self._wrong(name, "a decimal number", value) from None
        except OverflowError:
            raise self._wrong(name, "a finite decimal number", value) from None

    def money(self, name: str) -> Decimal:
        """Return an exact decimal, zero when empty."""
        value = self.amount(name)
        return _ZERO if value is None else value

    def link(self, name: str) -> str | None:
        """Return another entity's id; 0 and nothing mean none."""
        value = self._values.get(name)
        if not value and value in (None, "", False):
            return None
        found = self._id(name, value)
        return None if found == "0" else found

    def own_id(self, name: str) -> str:
        """Return an id as text; a plugin's own line may have a text or none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else self._id(name, value)

    def _id(self, name: str, value: object) -> str:
        found = _whole(value)
        if found is None:
            raise self._wrong(name, "a whole number", value)
        return found

    def truth(self, name: str) -> bool:
        """Return a truth value; 0, 1 and PHP's empty text are read as one."""
        value = self._values.get(name)
        if isinstance(value, bool):
            return value
        if value in (None, "", 0, "0"):
            return False
        if value in (1, "1"):
            return True
        raise self._wrong(name, "a truth value", value)

    def time(self, name: str) -> datetime | None:
        """Return a UTC time. Raises ``ValueError`` when there is something that is no time."""
        value = self._values.get(name)
        if value is None or value is False or value == "":
            return None
        read = moment(value)
        if read is None:
            raise self._wrong(name, "a time such as 2026-11-21T02:31:52", value)
        return read

    def nested(self, name: str) -> Fields:
        """Return a nested object; ``[]``, ``""`` and nothing are an empty one."""
        value = self._values.get(name)
        if value in (None, "", [], False):
            value = {}
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        return Fields(value, self, name)

    def each(self, name: str) -> list[Fields]:
        """Return the objects of a list; a PHP array with gaps comes as an object with numbers for keys."""
        rows = self._list(name)
        if not rows:
            return []
        return [
            Fields(row, self, name, at) if isinstance(row, dict) else self._no_object(name, at, row)
            for at, row in enumerate(rows)
        ]

    def _no_object(self, name: str, at: int, row: object) -> NoReturn:
        raise self._wrong(f"{name}[{at}]", "an object", row)

    def _list(self, name: str) -> list[Any]:
        value = self._values.get(name)
        if isinstance(value, list):
            return value
        if value in (None, "", False):
            return []
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            return list(value.values())
        raise self._wrong(name, "a list", value)

    def _wrong(self, name: str, rule: str, value: object) -> ValueError:
        return ValueError(f"{self.path(name)}: expected {rule}, got {kind_of(value)}")
