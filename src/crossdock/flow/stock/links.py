"""The book of links: which product of a store is which SKU of the hub, and what goes between them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from crossdock.errors import BadInput, NotFound
from crossdock.flow.ports import Sources, Store
from crossdock.flow.stock import levels
from crossdock.flow.stock.count import SQL as COUNT
from crossdock.flow.stock.levels import Cause, Change
from crossdock.flow.stock.matching import LONGEST, Item, Matching, Rules, match
from crossdock.flow.stock.ports import CHANNEL, Words
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.commerce.product import Product
from crossdock.store.acting import note_act
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("links.sql"))
_PAGE = 500
_CHUNK = 500
_TOLD = 20
"""So many are named in an entry of the audit."""
_T = TypeVar("_T")
_NO_OWN_STOCK = ("variable", "grouped", "external")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a link carries; None keeps what stands, or takes the default of a new one."""

    push_stock: bool | None = None
    push_price: bool | None = None
    push_on_fulfilment: bool | None = None
    """The sales of this link reserve, a fulfilment takes from the shelf; and each fulfilment pushes its SKUs here."""
    direction: Literal["in", "out", "both"] | None = None
    counts: Literal["orders", "quantity"] | None = None
    """What moves the hub's level: the pieces the store's orders have taken, or the quantity it shows."""
    backorders: bool | None = None
    """The store is told how far below zero a SKU is."""
    active: bool | None = None


DEFAULTS: dict[str, Any] = {
    "push_stock": True,
    "push_price": False,
    "push_on_fulfilment": False,
    "direction": "both",
    "counts": "orders",
    "backorders": False,
    "active": True,
}
_OPTIONS = tuple(DEFAULTS)


class NewLink(msgspec.Struct, frozen=True):
    """A link to be made, or changed where the product is linked already."""

    connection_id: uuid.UUID
    product_id: str
    variation_id: str | None
    hub_sku: str
    store_sku: str = ""
    options: Options = Options()


class Preview(msgspec.Struct, frozen=True):
    """What matching found, and how many products were left alone because they are linked."""

    matching: Matching
    linked: int
    applied: int = 0


class Links:
    """Makes, changes and ends links."""

    def __init__(self, store: Store, words: Words, sources: Sources) -> None:
        self._store = store
        self._words = words
        self._sources = sources

    async def put(
        self, tenant_id: uuid.UUID, links: Sequence[NewLink], *, take_levels: bool = False
    ) -> list[tuple[uuid.UUID, bool]]:
        """Make or change links; returns (id, whether it is new) in order.

        ``take_levels``: a hub SKU without a level gets what the store shows.
        """
        for link in links:
            check_link(link)
        made: list[tuple[uuid.UUID, bool]] = []
        for some in _chunks(links):
            made += await self._put(tenant_id, some, take_levels=take_levels)
        return made

    async def _put(
        self, tenant_id: uuid.UUID, links: Sequence[NewLink], *, take_levels: bool
    ) -> list[tuple[uuid.UUID, bool]]:
        async with self._store.transaction() as conn:
            made = await self.put_within(conn, tenant_id, links, take_levels=take_levels)
            told = {"new": sum(new for _, new in made), "skus": sorted({link.hub_sku for link in links})[:_TOLD]}
            await note_act(conn, tenant_id, "sku_link.put", made[0][0], {"links": len(made), **told})
        return made

    async def put_within(
        self, conn: Any, tenant_id: uuid.UUID, links: Sequence[NewLink], *, take_levels: bool = False
    ) -> list[tuple[uuid.UUID, bool]]:
        """Do as :meth:`put` inside a transaction, for a few hundred links that were checked."""
        keys = [(link.connection_id, link.product_id, link.variation_id or "") for link in links]
        last = dict(zip(keys, links, strict=True))
        await conn.execute(COUNT["begin_cursor"], tenant_id)
        shown = await self._quantities(conn, tenant_id, sorted(last)) if take_levels else {}
        if shown:
            await levels.apply(conn, tenant_id, await _first_levels(conn, tenant_id, last, shown))
        found = await conn.fetch(SQL["lock_products"], tenant_id, *_columns(sorted(last), 3))
        known = {(r["connection_id"], r["product_id"], r["variation_id"] or ""): r for r in found}
        rows = [_row(known.get(key), last[key], shown.get(key)) for key in sorted(last)]
        await conn.execute(SQL["put_links"], tenant_id, *_columns(rows, 14))
        await levels.mark(conn, tenant_id, sorted({link.hub_sku for link in links}))
        await conn.execute(SQL["mark_prices"], tenant_id, sorted({link.hub_sku for link in links}))
        ids = {key: row[0] for key, row in zip(sorted(last), rows, strict=True)}
        return [(ids[key], key not in known) for key in keys]

    async def _quantities(self, conn: Any, tenant_id: uuid.UUID, keys: Sequence[Any]) -> dict[Any, int]:
        rows = await conn.fetch(SQL["products_named"], tenant_id, *_columns(keys, 3))
        found = {}
        for row in rows:
            word = self._words.read(await self._sources.connection(row["connection_id"]), row)
            if isinstance(word, Product) and word.stock_quantity is not None:
                found[row["connection_id"], row["product_id"], row["variation_id"]] = int(word.stock_quantity)
        return found

    async def change(self, tenant_id: uuid.UUID, link_id: uuid.UUID, options: Options, hub_sku: str | None) -> None:
        """Change a link. Raises ``NotFound`` or ``BadInput``."""
        if hub_sku is not None:
            _check_sku(hub_sku, "hub_sku")
        if not await self._change(tenant_id, [link_id], options, hub_sku):
            raise NotFound("there is no such link", remedy="list them with: crossdock sku-links")

    async def change_many(self, tenant_id: uuid.UUID, link_ids: Sequence[uuid.UUID], options: Options) -> int:
        """Change links alike, some hundred at a time. Returns how many; those that have ended are none of them."""
        return sum([await self._change(tenant_id, some, options) for some in _chunks(link_ids)])

    async def _change(
        self, tenant_id: uuid.UUID, link_ids: Sequence[uuid.UUID], options: Options, hub_sku: str | None = None
    ) -> int:
        given = {name: getattr(options, name) for name in _OPTIONS}
        async with self._store.transaction() as conn:
            rows = await conn.fetch(SQL["change_links"], tenant_id, link_ids, *given.values(), hub_sku)
            if rows:
                skus = sorted({row["hub_sku"] for row in rows})
                await levels.mark(conn, tenant_id, skus)
                await conn.execute(SQL["mark_prices"], tenant_id, skus)
                fields = sorted(name for name, value in {**given, "hub_sku": hub_sku}.items() if value is not None)
                await note_act(conn, tenant_id, "sku_link.change", *_told(link_ids, len(rows), {"fields": fields}))
        return len(rows)

    async def resume(self, tenant_id: uuid.UUID, link_ids: Sequence[uuid.UUID] | None = None) -> int:
        """Resume suspended links (all of them with None); what has accumulated goes out. Returns how many."""
        async with self._store.transaction() as conn:
            rows = await conn.fetch(SQL["resume"], tenant_id, None if link_ids is None else list(link_ids))
            await conn.execute(levels.SQL["wake"], CHANNEL)
            about = "all" if link_ids is None else _named(link_ids)
            await note_act(conn, tenant_id, "sku_link.resume", about, {"links": len(rows)})
        return len(rows)

    async def remove(self, tenant_id: uuid.UUID, link_id: uuid.UUID) -> None:
        """End a link; levels and their history stay. Raises ``NotFound``."""
        if not await self._remove(tenant_id, [link_id]):
            raise NotFound("there is no such link", remedy="list them with: crossdock sku-links")

    async def remove_many(self, tenant_id: uuid.UUID, link_ids: Sequence[uuid.UUID]) -> int:
        """End links, some hundred at a time. Returns how many; those that had ended are none of them."""
        return sum([await self._remove(tenant_id, some) for some in _chunks(link_ids)])

    async def _remove(self, tenant_id: uuid.UUID, link_ids: Sequence[uuid.UUID]) -> int:
        async with self._store.transaction() as conn:
            rows = await conn.fetch(SQL["remove_links"], tenant_id, link_ids)
            if rows:
                await note_act(conn, tenant_id, "sku_link.remove", *_told(link_ids, len(rows)))
        return len(rows)

    async def push_all(self, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> int:
        """Write every level and price of a store again, changed or not; returns how many links."""
        async with self._store.transaction() as conn:
            rows = await conn.fetch(SQL["push_all"], tenant_id, connection_id)
            await conn.execute(levels.SQL["wake"], CHANNEL)
            await note_act(conn, tenant_id, "stock.push", show(Prefix.CONNECTION, connection_id), {"links": len(rows)})
        return len(rows)

    async def page(
        self,
        tenant_id: uuid.UUID,
        *,
        connection_id: uuid.UUID | None = None,
        sku: str | None = None,
        state: str | None = None,
        after: uuid.UUID | None = None,
        link_id: uuid.UUID | None = None,
        limit: int = _PAGE,
    ) -> list[Any]:
        """Return a page of links, the oldest first."""
        async with self._store.engine() as conn:
            found: list[Any] = await conn.fetch(
                SQL["list_links"], tenant_id, connection_id, sku, state, after, limit, link_id
            )
        return found

    async def pages(self, tenant_id: uuid.UUID, connection_id: uuid.UUID | None) -> AsyncIterator[list[Any]]:
        """Yield all links, page by page."""
        after = None
        while rows := await self.page(tenant_id, connection_id=connection_id, after=after):
            yield rows
            after = rows[-1]["id"]

    async def stats(self, tenant_id: uuid.UUID) -> list[Any]:
        """Return how the links of each store do."""
        async with self._store.engine() as conn:
            found: list[Any] = await conn.fetch(SQL["link_stats"], tenant_id)
        return found

    async def items(self, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> list[Item]:
        """Return what of a store can be linked: products and variations that have a stock of their own."""
        connection = await self._sources.connection(connection_id)
        found: list[Item] = []
        after = ""
        while True:
            async with self._store.engine() as conn:
                rows = await conn.fetch(SQL["products_of"], tenant_id, connection_id, after, _PAGE)
            for row in rows:
                item = self._item(connection, row)
                if item is not None:
                    found.append(item)
            if len(rows) < _PAGE:
                return found
            after = rows[-1]["external_id"]

    def _item(self, connection: Any, row: Any) -> Item | None:
        try:
            word = self._words.read(connection, row)
        except ValueError:
            return None
        if not isinstance(word, Product) or (word.type in _NO_OWN_STOCK and word.stock_quantity is None):
            return None
        if word.parent_id:
            return Item(word.parent_id, word.id, word.sku, word.name)
        return Item(word.id, None, word.sku, word.name)

    async def hub_skus(self, tenant_id: uuid.UUID, like_store: uuid.UUID | None) -> list[str]:
        """Return the hub's SKUs: those with a level or a link; or those of a store, to begin with."""
        if like_store is not None:
            return sorted({item.sku for item in await self.items(tenant_id, like_store)} - {""})
        async with self._store.engine() as conn:
            return [row["hub_sku"] for row in await conn.fetch(SQL["hub_skus"], tenant_id)]

    async def match(
        self,
        tenant_id: uuid.UUID,
        connection_id: uuid.UUID,
        hub_skus: Sequence[str],
        rules: Rules,
        *,
        apply: Options | None = None,
        take_levels: bool = False,
    ) -> Preview:
        """Match a store's products that are not linked yet; with ``apply`` link what matched."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["linked_products"], tenant_id, connection_id)
        linked = {(row["product_id"], row["variation_id"]) for row in rows}
        items = await self.items(tenant_id, connection_id)
        free = [item for item in items if (item.product_id, item.variation_id) not in linked]
        found = match(free, hub_skus, rules)
        applied = 0
        if apply is not None:
            links = [
                NewLink(connection_id, item.product_id, item.variation_id, sku, item.sku, apply)
                for item, sku in found.matched
            ]
            applied = len(await self.put(tenant_id, links, take_levels=take_levels))
        return Preview(found, len(items) - len(free), applied)


def _chunks(every: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))


def _named(link_ids: Sequence[uuid.UUID]) -> str:
    return ",".join(show(Prefix.SKU_LINK, one) for one in link_ids[:_TOLD])


def _told(
    link_ids: Sequence[uuid.UUID], count: int, detail: dict[str, Any] | None = None
) -> tuple[uuid.UUID | str, dict[str, Any] | None]:
    """Return what the audit names and tells: one link itself, of several the first and how many they are."""
    return (link_ids[0], detail) if len(link_ids) == 1 else (_named(link_ids), {**(detail or {}), "links": count})


async def _first_levels(conn: Any, tenant_id: uuid.UUID, links: dict[Any, NewLink], shown: dict[Any, int]) -> Any:
    known = {row["hub_sku"] for row in await conn.fetch(SQL["known_levels"], tenant_id, _skus(links))}
    first = {link.hub_sku: shown[key] for key, link in sorted(links.items()) if key in shown}
    return [
        Change(sku=sku, on_hand=max(0, there), cause=Cause.IMPORT, reference=f"first:{new_id()}", confirmed=True)
        for sku, there in sorted(first.items())
        if sku not in known
    ]


def _skus(links: dict[Any, NewLink]) -> list[str]:
    return sorted({link.hub_sku for link in links.values()})


def _row(known: Any, link: NewLink, shown: int | None) -> tuple[Any, ...]:
    given = {name: getattr(link.options, name) for name in _OPTIONS}
    standing = {name: known[name] for name in _OPTIONS} if known else DEFAULTS
    merged = [standing[name] if given[name] is None else given[name] for name in _OPTIONS]
    name = (link.connection_id, link.product_id, link.variation_id)
    link_id = known["id"] if known else new_id()
    store_sku = link.store_sku or (known["store_sku"] if known else "")
    return (link_id, *name, store_sku, link.hub_sku, *merged, shown)


def check_link(link: NewLink) -> None:
    """Raise ``BadInput`` naming the field that breaks a rule."""
    _check_sku(link.hub_sku, "hub_sku")
    for field in ("product_id", "variation_id"):
        value = getattr(link, field)
        if (value is not None or field == "product_id") and not (value and value.isascii() and len(value) <= 64):
            raise BadInput("expected the store's own id", field=field, remedy="copy it from GET /products")
    if len(link.store_sku) > LONGEST:
        raise BadInput(f"a SKU has at most {LONGEST} characters", field="store_sku", remedy="shorten it")


def _check_sku(sku: str, field: str) -> None:
    if not sku or sku != sku.strip() or len(sku) > LONGEST or not sku.isprintable():
        raise BadInput(
            f"a SKU has 1 to {LONGEST} printable characters and no space at its ends", field=field, remedy="correct it"
        )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[at] for row in rows] for at in range(width)]
