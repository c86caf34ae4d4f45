"""Stock and prices: products in one batch, variations in one a parent; only what differs is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from crossdock.connectors.woocommerce.plans import entity_of
from crossdock.connectors.woocommerce.wishes import SetPrice, SetStock
from crossdock.connectors.woocommerce.writes.caller import LATE, Caller, Row
from crossdock.connectors.woocommerce.writes.rows import MOST, Shelf, carry_out
from crossdock.model.outcome import Delivered, Outcome, Refresh, Rejected, Throttled

_PRODUCTS: Final = "/wc/v3/products"
_FIELDS: Final = "id,type,status,sku,manage_stock,stock_quantity,regular_price,sale_price"
_UNCOUNTED: Final = frozenset({"grouped", "external"})


async def stocks(caller: Caller, wishes: Sequence[SetStock]) -> list[Outcome]:
    """Set quantities."""
    return await _all(caller, wishes, stock_to_write, _stock_written)


async def prices(caller: Caller, wishes: Sequence[SetPrice]) -> list[Outcome]:
    """Set prices."""
    return await _all(caller, wishes, price_to_write, _price_written)


async def _all(
    caller: Caller,
    wishes: Sequence[Any],
    decide: Callable[[Any, Row], Row | Outcome],
    judge: Callable[[Any, Row], Outcome],
) -> list[Outcome]:
    by_list: dict[str, list[int]] = {}
    for at, wish in enumerate(wishes):
        path = f"{_PRODUCTS}/{wish.product_id}/variations" if wish.variation_id else _PRODUCTS
        by_list.setdefault(path, []).append(at)
    outcomes: list[Outcome] = [LATE] * len(wishes)
    for path, places in by_list.items():
        shelf = Shelf(f"{path}/batch", entity_of, _reading(caller, path), decide, judge, _doubted)
        done = await carry_out(caller, shelf, [wishes[at] for at in places])
        for at, outcome in zip(places, done, strict=True):
            outcomes[at] = outcome
        ended = next((outcome for outcome in done if isinstance(outcome, Throttled | Refresh)), None)
        if ended is not None:
            return [ended if outcome is LATE else outcome for outcome in outcomes]
    return outcomes


def stock_to_write(wish: SetStock, row: Row) -> Row | Outcome:
    """Return the change of a quantity, or how it ends without one. Pure."""
    refused = _refused(wish, row)
    if refused is not None:
        return refused
    if row.get("type") in _UNCOUNTED:
        return Rejected(f"a {row.get('type')} product has no stock", "no-stock", "product_id")
    if row.get("manage_stock") == "parent":
        reason = "the variation's stock is counted on its product; link the product, or let it count its own"
        return Rejected(reason, "parent-counts", "variation_id")
    if row.get("manage_stock") is not True:
        # whether a product is counted is its owner's choice; the shop would drop the quantity without a word
        reason = "the shop does not manage this product's stock; switch on Track stock quantity at the product"
        return Rejected(reason, "stock-not-managed", "product_id")
    if row.get("stock_quantity") == wish.quantity:
        return Delivered(entity_of(wish), returned={"stock_quantity": wish.quantity})
    return {"stock_quantity": wish.quantity}


def _stock_written(wish: SetStock, row: Row) -> Outcome:
    if row.get("stock_quantity") != wish.quantity:
        return Rejected(f"the shop made {row.get('stock_quantity')} of {wish.quantity}", "not-taken", "quantity")
    return Delivered(entity_of(wish), returned={"stock_quantity": wish.quantity})


def price_to_write(wish: SetPrice, row: Row) -> Row | Outcome:
    """Return the change of prices, or how it ends without one. Pure."""
    refused = _refused(wish, row)
    if refused is not None:
        return refused
    if row.get("type") in ("variable", "grouped"):
        return Rejected(f"a {row.get('type')} product has no price of its own", "no-price", "product_id")
    wanted = {n: v for n, v in _prices(wish).items() if n not in wish.blanks or row.get(n) in (None, "")}
    regular = wanted.get("regular_price", row.get("regular_price"))
    sale = wanted.get("sale_price", row.get("sale_price"))
    if _number(sale) is not None and (_number(regular) is None or _number(sale) >= _number(regular)):  # type: ignore[operator]
        reason = f"the sale price {sale} is not below the regular price {regular or '(none)'}"
        return Rejected(reason, "sale-not-below", "sale_price")
    changed = {name: value for name, value in wanted.items() if _number(row.get(name)) != _number(value)}
    if not changed:
        return Delivered(entity_of(wish), returned=wanted)
    return changed


def _price_written(wish: SetPrice, row: Row) -> Outcome:
    wanted = _prices(wish)
    for name, value in wanted.items():
        if name in wish.blanks:
            continue
        if _number(row.get(name)) != _number(value):
            return Rejected(f"the shop made {row.get(name) or 'nothing'} of {value}", "not-taken", name)
    return Delivered(entity_of(wish), returned=wanted)


def _prices(wish: SetPrice) -> dict[str, Any]:
    given = {"regular_price": wish.regular_price, "sale_price": wish.sale_price}
    return {name: value for name, value in given.items() if value is not None}


def _refused(wish: SetStock | SetPrice, row: Row) -> Rejected | None:
    if row.get("status") == "trash":
        return Rejected("the product is in the shop's trash", "in-trash", "product_id")
    if wish.sku and row.get("sku") != wish.sku:
        reason = f"the product's SKU is {row.get('sku') or '(none)'} by now, not {wish.sku}; link it anew"
        return Rejected(reason, "conflict", "sku")
    return None


def _doubted(wish: Any) -> bool:
    return isinstance(wish, SetStock) and wish.quantity == 0 and not wish.confirmed


def _reading(caller: Caller, path: str) -> Callable[[Sequence[str]], Awaitable[dict[str, Row]]]:
    async def read(ids: Sequence[str]) -> dict[str, Row]:
        asked = {"per_page": str(MOST), "_fields": _FIELDS, "include": ",".join(ids)}
        return {str(row.get("id")): row for row in await caller.rows(path, asked)}

    return read


def _number(text: Any) -> Decimal | None:
    try:
        return Decimal(str(text)) if text not in (None, "") else None
    except InvalidOperation:
        return None
