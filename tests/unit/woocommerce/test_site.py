"""A shop's address, name and way of sending keys."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connect.auth import Outgoing
from crossdock.connect.auth.basic import Basic
from crossdock.connect.auth.oauth1 import OAuth1
from crossdock.connect.auth.query import QueryKeys
from crossdock.connectors.woocommerce import site

KEYS = {"key": " ck_1 ", "secret": "cs_2\n"}


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
    assert site.site_url(typed) == url


@pytest.mark.parametrize("typed", ["", "https://", "ftp://shop.example", "https://ck_1:cs_2@shop.example"])
def test_what_is_no_address_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValueError, match="expected the shop's web address") as raised:
        site.site_url(typed)
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
def test_a_shop_is_named_by_host_port_and_folder(url: str, uid: str) -> None:
    assert site.account_uid(url) == uid


@given(st.from_regex(r"[a-z]{1,20}(\.[a-z]{2,20}){1,4}(/[a-zA-Z0-9_-]{0,30}){0,4}", fullmatch=True))
def test_a_name_is_short_and_plain(address: str) -> None:
    uid = site.account_uid(f"https://{address}")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", uid)
    assert uid == site.account_uid(f"http://{address}")


def test_what_the_person_says_goes_before_what_the_check_found() -> None:
    assert site.rest_base({}, {}) == "/wp-json"
    assert site.rest_base({"rest_base": "/wp-json"}, {"rest_base": "/index.php/wp-json"}) == "/index.php/wp-json"
    assert site.rest_base({"rest_base": "api/"}, {"rest_base": "/index.php/wp-json"}) == "/api"
    assert site.auth_kind("http://s.example", {"auth": "query"}, {}) == "oauth1"
    assert site.auth_kind("https://s.example", {}, {}) == "basic"
    assert site.auth_kind("https://s.example", {"auth": "auto"}, {"auth": "query"}) == "query"
    assert site.auth_kind("https://s.example", {"auth": "basic"}, {"auth": "query"}) == "basic"


def test_keys_are_sent_as_the_kind_says() -> None:
    assert isinstance(site.auth_of("basic", KEYS, lambda: 0.0), Basic)
    assert isinstance(site.auth_of("oauth1", KEYS, lambda: 0.0), OAuth1)
    by_query = site.auth_of("query", KEYS, lambda: 0.0)
    assert isinstance(by_query, QueryKeys)
    sent = by_query.apply(Outgoing("GET", "https://s.example/"))
    assert sent.query == (("consumer_key", "ck_1"), ("consumer_secret", "cs_2"))
    with pytest.raises(ValueError, match="consumer key and consumer secret"):
        site.auth_of("basic", {"key": "ck_1"}, lambda: 0.0)
