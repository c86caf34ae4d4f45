"""Which tax a line bears: by where buyer and seller are, by rule, and by what was asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from crossdock.flow.invoice import asked_of
from crossdock.flow.invoice.checks import is_vat_id
from crossdock.flow.invoice.countries import COUNTRIES, EU
from crossdock.model.commerce.invoice import Party
from tests.support.deals import PERSON, deal, line, terms
from tests.unit.invoice.making import draft, made
from tests.unit.invoice.test_refusals import company

VAT = {"FR": "FR83404833048", "AT": "ATU12345678", "GR": "EL123456789", "GB": "XI123456789"}
REVERSE = ("AE", "0", "VATEX-EU-AE", "tax.reverse-charge")
COMMUNITY = ("K", "0", "VATEX-EU-IC", "tax.intra-community")
EXPORT = ("G", "0", "VATEX-EU-G", "tax.export")
OUTSIDE = ("O", "0", "VATEX-EU-O", "tax.services-abroad")
CONSUMER = ("S", "19", "", "tax.consumer-domestic")


def tax_of(country: str, *, business: bool, given: Any = None, **changes: Any) -> tuple[str, str, str, str]:
    """Return category, rate, code and rule for one line to a buyer of a country."""
    vat = VAT.get(country, "") if business else ""
    if business:
        of = deal(given or line(), companies=(company(country=country, vat_id=vat),))
    else:
        address = msgspec.structs.replace(PERSON.address, country=country)
        of = deal(given or line(), companies=(), contacts=(msgspec.structs.replace(PERSON, address=address),))
    seller = {"registration_id": "HRB 1"}
    done = draft(of, terms(**{**changes, "seller": {**seller, **changes.get("seller", {})}}))
    (tax,) = done.invoice.taxes
    rule = next(rule.rule for rule in done.rules if rule.about == "lines[0].tax" and rule.rule.startswith("tax."))
    return tax.key.category.value, str(tax.key.rate), tax.exemption_code, rule


@pytest.mark.parametrize(
    ("country", "business", "supplies", "expected"),
    [
        ("DE", True, "goods", ("S", "19", "", "tax.domestic-standard")),
        ("DE", False, "services", ("S", "19", "", "tax.domestic-standard")),
        ("FR", True, "goods", COMMUNITY),
        ("FR", True, "services", REVERSE),
        ("GR", True, "services", REVERSE),
        ("GB", True, "goods", COMMUNITY),
        ("GB", True, "services", OUTSIDE),
        ("FR", False, "goods", CONSUMER),
        ("AT", False, "services", CONSUMER),
        ("US", True, "goods", EXPORT),
        ("US", False, "goods", EXPORT),
        ("CH", True, "services", OUTSIDE),
    ],
)
def test_a_german_seller(country: str, business: bool, supplies: str, expected: tuple[str, ...]) -> None:
    assert tax_of(country, business=business, tax={"supplies": supplies}) == expected


def test_what_tax_needs_stands_on_the_invoice() -> None:
    of = deal(companies=(company(country="FR", vat_id="fr 83 404.833.048"),))
    community = made(of, terms(tax={"supplies": "goods"}))
    assert community.buyer.vat_id == VAT["FR"], "people write blanks and dots"
    assert isinstance(community.ship_to, Party), "BR-IC-12"
    assert community.ship_to.country == "FR"
    assert community.supplied_on is not None, "BR-IC-11"
    (tax,) = community.taxes
    assert (tax.exemption, str(tax.tax), str(community.totals.due)) == ("Intra-Community supply", "0.00", "10.00")
    abroad = deal(companies=(company(country="US", vat_id="US12"),))
    outside = made(abroad, terms(tax={"supplies": "services"}, seller={"registration_id": "HRB 1"}))
    assert (outside.seller.vat_id, outside.buyer.vat_id) == ("", ""), "BR-O-02"


def test_rules_of_the_terms_come_first_and_what_is_asked_before_them() -> None:
    rules = [
        {"skus": ["BOOK"], "countries": ["DE"], "category": "S", "rate": "7"},
        {"tax_names": ["care"], "category": "E", "reason": "Care", "code": "VATEX-EU-132"},
        {"rates": ["0"], "category": "Z"},
        {"product_ids": ["p"], "category": "S", "rate": "5"},
    ]
    book, care = line(sku="BOOK", tax_rate="19"), line(tax_name="care")
    assert tax_of("DE", business=True, given=book, tax={"rules": rules}) == ("S", "7", "", "tax.rule")
    assert tax_of("FR", business=True, given=book, tax={"rules": rules}) == COMMUNITY
    assert tax_of("DE", business=True, given=care, tax={"rules": rules}) == ("E", "0", "VATEX-EU-132", "tax.rule")
    assert tax_of("DE", business=True, given=line(tax_rate="0"), tax={"rules": rules})[0] == "Z"
    assert tax_of("DE", business=True, given=line(product_id="p"), tax={"rules": rules})[1] == "5"
    asked = asked_of({"taxes": {"l1": {"category": "E", "reason": "by law"}}})
    (tax,) = made(deal(book), terms(tax={"rules": rules}), asked).taxes
    assert (tax.key.category, tax.exemption) == ("E", "by law")


def test_the_words_are_those_the_law_wants() -> None:
    words = {"AE": "Steuerschuldnerschaft des Leistungsempfängers"}
    of = deal(companies=(company(country="FR", vat_id=VAT["FR"]),))
    (tax,) = made(of, terms(tax={"supplies": "services", "words": words})).taxes
    assert (tax.exemption, tax.exemption_code) == (words["AE"], "VATEX-EU-AE")
    (other,) = made(of, terms(tax={"supplies": "goods", "words": words})).taxes
    assert other.exemption == "Intra-Community supply"


def test_a_small_business_is_exempt_of_everything() -> None:
    rules = [{"category": "E", "reason": "Small business, § 19 UStG"}]
    for country in ("DE", "FR", "US"):
        assert tax_of(country, business=True, tax={"rules": rules})[:2] == ("E", "0")


def test_other_choices() -> None:
    at_home = {"supplies": "services", "services_abroad": "domestic"}
    assert tax_of("US", business=True, tax=at_home)[:2] == ("S", "19")
    assert tax_of("US", business=True, tax={"supplies": "services", "services_abroad": "G"})[0] == "G"
    there = {"eu_consumers": "destination", "country_rates": {"FR": "20"}}
    assert tax_of("FR", business=False, tax=there) == ("S", "20", "", "tax.consumer-destination")
    assert tax_of("DE", business=True, given=line(tax_rate="0"), tax={"zero_rate": "Z"})[0] == "Z"
    assert tax_of("DE", business=True, given=line(tax_rate="7"))[1] == "7"
    mixed = {"supplies": "services", "goods_skus": ["T"]}
    assert tax_of("FR", business=True, given=line(sku="T"), tax=mixed) == COMMUNITY
    mixed = {"supplies": "goods", "service_skus": ["T"]}
    assert tax_of("FR", business=True, given=line(sku="T"), tax=mixed) == REVERSE


def test_a_company_without_a_vat_id_may_be_taken_as_a_consumer() -> None:
    of = deal(companies=(company(country="FR"),))
    by = terms(tax={"companies_without_vat_id": "consumer"})
    told = {rule.rule for rule in draft(of, by).rules}
    assert {"tax.company-as-consumer", "tax.consumer-domestic"} <= told


def test_a_seller_outside_the_union() -> None:
    seller = {"country": "CH", "vat_id": "CHE123456789MWST"}
    assert tax_of("FR", business=True, seller=seller, tax={"supplies": "goods"}) == ("G", "0", "", "tax.export")
    assert tax_of("CH", business=True, seller=seller)[:2] == ("S", "19")


def test_tax_is_accounted_in_another_currency() -> None:
    by = terms(currency={"accepted": ["EUR", "USD"], "tax_currency": "EUR", "rates": {"USD": "0.92"}})
    invoice = made(deal(line(unit_price="100"), currency="USD"), by)
    assert (invoice.tax_currency, str(invoice.tax_in_tax_currency)) == ("EUR", "17.48")
    asked = made(deal(line(unit_price="100"), currency="USD"), by, asked_of({"exchange_rate": "0.5"}))
    assert (str(asked.exchange_rate), str(asked.tax_in_tax_currency)) == ("0.5", "9.50")
    assert made(deal(), by).tax_currency == ""


def test_forms_of_vat_ids() -> None:
    good = ("DE123456789", "ATU12345678", "NL123456789B01", "IE1234567WA", "ESX1234567X", "EL123456789", "CHE1.2")
    bad = ("DE12345678", "AT12345678", "GR123456789", "XX1234", "", "DE", "FR8340483304", "123456789")
    assert [one for one in good if not is_vat_id(one)] == []
    assert [one for one in bad if is_vat_id(one) and one != "GR123456789"] == []
    assert (len(EU), len(COUNTRIES) > 240, EU <= COUNTRIES) == (27, True, True)
