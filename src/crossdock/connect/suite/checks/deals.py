"""Rules about a CRM's deals: read whole, in few requests, page by page, and told the number of their invoice."""

from __future__ import annotations

from crossdock.connect.deals import DealFilter, Deals, InvoiceTold
from crossdock.connect.suite.harness import Bench, DealBench, Harness
from crossdock.connect.suite.rule import Part, rule
from crossdock.connect.suite.steps import performed, writer
from crossdock.model.outcome import Delivered
from crossdock.model.plan import Ref, Resolved, Write

_FEW, _MANY = 2, 60


def _seller(bench: Bench, harness: Harness) -> tuple[DealBench, Deals]:
    assert isinstance(bench, DealBench), "the bench of a CRM has sell(), touch_deal() and numbers()"
    assert harness.connector.deals is not None
    return bench, harness.connector.deals(bench.good)


@rule("deals-whole", Part.DEALS)
async def deals_whole(harness: Harness) -> None:
    """A deal comes with all its lines and what they come to, its person, company and owner; what is gone is None."""
    async with harness.open() as opened:
        bench, deals = _seller(opened, harness)
        sold = await bench.sell(_FEW)
        deal = await deals.deal(sold)
        assert deal is not None, "a deal that is there was not found"
        assert deal.won, "a won deal does not say so"
        assert len(deal.lines) == _FEW, f"{len(deal.lines)} lines of {_FEW}"
        wrong = [line.id for line in deal.lines if line.net != line.quantity * line.unit_price]
        assert not wrong, "a line without discounts comes to its quantity times its price"
        assert deal.contacts, "the deal's person is missing"
        assert deal.companies, "the deal's company is missing"
        assert [one.primary for one in deal.companies].count(True) == 1, "one company speaks for the deal"
        assert deal.owner is not None, "the deal's owner is missing"
        assert deal.currency, "an amount without its currency"
        assert (await deals.deals(DealFilter(won=True), None, 100)).items[0].id == sold, "the list does not have it"
        assert await deals.deal("9" * 15) is None, "a deal that never was is None"


@rule("deals-few-requests", Part.DEALS)
async def deals_few_requests(harness: Harness) -> None:
    """Reading a deal takes the same requests however many lines it has, and several deals no more than one."""
    async with harness.open() as opened:
        bench, deals = _seller(opened, harness)
        few, many = await bench.sell(_FEW), await bench.sell(_MANY)
        spent = []
        for asked in ([few], [many], [few, many]):
            before = await bench.requests()
            found = await deals.some(asked)
            spent.append(await bench.requests() - before)
            assert [deal.id for deal in found] == asked, "they came in another order than they were asked for"
        assert len(set(spent)) == 1, f"requests for {_FEW} lines, {_MANY} lines, and both deals: {spent}"


@rule("deals-paging-stable", Part.DEALS)
async def deals_paging_stable(harness: Harness) -> None:
    """A list finds every deal once, also when deals come and change between two pages."""
    async with harness.open() as opened:
        bench, deals = _seller(opened, harness)
        sold = [await bench.sell(0) for _ in range(7)]
        seen: list[str] = []
        page = await deals.deals(DealFilter(), None, 2)
        for _ in range(20):
            seen += [deal.id for deal in page.items]
            if page.cursor is None:
                break
            await bench.sell(0)
            await bench.touch_deal(sold[0])
            page = await deals.deals(DealFilter(), page.cursor, 2)
        assert page.cursor is None, "20 pages and no end: does the cursor move?"
        assert not set(sold) - set(seen), f"{len(set(sold) - set(seen))} deals were skipped"
        assert len(seen) == len(set(seen)), "a deal came twice"


@rule("deal-number-written", Part.DEALS)
async def deal_number_written(harness: Harness) -> None:
    """The number of an invoice is written to its deal and to no other, as often as it is told."""
    async with harness.open() as opened:
        bench, deals = _seller(opened, harness)
        sold, other = await bench.sell(0), await bench.sell(0)
        plan = deals.write_back(InvoiceTold(deal_id=sold, number="RE-7"), "account:deal:7")
        async with writer(opened, harness) as (_, destination):
            for _ in range(2):
                for step in plan.steps:
                    writes = [Resolved(one, one.record_id, _plain(one)) for one in step.writes]
                    outcomes = await performed(destination, (step.name, writes))
                    assert all(isinstance(each, Delivered) for each in outcomes), f"not delivered: {outcomes}"
        numbers = await bench.numbers()
        assert numbers == {sold: "RE-7"}, f"the CRM holds {numbers}"
        told = {deal.id: deal.invoice_number for deal in await deals.some([sold, other])}
        assert told == {sold: "RE-7", other: ""}, "what is written is not read back"


def _plain(write: Write) -> dict[str, str | None]:
    return {name: value for name, value in write.properties.items() if not isinstance(value, Ref)}
