"""Whose a field of the shop is, by ``field_owners`` of its connection: the hub's (it writes), the store's, blanks only.

``store``: the hub never writes it; a wish for it alone is skipped, saying so. ``fill_blanks``: it is written where the
shop holds nothing. Quantities and statuses are never blank, so they are the hub's or the store's. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from crossdock.connectors.woocommerce.wishes import Fulfil, SetPrice, SetStatus, SetStock, Wish, WriteBack

STORE: Final = "store"
BLANKS: Final = "fill_blanks"
_TWO: Final = ("hub", STORE)
_THREE: Final = (*_TWO, BLANKS)
OWNED: Final[Mapping[str, tuple[str, ...]]] = {
    "order.status": _TWO,
    "order.meta": _THREE,
    "product.stock_quantity": _TWO,
    "product.regular_price": _THREE,
    "product.sale_price": _THREE,
}
"""What of a shop the hub writes as a state, and who may own it."""
_PRICES: Final = ("regular_price", "sale_price")


def allowed(wish: Wish, config: Mapping[str, Any]) -> Wish | str:
    """Return what is left of a wish, or why nothing is."""
    given = config.get("field_owners")
    owners = given if isinstance(given, Mapping) else {}
    match wish:
        case SetStatus() if owners.get("order.status") == STORE:
            return _kept("order.status")
        case Fulfil(complete=True) if owners.get("order.status") == STORE:
            return msgspec.structs.replace(wish, complete=False)
        case SetStock() if owners.get("product.stock_quantity") == STORE:
            return _kept("product.stock_quantity")
        case WriteBack() if owners.get("order.meta") == STORE:
            return _kept("order.meta")
        case WriteBack() if owners.get("order.meta") == BLANKS:
            return msgspec.structs.replace(wish, blanks=True)
        case SetPrice():
            return _price(wish, owners)
        case _:
            return wish


def _price(wish: SetPrice, owners: Mapping[str, Any]) -> Wish | str:
    mine = {name: None for name in _PRICES if owners.get(f"product.{name}") == STORE}
    blanks = tuple(name for name in _PRICES if owners.get(f"product.{name}") == BLANKS)
    left = msgspec.structs.replace(wish, blanks=blanks, **mine)
    if left.regular_price is None and left.sale_price is None:
        return _kept(" and ".join(f"product.{name}" for name in mine))
    return left


def _kept(name: str) -> str:
    return f"the store owns {name} (field_owners)"
