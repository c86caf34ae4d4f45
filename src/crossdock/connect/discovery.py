"""Discovery: a destination that can tell which objects and fields its account has."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from crossdock.model.schema import Object


@runtime_checkable
class Describer(Protocol):
    """The part of a destination that tells its schema. Asked seldom: the hub remembers the answer for 15 minutes."""

    async def describe(self, *, samples: int) -> tuple[Object, ...]:
        """Return the objects that can be written, their fields, and values of at most ``samples`` records each.

        An object that the credential may not see is left out. Raises
        :class:`~crossdock.connect.client.CallFailed` when nothing can be told.
        """
        ...
