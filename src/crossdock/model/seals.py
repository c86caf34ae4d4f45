"""The names of the rows that seals are bound to, where more than one room opens them."""

from __future__ import annotations

import uuid


def invoice_row(invoice_id: uuid.UUID) -> bytes:
    """Return the name of the row of an invoice or a credit note."""
    return b"invoice:" + invoice_id.bytes


def invoice_terms_row(terms_id: uuid.UUID) -> bytes:
    """Return the name of the row of a version of the terms of invoicing."""
    return b"invoice_terms:" + terms_id.bytes


def site_key_row(key_id: uuid.UUID) -> bytes:
    """Return the name of the row of a site's signing secret."""
    return b"site_key:" + key_id.bytes


def site_field_row(field_id: uuid.UUID) -> bytes:
    """Return the name of the row of a field that a site found."""
    return b"site_field:" + field_id.bytes
