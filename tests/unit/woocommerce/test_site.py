"""A shop's address, name and way of sending keys."""

from __future__ import annotations

import pytest

from crossdock.connect.auth import Outgoing
from crossdock.connect.auth.basic import Basic
from crossdock.connect.auth.oauth1 import OAuth1
from crossdock.connect.auth.query import QueryKeys
from crossdock.connectors.woocommerce import site

KEYS = {"key": " ck_1 ", "secret": "cs_2\n"}


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
