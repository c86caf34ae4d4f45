"""Deals and invoices on pages: read live, previewed, issued after a question, handed out, taken back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio

from crossdock.flow.invoice import EXAMPLE
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.journey.hubspot.books import MONEY, Books, opened, sold
from tests.journey.hubspot.stage import PUBLIC, placed
from tests.journey.web.records import rows
from tests.support.browsing import Visitor, visiting
from tests.support.hub import until, working

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def books(settings: Settings) -> AsyncIterator[Books]:
    """A portal in euros, terms of invoicing, and a worker."""
    told = settings.model_copy(update={"public_url": PUBLIC, "report_at_hour": -1})
    async with open_hub(told) as hub, placed(hub) as place:
        yield await opened(place)


@contextlib.asynccontextmanager
async def _at(books: Books) -> AsyncIterator[tuple[Visitor, str]]:
    async with visiting(books.place.hub) as visitor:
        # the hub knows itself by its public name; people come to it by another here
        yield visitor, f"/t/default/deals/{show(Prefix.CONNECTION, books.connection.id)}"


async def _enter(books: Books, visitor: Visitor, role: Role) -> None:
    await visitor.enter(role)


async def test_the_page_of_a_deal_reads_it_once(books: Books) -> None:
    deal = await sold(books.portal, **MONEY)
    async with _at(books) as (visitor, path):
        await _enter(books, visitor, Role.VIEWER)
        before = await _read(books)
        assert "The invoice that would be made now" in (await visitor.get(f"{path}/{deal}")).words
        assert await _read(books) == before + 1


async def _read(books: Books) -> int:
    """Return how often a deal was read at the CRM."""
    counts = (await books.portal.control("GET", "state"))["requests"]
    return sum(counts.get("POST objects/deals/batch/read", {}).values())


async def test_a_deal_becomes_an_invoice_after_a_question(books: Books) -> None:
    deal = await sold(books.portal, **MONEY)
    async with _at(books) as (visitor, path), working(books.place.hub):
        await _enter(books, visitor, Role.ADMIN)
        listed = await visitor.get("/t/default/deals")
        assert [row[0] for row in rows(listed)] == ["Tea for Ada 1"]
        assert not rows(await visitor.get("/t/default/deals?won=no"))
        assert "20000" not in (await visitor.get("/t/default/deals?least=1000")).words
        one = await visitor.get(f"{path}/{deal}")
        assert "23.80" in one.words
        assert "The invoice that would be made now" in one.words
        asked = await visitor.get(f"{path}/{deal}/issue")
        assert "Issue an invoice over 23.80 EUR?" in asked.words
        assert await books.issued() == [], "looking changes nothing"
        done = await visitor.submit(asked, "/issue", then="issue")
        assert "The invoice is being issued" in done.words
        number = (await books.numbers(1))[deal]
        found = await visitor.get(f"/t/default/invoices?number={number}")
        ((shown, kind, state, *_),) = rows(found)
        assert (shown, kind, state) == (number, "invoice", "Issued")
        invoice = found.doc.xpath("//main//tbody//th/a/@href")[0]
        await _is_handed_out(visitor, invoice, number)
        await _is_taken_back(visitor, invoice, number)
        again = await visitor.get(f"{path}/{deal}/issue")
        assert "This deal has an invoice already" in again.words
        refused = await visitor.submit(again, "/issue", then="issue", again="")
        assert refused.status == 409


async def _is_handed_out(visitor: Visitor, invoice: str, number: str) -> None:
    page = await visitor.get(invoice)
    assert number in page.words
    assert "23.80" in page.words

    async def told() -> bool:
        return "Delivered" in (await visitor.get(invoice)).words

    await until(told)
    document = await visitor.get(f"{invoice}/document?as=json")
    assert orjson.loads(document.text)["totals"]["due"] == "23.80"
    assert number in document.headers["Content-Disposition"]
    broken = await visitor.get(f"{invoice}/document?as=ubl")
    assert broken.status == 422
    assert "PEPPOL-EN16931-R010" in broken.text
    assert (await visitor.get(f"{invoice}/document?as=doc")).status == 400


async def _is_taken_back(visitor: Visitor, invoice: str, number: str) -> None:
    asked = await visitor.get(f"{invoice}/credit")
    wrong = await visitor.submit(asked, "/credit", reason="arrived broken", confirm="RE-1")
    assert wrong.status == 422
    assert f"Type {number} to go on" in wrong.words
    done = await visitor.submit(asked, "/credit", reason="arrived broken", confirm=number)
    assert f"takes 23.80 EUR of {number} back" in done.words
    after = await visitor.get(invoice)
    assert "Taken back" in after.words
    assert "Taken back by" in after.words


async def test_a_draft_is_issued_or_thrown_away_and_terms_are_kept(books: Books) -> None:
    first, second = await sold(books.portal, 1, **MONEY), await sold(books.portal, 2, **MONEY)
    async with _at(books) as (visitor, path), working(books.place.hub):
        await _enter(books, visitor, Role.ADMIN)
        for deal in (first, second):
            await visitor.submit(await visitor.get(f"{path}/{deal}/issue"), "/issue", then="draft")

        async def drafts() -> bool:
            return len(rows(await visitor.get("/t/default/invoices?state=draft"))) == 2

        await until(drafts)
        one, other = (await visitor.get("/t/default/invoices")).doc.xpath("//main//tbody//th/a/@href")
        await visitor.submit(await visitor.get(f"{one}/issue"), "/issue")
        gone = await visitor.submit(await visitor.get(f"{other}/discard"), "/discard")
        assert "The draft is gone" in gone.words
        assert (await visitor.get(other)).status == 404
        assert len(await books.issued()) == 1
        terms = await visitor.get("/t/default/invoices/terms")
        assert "whole: 1 documents" in terms.words
        wrong = await visitor.submit(terms, "/terms", terms="{")
        assert wrong.status == 422
        assert "This is no JSON" in wrong.words
        changed = orjson.dumps({**EXAMPLE, "language": "fr"}).decode()
        done = await visitor.submit(terms, "/terms", terms=changed, note="French words")
        assert "Version 2 of the terms holds from now on" in done.words


async def test_who_only_looks_sees_no_people_and_makes_nothing(books: Books) -> None:
    deal = await sold(books.portal, **MONEY)
    async with _at(books) as (visitor, path):
        await _enter(books, visitor, Role.VIEWER)
        one = await visitor.get(f"{path}/{deal}")
        assert one.status == 200
        assert "ada1@tea.example" not in one.text
        assert "Tea 1 Ltd" not in one.text
        for role in (Role.VIEWER, Role.OPERATOR):
            if role is Role.OPERATOR:
                await _enter(books, visitor, role)
            assert (await visitor.get(f"{path}/{deal}/issue")).status == 403
            csrf = (await visitor.get("/t/default/deals")).doc.xpath("//input[@name='csrf']/@value")[0]
            assert (await visitor.post(f"{path}/{deal}/issue", {"csrf": csrf})).status == 403
            assert (await visitor.post("/t/default/invoices/terms", {"csrf": csrf})).status == 403
        assert (await visitor.get(f"{path}/99999")).status == 404
        assert "None hold yet" not in (await visitor.get("/t/default/invoices/terms")).words
