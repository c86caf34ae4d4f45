"""Answers: what a program reads is the same whether a struct is encoded at once or taken apart before."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
import pytest

from crossdock.api.problems import answer
from crossdock.connectors.woocommerce.mapper import observe, read
from crossdock.govern.records import Stored, StoreNamed
from crossdock.model.observation import Presence
from tests.support.shared import needs_recordings
from tests.unit.woocommerce.recordings import copy, stored


def envelope(data: Any, problem: str | None = None) -> Stored:
    at = datetime(2026, 11, 21, 8, 0, 0, 120_000, tzinfo=UTC)
    return Stored(
        id="ord_1", external_id="7", store=StoreNamed("con_1", "shop", "Käsehaus"), stream="order", version=3,
        presence=Presence.LIVE, status="processing", modified_at=at, recorded_at=at, event_id="evt_1", data=data,
        problem=problem,
    )  # fmt: skip


def two_ways(page: dict[str, Any]) -> tuple[bytes, bytes]:
    """What is answered, and the same by way of plain dicts and lists."""
    return bytes(answer(page).body), orjson.dumps(msgspec.to_builtins(page), default=str)


def recorded() -> Iterator[Any]:
    for name in ("orders", "products", "customers"):
        for document in stored(name):
            yield read(observe(name.removesuffix("s"), document), {"currency": "EUR"})


@needs_recordings
def test_every_recorded_word_is_answered_byte_for_byte_as_by_way_of_dicts() -> None:
    words = list(recorded())
    at_once, apart = two_ways({"items": [envelope(word) for word in words], "next": None})
    assert len(words) > 500
    assert at_once == apart


def test_a_word_a_document_and_nothing_are_answered_in_one_page() -> None:
    order = read(observe("order", copy("order_updated_refund").json()), {})
    document = {"id": 7, "text": 'quote " and \\ and \u2028 and \x00', "amount": 11.05, "list": [1, None, True]}
    at_once, apart = two_ways(
        {"items": [envelope(order), envelope(document), envelope(None, "past retention")], "next": "ord_1"}
    )
    assert at_once == apart
    first, second, third = orjson.loads(at_once)["items"]
    assert first["data"]["total"] == "35.25", "money is a decimal in a string"
    assert first["modified_at"] == "2026-11-21T08:00:00.120000Z"
    assert second["data"] == document
    assert (third["data"], third["problem"]) == (None, "past retention")


@pytest.mark.parametrize("number", [1e22, -5.5e64, 1e-9])
def test_a_float_of_any_size_is_the_same_number(number: float) -> None:
    at_once, _ = two_ways({"items": [envelope({"value": number})]})
    assert orjson.loads(at_once)["items"][0]["data"] == {"value": number}


def test_what_json_has_no_word_for_is_its_text() -> None:
    named = uuid.UUID(int=7)
    assert bytes(answer({"id": named}).body) == b'{"id":"00000000-0000-0000-0000-000000000007"}'
