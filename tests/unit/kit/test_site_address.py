"""A web site's address and name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.kit.site_address import account_uid, site_url


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


@given(st.from_regex(r"[a-z]{1,20}(\.[a-z]{2,20}){1,4}(/[a-zA-Z0-9_-]{0,30}){0,4}", fullmatch=True))
def test_a_name_is_short_and_plain(address: str) -> None:
    uid = account_uid(f"https://{address}")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", uid)
    assert uid == account_uid(f"http://{address}")
