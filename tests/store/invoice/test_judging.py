"""Where the terms ask for valid documents, they are judged before a number is taken and while no row is locked."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from crossdock.documents.words import Document, Format, Problem
from crossdock.errors import Trouble
from crossdock.flow.invoice import EXAMPLE, InvoiceRefused, Invoicing, credit_of
from crossdock.model.commerce.invoice import Invoice
from crossdock.store import loans
from crossdock.wiring import Hub
from tests.support.deals import deal, line

Crm = tuple[uuid.UUID, uuid.UUID]
STRICT = {**EXAMPLE, "valid_as": ["ubl-core", "cii"]}


class Judge:
    """Finds fault with what stands on its list, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.faults: set[str] = set()

    async def make(self, invoice: Invoice, form: Format) -> Document:
        """Judge, as slowly as a child process does."""
        assert not loans.holding(), "nobody waits for a judge while he holds a connection"
        self.asked.append((form.value, invoice.kind.value))
        await asyncio.sleep(0.01)
        problems = tuple(Problem(rule=rule, words="a fault") for rule in sorted(self.faults))
        return Document(format=form, name="x.xml", content=b"", problems=problems)


async def test_each_is_judged_once_and_holds_nobody_up(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    await hub.invoicing.terms.put(tenant, STRICT, actor="test")
    judge = Judge()
    invoicing = Invoicing(hub.database, hub.vault, hub.directory.clock, judge)
    made = await asyncio.gather(
        *(invoicing.make(tenant, connection, deal(id=f"d{number}"), actor="test") for number in range(20))
    )
    assert sorted(one.invoice.number[-5:] for one in made) == [f"{number:05d}" for number in range(1, 21)]
    assert sorted(judge.asked) == [("cii", "380")] * 20 + [("ubl-core", "380")] * 20
    judge.asked.clear()
    note = await invoicing.credit(tenant, made[0].id, credit_of({"reason": "all"}), actor="test", key="k")
    assert judge.asked == [("ubl-core", "381"), ("cii", "381")]
    assert (await invoicing.credit(tenant, made[0].id, credit_of({"reason": "all"}), actor="test", key="k")) == note
    assert len(judge.asked) == 2, "what is done is not judged again"


async def test_what_is_no_valid_document_takes_no_number(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    await hub.invoicing.terms.put(tenant, STRICT, actor="test")
    judge = Judge()
    invoicing = Invoicing(hub.database, hub.vault, hub.directory.clock, judge)
    judge.faults = {"BR-01"}
    with pytest.raises(InvoiceRefused) as refused:
        await invoicing.make(tenant, connection, deal(line(quantity="2")), actor="test")
    assert {one.rule for one in refused.value.problems} == {"BR-01"}
    assert await invoicing.terms.series(tenant) == []
    judge.faults = set()
    (draft,) = await invoicing.of_deal(tenant, connection, "d1")
    issued = await invoicing.issue(tenant, draft.id, actor="test")
    judge.faults = {"BR-55"}
    piece = credit_of({"reason": "one", "lines": [{"line": "1", "quantity": "1"}]})
    with pytest.raises(InvoiceRefused):
        await invoicing.credit(tenant, issued.id, piece, actor="test")
    assert [(one.series, one.last) for one in await invoicing.terms.series(tenant)] == [("RE", 1)]
    assert (await invoicing.one(tenant, issued.id)).credited == 0


async def test_without_anybody_to_judge_it_is_told(hub: Hub, crm: Crm) -> None:
    tenant, connection = crm
    await hub.invoicing.terms.put(tenant, STRICT, actor="test")
    alone = Invoicing(hub.database, hub.vault, hub.directory.clock)
    with pytest.raises(Trouble, match="check documents"):
        await alone.make(tenant, connection, deal(), actor="test")
