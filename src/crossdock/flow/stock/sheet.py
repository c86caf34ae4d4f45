"""Links as CSV: what a row means, and links written the same way."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from crossdock.errors import BadInput
from crossdock.flow.stock.links import Links, NewLink, Options, check_link
from crossdock.flow.stock.table import Applied, Heading, truth

COLUMNS = (
    *("product_id", "variation_id", "store_sku", "hub_sku", "push_stock", "push_price", "push_on_fulfilment"),
    *("direction", "counts", "backorders", "active"),
)
HEADING: Final = Heading(COLUMNS, (frozenset({"hub_sku"}), frozenset({"product_id", "store_sku"})))
_FLAGS = ("push_stock", "push_price", "push_on_fulfilment", "backorders", "active")
_WORDS = {"direction": ("in", "out", "both"), "counts": ("orders", "quantity")}


class Sheet:
    """Exports links."""

    def __init__(self, links: Links) -> None:
        self._links = links

    async def give(self, tenant_id: uuid.UUID, connection_id: uuid.UUID | None) -> AsyncIterator[bytes]:
        """Export links, a page at a time."""
        yield _line(COLUMNS)
        async for rows in self._links.pages(tenant_id, connection_id):
            yield b"".join(_line([_cell(row[name]) for name in COLUMNS]) for row in rows)


class LinkRows:
    """Turns rows into links; a store's products are read once, when a SKU has to be looked up."""

    heading = HEADING

    def __init__(self, links: Links, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> None:
        self._links = links
        self._tenant_id = tenant_id
        self._connection_id = connection_id
        self._by_sku: dict[str, list[tuple[str, str | None]]] | None = None
        self._seen: dict[int, int] = {}

    async def read(self, number: int, row: Mapping[str, str]) -> NewLink:
        """Read a line; one without ``product_id`` is found by its ``store_sku``. Raises ``BadInput``."""
        link = await self._link(row)
        first = self._seen.setdefault(hash((link.product_id, link.variation_id or "")), number)
        if first != number:
            remedy = "leave one of the two lines out"
            raise BadInput(f"the product stands in line {first} already", field="product_id", remedy=remedy)
        return link

    async def apply(self, conn: Any, items: Sequence[NewLink]) -> Applied:
        """Make or change links in the caller's transaction."""
        made = [new for _, new in await self._links.put_within(conn, self._tenant_id, items)]
        return Applied({"created": sum(made), "changed": len(made) - sum(made)})

    async def _link(self, row: Mapping[str, str]) -> NewLink:
        options: dict[str, Any] = {name: truth(name, row[name]) for name in _FLAGS if row.get(name)}
        for name, words in _WORDS.items():
            if row.get(name):
                if row[name] not in words:
                    raise BadInput(f"expected {', '.join(words)}", field=name, remedy=f"write {words[0]}")
                options[name] = row[name]
        product, variation = row.get("product_id") or "", row.get("variation_id") or None
        if not product:
            product, variation = await self._found(row.get("store_sku") or "")
        sku = row.get("hub_sku") or ""
        link = NewLink(self._connection_id, product, variation, sku, row.get("store_sku") or "", Options(**options))
        check_link(link)
        return link

    async def _found(self, sku: str) -> tuple[str, str | None]:
        if not sku:
            raise BadInput("a row needs product_id or store_sku", field="product_id", remedy="fill one of them in")
        if self._by_sku is None:
            self._by_sku = {}
            for item in await self._links.items(self._tenant_id, self._connection_id):
                self._by_sku.setdefault(item.sku, []).append((item.product_id, item.variation_id))
        found = self._by_sku.get(sku, [])
        if len(found) != 1:
            told = f"{'several' if found else 'no'} products of the store have this SKU"
            raise BadInput(told, field="store_sku", remedy="name the product by its product_id")
        return found[0]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
