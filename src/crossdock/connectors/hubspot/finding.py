"""Reading what a portal holds now, for a proof: through the list endpoints, which see every write at once.

Search is never used: it lags behind by seconds (vendor fact) and ends at 10,000 results.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from crossdock.connect import paging
from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connectors.hubspot.answers import Reader
from crossdock.connectors.hubspot.client import BATCH, HubSpot
from crossdock.connectors.hubspot.mapper import CONTACTS, DEALS, KEY, LINE_ITEMS, ORDERS
from crossdock.kit.clock import Clock
from crossdock.model.outcome import Retry, Throttled
from crossdock.model.plan import Found

OTHERS = {DEALS: (CONTACTS, LINE_ITEMS), ORDERS: (CONTACTS, LINE_ITEMS)}
"""Associations a proof looks at."""

ASSOCIATIONS = 1000
"""Records in one batch read of associations (vendor fact)."""
TRIES = 8
LONGEST_WAIT_S = 30.0


class Finder:
    """Pages through the records of one portal; waits where HubSpot asks it to, for it is nobody's live path."""

    def __init__(
        self, hubspot: HubSpot, reader: Reader, clock: Clock, properties: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._hubspot = hubspot
        self._reader = reader
        self._clock = clock
        self._properties = {name: tuple(names) for name, names in properties.items()}

    def learn(self, fields: Mapping[str, frozenset[str]]) -> None:
        """Read these properties, too."""
        for name, names in fields.items():
            known = self._properties.get(name, ())
            if more := names.difference(known):
                self._properties[name] = (*known, *sorted(more))

    async def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Yield the records that carry a key of the store; contacts all, by each of their addresses.

        Raises ``CallFailed`` when HubSpot does not answer in the end.
        """
        others = OTHERS.get(object_name, ())
        after: str | None = None
        while True:
            page = await self._read(object_name, others, after)
            for record in page.get("results") or ():
                found = await self._one(object_name, record, others)
                for alias in _aliases(found):
                    yield alias
                if object_name == CONTACTS or (found.key or "").startswith(f"{store_uid}:"):
                    yield found
            after = paging.after(page, "paging.next.after")
            if after is None:
                return

    async def sought(self, object_name: str, name: str | None, values: Sequence[str]) -> list[Found]:
        """Read records by a unique property or by id, a hundred a call; associations a thousand records a call.

        A contact comes by each of its addresses. Raises ``CallFailed`` when HubSpot does not answer in the end.
        """
        records: dict[str, Mapping[str, Any]] = {}
        properties = self._properties.get(object_name, ())
        asked = list(dict.fromkeys(values))
        for start in range(0, len(asked), BATCH):
            chunk = asked[start : start + BATCH]
            body = await self._ask(
                lambda chunk=chunk: self._hubspot.batch_read(object_name, chunk, properties, name)  # type: ignore[misc]
            )
            records |= {str(record["id"]): record for record in body.get("results") or ()}
        ends: dict[str, set[tuple[str, str]]] = {record_id: set() for record_id in records}
        for other in OTHERS.get(object_name, ()):
            await self._ends(object_name, other, ends)
        found = []
        for record_id, record in records.items():
            one = self._found(object_name, record, ends[record_id])
            found += [*_aliases(one), one]
        return found

    async def _ends(self, name: str, other: str, ends: dict[str, set[tuple[str, str]]]) -> None:
        """Add what records are associated with."""
        ids = list(ends)
        for start in range(0, len(ids), ASSOCIATIONS):
            asked = [{"id": each} for each in ids[start : start + ASSOCIATIONS]]
            while asked:
                body = await self._ask(
                    lambda asked=asked: self._hubspot.batch_read_associations(name, other, asked)  # type: ignore[misc]
                )
                asked = []
                for result in body.get("results") or ():
                    record_id = str((result.get("from") or {}).get("id"))
                    ends[record_id] |= {
                        (other, str(end.get("toObjectId") or end.get("id"))) for end in result.get("to") or ()
                    }
                    after = paging.after(result, "paging.next.after")
                    if after is not None:
                        asked.append({"id": record_id, "after": after})

    async def _read(self, name: str, others: tuple[str, ...], after: str | None) -> Mapping[str, Any]:
        properties = self._properties.get(name, ())
        return await self._ask(lambda: self._hubspot.list_objects(name, properties, others, after, BATCH))

    async def _ask(self, call: Callable[[], Awaitable[Reply]]) -> Mapping[str, Any]:
        problem = CallFailed(FailKind.TIMEOUT, True, "HubSpot did not answer")
        for _ in range(TRIES):
            try:
                reply = await call()
            except CallFailed as failed:
                problem, wait = failed, 0.5
            else:
                if reply.ok:
                    body: Mapping[str, Any] = reply.json()
                    return body
                outcome, _refusal = self._reader.whole(reply, self._clock.now())
                reason = getattr(outcome, "reason", "HubSpot refuses")
                problem = CallFailed(FailKind.ANSWER, True, reason, outcome=outcome)
                if not isinstance(outcome, Retry | Throttled):
                    break
                wait = outcome.after_s or 0.5
            if wait > LONGEST_WAIT_S:
                break
            await asyncio.sleep(wait)
        raise problem

    async def _one(self, name: str, record: Mapping[str, Any], others: tuple[str, ...]) -> Found:
        record_id = str(record["id"])
        ends = set()
        for spelt, part in (record.get("associations") or {}).items():
            other = spelt.replace(" ", "_")  # HubSpot spells it "line items" here
            if other not in others:
                continue
            ends |= {(other, str(each["id"])) for each in part.get("results") or ()}
            after = paging.after(part, "paging.next.after")
            if after is not None:
                ends |= {(other, each) async for each in self._more(name, other, record_id, after)}
        return self._found(name, record, ends)

    @staticmethod
    def _found(name: str, record: Mapping[str, Any], ends: set[tuple[str, str]]) -> Found:
        properties = dict(record.get("properties") or {})
        # a contact may stand for the accounts of several shops: it is known by its address and its links
        key = None if name == CONTACTS else properties.get(KEY)
        return Found(name, str(record["id"]), key or None, properties, frozenset(ends))

    async def _more(self, name: str, other: str, record_id: str, after: str | None) -> AsyncIterator[str]:
        """Yield the ends beyond the ones a list shows (an order of very many lines)."""
        while after is not None:
            asked = {"id": record_id, "after": after}
            body = await self._ask(lambda asked=asked: self._hubspot.batch_read_associations(name, other, [asked]))  # type: ignore[misc]
            after = None
            for result in body.get("results") or ():
                for end in result.get("to") or ():
                    yield str(end.get("toObjectId") or end.get("id"))
                after = paging.after(result, "paging.next.after")


def _aliases(found: Found) -> list[Found]:
    """Return a contact once for each further address: HubSpot answers to them as to the first (vendor fact)."""
    if found.object != CONTACTS:
        return []
    further = (found.properties.get("hs_additional_emails") or "").split(";")
    return [
        msgspec.structs.replace(found, properties={**found.properties, "email": address.strip()})
        for address in further
        if address.strip()
    ]
