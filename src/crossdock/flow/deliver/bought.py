"""What people have bought, read from the ledger for plans that tell it: once a batch, whatever asks for it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from crossdock.flow.canonical import Canonical
from crossdock.flow.deliver.ports import Directory, Opener
from crossdock.model.bought import Bought, bought
from crossdock.model.commerce.order import Order
from crossdock.store.absence import overload_of
from crossdock.store.queries import load

log = structlog.get_logger("crossdock.deliver")
SQL = load(Path(__file__).with_name("bought.sql"))


class Left(msgspec.Struct, frozen=True):
    """A record that cannot be read, and why: one record's trouble is its buyer's, not of the whole batch."""

    problem: str


async def purchases(
    conn: Any,
    buyers: Sequence[tuple[uuid.UUID, str]],
    vault: Opener,
    canonical: Canonical,
    directory: Directory,
) -> dict[tuple[uuid.UUID, str], Bought]:
    """Return (tenant, e-mail address) -> what was bought under it in all of the tenant's shops.

    An order belongs to its billing address. A buyer with an order that cannot be read is left out: the sum without it
    would be wrong.
    """
    orders: dict[tuple[uuid.UUID, str], list[tuple[uuid.UUID, Order]]] = {buyer: [] for buyer in buyers}
    for tenant_id in sorted({tenant for tenant, _ in buyers}):
        hashes = {vault.subject(address): address for tenant, address in buyers if tenant == tenant_id}
        for row in await conn.fetch(SQL["orders_of"], tenant_id, list(hashes)):
            buyer = (tenant_id, hashes[row["subject"]])
            if buyer not in orders:
                continue
            order = await _read(row, canonical, directory)
            if isinstance(order, Left):
                log.warning("a sum is left out", order=row["external_id"], problem=order.problem)
                del orders[buyer]
            else:
                orders[buyer].append((row["connection_id"], order))
    sold = {(store, line.product_id) for each in orders.values() for store, one in each for line in one.lines}
    categories = await _categories(conn, canonical, directory, sold)
    return {buyer: bought(each, categories) for buyer, each in orders.items()}


async def _categories(
    conn: Any, canonical: Canonical, directory: Directory, sold: set[tuple[uuid.UUID, str | None]]
) -> dict[tuple[uuid.UUID, str], tuple[str, ...]]:
    """Return (shop, product) -> the names of its categories, of the products that are on record."""
    wanted = sorted((store, product) for store, product in sold if product)
    if not wanted:
        return {}
    columns = ([store for store, _ in wanted], ["product"] * len(wanted), [product for _, product in wanted])
    found = {}
    for row in await conn.fetch(SQL["products"], *columns):
        product = await _read(row, canonical, directory)
        if isinstance(product, Left):
            # what has no categories to tell stops no order
            log.warning("categories are left out", product=row["external_id"], problem=product.problem)
            continue
        found[row["connection_id"], row["external_id"]] = product.categories
    return found


async def _read(row: Any, canonical: Canonical, directory: Directory) -> Any:
    """Return the entity of a row, or why it is left out; a database that is away is raised: it is no row's fault."""
    try:
        return canonical.read(await directory.connection(row["connection_id"]), row)
    except Exception as unreadable:
        if overload_of(unreadable) is not None:
            raise
        return Left(type(unreadable).__name__)
