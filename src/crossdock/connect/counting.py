"""How many calls a piece of work makes: what a proof or a run has cost its vendors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_COUNTED: ContextVar[dict[str, int] | None] = ContextVar("counted", default=None)


@contextlib.contextmanager
def counting() -> Iterator[dict[str, int]]:
    """Count the calls made inside a block (and by tasks begun in it), by connector."""
    counted: dict[str, int] = {}
    token = _COUNTED.set(counted)
    try:
        yield counted
    finally:
        _COUNTED.reset(token)


def count(connector: str) -> None:
    """Note one call."""
    counted = _COUNTED.get()
    if counted is not None:
        counted[connector] = counted.get(connector, 0) + 1
