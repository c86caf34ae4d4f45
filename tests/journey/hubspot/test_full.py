"""HubSpot in full: figures on contacts, firms, and taking over what the portal has already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.model.connection import Connection
from crossdock.model.observation import Observation, Presence
from crossdock.model.origin import Origin
from tests.journey.hubspot.stage import Place, Portal
from tests.support.hub import add_route, add_shop, estrange, order, signed, until, working

pytestmark = pytest.mark.asyncio
PRODUCT = {"id": 7, "name": "Tea", "type": "simple", "status": "publish", "sku": "T", "price": "5.00"}


class Sale:
    """A shop whose orders come by webhook, and a portal that is prepared."""

    def __init__(self, place: Place, portal: Portal, crm: Connection, shop: Connection) -> None:
        self.place, self.portal, self.crm, self.shop = place, portal, crm, shop

    async def hook(self, document: dict[str, Any], topic: str = "order.updated") -> None:
        """Tell the hub."""
        headers, body = signed(document, topic)
        await self.place.hub.journey.webhook(self.shop, headers, body)

    async def rested(self) -> None:
        """Wait until nothing is on its way."""

        async def quiet() -> bool:
            async with self.place.hub.database.engine() as conn:
                dead = await conn.fetch("SELECT reason FROM delivery_done WHERE state = 'dead'")
                assert not dead, [row["reason"] for row in dead]
                return not await conn.fetchval(
                    "SELECT (SELECT count(*) FROM delivery) + (SELECT count(*) FROM doorbell)"
                )

        await until(quiet)

    async def person(self, email: str) -> dict[str, Any]:
        """Return a contact."""
        (found,) = [one for one in await self.portal.live("contacts") if one.get("email") == email]
        return found

    async def joined(self, kind: str, other: str) -> set[tuple[str, str]]:
        """Return the associations between two kinds."""
        held = (await self.portal.control("GET", f"state?type={kind}&history=false"))["associations"]
        return {(one["from_id"], one["to_id"]) for one in held if one["from"] == kind and one["to"] == other}


async def sold(place: Place, **choices: Any) -> Sale:
    """Connect a portal with choices, and a shop."""
    portal = await place.portal(62515)
    tenant = await place.hub.tenants.find()
    form = {"token": hubspot.TOKEN, "base_url": portal.url, **choices}
    made = await place.hub.connections.connect(tenant, "hubspot", form, actor="test")
    crm = await place.hub.connections.one(tenant, made.id)
    shop = await add_shop(place.hub)
    await add_route(place.hub, shop, crm, "order", "order")
    return Sale(place, portal, crm, shop)


@pytest_asyncio.fixture
async def sale(place: Place) -> AsyncIterator[Sale]:
    """Figures and firms chosen."""
    made = await sold(place, figures=True, companies=True)
    async with working(place.hub):
        yield made


def bill(number: int, total: str, **more: Any) -> dict[str, Any]:
    """Return an order of Ada's."""
    billing = {"first_name": "Ada", "last_name": "L", "email": "Ada@Tea.example", "company": "Tea GmbH"}
    return order(number, total=total, billing=billing, date_created_gmt=f"2026-11-{number:02}T09:00:00", **more)


async def test_figures_follow_the_ledger_exactly(sale: Sale) -> None:
    """Two orders and a cancelled one; a refund and a replay change what they should, and nothing else."""
    categories = [{"id": 1, "name": "Black tea"}]
    await sale.hook(
        {**PRODUCT, "categories": categories, "date_modified_gmt": "2026-11-01T00:00:00"}, "product.updated"
    )
    await sale.hook(bill(1, "10.10"))
    await sale.hook(bill(2, "20.25"))
    await sale.hook(bill(3, "99.00", status="cancelled"))
    await sale.rested()
    ada = await sale.person("ada@tea.example")
    told = {name.removeprefix("crossdock_"): value for name, value in ada.items() if name.startswith("crossdock_")}
    wanted = {
        "orders_count": "2",
        "total_spent": "30.35",
        "spent_currency": "USD",
        "spent_by_currency": "USD 30.35",
        "average_order": "15.18",
        "first_order_at": "2026-11-01T09:00:00Z",
        "last_order_at": "2026-11-02T09:00:00Z",
        "categories": "Black tea",
    }
    assert {name: told[name] for name in wanted} == wanted
    refund = [{"id": 1, "reason": "", "total": "-5.25"}]
    await sale.hook(bill(2, "20.25", refunds=refund, date_modified_gmt="2026-11-20T11:00:00"))
    await sale.rested()
    ada = await sale.person("ada@tea.example")
    assert (ada["crossdock_total_spent"], ada["crossdock_orders_count"]) == ("25.10", "2")
    again = await sale.place.hub.replay.done(sale.crm.tenant_id, state="delivered")
    assert again
    await sale.rested()
    assert await sale.person("ada@tea.example") == {**ada, "lastmodifieddate": ada["lastmodifieddate"]}


async def test_a_firm_is_one_company_joined_to_its_buyers_and_deals(sale: Sale) -> None:
    """Two buyers of one domain: one company, its name left to the portal's people."""
    await sale.hook(bill(1, "10.00"))
    await sale.rested()
    (firm,) = await sale.portal.live("companies")
    assert (firm["name"], firm["domain"]) == ("Tea GmbH", "tea.example")
    await sale.portal.act("edit", type="companies", id=firm["id"], properties={"name": "Tea Holding"})
    other = {"first_name": "Eve", "last_name": "M", "email": "eve@tea.example", "company": "TEA gmbh"}
    await sale.hook(order(2, billing=other))
    await sale.rested()
    (firm,) = await sale.portal.live("companies")
    assert firm["name"] == "Tea Holding"
    people, deals = await sale.portal.live("contacts"), await sale.portal.live("deals")
    assert await sale.joined("contacts", "companies") == {(one["id"], firm["id"]) for one in people}
    assert await sale.joined("deals", "companies") == {(one["id"], firm["id"]) for one in deals}


async def test_what_the_portal_has_is_taken_over(place: Place) -> None:
    """A contact by its address, a company by its domain, a deal by the rule's property; two of one name are left."""
    sale = await sold(place, companies=True, adopt_by="dealname")
    person = await sale.portal.make("contacts", email="ada@tea.example", phone="+1", firstname="Ada")
    firm = await sale.portal.make("companies", name="Tea & Sons", domain="tea.example")
    deal = await sale.portal.make("deals", dealname="#1 Ada L", amount="1")
    twins = {await sale.portal.make("deals", dealname="#2 Ada L") for _ in range(2)}
    async with working(place.hub):
        await sale.hook(bill(1, "10.00"))
        await sale.hook(bill(2, "20.00"))
        await sale.rested()
    (contact,) = await sale.portal.live("contacts")
    assert (contact["id"], contact["phone"]) == (person, "+1")
    (company,) = await sale.portal.live("companies")
    assert (company["id"], company["name"]) == (firm, "Tea & Sons")
    assert company["crossdock_key"] == "company:tea.example"
    deals = {one["id"]: one for one in await sale.portal.live("deals")}
    assert deals[deal]["amount"] == "10.00"
    assert deals[deal]["crossdock_key"].endswith(":order:1")
    assert all("crossdock_key" not in deals[one] for one in twins)
    (made,) = set(deals) - {deal, *twins}
    assert deals[made]["crossdock_key"].endswith(":order:2")


async def test_choices_are_changed_later_and_the_portal_is_prepared_first(place: Place) -> None:
    """Figures switched on after months: their properties are made before the choice holds."""
    sale = await sold(place)
    before = (await sale.portal.control("GET", "state?history=false"))["properties"]["contacts"]
    assert "crossdock_total_spent" not in before
    changed = await place.hub.upkeep.change(sale.crm.tenant_id, sale.crm.id, {"figures": True}, actor="test")
    assert changed.config["figures"] is True
    after = (await sale.portal.control("GET", "state?history=false"))["properties"]["contacts"]
    assert after["crossdock_total_spent"]["type"] == "number"
    assert after["crossdock_first_order_at"]["type"] == "datetime"


async def test_new_records_are_given_an_owner_and_notes_stand_on_their_deal(place: Place) -> None:
    """Who has an owner keeps it; a note's text is escaped, and a deleted note goes to the bin."""
    sale = await sold(place, owner="Owner@portal.example", notes=True)
    await add_route(place.hub, sale.shop, sale.crm, "note", "note")
    kept = await sale.portal.make("contacts", email="guest2@example.com", hubspot_owner_id="77001")
    await sale.hook(order(1))
    await sale.hook(order(2, customer_id=0))
    note = {
        "id": 55,
        "author": "Ann",
        "date_created_gmt": "2026-11-20T10:00:00",
        "note": "Call <b>first</b>",
        "customer_note": False,
        "_links": {"up": [{"href": "https://shop.example/wp-json/wc/v3/orders/1"}]},
    }
    await recorded(sale, note)
    async with working(place.hub):
        await sale.rested()
        deals = {one["crossdock_order_number"]: one for one in await sale.portal.live("deals")}
        assert {one["hubspot_owner_id"] for one in deals.values()} == {"77001"}
        assert (await sale.person("guest2@example.com"))["id"] == kept
        (written,) = await sale.portal.live("notes")
        assert written["hs_note_body"] == "shop, Ann: Call &lt;b&gt;first&lt;/b&gt;"
        assert await sale.joined("notes", "deals") == {(written["id"], deals["1"]["id"])}
        await recorded(sale, {"id": 55, "deleted": True}, Presence.DELETED)
        await sale.rested()
        assert await sale.portal.live("notes") == []


async def recorded(sale: Sale, document: dict[str, Any], presence: Presence = Presence.LIVE) -> None:
    """Record a note as a pull does."""
    hub = sale.place.hub
    async with hub.database.transaction() as conn:
        now = await conn.fetchval("SELECT clock_timestamp()")
        seen = Observation("note", str(document["id"]), document, presence, parent_id="1")
        await hub.journey.record(conn, sale.shop, [seen], Origin.PULL, (now, now))
    hub.journey.recorded()


async def test_an_owner_that_nobody_knows_is_refused_by_name(place: Place) -> None:
    """The delivery waits as a dead letter that says what to choose."""
    sale = await sold(place, owner="nobody@portal.example")
    await sale.hook(order(1))

    async def dead() -> str | None:
        async with place.hub.database.engine() as conn:
            found: str | None = await conn.fetchval("SELECT reason FROM delivery_done WHERE state = 'dead'")
        return found

    async with working(place.hub):
        assert "owner" in await until(dead)


async def test_an_order_that_cannot_be_read_stops_nobody(sale: Sale) -> None:
    """Its buyer gets no figures, for the sum would be wrong; others in the same batch do."""
    other = {"first_name": "Eve", "last_name": "M", "email": "eve@other.example"}
    await sale.hook(bill(1, "10.00"))
    await sale.hook(bill(2, "no number", status="completed"))
    await sale.hook(order(3, total="7.00", billing=other))

    async def told() -> bool:
        async with sale.place.hub.database.engine() as conn:
            return not await conn.fetchval("SELECT count(*) FROM delivery")

    await until(told)
    assert (await sale.person("eve@other.example"))["crossdock_total_spent"] == "7.00"
    assert len(await sale.portal.live("deals")) == 2
    await sale.hook(bill(4, "5.00"))
    await until(told)
    assert (await sale.person("ada@tea.example")).get("crossdock_total_spent") != "15.00"


async def test_a_product_that_cannot_be_opened_stops_nobody(sale: Sale) -> None:
    """Its key is not among those given: the figures are told without its categories."""
    product = {**PRODUCT, "categories": [{"id": 1, "name": "Black tea"}], "date_modified_gmt": "2026-11-01T00:00:00"}
    await sale.hook(product, "product.updated")
    await estrange(sale.place.hub, str(product["id"]))
    await sale.hook(bill(1, "10.10"))
    await sale.rested()
    ada = await sale.person("ada@tea.example")
    assert (ada["crossdock_total_spent"], ada.get("crossdock_categories", "")) == ("10.10", "")
