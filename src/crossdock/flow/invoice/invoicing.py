"""Invoices of deals: previewed, drafted, changed, issued, taken back. Each call that changes one is one commit."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Any

import asyncpg
import msgspec
import orjson

from crossdock.errors import KeyReused, VersionConflict
from crossdock.flow.invoice.asked import Asked, CreditAsked, asked_of, changed
from crossdock.flow.invoice.crediting import Credited, credited
from crossdock.flow.invoice.drafting import Drafted, dated, drafted, fixed_supply
from crossdock.flow.invoice.judging import Unjudged, judged, sight
from crossdock.flow.invoice.looking import Preview, Reading
from crossdock.flow.invoice.numbers import day_of, rendered
from crossdock.flow.invoice.refusals import InvoiceConflict
from crossdock.flow.invoice.rounding import coin_of
from crossdock.flow.invoice.shelf import (
    SQL,
    Envelope,
    Kept,
    canonical,
    locked,
    missing,
    noted,
    opened,
    opened_draft,
    sealed_draft,
)
from crossdock.flow.invoice.term_desk import KeptTerms
from crossdock.flow.invoice.terms import Numbering, Terms
from crossdock.flow.invoice.when import Verdict, verdict
from crossdock.kit.ids import Prefix, new_id, parse, show
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import FiredRule, Invoice, InvoiceKind, InvoiceState
from crossdock.model.seals import invoice_row
from crossdock.store.audit import audit


class Invoicing(Reading):
    """What doors, routes and runs ask for when it is about invoices."""

    # --- asking first --------------------------------------------------------------------------------------------

    async def verdict(self, tenant_id: uuid.UUID, connection_id: uuid.UUID, deal: Deal) -> Verdict:
        """Return what the terms say becomes of a deal by itself. Raises ``InvoiceRefused`` (terms.missing)."""
        return verdict(deal, (await self.terms.held(tenant_id)).terms, connection_id)

    async def preview(
        self, tenant_id: uuid.UUID, connection_id: uuid.UUID, deal: Deal, asked: Asked | None = None
    ) -> Preview:
        """Return the invoice that would be made now; nothing changes. Raises ``InvoiceRefused``."""
        held = await self.terms.held(tenant_id)
        made = self._drafted(held, deal, asked or Asked(), connection_id, new_id())
        return Preview(made.invoice, made.rules, held.version)

    # --- drafts -------------------------------------------------------------------------------------------------

    async def draft(
        self,
        tenant_id: uuid.UUID,
        connection_id: uuid.UUID,
        deal: Deal,
        asked: Asked | None = None,
        *,
        actor: str,
        key: str | None = None,
    ) -> Kept:
        """Make a draft; the same ``key`` and the same asked is the same draft for ever.

        Raises ``InvoiceRefused``; ``InvoiceConflict`` (deal.once) when the deal has an invoice and nobody said
        ``again``; ``KeyReused``.
        """
        asked = asked or Asked()
        mark = _fingerprint("draft", str(connection_id), deal.id, asked.model_dump_json())
        try:
            return await self._draft(tenant_id, connection_id, deal, asked, (actor, key, mark))
        except InvoiceConflict:
            # the same may have been asked at the same time, with the same key
            async with self._store.engine() as conn:
                if (known := await self._asked_before(conn, tenant_id, "draft", key, mark)) is not None:
                    return known
            raise

    async def _draft(
        self,
        tenant_id: uuid.UUID,
        connection_id: uuid.UUID,
        deal: Deal,
        asked: Asked,
        by: tuple[str, str | None, bytes],
    ) -> Kept:
        actor, key, mark = by
        async with self._guarded() as conn:
            if (known := await self._asked_before(conn, tenant_id, "draft", key, mark)) is not None:
                return known
            first = await conn.fetchval(SQL["first_of_deal"], tenant_id, connection_id, deal.id)
            if first is not None and not asked.again:
                raise InvoiceConflict("deal.once", detail=f": {show(Prefix.INVOICE, first)}")
            held = await self.terms.within(conn, tenant_id)
            made = self._drafted(held, deal, asked, connection_id, row_id := new_id())
            again = asked.again if first is not None else ""
            if again:
                words = FiredRule(rule="deal.again", about="deal_id", words="the deal has an invoice already")
                made = Drafted(made.invoice, (*made.rules, words))
            envelope = Envelope(made.invoice, deal, asked.model_dump(mode="json", exclude_defaults=True))
            facts = _Facts(connection_id, deal.id, again or None, None, held.version, actor)
            await self._add(conn, tenant_id, row_id, facts, envelope, made.rules, ("draft", key, mark))
            await audit(conn, tenant_id, actor, "invoice.draft", row_id, {"deal_id": deal.id, "again": bool(again)})
            return await self._kept(conn, tenant_id, row_id)

    async def change(
        self,
        tenant_id: uuid.UUID,
        invoice_id: uuid.UUID,
        changes: Mapping[str, Any],
        *,
        actor: str,
        revision: int | None = None,
        deal: Deal | None = None,
    ) -> Kept:
        """Make a draft anew with other overrides, by the terms of now (and of another reading of its deal).

        Raises ``NotFound``, ``BadInput``, ``InvoiceRefused``, ``VersionConflict`` and ``InvoiceConflict`` for one that
        is issued.
        """
        async with self._guarded() as conn:
            row = await locked(conn, tenant_id, invoice_id)
            _check_draft(row, revision)
            before = opened_draft(self._vault, row)
            asked = changed(asked_of(before.asked), changes)
            held = await self.terms.within(conn, tenant_id)
            of = deal or before.deal
            assert of is not None
            made = self._drafted(held, of, asked, row["connection_id"], invoice_id)
            envelope = Envelope(made.invoice, of, asked.model_dump(mode="json", exclude_defaults=True))
            invoice, totals = made.invoice, made.invoice.totals
            sealed = sealed_draft(self._vault, invoice_id, envelope)
            amounts = (invoice.series, invoice.currency, totals.net, totals.tax, totals.due, held.version)
            kept_as = (noted(made.rules), self._vault.key_id, sealed)
            await conn.execute(SQL["change"], tenant_id, invoice_id, *amounts, *kept_as)
            await audit(conn, tenant_id, actor, "invoice.change", invoice_id, {"fields": sorted(changes)})
            return await self._kept(conn, tenant_id, invoice_id)

    async def discard(self, tenant_id: uuid.UUID, invoice_id: uuid.UUID, *, actor: str) -> None:
        """Throw a draft away. Raises ``NotFound``, and ``InvoiceConflict`` for one that is issued."""
        async with self._store.transaction() as conn:
            row = await locked(conn, tenant_id, invoice_id)
            _check_draft(row, None)
            await conn.execute(SQL["discard"], tenant_id, invoice_id)
            await audit(conn, tenant_id, actor, "invoice.discard", invoice_id, {"deal_id": row["deal_id"]})

    # --- issuing ------------------------------------------------------------------------------------------------

    async def issue(
        self, tenant_id: uuid.UUID, invoice_id: uuid.UUID, *, actor: str, revision: int | None = None
    ) -> Kept:
        """Give a draft its number and make it final; one that is issued is returned as it is.

        Number and document are one commit: whoever dies in between leaves neither.
        """
        return await judged(self._judge, lambda seen: self._issue(tenant_id, invoice_id, (actor, revision), seen))

    async def _issue(
        self, tenant_id: uuid.UUID, invoice_id: uuid.UUID, by: tuple[str, int | None], seen: Invoice | None
    ) -> Kept:
        actor, revision = by
        async with self._guarded() as conn:
            row = await locked(conn, tenant_id, invoice_id)
            if row["state"] == InvoiceState.DRAFT:
                _check_draft(row, revision)
                held = await self.terms.within(conn, tenant_id, row["terms_version"])
                envelope = opened_draft(self._vault, row)
                now = await self.terms.within(conn, tenant_id)
                # its numbers look as the terms of now want it, its content is what was drafted
                numbering = now.terms.series.named(row["series"]) or held.terms.series.named(row["series"])
                assert numbering is not None
                rules = msgspec.convert(orjson.loads(row["rules"]), tuple[FiredRule, ...])
                made = Drafted(envelope.invoice, rules)
                number = await self._number(conn, tenant_id, made, (held.terms, numbering), (envelope, seen))
                await audit(conn, tenant_id, actor, "invoice.issue", invoice_id, {"number": number})
            return await self._kept(conn, tenant_id, invoice_id)

    async def make(
        self,
        tenant_id: uuid.UUID,
        connection_id: uuid.UUID,
        deal: Deal,
        asked: Asked | None = None,
        *,
        actor: str,
        key: str | None = None,
        issue: bool = True,
    ) -> Kept:
        """Make a draft and (unless told otherwise) issue it; with the same ``key`` it goes on where it stands."""
        made = await self.draft(tenant_id, connection_id, deal, asked, actor=actor, key=key)
        return await self.issue(tenant_id, made.id, actor=actor) if issue else made

    async def _number(
        self,
        conn: Any,
        tenant_id: uuid.UUID,
        made: Drafted,
        by: tuple[Terms, Numbering],
        of: tuple[Envelope | None, Invoice | None],
    ) -> str:
        """Take the next number of the series, put the document under it, and return the number.

        ``of``: what a draft was made of, and what has been judged valid. Raises ``Unjudged``.
        """
        (terms, numbering), (envelope, seen) = by, of
        today = day_of(self._clock.now(), terms.timezone)
        if terms.valid_as and sight(made.invoice) != seen:
            raise Unjudged(_final(made.invoice, terms, envelope, today, "0"), terms.valid_as)
        row_id = parse(Prefix.INVOICE, made.invoice.id)
        period = today.year if numbering.yearly else 0
        asked = (tenant_id, numbering.name, period, numbering.start, today, numbering.yearly)
        taken = await conn.fetchrow(SQL["take_number"], *asked)
        day = taken["last_on"]
        number = rendered(numbering.pattern, numbering.name, day.year, taken["last"])
        document = canonical(_final(made.invoice, terms, envelope, day, number))
        sealed = self._vault.seal_secret(document.decode(), invoice_row(row_id))
        facts = (period, taken["last"], number, day, self._vault.key_id, sealed)
        digest = hashlib.sha256(document).digest()
        await conn.execute(SQL["issue"], tenant_id, row_id, *facts, digest, noted(made.rules))
        return number

    # --- taking back --------------------------------------------------------------------------------------------

    async def credit_preview(self, tenant_id: uuid.UUID, invoice_id: uuid.UUID, asked: CreditAsked) -> Preview:
        """Return the credit note that would be made; nothing changes."""
        async with self._store.engine() as conn:
            row = await conn.fetchrow(SQL["one"], tenant_id, invoice_id)
            if row is None:
                raise missing()
            held = await self.terms.within(conn, tenant_id)
            made = (await self._credited(conn, row, asked, held, new_id())).drafted
        return Preview(made.invoice, made.rules, held.version)

    async def credit(
        self, tenant_id: uuid.UUID, invoice_id: uuid.UUID, asked: CreditAsked, *, actor: str, key: str | None = None
    ) -> Kept:
        """Issue a credit note over all that is left of an invoice, over lines of it, or over an amount.

        Raises ``NotFound``, ``InvoiceRefused`` (never more than is left), ``InvoiceConflict``, ``KeyReused``.
        """
        by = (actor, key, _fingerprint("credit", str(invoice_id), asked.model_dump_json()))
        return await judged(self._judge, lambda seen: self._credit(tenant_id, invoice_id, asked, by, seen))

    async def _credit(
        self,
        tenant_id: uuid.UUID,
        invoice_id: uuid.UUID,
        asked: CreditAsked,
        by: tuple[str, str | None, bytes],
        seen: Invoice | None,
    ) -> Kept:
        actor, key, mark = by
        async with self._guarded() as conn:
            row = await locked(conn, tenant_id, invoice_id)
            if (known := await self._asked_before(conn, tenant_id, "credit", key, mark)) is not None:
                return known
            held = await self.terms.within(conn, tenant_id)
            done = await self._credited(conn, row, asked, held, row_id := new_id())
            facts = _Facts(row["connection_id"], row["deal_id"], None, invoice_id, held.version, actor)
            envelope = Envelope(done.drafted.invoice)
            await self._add(conn, tenant_id, row_id, facts, envelope, done.drafted.rules, ("credit", key, mark))
            numbers = (held.terms, held.terms.series.credits)
            number = await self._number(conn, tenant_id, done.drafted, numbers, (None, seen))
            if done.whole:
                await conn.execute(SQL["credited"], tenant_id, invoice_id)
            await audit(conn, tenant_id, actor, "invoice.credit", invoice_id, {"number": number, "whole": done.whole})
            return await self._kept(conn, tenant_id, row_id)

    async def _credited(
        self, conn: Any, row: Any, asked: CreditAsked, held: KeptTerms, credit_id: uuid.UUID
    ) -> Credited:
        if row["kind"] == InvoiceKind.CREDIT_NOTE:
            raise InvoiceConflict("state.credit-note")
        if row["state"] == InvoiceState.DRAFT:
            raise InvoiceConflict("state.draft")
        invoice = opened(self._vault, row)
        notes = await conn.fetch(SQL["notes"], row["tenant_id"], row["id"])
        earlier = [opened(self._vault, note) for note in notes]
        of = (await self.terms.within(conn, row["tenant_id"], row["terms_version"])).terms
        coin = coin_of(invoice.currency, invoice.rounding_mode, two_decimals=of.currency.two_decimals)
        return credited(invoice, earlier, asked, coin, series=held.terms.series.credits.name, credit_id=credit_id)

    # --- what all have in common --------------------------------------------------------------------------------

    def _drafted(
        self, held: KeptTerms, deal: Deal, asked: Asked, connection_id: uuid.UUID, row_id: uuid.UUID
    ) -> Drafted:
        today = day_of(self._clock.now(), held.terms.timezone)
        return drafted(deal, held.terms, asked, invoice_id=row_id, connection_id=connection_id, today=today)

    async def _add(
        self,
        conn: Any,
        tenant_id: uuid.UUID,
        row_id: uuid.UUID,
        facts: _Facts,
        envelope: Envelope,
        rules: tuple[FiredRule, ...],
        asked: tuple[str, str | None, bytes],
    ) -> None:
        invoice, totals = envelope.invoice, envelope.invoice.totals
        kind, key, mark = asked
        sealed = sealed_draft(self._vault, row_id, envelope)
        await conn.execute(
            SQL["add"],
            *(row_id, tenant_id, invoice.kind.value, facts.connection_id, facts.deal_id, facts.again, facts.credits_id),
            *(invoice.series, invoice.currency, totals.net, totals.tax, totals.due, facts.terms_version),
            *(noted(rules), self._vault.key_id, sealed),
            *((f"{kind}:{key}", mark) if key is not None else (None, None)),
            facts.actor,
        )

    async def _asked_before(
        self, conn: Any, tenant_id: uuid.UUID, kind: str, key: str | None, mark: bytes
    ) -> Kept | None:
        if key is None:
            return None
        row = await conn.fetchrow(SQL["asked_before"], tenant_id, f"{kind}:{key}")
        if row is None:
            return None
        if row["asked_hash"] != mark:
            raise KeyReused("the Idempotency-Key came with another body", field="Idempotency-Key")
        return await self._kept(conn, tenant_id, row["id"])

    @contextlib.asynccontextmanager
    async def _guarded(self) -> AsyncIterator[Any]:
        """Open a transaction; what another was faster with is a conflict in our words."""
        try:
            async with self._store.transaction() as conn:
                yield conn
        except asyncpg.UniqueViolationError as taken:
            named = {"invoice_of_deal": "deal.once", "invoice_asked": "deal.once"}
            raise InvoiceConflict(named.get(str(taken.constraint_name), "number.taken")) from None


class _Facts(msgspec.Struct, frozen=True):
    """What a row knows beside its document."""

    connection_id: uuid.UUID | None
    deal_id: str | None
    again: str | None
    credits_id: uuid.UUID | None
    terms_version: int
    actor: str


def _final(invoice: Invoice, terms: Terms, envelope: Envelope | None, day: date, number: str) -> Invoice:
    """Return a document as it is issued on a day under a number."""
    if envelope is not None and envelope.deal is not None:
        wanted = asked_of(envelope.asked)
        base = msgspec.structs.replace(invoice, supplied_on=fixed_supply(envelope.deal, terms, wanted))
        invoice = dated(base, terms, wanted, day, number)
    return msgspec.structs.replace(invoice, number=number, issued_on=day, state=InvoiceState.ISSUED)


def _check_draft(row: Any, revision: int | None) -> None:
    if row["state"] != InvoiceState.DRAFT:
        raise InvoiceConflict("state.issued")
    if revision is not None and revision != row["revision"]:
        raise VersionConflict(
            "the draft has changed meanwhile",
            expected={"revision": revision},
            current={"revision": row["revision"]},
            remedy="read it again",
        )


def _fingerprint(*parts: str) -> bytes:
    return hashlib.sha256(orjson.dumps(parts)).digest()
