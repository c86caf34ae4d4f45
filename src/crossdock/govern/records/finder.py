"""Records as programs and people see them: one envelope for orders, customers, products, and how they are found."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec

from crossdock.errors import BadInput, NotFound, Trouble
from crossdock.govern.directory import connection_of
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.connection import Connection
from crossdock.model.observation import Presence
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("records.sql"))
PREFIX = {"order": Prefix.ORDER, "customer": Prefix.CUSTOMER, "product": Prefix.PRODUCT}
LAST = (datetime.max.replace(tzinfo=UTC), uuid.UUID(int=(1 << 128) - 1))
FIRST = datetime.min.replace(tzinfo=UTC)
WORD: Final = msgspec.Meta(extra_json_schema={"anyOf": [{"type": "object"}, {"type": "null"}]})
"""A word of the hub's as the struct it is, or a document that has no word: both are an object to who reads it."""
_MOST_ALIKE = 50
Read = Callable[[Connection, Any], Any]
"""Returns the word of a row of a store; raises ``ValueError`` where it cannot be read."""


class Store(Protocol):
    """The database, as the pages' role sees it."""

    def tenant(self, tenant_id: uuid.UUID) -> contextlib.AbstractAsyncContextManager[Any]:
        """Return a connection that sees this tenant alone."""
        ...


class StoreNamed(msgspec.Struct, frozen=True):
    """The store a record comes from."""

    id: str
    uid: str
    """Stable name of the account: part of every key the hub writes elsewhere."""
    name: str


class Stored(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A record: who it is, which version of it this is, and what it says in the hub's own words."""

    id: str
    """The hub's id; it never changes."""
    external_id: str
    """The store's id."""
    store: StoreNamed
    stream: Literal["order", "customer", "product", "refund", "coupon"] | str
    version: int
    """Goes up with every change of this record."""
    presence: Presence
    status: str
    """The store's own state word."""
    contested: bool = False
    """True while a fresh look at the store has to decide between two versions."""
    modified_at: datetime | None = None
    created_at: datetime | None = None
    recorded_at: datetime
    event_id: str
    """The event that made this version; its story is at ``/events/{event_id}``."""
    data: Annotated[Any, WORD] = None
    """The canonical word, see ``/schemas/{stream}``; null when it cannot be read (then ``problem`` says why)."""
    problem: str | None = None


class Finder:
    """Finds a tenant's records and puts them into their envelopes."""

    def __init__(self, store: Store, read: Read, remembered: Read | None = None) -> None:
        """``remembered``: where lists look first; what they show is then JSON already, for an answer alone."""
        self._store = store
        self._read = read
        self._remembered = remembered

    async def stores(self, conn: Any, tenant_id: uuid.UUID, named: str | None) -> Stores:
        """Return the tenant's connections by id; only the one ``named`` by id, account or name where it is given.

        Raises ``NotFound``.
        """
        rows = await conn.fetch(SQL["stores"], tenant_id)
        if named is None:
            return Stores(rows)
        fits = [
            row
            for row in rows
            if named in (row["account_uid"], row["name"], str(row["id"]), show(Prefix.CONNECTION, row["id"]))
        ]
        if not fits:
            raise NotFound(f"there is no store {named!r}", field="store", remedy="list them with GET /connections")
        return Stores(fits)

    async def one(self, tenant_id: uuid.UUID, stream: str, shown: str, field: str) -> dict[str, Any]:
        """Return one record with its refunds, its copies at the destinations and its history. Raises ``NotFound``."""
        record_id = parsed_id(stream, shown, field)
        async with self._store.tenant(tenant_id) as conn:
            row = await conn.fetchrow(SQL["by_id"], tenant_id, stream, record_id)
            if row is None:
                raise NotFound(f"there is no such {stream}", field=field)
            stores = await self.stores(conn, tenant_id, None)
            parts = None
            if stream == "order":
                parts = await conn.fetch(SQL["children"], tenant_id, row["connection_id"], "refund", row["external_id"])
            store = stores[row["connection_id"]]
            key = f"{store.account_uid}:{stream}:{row['external_id']}"
            links = await conn.fetch(SQL["links"], tenant_id, list(stores), key)
            history = await conn.fetch(SQL["history"], tenant_id, record_id)
        return {
            **msgspec.to_builtins(self._alone(row, store)),
            **(
                {"refunds": [msgspec.to_builtins(self._alone(part, store)) for part in parts]}
                if parts is not None
                else {}
            ),
            "links": [
                {
                    "connection": show(Prefix.CONNECTION, link["connection_id"]),
                    "connection_name": stores[link["connection_id"]].name,
                    "object": link["object"],
                    "external_id": link["external_id"],
                    "changed_at": link["changed_at"],
                }
                for link in links
            ],
            "history": [{**dict(event), "id": show(Prefix.EVENT, event["id"])} for event in history],
        }

    async def named(self, tenant_id: uuid.UUID, stream: str, by: str, value: str, store: str | None) -> dict[str, Any]:
        """Return the records of a code (number, SKU) or of a store's id; ``by`` is the query's name."""
        async with self._store.tenant(tenant_id) as conn:
            stores = await self.stores(conn, tenant_id, store)
            rows = await conn.fetch(SQL[by], tenant_id, stream, value, list(stores), _MOST_ALIKE)
        return {"items": [self.shown(row, stores[row["connection_id"]]) for row in rows], "next": None}

    async def page(self, tenant_id: uuid.UUID, stream: str, asked: Asked) -> dict[str, Any]:
        """Return one page of a list, newest first."""
        async with self._store.tenant(tenant_id) as conn:
            stores = await self.stores(conn, tenant_id, asked.store)
            before = await self.place(conn, tenant_id, stream, asked.before, asked.until)
            among = list(stores)
            if asked.subject is not None:
                rows = await conn.fetch(
                    SQL["by_subject"],
                    tenant_id,
                    stream,
                    asked.subject,
                    among,
                    asked.limit,
                    *before,
                    asked.since,
                    asked.status,
                )
            elif asked.status is not None:
                rows = await conn.fetch(
                    SQL["listed_by_status"], tenant_id, stream, among, asked.limit, *before, asked.since, asked.status
                )
            else:
                rows = await conn.fetch(SQL["listed"], tenant_id, stream, among, asked.limit, *before, asked.since)
        items = [self.shown(row, stores[row["connection_id"]]) for row in rows]
        return {"items": items, "next": items[-1].id if len(items) == asked.limit else None}

    async def place(
        self, conn: Any, tenant_id: uuid.UUID, stream: str, before: str | None, until: datetime | None = None
    ) -> tuple[datetime, uuid.UUID]:
        """Return where a page begins: below a record, a moment, or nothing. Raises ``BadInput``."""
        if before is None:
            return (until, uuid.UUID(int=0)) if until else LAST
        row = await conn.fetchrow(SQL["place"], tenant_id, parsed_id(stream, before, "before"))
        if row is None:
            raise BadInput("there is no such place in the list", field="before", remedy="begin without it")
        return row["at"], row["id"]

    def shown(self, row: Any, store: Connection) -> Stored:
        """Return a row's envelope, as lists have it."""
        return _envelope(row, store, *self.listed(row, store))

    def _alone(self, row: Any, store: Connection) -> Stored:
        return _envelope(row, store, *self.said(row, store))

    def listed(self, row: Any, store: Connection) -> tuple[Any, str | None]:
        """Return what a row says, as lists have it: remembered where there is a memory."""
        return self._said(row, store, self._remembered or self._read)

    def said(self, row: Any, store: Connection) -> tuple[Any, str | None]:
        """Return what a row says in the hub's words (a struct, or the document where there is no word), or why it
        cannot be read."""
        return self._said(row, store, self._read)

    def _said(self, row: Any, store: Connection, read: Read) -> tuple[Any, str | None]:
        if row["body"] is None:
            return None, "its body is older than the time bodies are kept"
        try:
            return read(store, row), None
        except (ValueError, Trouble) as wrong:
            return None, str(wrong)


class Stores(Mapping[uuid.UUID, Connection]):
    """A tenant's connections by id; each is read out of its row when it is asked for, since a page needs a few."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = {row["id"]: row for row in rows}
        self._read: dict[uuid.UUID, Connection] = {}

    def __getitem__(self, key: uuid.UUID) -> Connection:
        if key not in self._read:
            self._read[key] = connection_of(self._rows[key])
        return self._read[key]

    def __iter__(self) -> Iterator[uuid.UUID]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _envelope(row: Any, store: Connection, data: Any, problem: str | None) -> Stored:
    return Stored(
        id=show(PREFIX.get(row["stream"], Prefix.RECORD), row["record_id"]),
        external_id=row["external_id"],
        store=named(store),
        stream=row["stream"],
        version=row["seq"],
        presence=Presence(row["presence"]),
        status=row["status"],
        contested=row["contested"],
        modified_at=row["modified_at"],
        created_at=row["made_at"],
        recorded_at=row["recorded_at"],
        event_id=show(Prefix.EVENT, row["event_id"]),
        data=data,
        problem=problem,
    )


def named(store: Connection) -> StoreNamed:
    """Return a store as records name it."""
    return _named(store.id, store.account_uid, store.name)


@lru_cache(maxsize=4096)
def _named(store_id: uuid.UUID, uid: str, name: str) -> StoreNamed:
    return StoreNamed(show(Prefix.CONNECTION, store_id), uid, name)


class Asked(msgspec.Struct, frozen=True):
    """What a list was asked for."""

    limit: int
    store: str | None = None
    status: str | None = None
    since: datetime = FIRST
    until: datetime | None = None
    before: str | None = None
    subject: bytes | None = None


def parsed_id(stream: str, shown: str, field: str) -> uuid.UUID:
    """Return the record's id. Raises ``BadInput`` naming the field."""
    try:
        return parse(PREFIX[stream], shown)
    except ValueError as wrong:
        raise BadInput(str(wrong), field=field) from None
