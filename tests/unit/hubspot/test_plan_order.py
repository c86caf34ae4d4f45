"""What an order becomes: steps, keys, fields, and what happens on cancel, trash, delete, restore."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crossdock.connect.connector import PlanRefused
from crossdock.connectors.hubspot import mapper
from crossdock.connectors.hubspot import plan as plans
from crossdock.model.commerce.address import Address
from crossdock.model.mapping import Mapped
from crossdock.model.plan import Ref, Verb
from tests.unit.hubspot.shop import (
    ACCOUNT,
    ADDRESS,
    CUSTOMER,
    ORDER,
    PIPELINES,
    STORE,
    context,
    gone,
    like,
    planned,
    writes,
)

KEY = f"{STORE}:order:17"
GUEST = mapper.guest_key(ADDRESS)
KNOWN = {KEY: (("deals", KEY), ("line_items", f"{STORE}:line:17:1"), ("line_items", f"{STORE}:line:17:9"))}


def test_the_steps_in_order() -> None:
    plan = planned(ORDER)
    assert [step.name for step in plan.steps] == ["contact", "products", "deal", "lines", "associations"]
    assert [step.name for step in planned(ORDER, children=KNOWN).steps][-1] == "archive-lines"


def test_the_deal_carries_the_order() -> None:
    (deal,) = writes(planned(ORDER), "deal")
    assert (deal.verb, deal.object, deal.key, deal.match) == (Verb.UPSERT, "deals", KEY, ("crossdock_key", KEY))
    assert deal.parent_key == KEY
    assert deal.properties == {
        "crossdock_key": KEY,
        "crossdock_store": "Example Shop",
        "dealname": "#1017 Zoë Müller",
        "amount": "32.40",
        "deal_currency_code": "EUR",
        "closedate": "2026-01-31T12:05:00Z",
        "pipeline": "default",
        "dealstage": "closedwon",
        "crossdock_order_number": "1017",
        "crossdock_order_status": "processing",
        "crossdock_refunded_total": "0.00",
        "crossdock_tax_total": "0",
        "crossdock_shipping_total": "0",
        "crossdock_discount_total": "0",
        "crossdock_payment_method": None,
        "crossdock_coupons": None,
    }


def test_lines_name_their_product_and_never_have_a_negative_price() -> None:
    first, voucher, _ = writes(planned(ORDER), "lines")
    assert first.key == f"{STORE}:line:17:1"
    assert first.parent_key == KEY
    assert first.properties["hs_product_id"] == Ref("products", f"{STORE}:product:51")
    assert (first.properties["name"], first.properties["price"]) == ("Cup blue", "10.123457")
    assert voucher.properties["price"] == "0"
    assert voucher.properties["crossdock_line_total"] == "-5"
    assert "hs_product_id" not in voucher.properties


def test_a_tenants_mapping_without_a_floor_still_gives_no_negative_price() -> None:
    own = Mapped({"line_items": ({"price": "-5"}, {}, {}), "deals": ({},)})
    plan = plans.plan("order", ORDER, own, context(ORDER))
    assert writes(plan, "lines")[0].properties["price"] == "0"
    assert writes(plan, "products")[0].properties["name"] == "Cup <b>blue</b>"


def test_a_mapping_that_does_not_repeat_for_each_line_is_refused() -> None:
    with pytest.raises(PlanRefused, match="for each line"):
        plans.plan("order", ORDER, Mapped({"line_items": ({},)}), context(ORDER))


def test_products_are_only_ensured_and_once() -> None:
    (product,) = writes(planned(ORDER), "products")
    assert product.ensure
    assert product.properties == {"name": "Cup blue", "hs_sku": "CUP", "crossdock_key": f"{STORE}:product:51"}


def test_the_deal_is_associated_with_its_contact_and_every_line() -> None:
    plan = planned(ORDER)
    ends = {write.to for write in writes(plan, "associations")}
    assert ends == {Ref("contacts", GUEST), *(Ref("line_items", f"{STORE}:line:17:{n}") for n in "123")}
    assert {write.verb for write in writes(plan, "associations")} == {Verb.ASSOCIATE}


def test_lines_that_are_gone_are_archived() -> None:
    (write,) = writes(planned(ORDER, children=KNOWN), "archive-lines")
    assert (write.verb, write.object, write.key) == (Verb.ARCHIVE, "line_items", f"{STORE}:line:17:9")


# --- people ---------------------------------------------------------------------------------------------------------


def test_a_guest_that_this_order_speaks_for_is_written() -> None:
    (contact,) = writes(planned(ORDER), "contact")
    assert (contact.key, contact.match, contact.ensure) == (GUEST, ("email", ADDRESS), False)
    assert contact.properties == {
        "email": ADDRESS,
        "firstname": "Zoë",
        "lastname": "Müller",
        "phone": "+49301234567",
        "lifecyclestage": "customer",
    }
    assert ADDRESS not in contact.key


def test_an_unpaid_order_makes_nobody_a_customer() -> None:
    (contact,) = writes(planned(like(ORDER, paid_at=None, status="pending")), "contact")
    assert "lifecyclestage" not in contact.properties


@pytest.mark.parametrize("speakers", [{}, {ADDRESS: ("order", f"{STORE}:99")}, {ADDRESS: ("customer", "other:7")}])
def test_a_guest_for_whom_another_record_speaks_is_only_ensured(speakers: dict[str, tuple[str, str]]) -> None:
    (contact,) = writes(planned(ORDER, speakers=speakers), "contact")
    assert contact.ensure
    assert contact.properties == {"email": ADDRESS}


@pytest.mark.parametrize("email", ["", "  ", "nobody", "a b@example.test", "x@localhost"])
def test_without_a_usable_address_there_is_no_contact(email: str) -> None:
    plan = planned(like(ORDER, billing=Address(email=email)))
    assert not writes(plan, "contact")
    assert all(write.to and write.to.object == "line_items" for write in writes(plan, "associations"))


def test_a_registered_customers_order_follows_the_account() -> None:
    account = like(CUSTOMER, email="Account@Example.test")
    plan = planned(like(ORDER, customer_id="7"), related={("customer", "7"): account})
    (contact,) = writes(plan, "contact")
    assert (contact.key, contact.ensure) == (f"{STORE}:customer:7", True)
    assert contact.match == ("email", "account@example.test")
    assert contact.properties == {"email": "account@example.test", "firstname": "Zoë", "lastname": "Müller"}


def test_an_account_we_have_no_record_of_does_not_take_the_billing_address() -> None:
    (contact,) = writes(planned(like(ORDER, customer_id="7")), "contact")
    assert (contact.key, contact.ensure, contact.match) == (GUEST, True, ("email", ADDRESS))


def test_needs_of_an_order() -> None:
    asked = plans.needs(like(ORDER, customer_id="7"), STORE)
    assert asked.related == (("customer", "7"),)
    assert asked.subjects == (ADDRESS,)
    assert ("line_items", KEY) in asked.children_of


# --- states ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("pending", "contractsent"),
        ("on-hold", "contractsent"),
        ("draft", "appointmentscheduled"),
        ("wc-custom", "appointmentscheduled"),
        ("processing", "closedwon"),
        ("completed", "closedwon"),
        ("cancelled", "closedlost"),
        ("failed", "closedlost"),
        ("refunded", "closedlost"),
    ],
)
def test_the_stage_follows_the_status(status: str, stage: str) -> None:
    (deal,) = writes(planned(like(ORDER, status=status)), "deal")
    assert deal.properties["dealstage"] == stage
    assert deal.properties["crossdock_order_status"] == status


def test_a_refund_lowers_no_amount() -> None:
    (deal,) = writes(planned(like(ORDER, status="refunded", refunded_total=Decimal("32.40"))), "deal")
    assert (deal.properties["amount"], deal.properties["crossdock_refunded_total"]) == ("32.40", "32.40")


def test_a_trashed_order_is_a_lost_deal() -> None:
    (deal,) = writes(planned(like(ORDER, status="trash"), presence="trashed"), "deal")
    assert (deal.properties["dealstage"], deal.properties["crossdock_order_status"]) == ("closedlost", "trash")


def test_a_draft_is_nothing_until_it_was_something() -> None:
    draft = like(ORDER, status="checkout-draft")
    assert "draft" in planned(draft, presence="draft").nothing
    assert writes(planned(draft, presence="draft", children=KNOWN), "deal")


def test_a_deleted_order_archives_its_lines_then_its_deal() -> None:
    plan = gone("order", "17", children=KNOWN)
    assert [step.name for step in plan.steps] == ["archive-lines", "archive-deal"]
    assert [write.key for write in writes(plan, "archive-lines")] == [f"{STORE}:line:17:1", f"{STORE}:line:17:9"]
    assert writes(plan, "archive-deal")[0].verb is Verb.ARCHIVE


def test_a_deleted_order_may_be_left() -> None:
    plan = gone("order", "17", children=KNOWN, config={"on_delete": "leave"})
    (deal,) = writes(plan, "deal")
    assert deal.properties == {"crossdock_key": KEY, "crossdock_order_status": "deleted"}


def test_what_was_never_delivered_is_not_deleted() -> None:
    assert "before" in gone("order", "17").nothing


def test_a_restored_order_is_written_again() -> None:
    assert writes(planned(ORDER), "deal")[0].verb is Verb.UPSERT


# --- the portal -----------------------------------------------------------------------------------------------------


def test_a_currency_the_portal_lacks_is_refused() -> None:
    with pytest.raises(PlanRefused, match="no currency CHF") as caught:
        planned(like(ORDER, currency="CHF"))
    assert caught.value.field == "currency"


def test_without_known_currencies_none_is_written() -> None:
    (deal,) = writes(planned(ORDER, account={"pipelines": PIPELINES}), "deal")
    assert "deal_currency_code" not in deal.properties


def test_without_known_pipelines_no_stage_is_written() -> None:
    (deal,) = writes(planned(ORDER, account={}), "deal")
    assert "dealstage" not in deal.properties


def test_the_mapping_may_set_the_stage_itself() -> None:
    own = Mapped({"deals": ({"dealstage": "mine", "pipeline": "other"},)})
    (deal,) = writes(plans.plan("order", ORDER, own, context(ORDER)), "deal")
    assert (deal.properties["dealstage"], deal.properties["pipeline"]) == ("mine", "other")


def test_the_order_object_by_choice() -> None:
    plan = planned(ORDER, config={"order_object": "orders"})
    (order,) = writes(plan, "order")
    assert (order.object, order.key) == ("orders", KEY)
    assert order.properties["hs_external_order_id"] == KEY
    assert order.properties["hs_order_name"] == "#1017"
    assert (order.properties["hs_pipeline"], order.properties["hs_pipeline_stage"]) == ("order-pipeline", "s2")
    assert {write.object for write in writes(plan, "associations")} == {"orders"}


def test_the_order_object_where_the_portal_has_none() -> None:
    with pytest.raises(PlanRefused, match="no order object"):
        planned(ORDER, config={"order_object": "orders"}, account={**ACCOUNT, "objects": {"orders": False}})


def test_an_entity_the_action_does_not_take() -> None:
    with pytest.raises(PlanRefused):
        plans.plan("order", {"any": "document"}, Mapped({}), context(ORDER))
    assert plans.needs({"any": "document"}, STORE) == type(plans.needs(ORDER, STORE))()
