"""What a site may send: whatever breaks a rule is named by its field; what the recordings hold is taken as it is."""

from __future__ import annotations

import contextlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from crossdock.api.integrations.wordpress import words
from crossdock.api.integrations.wordpress.checking import path, problems_of
from crossdock.api.integrations.wordpress.document import schemas
from crossdock.api.integrations.wordpress.items import AHEAD, read
from crossdock.errors import BadInput
from crossdock.kit.site_address import account_uid, site_url
from tests.journey.plugin.stage import customer, facts, item
from tests.support.hub import order
from tests.support.shared import needs_recordings
from tests.unit.woocommerce.recordings import stored

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
GOOD: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
    "order": (words.Order, order(12)),
    "customer": (words.Customer, customer()),
    "product": (words.Product, {"id": 5, "name": "Tea", "price": "2.50", "categories": [{"id": 1, "name": "Green"}]}),
    "refund": (words.Refund, {"id": 6, "parent_id": 12, "amount": "2.00"}),
    "site": (words.Site, facts()),
    "item": (words.Item, {**item("order", order(12)), "subject": "a@example.com"}),
}
WRONG: dict[str, list[tuple[str, Any]]] = {
    "order": [
        *(("id", bad) for bad in (0, -1, "12", 1.5, True, None)),
        *(("status", bad) for bad in ("", "On Hold", 7, None, "x" * 61)),
        *(("currency", bad) for bad in ("eur", "EURO", "", None, 978)),
        *(("total", bad) for bad in ("", "12,50", "1e9", None, True, [], "NaN")),
        *(("customer_id", bad) for bad in (-1, "7", 1.5)),
        *(("billing.email", bad) for bad in ("nobody", "a b@c.example", 7, [])),
        ("billing", "x"),
        ("billing", [1]),
        ("line_items", {}),
        ("line_items[0]", 7),
        *(("line_items[0].quantity", bad) for bad in ("2", None, True)),
        ("line_items[0].total", "two"),
        ("meta_data[0].key", 7),
        *(("date_modified_gmt", bad) for bad in ("yesterday", 7, "2026-13-01T00:00:00", "2026-11-20")),
    ],
    "customer": [("id", -1), ("id", "7"), ("email", "nobody"), ("is_paying_customer", "yes"), ("username", 7)],
    "product": [("id", 0), ("name", ""), ("price", "cheap"), ("stock_quantity", "1"), ("categories[0].name", None)],
    "refund": [("id", 0), ("parent_id", 0), ("parent_id", None), ("amount", "")],
    "site": [
        ("instance", "x"),
        ("instance", 7),
        *(
            ("url", bad)
            for bad in ("http://[::1", "http://x:99999", "https://a\x00b", "https://" + "x" * 70 + ".example")
        ),
        ("name", "a\x00"),
        *(("url", bad) for bad in ("shop.example", "ftp://shop.example", "https://", "", None)),
        ("rest_url", "/wp-json/"),
        ("currency", "Euro"),
        ("environment", "prod"),
        ("hpos", 1),
        ("blog_id", 0),
        ("name", "x" * 501),
    ],
    "item": [
        *(("id", bad) for bad in ("1", None, 7, "0190d0a86e2f7b529d530c2a4f6c1d10")),
        *(("kind", bad) for bad in ("coupon", "", None)),
        ("action", "updated"),
        ("origin", "dead"),
        *(
            ("occurred_at", bad)
            for bad in ("2026-11-21T10:00:00", "2026-11-21", 1795600800, "0001-01-01T00:00:00+14:00")
        ),
        *(("type", bad) for bad in ("login", "User.login", "user.", "user login", "a.b.c.d.e")),
        ("entity", ""),
        ("entity", "a\x00"),
        ("entity", "x" * 97),
        ("subject", "nobody"),
        ("data", [1]),
        ("data", None),
    ],
}
CASES = [(kind, field, bad) for kind, wrong in WRONG.items() for field, bad in wrong]


def put(document: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """Return the document with a value at a place such as ``line_items[0].total``."""
    copied: Any = json.loads(json.dumps(document))
    copied.setdefault("meta_data", []) or copied.update(meta_data=[{"key": "a", "value": 1}])
    at, parts = copied, field.replace("[", ".").replace("]", "").split(".")
    for part in parts[:-1]:
        at = at[int(part)] if part.isdigit() else at[part]
    last = parts[-1]
    at[int(last) if last.isdigit() else last] = value
    return dict(copied)


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_right_is_taken(kind: str) -> None:
    word, document = GOOD[kind]
    assert problems_of(word, document) == []


@pytest.mark.parametrize(("kind", "field", "bad"), CASES, ids=lambda value: str(value)[:24])
def test_what_breaks_a_rule_is_named(kind: str, field: str, bad: Any) -> None:
    word, document = GOOD[kind]
    (problem,) = problems_of(word, put(document, field, bad))
    assert problem["field"] == field
    assert problem["rule"]
    assert problem["remedy"]


LEAVES = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(GOOD)).flatmap(
        lambda kind: st.tuples(st.just(kind), st.sampled_from(sorted(GOOD[kind][1])), JSON)
    )
)
def test_whatever_is_sent_is_taken_or_named_by_its_own_field(case: tuple[str, str, Any]) -> None:
    kind, field, value = case
    word, document = GOOD[kind]
    problems = problems_of(word, {**document, field: value})
    for one in problems:
        # a rule over several fields may name the one beside it
        assert one["field"].split(".")[0].split("[")[0] in (field, "name", "parent_id", "email", "type"), (one, value)
        if isinstance(value, str) and len(value) > 4:
            assert value not in one["rule"]


@settings(max_examples=300)
@given(JSON)
def test_no_body_is_a_bug(value: Any) -> None:
    for kinds, mixed in ((("order", "refund"), False), (("event",), False), (tuple(words.DOCUMENTS), True)):
        with contextlib.suppress(BadInput):
            body = read(json.dumps(value).encode(), kinds, 100, NOW, mixed=mixed)
            assert body.given
            assert all(one.item is not None or one.refused is not None for one in body.given)


@given(st.from_regex(r"https?://[^\s]{1,40}", fullmatch=True) | st.text(max_size=30))
def test_an_address_that_is_taken_has_a_name(url: str) -> None:
    if not problems_of(words.Sender, {"instance": facts()["instance"], "url": url}):
        assert account_uid(site_url(url)) is not None
        assert account_uid(url) is not None


@given(st.lists(st.sampled_from(["good", "bad"]), min_size=1, max_size=8))
def test_each_item_stands_for_itself(plan: list[str]) -> None:
    items = [item("order", order(n + 1) if how == "good" else {"id": n + 1}) for n, how in enumerate(plan)]
    body = read(json.dumps({"items": items}).encode(), ("order",), 100, NOW + timedelta(days=365), mixed=True)
    assert ["good" if one.item else "bad" for one in body.given] == plan
    assert [one.id for one in body.given] == [one["id"] for one in items]


@needs_recordings
@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        *(("orders", "order"), ("customers", "customer"), ("products", "product"), ("variations", "product")),
        ("refunds", "refund"),
    ],
)
def test_documents_of_a_real_store_are_taken_as_they_are(stream: str, kind: str) -> None:
    """What the plugin adds to a document: the id of what it belongs to, and that a variation is one."""
    more = {"variations": {"type": "variation", "parent_id": 1}, "refunds": {"parent_id": 1}}.get(stream, {})
    found = [problems_of(words.DOCUMENTS[kind], {**more, **document}) for document in stored(stream)]
    assert len(found) > 50
    assert [one for one in found if one] == []


def test_an_empty_object_may_be_written_as_php_writes_it() -> None:
    event = {"type": "user.login", "data": [], "id": str(uuid.uuid4()), "occurred_at": NOW.isoformat()}
    (taken,) = read(json.dumps(event).encode(), ("event",), 100, NOW).given
    assert taken.item is not None
    assert taken.item.data == {}
    assert problems_of(words.Order, order(1, billing=[], shipping=[])) == []


def test_what_happens_in_the_future_is_refused() -> None:
    for ahead, taken in ((AHEAD - timedelta(seconds=1), True), (AHEAD + timedelta(seconds=1), False)):
        one = item("order", order(1), occurred_at=(NOW + ahead).isoformat())
        (given_one,) = read(json.dumps({"items": [one]}).encode(), ("order",), 100, NOW).given
        assert (given_one.item is not None) is taken


def test_the_schemas_that_are_published_name_what_is_checked() -> None:
    every = schemas()
    assert set(every) == {*words.PUBLISHED, "batch"}
    assert every["order"]["required"] == ["id", "status", "currency", "total"]
    assert set(every["item"]["required"]) == {"id", "kind", "occurred_at", "data"}
    assert every["batch"]["properties"]["items"]["maxItems"] == 100
    for kind, field, _ in CASES:
        top = field.split(".")[0].split("[")[0]
        assert top in every[kind]["properties"], (kind, field)


def test_a_place_is_written_as_people_write_it() -> None:
    assert path(("line_items", 0, "total"), "data") == "data.line_items[0].total"
    assert path(("a",)) == "a"
    assert path(()) == "body"
    assert len(path(("x" * 1000,))) == 100
