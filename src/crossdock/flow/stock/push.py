"""Levels out: what a store offers, written as wishes on the store's own connection; one transaction a hundred.

The wishes and the marks they clear are one commit, so a level is never marked as told without its wish, and a commit
holds whole hundreds of one store's links, so that the store is called with full batches.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from crossdock.flow.ports import Sources, Store
from crossdock.flow.stock.movement import Shown, to_write, wrote
from crossdock.flow.stock.offer import Level, Share, offers
from crossdock.flow.stock.ports import Recording
from crossdock.kit.ids import new_id
from crossdock.model.observation import Occurrence
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("push.sql"))
STREAM, PRICES = "stock_level", "price_level"
_CHUNK = 1000
"""Links of one store a commit: a multiple of what the stores' batch calls take."""
_TRIES = 6


class Timing(msgspec.Struct, frozen=True):
    """How long things are waited for."""

    owed: timedelta = timedelta(seconds=3)
    """A store that sold shows it within this; then the level is written."""
    doubt: timedelta = timedelta(seconds=60)
    """Nothing is written to a store in doubt for this long at most."""
    no_way: timedelta = timedelta(seconds=60)
    """When a store that takes no stock (read-only keys) is tried again."""


class Pusher:
    """Hands over what is due. Any number may run: each takes links nobody else holds."""

    def __init__(self, store: Store, sources: Sources, recording: Recording, timing: Timing) -> None:
        self._store = store
        self._sources = sources
        self._recording = recording
        self._timing = timing

    async def push(self, most: int = 100_000) -> int:
        """Hand over all that is due; returns how many levels and prices."""
        whole = 0
        while whole < most:
            pushed = await self._again(self._levels)
            priced = await self._again(self._prices)
            if pushed is None and priced is None:
                break
            whole += (pushed or 0) + (priced or 0)
        return whole

    async def _again(self, work: Callable[[Any], Coroutine[Any, Any, int | None]]) -> int | None:
        for left in reversed(range(_TRIES)):
            try:
                async with self._store.transaction() as conn:
                    done = await work(conn)
                if done:
                    self._recording.recorded()
                return done
            except (self._recording.again, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
                if not left:
                    raise
        return None

    async def _levels(self, conn: Any) -> int | None:
        links = await conn.fetch(SQL["take_due"], _CHUNK, self._timing.doubt)
        if not links:
            return None
        connection_id = links[0]["connection_id"]
        if not await conn.fetchval(SQL["has_way"], connection_id, STREAM):
            said = "the store takes no stock from the hub: its keys may only read, or its route is gone"
            await conn.execute(SQL["no_way"], [link["id"] for link in links], self._timing.no_way, said)
            return 0
        told = await self._offered(conn, links[0]["tenant_id"], links)
        await self._record(conn, connection_id, told)
        rest = [link for link in links if link["id"] not in {one["id"] for one, _, _ in told}]
        await conn.execute(SQL["put_off"], [link["id"] for link in rest], self._timing.doubt)
        return len(told)

    async def _offered(self, conn: Any, tenant_id: uuid.UUID, links: Sequence[Any]) -> list[tuple[Any, int, bool]]:
        """Return (link, quantity, confirmed) of what has to be written."""
        skus = sorted({link["hub_sku"] for link in links})
        # read after the links were locked: whoever changes a level later marks them again
        offered = await offers_of(conn, tenant_id, skus)
        told = []
        for link in links:
            known = offered.get(link["hub_sku"])
            if known is None or link["connection_id"] not in known:
                continue
            may, confirmed = known[link["connection_id"]], known.confirmed
            state = account(link)
            quantity = to_write(state, may, waiting=link["waiting"], doubting=link["doubting"])
            if quantity is None and link["forced"] and state.doubt is None:
                quantity = may
            if quantity is not None:
                told.append((link, quantity, confirmed or quantity != 0))
        return told

    async def _record(self, conn: Any, connection_id: uuid.UUID, told: Sequence[tuple[Any, int, bool]]) -> None:
        if not told:
            return
        connection = await self._sources.connection(connection_id)
        wishes = [_level_wish(link, quantity, confirmed) for link, quantity, confirmed in told]
        events = await self._recording.within(conn, connection, wishes)
        states = [wrote(account(link), quantity) for link, quantity, _ in told]
        await conn.execute(
            SQL["told_levels"],
            [link["id"] for link, _, _ in told],
            events,
            [state.shown for state in states],
            [state.before for state in states],
        )

    async def _prices(self, conn: Any) -> int | None:
        links = await conn.fetch(SQL["take_due_prices"], _CHUNK)
        if not links:
            return None
        connection = await self._sources.connection(links[0]["connection_id"])
        told = []
        if await conn.fetchval(SQL["has_way"], connection.id, PRICES):
            currency = str(connection.account.get("currency", ""))
            skus = sorted({link["hub_sku"] for link in links})
            rows = await conn.fetch(SQL["prices_of"], links[0]["tenant_id"], skus, currency)
            prices = {row["hub_sku"]: (_text(row["regular_price"]), _text(row["sale_price"])) for row in rows}
            told = [(link, prices[link["hub_sku"]]) for link in links if link["hub_sku"] in prices]
            told = [(link, pair) for link, pair in told if _shown_price(pair) != link["last_price"]]
        if told:
            events = await self._recording.within(conn, connection, [_price_wish(link, *pair) for link, pair in told])
            shown = [_shown_price(pair) for _, pair in told]
            await conn.execute(SQL["told_prices"], [link["id"] for link, _ in told], events, shown)
        await conn.execute(SQL["done_prices"], [link["id"] for link in links])
        return len(told)


class Offered(dict[uuid.UUID, int]):
    """What each store may offer of one SKU; ``confirmed`` unless a zero may be a mistake."""

    confirmed: bool = True


async def offers_of(conn: Any, tenant_id: uuid.UUID, skus: Sequence[str]) -> dict[str, Offered]:
    """Return what the linked stores may offer; a SKU without a level is left out."""
    levels: dict[str, list[Level]] = {}
    for row in await conn.fetch(SQL["levels_of"], tenant_id, skus):
        level = Level(row["location"], row["on_hand"], row["reserved"], row["confirmed"])
        levels.setdefault(row["hub_sku"], []).append(level)
    shares = await shares_of(conn, tenant_id)
    stores: dict[str, dict[uuid.UUID, Sequence[Share]]] = {}
    behind: dict[str, set[uuid.UUID]] = {}
    for row in await conn.fetch(SQL["sellers_of"], tenant_id, skus):
        stores.setdefault(row["hub_sku"], {})[row["connection_id"]] = shares.get(row["connection_id"], ())
        if row["backorders"]:
            behind.setdefault(row["hub_sku"], set()).add(row["connection_id"])
    made = {}
    for sku, found in levels.items():
        offered = offers(found, stores.get(sku, {}), frozenset(behind.get(sku, ())))
        made[sku] = Offered(offered)
        made[sku].confirmed = all(level.confirmed or level.on_hand for level in found)
    return made


async def shares_of(conn: Any, tenant_id: uuid.UUID) -> dict[uuid.UUID, list[Share]]:
    """Return the shares of a tenant's stores."""
    shares: dict[uuid.UUID, list[Share]] = {}
    for row in await conn.fetch(SQL["shares"], tenant_id):
        share = Share(row["location"], row["weight"], row["reserve"], row["share"])
        shares.setdefault(row["connection_id"], []).append(share)
    return shares


def account(link: Any) -> Shown:
    """Return a link's account from its row."""
    return Shown(link["shown"], link["owed"], link["doubt"], link["before"])


def _entity(link: Any) -> dict[str, Any]:
    return {
        "request_id": str(new_id()),
        "product_id": link["product_id"],
        "variation_id": link["variation_id"],
        "sku": link["store_sku"],
    }


def _level_wish(link: Any, quantity: int, confirmed: bool) -> Occurrence:
    document = {**_entity(link), "quantity": quantity, "confirmed": confirmed}
    external_id = link["variation_id"] or link["product_id"]
    return Occurrence(stream=STREAM, type="stock_level.wished", document=document, external_id=external_id)


def _price_wish(link: Any, regular: str | None, sale: str | None) -> Occurrence:
    document = {**_entity(link), "regular_price": regular, "sale_price": sale}
    external_id = link["variation_id"] or link["product_id"]
    return Occurrence(stream=PRICES, type="price_level.wished", document=document, external_id=external_id)


def _text(price: Any) -> str | None:
    return None if price is None else format(price, "f")


def _shown_price(pair: tuple[str | None, str | None]) -> str:
    return f"{pair[0] or ''}/{pair[1] or ''}"
