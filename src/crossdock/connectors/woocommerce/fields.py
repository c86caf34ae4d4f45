"""Reading single values out of WooCommerce's documents: strict about type, tolerant of PHP's habits. Pure.

PHP has one type for lists and maps and writes an empty one as ``[]``; plugins leave ``null`` or ``""`` where a number
belongs and write numbers as text. Those are read for what they mean. Anything else of the wrong type raises
``ValueError`` with the field's path, the rule and the type that was found: never the value, which may be personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_KINDS = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}


def kind_of(value: object) -> str:
    """Name a JSON value's type for people."""
    return "nothing" if value is None else _KINDS.get(type(value), type(value).__name__)


def identifier(value: object, path: str) -> str:
    """Return an id as text; WooCommerce's ids are whole numbers. Raises ``ValueError``."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    raise ValueError(f"{path}: expected a whole number, got {kind_of(value)}")


def moment(value: object) -> datetime | None:
    """Read a ``*_gmt`` time: it carries no zone and means UTC (an offset is honoured). None when it is no time."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


class Fields:
    """One object of a document, read field by field; ``path`` is where it stands (``billing.``)."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path

    def has(self, name: str) -> bool:
        """Whether the field is there and not empty."""
        return self._values.get(name) not in (None, "")

    def require(self, *names: str) -> None:
        """Raise ``ValueError`` for the first of ``names`` that is missing or empty."""
        for name in names:
            if not self.has(name):
                raise ValueError(f"{self._path}{name}: is missing")

    def any(self, name: str) -> Any:
        """Return whatever is there; None when nothing is."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """Return text; a number is its text, nothing (or PHP's ``false``) is empty."""
        value = self._values.get(name)
        if value is None or value is False:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        raise self._wrong(name, "text", value)

    def amount(self, name: str) -> Decimal | None:
        """Return an exact decimal; a float by its shortest text (11.05 stays 11.05); None when empty."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise self._wrong(name, "a decimal number", value)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            read = Decimal(str(value).strip())
        except InvalidOperation:
            raise self._wrong(name, "a decimal number", value) from None
        if not read.is_finite():
            raise self._wrong(name, "a finite decimal number", value)
        return read

    def money(self, name: str) -> Decimal:
        """Return an exact decimal, zero when empty."""
        value = self.amount(name)
        return Decimal(0) if value is None else value

    def link(self, name: str) -> str | None:
        """Return another entity's id; 0 and nothing mean none."""
        value = self._values.get(name)
        if value in (None, "", False):
            return None
        found = identifier(value, f"{self._path}{name}")
        return None if found == "0" else found

    def own_id(self, name: str) -> str:
        """Return an id as text; a plugin's own line may have a text or none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else identifier(value, f"{self._path}{name}")

    def truth(self, name: str) -> bool:
        """Return a truth value; 0, 1 and PHP's empty text are read as one."""
        value = self._values.get(name)
        if value in (None, "", 0, "0"):
            return False
        if value in (1, "1"):
            return True
        raise self._wrong(name, "a truth value", value)

    def time(self, name: str) -> datetime | None:
        """Return a UTC time. Raises ``ValueError`` when there is something that is no time."""
        if not self.has(name) or self._values[name] is False:
            return None
        value = moment(self._values[name])
        if value is None:
            raise self._wrong(name, "a time such as 2026-11-21T02:31:52", self._values[name])
        return value

    def nested(self, name: str) -> Fields:
        """Return a nested object; ``[]``, ``""`` and nothing are an empty one."""
        value = self._values.get(name)
        if value in (None, "", [], False):
            value = {}
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        return Fields(value, f"{self._path}{name}.")

    def each(self, name: str) -> list[Fields]:
        """Return the objects of a list; a PHP array with gaps comes as an object with numbers for keys."""
        return [self._member(name, at, value) for at, value in enumerate(self._list(name))]

    def _list(self, name: str) -> list[Any]:
        value = self._values.get(name)
        if value in (None, "", False):
            return []
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            return list(value.values())
        if not isinstance(value, list):
            raise self._wrong(name, "a list", value)
        return value

    def _member(self, name: str, at: int, value: object) -> Fields:
        if not isinstance(value, dict):
            raise self._wrong(f"{name}[{at}]", "an object", value)
        return Fields(value, f"{self._path}{name}[{at}].")

    def _wrong(self, name: str, rule: str, value: object) -> ValueError:
        return ValueError(f"{self._path}{name}: expected {rule}, got {kind_of(value)}")
