"""Paths that people at a site choose, in the hub's words."""

from __future__ import annotations

import pytest

from crossdock.api.integrations.wordpress.site_paths import _FIRST, in_words, rules_in_words
from crossdock.flow.map import paths
from crossdock.flow.schema.words import WORDS


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("meta_data.loyalty", "meta.loyalty"),
        ("billing.address_1", "billing.line_1"),
        ("shipping.address_2", "shipping.line_2"),
        ("billing.first_name", "billing.first_name"),
        ("date_created_gmt", "created_at"),
        ("email", "email"),
        ("meta.loyalty", "meta.loyalty"),
    ],
)
def test_a_path_of_the_site_is_one_of_ours(path: str, ours: str) -> None:
    assert in_words(path) == ours
    assert in_words(ours) == ours


def test_every_word_that_is_named_is_one() -> None:
    words = [WORDS[name] for name in ("order", "customer", "product")]
    for ours in _FIRST.values():
        assert any(not paths.check(ours, word) for word in words), ours


def test_events_of_a_sites_own_keep_their_names() -> None:
    draft = {"objects": [{"object": "contacts", "rules": [{"target": "x", "path": "meta_data.y"}, 5]}, 7]}
    assert rules_in_words(draft, "event") == draft
    assert rules_in_words(draft, "order")["objects"][0]["rules"] == [{"target": "x", "path": "meta.y"}, 5]
    assert rules_in_words({"template": "t"}, "order") == {"template": "t"}


def test_inside_each_a_word_is_the_items_own() -> None:
    rules = [{"target": name, "path": name} for name in ("total_tax", "meta_data.gift", "$.total_tax", "$.meta_data.x")]
    draft = {"objects": [{"object": "line_items", "each": "lines", "rules": rules}]}
    found = [rule["path"] for rule in rules_in_words(draft, "order")["objects"][0]["rules"]]
    assert found == ["total_tax", "meta.gift", "$.tax_total", "$.meta.x"]
