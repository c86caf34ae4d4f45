"""Invoices as rows: sealed and opened, and shown with what the row knows beside the document."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import orjson

from crossdock.errors import NotFound, Trouble
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import FiredRule, Invoice, InvoiceState
from crossdock.model.seals import invoice_row
from crossdock.store.queries import load

SQL: Final = load(Path(__file__).with_name("invoice.sql"))


class Seals(Protocol):
    """The part of the vault that keeps documents."""

    @property
    def key_id(self) -> str:
        """Return the id of the key that seals now."""
        ...

    def seal_secret(self, secret: str, row: bytes) -> bytes:
        """Seal text that belongs to a row."""
        ...

    def open_secret(self, sealed: bytes, row: bytes) -> str:
        """Open it again."""
        ...


class Envelope(msgspec.Struct, frozen=True):
    """What a draft is kept with, so that it can be made anew."""

    invoice: Invoice
    deal: Deal | None = None
    asked: dict[str, Any] = {}


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or a credit note as it is kept."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    connection_id: uuid.UUID | None
    deal_id: str | None
    invoice: Invoice
    """Its ``state`` is the present one: a document that was issued says so for ever."""
    rules: tuple[FiredRule, ...]
    revision: int
    terms_version: int
    digest: str
    """SHA-256 of :meth:`Invoicing.document`, in hex; empty for a draft."""
    credits_id: uuid.UUID | None
    credited: Decimal
    """What credit notes have taken back of it, with tax."""
    again: str
    actor: str
    created_at: datetime
    issued_at: datetime | None


def canonical(invoice: Invoice) -> bytes:
    """Return the document of an invoice: JSON with sorted keys, amounts as text. Equal invoices give equal bytes."""
    return msgspec.json.encode(invoice, order="sorted")


def sealed_draft(vault: Seals, row_id: uuid.UUID, envelope: Envelope) -> bytes:
    """Seal a draft with what it is made of."""
    return vault.seal_secret(msgspec.json.encode(envelope, order="sorted").decode(), invoice_row(row_id))


def opened_draft(vault: Seals, row: Any) -> Envelope:
    """Open a draft."""
    return msgspec.json.decode(vault.open_secret(row["sealed"], invoice_row(row["id"])), type=Envelope)


def opened_document(vault: Seals, row: Any) -> bytes:
    """Open what was issued. Raises ``Trouble`` when it is not what the digest says."""
    told = vault.open_secret(row["sealed"], invoice_row(row["id"])).encode()
    if hashlib.sha256(told).digest() != row["digest"]:
        raise Trouble(
            f"the document of invoice {row['number']} is not the one that was issued",
            remedy="restore it from a backup; somebody changed the database past its guards",
        )
    return told


def opened(vault: Seals, row: Any) -> Invoice:
    """Return the invoice of a row, in its present state."""
    if row["state"] == InvoiceState.DRAFT:
        return opened_draft(vault, row).invoice
    found = msgspec.json.decode(opened_document(vault, row), type=Invoice)
    return msgspec.structs.replace(found, state=InvoiceState(row["state"]))


def kept(vault: Seals, row: Any) -> Kept:
    """Return an invoice with what its row knows."""
    return Kept(
        id=row["id"],
        tenant_id=row["tenant_id"],
        connection_id=row["connection_id"],
        deal_id=row["deal_id"],
        invoice=opened(vault, row),
        rules=msgspec.convert(orjson.loads(row["rules"]), tuple[FiredRule, ...]),
        revision=row["revision"],
        terms_version=row["terms_version"],
        digest=row["digest"].hex() if row["digest"] else "",
        credits_id=row["credits_id"],
        credited=row["taken"] or Decimal(0),
        again=row["again"] or "",
        actor=row["actor"],
        created_at=row["created_at"],
        issued_at=row["issued_at"],
    )


def noted(rules: tuple[FiredRule, ...]) -> str:
    """Return rules as the row keeps them."""
    return msgspec.json.encode(rules).decode()


async def locked(conn: Any, tenant_id: uuid.UUID, invoice_id: uuid.UUID) -> Any:
    """Return an invoice's row, locked until the transaction ends. Raises ``NotFound``."""
    row = await conn.fetchrow(SQL["lock"], tenant_id, invoice_id)
    if row is None:
        raise missing()
    return row


def missing() -> NotFound:
    """Return the error of an invoice that is not there."""
    return NotFound("there is no such invoice", field="invoice_id", remedy="list them: GET /api/v1/invoices")
