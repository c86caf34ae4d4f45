"""What doors that list records read out of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crossdock.errors import BadInput


def only_one(naming: Mapping[str, Any], others: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the filter that names records by itself; it stands alone. Raises ``BadInput``."""
    named = [(name, value) for name, value in naming.items() if value is not None]
    if not named:
        return None
    beside = [*named[1:], *((name, value) for name, value in others.items() if value is not None)]
    if beside:
        raise BadInput(
            f"{beside[0][0]} cannot be asked together with {named[0][0]}, which names the records by itself",
            field=beside[0][0],
            remedy="ask for one of them",
        )
    return named[0]


def instant(value: datetime | None, field: str) -> datetime | None:
    """Return a time in UTC. Raises ``BadInput`` for one without a zone."""
    if value is not None and value.tzinfo is None:
        raise BadInput("a time needs its zone", field=field, remedy="write 2026-11-21T08:00:00Z")
    return value


def words(streams: Sequence[str]) -> list[str]:
    """Return names given as repeated parameters or comma-separated."""
    return [name for given in streams for name in given.split(",") if name]
