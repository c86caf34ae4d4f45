"""What a write of ours changes in the shop's own documents, said before the call. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crossdock.model.wish import Touch

_BY_STATUS: Final = (
    *("date_completed", "date_completed_gmt", "date_paid", "date_paid_gmt"),
    *("is_editable", "needs_payment", "needs_processing", "refunds"),
)
"""What a status moves along with it; the status refunded makes a refund of the rest (vendor fact 31)."""
_BY_STOCK: Final = ("stock_status", "purchasable", "backordered")
_BY_PRICE: Final = ("price", "on_sale", "price_html", "purchasable")


def touches(action: str, wish: Mapping[str, Any]) -> tuple[Touch, ...]:
    """Return what carrying out a wish changes; nothing for actions that change no document (a note)."""
    match action:
        case "set_status":
            return (_order(wish, {"status": wish.get("status")}, _BY_STATUS),)
        case "fulfil":
            sent = {"status": "completed"} if wish.get("complete") else {}
            return (_order(wish, sent, ("meta_data", *(_BY_STATUS if sent else ()))),)
        case "refund":
            return (_order(wish, {}, ("refunds", "status", "line_items", "meta_data", *_BY_STATUS[:-1])),)
        case "write_back":
            return (_order(wish, {}, ("meta_data",)),)
        case "set_stock":
            return (_product(wish, {"stock_quantity": wish.get("quantity")}, _BY_STOCK),)
        case "set_price":
            prices = {n: wish[n] for n in ("regular_price", "sale_price") if wish.get(n) is not None}
            return (_product(wish, prices, _BY_PRICE),)
        case _:
            return ()


def _order(wish: Mapping[str, Any], sent: dict[str, Any], derived: tuple[str, ...]) -> Touch:
    return Touch("order", str(wish.get("order_id")), sent, derived)


def _product(wish: Mapping[str, Any], sent: dict[str, Any], derived: tuple[str, ...]) -> Touch:
    return Touch("product", str(wish.get("variation_id") or wish.get("product_id")), sent, derived)
