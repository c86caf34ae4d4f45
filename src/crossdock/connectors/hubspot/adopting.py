"""Taking over records that a portal has already: found by another value than our key, once, before one is made.

Search lags behind by seconds (vendor fact), so it never decides alone: a record that carries our key is found by the
key, at once. What search misses because it is seconds old is what nobody made before the connection. Records that carry
a key of ours are nobody's to take; where several fit, none is taken, for the choice would be a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connect.client import CallFailed, Reply
from crossdock.connectors.hubspot.answers import Row
from crossdock.connectors.hubspot.batches import Found, Sender
from crossdock.connectors.hubspot.client import HubSpot
from crossdock.connectors.hubspot.mapper import KEY
from crossdock.model.outcome import Gone, Outcome

GROUPS = 5
"""Groups of filters in one search (vendor fact)."""
_PAGE = 100


class Adoption:
    """One step's takings. ``by``: the properties that a mapping's value is compared with."""

    def __init__(self, hubspot: HubSpot, sender: Sender) -> None:
        self._hubspot = hubspot
        self._sender = sender
        self._taken: set[str] = set()

    async def of(self, name: str, wanted: Mapping[str, tuple[Row, tuple[str, str]]]) -> tuple[dict[str, str], Found]:
        """Return trace -> id of the record that is taken over, and the outcomes of those that could not be looked for.

        ``wanted``: trace -> (the row, (property, value) a record to be taken holds).
        """
        rows = [row for row, _ in wanted.values()]
        standing = await self._sender.send(
            rows, lambda part: self._hubspot.batch_read(name, [row.id for row in part], [KEY], KEY), absent=Gone()
        )
        new = [trace for trace in wanted if isinstance(standing[trace], Gone)]
        taken: dict[str, str] = {}
        failed: Found = {}
        for start in range(0, len(new), GROUPS):
            chunk = new[start : start + GROUPS]
            try:
                found = await self._search(name, [wanted[trace][1] for trace in chunk])
            except _Unanswered as problem:
                failed |= dict.fromkeys(chunk, problem.outcome)
                continue
            for trace in chunk:
                prop, value = wanted[trace][1]
                fitting = [
                    one for one, held in found.items() if (held.get(prop) or "").strip().lower() == value.lower()
                ]
                free = [one for one in fitting if one not in self._taken]
                if len(free) == 1 and not found[free[0]].get(KEY):
                    taken[trace] = free[0]
                    self._taken.add(free[0])
        return taken, failed

    async def _search(self, name: str, wanted: Sequence[tuple[str, str]]) -> dict[str, Mapping[str, Any]]:
        groups = [
            [
                {"propertyName": prop, "operator": "EQ", "value": value},
                {"propertyName": KEY, "operator": "NOT_HAS_PROPERTY"},
            ]
            for prop, value in wanted
        ]
        names = [*dict.fromkeys(prop for prop, _ in wanted), KEY]
        try:
            reply = await self._hubspot.search(name, groups, "hs_object_id", names, _PAGE)
        except CallFailed as problem:
            raise _Unanswered(self._sender.failed(problem)) from None
        if not reply.ok:
            raise _Unanswered(self._sender.refused(reply))
        return _records(reply)


def _same(held: str | None, value: str) -> bool:
    return (held or "").strip().lower() == value.strip().lower()


class _Unanswered(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__("search did not answer")
        self.outcome = outcome


def _records(reply: Reply) -> dict[str, Mapping[str, Any]]:
    return {str(one["id"]): one.get("properties") or {} for one in reply.json().get("results") or ()}
