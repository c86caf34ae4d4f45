"""From an order to what stands in the portal, in every state, on a sandbox portal."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crossdock.connectors.hubspot import CONNECTOR
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.lines import OrderLine
from crossdock.model.outcome import Delivered, Gone, Rejected, Unknown
from crossdock.model.plan import Plan, Ref, Resolved, Step, Verb, Write
from tests.contract.hubspot.courier import Courier
from tests.contract.hubspot.harness import HARNESS, PortalBench
from tests.contract.hubspot.scripted import access
from tests.unit.hubspot.shop import ACTIONS, ADDRESS, CUSTOMER, ORDER, PRODUCT, like, mapped

SPEAKS = {ADDRESS: ("order", "shop:17")}


@contextlib.asynccontextmanager
async def opened(settings: dict[str, Any] | None = None, **config: Any) -> AsyncIterator[tuple[PortalBench, Courier]]:
    """Open a prepared portal and a courier to it."""
    async with HARNESS.open(config=config, **(settings or {})) as bench:
        assert CONNECTOR.destination is not None
        to = CONNECTOR.destination(bench.good)
        courier = Courier(to, await to.prepare(), **config)
        courier.speakers.update(SPEAKS)
        yield bench, courier


def fine(outcomes: list[Any]) -> bool:
    assert all(isinstance(each, Delivered) for each in outcomes), outcomes
    return bool(outcomes)


@pytest.mark.parametrize("version", ["2026-09", "2026-03", "v3"])
async def test_an_order_arrives_whole(version: str) -> None:
    async with opened(api_version=version) as (bench, courier):
        assert fine(await courier.deliver(ORDER))
        (deal,) = await bench.live("deals")
        (contact,) = await bench.live("contacts")
        (product,) = await bench.live("products")
        lines = {line["crossdock_key"]: line for line in await bench.live("line_items")}
        (found,) = await courier.held("deals")
    assert (deal["dealname"], deal["amount"], deal["dealstage"]) == ("#1017 Zoë Müller", "32.40", "closedwon")
    assert (contact["email"], contact["lifecyclestage"]) == (ADDRESS, "customer")
    assert product["hs_sku"] == "CUP"
    assert len(lines) == 3
    assert lines["shop:line:17:1"]["hs_product_id"] == product["id"]
    assert lines["shop:line:17:2"]["price"] == "0"
    assert found.associations == {("contacts", contact["id"]), *(("line_items", line["id"]) for line in lines.values())}


async def test_what_is_found_equals_what_was_sent() -> None:
    async with opened() as (_, courier):
        await courier.deliver(ORDER)
        await courier.deliver(CUSTOMER)
        await courier.deliver(PRODUCT)
        to = courier.destination
        for entity, name, key in (
            (ORDER, "deals", "shop:order:17"),
            (ORDER, "line_items", "shop:line:17:1"),
            (PRODUCT, "products", "shop:product:5"),
        ):
            wanted = _written(courier, entity, key)
            found = next(each for each in await courier.held(name) if each.key == key)
            drift = {
                prop: (value, found.properties.get(prop))
                for prop, value in wanted.items()
                if not to.equal(name, prop, value, found.properties.get(prop))
            }
            assert not drift


def _written(courier: Courier, entity: Any, key: str) -> dict[str, str | None]:
    action = ACTIONS[type(entity)]
    plan = courier.destination.plan(action, entity, mapped(entity), courier.context(entity, "live"))
    writes = [write for step in plan.steps for write in step.writes if write.key == key and write.verb is Verb.UPSERT]
    properties = writes[0].properties
    return {
        name: courier.links[value.object, value.key] if isinstance(value, Ref) else value
        for name, value in properties.items()
    }


async def test_the_same_order_twice_or_without_its_links_is_one() -> None:
    async with opened() as (bench, courier):
        await courier.deliver(ORDER)
        await courier.deliver(ORDER)
        courier.links.clear()
        assert fine(await courier.deliver(ORDER))
        counts = {kind: len(await bench.live(kind)) for kind in ("deals", "contacts", "products", "line_items")}
    assert counts == {"deals": 1, "contacts": 1, "products": 1, "line_items": 3}


@pytest.mark.parametrize("nth", range(6))
async def test_an_answer_cut_anywhere_leaves_no_second_record(nth: int) -> None:
    async with opened() as (bench, courier):
        context = courier.context(ORDER, "live")
        plan = courier.destination.plan("order", ORDER, mapped(ORDER), context)
        for at, step in enumerate(plan.steps):
            if at == nth:
                await bench.turn(cut_after_effect=1)
            await courier.carry(Plan((step,)))
            if at == nth:
                await bench.turn(cut_after_effect=0)
                await courier.carry(Plan((step,)))
        assert fine(await courier.deliver(ORDER))
        counts = {kind: len(await bench.live(kind)) for kind in ("deals", "contacts", "products", "line_items")}
        (found,) = await courier.held("deals")
    assert counts == {"deals": 1, "contacts": 1, "products": 1, "line_items": 3}
    assert len(found.associations) == 4


async def test_an_unknown_outcome_is_said_for_every_write_of_the_call() -> None:
    async with opened() as (bench, courier):
        await bench.turn(cut_after_effect=1)
        step, writes = bench.writes(3)
        assert [type(each) for each in await courier.destination.perform(step, writes)] == [Unknown] * 3


async def test_a_removed_line_is_archived_and_a_changed_one_updated() -> None:
    async with opened() as (bench, courier):
        await courier.deliver(ORDER)
        fewer = like(ORDER, lines=(like(ORDER.lines[0], quantity=Decimal(5)),))
        assert fine(await courier.deliver(fewer))
        (line,) = await bench.live("line_items")
        (found,) = await courier.held("deals")
    assert line["quantity"] == "5"
    assert ("line_items", line["id"]) in found.associations
    assert len(found.associations) == 2


async def test_trash_delete_and_restore() -> None:
    async with opened() as (bench, courier):
        await courier.deliver(ORDER)
        await courier.deliver(like(ORDER, status="trash"), presence="trashed")
        (deal,) = await bench.live("deals")
        assert (deal["dealstage"], deal["crossdock_order_status"]) == ("closedlost", "trash")
        assert fine(await courier.delete("order", "17"))
        assert await bench.live("deals") == await bench.live("line_items") == []
        assert await courier.delete("order", "17") == []
        assert fine(await courier.deliver(ORDER))
        assert len(await bench.live("deals")) == 1
        assert len(await bench.live("line_items")) == 3
        assert len((await courier.held("deals"))[0].associations) == 4


async def test_a_deleted_order_that_is_left() -> None:
    async with opened(on_delete="leave") as (bench, courier):
        await courier.deliver(ORDER)
        assert fine(await courier.delete("order", "17"))
        (deal,) = await bench.live("deals")
    assert (deal["crossdock_order_status"], deal["dealname"]) == ("deleted", "#1017 Zoë Müller")


async def test_a_deal_that_a_person_archived_is_made_again() -> None:
    async with opened() as (bench, courier):
        await courier.deliver(ORDER)
        (deal,) = await bench.live("deals")
        await bench.act("archive", type="deals", id=deal["id"])
        outcomes = await courier.deliver(ORDER)
        assert isinstance(outcomes[-1], Gone)
        assert fine(await courier.deliver(ORDER))
        (again,) = await bench.live("deals")
    assert again["id"] != deal["id"]


async def test_the_order_object() -> None:
    async with opened(order_object="orders") as (bench, courier):
        assert fine(await courier.deliver(ORDER))
        (order,) = await bench.live("orders")
        assert not await bench.live("deals")
        (found,) = await courier.held("orders")
        assert fine(await courier.delete("order", "17"))
        assert not await bench.live("orders")
    assert (order["hs_order_name"], order["hs_total_price"]) == ("#1017", "32.40")
    assert order["hs_external_order_id"] == "shop:order:17"
    assert len(found.associations) == 4


async def test_two_stores_with_the_same_numbers_never_meet() -> None:
    async with opened(order_object="orders") as (bench, courier):
        other = Courier(courier.destination, courier.account, "other", order_object="orders")
        await courier.deliver(ORDER)
        assert fine(await other.deliver(ORDER))
        assert len(await bench.live("orders")) == 2
        assert len(await courier.held("orders")) == len(await other.held("orders")) == 1


async def test_a_sku_that_another_product_has_stops_no_order() -> None:
    async with opened({"unique": ["products.hs_sku"]}) as (bench, courier):
        await bench.act("create", type="products", properties={"name": "By hand", "hs_sku": "CUP"})
        assert fine(await courier.deliver(ORDER))
        products = {product["name"]: product.get("hs_sku") for product in await bench.live("products")}
        (refused,) = await courier.deliver(like(PRODUCT, id="6"))
    assert products == {"By hand": "CUP", "Cup blue": None}
    assert isinstance(refused, Rejected)
    assert refused.field == "hs_sku"


# --- people ---------------------------------------------------------------------------------------------------------


async def test_a_person_with_many_orders_is_one_contact_and_the_speaker_names_them() -> None:
    async with opened() as (bench, courier):
        await courier.deliver(ORDER)
        older = like(ORDER, id="3", billing=like(ORDER.billing, first_name="Old"))
        assert fine(await courier.deliver(older))
        (contact,) = await bench.live("contacts")
    assert contact["firstname"] == "Zoë"


async def test_a_contact_that_stands_already_keeps_its_fields_when_only_ensured() -> None:
    async with opened() as (bench, courier):
        await bench.act("create", type="contacts", properties={"email": ADDRESS, "firstname": "By hand"})
        courier.customers["7"] = CUSTOMER
        assert fine(await courier.deliver(like(ORDER, customer_id="7")))
        (contact,) = await bench.live("contacts")
    assert contact["firstname"] == "By hand"


async def test_a_customer_changes_the_address() -> None:
    async with opened() as (bench, courier):
        courier.speakers.clear()
        await courier.deliver(CUSTOMER)
        assert fine(await courier.deliver(like(CUSTOMER, email="new@example.test")))
        (contact,) = await bench.live("contacts")
    assert contact["email"] == "new@example.test"


async def test_a_customer_changes_to_an_address_that_another_contact_has() -> None:
    async with opened() as (bench, courier):
        courier.speakers.clear()
        await bench.act("create", type="contacts", properties={"email": "new@example.test"})
        await courier.deliver(CUSTOMER)
        assert fine(await courier.deliver(like(CUSTOMER, email="new@example.test")))
        by_address = {contact["email"]: contact for contact in await bench.live("contacts")}
        assert courier.links["contacts", "shop:customer:7"] == by_address["new@example.test"]["id"]
    assert by_address["new@example.test"]["firstname"] == "Zoë"
    assert set(by_address) == {ADDRESS, "new@example.test"}


async def test_one_person_in_two_stores_goes_two_ways() -> None:
    async with opened() as (bench, courier):
        other = Courier(courier.destination, courier.account, "other")
        courier.speakers = other.speakers = {ADDRESS: ("customer", "shop:7")}
        await courier.deliver(CUSTOMER)
        assert fine(await other.deliver(CUSTOMER))
        assert len(await bench.live("contacts")) == 1
        # the one that speaks moves on to another address, the other one stays
        courier.speakers = other.speakers = {ADDRESS: ("customer", "other:7")}
        await courier.deliver(like(CUSTOMER, email="moved@example.test"))
        assert fine(await other.deliver(CUSTOMER))
        assert fine(await courier.deliver(like(CUSTOMER, email="moved@example.test")))
        contacts = {contact["email"]: contact["crossdock_customer_id"] for contact in await bench.live("contacts")}
    assert contacts == {ADDRESS: "other:customer:7", "moved@example.test": "shop:customer:7"}


async def test_a_deleted_customer_stays() -> None:
    async with opened() as (bench, courier):
        courier.speakers.clear()
        await courier.deliver(CUSTOMER)
        assert fine(await courier.delete("contact", "7"))
        (contact,) = await bench.live("contacts")
    assert (contact["crossdock_customer_state"], contact["email"]) == ("deleted", ADDRESS)


async def test_a_secondary_address_reaches_its_contact_and_the_proof_sees_it() -> None:
    async with opened() as (bench, courier):
        person = await bench.act("create", type="contacts", properties={"email": "first@example.test"})
        await bench.act("add_alias", id=person["id"], email=ADDRESS)
        assert fine(await courier.deliver(ORDER))
        (contact,) = await bench.live("contacts")
        found = await courier.held("contacts")
    assert (contact["email"], contact["firstname"]) == ("first@example.test", "Zoë")
    assert [each.properties["email"] for each in found] == [ADDRESS, "first@example.test"]


@pytest.mark.parametrize("backward", ["ignore", "refuse"])
async def test_sales_moved_the_person_on(backward: str) -> None:
    async with opened({"lifecycle_backward": backward}) as (bench, courier):
        person = {"email": ADDRESS, "lifecyclestage": "evangelist"}
        await bench.act("create", type="contacts", properties=person)
        assert fine(await courier.deliver(ORDER))
        (contact,) = await bench.live("contacts")
    assert (contact["lifecyclestage"], contact["firstname"]) == ("evangelist", "Zoë")


async def test_a_merged_contact_is_written_under_its_new_id() -> None:
    async with opened() as (bench, courier):
        courier.speakers.clear()
        await courier.deliver(CUSTOMER)
        mine = courier.links["contacts", "shop:customer:7"]
        person = await bench.act("create", type="contacts", properties={"email": "boss@example.test"})
        await bench.act("merge", type="contacts", id=person["id"], other=mine)
        for _ in range(2):
            outcomes = await courier.deliver(like(CUSTOMER, first_name="Zora"))
        assert fine(outcomes)
        contacts = await bench.live("contacts")
    assert [contact["firstname"] for contact in contacts] == ["Zora"]


# --- many -----------------------------------------------------------------------------------------------------------


async def test_a_hundred_orders_take_a_handful_of_calls() -> None:
    async with opened() as (bench, courier):
        before = await bench.requests()
        lines = tuple(OrderLine(id=str(n), name=f"L{n}", quantity=Decimal(1), product_id=str(n)) for n in range(3))
        people = [Customer(id=str(n), email=f"p{n}@example.test", first_name="P") for n in range(100)]
        courier.customers = {person.id: person for person in people}
        orders = [like(ORDER, id=str(n), customer_id=str(n), lines=lines) for n in range(100)]
        plans = [
            courier.destination.plan("order", order, mapped(order), courier.context(order, "live")) for order in orders
        ]
        for steps in zip(*(plan.steps for plan in plans), strict=True):
            together = tuple(write for step in steps for write in step.writes)
            assert fine(await courier.carry(Plan((Step(steps[0].name, together),))))
        calls = await bench.requests() - before
        assert len(await bench.live("deals")) == 100
        assert len(await bench.live("line_items")) == 300
    # contacts 1 read + 1 upsert, products the same (300 writes, 3 products), deals 1, lines 3, associations 1 + 1
    assert calls == 2 + 2 + 1 + 3 + 2


async def test_bad_rows_among_a_hundred_good_ones() -> None:
    async with opened() as (bench, courier):
        await bench.turn(poison=[{"object": "deals", "property": "dealname", "value": "shop:order:13"}])
        step, writes = bench.writes(100)
        outcomes = await courier.destination.perform(step, writes)
    bad = [write.write.key for write, each in zip(writes, outcomes, strict=True) if not isinstance(each, Delivered)]
    assert bad == ["shop:order:13"]


async def test_check_on_the_sandbox() -> None:
    assert CONNECTOR.destination is not None
    async with HARNESS.open() as bench:
        good = await CONNECTOR.destination(bench.good).check()
        narrow = await CONNECTOR.destination(bench.narrow).check()
    assert good.ok
    assert good.account["objects"] == {"orders": True}
    assert {"USD", "EUR"} <= set(good.account["currencies"])
    assert not narrow.ok
    assert narrow.code == "missing-scopes"
    async with HARNESS.open(orders_object=False, config={"order_object": "orders"}) as bench:
        without = await CONNECTOR.destination(bench.good).check()
    assert (without.ok, without.code) == (False, "no-orders-object")


async def test_a_token_pasted_with_something_else_is_a_wrong_token() -> None:
    assert CONNECTOR.destination is not None
    async with HARNESS.open() as bench:
        pasted = access(bench.url, bench.transport, token="pat-na1 “x”\n")
        result = await CONNECTOR.destination(pasted).check()
    assert (result.ok, result.code) == (False, "wrong-token")


async def test_preparing_twice_changes_nothing() -> None:
    assert CONNECTOR.destination is not None
    async with HARNESS.open(config={"order_object": "orders"}) as bench:
        to = CONNECTOR.destination(bench.good)
        first = await to.prepare()
        made = (await bench.control("GET", "state"))["properties"]
        assert await to.prepare() == first
        assert (await bench.control("GET", "state"))["properties"] == made
    assert made["orders"]["crossdock_key"]["hasUniqueValue"] is True


async def test_archiving_an_archived_deal_is_done() -> None:
    async with opened() as (_, courier):
        await courier.deliver(ORDER)
        deal = courier.links["deals", "shop:order:17"]
        write = Resolved(Write(Verb.ARCHIVE, "deals", "shop:order:17"), deal, {})
        for _ in range(2):
            assert await courier.destination.perform("archive-deal", [write]) == [Delivered(deal)]


async def test_times_are_the_same_after_the_portal_wrote_them_its_own_way() -> None:
    async with opened() as (_, courier):
        moment = datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)
        await courier.deliver(like(ORDER, paid_at=moment))
        (found,) = await courier.held("deals")
    assert courier.destination.equal("deals", "closedate", "2026-02-03T04:05:06.789Z", found.properties["closedate"])
