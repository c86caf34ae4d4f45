"""Every rule that keeps an invoice from being made refuses by its name, with field and remedy."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import crossdock.flow.invoice as room
from crossdock.flow.invoice import Asked, InvoiceRefused, Terms, asked_of, problems_of
from crossdock.flow.invoice.checks import TERMS
from crossdock.flow.invoice.refusals import CONFLICTS, REFUSED
from crossdock.flow.invoice.rules import FIRED
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.deal import Deal
from tests.support.deals import COMPANY, PERSON, deal, line, terms
from tests.unit.invoice.making import made

EU = {"tax": {"eu_consumers": "refuse"}}
EIGHT = tuple(line(id=f"l{number}", unit_price="0.5", tax_rate="19") for number in range(600))


def company(**more: Any) -> Any:
    """The company with other facts; those of its address by their names."""
    place = {name: more.pop(name) for name in list(more) if name in Address.__struct_fields__}
    return msgspec.structs.replace(COMPANY, address=msgspec.structs.replace(COMPANY.address, **place), **more)


class Case(msgspec.Struct, frozen=True):
    """A deal that is refused."""

    rule: str
    field: str
    deal: Deal
    terms: dict[str, Any] = {}
    asked: dict[str, Any] = {}


def of(*lines: Any, **more: Any) -> Deal:
    """Return a deal with a company of other facts."""
    return deal(*lines, companies=(company(**more),))


CASES = [
    Case("series.unknown", "series", deal(), asked={"series": "X"}),
    Case("deal.archived", "deal", deal(archived=True)),
    Case("deal.negative", "amount", deal(amount=Decimal(-1)), {"less": "allowance"}),
    Case("deal.no-lines", "lines", deal(lines=())),
    Case("deal.no-amount", "amount", deal(lines=()), {"no_lines": "one_line"}),
    Case("deal.amount-below-lines", "amount", deal(amount=Decimal(9))),
    Case("deal.amount-above-lines", "amount", deal(amount=Decimal(11))),
    Case("currency.missing", "currency", deal(currency=""), {"currency": {"default": ""}}),
    Case("currency.unknown", "currency", deal(currency="EURO")),
    Case("currency.not-accepted", "currency", deal(currency="USD")),
    Case("currency.exchange-rate", "exchange_rate", deal(), {"currency": {"tax_currency": "SEK"}}),
    Case("buyer.missing", "buyer", deal(companies=())),
    Case("buyer.missing", "buyer", deal(companies=(), contacts=(PERSON,)), {"buyer": {"choose": "company_only"}}),
    Case("buyer.name", "buyer.name", of(company="")),
    Case("buyer.country", "buyer.country", of(country="")),
    Case("buyer.country", "buyer.country", of(country="Germany")),
    Case("buyer.field", "buyer.city", of(city="")),
    Case("buyer.field", "buyer.electronic_address", deal(), {"buyer": {"needs": ["electronic_address"]}}),
    Case("buyer.vat-id", "buyer.vat_id", of(country="FR")),
    Case("buyer.vat-id", "buyer.vat_id", deal(), asked={"taxes": {"l1": {"category": "AE"}}}),
    Case("buyer.vat-id-form", "buyer.vat_id", of(country="FR", vat_id="FR12")),
    Case("buyer.vat-id-country", "buyer.vat_id", of(country="FR", vat_id="ATU12345678")),
    Case("buyer.purchase-order", "purchase_order", deal(), {"buyer": {"reference": "purchase_order"}}),
    Case("seller.vat-id", "seller.vat_id", of(country="US"), {"seller": {"vat_id": "", "tax_id": "12/345"}}),
    Case("seller.identifier", "seller.registration_id", of(country="US"), {"tax": {"supplies": "services"}}),
    Case("line.name", "lines[0].name", deal(line(" "))),
    Case("line.discount", "lines[0].discount", deal(line(discount="11"))),
    Case("line.discount", "lines[0].discount", deal(line(discount="-1"))),
    Case("line.discount", "lines[0].discount", deal(line(discount_percent="101"))),
    Case("line.discount", "lines[0].discount", deal(line(quantity="-1", discount="1"))),
    Case(
        "line.discount",
        "lines[0].discount",
        deal(line(discount="6", discount_percent="50")),
        {"both_discounts": "percent_first"},
    ),
    Case("line.two-discounts", "lines[0].discount", deal(line(discount="1", discount_percent="5"))),
    Case("line.net-differs", "lines[0].net", deal(line(quantity="3", net="60"))),
    Case("line.number", "lines[0].quantity", deal(line(quantity="NaN"))),
    Case("line.number", "lines[0].unit_price", deal(line(unit_price="1E+15"))),
    Case("line.number", "lines[0].tax_rate", deal(line(tax_rate="101"))),
    Case("line.number", "lines[0].unit_price", deal(line(unit_price="0.00000000001"))),
    Case("line.number", "amount", deal(amount=Decimal("Infinity"))),
    Case("line.too-many", "lines", deal(*(line(id=str(number)) for number in range(1001)))),
    Case(
        "charge.negative",
        "lines[1]",
        deal(line(), line(id="s", sku="SHIP", quantity="-1")),
        {"charges": [{"skus": ["SHIP"]}]},
    ),
    Case("tax.unknown", "lines[0].tax_rate", deal(), {"tax": {"standard_rate": None}}),
    Case("tax.zero-rate", "lines[0].tax_rate", deal(line(tax_rate="0"))),
    Case("tax.consumer-abroad", "tax.eu_consumers", deal(), EU, {"buyer": {"country": "FR"}}),
    Case(
        "tax.country-rate",
        "tax.country_rates",
        deal(companies=(), contacts=(PERSON,)),
        {"tax": {"eu_consumers": "destination", "country_rates": {"IT": "22"}}},
        {"buyer": {"country": "FR"}},
    ),
    Case(
        "tax.services-abroad",
        "tax.services_abroad",
        of(country="US"),
        {"tax": {"supplies": "services", "services_abroad": "refuse"}},
    ),
    Case(
        "tax.outside-mixed",
        "lines",
        deal(line(id="a"), line(id="b")),
        asked={"taxes": {"a": {"category": "O"}}},
    ),
    Case("rounding.too-far", "rounding.place", deal(*EIGHT), {"rounding": {"place": "line", "mode": "up"}}),
    Case("totals.negative", "totals.due", deal(line(quantity="-1"))),
    Case("totals.negative", "totals.due", deal(), asked={"prepaid": "12"}),
    Case("asked.line", "taxes.x", deal(), asked={"taxes": {"x": {"category": "S", "rate": "19"}}}),
    Case("asked.due", "due_on", deal(), asked={"due_on": "2026-11-20"}),
]
ELSEWHERE = {"terms.missing", "credit.nothing-left", "credit.more-than-left", "credit.line", "credit.line-amount"}
ELSEWHERE |= {"credit.quantity", "credit.two-ways", "credit.mixed-signs", "credit.amount"}
"""Proven in test_crediting and test_keeping."""


def without_consumer(case: Case) -> Deal:
    """A buyer abroad without a company, where the case is about consumers."""
    if case.rule == "tax.consumer-abroad":
        return deal(companies=(), contacts=(PERSON,))
    return case.deal


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.field}")
def test_it_is_refused_by_name(case: Case) -> None:
    by: Terms = terms(**case.terms)
    asked: Asked = asked_of(case.asked)
    with pytest.raises(InvoiceRefused) as refused:
        made(without_consumer(case), by, asked)
    found = {(one.rule, one.field): one for one in refused.value.problems}
    assert (case.rule, case.field) in found, list(found)
    told = found[case.rule, case.field]
    assert told.problem.startswith(REFUSED[case.rule][0])
    assert told.remedy == REFUSED[case.rule][1] != ""
    problem = refused.value.as_problem()
    assert problem["rule"] == refused.value.problems[0].rule
    assert len(problem["problems"]) == len(refused.value.problems)
    for secret in ("Buyer Ltd", "Main Street", "Person-Canary", "zoe@"):
        assert secret not in str(problem)


def test_every_rule_has_its_case() -> None:
    assert {case.rule for case in CASES} | ELSEWHERE == {*REFUSED}


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvoiceRefused, match=r"and 3 more") as refused:
        made(of(line(id="a", name=""), line(id="b", discount="11"), country="", city=""))
    assert [one.rule for one in refused.value.problems] == [
        "buyer.country",
        "buyer.field",
        "line.name",
        "line.discount",
    ]


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the example's terms with one setting otherwise."""
    told = terms().model_dump(mode="json")
    at: Any = told
    *way, last = path.split(".")
    for name in way:
        at = at[name]
    at[last] = value
    return told


SETTINGS: list[tuple[str, str, str, Any]] = [
    ("seller.tax-number", "seller", "seller.vat_id", ""),
    ("seller.vat-country", "seller", "seller.vat_id", "FR83404833048"),
    ("country", "seller.country", "seller.country", "XX"),
    ("currency", "currency.default", "currency.default", "euro"),
    ("vat-id", "seller.vat_id", "seller.vat_id", "DE1"),
    ("iban", "payment.iban", "payment.iban", "DE88370400440532013000"),
    ("timezone", "timezone", "timezone", "Berlin"),
    ("series.pattern", "series.invoices", "series.invoices.pattern", "{series}-{year}-{month}-{number}"),
    ("series.pattern", "series.invoices", "series.invoices.pattern", "{year:04d}{number}"),
    ("series.number", "series.invoices", "series.invoices.pattern", "{series}-{year}"),
    ("series.year", "series.invoices", "series.invoices.pattern", "{series}-{number}"),
    ("series.names", "series", "series.credits.name", "RE"),
    (
        "series.patterns",
        "series",
        "series",
        {
            "invoices": {"name": "A", "pattern": "{year}-{number}"},
            "credits": {"name": "B", "pattern": "{year}-{number}"},
        },
    ),
    ("payment.words", "payment", "payment.words", "until {when}"),
    ("payment.words", "payment", "payment.words", "until {due_on.year}"),
    ("payment.words", "payment", "payment.reference", "{"),
    ("payment.account", "payment", "payment.iban", ""),
    ("payment.terms", "payment", "payment", {"days": None, "means": "10"}),
    ("charge.conditions", "charges.0", "charges", [{"reason": "Post"}]),
    ("currency.default", "currency", "currency.default", "USD"),
    ("currency.own-rate", "body", "currency", {"tax_currency": "EUR", "rates": {"EUR": "2"}}),
    ("tax.rate-of-category", "tax.rules.0", "tax.rules", [{"category": "S"}]),
    ("tax.rate-of-category", "tax.rules.0", "tax.rules", [{"category": "AE", "rate": "19"}]),
    ("tax.exemption-reason", "tax.rules.0", "tax.rules", [{"category": "E"}]),
    ("tax.country-rates", "body", "tax.eu_consumers", "destination"),
    ("terms.value", "language", "language", "german"),
    ("terms.value", "payment.days", "payment.days", -1),
    ("terms.value", "colour", "colour", "red"),
]


@pytest.mark.parametrize(("rule", "field", "path", "value"), SETTINGS)
def test_terms_break_a_rule_by_name(rule: str, field: str, path: str, value: Any) -> None:
    (told,) = problems_of(changed(path, value))
    assert (told.rule, told.field) == (rule, field)
    assert told.problem
    assert told.remedy


def test_every_rule_about_terms_has_its_case() -> None:
    assert {rule for rule, *_ in SETTINGS} == {*TERMS, "terms.value"}


def test_every_name_stands_in_the_code_and_every_used_one_is_known() -> None:
    """A rule nobody applies would be a promise nobody keeps."""
    files = [path for path in Path(room.__file__).parent.glob("*.py") if path.name not in ("refusals.py", "rules.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    told = set(re.findall(r'(?:refuse|note|refusal|broken|InvoiceConflict)\(\s*f?"([a-z]+\.[a-z{}.-]+)"', code))
    plain = {name for name in told if "{" not in name}
    assert plain <= {*REFUSED} | {*CONFLICTS} | {*FIRED} | {*TERMS}, plain
    used = set(re.findall(r'"([a-z]+(?:\.[a-z-]+)?)"', code)) | {"rounding.rate", "rounding.line"}
    used |= {f"when.{then}" for then in ("issue", "draft", "nothing")}
    assert {*REFUSED, *CONFLICTS, *FIRED} - used == set()


def test_problems_hold_nothing_of_what_was_given() -> None:
    found = problems_of(changed("seller.vat_id", "DE-secret-canary"))
    assert "canary" not in str(found)
