"""The sandbox's answers take longer with load, and so does its synthetic checkout."""

from __future__ import annotations

from crossdock.connectors.woocommerce.sandbox import Settings
from crossdock.connectors.woocommerce.sandbox.app import Ceiling


def mean(**dials: float) -> float:
    ceiling = Ceiling(Settings(**dials))
    return sum(ceiling.crowding() for _ in range(2000)) / 2000


def test_a_shop_is_as_quick_as_ever_until_its_workers_are_busy() -> None:
    assert mean() == 1.0
    assert mean(workers=4, visitors=0.0) == 1.0
    assert mean(workers=1, visitors=0.0) == 1.0
    assert 1.0 < mean(workers=4, visitors=3.0) < mean(workers=4, visitors=6.0)
    assert mean(workers=2, visitors=6.0) > 3.0
