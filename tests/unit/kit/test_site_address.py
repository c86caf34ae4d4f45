"""A web site's address and name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.kit.site_address import account_uid, same_address, site_url


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("shop.example", "https://shop.example"),
        ("  https://Shop.Example/  ", "https://shop.example"),
        ("HTTP://shop.example:8080/Store/", "http://shop.example:8080/Store"),
        ("https://shop.example/store/wp-json/wc/v3/", "https://shop.example/store"),
        ("https://shop.example/wp-admin/admin.php?page=wc-settings#x", "https://shop.example"),
        ("https://shop.example/index.php/wp-json", "https://shop.example"),
        ("https://shop.example/wp-json-mirror", "https://shop.example/wp-json-mirror"),
    ],
)
def test_what_people_paste_becomes_the_address(typed: str, url: str) -> None:
    assert site_url(typed) == url


@pytest.mark.parametrize("typed", ["", "https://", "ftp://shop.example", "https://ck_1:cs_2@shop.example"])
def test_what_is_no_address_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValueError, match="expected the site's web address") as raised:
        site_url(typed)
    assert "cs_2" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "uid"),
    [
        ("https://shop.example", "shop-example"),
        ("http://Shop.Example:80/", "shop-example"),
        ("https://shop.example:8443/de/laden", "shop-example-8443-de-laden"),
        ("https://bücher.example", "xn-bcher-kva-example"),
    ],
)
def test_a_site_is_named_by_host_port_and_folder(url: str, uid: str) -> None:
    assert account_uid(url) == uid


@pytest.mark.parametrize(
    "typed",
    [
        "http://127.0.0.1:8921/shop",
        "https://127.0.0.1:8921/shop",
        "127.0.0.1:8921/shop/",
        " HTTP://127.0.0.1:8921/shop/wp-admin/ ",
    ],
)
def test_a_site_is_found_however_its_address_is_typed(typed: str) -> None:
    assert same_address(typed, "http://127.0.0.1:8921/shop")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("Shop.Example", "https://shop.example"),
        ("http://shop.example", "https://shop.example/"),
        ("bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_the_hosts_letters_and_the_scheme_make_no_other_site(typed: str, url: str) -> None:
    assert same_address(typed, url)


@pytest.mark.parametrize(
    "typed",
    ["", "shop", "shop.example:8443", "shop.example/de", "a-shop.example", "shop-example", "ftp://shop.example", "a:b"],
)
def test_another_address_or_none_names_another_site(typed: str) -> None:
    assert not same_address(typed, "https://shop.example")
    assert not same_address(typed, "https://a.shop.example")


@given(st.from_regex(r"[a-z]{1,20}(\.[a-z]{2,20}){1,4}(/[a-zA-Z0-9_-]{0,30}){0,4}", fullmatch=True))
def test_a_name_is_short_and_plain(address: str) -> None:
    uid = account_uid(f"https://{address}")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", uid)
    assert uid == account_uid(f"http://{address}")
