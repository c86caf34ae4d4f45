"""Keeps the terms of invoicing: every version that ever held, and how far each series is."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import msgspec
import orjson

from crossdock.errors import BadInput, NotFound, VersionConflict
from crossdock.flow.invoice.refusals import InvoiceConflict, InvoiceRefused, refuse
from crossdock.flow.invoice.shelf import SQL, Seals
from crossdock.flow.invoice.terms import Terms, terms_of
from crossdock.flow.ports import Store
from crossdock.kit.ids import new_id
from crossdock.model.seals import invoice_terms_row
from crossdock.store.audit import audit


class KeptTerms(msgspec.Struct, frozen=True):
    """A version of the terms."""

    version: int
    terms: Terms
    note: str
    actor: str
    created_at: datetime


class SeriesState(msgspec.Struct, frozen=True):
    """How far a series is; ``period`` is the year, 0 for one that never begins anew."""

    series: str
    period: int
    first: int
    last: int
    last_on: date
    yearly: bool
    issued: int
    """How many documents have its numbers, counted now."""
    whole: bool
    """Whether every number from the first to the last has its document."""


class TermDesk:
    """The terms of tenants."""

    def __init__(self, store: Store, vault: Seals) -> None:
        self._store = store
        self._vault = vault

    async def current(self, tenant_id: uuid.UUID, version: int | None = None) -> KeptTerms:
        """Return a version of the terms (None: the newest). Raises ``NotFound``."""
        try:
            async with self._store.engine() as conn:
                return await self.within(conn, tenant_id, version)
        except InvoiceRefused as missing:
            raise NotFound(missing.problem, field="version", remedy=missing.remedy) from None

    async def held(self, tenant_id: uuid.UUID) -> KeptTerms:
        """Return the terms that hold, to make an invoice by. Raises ``InvoiceRefused`` (terms.missing)."""
        async with self._store.engine() as conn:
            return await self.within(conn, tenant_id)

    async def within(self, conn: Any, tenant_id: uuid.UUID, version: int | None = None) -> KeptTerms:
        """Return a version of the terms over a connection that is held. Raises ``InvoiceRefused`` (terms.missing)."""
        row = await conn.fetchrow(SQL["newest_terms"], tenant_id, version)
        if row is None:
            raise refuse("terms.missing", "terms" if version is None else "version")
        return self._read(row)

    async def versions(self, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        """List versions, the newest first."""
        async with self._store.engine() as conn:
            return [dict(row) for row in await conn.fetch(SQL["terms_versions"], tenant_id)]

    async def put(
        self, tenant_id: uuid.UUID, given: Any, *, actor: str, note: str = "", expected: int | None = None
    ) -> KeptTerms:
        """Keep terms as the next version; the same as the newest is the newest.

        ``expected`` is the version they were made from (0: there were none). Raises ``InvoiceRefused`` that names
        every field that breaks a rule, ``VersionConflict``, and ``Conflict`` for a series that would begin otherwise.
        """
        terms = given if isinstance(given, Terms) else terms_of(given)
        if len(note) > 500:
            raise BadInput("at most 500 characters", field="note", remedy="write it shorter")
        async with self._store.transaction() as conn:
            await conn.execute(SQL["turn"], tenant_id)
            row = await conn.fetchrow(SQL["newest_terms"], tenant_id, None)
            version = row["version"] if row is not None else 0
            if expected is not None and expected != version:
                raise VersionConflict(
                    "the terms have changed meanwhile",
                    expected={"version": expected},
                    current={"version": version},
                    remedy="read them again, and change those",
                )
            if row is None or self._read(row).terms != terms:
                await self._check_series(conn, tenant_id, terms)
                await self._add(conn, tenant_id, version + 1, terms, note, actor)
            return await self.within(conn, tenant_id)

    async def _add(self, conn: Any, tenant_id: uuid.UUID, version: int, terms: Terms, note: str, actor: str) -> None:
        made = new_id()
        told = orjson.dumps(terms.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS).decode()
        sealed = self._vault.seal_secret(told, invoice_terms_row(made))
        await conn.execute(SQL["add_terms"], made, tenant_id, version, self._vault.key_id, sealed, note, actor)
        await audit(conn, tenant_id, actor, "invoice_terms.put", made, {"version": version})

    async def _check_series(self, conn: Any, tenant_id: uuid.UUID, terms: Terms) -> None:
        """Refuse to let a series that has begun begin otherwise. Raises ``InvoiceConflict``."""
        begun = {row["series"]: row for row in await conn.fetch(SQL["begun"], tenant_id)}
        for one in (terms.series.invoices, terms.series.credits, *terms.series.more):
            row = begun.get(one.name)
            if row is not None and (row["yearly"], row["first"]) != (one.yearly, one.start):
                raise InvoiceConflict("series.fixed", detail=f": {one.name}")

    async def series(self, tenant_id: uuid.UUID) -> list[SeriesState]:
        """Return how far each series is, and whether it has a gap (it never has)."""
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["series"], tenant_id)
        return [SeriesState(**row) for row in rows]

    def _read(self, row: Any) -> KeptTerms:
        told = orjson.loads(self._vault.open_secret(row["sealed"], invoice_terms_row(row["id"])))
        terms = Terms.model_validate(told)
        return KeptTerms(row["version"], terms, row["note"], row["actor"], row["created_at"])
