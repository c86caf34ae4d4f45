"""Maps of a connection: its own words for statuses, shipping and payment methods, and ours beside them. Pure.

A map is part of the connection's config: ``status_map`` (our word -> the shop's, or several of the shop's; read both
ways), ``shipping_map`` and ``payment_map`` (the shop's id -> our word). What no map names passes unchanged; it is
listed, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.model.commerce.order import Order

CONFIG = ("status_map", "shipping_map", "payment_map")
CORE_STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")
"""The order statuses every WooCommerce shop has; our own words are the same."""


class Maps(msgspec.Struct, frozen=True):
    """The effective maps of one connection."""

    status: dict[str, str] = msgspec.field(default_factory=dict)
    """Our status -> the shop's that is written; a core status that the config does not name maps to itself."""
    status_read: dict[str, str] = msgspec.field(default_factory=dict)
    """The shop's status -> ours; several of the shop's may be one of ours."""
    shipping: dict[str, str] = msgspec.field(default_factory=dict)
    """The shop's shipping method id -> our word."""
    payment: dict[str, str] = msgspec.field(default_factory=dict)
    """The shop's payment method id -> our word."""

    def to_shop(self, status: str) -> str:
        """Return the shop's word for one of our statuses; an unknown word is taken for the shop's own."""
        return self.status.get(status, status)

    def from_shop(self, status: str) -> str:
        """Return our word for a status of the shop; one without a word of ours stays as it is."""
        return self.status_read.get(status, status)

    def names(self, status: str) -> bool:
        """Whether a status of the shop has a word of ours."""
        return status in self.status_read


def effective(config: Mapping[str, Any]) -> Maps:
    """Return the maps that hold for a connection's config; entries that are no texts are left out.

    An entry of ``status_map`` is one status of the shop or a list: the first is written, all are read.
    """
    written = {word: word for word in CORE_STATUSES}
    read = dict(written)
    given = config.get("status_map")
    for word, theirs in given.items() if isinstance(given, Mapping) else ():
        listed = [one for one in (theirs if isinstance(theirs, list) else [theirs]) if isinstance(one, str) and one]
        if listed and isinstance(word, str) and word:
            written[word] = listed[0]
            read.update(dict.fromkeys(listed, word))
    return Maps(written, read, _texts(config.get("shipping_map")), _texts(config.get("payment_map")))


def translated(order: Order, config: Mapping[str, Any]) -> Order:
    """Return an order in our words: its status, payment method and shipping methods by its connection's maps."""
    if not any(config.get(name) for name in CONFIG):
        return order
    maps = effective(config)
    return msgspec.structs.replace(
        order,
        status=maps.from_shop(order.status),
        payment_method=maps.payment.get(order.payment_method, order.payment_method),
        shipping_lines=tuple(
            msgspec.structs.replace(line, method_id=maps.shipping.get(line.method_id, line.method_id))
            for line in order.shipping_lines
        ),
    )


def _texts(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    return {k: v for k, v in given.items() if isinstance(k, str) and isinstance(v, str) and k and v}
