"""WooCommerce's arithmetic of an order, written a second time and apart from the code under test.

Facts were read off a real WooCommerce 11.0.1 under sixteen settings; ``test_ledger.py`` holds its orders against this.
``settle`` takes what a buyer chose and returns the order as REST shows it; ``orders`` makes any number of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

D = Decimal
ZERO = D(0)
SIXTH = D("0.000001")


@dataclass(frozen=True)
class Shop:
    """How a shop rounds."""

    decimals: int = 2
    include_tax: bool = False
    at_subtotal: bool = False

    @property
    def unit(self) -> Decimal:
        """The smallest amount shown."""
        return D(1).scaleb(-self.decimals)

    def facts(self) -> dict[str, Any]:
        """What a check of the shop records."""
        return {
            "price_decimals": self.decimals,
            "prices_include_tax": self.include_tax,
            "round_at_subtotal": self.at_subtotal,
        }

    def shown(self, amount: Decimal) -> Decimal:
        """Round as REST does."""
        return amount.quantize(self.unit, ROUND_HALF_UP)

    def text(self, amount: Decimal) -> str:
        """Show an amount."""
        rounded = self.shown(amount)
        return str(rounded or abs(rounded))

    def tax(self, amount: Decimal) -> Decimal:
        """Round a tax: halves go down where prices include tax."""
        return amount.quantize(self.unit, ROUND_HALF_DOWN if self.include_tax else ROUND_HALF_UP)

    def early(self, amount: Decimal) -> Decimal:
        """Round a tax of one line, in shops that do so."""
        return amount if self.at_subtotal else self.tax(amount)


@dataclass(frozen=True)
class Rate:
    """A tax rate of the order's place."""

    id: int
    percent: Decimal
    compound: bool = False
    shipping: bool = True


@dataclass
class Line:
    """Goods, shipping or a fee, unrounded."""

    total: Decimal
    quantity: int = 0
    subtotal: Decimal = ZERO
    taxes: dict[int, Decimal] = field(default_factory=dict)
    subtotal_taxes: dict[int, Decimal] = field(default_factory=dict)
    taxable: bool = True


@dataclass(frozen=True)
class Cart:
    """What was bought, where."""

    currency: str
    rates: tuple[Rate, ...]
    goods: tuple[tuple[Decimal, int], ...]
    """Price as the shop writes it, and pieces."""
    coupons: tuple[tuple[str, Decimal], ...] = ()
    shipping: tuple[Decimal, ...] = ()
    fees: tuple[tuple[Decimal, bool], ...] = ()
    """Amount, and whether it is taxed."""
    base: tuple[Rate, ...] | None = None
    """Rates of the shop's own place, whose tax prices include when an order is made by hand; None: the buyer's."""


def on_top(amount: Decimal, rates: tuple[Rate, ...]) -> dict[int, Decimal]:
    """Taxes on an amount without tax; a compound rate also taxes the taxes before it."""
    found = {rate.id: amount * rate.percent / 100 for rate in rates if not rate.compound}
    for rate in rates:
        if rate.compound:
            found[rate.id] = (amount + sum(found.values(), ZERO)) * rate.percent / 100
    return {rate_id: tax.quantize(SIXTH, ROUND_HALF_UP) for rate_id, tax in found.items()}


def within(amount: Decimal, rates: tuple[Rate, ...]) -> Decimal:
    """All taxes that an amount with tax holds."""
    left, taken = amount, ZERO
    for rate in reversed([rate for rate in rates if rate.compound]):
        tax = left - left / (1 + rate.percent / 100)
        taken += tax.quantize(SIXTH, ROUND_HALF_UP)
        left -= tax
    plain = [rate.percent for rate in rates if not rate.compound]
    all_of_them = 1 + sum(plain, ZERO) / 100
    for percent in plain:
        taken += (left * (percent / 100) / all_of_them).quantize(SIXTH, ROUND_HALF_UP)
    return taken


class Discounts:
    """What coupons take off each line, in units, from prices as the shop writes them."""

    def __init__(self, shop: Shop, goods: list[Line]) -> None:
        self.scale = D(10) ** shop.decimals
        self.pieces = [line.quantity for line in goods]
        self.prices = []
        for line in goods:
            taxes = sum((shop.early(tax) for tax in line.subtotal_taxes.values()), ZERO) if shop.include_tax else ZERO
            self.prices.append((line.subtotal + taxes) * self.scale)
        self.taken = [ZERO] * len(goods)
        self.dearest_first = sorted(range(len(goods)), key=lambda at: -self.prices[at] / self.pieces[at])

    def apply(self, kind: str, amount: Decimal) -> None:
        """Apply a coupon to the lines that have something left."""
        lines = [at for at in self.dearest_first if self._left(at) > 0]
        if kind == "percent":
            self._percent(lines, amount)
        elif kind == "fixed_product":
            self._each(lines, amount * self.scale)
        else:
            self._cart(lines, amount * self.scale)

    def _left(self, at: int) -> Decimal:
        return abs((self.prices[at] - self.taken[at]).quantize(D(1), ROUND_HALF_UP))

    def _percent(self, lines: list[int], percent: Decimal) -> None:
        given = whole = ZERO
        for at in lines:
            price = self.prices[at].quantize(D(1), ROUND_HALF_UP)
            one = min(self._left(at), (price * percent / 100).quantize(D(1), ROUND_FLOOR))
            given, whole = given + one, whole + price
            self.taken[at] += one
        self._spread(lines, (whole * percent / 100).quantize(D(1), ROUND_HALF_DOWN) - given)

    def _each(self, lines: list[int], units: Decimal) -> Decimal:
        given = ZERO
        for at in lines:
            one = min(self._left(at), units * self.pieces[at])
            given += one
            self.taken[at] += one
        return given

    def _cart(self, lines: list[int], amount: Decimal) -> None:
        while amount > 0:
            having = [at for at in lines if self._left(at) > 0]
            pieces = sum(self.pieces[at] for at in having)
            each = (amount / pieces).quantize(D(1), ROUND_FLOOR) if pieces else ZERO
            if each <= 0:
                self._spread(having, amount)
                return
            amount -= self._each(having, each)

    def _spread(self, lines: list[int], amount: Decimal) -> None:
        for at in lines:
            for _ in range(self.pieces[at]):
                if amount <= 0:
                    return
                one = min(self._left(at), D(1))
                self.taken[at] += one
                amount -= one


def settle(shop: Shop, cart: Cart) -> dict[str, Any]:
    """The order of a cart, as REST shows it."""
    goods = []
    for price, quantity in cart.goods:
        gross = price * quantity
        net = gross - within(gross, cart.rates if cart.base is None else cart.base) if shop.include_tax else gross
        goods.append(Line(net, quantity, net, subtotal_taxes=on_top(net, cart.rates)))
    if cart.coupons:
        discounts = Discounts(shop, goods)
        for kind, amount in cart.coupons:
            discounts.apply(kind, amount)
        for line, units in zip(goods, discounts.taken, strict=True):
            off = units * shop.unit
            if shop.include_tax:
                off -= within(off, cart.rates)
            line.total = max(ZERO, line.total - off)
    for line in goods:
        line.taxes = on_top(line.total, cart.rates)
        if sum(line.subtotal_taxes.values()) < sum(line.taxes.values()):
            line.subtotal_taxes = line.taxes
    by_line = (lambda amount: amount) if shop.at_subtotal else shop.shown
    subtotal = sum((by_line(line.subtotal) for line in goods), ZERO)
    total = sum((by_line(line.total) for line in goods), ZERO)
    on_shipping = tuple(rate for rate in cart.rates if rate.shipping)
    shipping = [Line(amount, taxes=on_top(amount, on_shipping)) for amount in cart.shipping]
    shipped = sum((shop.shown(line.total) for line in shipping), ZERO)
    fees = _fees(shop, cart, goods, shipping, total + shipped)
    return _shown(shop, cart, goods, shipping, fees, subtotal, total, shipped)


def _fees(shop: Shop, cart: Cart, goods: list[Line], shipping: list[Line], most: Decimal) -> list[Line]:
    fees: list[Line] = []
    for amount, taxable in cart.fees:
        fee = Line(amount, taxable=taxable)
        allowed = -shop.shown(most + sum((one.total for one in fees), ZERO))
        if amount < 0 and allowed < 0:
            fee.total = max(amount, allowed)
        fees.append(fee)
    for fee in fees:
        if fee.total >= 0:
            fee.taxes = on_top(fee.total, cart.rates) if fee.taxable else {}
            continue
        # a fee below zero takes its tax back in the share that is taxed, whatever its own status
        costs = [(one.total, one.taxable) for one in (*goods, *shipping, *fees) if one.total >= 0]
        whole = sum((cost for cost, _ in costs), ZERO)
        taxed = sum((cost for cost, taxable in costs if taxable), ZERO)
        fee.taxes = on_top(fee.total * taxed / whole, cart.rates) if whole and taxed else {}
    return fees


def _shown(
    shop: Shop,
    cart: Cart,
    goods: list[Line],
    shipping: list[Line],
    fees: list[Line],
    subtotal: Decimal,
    total: Decimal,
    shipped: Decimal,
) -> dict[str, Any]:
    text = shop.text
    by_rate, shipping_by_rate = _by_rate(shop, [*goods, *fees]), _by_rate(shop, shipping)
    # rounded already where lines round; else they stay as they are until the total
    cart_tax, shipping_tax = sum(by_rate.values(), ZERO), sum(shipping_by_rate.values(), ZERO)
    discount_tax = sum(
        (sum(line.subtotal_taxes.values(), ZERO) - sum(line.taxes.values(), ZERO) for line in goods), ZERO
    )
    whole = shop.shown(total + sum((fee.total for fee in fees), ZERO) + shipped + cart_tax + shipping_tax)
    number = iter(range(1, 1000))
    return {
        "id": 17,
        "status": "completed",
        "currency": cart.currency,
        "prices_include_tax": shop.include_tax,
        "discount_total": text(subtotal - total),
        "discount_tax": str(shop.tax(discount_tax)),
        "shipping_total": text(shipped),
        "shipping_tax": text(shipping_tax),
        "cart_tax": text(cart_tax),
        "total": text(whole),
        "total_tax": text(cart_tax + shipping_tax),
        "line_items": [_line(shop, line, next(number), goods=True) for line in goods],
        "shipping_lines": [_line(shop, line, next(number)) for line in shipping],
        "fee_lines": [_line(shop, line, next(number)) for line in fees],
        "coupon_lines": [{"id": next(number), "code": f"c{at}"} for at, _ in enumerate(cart.coupons)],
        "tax_lines": [
            {
                "id": next(number),
                "rate_id": rate_id,
                "tax_total": text(by_rate.get(rate_id, ZERO)),
                "shipping_tax_total": text(shipping_by_rate.get(rate_id, ZERO)),
            }
            for rate_id in {**by_rate, **shipping_by_rate}
        ],
        "refunds": [],
    }


def _by_rate(shop: Shop, lines: list[Line]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for line in lines:
        for rate_id, tax in line.taxes.items():
            found[rate_id] = found.get(rate_id, ZERO) + shop.early(tax)
    return found


def _line(shop: Shop, line: Line, number: int, *, goods: bool = False) -> dict[str, Any]:
    shown = {
        "id": number,
        "total": shop.text(line.total),
        "total_tax": shop.text(sum((shop.early(tax) for tax in line.taxes.values()), ZERO)),
        "taxes": [
            {
                "id": rate_id,
                "total": shop.text(tax),
                "subtotal": shop.text(line.subtotal_taxes[rate_id]) if goods else "",
            }
            for rate_id, tax in line.taxes.items()
        ],
    }
    if goods:
        before = sum((shop.early(tax) for tax in line.subtotal_taxes.values()), ZERO)
        shown |= {"quantity": line.quantity, "price": float(line.total) / line.quantity}
        shown |= {"subtotal": shop.text(line.subtotal), "subtotal_tax": shop.text(before)}
    return shown


CURRENCIES = {
    "USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3, "CHF": 2, "SEK": 2, "BRL": 2,
    "INR": 1, "AUD": 2,
}  # fmt: skip
"""Twelve currencies and the decimals their shops are given here; one yen shop in two shows two, as recorded."""
R = Rate
PLACES: tuple[tuple[Rate, ...], ...] = (
    (),
    (R(1, D("7.25"), shipping=False), R(2, D(2), compound=True, shipping=False)),
    (R(3, D(19)),),
    (R(6, D(5)), R(7, D("9.975"))),
    (R(8, D("8.1")),),
    (R(9, D("5.5"), compound=True), R(10, D("20.6")), R(11, D("0.333"), shipping=False)),
)
TAX_SETTINGS = ("none", "on top", "on top, at subtotal", "included", "included, at subtotal", "compound and odd")


def orders(count: int, seed: int) -> Iterator[tuple[Shop, dict[str, Any]]]:
    """Shops of every currency and tax setting in turn, each with one order."""
    rng = random.Random(seed)
    currencies = list(CURRENCIES)
    for number in range(count):
        currency, setting = currencies[number % 12], TAX_SETTINGS[number // 12 % 6]
        decimals = 2 if currency == "JPY" and rng.random() < 0.5 else CURRENCIES[currency]
        shop = Shop(decimals, setting.startswith("included"), setting.endswith("subtotal"))
        if setting == "compound and odd":
            shop = Shop(decimals, rng.random() < 0.5, rng.random() < 0.5)
        order = settle(shop, _cart(rng, shop, currency, setting))
        _refund(rng, shop, order)
        yield shop, order


def _refund(rng: random.Random, shop: Shop, order: dict[str, Any]) -> None:
    left = max(0, int(D(order["total"]) / shop.unit))
    for number in range(rng.choice((0, 0, 0, 1, 2))):
        units = left if rng.random() < 0.3 else rng.randint(0, left)
        if units:
            left -= units
            order["refunds"].append({"id": 900 + number, "reason": "", "total": f"-{shop.text(units * shop.unit)}"})


def _cart(rng: random.Random, shop: Shop, currency: str, setting: str) -> Cart:
    def amount(most: int) -> Decimal:
        # some shops write prices with more decimals than they show
        more = rng.choice((0, 0, 0, 2, 3))
        return D(rng.randrange(1, most * 10**more)).scaleb(-shop.decimals - more)

    rates = () if setting == "none" else rng.choice(PLACES[1:2] + PLACES[5:] if "odd" in setting else PLACES[1:])
    goods = tuple((amount(20_000), rng.randint(1, 9)) for _ in range(rng.randint(1, 5)))
    kinds = ("percent", D(rng.randint(1, 100))), ("percent", D("33.33")), ("fixed_cart", amount(3_000))
    each = ("fixed_product", D(rng.randrange(1, 500)).scaleb(-shop.decimals))
    coupons = (rng.choice((*kinds, each)),) if rng.random() < 0.4 else ()
    shipping = tuple(amount(2_000) for _ in range(rng.choice((0, 1, 1, 2))))
    fees = tuple((amount(1_000) * rng.choice((1, 1, -1)), rng.random() < 0.5) for _ in range(rng.choice((0, 0, 1, 2))))
    return Cart(currency, rates, goods, coupons, shipping, fees)
