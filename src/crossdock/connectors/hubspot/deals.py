"""A portal's deals, read for people and invoices: the same few requests however many lines a deal has.

A page of a list is one search (which sees a write after seconds) beside the pipelines and the owners. Deals in full
come by record id, which is consistent at once: the deals, what they are associated with, and those records, a hundred
in a request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from crossdock.connect import paging
from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connect.connector import Access
from crossdock.connect.deals import DealFilter, DealPage, InvoiceTold, UnknownDeals
from crossdock.connect.manifest import Manifest
from crossdock.connectors.hubspot import deal_words as words
from crossdock.connectors.hubspot.answers import Reader
from crossdock.connectors.hubspot.client import BATCH, HubSpot
from crossdock.connectors.hubspot.deal_words import Portal
from crossdock.connectors.hubspot.mapper import COMPANIES, CONTACTS, DEALS, LINE_ITEMS
from crossdock.model.commerce.deal import Deal, DealOwner
from crossdock.model.plan import Plan

_PRIMARY: Final = 5
"""Type of the association from a deal to its primary company (vendor fact)."""
_PARTS: Final = {
    LINE_ITEMS: words.LINE_PROPERTIES,
    CONTACTS: words.CONTACT_PROPERTIES,
    COMPANIES: words.COMPANY_PROPERTIES,
}
_SORT: Final = "hs_object_id"
Ends = dict[str, dict[str, bool]]
"""Deal -> record at the other end -> whether it is the primary one."""


class HubSpotDeals:
    """Deals of one portal."""

    def __init__(self, access: Access, manifest: Manifest) -> None:
        self._hubspot = HubSpot(access, manifest)
        self._clock = access.clock
        self._config = access.connection.config
        self._account = access.connection.account
        self._reader = Reader(manifest, str(self._account.get("time_zone") or "UTC"))

    async def deals(self, asked: DealFilter, cursor: dict[str, Any] | None, limit: int) -> DealPage:
        """Read a page of a list; see :class:`~crossdock.connect.deals.Deals`."""
        before = _before(cursor)
        stages = words.stages_of(_rows(self._good(await self._hubspot.pipelines(DEALS))))
        owner_id = await self._owner_id(asked.owner)
        groups = words.groups(asked, stages, owner_id, before)
        reply = await self._hubspot.search(DEALS, groups, _SORT, self._deal_names(), limit, falling=True)
        records = _rows(self._good(reply))
        portal = self._portal(stages, await self._owners(records))
        with _reading():
            items = tuple(words.deal_of(one, portal) for one in records)
        more = len(records) == limit
        total = reply.json().get("total")
        return DealPage(items, {"before": items[-1].id} if more else None, total if isinstance(total, int) else None)

    async def deal(self, deal_id: str) -> Deal | None:
        """Read one deal in full."""
        if not deal_id.isdigit() or len(deal_id) > 20:
            raise ValueError("expected the digits of a deal")
        return next(iter(await self.some([deal_id])), None)

    async def some(self, deal_ids: Sequence[str]) -> tuple[Deal, ...]:
        """Read deals in full, a hundred at a time, in the order asked for."""
        asked = list(dict.fromkeys(deal_ids))
        found: dict[str, Deal] = {}
        for at in range(0, len(asked), BATCH):
            found |= {deal.id: deal for deal in await self._whole(asked[at : at + BATCH])}
        # a merged deal's id answers with the deal it was merged into: that one was not asked for
        return tuple(found[each] for each in asked if each in found)

    def write_back(self, told: InvoiceTold, key: str) -> Plan:
        """Return the plan that writes number and link to the deal, by its record id."""
        return words.told_invoice(msgspec.to_builtins(told), key)

    # --- in full ------------------------------------------------------------------------------------------------

    async def _whole(self, ids: Sequence[str]) -> list[Deal]:
        records = [one for one in await self._by_id(DEALS, ids, self._deal_names()) if str(one["id"]) in ids]
        if not records:
            return []
        ids = [str(one["id"]) for one in records]
        ends = dict(zip(_PARTS, await asyncio.gather(*(self._ends(other, ids) for other in _PARTS)), strict=True))
        stages = words.stages_of(_rows(self._good(await self._hubspot.pipelines(DEALS))))
        portal = self._portal(stages, await self._owners(records))
        parts = {other: await self._parts(other, ends[other], portal) for other in _PARTS}
        with _reading():
            return [_joined(one, ends, parts, portal) for one in records]

    async def _parts(self, other: str, ends: Ends, portal: Portal) -> dict[str, Mapping[str, Any]]:
        ids = sorted({each for linked in ends.values() for each in linked}, key=int)
        names = (*_PARTS[other], portal.vat) if other == COMPANIES and portal.vat else _PARTS[other]
        return {str(one["id"]): one for one in await self._by_id(other, ids, names)}

    async def _by_id(self, name: str, ids: Sequence[str], names: Sequence[str]) -> list[Mapping[str, Any]]:
        """Read records by id, a hundred in a request; those that are not there are left out."""
        found: list[Mapping[str, Any]] = []
        for at in range(0, len(ids), BATCH):
            found += _rows(self._good(await self._hubspot.batch_read(name, ids[at : at + BATCH], names)))
        return found

    async def _ends(self, other: str, ids: Sequence[str]) -> Ends:
        """Return what deals are associated with, all of it."""
        found: Ends = {each: {} for each in ids}
        asked: list[Mapping[str, str]] = [{"id": each} for each in ids]
        while asked:
            reply = self._good(await self._hubspot.batch_read_associations(DEALS, other, asked))
            asked = []
            for result in _rows(reply):
                deal_id = str((result.get("from") or {}).get("id"))
                for end in result.get("to") or ():
                    kinds = {kind.get("typeId") for kind in end.get("associationTypes") or ()}
                    end_id = str(end.get("toObjectId") or end.get("id"))
                    mine = found.setdefault(deal_id, {})
                    mine[end_id] = mine.get(end_id, False) or _PRIMARY in kinds
                after = paging.after(result, "paging.next.after")
                if after is not None:
                    asked.append({"id": deal_id, "after": after})
        return found

    # --- what they refer to -------------------------------------------------------------------------------------

    def _portal(self, stages: Mapping[str, words.Stage], owners: Mapping[str, DealOwner]) -> Portal:
        currencies = self._account.get("currencies") or ("",)
        return Portal(
            stages=stages,
            owners=owners,
            portal_id=str(self._account.get("portal_id") or ""),
            currency=str(currencies[0]),
            purchase_order=str(self._config.get("purchase_order_property") or ""),
            vat=str(self._config.get("vat_property") or ""),
        )

    def _deal_names(self) -> tuple[str, ...]:
        more = str(self._config.get("purchase_order_property") or "")
        return (*words.DEAL_PROPERTIES, more) if more else words.DEAL_PROPERTIES

    async def _owners(self, records: Iterable[Mapping[str, Any]]) -> dict[str, DealOwner]:
        """Return the owners of records by id; one that nobody may read is known by its id alone."""
        wanted = {str((one.get("properties") or {}).get("hubspot_owner_id") or "") for one in records} - {""}
        found: dict[str, DealOwner] = {}
        # who has left the company owns deals still, and stands in the list of the archived alone
        for archived in (False, True):
            after: str | None = None
            while wanted - found.keys():
                reply = await self._hubspot.owners(after, archived=archived)
                if reply.status in (401, 403):
                    return {}
                told = self._good(reply).json()
                found |= {str(one["id"]): words.owner_of(one) for one in told.get("results") or ()}
                after = paging.after(told, "paging.next.after")
                if after is None:
                    break
        return found

    async def _owner_id(self, wanted: str) -> str:
        """Return the id of the owner that people name by id or address. Raises ``UnknownDeals``."""
        if not wanted or wanted.isdigit():
            return wanted
        after: str | None = None
        while True:
            told = self._good(await self._hubspot.owners(after)).json()
            for one in told.get("results") or ():
                if str(one.get("email") or "").lower() == wanted.strip().lower():
                    return str(one["id"])
            after = paging.after(told, "paging.next.after")
            if after is None:
                raise UnknownDeals("owner", "the portal has no such owner", "give an owner's address or id")

    def _good(self, reply: Reply) -> Reply:
        if reply.ok:
            return reply
        outcome, _refusal = self._reader.whole(reply, self._clock.now())
        raise CallFailed(FailKind.ANSWER, True, getattr(outcome, "reason", "HubSpot refuses"), outcome=outcome)


def _joined(
    record: Mapping[str, Any],
    ends: Mapping[str, Ends],
    parts: Mapping[str, Mapping[str, Mapping[str, Any]]],
    portal: Portal,
) -> Deal:
    deal = words.deal_of(record, portal)

    def linked(other: str) -> list[tuple[Mapping[str, Any], bool]]:
        told = ends[other].get(deal.id, {})
        held = [(parts[other][each], told[each]) for each in sorted(told, key=int) if each in parts[other]]
        if held and other != LINE_ITEMS and not any(primary for _, primary in held):
            held[0] = (held[0][0], True)  # HubSpot names none: the first that was made stands for the deal
        return held

    return words.with_parts(
        deal,
        [one for one, _ in linked(LINE_ITEMS)],
        [words.contact_of(one, primary=primary) for one, primary in linked(CONTACTS)],
        [words.company_of(one, portal, primary=primary) for one, primary in linked(COMPANIES)],
    )


def _before(cursor: dict[str, Any] | None) -> str:
    if cursor is None:
        return ""
    before = cursor.get("before")
    if not isinstance(before, str) or not before.isdigit() or set(cursor) != {"before"}:
        raise ValueError("cursor: expected where a page of deals ends")
    return before


def _rows(reply: Reply) -> list[Mapping[str, Any]]:
    body = reply.json()
    rows = body.get("results") if isinstance(body, dict) else None
    return [row for row in rows or () if isinstance(row, dict)]


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Read what HubSpot answered; what is not as it promises is trouble at HubSpot's, not at ours."""
    try:
        yield
    except (ValueError, KeyError) as wrong:
        raise CallFailed(FailKind.ANSWER, True, f"HubSpot's answer is not what was asked for: {wrong}") from None
