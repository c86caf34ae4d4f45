"""Wishes: what the hub wants of a store, recorded as events on the store's own connection."""

from __future__ import annotations

from typing import Final

STREAMS: Final = frozenset(
    {"order_status", "order_note", "fulfilment", "refund_request", "stock_level", "price_level", "order_meta"}
)
"""Streams of wishes. They say what should become true, so no feed shows them as what is."""
