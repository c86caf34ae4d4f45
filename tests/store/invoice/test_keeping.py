"""What is issued never changes: the database refuses, and a digest tells of whoever got past it."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from typing import Any

import asyncpg
import orjson
import pytest

from crossdock.errors import KeyReused, NotFound, Trouble, VersionConflict
from crossdock.flow.invoice import EXAMPLE, InvoiceConflict, InvoiceRefused, asked_of, canonical, credit_of
from crossdock.kit.ids import Prefix, show
from crossdock.model.commerce.invoice import InvoiceState
from crossdock.store.settings import StoreSettings
from crossdock.wiring import Hub
from tests.support.deals import PERSON, deal, line
from tests.support.hub import add_connection

Crm = tuple[uuid.UUID, uuid.UUID]
COLUMNS = (
    *("id = gen_random_uuid()", "kind = '381'", "state = 'draft'", "revision = 9", "connection_id = NULL"),
    *("deal_id = 'x'", "again = 'x'", "credits_id = id", "series = 'GS'", "period = 1", "sequence = 2"),
    *("number = 'RE-1'", "issued_on = issued_on + 1", "issued_at = now()", "currency = 'USD'", "net = 1", "tax = 1"),
    *("due = 1", "terms_version = 2", "rules = '[]'", "sealed = 'x'", "digest = decode(repeat('00', 32), 'hex')"),
    *("ask_key = 'k'", "asked_hash = 'h'", "actor = 'x'", "created_at = now()", "changed_at = now()"),
    "tenant_id = gen_random_uuid()",
)


async def test_no_column_of_an_issued_invoice_changes(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    made = await hub.invoicing.make(tenant, connection, deal(), actor="test")
    async with hub.database.engine() as conn:
        named = await conn.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'invoice'")
        tried = {one.partition(" ")[0] for one in COLUMNS}
        assert {row["column_name"] for row in named} == tried | {"key_id"}
        before = await conn.fetchrow("SELECT * FROM invoice WHERE id = $1", made.id)
        for change in COLUMNS:
            with pytest.raises(asyncpg.RestrictViolationError, match="never changes"):
                await conn.execute(f"UPDATE invoice SET {change} WHERE id = $1", made.id)
        for statement in ("DELETE FROM invoice", "TRUNCATE invoice CASCADE", "DELETE FROM invoice_terms"):
            with pytest.raises(asyncpg.PostgresError):
                await conn.execute(statement)
        with pytest.raises(asyncpg.RestrictViolationError, match="a new version"):
            await conn.execute("UPDATE invoice_terms SET note = 'other'")
        assert await conn.fetchrow("SELECT * FROM invoice WHERE id = $1", made.id) == before


async def test_not_even_the_owner_of_the_tables_changes_it(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    await hub.invoicing.make(tenant, connection, deal(), actor="test")
    async with hub.database.owner() as owner:
        with pytest.raises(asyncpg.RestrictViolationError, match="are kept"):
            await owner.execute("TRUNCATE invoice CASCADE")


async def test_the_document_is_the_very_bytes_that_were_issued(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    made = await hub.invoicing.make(tenant, connection, deal(), actor="test")
    document = await hub.invoicing.document(tenant, made.id)
    assert hashlib.sha256(document).hexdigest() == made.digest
    assert document == canonical(made.invoice)
    assert orjson.loads(document)["number"] == made.invoice.number
    # other terms, another seller: what is issued stays what it was
    told = {**EXAMPLE, "seller": {**EXAMPLE["seller"], "name": "Other GmbH"}}
    await hub.invoicing.terms.put(tenant, told, actor="test")
    await hub.invoicing.credit(tenant, made.id, credit_of({"reason": "all"}), actor="test")
    after = await hub.invoicing.one(tenant, made.id)
    assert after.invoice.state is InvoiceState.CREDITED
    assert (await hub.invoicing.document(tenant, made.id), after.digest) == (document, made.digest)
    assert after.invoice.seller.name == EXAMPLE["seller"]["name"]


async def test_whoever_gets_past_the_guards_is_told_by_the_digest(
    hub: Hub, crm: Crm, postgres: Any, store_settings: StoreSettings
) -> None:
    tenant, connection = crm
    made = await hub.invoicing.make(tenant, connection, deal(), actor="test")
    other = await hub.invoicing.make(tenant, connection, deal(id="d2"), actor="test")
    row = b"invoice:" + made.id.bytes
    forged = hub.vault.seal_secret(canonical(other.invoice).decode(), row)
    postgres.admin("ALTER TABLE invoice DISABLE TRIGGER keep_issued", database=store_settings.database)
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE invoice SET sealed = $2 WHERE id = $1", made.id, forged)
    with pytest.raises(Trouble, match="not the one that was issued"):
        await hub.invoicing.one(tenant, made.id)


async def test_once_per_deal_unless_somebody_says_why_again(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    first = await hub.invoicing.draft(tenant, connection, deal(), actor="test")
    with pytest.raises(InvoiceConflict) as once:
        await hub.invoicing.draft(tenant, connection, deal(), actor="test")
    assert once.value.rule == "deal.once"
    assert show(Prefix.INVOICE, first.id) in once.value.problem
    again = await hub.invoicing.draft(tenant, connection, deal(), asked_of({"again": "second delivery"}), actor="test")
    assert (again.again, "deal.again" in {rule.rule for rule in again.rules}) == ("second delivery", True)
    listed = await hub.invoicing.of_deal(tenant, connection, "d1")
    assert [one.id for one in listed] == [again.id, first.id]
    await hub.invoicing.discard(tenant, first.id, actor="test")
    made = await hub.invoicing.draft(tenant, connection, deal(), asked_of({"again": "by mistake"}), actor="test")
    assert made.again == "", "there was none: it is the first"


async def test_ten_who_ask_at_once_get_one(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    asked = [hub.invoicing.make(tenant, connection, deal(), actor="test", key="k1") for _ in range(10)]
    assert len({one.id for one in await asyncio.gather(*asked)}) == 1
    with pytest.raises(KeyReused):
        await hub.invoicing.make(tenant, connection, deal(id="other"), actor="test", key="k1")
    without = [hub.invoicing.make(tenant, connection, deal(id="d2"), actor="test") for _ in range(10)]
    done = await asyncio.gather(*without, return_exceptions=True)
    assert len([one for one in done if not isinstance(one, InvoiceConflict)]) == 1


async def test_a_draft_is_made_anew_by_the_terms_of_now(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    made = await hub.invoicing.draft(tenant, connection, deal(line(unit_price="100")), actor="test")
    told = {**EXAMPLE, "tax": {**EXAMPLE["tax"], "standard_rate": "7"}}
    await hub.invoicing.terms.put(tenant, told, actor="test")
    with pytest.raises(VersionConflict):
        await hub.invoicing.change(tenant, made.id, {}, actor="test", revision=5)
    changes = {"purchase_order": "PO-1", "buyer": {"email": "new@buyer.example"}}
    after = await hub.invoicing.change(tenant, made.id, changes, actor="test", revision=1)
    assert (after.revision, after.terms_version, str(after.invoice.totals.due)) == (2, 2, "107.00")
    assert (after.invoice.purchase_order, after.invoice.buyer.email) == ("PO-1", "new@buyer.example")
    back = await hub.invoicing.change(tenant, made.id, {"purchase_order": None}, actor="test")
    assert (back.invoice.purchase_order, back.invoice.buyer.email) == ("", "new@buyer.example")
    issued = await hub.invoicing.issue(tenant, made.id, actor="test", revision=3)
    assert (issued.invoice.state, str(issued.invoice.totals.due)) == (InvoiceState.ISSUED, "107.00")
    for work in (
        hub.invoicing.change(tenant, made.id, {}, actor="test"),
        hub.invoicing.discard(tenant, made.id, actor="test"),
    ):
        with pytest.raises(InvoiceConflict) as refused:
            await work
        assert refused.value.rule == "state.issued"


async def test_credit_notes_never_take_more_than_there_is_however_many_ask(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    made = await hub.invoicing.make(tenant, connection, deal(line(quantity="3", unit_price="10")), actor="test")
    one_piece = credit_of({"reason": "a piece", "lines": [{"line": "1", "quantity": "1"}]})
    asked = [hub.invoicing.credit(tenant, made.id, one_piece, actor="test") for _ in range(8)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    notes = [one for one in done if not isinstance(one, BaseException)]
    assert len(notes) == 3
    assert {str(one) for one in done if isinstance(one, InvoiceRefused)} == {"the invoice has been taken back whole"}
    after = await hub.invoicing.one(tenant, made.id)
    assert (after.invoice.state, after.credited) == (InvoiceState.CREDITED, made.invoice.totals.due)
    assert sorted(one.invoice.number[-5:] for one in notes) == ["00001", "00002", "00003"]


async def test_credit_is_idempotent_and_only_of_what_is_issued(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    asked = credit_of({"reason": "some", "amount": "1.00"})
    draft = await hub.invoicing.draft(tenant, connection, deal(), actor="test")
    with pytest.raises(InvoiceConflict) as refused:
        await hub.invoicing.credit(tenant, draft.id, asked, actor="test")
    assert refused.value.rule == "state.draft"
    await hub.invoicing.issue(tenant, draft.id, actor="test")
    preview = await hub.invoicing.credit_preview(tenant, draft.id, asked)
    note = await hub.invoicing.credit(tenant, draft.id, asked, actor="test", key="k")
    assert (preview.invoice.totals, preview.invoice.number) == (note.invoice.totals, "")
    assert (await hub.invoicing.credit(tenant, draft.id, asked, actor="test", key="k")).id == note.id
    with pytest.raises(KeyReused):
        await hub.invoicing.credit(tenant, draft.id, credit_of({"reason": "all"}), actor="test", key="k")
    with pytest.raises(InvoiceConflict) as refused:
        await hub.invoicing.credit(tenant, note.id, asked, actor="test")
    assert refused.value.rule == "state.credit-note"


async def test_a_preview_changes_nothing(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    found = await hub.invoicing.preview(tenant, connection, deal())
    assert (found.invoice.number, found.invoice.state, found.terms_version) == ("", InvoiceState.DRAFT, 1)
    assert found.rules
    assert await hub.invoicing.page(tenant) == []
    assert await hub.invoicing.terms.series(tenant) == []


async def test_people_are_sealed_and_other_tenants_see_nothing(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    made = await hub.invoicing.make(tenant, connection, deal(companies=(), contacts=(PERSON,)), actor="test")
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT * FROM invoice")
        terms = await conn.fetch("SELECT * FROM invoice_terms")
        audit = await conn.fetch("SELECT * FROM audit_entry")
    told = repr([dict(row) for row in (*rows, *terms, *audit)])
    for secret in ("Person-Canary", "zoe@buyer", "Side Street", "DE8937", "books@tea"):
        assert secret not in told
    assert {row["action"] for row in audit} >= {"invoice.draft", "invoice.issue", "invoice_terms.put"}
    other = await hub.tenants.add("other", "Other")
    with pytest.raises(NotFound):
        await hub.invoicing.one(other, made.id)
    assert await hub.invoicing.page(other) == []
    with pytest.raises(InvoiceRefused) as refused:
        await hub.invoicing.preview(other, connection, deal())
    assert refused.value.problems[0].rule == "terms.missing"


async def test_terms_are_kept_version_by_version(hub: Hub) -> None:
    made = await add_connection(hub, "hubspot", "crm")
    desk, tenant = hub.invoicing.terms, made.tenant_id
    with pytest.raises(NotFound):
        await desk.current(tenant)
    assert (await desk.put(tenant, EXAMPLE, actor="a", expected=0)).version == 1
    assert (await desk.put(tenant, EXAMPLE, actor="a")).version == 1, "the same is no new version"
    changed = {**EXAMPLE, "language": "en"}
    assert (await desk.put(tenant, changed, actor="b", note="in English", expected=1)).version == 2
    with pytest.raises(VersionConflict):
        await desk.put(tenant, EXAMPLE, actor="c", expected=1)
    assert (await desk.current(tenant, 1)).terms.language == "de"
    assert [(one["version"], one["actor"]) for one in await desk.versions(tenant)] == [(2, "b"), (1, "a")]
    both = await asyncio.gather(
        *(desk.put(tenant, {**EXAMPLE, "language": code}, actor="d") for code in ("fr", "it", "es"))
    )
    assert sorted(one.version for one in both) == [3, 4, 5]
