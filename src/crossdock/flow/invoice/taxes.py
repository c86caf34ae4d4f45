"""Which tax a line bears, and why."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from crossdock.flow.invoice.asked import Asked
from crossdock.flow.invoice.countries import EU, vat_country
from crossdock.flow.invoice.rounding import ZERO
from crossdock.flow.invoice.rules import Book
from crossdock.flow.invoice.terms import TaxRule, Terms
from crossdock.model.commerce.deal import DealLine
from crossdock.model.commerce.invoice import Party, TaxCategory, TaxKey

WHY: Final = {
    TaxCategory.REVERSE_CHARGE: ("Reverse charge", "VATEX-EU-AE"),
    TaxCategory.INTRA_COMMUNITY: ("Intra-Community supply", "VATEX-EU-IC"),
    TaxCategory.EXPORT: ("Export outside the EU", "VATEX-EU-G"),
    TaxCategory.OUTSIDE: ("Not subject to VAT", "VATEX-EU-O"),
}
"""The words and codes that EN 16931 wants beside what bears no tax."""


class Chosen(msgspec.Struct, frozen=True):
    """The tax of a line."""

    key: TaxKey
    reason: str = ""
    code: str = ""


_NONE: Final = Chosen(TaxKey(category=TaxCategory.ZERO, rate=ZERO))
"""What stands for a tax that was refused; no invoice is made of it."""


def bare(category: TaxCategory, terms: Terms) -> Chosen:
    """Return a category that bears no tax, with its words (the terms' own go first); the codes are the EU's."""
    reason, code = WHY.get(category, ("", ""))
    words = dict[str, str](terms.tax.words.items())
    told = words.get(category.value, reason)
    return Chosen(TaxKey(category=category, rate=ZERO), told, code if terms.seller.country in EU else "")


class TaxChooser:
    """Chooses for the lines of one invoice."""

    def __init__(self, terms: Terms, asked: Asked, buyer: Party, *, company: bool, book: Book) -> None:
        self._terms = terms
        self._asked = asked
        self._buyer = buyer
        self._company = company
        self._book = book

    def choose(self, line: DealLine, about: str) -> Chosen:
        """Return the tax of a line and note the rule; what cannot be decided is refused in the book."""
        given = self._asked.taxes.get(line.id)
        if given is not None:
            self._book.note("tax.asked", about, f"{given.category} {given.rate} %")
            return self._told(given.category, given.rate, given.reason, given.code)
        for number, rule in enumerate(self._terms.tax.rules):
            if _fits(rule, line, self._buyer.country):
                self._book.note("tax.rule", about, f"rule {number}: {rule.category} {rule.rate} %")
                return self._told(rule.category, rule.rate, rule.reason, rule.code)
        return self._by_place(line, about)

    def _told(self, category: TaxCategory, rate: Decimal, reason: str, code: str) -> Chosen:
        usual = bare(category, self._terms)
        self._needs(category)
        if category.taxed or category is TaxCategory.ZERO:
            return Chosen(TaxKey(category=category, rate=rate))
        if category is TaxCategory.EXEMPT:
            return Chosen(TaxKey(category=category, rate=rate), reason, code)
        return Chosen(TaxKey(category=category, rate=rate), reason or usual.reason, code or usual.code)

    def _needs(self, category: TaxCategory) -> None:
        """Refuse what a category takes and is not there (BR-AE-02, BR-IC-02, BR-G-02)."""
        if category in (TaxCategory.INTRA_COMMUNITY, TaxCategory.EXPORT) and not self._terms.seller.vat_id:
            self._book.refuse("seller.vat-id", "seller.vat_id")
        if category in (TaxCategory.INTRA_COMMUNITY, TaxCategory.REVERSE_CHARGE) and not self._buyer.vat_id:
            self._book.refuse("buyer.vat-id", "buyer.vat_id")

    def _by_place(self, line: DealLine, about: str) -> Chosen:
        home, there = self._terms.seller.country, self._buyer.country
        if there == home or not there:
            return self._at_home(line, about)
        goods = self._is_goods(line)
        northern = goods and there == "GB" and self._buyer.vat_id.startswith("XI")
        if home in EU and (there in EU or northern):
            return self._in_union(line, about, goods=goods)
        if goods:
            return self._free(TaxCategory.EXPORT, "tax.export", about)
        return self._service_abroad(line, about)

    def _at_home(self, line: DealLine, about: str) -> Chosen:
        rate = line.tax_rate
        if rate is not None and rate > 0:
            self._book.note("tax.domestic-line", about, f"{rate} %")
            return Chosen(TaxKey(category=TaxCategory.STANDARD, rate=rate))
        if rate is not None:
            if self._terms.tax.zero_rate == "refuse":
                self._book.refuse("tax.zero-rate", f"{about}_rate")
            else:
                self._book.note("tax.domestic-zero", about)
            return _NONE
        standard = self._terms.tax.standard_rate
        if not standard:
            self._book.refuse("tax.unknown", f"{about}_rate")
            return _NONE
        self._book.note("tax.domestic-standard", about, f"{standard} %")
        return Chosen(TaxKey(category=TaxCategory.STANDARD, rate=standard))

    def _in_union(self, line: DealLine, about: str, *, goods: bool) -> Chosen:
        if self._buyer.vat_id:
            if vat_country(self._buyer.vat_id) != self._buyer.country:
                self._book.refuse("buyer.vat-id-country", "buyer.vat_id")
            if goods:
                return self._free(TaxCategory.INTRA_COMMUNITY, "tax.intra-community", about)
            return self._free(TaxCategory.REVERSE_CHARGE, "tax.reverse-charge", about)
        if self._company:
            if self._terms.tax.companies_without_vat_id == "refuse":
                self._book.refuse("buyer.vat-id", "buyer.vat_id")
                return _NONE
            self._book.note("tax.company-as-consumer", about)
        return self._consumer(line, about)

    def _consumer(self, line: DealLine, about: str) -> Chosen:
        choice = self._terms.tax.eu_consumers
        if choice == "domestic":
            self._book.note("tax.consumer-domestic", about, self._buyer.country)
            return self._at_home(line, about)
        if choice == "refuse":
            self._book.refuse("tax.consumer-abroad", "tax.eu_consumers")
            return _NONE
        rate = self._terms.tax.country_rates.get(self._buyer.country)
        if not rate:
            self._book.refuse("tax.country-rate", "tax.country_rates", f": {self._buyer.country}")
            return _NONE
        self._book.note("tax.consumer-destination", about, f"{self._buyer.country} {rate} %")
        return Chosen(TaxKey(category=TaxCategory.STANDARD, rate=rate))

    def _service_abroad(self, line: DealLine, about: str) -> Chosen:
        choice = self._terms.tax.services_abroad
        if choice == "refuse":
            self._book.refuse("tax.services-abroad", "tax.services_abroad")
            return _NONE
        if choice == "domestic":
            self._book.note("tax.services-abroad", about, "as at home")
            return self._at_home(line, about)
        return self._free(TaxCategory(choice), "tax.services-abroad", about)

    def _free(self, category: TaxCategory, rule: str, about: str) -> Chosen:
        self._needs(category)
        self._book.note(rule, about, self._buyer.country)
        return bare(category, self._terms)

    def _is_goods(self, line: DealLine) -> bool:
        tax = self._terms.tax
        if line.sku and line.sku in tax.goods_skus:
            return True
        if line.sku and line.sku in tax.service_skus:
            return False
        return tax.supplies == "goods"


def _fits(rule: TaxRule, line: DealLine, country: str) -> bool:
    return (
        (not rule.skus or line.sku in rule.skus)
        and (not rule.product_ids or line.product_id in rule.product_ids)
        and (not rule.tax_names or line.tax_name in rule.tax_names)
        and (not rule.rates or line.tax_rate in rule.rates)
        and (not rule.countries or country in rule.countries)
    )
