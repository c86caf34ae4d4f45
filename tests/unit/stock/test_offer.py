"""What stores may offer: never more than there is, never below zero unless they take backorders."""

from __future__ import annotations

import uuid
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from crossdock.flow.stock.offer import Level, Share, location_of, offers

STORES = [uuid.UUID(int=n) for n in range(1, 5)]
PLACES = ["main", "north", "south"]

LEVELS = st.lists(
    st.builds(Level, st.sampled_from(PLACES), st.integers(-20, 200), st.integers(0, 50)),
    unique_by=lambda level: level.location,
    max_size=3,
)


def shares(weights: st.SearchStrategy[int]) -> st.SearchStrategy[list[Share]]:
    one = st.builds(
        Share, st.sampled_from(PLACES), weights, st.integers(0, 20), st.decimals(0, 1, places=3, allow_nan=False)
    )
    return st.lists(one, unique_by=lambda share: share.location, max_size=3)


def stores(weights: st.SearchStrategy[int], least: int = 0) -> st.SearchStrategy[dict[uuid.UUID, list[Share]]]:
    owned = shares(weights).filter(lambda found: len(found) >= least)
    return st.dictionaries(st.sampled_from(STORES), owned, max_size=4)


@given(LEVELS, stores(st.integers(0, 5)))
def test_an_offer_is_never_more_than_there_is_and_never_below_zero(
    levels: list[Level], selling: dict[uuid.UUID, list[Share]]
) -> None:
    whole = sum(max(0, level.free) for level in levels)
    on_hand = sum(max(0, level.on_hand) for level in levels)
    assert all(0 <= offered <= whole <= on_hand for offered in offers(levels, selling).values())


@given(LEVELS, stores(st.integers(1, 9), least=1))
def test_exclusive_parts_never_oversell(levels: list[Level], selling: dict[uuid.UUID, list[Share]]) -> None:
    """With a weight everywhere the offers of all stores together are there."""
    assert sum(offers(levels, selling).values()) <= sum(max(0, level.free) for level in levels)


@given(st.integers(0, 500), st.dictionaries(st.sampled_from(STORES), st.integers(1, 9), min_size=1))
def test_exclusive_parts_lose_nothing(on_hand: int, weights: dict[uuid.UUID, int]) -> None:
    """Every piece is offered by exactly one store, and more weight never gets less."""
    offered = offers([Level("main", on_hand)], {s: [Share("main", w)] for s, w in weights.items()})
    assert sum(offered.values()) == on_hand
    assert all(offered[a] >= offered[b] for a in weights for b in weights if weights[a] > weights[b])


@given(LEVELS, stores(st.just(0)), st.integers(1, 30))
def test_more_on_the_shelf_never_offers_less(
    levels: list[Level], selling: dict[uuid.UUID, list[Share]], more: int
) -> None:
    before = offers(levels, selling)
    after = offers([Level(lv.location, lv.on_hand + more, lv.reserved) for lv in levels], selling)
    assert all(after[store] >= before[store] for store in selling)


def test_reserve_share_and_backorders() -> None:
    a, b, c = STORES[:3]
    levels = [Level("main", 10, 3), Level("north", 5)]
    selling = {a: [Share("main", reserve=2)], b: [Share("main", share=Decimal("0.5")), Share("north")], c: []}
    assert offers(levels, selling) == {a: 5, b: 3 + 5, c: 12}
    gone = [Level("main", 2, 6)]
    assert offers(gone, selling, frozenset({a})) == {a: -6, b: 0, c: 0}


def test_a_sale_is_taken_where_there_is_enough() -> None:
    levels = [Level("main", 1), Level("north", 9)]
    assert location_of([], levels, 1) == "main"
    assert location_of([], levels, 5) == "north"
    assert location_of([], levels, 50) == "main"
    assert location_of([Share("north", 1), Share("main", 5)], levels, 3) == "north"
    assert location_of([Share("south")], levels, 1) == "main", "it sells from nowhere: the first there is"
    assert location_of([], [], 1) is None
