"""From an item to an arrival: what decides is whether the site can be asked, and what its documents' words are."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.connect import catalogue
from crossdock.errors import Invalid
from crossdock.flow.plugin.items import Home, Item, arrival, home_of, moment
from crossdock.flow.plugin.persons import linked, over
from crossdock.model.observation import Doorbell, Observation, Occurrence, Presence
from crossdock.model.origin import Origin
from crossdock.model.wish import STREAMS as WISHES
from tests.support.hub import order

AT = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=UTC)


def home(name: str) -> Home:
    connector = catalogue.get(name)
    return home_of(connector, catalogue.get(connector.speaks) if connector.speaks else None)


def item(kind: str = "order", data: dict[str, Any] | None = None, **more: Any) -> Item:
    return Item(id=uuid.UUID(int=7), kind=kind, occurred_at=AT, data=order(12) if data is None else data, **more)


def test_who_can_be_asked() -> None:
    assert home("woocommerce").read
    assert not home("wordpress").read
    assert home("wordpress").observe is home("woocommerce").observe, "the same words make the same digest"


def test_where_nobody_knows_the_words_documents_stay_documents() -> None:
    unknown = home_of(None, None)
    seen, origin = arrival(item(data={"id": 5, "status": "x", "date_modified_gmt": "2030-01-01T00:00:00"}), unknown)
    assert isinstance(seen, Observation)
    assert (seen.external_id, seen.status, seen.modified_at, origin) == ("5", "", AT, Origin.PLUGIN)
    for data in ({}, {"id": None}, {"id": True}):
        with pytest.raises(Invalid) as refused:
            arrival(item(data=data), unknown)
        assert refused.value.field == "data.id"


@pytest.mark.parametrize("word", sorted({"order", "customer", "product", "refund", "coupon", "test", *WISHES}))
@pytest.mark.parametrize("name", ["woocommerce", "wordpress"])
def test_a_site_cannot_speak_as_the_store_or_the_hub(word: str, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        arrival(item("event", {}, type=f"{word}.happened"), home(name))
    assert refused.value.field == "type"
    taken, _ = arrival(item("event", {}, type=f"{word}s.happened", entity="a:1", subject=" A@x.Example "), home(name))
    assert isinstance(taken, Occurrence)
    assert (taken.stream, taken.external_id, taken.subjects) == ("event", "a:1", ("a@x.example",))
    assert taken.key == f"id:{uuid.UUID(int=7)}"


def test_a_deletion_is_a_question_or_the_end() -> None:
    gone = item(data={"id": 12, "parent_id": 3}, action="deleted")
    asked, _ = arrival(gone, home("woocommerce"))
    assert asked == Doorbell("order", "12", "3", "order.deleted")
    ended, _ = arrival(gone, home("wordpress"))
    assert isinstance(ended, Observation)
    assert (ended.presence, ended.modified_at, ended.parent_id) == (Presence.DELETED, AT, "3")


def test_an_export_is_history_and_a_sample_is_apart() -> None:
    assert arrival(item(origin="bulk"), home("wordpress"))[1] is Origin.BACKFILL
    assert arrival(item(origin="resend"), home("wordpress"))[1] is Origin.PLUGIN
    sample, _ = arrival(item(origin="test"), home("wordpress"))
    assert isinstance(sample, Occurrence)
    assert (sample.stream, sample.type, sample.external_id) == ("test", "test.order", None)


def test_a_shop_with_keys_keeps_its_own_time() -> None:
    document = order(12, modified="2026-11-21T09:00:00")
    for name, expected in (("woocommerce", datetime(2026, 11, 21, 9, tzinfo=UTC)), ("wordpress", AT)):
        seen, _ = arrival(item(data=document), home(name))
        assert isinstance(seen, Observation)
        assert seen.modified_at == expected


MOMENTS = st.integers(-(10**13), 10**13).map(lambda n: AT + timedelta(microseconds=n))


@given(st.none() | MOMENTS.map(lambda at: at.replace(microsecond=0)), MOMENTS)
def test_the_later_time_counts(own: datetime | None, occurred: datetime) -> None:
    found = moment(own, occurred)
    assert found >= occurred
    if own is None or own.replace(microsecond=0) <= occurred:
        assert found == occurred, "older, or of the same second"
    else:
        assert found == own
    later = occurred + timedelta(microseconds=1)
    assert moment(own, later) >= found, "what happened later is never older"


@given(st.dictionaries(st.sampled_from("abc"), st.integers() | st.dictionaries(st.sampled_from("xy"), st.integers())))
def test_news_are_laid_over_what_is_known(news: dict[str, Any]) -> None:
    known = {"a": {"x": 1, "z": 2}, "k": 5}
    whole = over(known, news)
    assert whole["k"] == 5
    assert known == {"a": {"x": 1, "z": 2}, "k": 5}, "what is known is not touched"
    for name, value in news.items():
        if isinstance(value, dict) and name == "a":
            assert whole[name] == {"x": 1, "z": 2, **value}
        else:
            assert whole[name] == value


def test_whose_order_it_is() -> None:
    made, other = uuid.uuid4(), uuid.uuid4()
    row = {"id": uuid.UUID(int=1), "seq": 1, "event_id": made}
    assert linked(row, None, {made}).status == "new"
    assert linked(row, None, {other}).status == "existing"
    assert linked({**row, "seq": 2}, None, {made}).status == "existing"
    assert linked(None, {**row, "bought": False}, set()).found_by == "email"
    nobody = {"id": None, "seq": None, "event_id": None}
    assert linked(None, {**nobody, "bought": True}, set()).status == "existing"
    assert linked(None, {**nobody, "bought": False}, set()).found_by == "none"
