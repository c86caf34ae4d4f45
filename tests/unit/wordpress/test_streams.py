"""A site is one record whichever way it is told: the plugin's documents have the volatile keys of the shop's own."""

from __future__ import annotations

import pytest

from crossdock.connect import catalogue


@pytest.mark.parametrize("stream", ["order", "customer", "product", "refund"])
def test_what_is_volatile_is_so_both_ways(stream: str) -> None:
    plugin, shop = (catalogue.get(name).manifest.stream(stream) for name in ("wordpress", "woocommerce"))
    assert plugin.volatile == shop.volatile
    assert plugin.parent == shop.parent
