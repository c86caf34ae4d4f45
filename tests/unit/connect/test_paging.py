"""Reading on through lists."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.connect.paging import (
    PagingBroken,
    after,
    last_id,
    linked_query,
    links,
    next_offset,
    next_page,
    onward,
    without_proof,
)

HEADER = (
    '<http://127.0.0.1:8481/wp-json/wc/v3/orders?per_page=2&oauth_nonce=x&status%5B0%5D=any&page=1>; rel="prev", '
    '<http://127.0.0.1:8481/wp-json/wc/v3/orders?per_page=2&oauth_nonce=x&status%5B0%5D=any&page=3>; rel="next"'
)


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(1, 60))
def test_pages_and_offsets_end_having_seen_all(total: int, size: int) -> None:
    page: int | None = 1
    seen = 0
    while page is not None:
        got = min(size, max(0, total - (page - 1) * size))
        seen += got
        page = next_page(page, got, size)
    assert seen == total
    for known in (None, total):
        offset: int | None = 0
        seen = 0
        while offset is not None:
            got = min(size, max(0, total - offset))
            seen += got
            offset = next_offset(offset, got, size, known)
        assert seen == total


def test_a_short_page_is_not_the_end_while_the_total_says_more() -> None:
    assert next_offset(0, 3, 10, 20) == 3
    assert next_offset(0, 3, 10) is None
    assert next_offset(0, 0, 10, 20) is None


def test_cursors_are_found_and_never_loop() -> None:
    assert after({"paging": {"next": {"after": 17}}}, "paging.next.after") == "17"
    for nothing in ({}, {"paging": None}, {"paging": {"next": {"after": ""}}}, [], None):
        assert after(nothing, "paging.next.after") is None
    with pytest.raises(PagingBroken, match="twice"):
        after({"cursor": "a"}, "cursor", "a")


def test_keysets() -> None:
    assert last_id([{"id": 1}, {"id": 2}], True) == "2"
    assert last_id([{"id": 1}], False) is None
    assert last_id([], True) is None


def test_a_link_gives_its_query_and_never_its_host() -> None:
    query = linked_query(HEADER, "/wc/v3/orders")
    assert query is not None
    assert dict(query)["page"] == "3"
    assert without_proof(query) == (("per_page", "2"), ("status[0]", "any"), ("page", "3"))
    assert linked_query(HEADER, "/wc/v3/orders", "last") is None
    assert linked_query(None, "/x") is None
    with pytest.raises(PagingBroken, match="leaves the list"):
        linked_query(HEADER, "/wc/v3/customers")
    with pytest.raises(PagingBroken, match="cannot be read"):
        linked_query('<http://[::1/x>; rel="next"', "/x")


def test_an_opaque_next_address_stays_below_the_base() -> None:
    base = "https://acme.my.salesforce.com/services/data/v67.0"
    assert onward("/services/data/v67.0/query/01g-2000", base) == ("/query/01g-2000", ())
    assert onward(f"{base}?_getpages=a&_page=2", base) == ("", (("_getpages", "a"), ("_page", "2")))
    for away in (
        "https://evil.example/services/data/v67.0/query",
        "//evil.example/services/data/v67.0/query",
        "http://acme.my.salesforce.com/services/data/v67.0/query",
        "/services/data/v67.0evil",
        "/services/data/v67.0/../../admin",
        "/other",
    ):
        with pytest.raises(PagingBroken, match="leaves the API"):
            onward(away, base)
    with pytest.raises(PagingBroken, match="cannot be read"):
        onward("https://[::1", base)


def test_links_are_read_as_they_are_written() -> None:
    assert links('<https://a.example/?x=1,2>; title="a, b"; rel="next last", <b>; rel=prev') == {
        "next": "https://a.example/?x=1,2",
        "last": "https://a.example/?x=1,2",
        "prev": "b",
    }
    assert links('<https://a.example/wp-json/>; rel="https://api.w.org/"') == {
        "https://api.w.org/": "https://a.example/wp-json/"
    }


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_header_is_survived(header: str) -> None:
    assert isinstance(links(header), dict)
