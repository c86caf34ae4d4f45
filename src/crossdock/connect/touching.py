"""A destination that is read from as well: it says of each write what that changes in the entities it is read by."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from crossdock.model.plan import Write
from crossdock.model.wish import Touch


@runtime_checkable
class Toucher(Protocol):
    """Says what a write changes in a record that the same account is read from."""

    def touched(self, write: Write, external_id: str) -> Touch | None:
        """Return what a write of fields, or an association, changes in a record; None where nothing is read of it.

        Values about people are no part of it: their fields are named as derived. Pure.
        """
        ...
