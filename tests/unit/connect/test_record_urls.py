"""Where people see a record."""

from __future__ import annotations

import pytest

from crossdock.connect import catalogue
from crossdock.connect.record_urls import account_pages, entity_url, record_url

HUBSPOT = catalogue.get("hubspot").manifest
SHOP = catalogue.get("woocommerce").manifest


@pytest.mark.parametrize(
    ("name", "external_id", "account", "url"),
    [
        ("contacts", "501", {"portal_id": "9"}, "https://app.hubspot.com/contacts/9/record/0-1/501"),
        ("deals", "7", {"portal_id": 9}, "https://app.hubspot.com/contacts/9/record/0-3/7"),
        ("deals", "7/../x", {"portal_id": "9"}, "https://app.hubspot.com/contacts/9/record/0-3/7%2F..%2Fx"),
        ("deals", "7", {}, None),
        ("deals", "", {"portal_id": "9"}, None),
        ("line_items", "7", {"portal_id": "9"}, None),
    ],
)
def test_an_address_is_told_only_where_all_of_it_is_known(
    name: str, external_id: str, account: dict[str, object], url: str | None
) -> None:
    assert record_url(HUBSPOT, name, external_id, account) == url


def test_every_object_with_an_address_is_written() -> None:
    for connector in catalogue.connectors():
        written = {name for action in connector.manifest.actions for name in action.objects}
        assert connector.manifest.record_urls.keys() <= written


@pytest.mark.parametrize(
    ("stream", "external_id", "account", "url"),
    [
        ("order", "17", {"site_url": "https://s.example"}, "https://s.example/wp-admin/post.php?post=17&action=edit"),
        (
            "order",
            "17",
            {"site_url": "http://s.example/shop/"},
            "http://s.example/shop/wp-admin/post.php?post=17&action=edit",
        ),
        (
            "customer",
            "3&x=1",
            {"site_url": "https://s.example"},
            "https://s.example/wp-admin/user-edit.php?user_id=3%26x%3D1",
        ),
        ("order", "17", {"site_url": "javascript:alert(1)//"}, None),
        ("order", "17", {}, None),
        ("order", "", {"site_url": "https://s.example"}, None),
        ("tax_rate", "1", {"site_url": "https://s.example"}, None),
        ("no such stream", "1", {"site_url": "https://s.example"}, None),
    ],
)
def test_an_entity_has_a_page_at_its_own_shop(
    stream: str, external_id: str, account: dict[str, object], url: str | None
) -> None:
    assert entity_url(SHOP, stream, external_id, account) == url


def test_an_account_s_own_pages_are_told_only_where_their_facts_are_known() -> None:
    known = account_pages(SHOP, {"site_url": "https://tea.example/shop/"})
    assert known["Orders"] == "https://tea.example/shop/wp-admin/edit.php?post_type=shop_order"
    assert account_pages(SHOP, {"site_url": "javascript:alert(1)"}) == {}
    assert account_pages(SHOP, {}) == {}
    deals = account_pages(HUBSPOT, {"portal_id": "9/1"})["Deals"]
    assert deals == "https://app.hubspot.com/contacts/9%2F1/objects/0-3/views/all/list"
