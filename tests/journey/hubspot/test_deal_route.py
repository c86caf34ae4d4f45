"""A deal is won, and by a route it becomes an invoice whose number stands on the deal: exactly once."""

from __future__ import annotations

import pytest

from crossdock.flow.deliver import Ask
from crossdock.flow.deliver.letters import Filter
from crossdock.flow.invoice import EXAMPLE
from tests.journey.hubspot.books import MONEY, NUMBER, Books, opened, sold
from tests.journey.hubspot.stage import Place
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio


async def won(books: Books, number: int = 1) -> str:
    """A deal that is recorded open, then won."""
    deal = await sold(books.portal, number, dealstage="contractsent", **MONEY)
    await books.told()
    await books.portal.act("edit", type="deals", id=deal, properties={"dealstage": "closedwon"})
    return deal


async def test_a_won_deal_becomes_one_invoice(books: Books) -> None:
    """Webhooks come twice and the newest first; the deal is changed, lost and won again: one invoice, one number.

    The hub's own write comes back as a webhook too: nothing comes of it.
    """
    await books.routed()
    async with working(books.place.hub):
        deal = await won(books)
        await books.told(twice=True)
        numbers = await books.numbers(1)
        assert await books.issued() == [(deal, numbers[deal])]
        for change in ({"amount": "20"}, {"dealstage": "closedlost"}, {"dealstage": "closedwon"}):
            await books.portal.act("edit", type="deals", id=deal, properties=change)
            await books.told(twice=True)
        ends = await books.ends()
    assert [state for state, _, _ in ends] == ["delivered", "skipped"]
    assert ends[1][1] == "filter"
    assert "has its invoice already" in str(ends[1][2])
    assert await books.issued() == [(deal, numbers[deal])]
    (held,) = [one for one in await books.portal.live("deals") if one["id"] == deal]
    assert held["crossdock_invoice_link"].startswith("https://hub.example.test/api/v1/invoices/inv_")
    async with books.place.hub.database.engine() as conn:
        kinds = [row["type"] for row in await conn.fetch("SELECT type FROM event WHERE stream = 'deal' ORDER BY seq")]
        told = await conn.fetchval("SELECT count(*) FROM event WHERE stream = 'deal_invoice'")
        intents = await conn.fetch("SELECT sent::text AS sent FROM write_intent WHERE stream = 'deal'")
    assert kinds.count("deal.won") == 2
    assert told == 1
    assert numbers[deal] in intents[0]["sent"]


async def test_what_comes_back_of_the_number_is_an_echo(place: Place) -> None:
    """Also where the deal's number is read: the change is recorded, and no second win or invoice comes of it."""
    books = await opened(place, read_properties={"deals": [NUMBER]})
    await books.routed()
    async with working(place.hub):
        deal = await won(books)
        await books.told()
        await books.numbers(1)
        await books.told(twice=True)
        assert [state for state, _, _ in await books.ends()] == ["delivered"]
    async with place.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT type, hops FROM event WHERE external_id = $1 AND stream = 'deal'", deal)
    assert [row["type"] for row in rows].count("deal.won") == 1
    assert max(row["hops"] for row in rows) == 1


async def test_the_terms_decide_draft_or_nothing(books: Books) -> None:
    """A rule of the terms: drafts, from an amount on; what no rule fits is left, and says so."""
    rule = {"only_won": True, "minimum": "15", "then": "draft"}
    await books.place.hub.invoicing.terms.put(books.connection.tenant_id, {**EXAMPLE, "when": [rule]}, actor="test")
    await books.routed()
    async with working(books.place.hub):
        big = await won(books, 1)
        small = await sold(books.portal, 2, dealstage="contractsent", amount="1", **MONEY)
        await books.told()
        await books.portal.act("edit", type="deals", id=small, properties={"dealstage": "closedwon"})
        await books.told()
        ends = sorted(await books.ends(), key=str)
    assert [(state, rule) for state, rule, _ in ends] == [("delivered", None), ("skipped", "filter")]
    assert "leave this deal alone" in str(ends[1][2])
    assert await books.issued() == []
    (draft,) = await books.place.hub.invoicing.of_deal(books.connection.tenant_id, books.connection.id, big)
    assert draft.invoice.number == ""
    async with working(books.place.hub):
        # a person issues it by another way: the deal is told all the same
        kept = await books.place.hub.invoicing.issue(books.connection.tenant_id, draft.id, actor="test")
        assert await books.numbers(1) == {big: kept.invoice.number}


async def test_what_cannot_be_invoiced_is_a_dead_letter_by_its_rule(books: Books) -> None:
    """Mended at the CRM and tried again it is invoiced; replayed once more it stays one invoice."""
    await books.routed()
    hub, tenant = books.place.hub, books.connection.tenant_id
    bare = {"dealname": "Bare", "pipeline": "default", **MONEY}
    async with working(hub):
        deal = await books.portal.make("deals", dealstage="contractsent", **bare)
        await books.told()
        await books.portal.act("edit", type="deals", id=deal, properties={"dealstage": "closedwon"})
        await books.told()

        async def dead() -> bool:
            async with hub.database.engine() as conn:
                return bool(await conn.fetchval("SELECT count(*) FROM delivery_done WHERE state = 'dead'"))

        await until(dead)
        (letter,) = await hub.letters.groups(tenant, Filter())
        assert (letter["code"], letter["rule"], letter["field"]) == ("buyer.missing", "buyer.missing", "buyer")
        firm = await books.portal.make("companies", name="Tea Ltd", country="DE", address="1 Leaf St", city="Ulm")
        line = await books.portal.make("line_items", name="Tea", price="10", quantity="2")
        for other, end in (("companies", firm), ("line_items", line)):
            path = f"/crm/associations/2026-09/deals/{other}/batch/associate/default"
            await books.portal.call("POST", path, {"inputs": [{"from": {"id": deal}, "to": {"id": end}}]})
        await hub.replays.ask(tenant, Ask(do="retry", reason="mended"), actor="test")
        numbers = await books.numbers(1)
        (event,) = await _wins(books)
        await hub.replays.ask(tenant, Ask(events=(event,)), actor="test")

        async def again() -> bool:
            async with hub.database.engine() as conn:
                sql = (
                    "SELECT count(*) FROM delivery_done d JOIN route r ON r.id = d.route_id WHERE r.action = 'invoice'"
                )
                return bool(await conn.fetchval(f"{sql} AND d.state = 'delivered'") >= 2)

        await until(again)
    assert await books.issued() == [(deal, numbers[deal])]


async def test_a_refusal_at_issuing_leaves_no_draft(books: Books) -> None:
    """No valid document for the format the terms ask for: a dead letter by the format's rule, and the deal is free."""
    hub, tenant = books.place.hub, books.connection.tenant_id
    await hub.invoicing.terms.put(tenant, {**EXAMPLE, "valid_as": ["ubl"]}, actor="test")
    await books.routed()
    async with working(hub):
        deal = await won(books)
        await books.told()
        assert [state for state, _, _ in await books.ends()] == ["dead"]
        (letter,) = await hub.letters.groups(tenant, Filter())
        assert (letter["code"], letter["field"]) == ("PEPPOL-EN16931-R003", "buyer_reference")
        assert await hub.invoicing.of_deal(tenant, books.connection.id, deal) == []
        await hub.invoicing.terms.put(tenant, EXAMPLE, actor="test")
        await hub.replays.ask(tenant, Ask(do="retry", reason="other terms"), actor="test")
        numbers = await books.numbers(1)
    assert await books.issued() == [(deal, numbers[deal])]


async def _wins(books: Books) -> list[object]:
    async with books.place.hub.database.engine() as conn:
        return [row["id"] for row in await conn.fetch("SELECT id FROM event WHERE type = 'deal.won'")]


async def test_nothing_is_made_while_the_portal_is_observed(place: Place) -> None:
    """Held back, and made when the choice is widened."""
    books = await opened(place, rollout="observe")
    await books.routed()
    async with working(place.hub):
        deal = await won(books)
        await books.told()
        assert [(state, rule) for state, rule, _ in await books.ends()] == [("skipped", "held-back")]
        assert await books.issued() == []
        tenant, own = books.connection.tenant_id, books.connection.id
        await place.hub.upkeep.change(tenant, own, {"rollout": "all"}, actor="test")
        numbers = await books.numbers(1)
    assert await books.issued() == [(deal, numbers[deal])]
