"""HubSpot as a source: contacts, companies and deals with what they are associated with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from crossdock.connect import paging
from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connect.connector import Access, CheckResult, Hook, Page
from crossdock.connect.manifest import Manifest
from crossdock.connectors.hubspot import reading
from crossdock.connectors.hubspot.answers import Reader
from crossdock.connectors.hubspot.client import BATCH, HubSpot
from crossdock.connectors.hubspot.reading import Cursor, Mode, Stream
from crossdock.connectors.hubspot.setup import Setup
from crossdock.model.observation import Observation

_APP = "HubSpot's webhooks are entered in its app, once for all accounts; see the connector's page"


class HubSpotSource:
    """Reading one portal."""

    def __init__(self, access: Access, manifest: Manifest, *, page_size: int = BATCH) -> None:
        connection = access.connection
        self._hubspot = HubSpot(access, manifest)
        self._clock = access.clock
        self._reader = Reader(manifest, str(connection.account.get("time_zone") or "UTC"))
        self._setup = Setup(self._hubspot, connection.config)
        self._more: Mapping[str, Sequence[str]] = connection.config.get("read_properties") or {}
        self._size = page_size

    async def check(self) -> CheckResult:
        """Try the token, its permissions and the portal's objects. Changes nothing."""
        return await self._setup.check()

    async def page(self, stream: str, cursor: dict[str, Any] | None, *, full: bool = False) -> Page:
        """Read the next page of a stream; :mod:`crossdock.connectors.hubspot.reading` says how.

        Raises ``CallFailed``, ``KeyError`` for an unknown stream and ``ValueError`` for a cursor that is none.
        """
        known = reading.STREAMS[stream]
        place = paging.load(cursor, Cursor) if cursor else Cursor()
        if not cursor and not full:
            now = self._now(self._good(await self._list(known, "", archived=False, size=1)))
            begun = Cursor(since=reading.written(now))
            return Page((), paging.save(begun), done=True, shape="now")
        place = reading.resume(place, self._clock.now(), full=full)
        try:
            if place.mode is Mode.CHANGES:
                return await self._changes(stream, known, place)
            return await self._listed(stream, known, place)
        except ValueError as problem:
            raise CallFailed(FailKind.ANSWER, True, f"HubSpot's answer is not what was asked for: {problem}") from None

    async def fetch(self, stream: str, external_id: str, parent_id: str | None) -> Observation | None:
        """GET one record, from the bin too; None where HubSpot has none of this id, or merged it into another."""
        del parent_id
        known = reading.STREAMS[stream]
        if not external_id.isdigit():
            raise ValueError("external_id: expected the digits of a record")
        for archived in (False, True):
            reply = await self._hubspot.read_object(known.object, external_id, self._names(known), archived=archived)
            if reply.status == 404:
                continue
            record = self._good(reply).json()
            if str(record.get("id")) != external_id:
                return None
            return reading.observe(stream, record, (await self._ends(known, [external_id])).get(external_id, {}))
        return None

    async def hooks(self) -> tuple[Hook, ...]:
        """List nothing: an account has no webhooks of its own, its app has."""
        return ()

    async def add_hook(self, topic: str, url: str, secret: str) -> Hook:
        """Refuse: raises ``ValueError``."""
        del topic, url, secret
        raise ValueError(_APP)

    async def remove_hook(self, vendor_id: str) -> None:
        """Do nothing: there is none."""
        del vendor_id

    async def _changes(self, stream: str, known: Stream, place: Cursor) -> Page:
        groups, sort = reading.asked(known, place)
        reply = self._good(await self._hubspot.search(known.object, groups, sort, self._names(known), self._size))
        records = list(reply.json().get("results") or ())
        rows = [reading.row_of(known, one) for one in records]
        items = await self._observed(stream, known, records)
        items += [reading.ended(stream, gone) for one in records for gone in reading.merged_into(one)]
        following = reading.further(place, rows, self._size, self._now(reply))
        return Page(tuple(items), paging.save(following), done=False, shape="search")

    async def _listed(self, stream: str, known: Stream, place: Cursor) -> Page:
        archived = place.mode is not Mode.LIVE
        body = self._good(await self._list(known, place.after, archived=archived, size=self._size)).json()
        records = list(body.get("results") or ())
        items = await (self._binned if archived else self._observed)(stream, known, records)
        after = paging.after(body, "paging.next.after")
        following = reading.turned(place, after)
        done = following.mode is Mode.IDLE
        shape = "bin" if archived else "list"
        return Page(tuple(items), paging.save(following), done=done, shape=shape)

    async def _list(self, known: Stream, after: str, *, archived: bool, size: int) -> Reply:
        names = self._names(known)
        return await self._hubspot.list_objects(known.object, names, (), after or None, size, archived=archived)

    async def _observed(self, stream: str, known: Stream, records: Sequence[Mapping[str, Any]]) -> list[Observation]:
        ends = await self._ends(known, [str(one["id"]) for one in records if not one.get("archived")])
        return [reading.observe(stream, one, ends.get(str(one["id"]), {})) for one in records]

    async def _binned(self, stream: str, known: Stream, records: Sequence[Mapping[str, Any]]) -> list[Observation]:
        """Return what lies in the bin. An id that still answers was merged into another, or is back in between."""
        ids = [str(one["id"]) for one in records]
        if not ids:
            return []
        names = ["hs_merged_object_ids"]
        alive = self._good(await self._hubspot.batch_read(known.object, ids, names)).json().get("results") or ()
        merged = {gone for one in alive for gone in reading.merged_into(one)}
        back = {str(one["id"]) for one in alive}
        seen = [reading.observe(stream, one, {}) for one in records if str(one["id"]) not in merged | back]
        return [*seen, *(reading.ended(stream, each) for each in ids if each in merged)]

    async def _ends(self, known: Stream, ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
        """Return record id -> associated object -> ids, with two calls a hundred records at most for each object."""
        found: dict[str, dict[str, list[str]]] = {each: {} for each in ids}
        for other in known.associations:
            asked: list[Mapping[str, str]] = [{"id": each} for each in ids]
            while asked:
                body = self._good(await self._hubspot.batch_read_associations(known.object, other, asked)).json()
                asked = []
                for result in body.get("results") or ():
                    record_id = str((result.get("from") or {}).get("id"))
                    ends = [str(end.get("toObjectId") or end.get("id")) for end in result.get("to") or ()]
                    found.setdefault(record_id, {}).setdefault(other, []).extend(ends)
                    after = paging.after(result, "paging.next.after")
                    if after is not None:
                        asked.append({"id": record_id, "after": after})
        return found

    def _names(self, known: Stream) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*known.properties, *self._more.get(known.object, ()))))

    def _now(self, reply: Reply) -> datetime:
        """Return the portal's time, as its answer tells it; ours where it does not."""
        try:
            return parsedate_to_datetime(reply.headers.get("Date", ""))
        except (TypeError, ValueError):
            return self._clock.now()

    def _good(self, reply: Reply) -> Reply:
        if reply.ok:
            return reply
        outcome, _refusal = self._reader.whole(reply, self._clock.now())
        raise CallFailed(FailKind.ANSWER, True, getattr(outcome, "reason", "HubSpot refuses"), outcome=outcome)
