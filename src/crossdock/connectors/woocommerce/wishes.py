"""What the hub may wish of a shop, checked value by value before anything is sent. Pure.

Batch endpoints skip the shop's own validation and store nonsense silently: an unknown status becomes pending, the
stock "abc" becomes 0, the price "12,50" becomes 1250 (all recorded). So nothing leaves that was not read strictly here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from crossdock.connect.connector import PlanRefused
from crossdock.kit.money import minor_units

CORE: Final = frozenset({"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"})
"""Statuses every shop has; plugins add others."""
OWN_META: Final = "_crossdock_"
"""Meta keys of ours begin so; the underscore hides them from the shop's custom fields."""
_NOT_BY_STATUS: Final = frozenset({"trash", "auto-draft", "checkout-draft", "draft", "any", "new"})
_STATUS: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}\Z")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?\Z")
_META_KEY: Final = re.compile(rf"{OWN_META}[a-z0-9_]{{1,60}}\Z")
_LONGEST: Final = 5000
_STOCK: Final = 2_000_000_000


class Wish(msgspec.Struct, frozen=True):
    """What all wishes have."""

    request_id: str


class SetStatus(Wish, frozen=True):
    """Move an order to a status."""

    order_id: str
    status: str
    expected_status: str | None = None
    note: str | None = None


class AddNote(Wish, frozen=True):
    """Add a note to an order; the shop mails it to the buyer when it is a customer note."""

    order_id: str
    note: str
    customer_note: bool = False


class FulfilLine(msgspec.Struct, frozen=True):
    """Pieces of one line that are on their way."""

    line_id: str
    quantity: int


class Fulfil(Wish, frozen=True):
    """Say that lines of an order (None: all that are left) are on their way."""

    order_id: str
    lines: tuple[FulfilLine, ...] | None = None
    tracking_number: str = ""
    carrier: str = ""
    tracking_url: str | None = None
    notify: bool = False
    complete: bool = False


class RefundTax(msgspec.Struct, frozen=True):
    """Tax given back, by rate."""

    rate_id: str
    total: str


class RefundLine(msgspec.Struct, frozen=True):
    """What is given back of one line; ``total`` is without tax."""

    line_id: str
    quantity: int
    total: str
    taxes: tuple[RefundTax, ...] = ()


class Refund(Wish, frozen=True):
    """Give money back; without amount and lines all that is left."""

    order_id: str
    amount: str | None = None
    lines: tuple[RefundLine, ...] | None = None
    reason: str = ""
    restock: bool = False
    api_refund: bool = False
    """Whether the shop's payment gateway is to pay it back; else the shop only books it."""


class SetStock(Wish, frozen=True):
    """Set a stock quantity."""

    product_id: str
    quantity: int
    variation_id: str | None = None
    sku: str | None = None
    confirmed: bool = True
    """False: a zero that may be a mistake."""


class SetPrice(Wish, frozen=True):
    """Set prices; None leaves one, an empty sale price ends the sale."""

    product_id: str
    variation_id: str | None = None
    sku: str | None = None
    regular_price: str | None = None
    sale_price: str | None = None
    blanks: tuple[str, ...] = ()
    """Prices that are written only where the shop has none."""


class WriteBack(Wish, frozen=True):
    """Write meta of ours to an order."""

    order_id: str
    meta: dict[str, str]
    blanks: bool = False
    """Write only keys that the order does not have."""


def places_of(account: Mapping[str, Any]) -> int:
    """Return how many decimals the shop's prices have: its own setting, else its currency's."""
    own = account.get("price_decimals")
    if isinstance(own, int) and 0 <= own <= 6:
        return own
    return minor_units(str(account.get("currency") or ""))


def read(action: str, document: Any, account: Mapping[str, Any]) -> Wish:
    """Read and check a wish. Raises :class:`PlanRefused` naming field, rule and remedy."""
    kind = KINDS.get(action)
    if kind is None:
        raise PlanRefused("action", f"the shop has no action {action!r}", f"one of {', '.join(KINDS)}")
    try:
        wish = msgspec.convert(document, kind)
    except msgspec.ValidationError as problem:
        rule, _, place = str(problem).partition(" - at ")
        field = place.strip("`").removeprefix("$").removeprefix(".") or _named(rule)
        raise PlanRefused(
            field, rule[:1].lower() + rule[1:], "record the wish again with this field set right"
        ) from None
    _text(wish.request_id, "request_id", most=200)
    _CHECKS[kind](wish, places_of(account))
    return canonical(wish, places_of(account))


def canonical(wish: Wish, places: int) -> Wish:
    """Return a wish with its prices as the shop stores them: a dot and the shop's decimals."""
    if not isinstance(wish, SetPrice):
        return wish
    changed = {
        name: f"{Decimal(value):.{places}f}"
        for name in ("regular_price", "sale_price")
        if (value := getattr(wish, name))
    }
    return msgspec.structs.replace(wish, **changed)


def _named(rule: str) -> str:
    found = re.search(r"field `([^`]+)`", rule)
    return found[1] if found else "document"


def _status(wish: SetStatus, places: int) -> None:
    del places
    _id(wish.order_id, "order_id")
    for name in ("status", "expected_status"):
        word = getattr(wish, name)
        if word is None and name == "expected_status":
            continue
        if not _STATUS.match(word or "") or word.startswith("wc-"):
            raise PlanRefused(name, "expected a status as the shop's API names it", "write on-hold, not wc-on-hold")
    if wish.status in _NOT_BY_STATUS:
        raise PlanRefused("status", f"no order is moved to {wish.status} by its status", f"one of {_listed(CORE)}")
    if wish.note is not None:
        _text(wish.note, "note")


def _note(wish: AddNote, places: int) -> None:
    del places
    _id(wish.order_id, "order_id")
    _text(wish.note, "note")


def _fulfil(wish: Fulfil, places: int) -> None:
    del places
    _id(wish.order_id, "order_id")
    _text(wish.tracking_number, "tracking_number", least=0, most=200)
    _text(wish.carrier, "carrier", least=0, most=200)
    if wish.tracking_url is not None:
        _text(wish.tracking_url, "tracking_url", most=2000)
        if not wish.tracking_url.startswith(("https://", "http://")):
            raise PlanRefused("tracking_url", "expected a web address", "begin it with https://")
    if wish.lines is not None:
        _lines([(line.line_id, line.quantity) for line in wish.lines], least=1)


def _refund(wish: Refund, places: int) -> None:
    _id(wish.order_id, "order_id")
    _text(wish.reason, "reason", least=0)
    if wish.amount is not None:
        _amount(wish.amount, "amount", places)
        if Decimal(wish.amount) <= 0:
            raise PlanRefused("amount", "a refund is above zero", "write 12.50")
    if wish.lines is None:
        return
    _lines([(line.line_id, line.quantity) for line in wish.lines], least=0)
    for i, line in enumerate(wish.lines):
        _amount(line.total, f"lines[{i}].total", places)
        for j, tax in enumerate(line.taxes):
            _id(tax.rate_id, f"lines[{i}].taxes[{j}].rate_id")
            _amount(tax.total, f"lines[{i}].taxes[{j}].total", places)
    if wish.amount is not None and Decimal(wish.amount) < summed(wish):
        raise PlanRefused("amount", "it is less than the sum of its lines", f"at least {summed(wish)}")
    if wish.amount is None and summed(wish) <= 0:
        raise PlanRefused("lines", "they give nothing back", "name an amount or totals above zero")


def summed(wish: Refund) -> Decimal:
    """Return what the lines of a refund give back, taxes included."""
    parts = [Decimal(line.total) for line in wish.lines or ()]
    parts += [Decimal(tax.total) for line in wish.lines or () for tax in line.taxes]
    return sum(parts, Decimal(0))


def _stock(wish: SetStock, places: int) -> None:
    del places
    _product(wish)
    if not -_STOCK <= wish.quantity <= _STOCK:
        raise PlanRefused("quantity", "it is beyond what a shop can count", "send the pieces on the shelf")


def _price(wish: SetPrice, places: int) -> None:
    _product(wish)
    if wish.regular_price is None and wish.sale_price is None:
        raise PlanRefused("regular_price", "neither price is set", "set regular_price, sale_price or both")
    if wish.regular_price is not None:
        _amount(wish.regular_price, "regular_price", places)
    if wish.sale_price:
        _amount(wish.sale_price, "sale_price", places)
        if wish.regular_price is not None and Decimal(wish.sale_price) >= Decimal(wish.regular_price):
            raise PlanRefused("sale_price", "a sale price is below the regular price", "lower it, or send it empty")


def _meta(wish: WriteBack, places: int) -> None:
    del places
    _id(wish.order_id, "order_id")
    if not wish.meta:
        raise PlanRefused("meta", "there is nothing to write", f"name keys that begin with {OWN_META}")
    for key, value in wish.meta.items():
        if not _META_KEY.match(key):
            raise PlanRefused("meta", f"expected keys of ours: {OWN_META} and small letters", f"{OWN_META}reference")
        _text(value, f"meta.{key}", least=0, most=60_000)


def _product(wish: SetStock | SetPrice) -> None:
    _id(wish.product_id, "product_id")
    if wish.variation_id is not None:
        _id(wish.variation_id, "variation_id")


def _id(value: str, field: str) -> None:
    if not (value.isascii() and value.isdigit() and len(value) < 19 and int(value) > 0):
        raise PlanRefused(field, "expected the shop's own number", "write it as text: 727")


def _amount(value: str, field: str, places: int) -> None:
    if not _AMOUNT.match(value):
        raise PlanRefused(field, "expected a plain decimal amount with a dot", "write 12.50, without a currency sign")
    if Decimal(value) != round(Decimal(value), places):
        raise PlanRefused(field, f"the shop keeps {places} decimals", f"write {Decimal(value):.{places}f}")


def _lines(lines: list[tuple[str, int]], *, least: int) -> None:
    if not lines:
        raise PlanRefused("lines", "the list is empty", "name lines, or leave it out")
    for i, (line_id, quantity) in enumerate(lines):
        _id(line_id, f"lines[{i}].line_id")
        if not least <= quantity <= _STOCK:
            raise PlanRefused(f"lines[{i}].quantity", f"expected {least} or more", "send whole pieces")
    if len({line_id for line_id, _ in lines}) != len(lines):
        raise PlanRefused("lines", "a line is named twice", "add its pieces up")


def _text(value: str, field: str, *, least: int = 1, most: int = _LONGEST) -> None:
    if not least <= len(value.strip() if least else value) <= most or "\x00" in value:
        raise PlanRefused(field, f"expected {least} to {most} characters without NUL", "shorten it")


def _listed(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))


KINDS: Final[dict[str, type[Wish]]] = {
    "set_status": SetStatus,
    "add_note": AddNote,
    "fulfil": Fulfil,
    "refund": Refund,
    "set_stock": SetStock,
    "set_price": SetPrice,
    "write_back": WriteBack,
}
_CHECKS: Final[dict[type[Wish], Callable[[Any, int], None]]] = {
    SetStatus: _status,
    AddNote: _note,
    Fulfil: _fulfil,
    Refund: _refund,
    SetStock: _stock,
    SetPrice: _price,
    WriteBack: _meta,
}
