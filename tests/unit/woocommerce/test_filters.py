"""What of a shop goes no further than the record, and by which named rule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.connectors.woocommerce.filters import filter_of, start_of
from crossdock.connectors.woocommerce.mapper import observe
from crossdock.model.delivery import SkipReason

ORDER: dict[str, Any] = {
    "id": 7,
    "status": "processing",
    "date_created_gmt": "2026-03-01T12:00:00",
    "payment_method": "cod",
    "billing": {"email": "Ana@Example.com"},
    "meta_data": [{"id": 1, "key": "_mode", "value": "test"}],
}
PRODUCT: dict[str, Any] = {"id": 9, "status": "publish", "type": "simple", "categories": [{"id": 15, "name": "Tea"}]}


@pytest.mark.parametrize(
    ("config", "stream", "changes", "expected"),
    [
        ({"start_date": "2026-03-02"}, "order", {}, SkipReason.HISTORICAL),
        ({"start_date": "2026-03-01T12:00:00Z"}, "order", {}, None),
        ({"start_date": "2026-03-01T15:00:00+02:00"}, "order", {}, SkipReason.HISTORICAL),
        ({"start_date": "2026-03-02"}, "refund", {}, SkipReason.HISTORICAL),
        ({"start_date": "2026-03-02"}, "product", {"date_created_gmt": "2020-01-01T00:00:00"}, None),
        ({"filters": {"gateways": ["cod"]}}, "order", {}, SkipReason.FILTER),
        ({"filters": {"gateways": ["stripe"]}}, "order", {}, None),
        ({"filters": {"emails": ["*@example.com"]}}, "order", {}, SkipReason.FILTER),
        ({"filters": {"emails": ["ana@*"]}}, "customer", {"email": "ana@shop.example"}, SkipReason.FILTER),
        ({"filters": {"emails": ["example.com"]}}, "order", {}, None),
        ({"filters": {"meta": ["_mode"]}}, "order", {}, SkipReason.FILTER),
        ({"filters": {"meta": [{"key": "_mode", "value": "test"}]}}, "order", {}, SkipReason.FILTER),
        ({"filters": {"meta": [{"key": "_mode", "value": "live"}]}}, "order", {}, None),
        ({"filters": {"drafts": True}}, "order", {"status": "checkout-draft"}, SkipReason.FILTER),
        ({"filters": {"drafts": True}}, "order", {"status": "pending"}, None),
        ({"filters": {"drafts": True}}, "product", {"status": "draft"}, SkipReason.FILTER),
        ({"filters": {"products": [9]}}, "product", {}, SkipReason.FILTER),
        (
            {"filters": {"products": ["9"]}},
            "product",
            {"id": 10, "type": "variation", "parent_id": 9},
            SkipReason.FILTER,
        ),
        ({"filters": {"products": [8]}}, "product", {}, None),
        ({"filters": {"categories": [15]}}, "product", {}, SkipReason.FILTER),
        ({"filters": {"categories": [16]}}, "product", {}, None),
    ],
)
def test_rules(config: dict[str, Any], stream: str, changes: dict[str, Any], expected: SkipReason | None) -> None:
    decide = filter_of(config)
    assert decide is not None
    assert decide(observe(stream, {**(PRODUCT if stream == "product" else ORDER), **changes})) is expected


@pytest.mark.parametrize(
    "config", [{}, {"start_date": "soon"}, {"start_date": 7}, {"filters": []}, {"filters": {"gateways": "cod"}}]
)
def test_a_config_that_says_nothing_leaves_nothing_out(config: dict[str, Any]) -> None:
    assert filter_of(config) is None


def test_a_start_without_a_zone_is_utc() -> None:
    assert start_of({"start_date": "2026-03-01"}) == datetime(2026, 3, 1, tzinfo=UTC)
