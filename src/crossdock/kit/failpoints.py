"""Named places where a rehearsal may strike. In production every one of them is a no-op.

A failpoint is a port: the wiring injects :data:`NONE`; a crash campaign injects one that kills, stops or delays.
"""

from __future__ import annotations

from typing import Protocol


class Failpoints(Protocol):
    """Something that is told each time a named place is passed."""

    async def reach(self, name: str) -> None:
        """Pass the place ``name``; may raise, wait or never return."""
        ...


class _None:
    async def reach(self, name: str) -> None:
        """Do nothing."""


NONE: Failpoints = _None()
