"""Paths as a site's own documents name them, in the hub's words. Pure.

People at a site choose fields by what WooCommerce calls them (``meta_data.loyalty``, ``billing.address_1``); rules
name the hub's words (``meta.loyalty``, ``billing.line_1``), so that they hold for every shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crossdock.api.integrations.wordpress.story import STATES

_FIRST: Final = {
    "meta_data": "meta",
    "line_items": "lines",
    "total_tax": "tax_total",
    "is_paying_customer": "is_paying",
    "permalink": "url",
    "global_unique_id": "gtin",
    "date_created": "created_at",
    "date_created_gmt": "created_at",
    "date_modified": "modified_at",
    "date_modified_gmt": "modified_at",
    "date_paid": "paid_at",
    "date_paid_gmt": "paid_at",
    "date_completed": "completed_at",
    "date_completed_gmt": "completed_at",
}
_OF_ADDRESS: Final = {"address_1": "line_1", "address_2": "line_2"}


def in_words(path: str) -> str:
    """Return a path of WooCommerce's document in the hub's words; any other as it is."""
    first, dot, rest = path.partition(".")
    if first in ("billing", "shipping"):
        return f"{first}{dot}{_OF_ADDRESS.get(rest, rest)}"
    return f"{_FIRST.get(first, first)}{dot}{rest}"


def rules_in_words(draft: Mapping[str, Any], entity: str) -> dict[str, Any]:
    """Return a draft whose rules' paths are in the hub's words; a custom event keeps the site's own."""
    if entity not in STATES or not isinstance(draft.get("objects"), list):
        return dict(draft)
    return {**draft, "objects": [_object(one) for one in draft["objects"]]}


def _object(one: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(one.get("rules"), list):
        return one
    return {**one, "rules": [_rule(rule, of_item=bool(one.get("each"))) for rule in one["rules"]]}


def _rule(rule: Any, *, of_item: bool) -> Any:
    if not isinstance(rule, dict) or not isinstance(rule.get("path"), str):
        return rule
    return {**rule, "path": _of_item(rule["path"]) if of_item else in_words(rule["path"])}


def _of_item(path: str) -> str:
    """Return a path inside ``each``: an item's words are its own (a line's ``total_tax``), ``$.`` is the entity's."""
    if path.startswith("$."):
        return "$." + in_words(path[2:])
    first, dot, rest = path.partition(".")
    return f"meta{dot}{rest}" if first == "meta_data" else path
