"""Looking at invoices: one, a page, a deal's, and the very bytes that were issued."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, Final

import msgspec

from crossdock.flow.invoice.judging import Judge
from crossdock.flow.invoice.refusals import InvoiceConflict
from crossdock.flow.invoice.shelf import SQL, Kept, Seals, kept, missing, opened_document
from crossdock.flow.invoice.term_desk import TermDesk
from crossdock.flow.ports import Store
from crossdock.kit.clock import Clock
from crossdock.model.commerce.invoice import FiredRule, Invoice, InvoiceState

_LAST: Final = uuid.UUID(int=(1 << 128) - 1)


class Preview(msgspec.Struct, frozen=True):
    """The invoice that would be made, and every rule that had a say."""

    invoice: Invoice
    rules: tuple[FiredRule, ...]
    terms_version: int


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which invoices; None is any. Days are of issue: from ``since``, before ``until``."""

    state: str | None = None
    kind: str | None = None
    connection_id: uuid.UUID | None = None
    deal_id: str | None = None
    series: str | None = None
    number: str | None = None
    currency: str | None = None
    since: date | None = None
    until: date | None = None
    credits_id: uuid.UUID | None = None


class Reading:
    """Reads the invoices of tenants."""

    def __init__(self, store: Store, vault: Seals, clock: Clock, judge: Judge | None = None) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._judge = judge
        self.terms = TermDesk(store, vault)

    async def one(self, tenant_id: uuid.UUID, invoice_id: uuid.UUID) -> Kept:
        """Return an invoice. Raises ``NotFound``; ``Trouble`` when an issued one is not what its digest says."""
        async with self._store.engine() as conn:
            return await self._kept(conn, tenant_id, invoice_id)

    async def document(self, tenant_id: uuid.UUID, invoice_id: uuid.UUID) -> bytes:
        """Return the very bytes that were issued (JSON). Raises ``NotFound``, and ``Conflict`` for a draft."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["one"], tenant_id, invoice_id)
        if row is None:
            raise missing()
        if row["state"] == InvoiceState.DRAFT:
            raise InvoiceConflict("state.draft")
        return opened_document(self._vault, row)

    async def page(
        self, tenant_id: uuid.UUID, chosen: Filter | None = None, *, before: uuid.UUID | None = None, limit: int = 50
    ) -> list[Kept]:
        """Return a page of invoices and credit notes, the newest first."""
        by = msgspec.structs.astuple(chosen or Filter())
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["page"], tenant_id, before or _LAST, *by, limit)
        return [kept(self._vault, row) for row in rows]

    async def of_deal(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, deal_id: str) -> list[Kept]:
        """Return a deal's invoices and their credit notes, the newest first."""
        return await self.page(tenant_id, Filter(connection_id=connection_id, deal_id=deal_id), limit=200)

    async def _kept(self, conn: Any, tenant_id: uuid.UUID, invoice_id: uuid.UUID) -> Kept:
        row = await conn.fetchrow(SQL["one"], tenant_id, invoice_id)
        if row is None:
            raise missing()
        return kept(self._vault, row)
