"""What the hub may want of a shop, checked before it is sent. Pure.

WooCommerce's batch endpoints skip its own validation and store nonsense without a word (recorded: a status ``bogus``
makes an order pending, a stock of ``abc`` is 0, a price of ``12,50`` is 1250), so every value is checked here.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec

from crossdock.connect.connector import PlanRefused

CORE_STATUSES: Final = frozenset({"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"})
"""What every shop knows; others are plugins' own and are left to the single endpoint, which checks them."""
Id = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}$")]
Amount = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,15}(\.[0-9]{1,6})?$")]
_STATUS = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}\Z")
"""WordPress keeps a post status in 20 characters, of which ``wc-`` takes three."""
_MOST_STOCK: Final = 2_147_483_647


class Status(msgspec.Struct, frozen=True):
    """An order shall have a status."""

    order_id: Id
    status: str
    expected_status: str | None = None
    note: str | None = None


class Note(msgspec.Struct, frozen=True):
    """An order shall carry a note."""

    order_id: Id
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
    customer_note: bool = False


class Piece(msgspec.Struct, frozen=True):
    """Pieces of one line."""

    line_id: Id
    quantity: Annotated[int, msgspec.Meta(ge=0)]


class Fulfilment(msgspec.Struct, frozen=True):
    """Lines of an order were sent; None: all of it."""

    order_id: Id
    lines: tuple[Piece, ...] | None = None
    tracking_number: Annotated[str, msgspec.Meta(max_length=200)] = ""
    carrier: Annotated[str, msgspec.Meta(max_length=200)] = ""
    tracking_url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    notify: bool = False
    complete: bool = False


class LineTax(msgspec.Struct, frozen=True):
    """Tax given back on a line, by the id of its rate."""

    id: Id
    total: Amount


class RefundedLine(msgspec.Struct, frozen=True):
    """Money (and pieces) given back on a line."""

    line_id: Id
    quantity: Annotated[int, msgspec.Meta(ge=0)] = 0
    total: Amount = "0"
    taxes: tuple[LineTax, ...] = ()


class Refund(msgspec.Struct, frozen=True):
    """Money shall be given back. ``api_refund`` asks the payment gateway to do it."""

    order_id: Id
    amount: Amount | None = None
    lines: tuple[RefundedLine, ...] | None = None
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    restock: bool = False
    api_refund: bool = False


class Stock(msgspec.Struct, frozen=True):
    """A product or variation shall have a stock."""

    product_id: Id
    quantity: Annotated[int, msgspec.Meta(ge=-_MOST_STOCK, le=_MOST_STOCK)]
    variation_id: Id | None = None
    confirmed: bool = True


class Price(msgspec.Struct, frozen=True):
    """A product or variation shall have prices; None leaves one as it is, an empty sale price ends the sale."""

    product_id: Id
    variation_id: Id | None = None
    regular_price: Amount | None = None
    sale_price: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,15}(\.[0-9]{1,6})?)?$")] | None = None


class Meta(msgspec.Struct, frozen=True):
    """An order shall carry ids of other systems."""

    order_id: Id
    meta: dict[str, str]


Wish = Status | Note | Fulfilment | Refund | Stock | Price | Meta
KINDS: Final[dict[str, type[Any]]] = {
    "set_status": Status,
    "add_note": Note,
    "fulfil": Fulfilment,
    "refund": Refund,
    "set_stock": Stock,
    "set_price": Price,
    "write_back": Meta,
}
_PATH = re.compile(r"`\$\.?([^`]*)`")
_OUR_META: Final = re.compile(r"_crossdock_[a-z0-9_]{1,60}\Z")


def wish_of(action: str, document: Any) -> Wish:
    """Read a wish. Raises :class:`PlanRefused` naming field, rule and remedy."""
    kind = KINDS.get(action)
    if kind is None:
        raise PlanRefused("action", f"a shop takes no {action!r}", f"one of {', '.join(KINDS)}")
    try:
        wish: Wish = msgspec.convert(document, kind)
    except msgspec.ValidationError as wrong:
        said = str(wrong)
        found = _PATH.search(said)
        raise PlanRefused(
            found[1] if found else action, said.partition(" - at")[0], "correct it and send it again"
        ) from None
    _check(wish)
    return wish


def _check(wish: Wish) -> None:
    match wish:
        case Status() if not _STATUS.match(wish.status):
            raise PlanRefused("status", "a status is lower-case letters, digits, - and _", "send the shop's own word")
        case Refund():
            _refundable(wish)
        case Price() if wish.regular_price is None and wish.sale_price is None:
            raise PlanRefused("regular_price", "a price wish names a price", "send regular_price or sale_price")
        case Price() if (
            wish.regular_price and wish.sale_price and Decimal(wish.sale_price) >= Decimal(wish.regular_price)
        ):
            raise PlanRefused("sale_price", "a sale price is lower than the regular one", "send a lower one")
        case Fulfilment() if wish.tracking_url and not wish.tracking_url.startswith(("https://", "http://")):
            raise PlanRefused("tracking_url", "a tracking URL is a web address", "begin it with https://")
        case Meta() if not wish.meta or not all(_OUR_META.match(key) for key in wish.meta):
            raise PlanRefused("meta", "only keys of the hub's own are written", "name them _crossdock_…")


def _refundable(wish: Refund) -> None:
    if amount_of(wish) <= 0:
        raise PlanRefused("amount", "a refund is more than nothing", "name an amount, or lines with totals")


def amount_of(refund: Refund) -> Decimal:
    """Return what is given back in all: WooCommerce wants it said although it could be added up (recorded)."""
    if refund.amount is not None:
        return Decimal(refund.amount)
    lines = refund.lines or ()
    return sum((Decimal(x.total) + sum((Decimal(t.total) for t in x.taxes), Decimal(0)) for x in lines), Decimal(0))
