"""What customers and products become."""

from __future__ import annotations

from crossdock.connectors.hubspot import plan as plans
from crossdock.model.plan import Verb
from tests.unit.hubspot.shop import ADDRESS, CUSTOMER, PRODUCT, STORE, gone, like, planned, writes

ME = f"{STORE}:customer:7"
THING = f"{STORE}:product:5"


def test_a_customer_is_found_by_link_or_address() -> None:
    (contact,) = writes(planned(CUSTOMER, speakers={ADDRESS: ("customer", f"{STORE}:7")}), "contact")
    assert (contact.verb, contact.key, contact.match) == (Verb.UPSERT, ME, ("email", ADDRESS))
    assert not contact.ensure
    assert contact.properties == {
        "email": ADDRESS,
        "firstname": "Zoë",
        "lastname": "Müller",
        "lifecyclestage": "customer",
        "crossdock_customer_id": ME,
        "crossdock_customer_state": "live",
        "crossdock_store": "Example Shop",
    }


def test_a_changed_address_keeps_the_key_so_the_link_finds_the_contact() -> None:
    (contact,) = writes(planned(like(CUSTOMER, email="new@example.test"), speakers={}), "contact")
    assert (contact.key, contact.properties["email"]) == (ME, "new@example.test")


def test_somebody_who_never_paid_is_no_customer_yet() -> None:
    (contact,) = writes(planned(like(CUSTOMER, is_paying=False), speakers={}), "contact")
    assert "lifecyclestage" not in contact.properties


def test_one_person_in_two_stores_the_other_speaks() -> None:
    (contact,) = writes(planned(CUSTOMER, speakers={ADDRESS: ("customer", "other-store:3")}), "contact")
    assert contact.ensure
    assert contact.properties == {"email": ADDRESS}


def test_a_customer_without_an_address_is_nothing() -> None:
    assert "address" in planned(like(CUSTOMER, email=""), speakers={}).nothing


def test_a_deleted_customer_stays_and_says_so() -> None:
    (contact,) = writes(gone("contact", "7", children={ME: (("contacts", ME),)}), "contact")
    assert contact.properties == {"crossdock_customer_state": "deleted"}
    assert contact.match is None
    assert gone("contact", "7").nothing


def test_a_product_is_upserted_by_our_key() -> None:
    (product,) = writes(planned(PRODUCT), "product")
    assert product.match == ("crossdock_key", THING)
    assert product.properties == {
        "crossdock_key": THING,
        "crossdock_state": "live",
        "crossdock_store": "Example Shop",
        "name": "Cup",
        "hs_sku": "CUP",
        "price": "9.90",
        "description": "Blue",
    }


def test_a_trashed_or_deleted_product_stays() -> None:
    (product,) = writes(planned(PRODUCT, presence="trashed"), "product")
    assert product.properties["crossdock_state"] == "trashed"
    (product,) = writes(gone("product", "5", children={THING: (("products", THING),)}), "product")
    assert product.properties == {"crossdock_key": THING, "crossdock_state": "deleted"}
    assert gone("product", "5").nothing


def test_needs() -> None:
    assert plans.needs(CUSTOMER, STORE).subjects == (ADDRESS,)
    assert plans.needs(like(CUSTOMER, email="none"), STORE).subjects == ()
    assert plans.needs(PRODUCT, STORE).children_of == (("products", THING),)
