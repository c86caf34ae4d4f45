"""Every rule that has a say is told by its name: what it decided, and by which values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.flow.invoice import asked_of, credit_of
from crossdock.flow.invoice.crediting import credited
from crossdock.flow.invoice.numbers import rendered
from crossdock.flow.invoice.rounding import coin_of
from crossdock.flow.invoice.rules import FIRED
from crossdock.flow.invoice.when import verdict
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.model.commerce.deal import Deal, DealOwner
from crossdock.model.commerce.invoice import Invoice, RoundingMode
from tests.support.deals import COMPANY, PERSON, deal, line, terms
from tests.unit.invoice.making import draft, fired, made
from tests.unit.invoice.test_crediting import credit, issued
from tests.unit.invoice.test_refusals import company

FRENCH = company(country="FR", vat_id="FR83404833048")
CHARGE = {"charges": [{"names": ["shipping"]}]}
USD = {"currency": {"accepted": [], "tax_currency": "EUR", "rates": {"USD": "0.9"}}}
CLOSED = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
BOTH = deal(line(unit_price="100", discount="10", discount_percent="10"))
CASES: list[tuple[str, Deal, dict[str, Any], dict[str, Any]]] = [
    ("series.chosen", deal(), {}, {"series": "RE"}),
    ("currency.deal", deal(), {}, {}),
    ("currency.default", deal(currency=""), {}, {}),
    ("currency.tax", deal(currency="USD"), USD, {}),
    ("currency.two-decimals", deal(currency="KWD"), {"currency": {"accepted": [], "two_decimals": True}}, {}),
    ("buyer.company", deal(contacts=(PERSON,)), {}, {}),
    ("buyer.contact", deal(contacts=(PERSON,)), {"buyer": {"choose": "contact"}}, {}),
    ("buyer.asked", deal(), {}, {"buyer": {"city": "Bonn"}}),
    ("buyer.reference", deal(), {"buyer": {"reference": "deal_id"}}, {}),
    ("line.piece-discount", deal(line(discount="1")), {}, {}),
    ("line.percent-discount", deal(line(discount_percent="5")), {}, {}),
    ("line.both-discounts", BOTH, {"both_discounts": "piece_first"}, {}),
    ("line.negative", deal(line(), line(id="b", quantity="-1", unit_price="1")), {}, {}),
    ("line.free", deal(line(), line(id="b", unit_price="0")), {}, {}),
    ("line.from-amount", deal(lines=(), amount=Decimal(5)), {"no_lines": "one_line"}, {}),
    ("line.includes-tax", deal(), {"prices_include_tax": True}, {}),
    ("charge.line", deal(line(), line("Shipping", id="s")), CHARGE, {}),
    ("charge.zero", deal(line(), line("Shipping", id="s", unit_price="0")), CHARGE, {}),
    ("amount.allowance", deal(amount=Decimal(9)), {"less": "allowance"}, {}),
    ("amount.ignored", deal(amount=Decimal(9)), {"less": "ignore"}, {}),
    ("amount.ignored", deal(amount=Decimal(11)), {"more": "ignore"}, {}),
    ("tax.asked", deal(), {}, {"taxes": {"l1": {"category": "S", "rate": "7"}}}),
    ("tax.rule", deal(), {"tax": {"rules": [{"category": "S", "rate": "7"}]}}, {}),
    ("tax.domestic-line", deal(line(tax_rate="7")), {}, {}),
    ("tax.domestic-standard", deal(), {}, {}),
    ("tax.domestic-zero", deal(line(tax_rate="0")), {"tax": {"zero_rate": "Z"}}, {}),
    ("tax.intra-community", deal(companies=(FRENCH,)), {}, {}),
    ("tax.reverse-charge", deal(companies=(FRENCH,)), {"tax": {"supplies": "services"}}, {}),
    ("tax.consumer-domestic", deal(companies=(), contacts=(PERSON,)), {}, {"buyer": {"country": "FR"}}),
    (
        "tax.consumer-destination",
        deal(companies=(), contacts=(PERSON,)),
        {"tax": {"eu_consumers": "destination", "country_rates": {"FR": "20"}}},
        {"buyer": {"country": "FR"}},
    ),
    (
        "tax.company-as-consumer",
        deal(companies=(company(country="FR"),)),
        {"tax": {"companies_without_vat_id": "consumer"}},
        {},
    ),
    ("tax.export", deal(companies=(company(country="US"),)), {}, {}),
    *(
        (
            rule,
            deal(companies=(company(country="US"),)),
            {"tax": {"supplies": "services"}, "seller": {"registration_id": "HRB 1"}},
            {},
        )
        for rule in ("tax.services-abroad", "tax.outside")
    ),
    ("supplied.closed", deal(close_at=CLOSED), {"supplied": "closed"}, {}),
    ("supplied.issued", deal(), {"supplied": "issued"}, {}),
    ("rounding.rate", deal(), {}, {}),
    ("rounding.line", deal(), {"rounding": {"place": "line"}}, {}),
    ("rounding.difference", deal(line(unit_price="0.03", tax_rate="20")), {"prices_include_tax": True}, {}),
    ("totals.prepaid", deal(), {}, {"prepaid": "5"}),
]
ELSEWHERE = {"deal.again", "when.issue", "when.draft", "when.nothing"}
CREDIT = {"credit.whole", "credit.rest", "credit.lines", "credit.amount", "credit.allowance-share"}


@pytest.mark.parametrize(("rule", "of", "by", "asked"), CASES, ids=lambda one: one if isinstance(one, str) else "")
def test_a_rule_has_its_say(rule: str, of: Deal, by: dict[str, Any], asked: dict[str, Any]) -> None:
    done = draft(of, terms(**by), asked_of(asked))
    told = [one for one in done.rules if one.rule == rule]
    assert told, [one.rule for one in done.rules]
    assert told[0].words.startswith(FIRED[rule])
    assert told[0].about
    assert "Buyer Ltd" not in str(done.rules)
    if rule not in ("currency.deal", "buyer.company", "tax.domestic-standard", "rounding.rate"):
        assert rule not in fired(deal()), "and only then"


def test_every_rule_has_its_case() -> None:
    assert {rule for rule, *_ in CASES} | ELSEWHERE | CREDIT == {*FIRED}


def rules_of(invoice: Invoice, earlier: list[Invoice], **asked: Any) -> set[str]:
    coin = coin_of(invoice.currency, RoundingMode.HALF_UP)
    wanted = credit_of({"reason": "r", **asked})
    done = credited(invoice, earlier, wanted, coin, series="GS", credit_id=new_id())
    return {one.rule for one in done.drafted.rules}


def test_rules_of_credit_notes() -> None:
    invoice = issued(made(deal(line(quantity="4"), amount=Decimal(36)), terms(less="allowance")))
    note, _ = credit(invoice, [], amount="1")
    assert rules_of(invoice, []) == {"credit.whole"}
    assert rules_of(invoice, [note]) == {"credit.rest"}
    assert rules_of(invoice, [], amount="1") == {"credit.amount"}
    lines = [{"line": "1", "quantity": "1"}]
    assert rules_of(invoice, [], lines=lines) == {"credit.lines", "credit.allowance-share"}


def test_the_order_of_discounts_is_the_terms() -> None:
    piece, percent = (made(BOTH, terms(both_discounts=f"{first}_first")) for first in ("piece", "percent"))
    assert (str(piece.totals.net), str(percent.totals.net)) == ("81.00", "80.00")
    assert piece.lines[0].discount_reason == "10 each, 10 %"


def test_days_are_the_sellers() -> None:
    of = deal(close_at=CLOSED)
    assert made(of, terms(supplied="closed")).supplied_on == date(2026, 11, 21), "in Berlin it was past midnight"
    assert made(deal(), terms(supplied="issued")).supplied_on == date(2026, 11, 21)
    assert made(deal()).supplied_on is None
    due = made(deal()).terms
    assert (due.due_on, due.words, due.means) == (date(2026, 12, 5), "Within 14 days.", "30")
    asked = made(deal(), asked=asked_of({"due_on": "2026-11-30"})).terms
    assert (asked.due_on, asked.words) == (date(2026, 11, 30), "Within 9 days.")


def test_units_words_and_references() -> None:
    by = terms(units={"hour": "HUR"}, default_unit="H87", notes=["Thank you."], buyer={"email_address": True})
    of = deal(line(unit="hour"), line(id="b", unit="box"), contacts=(PERSON,), purchase_order="PO", order_number="7")
    invoice = made(of, by, asked_of({"notes": ["Call us."], "language": "fr"}))
    assert [one.unit for one in invoice.lines] == ["HUR", "H87"]
    assert (invoice.notes, invoice.language) == (("Thank you.", "Call us."), "fr")
    assert (invoice.purchase_order, invoice.order_number) == ("PO", "7")
    assert invoice.buyer.contact == "Zoë Person-Canary"
    assert invoice.buyer.electronic_address is not None
    assert (invoice.buyer.electronic_address.scheme, invoice.buyer.electronic_address.value) == (
        "EM",
        "zoe@buyer.example",
    )


def test_which_deals_become_invoices_by_themselves() -> None:
    crm = new_id()
    rules: list[dict[str, Any]] = [
        {"connection": show(Prefix.CONNECTION, new_id()), "then": "issue"},
        {"pipelines": ["Trade"], "stages": ["closedwon"], "minimum": "100", "then": "issue"},
        {"owners": ["o1"], "currencies": ["EUR"], "only_won": False, "then": "draft"},
        {"stages": ["lost"], "then": "nothing"},
    ]
    by = terms(when=rules)

    def said(**more: Any) -> tuple[str, str]:
        found = verdict(deal(**{"amount": Decimal(100), **more}), by, crm)
        assert found.rule.rule == f"when.{found.then}"
        return found.then, found.rule.words.rpartition("(")[2].rstrip(")")

    trade = {"pipeline_label": "Trade", "stage": "closedwon"}
    assert said(**trade) == ("issue", "rule 1")
    assert said(**trade, amount=Decimal(99)) == ("nothing", "no rule fits")
    assert said(**trade, amount=None) == ("nothing", "no rule fits")
    assert said(**trade, won=False) == ("nothing", "no rule fits")
    assert said(**trade, archived=True) == ("nothing", "no rule fits")
    assert said(owner=DealOwner(id="o1"), won=False) == ("draft", "rule 2")
    assert said(owner=DealOwner(id="o1"), currency="USD") == ("nothing", "no rule fits")
    assert said(stage_label="lost") == ("nothing", "rule 3")
    assert verdict(deal(), terms(when=[]), crm).then == "nothing"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{series}-{year}-{number:05d}", "RE-2026-00017"),
        ("{year}/{number}", "2026/17"),
        ("{series}{number:01d}", "RE17"),
        ("No. {number:012d}", "No. 000000000017"),
    ],
)
def test_numbers_are_rendered(pattern: str, expected: str) -> None:
    assert rendered(pattern, "RE", 2026, 17) == expected


def test_the_primary_company_is_the_buyer() -> None:
    other = msgspec.structs.replace(company(company="Other Ltd"), id="c0", primary=False)
    assert made(deal(companies=(other, COMPANY))).buyer.name == "Buyer Ltd"
    assert made(deal(companies=(other,))).buyer.name == "Other Ltd"


def test_discounts_of_one_reason_and_tax_are_one() -> None:
    of = deal(line(), line("Shipping", id="s", unit_price="3"), line("Shipping", id="t", unit_price="4"))
    (charge,) = made(of, terms(**CHARGE)).allowances
    assert (charge.charge, charge.amount, charge.reason_code) == (True, Decimal("7.00"), "FC")
    assert made(deal(line("Shipping")), terms(**CHARGE)).lines[0].name == "Shipping", "one line has to be left"


def test_prices_with_tax_stay_what_is_paid_where_no_tax_is_due() -> None:
    of = deal(line(unit_price="119"), companies=(FRENCH,))
    invoice = made(of, terms(prices_include_tax=True))
    assert (str(invoice.totals.net), str(invoice.totals.tax), str(invoice.totals.due)) == ("119.00", "0.00", "119.00")
    home = made(deal(line(unit_price="119")), terms(prices_include_tax=True))
    assert (str(home.totals.net), str(home.totals.tax), str(home.totals.due)) == ("100.00", "19.00", "119.00")
