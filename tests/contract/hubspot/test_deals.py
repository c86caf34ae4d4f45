"""A portal's deals, read for invoices: whole, in few requests, filtered, and as the vendor's own client reads them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hubspot
import msgspec
import pytest
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.deals import PublicObjectSearchRequest
from hubspot.crm.line_items import BatchReadInputSimplePublicObjectId

from crossdock.connect.client import CallFailed
from crossdock.connect.deals import DealFilter, InvoiceTold, UnknownDeals
from crossdock.connectors.hubspot.deals import HubSpotDeals
from crossdock.model.commerce.deal import Deal
from crossdock.model.outcome import Delivered, Rejected
from crossdock.model.plan import Resolved
from tests.contract.hubspot.harness import CONNECTOR, HARNESS, PortalBench
from tests.contract.hubspot.scripted import TOKEN

pytestmark = pytest.mark.asyncio
OWNER = "77001"


def reading(bench: PortalBench, **account: Any) -> HubSpotDeals:
    """Open the portal's deals."""
    connection = msgspec.structs.replace(bench.good.connection, account=account or {"currencies": ["USD"]})
    return HubSpotDeals(msgspec.structs.replace(bench.good, connection=connection), CONNECTOR.manifest)


async def made(bench: PortalBench, kind: str, **properties: str) -> str:
    """Create a record as people do."""
    return str((await bench.act("create", type=kind, properties=properties))["id"])


async def joined(bench: PortalBench, deal: str, other: str, *ids: str, kind: int | None = None) -> None:
    """Associate a deal; with the type ``kind`` beside the usual one."""
    inputs: list[dict[str, Any]] = [{"from": {"id": deal}, "to": {"id": each}} for each in ids]
    path = f"/crm/associations/2026-09/deals/{other}/batch"
    reply = await bench.raw("POST", f"{path}/associate/default", {"inputs": inputs})
    assert reply.ok, reply.body
    if kind is not None:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
        reply = await bench.raw("POST", f"{path}/create", {"inputs": [one | {"types": types} for one in inputs]})
        assert reply.ok, reply.body


async def sale(bench: PortalBench, lines: int = 2, **more: str) -> str:
    """A won deal with lines, a person and two companies, of which the second is the primary one."""
    properties = {"dealname": "Tea for Ltd", "pipeline": "default", "dealstage": "closedwon", "amount": "130"}
    deal = await made(bench, "deals", **{**properties, "hubspot_owner_id": OWNER, **more})
    items = [
        await made(
            bench,
            "line_items",
            name=f"Tea {at}",
            hs_sku=f"T-{at}",
            price="10.005",
            quantity="3",
            discount="0.5",
            hs_discount_percentage="10",
            hs_tax_rate_group_id="9101" if at % 2 else "9102",
            hs_position_on_quote=str(lines - at),
        )
        for at in range(lines)
    ]
    for at in range(0, lines, 100):
        await joined(bench, deal, "line_items", *items[at : at + 100])
    person = await made(
        bench, "contacts", email=f"ada{deal}@tea.example", firstname="Ada", lastname="Person", country="Atlantis"
    )
    other = await made(bench, "companies", name="Other Ltd")
    firm = await made(
        bench, "companies", name="Tea Ltd", domain="tea.example", address="1 Leaf St", country="germany", zip="10115"
    )
    await joined(bench, deal, "contacts", person)
    await joined(bench, deal, "companies", other, firm)
    await joined(bench, deal, "companies", firm, kind=5)
    return deal


@pytest.mark.parametrize("version", ["2026-09", "2026-03", "v3"])
async def test_a_deal_comes_whole(version: str) -> None:
    """Lines in their order with discounts and tax, people, the primary company, the owner, labels and a link."""
    async with HARNESS.open(config={"api_version": version, "vat_property": "vat_id"}) as bench:
        await bench.act("create_property", type="companies", definition=TEXT | {"name": "vat_id"})
        deal_id = await sale(bench)
        (firm,) = [one["id"] for one in await bench.live("companies") if one["name"] == "Tea Ltd"]
        await bench.act("edit", type="companies", id=firm, properties={"vat_id": "de 123456789"})
        deal = await reading(bench, currencies=["USD", "EUR"], portal_id="62515").deal(deal_id)
        assert deal is not None
        assert (deal.pipeline_label, deal.stage_label) == ("Sales Pipeline", "Closed Won")
        assert (deal.won, deal.closed, deal.amount, deal.currency) == (True, True, Decimal(130), "USD")
        assert deal.url == f"https://app.hubspot.com/contacts/62515/record/0-3/{deal_id}"
        assert deal.owner is not None
        assert (deal.owner.id, deal.owner.name, deal.owner.email) == (OWNER, "Olive Owner", "owner@portal.example")
        first, second = deal.lines
        assert (first.name, first.sku, first.tax_rate, first.tax_name) == ("Tea 1", "T-1", Decimal(19), "VAT 19 %")
        assert (second.name, second.tax_rate, second.position) == ("Tea 0", Decimal(7), 2)
        assert (first.quantity, first.unit_price, first.discount) == (Decimal(3), Decimal("10.005"), Decimal("0.5"))
        assert (first.discount_percent, first.net) == (Decimal(10), Decimal("25.5135"))
        (person,) = deal.contacts
        assert (person.address.email, person.address.first_name) == (f"ada{deal_id}@tea.example", "Ada")
        assert person.primary
        assert person.address.country == "Atlantis", "a name the table does not have stays as it is"
        primary = [one for one in deal.companies if one.primary]
        assert [(one.address.company, one.address.country, one.vat_id) for one in primary] == [
            ("Tea Ltd", "DE", "DE123456789")
        ]
        assert len(deal.companies) == 2


TEXT = {"type": "string", "fieldType": "text"}


async def test_requests_do_not_grow_with_lines() -> None:
    """A deal of 2 lines and one of 90 take the same requests; 20 deals take no more; 250 lines are three batches."""
    async with HARNESS.open() as bench:
        few, many = await sale(bench, 2), await sale(bench, 90)
        others = [await made(bench, "deals", dealname=str(at)) for at in range(20)]
        big = await sale(bench, 250)

        async def counted(ids: list[str]) -> tuple[int, tuple[Deal, ...]]:
            before = await bench.requests()
            found = await reading(bench).some(ids)
            return await bench.requests() - before, found

        one, (small,) = await counted([few])
        two, (large,) = await counted([many])
        all_of_them, found = await counted([few, *others, "999", few])
        three, (huge,) = await counted([big])
        assert one == two == all_of_them == 9
        assert three == 11
        assert [len(deal.lines) for deal in (small, large, huge)] == [2, 90, 250]
        assert [deal.id for deal in found] == [few, *others]


async def test_what_is_not_there_is_none() -> None:
    """Archived, merged into another, never made; and what is no id is refused before anything is asked."""
    async with HARNESS.open() as bench:
        deals = reading(bench)
        binned, kept, merged = [await made(bench, "deals", dealname=name) for name in ("a", "b", "c")]
        await bench.act("archive", type="deals", id=binned)
        await bench.act("merge", type="deals", id=kept, other=merged)
        assert [await deals.deal(each) for each in (binned, merged, "123456")] == [None] * 3
        assert (found := await deals.deal(kept)) is not None
        assert found.id == kept
        for wrong in ("closedwon", "1/../2", "", "9" * 21):
            with pytest.raises(ValueError, match="digits"):
                await deals.deal(wrong)


async def test_a_list_is_filtered_and_loses_nothing_between_its_pages() -> None:
    """The newest first, by record id: a deal that is changed while pages turn is neither lost nor told twice."""
    async with HARNESS.open(search_lag_s=0) as bench:
        deals = reading(bench)
        ids = [
            await made(
                bench,
                "deals",
                dealname=f"d{at}",
                amount=str(at),
                dealstage="closedwon" if at % 2 else "contractsent",
                closedate=f"2026-11-{at + 1:02d}T10:00:00Z",
                **({"hubspot_owner_id": OWNER} if at == 3 else {}),
            )
            for at in range(7)
        ]

        async def names(asked: DealFilter) -> list[str]:
            return [deal.name for deal in (await deals.deals(asked, None, 100)).items]

        seen, cursor = [], None
        for _ in range(4):
            page = await deals.deals(DealFilter(), cursor, 2)
            seen += [deal.id for deal in page.items]
            await bench.act("edit", type="deals", id=ids[0], properties={"description": f"{len(seen)}"})
            cursor = page.cursor
        assert seen == ids[::-1]
        assert cursor is None
        assert await names(DealFilter(won=True)) == ["d5", "d3", "d1"]
        assert await names(DealFilter(won=False)) == ["d6", "d4", "d2", "d0"]
        assert await names(DealFilter(stage="Contract Sent", pipeline="sales pipeline", least=Decimal(3))) == [
            "d6",
            "d4",
        ]
        assert await names(DealFilter(least=Decimal("1.5"), most=Decimal(4), stage="closedwon")) == ["d3"]
        assert await names(DealFilter(owner="Owner@portal.example")) == ["d3"]
        span = (datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC))
        assert await names(DealFilter(closed_from=span[0], closed_until=span[1])) == ["d2", "d1"]
        bare = await made(bench, "deals", dealname="bare", dealstage="closedwon")
        assert await names(DealFilter(won_since=datetime(2026, 11, 4, tzinfo=UTC))) == ["bare", "d5", "d3"]
        assert (await deals.deals(DealFilter(won_since=span[0]), None, 1)).total == 4
        await bench.act("archive", type="deals", id=bare)
        assert await names(DealFilter(modified_since=datetime.now(UTC) + timedelta(days=1))) == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (DealFilter(stage="paid"), "stage"),
        (DealFilter(pipeline="renewals"), "pipeline"),
        (DealFilter(owner="nobody@portal.example"), "owner"),
    ],
)
async def test_a_filter_that_names_nothing_is_refused(asked: DealFilter, field: str) -> None:
    """By its field, with what there is."""
    async with HARNESS.open() as bench:
        with pytest.raises(UnknownDeals) as refused:
            await reading(bench).deals(asked, None, 10)
        assert refused.value.field == field
        assert refused.value.remedy
        with pytest.raises(ValueError, match="cursor"):
            await reading(bench).deals(DealFilter(), {"before": "x"}, 10)


async def test_trouble_is_told_as_the_vendors() -> None:
    """A refused token and a server's error raise ``CallFailed``; owners that may not be read are known by id."""
    async with HARNESS.open() as bench:
        deal_id = await sale(bench)
        await bench.turn(next_errors=5)
        with pytest.raises(CallFailed):
            await reading(bench).deal(deal_id)
        await bench.turn(next_errors=0)
        bad = msgspec.structs.replace(bench.good, secrets={"token": "pat-na1-nobody"})
        with pytest.raises(CallFailed):
            await HubSpotDeals(bad, CONNECTOR.manifest).deals(DealFilter(), None, 10)
        scopes = [one for one in await _scopes(bench) if "owners" not in one]
        await bench.control("PUT", "settings", {"tokens": {TOKEN: scopes}})
        found = await reading(bench).deal(deal_id)
        assert found is not None
        assert found.owner is not None
        assert (found.owner.id, found.owner.name) == (OWNER, "")


async def test_who_left_owns_deals_still() -> None:
    """An owner who has left is named all the same."""
    async with HARNESS.open() as bench:
        deal_id = await sale(bench)
        await bench.act("leave", owner=OWNER)
        found = await reading(bench).deal(deal_id)
        assert found is not None
        assert found.owner is not None
        assert found.owner.name == "Olive Owner"


async def _scopes(bench: PortalBench) -> list[str]:
    return list((await bench.control("GET", "settings"))["tokens"][TOKEN])


async def test_the_number_is_written_to_the_deal_by_its_id() -> None:
    """By the plan, through the destination that writes everything else; before the property is made it is refused."""
    async with HARNESS.open() as bench:
        deal_id = await made(bench, "deals", dealname="Tea")
        told = InvoiceTold(deal_id=deal_id, number="RE-7", link="https://hub.example.test/i/7")
        (step,) = reading(bench).write_back(told, "hubspot-1:deal:7").steps
        (write,) = step.writes
        fields = {name: str(value) for name, value in write.properties.items()}
        assert CONNECTOR.destination is not None
        destination = CONNECTOR.destination(bench.good)
        (refused,) = await destination.perform(step.name, [Resolved(write, write.record_id, dict(fields))])
        assert isinstance(refused, Rejected)
        assert "crossdock_invoice" in f"{refused.field}{refused.reason}"
        await destination.prepare()
        for _ in range(2):
            (done,) = await destination.perform(step.name, [Resolved(write, write.record_id, dict(fields))])
            assert isinstance(done, Delivered)
        (deal,) = await bench.live("deals")
        assert (deal["crossdock_invoice_number"], deal["crossdock_invoice_link"]) == ("RE-7", told.link)
        found = await reading(bench).deal(deal_id)
        assert found is not None
        assert found.invoice_number == "RE-7"


async def test_the_official_client_reads_the_same() -> None:
    """hubspot-api-client, by v3 and v4 paths: deals, associations, line items, owners and pipelines."""
    async with HARNESS.open(config={"api_version": "v3"}) as bench:
        deal_id = await sale(bench, 5)
        deal = await reading(bench).deal(deal_id)
        assert deal is not None
        theirs = await asyncio.to_thread(_official, bench.url, deal_id)
        assert theirs["deal"]["dealname"] == deal.name
        assert Decimal(theirs["deal"]["amount"]) == deal.amount
        assert datetime.fromisoformat(theirs["deal"]["createdate"]) == deal.created_at
        assert theirs["stage"] == (deal.pipeline_label, deal.stage_label, "true", "1.0")
        assert deal.owner is not None
        assert theirs["owner"] == (deal.owner.id, deal.owner.name, deal.owner.email)
        ours = {"line_items": deal.lines, "contacts": deal.contacts, "companies": deal.companies}
        assert theirs["ends"] == {name: {one.id for one in parts} for name, parts in ours.items()}  # type: ignore[attr-defined]
        assert theirs["lines"] == {
            line.id: (line.name, line.quantity, line.unit_price, line.net, line.tax_rate) for line in deal.lines
        }


async def test_the_official_client_finds_the_same() -> None:
    """Search by v3 with the filters of a list: the same deals in the same order, page by page."""
    async with HARNESS.open(config={"api_version": "v3"}, search_lag_s=0) as bench:
        for at in range(9):
            stage = ("closedwon", "contractsent", "closedlost")[at % 3]
            await made(
                bench, "deals", dealname=f"d{at}", amount=str(at), dealstage=stage, closedate=f"2026-11-0{at + 1}"
            )
        since = datetime(2026, 11, 3, tzinfo=UTC)
        asked = DealFilter(stage="Closed Won", least=Decimal(1), closed_from=since)
        page, ours = None, []
        while page is None or page.cursor is not None:
            page = await reading(bench).deals(asked, page.cursor if page else None, 1)
            ours += [deal.id for deal in page.items]
        filters = [
            {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"},
            {"propertyName": "amount", "operator": "GTE", "value": "1"},
            {"propertyName": "closedate", "operator": "GTE", "value": str(round(since.timestamp() * 1000))},
        ]
        theirs = await asyncio.to_thread(_searched, bench.url, filters)
        assert ours == theirs
        assert len(theirs) == 2


def _searched(url: str, filters: list[dict[str, str]]) -> list[str]:
    crm = hubspot.HubSpot(access_token=TOKEN, host=url).crm
    sorts = [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]
    asked = PublicObjectSearchRequest(filter_groups=[{"filters": filters}], sorts=sorts, limit=100)
    return [one.id for one in crm.deals.search_api.do_search(asked).results]


def _official(url: str, deal_id: str) -> dict[str, Any]:
    crm = hubspot.HubSpot(access_token=TOKEN, host=url).crm
    names = ["dealname", "amount", "createdate", "dealstage", "pipeline", "hubspot_owner_id"]
    deal = crm.deals.basic_api.get_by_id(deal_id, properties=names).properties
    owner = crm.owners.owners_api.get_by_id(int(deal["hubspot_owner_id"]))
    stage = crm.pipelines.pipeline_stages_api.get_by_id("deals", deal["pipeline"], deal["dealstage"])
    pipeline = crm.pipelines.pipelines_api.get_by_id("deals", deal["pipeline"])
    ends = {}
    for other in ("line_items", "contacts", "companies"):
        asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": deal_id}])
        found = crm.associations.v4.batch_api.get_page("deals", other, asked)
        ends[other] = {str(end.to_object_id) for one in found.results for end in one.to}
    wanted = ["name", "quantity", "price", "amount", "hs_tax_rate"]
    asked = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": each} for each in ends["line_items"]], properties=wanted, properties_with_history=[]
    )
    lines = {
        one.id: (one.properties["name"], *(Decimal(one.properties[name]) for name in wanted[1:]))
        for one in crm.line_items.batch_api.read(asked).results
    }
    return {
        "deal": deal,
        "owner": (owner.id, f"{owner.first_name} {owner.last_name}", owner.email),
        "stage": (pipeline.label, stage.label, stage.metadata["isClosed"], stage.metadata["probability"]),
        "ends": ends,
        "lines": lines,
    }
