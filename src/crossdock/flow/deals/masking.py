"""A word as it may be shown: what is about people is masked for those who may not see it, by the fields' own marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from crossdock.kit import redact
from crossdock.model.commerce.deal import Deal, DealLine
from crossdock.model.commerce.invoice import Invoice, InvoiceLine
from crossdock.model.sensitivity import Sensitivity, of

_WORDED: Final[Mapping[type[msgspec.Struct], frozenset[str]]] = {
    Deal: frozenset({"name"}),
    DealLine: frozenset({"description"}),
    Invoice: frozenset({"notes"}),
    InvoiceLine: frozenset({"description"}),
}
"""Texts that people write freely: their names tell nothing of people, what stands in them may."""


@cache
def _marks(word: type[msgspec.Struct]) -> dict[str, Sensitivity]:
    freely = dict.fromkeys(_WORDED.get(word, ()), Sensitivity.PII)
    return {**of(word), **freely}


def masked(word: Any, *, people: bool) -> Any:
    """Return a word as plain JSON; amounts are texts. ``people``: who asks may see people's data."""
    return msgspec.to_builtins(_masked(word, people=people))


def _masked(value: Any, *, people: bool) -> Any:
    if isinstance(value, msgspec.Struct):
        marks = _marks(type(value))
        if isinstance(value, InvoiceLine) and value.source_id is None:
            # it was made of the deal as a whole, and its name is the deal's
            marks = {**marks, "name": Sensitivity.PII}
        return {name: _field(getattr(value, name), marks.get(name), people=people) for name in value.__struct_fields__}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_masked(one, people=people) for one in value]
    return value


def _field(value: Any, mark: Sensitivity | None, *, people: bool) -> Any:
    hidden = mark is Sensitivity.PHI or (mark is Sensitivity.PII and not people)
    if hidden and value not in (None, "", ()):
        return redact.MASK
    return _masked(value, people=people)
