"""Links as CSV: read a row at a time, errors by line, tried dry first; and written the same way."""

from __future__ import annotations

import codecs
import csv
import io
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from crossdock.errors import BadInput
from crossdock.flow.stock.links import Links, NewLink, Options, check_link

COLUMNS = (
    *("product_id", "variation_id", "store_sku", "hub_sku", "push_stock", "push_price", "push_on_fulfilment"),
    *("direction", "counts", "backorders", "active"),
)
_FLAGS = ("push_stock", "push_price", "push_on_fulfilment", "backorders", "active")
_WORDS = {"direction": ("in", "out", "both"), "counts": ("orders", "quantity")}
_TRUTH = {**dict.fromkeys(("1", "true", "yes"), True), **dict.fromkeys(("0", "false", "no"), False)}
_CHUNK = 500
_LISTED = 100
_LONGEST = 20_000
"""Characters of a line."""


class RowError(msgspec.Struct, frozen=True):
    """What is wrong with a line of the file (the heading is line 1)."""

    line: int
    field: str
    problem: str


class Taken(msgspec.Struct):
    """What an import did, or would do."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    failed: int = 0
    errors: list[RowError] = []
    """The first hundred."""

    def refuse(self, line: int, wrong: BadInput) -> None:
        """Count a line that cannot be taken."""
        self.failed += 1
        if len(self.errors) < _LISTED:
            self.errors.append(RowError(line, wrong.field or "", wrong.problem))


class Sheet:
    """Imports and exports a store's links."""

    def __init__(self, links: Links) -> None:
        self._links = links

    async def take(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, body: AsyncIterable[bytes], *, dry_run: bool
    ) -> Taken:
        """Import rows as they come; what is wrong is listed and left out, the rest is linked.

        A row without ``product_id`` is found by its ``store_sku``. Raises ``BadInput`` for a file that is no CSV with
        our columns.
        """
        taken = Taken()
        reader = _Reader(self._links, tenant_id, connection_id)
        waiting: list[NewLink] = []
        seen: dict[tuple[str, str], int] = {}
        async for number, row in rows_of(body):
            taken.rows += 1
            try:
                if isinstance(row, BadInput):
                    raise row
                link = await reader.link(row)
                first = seen.setdefault((link.product_id, link.variation_id or ""), number)
                if first != number:
                    raise BadInput(f"the product stands in line {first} already", field="product_id")
            except BadInput as wrong:
                taken.refuse(number, wrong)
                continue
            waiting.append(link)
            if len(waiting) >= _CHUNK:
                await self._flush(tenant_id, waiting, taken, dry_run=dry_run)
        await self._flush(tenant_id, waiting, taken, dry_run=dry_run)
        return taken

    async def _flush(self, tenant_id: uuid.UUID, waiting: list[NewLink], taken: Taken, *, dry_run: bool) -> None:
        if not waiting:
            return
        if dry_run:
            made = await self._links.would_be_new(tenant_id, waiting)
        else:
            made = [new for _, new in await self._links.put(tenant_id, waiting)]
        taken.created += sum(made)
        taken.changed += len(made) - sum(made)
        waiting.clear()

    async def give(self, tenant_id: uuid.UUID, connection_id: uuid.UUID | None) -> AsyncIterator[bytes]:
        """Export links, a page at a time."""
        yield _line(COLUMNS)
        async for rows in self._links.pages(tenant_id, connection_id):
            yield b"".join(_line([_cell(row[name]) for name in COLUMNS]) for row in rows)


class _Reader:
    """Turns rows into links; a store's products are read once, when a SKU has to be looked up."""

    def __init__(self, links: Links, tenant_id: uuid.UUID, connection_id: uuid.UUID) -> None:
        self._links = links
        self._tenant_id = tenant_id
        self._connection_id = connection_id
        self._by_sku: dict[str, list[tuple[str, str | None]]] | None = None

    async def link(self, row: Mapping[str, str]) -> NewLink:
        options: dict[str, Any] = {name: _truth(name, row[name]) for name in _FLAGS if row.get(name)}
        for name, words in _WORDS.items():
            if row.get(name):
                if row[name] not in words:
                    raise BadInput(f"expected {', '.join(words)}", field=name)
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
            raise BadInput("a row needs product_id or store_sku", field="product_id")
        if self._by_sku is None:
            self._by_sku = {}
            for item in await self._links.items(self._tenant_id, self._connection_id):
                self._by_sku.setdefault(item.sku, []).append((item.product_id, item.variation_id))
        found = self._by_sku.get(sku, [])
        if len(found) != 1:
            raise BadInput(f"{'several' if found else 'no'} products of the store have this SKU", field="store_sku")
        return found[0]


async def rows_of(body: AsyncIterable[bytes]) -> AsyncIterator[tuple[int, dict[str, str] | BadInput]]:
    """Yield (line number, row or what is wrong with it) of a CSV. Raises ``BadInput`` for its heading."""
    heading: list[str] | None = None
    number = 0
    async for line in _lines(body):
        number += 1
        try:
            cells = [cell.strip() for cell in _cells(line, number)]
        except BadInput as wrong:
            if heading is None:
                raise
            yield number, wrong
            continue
        if heading is None:
            heading = _heading(cells)
        elif any(cells):
            yield number, dict(zip(heading, cells, strict=False))
    if heading is None:
        raise BadInput("the file is empty", field="body", remedy=f"its first line is {','.join(COLUMNS)}")


def _heading(cells: Sequence[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "hub_sku" not in names or not {"product_id", "store_sku"} & set(names):
        told = f"unknown columns: {', '.join(unknown)[:200]}" if unknown else "hub_sku, and product_id or store_sku"
        raise BadInput(
            f"the heading does not fit: {told}", field="body", remedy=f"the columns are {', '.join(COLUMNS)}"
        )
    return names


def _cells(line: str, number: int) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as wrong:
        told = f"line {number} is no CSV: {wrong}"
        raise BadInput(told, field="body", remedy="quote cells, one row a line") from None


async def _lines(body: AsyncIterable[bytes]) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    try:
        async for chunk in body:
            *whole, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in whole:
                yield line.rstrip("\r")
            if len(rest) > _LONGEST:
                raise BadInput(f"a line has at most {_LONGEST} characters", field="body", remedy="is it CSV?")
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8", field="body", remedy="save it as UTF-8") from None
    if rest:
        yield rest.rstrip("\r")


def _truth(name: str, text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise BadInput("expected yes or no", field=name)
    return _TRUTH[text.lower()]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
