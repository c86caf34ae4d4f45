"""Makes a deal's invoice and sees to it that the deal is told its number, whoever asked and whoever dies in between.

The number is told by a wish on the CRM's own connection, carried out by a route from the connection to itself. Which
number has still to be told stands in a row that the issuing commit itself writes: recording the wish deletes it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from crossdock.errors import CrossdockError, KeyReused
from crossdock.flow.invoice import Asked, InvoiceRefused, Invoicing, Kept
from crossdock.flow.ports import Store
from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import InvoiceKind, InvoiceState
from crossdock.model.connection import Connection
from crossdock.model.observation import Occurrence
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("deals.sql"))
STREAM: Final = "deal_invoice"
"""Wishes that a deal be told its invoice's number."""
_AT_ONCE: Final = 100
log = structlog.get_logger("crossdock.deals")
Wishes = Callable[[Connection, Sequence[Occurrence]], Awaitable[Sequence[Any]]]


class Accounts(Protocol):
    """Who looks after connections."""

    async def connection(self, connection_id: uuid.UUID) -> Connection:
        """Return a connection. Raises ``NotFound``."""
        ...


class Upkeep(Protocol):
    """Who makes at an account what is needed there."""

    async def prepare_for(self, connection: Connection, config: dict[str, Any]) -> None:
        """Make our properties. Raises ``VendorTrouble``."""
        ...

    async def wish_route(self, account: Connection, stream: str, actor: str) -> None:
        """Route a stream of wishes to the account itself, unless a person has switched that route off."""
        ...


class Maker:
    """Makes invoices of deals."""

    def __init__(
        self,
        store: Store,
        invoicing: Invoicing,
        accounts: Accounts,
        upkeep: Upkeep,
        wishes: Wishes,
        public_url: str | None,
        failpoints: Failpoints = NONE,
    ) -> None:
        self._store = store
        self.invoicing = invoicing
        self._accounts = accounts
        self._upkeep = upkeep
        self._wishes = wishes
        self._url = (public_url or "").rstrip("/")
        self._failpoints = failpoints

    async def ready(self, connection: Connection) -> None:
        """See to it that the account can be told numbers. Raises ``VendorTrouble``."""
        # as it is now: whoever works for it may know it from before it was prepared
        connection = await self._accounts.connection(connection.id)
        if connection.account.get("tells_invoices") is not True:
            await self._upkeep.prepare_for(connection, connection.config)
        await self._upkeep.wish_route(connection, STREAM, "hub")

    async def make(
        self, connection: Connection, deal: Deal, asked: Asked | None, *, actor: str, key: str, issue: bool
    ) -> Kept:
        """Make a deal's invoice (``issue`` False: its draft) and tell the deal; the same key is the same invoice.

        Raises what :meth:`Invoicing.draft` and :meth:`Invoicing.issue` raise.
        """
        tenant_id = connection.tenant_id
        kept = await self.invoicing.draft(tenant_id, connection.id, deal, asked, actor=actor, key=key)
        await self._failpoints.reach("invoice.drafted")
        if issue:
            kept = await self._issued(kept, actor)
        await self._failpoints.reach("invoice.made")
        await self.tell(connection, kept)
        return kept

    async def _issued(self, draft: Kept, actor: str) -> Kept:
        """Issue what was drafted for it. What is refused leaves no draft: the next try begins with the deal as it is.

        Raises what :meth:`Invoicing.issue` raises.
        """
        try:
            return await self.invoicing.issue(draft.tenant_id, draft.id, actor=actor)
        except InvoiceRefused:
            with contextlib.suppress(CrossdockError):  # somebody else has issued or discarded it meanwhile
                await self.invoicing.discard(draft.tenant_id, draft.id, actor=actor)
            raise

    async def tell(self, connection: Connection, kept: Kept) -> None:
        """Record the wish that an issued invoice's deal be told its number; once, however often it is called."""
        invoice = kept.invoice
        if invoice.state is InvoiceState.DRAFT or invoice.kind is not InvoiceKind.INVOICE or not kept.deal_id:
            return
        shown = show(Prefix.INVOICE, kept.id)
        link = f"{self._url}/api/v1/invoices/{shown}" if self._url else ""
        wish = Occurrence(
            stream=STREAM,
            type=f"{STREAM}.requested",
            document={"deal_id": kept.deal_id, "invoice": shown, "number": invoice.number, "link": link},
            external_id=kept.deal_id,
            key=f"wish:invoice:{shown}",
        )
        for receipt in await self._wishes(connection, [wish]):
            # recorded before, when the hub had another address or none: the deal was told its number
            if isinstance(receipt, Exception) and not isinstance(receipt, KeyReused):
                raise receipt
        await self._failpoints.reach("invoice.wished")
        async with self._store.engine() as conn:
            await conn.execute(SQL["told"], kept.tenant_id, kept.id)

    async def catch_up(self) -> int:
        """Tell what was issued by other ways, or by somebody who died before the deal was told; returns how many."""
        async with self._store.transaction() as conn:
            await conn.execute(SQL["forget_untold"])
            rows = await conn.fetch(SQL["untold"], _AT_ONCE)
        for row in rows:
            try:
                connection = await self._accounts.connection(row["connection_id"])
                await self.ready(connection)
                await self.tell(connection, await self.invoicing.one(row["tenant_id"], row["invoice_id"]))
            except CrossdockError as problem:
                shown = show(Prefix.INVOICE, row["invoice_id"])
                log.warning("number not told yet", invoice=shown, problem=problem.code)
        return len(rows)
