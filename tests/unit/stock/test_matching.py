"""Matching store products with hub SKUs: nothing is guessed, nothing gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.errors import BadInput
from crossdock.flow.stock.matching import Item, Normal, Rules, match

SKUS = st.text("aAbB1- ", max_size=4)


def items(*skus: str) -> list[Item]:
    return [Item(str(number), None, sku) for number, sku in enumerate(skus)]


RULES = st.builds(
    Rules,
    trim=st.booleans(),
    ignore_case=st.booleans(),
    strip_prefixes=st.lists(SKUS, max_size=2).map(tuple),
    strip_suffixes=st.lists(SKUS, max_size=2).map(tuple),
    replace=st.sampled_from([(), (("-", ""),), (("[^a-z0-9]", ""),)]),
)


@given(st.lists(SKUS, max_size=12), st.lists(SKUS, max_size=12), RULES, st.randoms())
def test_every_item_stands_in_one_list_and_no_hub_sku_is_given_twice(
    ours: list[str], theirs: list[str], rules: Rules, random: st.DataObject
) -> None:
    """And neither the order of the products nor that of the SKUs matters."""
    given_items = items(*theirs)
    found = match(given_items, ours, rules)
    listed = [item for item, _ in found.matched] + [one.item for one in (*found.ambiguous, *found.unmatched)]
    assert sorted(i.product_id for i in listed) == sorted(i.product_id for i in given_items)
    skus = [sku for _, sku in found.matched]
    assert len(skus) == len(set(skus))
    assert set(skus) <= set(ours)
    normal = Normal(rules)
    assert all(item.sku == sku or normal(item.sku) == normal(sku) for item, sku in found.matched)
    shuffled, ours_too = list(given_items), list(ours)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(ours_too)  # type: ignore[attr-defined]
    assert match(shuffled, ours_too, rules) == found


@given(st.sets(st.text("abAB12-", min_size=1, max_size=5), max_size=12), RULES)
def test_a_store_with_our_own_skus_is_matched_whole(skus: set[str], rules: Rules) -> None:
    """The very same SKU wins over every likeness."""
    found = match(items(*sorted(skus)), skus, rules)
    assert {sku for _, sku in found.matched} == skus
    assert all(item.sku == sku for item, sku in found.matched)


def test_the_rules_do_what_they_say() -> None:
    rules = Rules(strip_prefixes=("WEB-", "SHOP_"), strip_suffixes=("-EU",), replace=((r"[^a-z0-9]", ""), (r"^0+", "")))
    normal = Normal(rules)
    assert normal("  web-00 12/A-eu ") == "12a"
    found = match(items("WEB-12A", "shop_99", "web-7", "WEB-7-EU", ""), ["12-a", "99", "7", "100"], rules)
    assert [(item.sku, sku) for item, sku in found.matched] == [("WEB-12A", "12-a"), ("shop_99", "99")]
    assert [one.item.sku for one in found.ambiguous] == ["web-7", "WEB-7-EU"]
    assert [one.reason for one in found.unmatched] == ["it has no SKU"]


def test_two_hub_skus_that_are_alike_are_ambiguous() -> None:
    found = match(items("tea-1", "TEA-1"), ["TEA-1", "Tea-1"], Rules())
    assert [(item.sku, sku) for item, sku in found.matched] == [("TEA-1", "TEA-1")]
    assert found.ambiguous[0].candidates == ("TEA-1", "Tea-1")


@pytest.mark.parametrize("rule", [("(", ""), ("(a+)+$", ""), ("a" * 300, ""), ("a", "\\3")])
def test_a_rule_that_cannot_be_used_is_named(rule: tuple[str, str]) -> None:
    with pytest.raises(BadInput) as refused:
        match(items("a"), ["b"], Rules(replace=(rule,)))
    assert refused.value.field is not None
    assert refused.value.field.startswith("rules.replace")
