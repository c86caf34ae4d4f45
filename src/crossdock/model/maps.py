"""Maps of a connection: its own words for statuses, shipping and payment methods, and ours beside them. Pure.

A map is part of the connection's config: ``status_map`` (our word -> the shop's, read both ways), ``shipping_map`` and
``payment_map`` (the shop's id -> our word). What no map names passes unchanged; it is listed, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

CORE_STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")
"""The order statuses every WooCommerce shop has; our own words are the same."""


class Maps(msgspec.Struct, frozen=True):
    """The effective maps of one connection."""

    status: dict[str, str] = msgspec.field(default_factory=dict)
    """Our status -> the shop's; a core status that the config does not name maps to itself."""
    shipping: dict[str, str] = msgspec.field(default_factory=dict)
    """The shop's shipping method id -> our word."""
    payment: dict[str, str] = msgspec.field(default_factory=dict)
    """The shop's payment method id -> our word."""

    def to_shop(self, status: str) -> str:
        """Return the shop's word for one of our statuses; an unknown word is taken for the shop's own."""
        return self.status.get(status, status)

    def from_shop(self, status: str) -> str:
        """Return our word for a status of the shop; where two of ours share it, the first that is no core status."""
        fitting = [ours for ours, theirs in self.status.items() if theirs == status]
        own = [word for word in fitting if word not in CORE_STATUSES]
        return (own or fitting or [status])[0]

    def names(self, status: str) -> bool:
        """Whether a status of the shop has a word of ours."""
        return status in self.status.values()


def effective(config: Mapping[str, Any]) -> Maps:
    """Return the maps that hold for a connection's config; entries that are no texts are left out."""
    return Maps(
        status={**{word: word for word in CORE_STATUSES}, **_texts(config.get("status_map"))},
        shipping=_texts(config.get("shipping_map")),
        payment=_texts(config.get("payment_map")),
    )


def _texts(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    return {k: v for k, v in given.items() if isinstance(k, str) and isinstance(v, str) and k and v}
