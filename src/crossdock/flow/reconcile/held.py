"""What a destination holds, as much of it as a comparison needs at a time.

Objects that carry our own key are listed whole, once, and stand in a table while they are compared; so it is known
what stands there that should not. People are asked for by their addresses, a hundred a call, each once: a portal may
hold ten times as many people as the store has. For a proof of some days, and when a few records are looked at again,
everything is asked for by name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from crossdock.connect.connector import Destination, Seeker
from crossdock.flow.ports import Store
from crossdock.flow.reconcile.compare import Links, Snapshot
from crossdock.flow.reconcile.ports import Sealer, Tell
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.model.plan import Found, Ref, Verb, Write
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("held.sql"))
_CHUNK = 500
Name = tuple[str, str]


class Wanted:
    """What the writes of a window speak of."""

    def __init__(self, writes: Iterable[Write]) -> None:
        self.names: set[Name] = set()
        """(object, our key)."""
        self.keyed: dict[str, str] = {}
        """Objects that carry our key, and the property it stands in."""
        self.matched: dict[Name, set[str]] = {}
        """(object, property) -> values that records are found by."""
        self.records: list[Write] = []
        for write in writes:
            self.names.add((write.object, write.key))
            if write.to is not None:
                self.names.add((write.to.object, write.to.key))
            self.names |= {(v.object, v.key) for v in write.properties.values() if isinstance(v, Ref)}
            if write.verb not in (Verb.UPSERT, Verb.ARCHIVE):
                continue
            self.records.append(write)
            if write.match is not None and write.match[1] == write.key:
                self.keyed[write.object] = write.match[0]
            elif write.match is not None:
                self.matched.setdefault((write.object, write.match[0]), set()).add(write.match[1])


class Held:
    """One destination's records of one store."""

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        source: Connection,
        connection: Connection,
        destination: Destination,
        tell: Tell,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._source = source
        self._connection = connection
        self._destination = destination
        self._tell = tell
        self._id = new_id()
        self._listed: set[str] = set()
        self._keyed: dict[str, str] = {}

    async def window(self, writes: Iterable[Write], *, seek: bool) -> tuple[Snapshot, Links]:
        """Return all that matters to these writes. ``seek``: ask for it by name, nothing is listed."""
        wanted, snapshot = Wanted(writes), Snapshot()
        self._keyed |= wanted.keyed
        seeker = self._destination if isinstance(self._destination, Seeker) else None
        links = await self._links(wanted.names)
        for name, prop in self._keyed.items():
            keys = [key for kind, key in wanted.names if kind == name]
            if seeker is not None and seek:
                _take(snapshot, await seeker.sought(name, prop, keys) if keys else [])
                continue
            await self._list(name)
            _take(snapshot, await self._stored("stored_by_key", name, keys))
        for (name, prop), values in wanted.matched.items():
            if seeker is None:
                await self._list(name)
            else:
                await self._seek(seeker, name, prop, values)
            hashes = [self._sealer.subject(value) for value in values]
            _take(snapshot, await self._stored("stored_by_match", name, hashes))
        await self._by_link(snapshot, links, wanted, seeker)
        return snapshot, links

    async def met(self, names: Collection[Name]) -> None:
        """Note records that belong here."""
        mine = [name for name in names if name[0] in self._listed]
        if mine:
            async with self._store.engine() as conn:
                await conn.execute(SQL["met"], self._id, *map(list, zip(*sorted(mine), strict=True)))

    async def strays(self) -> AsyncIterator[tuple[str, str, str]]:
        """Yield (object, our key, record id) of listed records with a key of this store that nobody has met."""
        after: Name = ("", "")
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["strays"], self._id, self._source.account_uid + ":", *after, _CHUNK)
            for row in rows:
                yield row["object"], row["key"], row["external_id"]
            if len(rows) < _CHUNK:
                return
            after = rows[-1]["object"], rows[-1]["external_id"]

    async def standing(self, name: str, record_ids: Sequence[str]) -> set[str]:
        """Return which of these records stand there now."""
        if isinstance(self._destination, Seeker):
            return {found.external_id for found in await self._destination.sought(name, None, record_ids)}
        wanted = set(record_ids)
        found_ids = set()
        async for found in self._destination.found(name, self._source.account_uid):
            if found.external_id in wanted:
                found_ids.add(found.external_id)
        return found_ids

    async def forget(self) -> None:
        """Drop what was kept."""
        async with self._store.engine() as conn:
            await conn.execute(SQL["forget_found"], self._id)

    async def _links(self, names: Collection[Name]) -> dict[Name, str]:
        if not names:
            return {}
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["links_of"], self._connection.id, *map(list, zip(*sorted(names), strict=True)))
        return {(row["object"], row["key"]): row["external_id"] for row in rows}

    async def _list(self, name: str) -> None:
        if name in self._listed:
            return
        self._listed.add(name)
        self._tell(f"reading {self._connection.name}: {name}")
        chunk: list[Found] = []
        read = 0
        async for found in self._destination.found(name, self._source.account_uid):
            chunk.append(found)
            if len(chunk) >= _CHUNK:
                read += len(chunk)
                await self._keep(chunk)
                self._tell(f"reading {self._connection.name}: {name} {read}")
                chunk = []
        await self._keep(chunk)

    async def _seek(self, seeker: Seeker, name: str, prop: str, values: Collection[str]) -> None:
        """Ask for records that were not asked for yet; those that are not there are noted as well."""
        hashes = {self._sealer.subject(value): value for value in values}
        async with self._store.engine() as conn:
            asked = {row["match"] for row in await conn.fetch(SQL["asked"], self._id, name, list(hashes))}
        new = {match: value for match, value in hashes.items() if match not in asked}
        if not new:
            return
        found = await seeker.sought(name, prop, list(new.values()))
        await self._keep(found)
        there = {self._match(one) for one in found}
        nobody = [match for match in new if match not in there]
        await self._write([(name, "", match, None, None) for match in nobody])

    async def _by_link(self, snapshot: Snapshot, links: Links, wanted: Wanted, seeker: Seeker | None) -> None:
        """Add records that only a link leads to."""
        ids: dict[str, set[str]] = {}
        for write in wanted.records:
            linked = links.get((write.object, write.key))
            if linked and (write.object, linked) not in snapshot.by_id and not snapshot.find(write, {}):
                ids.setdefault(write.object, set()).add(linked)
        for name, some in ids.items():
            stored = [] if name not in self._listed else await self._stored("stored_by_id", name, list(some))
            if seeker is not None and name not in self._listed and name not in self._keyed:
                stored = await seeker.sought(name, None, list(some))
            _take(snapshot, stored)

    def _match(self, found: Found) -> bytes:
        email = None if found.key else found.properties.get("email")
        return self._sealer.subject(email) if email else b""

    async def _keep(self, found: Sequence[Found]) -> None:
        rows = []
        for one in found:
            body = msgspec.json.encode((one.properties, sorted(one.associations)))
            sealed = self._sealer.seal_body(body, self._id.bytes)
            rows.append((one.object, one.external_id, self._match(one), one.key, sealed))
        await self._write(rows)

    async def _write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            async with self._store.engine() as conn:
                await conn.execute(SQL["keep"], self._id, self._source.tenant_id, *map(list, zip(*rows, strict=True)))

    async def _stored(self, query: str, name: str, values: Sequence[Any]) -> list[Found]:
        if not values:
            return []
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL[query], self._id, name, list(values))
        return [self._found(row) for row in rows]

    def _found(self, row: Any) -> Found:
        properties, ends = msgspec.json.decode(
            self._sealer.open_body(row["body"], self._id.bytes), type=tuple[dict[str, str | None], list[Name]]
        )
        return Found(row["object"], row["external_id"], row["key"], properties, frozenset(ends))


def _take(snapshot: Snapshot, found: Iterable[Found]) -> None:
    for one in found:
        snapshot.add(one)
