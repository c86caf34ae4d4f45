"""What differs between two states of a record, field by field; persons are masked unless they may be seen. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any, Final

import msgspec
import orjson

from crossdock.kit import redact
from crossdock.model.sensitivity import Sensitivity, guess

MOST: Final = 60
_LONG: Final = 160


class Changed(msgspec.Struct, frozen=True):
    """One field; what was or is not there is None."""

    field: str
    before: str | None
    after: str | None


def plain(word: Any) -> Any:
    """Return a canonical word (or a document) as data."""
    return orjson.loads(msgspec.json.encode(word)) if isinstance(word, msgspec.Struct) else word


def hidden(value: Any) -> Any:
    """Return data with what names a person or a secret masked, by the names of its fields."""
    if isinstance(value, Mapping):
        return {name: _hidden(str(name), one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(one) for one in value]
    return redact.text(value) if isinstance(value, str) else value


def _hidden(name: str, value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple):
        return hidden(value)
    if value in (None, "", True, False):
        return value
    return redact.MASK if guess(name) is not Sensitivity.NONE else redact.document({name: value})[name]


def changes(before: Any, after: Any) -> list[Changed]:
    """Return what differs between two pieces of data, in the order of the newer one."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    names = [*new, *(name for name in old if name not in new)]
    return [Changed(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def differs(before: Any, after: Any, *, people: bool, quiet: Container[str] = ()) -> list[Changed]:
    """Return what differs between two states as who asks may see it; what lies under a ``quiet`` field is left out."""
    found = [one for one in changes(before, after) if one.field.partition(".")[0] not in quiet]
    if people:
        return found
    # what differs is found on the real values and shown on the masked ones
    old, new = dict(_leaves(hidden(before))), dict(_leaves(hidden(after)))
    return [Changed(one.field, old.get(one.field), new.get(one.field)) for one in found]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _leaves(one, f"{path}.{number}" if path else str(number))
    elif value is not None and value != "":
        text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
        yield path, text if len(text) <= _LONG else f"{text[:_LONG]}…"
