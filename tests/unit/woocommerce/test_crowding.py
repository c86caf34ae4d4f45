"""The sandbox's answers take longer with load, and so do its visitors' checkouts."""

from __future__ import annotations

import pytest

from crossdock.connectors.woocommerce.sandbox.crowd import CHECKOUT_S, Crowd, Shared


def test_requests_share_the_workers_equally() -> None:
    shop = Shared(2, 0.0)
    first, second = shop.add(1.0), shop.add(1.0)
    assert shop.ends_in(first) == 1.0, "two of two workers"
    shop.advance(0.5)
    third = shop.add(1.0)
    assert shop.ends_in(first) == pytest.approx(0.75), "two thirds of a worker each"
    assert shop.advance(1.2) == []
    assert shop.advance(1.5) == [first, second]
    assert (first.ended, second.ended) == (1.25, 1.25)
    assert shop.advance(9.0) == [third]
    assert third.ended == pytest.approx(1.75), "half of it was done when it had a worker to itself"


def test_checkouts_take_longer_the_more_visitors_there_are() -> None:
    def typical(workers: int, visitors: float) -> float:
        crowd = Crowd(workers, visitors, 1, 0.0)
        crowd.advance(600.0)
        return sum(crowd.took) / len(crowd.took) / CHECKOUT_S

    assert typical(4, 1.0) == pytest.approx(1.0, abs=0.05)
    assert 1.05 < typical(4, 3.0) < typical(4, 3.6)


def test_what_our_requests_cost_the_visitors_is_told_beside_the_same_visitors_without_us() -> None:
    idle, full = Crowd(2, 1.5, 1, 0.0), Crowd(2, 1.5, 1, 0.0)
    for second in range(300):
        for crowd in (idle, full):
            crowd.advance(float(second))
        full.add(0.9)
    alone, beside = idle.told(), full.told()
    assert alone["checkout_p95_s"] == alone["checkout_p95_alone_s"] == beside["checkout_p95_alone_s"]
    assert beside["checkout_p95_s"] > 1.3 * beside["checkout_p95_alone_s"]
    full.forget()
    assert full.told() == {"checkouts": 0, "checkout_p95_s": None, "checkout_p95_alone_s": None}
