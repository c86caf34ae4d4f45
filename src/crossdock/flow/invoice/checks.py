"""What settings of invoicing have to be like, by named rules."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from crossdock.flow.invoice.countries import COUNTRIES, EU, VAT_FORMS, vat_country

TERMS: Final[Mapping[str, tuple[str, str]]] = {
    "seller.tax-number": ("the seller has neither a VAT id nor a tax number", "give vat_id or tax_id"),
    "seller.vat-country": ("the seller's VAT id is another country's", "give that of the seller's country, or tax_id"),
    "country": ("that is no country of ISO 3166-1 alpha-2", "write two capital letters: DE"),
    "currency": ("that is no currency code", "write three capital letters of ISO 4217: EUR"),
    "vat-id": ("that has not the form of a VAT id", "write it with its country's letters, without blanks: DE123456789"),
    "iban": ("its check digits do not fit", "copy the IBAN again; no blanks"),
    "timezone": ("that is no time zone", "name it as the tz database does: Europe/Berlin"),
    "series.pattern": (
        "the pattern may hold {series}, {year}, {number} and {number:05d}, and letters, digits, / . _ -",
        "write it as {series}-{year}-{number:05d}",
    ),
    "series.number": ("the pattern has no {number}", "write it as {series}-{year}-{number:05d}"),
    "series.year": ("a series that begins anew each year needs {year} in its pattern", "put {year} in"),
    "series.names": ("two series have the same name", "invoices and credit notes have series of their own"),
    "series.patterns": ("two series would give the same numbers", "put {series} into their patterns"),
    "payment.words": ("the words hold a field in braces that is not known", "see the description of the setting"),
    "payment.account": ("a credit transfer needs an account", "give iban, or another means"),
    "payment.terms": (
        "there is neither a day nor words",
        "give days or words: an invoice says when it is due (BR-CO-25)",
    ),
    "charge.conditions": ("it names no line", "give skus, product_ids or names"),
    "currency.default": ("the default is not among the accepted ones", "accept it, or choose another"),
    "currency.own-rate": ("one unit of the tax currency is one unit of itself", "leave its rate out"),
    "tax.rate-of-category": ("categories S, L and M have a rate above 0, all others 0", "correct rate or category"),
    "tax.exemption-reason": ("category E says why it is exempt", "give reason or a VATEX code"),
    "tax.country-rates": ("tax of the buyer's country needs that country's rates", "give country_rates"),
}
"""Rules about terms: what is wrong, and what to do."""


def broken(rule: str) -> PydanticCustomError:
    """Return the error of a rule."""
    return PydanticCustomError(rule, TERMS[rule][0])


def _country(text: str) -> str:
    if text not in COUNTRIES:
        raise broken("country")
    return text


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise broken("currency")
    return text


def _vat_id(text: str) -> str:
    if not is_vat_id(text):
        raise broken("vat-id")
    return text


def is_vat_id(text: str) -> bool:
    """Whether a text has the form of a VAT id of its country; of countries outside the EU: letters and digits."""
    form = VAT_FORMS.get(text[:2])
    if form is not None:
        return re.fullmatch(form, text[2:]) is not None
    return text[:2] in COUNTRIES and re.fullmatch(r"[A-Z0-9.-]{2,18}", text[2:]) is not None


def _iban(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", text):
        raise broken("iban")
    digits = "".join(str(int(char, 36)) for char in text[4:] + text[:4])
    if int(digits) % 97 != 1:
        raise broken("iban")
    return text


def check_vat_country(rule: str, vat_id: str, country: str) -> None:
    """Refuse a VAT id of an EU seller that is another country's. Raises the rule's error."""
    if vat_id and country in EU and vat_country(vat_id) != country:
        raise broken(rule)


def check_words(rule: str, words: str, known: set[str]) -> None:
    """Refuse words with an unknown field. Raises the rule's error."""
    try:
        parts = list(string.Formatter().parse(words))
    except ValueError:
        raise broken(rule) from None
    if any(name is not None and (name not in known or form or turn) for _, name, form, turn in parts):
        raise broken(rule)


def _or_none(check: Callable[[str], str]) -> Callable[[str], str]:
    """Return a check that lets an empty text pass: not given."""
    return lambda text: text and check(text)


Text = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(max_length=200)]
Country = Annotated[str, AfterValidator(_country)]
Currency = Annotated[str, AfterValidator(_currency)]
MaybeCountry = Annotated[str, AfterValidator(_or_none(_country))]
MaybeCurrency = Annotated[str, AfterValidator(_or_none(_currency))]
MaybeVatId = Annotated[str, AfterValidator(_or_none(_vat_id))]
MaybeIban = Annotated[str, AfterValidator(_or_none(_iban))]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$", description="UN/ECE recommendation 20 or 21")]
