"""The sketch: percentiles within five percent, and sums of sketches are sketches of sums."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.kit.sketch import LAST, added, bucket_of, percentile, value_of

LATENCIES = st.lists(st.floats(min_value=1.0, max_value=3e8), min_size=1, max_size=200)


def sketch_of(seen: list[float]) -> list[int]:
    counts = [0] * (LAST + 1)
    for ms in seen:
        counts[bucket_of(ms)] += 1
    return counts


@given(LATENCIES, st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_percentile_is_right_to_five_percent(seen: list[float], share: float) -> None:
    exact = sorted(seen)[max(1, math.ceil(len(seen) * share)) - 1]
    told = percentile(sketch_of(seen), share)
    assert told is not None
    assert abs(told - exact) <= 0.05 * exact


@given(LATENCIES, LATENCIES)
def test_sketches_add_up(one: list[float], other: list[float]) -> None:
    assert added(sketch_of(one), sketch_of(other)) == sketch_of([*one, *other])
    assert added([1, 2], []) == added([], [1, 2]) == [1, 2]


@pytest.mark.parametrize(("ms", "bucket"), [(0, 0), (-5, 0), (1, 0), (1.0001, 1), (1.1, 1), (1e30, LAST)])
def test_the_ends_of_the_scale(ms: float, bucket: int) -> None:
    assert bucket_of(ms) == bucket


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.5) is None
    assert percentile([0, 0], 0.5) is None
    assert value_of(0) == 1.0
