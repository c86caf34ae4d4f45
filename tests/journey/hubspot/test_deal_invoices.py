"""From a deal to its invoice: by hand, by runs and by a route; once per deal, and its number on the deal."""

from __future__ import annotations

import asyncio

import pytest

from tests.journey.doors.street import rows
from tests.journey.hubspot.books import MONEY, NOW, Books, opened, sold
from tests.journey.hubspot.stage import Place
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio


async def test_a_preview_says_which_documents_it_would_be(books: Books) -> None:
    path = f"{books.path}/{await sold(books.portal, **MONEY)}/invoice"
    hybrid = (await books.post(f"{path}?preview=true&format=facturx")).json["document"]
    assert (hybrid["valid"], hybrid["supposed"], hybrid["problems"]) == (True, True, [])
    peppol = (await books.post(f"{path}?preview=true&format=ubl")).json["document"]
    assert not peppol["valid"]
    assert "PEPPOL-EN16931-R010" in {one["rule"] for one in peppol["problems"]}
    assert "document" not in (await books.post(f"{path}?preview=true")).json


async def test_an_invoice_is_previewed_then_made_once(books: Books) -> None:
    """The preview changes nothing and tells the rules; the run issues; the number stands on the deal, once."""
    deal = await sold(books.portal, **MONEY)
    path = f"{books.path}/{deal}/invoice"
    shown = (await books.post(f"{path}?preview=true")).json
    assert shown["invoice"]["totals"]["due"] == "23.80"
    assert shown["invoice"]["number"] == ""
    assert shown["invoice"]["buyer"]["name"] == "[redacted]"
    assert {rule["rule"] for rule in shown["rules"]}
    assert shown["by_itself"]["then"] == "issue"
    assert await books.issued() == []
    whole = (await books.post(f"{path}?preview=true", key=books.admin)).json
    assert whole["invoice"]["buyer"]["name"] == "Tea 1 Ltd"
    async with working(books.place.hub):
        first = await books.post(path, {}, once="one")
        assert first.status == 202, first.body
        assert (await books.post(path, {}, once="one")).json["id"] == first.json["id"]
        assert (await books.post(path, {"draft": True}, once="one")).status == 422
        noted = await rows(books.place.hub, "SELECT subject, actor FROM audit_entry WHERE action = 'run.add'")
        assert [(row["subject"], row["actor"][:4]) for row in noted] == [(first.json["id"], "key_")]
        run = await books.ended(first.json["id"])
        assert (run["state"], run["kind"], run["counters"]) == ("done", "invoice", {"read": 1, "issued": 1})
        ((_, number),) = await books.issued()
        assert await books.numbers(1) == {deal: number}
        twice = await books.post(path, {})
        assert (twice.status, twice.json["rule"]) == (409, "deal.once")
        again = await books.post(path, {"again": "second delivery"})
        assert (await books.ended(again.json["id"]))["counters"]["issued"] == 1
        _, (_, second) = await books.issued()

        async def renumbered() -> bool:
            return (await books.numbers(1))[deal] == second

        await until(renumbered)
    found = (await books.place.doors.get(f"{books.path}/{deal}", books.writer)).json
    assert [(one["number"], one["again"]) for one in found["invoices"]] == [(second, "second delivery"), (number, "")]
    assert found["invoice_number"] == second


async def test_what_cannot_be_invoiced_is_told_by_rule_and_field(books: Books) -> None:
    """At once, before anything is queued; a draft gets no number."""
    bare = await books.portal.make("deals", dealname="No lines", dealstage="closedwon", pipeline="default", **MONEY)
    answer = await books.post(f"{books.path}/{bare}/invoice", {})
    assert (answer.status, answer.json["rule"], bool(answer.json["remedy"])) == (400, "buyer.missing", True)
    assert (await books.post(f"{books.path}/{bare}/invoice", {"nope": 1})).json["field"] == "nope"
    assert (await books.post(f"{books.path}/99/invoice", {})).status == 404
    assert (await books.post(f"{books.path}/process", {})).json["field"] == "deal_ids"
    assert (await books.post(f"{books.path}/process", {"deal_ids": ["x"]})).json["field"] == "deal_ids[0]"
    reader = (await books.place.hub.keys.add(books.connection.tenant_id, "r", ["read"]))[1]
    assert (await books.post(f"{books.path}/{bare}/invoice", {}, key=reader)).status == 403
    deal = await sold(books.portal, **MONEY)
    async with working(books.place.hub):
        asked = {"draft": True, "buyer": {"name": "Person-Canary Ltd"}}
        made = await books.post(f"{books.path}/{deal}/invoice", asked)
        run = await books.ended(made.json["id"])
    assert run["counters"]["drafted"] == 1
    assert "Canary" not in str(run)
    assert await books.issued() == []
    (kept,) = await books.place.hub.invoicing.of_deal(books.connection.tenant_id, books.connection.id, deal)
    assert kept.invoice.buyer.name == "Person-Canary Ltd"


async def test_the_last_days_are_processed_as_a_run(books: Books) -> None:
    """Won deals of the last days, each once; what is wrong with one is noted and ends no run."""
    good = [await sold(books.portal, number, closedate=NOW, **MONEY) for number in range(3)]
    old = await sold(books.portal, 7, closedate="2020-01-01T10:00:00Z", **MONEY)
    lost = await sold(books.portal, 8, dealstage="closedlost", **MONEY)
    won = {"dealstage": "closedwon", "pipeline": "default", "closedate": NOW}
    bad = await books.portal.make("deals", dealname="No lines", **won, **MONEY)
    async with working(books.place.hub):
        run = await books.ended((await books.post(f"{books.path}/process", {"days": 3})).json["id"])
        assert run["state"] == "partial"
        assert run["counters"] == {"read": 4, "issued": 3, "failed": 1}
        assert run["total"] == 4
        (error,) = run["errors"]
        assert (error["entity"], error["rule"]) == (f"deal {bad}", "buyer.missing")
        assert error["link"] == f"{books.path}/{bad}"
        numbers = await books.numbers(3)
        assert sorted(numbers) == sorted(good)
        assert dict(await books.issued()) == numbers
        run = await books.ended((await books.post(f"{books.path}/process", {"deal_ids": [*good, old]})).json["id"])
        assert run["counters"] == {"read": 4, "already": 3, "issued": 1}
        run = await books.ended((await books.post(f"{books.path}/process", {"deal_ids": [lost, "77"]})).json["id"])
        assert run["counters"] == {"read": 2, "left": 1, "failed": 1}
        asked = {"deal_ids": [lost], "then": "issue"}
        assert (await books.ended((await books.post(f"{books.path}/process", asked)).json["id"]))["state"] == "done"
    assert len(await books.issued()) == 5


async def test_what_the_connection_does_not_do_is_refused(place: Place) -> None:
    """Deals that are not read go into no record; a paused portal is left alone; nothing is queued."""
    books = await opened(place, streams={})
    deal = await sold(books.portal, **MONEY)
    answer = await books.post(f"{books.path}/process", {"deal_ids": [deal], "do": "record"})
    assert (answer.status, answer.json["field"]) == (400, "do")
    await place.hub.upkeep.pause(books.connection.tenant_id, books.connection.id, actor="test")
    assert (await books.post(f"{books.path}/{deal}/invoice", {})).status == 409
    assert (await books.post(f"{books.path}/process", {"days": 2})).status == 409
    async with place.hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM run") == 0


async def test_a_portal_in_trouble_is_asked_again(books: Books) -> None:
    """A run that the portal does not answer begins again where it stood; nothing is made twice."""
    deals = [await sold(books.portal, number, **MONEY) for number in range(2)]
    made = await books.post(f"{books.path}/process", {"deal_ids": deals})
    await books.portal.control("PUT", "dials", {"next_errors": 3})
    async with working(books.place.hub):
        run = await books.ended(made.json["id"])
        numbers = await books.numbers(2)
    assert (run["state"], run["counters"]) == ("done", {"read": 2, "issued": 2})
    assert run["failures"] >= 1
    assert dict(await books.issued()) == numbers


async def test_many_at_once_make_one_invoice(books: Books) -> None:
    """Runs of several workers' hands and calls by hand for one deal: one is made, the others find it there."""
    deal = await sold(books.portal, **MONEY)
    async with working(books.place.hub):
        asked = [books.post(f"{books.path}/process", {"deal_ids": [deal]}) for _ in range(6)]
        runs = [await books.ended(one.json["id"]) for one in await asyncio.gather(*asked)]
        numbers = await books.numbers(1)
    counts = [run["counters"] for run in runs]
    assert sum(one.get("issued", 0) for one in counts) == 1
    assert sum(one.get("already", 0) for one in counts) == 5
    assert await books.issued() == [(deal, numbers[deal])]


async def test_deals_are_read_into_the_record_as_a_run(books: Books) -> None:
    """``record``: as a webhook would, for those named and for those changed lately."""
    deals = [await sold(books.portal, number, **MONEY) for number in range(3)]
    async with working(books.place.hub):
        asked = {"deal_ids": deals[:1], "do": "record"}
        run = await books.ended((await books.post(f"{books.path}/process", asked)).json["id"])
        assert run["counters"] == {"read": 1, "rung": 1}
        await books.ended((await books.post(f"{books.path}/process", {"days": 2, "do": "record"})).json["id"])

        async def recorded() -> bool:
            async with books.place.hub.database.engine() as conn:
                rows = await conn.fetch("SELECT external_id FROM record WHERE stream = 'deal'")
            return {row["external_id"] for row in rows} == set(deals)

        await until(recorded)
    assert await books.issued() == []
