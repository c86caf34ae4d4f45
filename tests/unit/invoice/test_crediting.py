"""Credit notes: together they come to exactly what they take back, and never to more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossdock.flow.invoice import CreditAsked, InvoiceRefused, Terms, credit_of
from crossdock.flow.invoice.crediting import credited
from crossdock.flow.invoice.left import Left
from crossdock.flow.invoice.rounding import coin_of, exact
from crossdock.kit.ids import new_id
from crossdock.model.commerce.deal import Deal
from crossdock.model.commerce.invoice import Invoice, InvoiceKind
from tests.support.deals import deal, line, terms
from tests.unit.invoice.making import any_terms, check_sums, deals, made
from tests.unit.invoice.test_sums import made_or_not


def issued(invoice: Invoice) -> Invoice:
    return msgspec.structs.replace(invoice, number="RE-2026-00001", issued_on=date(2026, 11, 21))


def credit(invoice: Invoice, earlier: list[Invoice], **asked: Any) -> tuple[Invoice, bool]:
    coin = coin_of(invoice.currency, invoice.rounding_mode)
    wanted: CreditAsked = credit_of({"reason": "it came back", **asked})
    done = credited(invoice, earlier, wanted, coin, series="GS", credit_id=new_id())
    return done.drafted.invoice, done.whole


def credit_or_not(invoice: Invoice, earlier: list[Invoice], asked: dict[str, Any]) -> Invoice | None:
    """Return the credit note, None where it is rightly refused."""
    found = ""
    try:
        return credit(invoice, earlier, **asked)[0]
    except InvoiceRefused as refused:
        found = refused.problems[0].rule
    assert found in ("credit.more-than-left", "credit.mixed-signs", "credit.quantity")
    return None


def check_all_gone(invoice: Invoice, notes: list[Invoice]) -> None:
    with exact():
        left = Left.of(invoice, notes)
        assert not left.anything
        assert left.total == 0
        assert sum(note.totals.tax for note in notes) == invoice.totals.tax
        assert sum(note.totals.net for note in notes) == invoice.totals.net
        assert sum(note.totals.due for note in notes) == invoice.totals.gross + invoice.totals.rounding


@given(deals(), any_terms())
def test_all_of_an_invoice_is_taken_back_as_it_stands(of: Deal, by: Terms) -> None:
    invoice = issued(made_or_not(of, by))
    assume(Left.of(invoice, []).anything)
    note, whole = credit(invoice, [])
    assert whole
    assert note.kind is InvoiceKind.CREDIT_NOTE
    assert note.credits is not None
    assert note.credits.number == invoice.number
    assert (note.taxes, note.totals.net, note.totals.tax) == (invoice.taxes, invoice.totals.net, invoice.totals.tax)
    with exact():
        check_sums(note)
    check_all_gone(invoice, [note])


@given(deals(), any_terms(), st.data())
def test_parts_in_any_order_come_to_the_whole(of: Deal, by: Terms, data: st.DataObject) -> None:
    invoice = issued(made_or_not(of, by))
    assume(Left.of(invoice, []).anything)
    coin = coin_of(invoice.currency, invoice.rounding_mode)
    notes: list[Invoice] = []
    for _ in range(data.draw(st.integers(0, 4))):
        with exact():
            left = Left.of(invoice, notes)
        if not left.anything:
            break
        note = credit_or_not(invoice, notes, part(data, left, coin.least))
        if note is None:
            continue
        with exact():
            check_sums(note)
            after = Left.of(invoice, [*notes, note])
            for key, base in after.bases.items():
                assert abs(base) <= abs(left.bases[key])
                assert base * left.bases[key] >= 0
                assert abs(after.taxes[key]) <= abs(left.taxes[key])
        notes.append(note)
    with exact():
        rest = Left.of(invoice, notes).anything
    if rest:
        note, whole = credit(invoice, notes)
        assert whole
        with exact():
            check_sums(note)
        notes.append(note)
    check_all_gone(invoice, notes)


def part(data: st.DataObject, left: Left, least: Decimal) -> dict[str, Any]:
    """Draw what is taken back: a line's pieces, a part of a line's price, or an amount."""
    way = data.draw(st.sampled_from(("quantity", "net", "amount")))
    if way == "amount":
        most = max(int(left.total / least), 1)
        return {"amount": str(data.draw(st.integers(1, most)) * least)}
    chosen = data.draw(st.sampled_from(left.invoice.lines))
    if way == "net":
        most = max(int(abs(left.nets[chosen.id]) / least), 1)
        return {"lines": [{"line": chosen.id, "net": str(data.draw(st.integers(1, most)) * least)}]}
    most = max(int(abs(left.quantities[chosen.id]) * 1000), 1)
    quantity = Decimal(data.draw(st.integers(1, most))).scaleb(-3)
    return {"lines": [{"line": chosen.id, "quantity": str(quantity)}]}


def three_teas() -> Invoice:
    return issued(made(deal(line(quantity="3", unit_price="3.335", tax_rate="19"))))


def test_a_piece_at_a_time_comes_to_the_whole() -> None:
    invoice = three_teas()
    assert (invoice.totals.net, invoice.totals.tax) == (Decimal("10.01"), Decimal("1.90"))
    notes: list[Invoice] = []
    for expected in ("3.34", "3.34", "3.33"):
        note, whole = credit(invoice, notes, lines=[{"line": "1", "quantity": "1"}])
        assert str(note.totals.net) == expected
        notes.append(note)
    assert whole
    check_all_gone(invoice, notes)


def test_lines_take_their_share_of_the_discount() -> None:
    by = terms(less="allowance")
    lines = (line(id="a", unit_price="60"), line(id="b", unit_price="40"))
    invoice = issued(made(deal(*lines, amount=Decimal(90)), by))
    note, whole = credit(invoice, [], lines=[{"line": "1", "quantity": "1"}])
    assert (whole, note.totals.allowances, note.totals.net) == (False, Decimal("6.00"), Decimal("54.00"))
    rest, whole = credit(invoice, [note], lines=[{"line": "2", "quantity": "1"}])
    assert (whole, rest.totals.net) == (True, Decimal("36.00"))


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"amount": "11.92"}, "credit.more-than-left"),
        ({"amount": "1.001"}, "credit.amount"),
        ({"amount": "1", "lines": [{"line": "1", "quantity": "1"}]}, "credit.two-ways"),
        ({"lines": [{"line": "1", "quantity": "4"}]}, "credit.more-than-left"),
        ({"lines": [{"line": "1", "net": "10.02"}]}, "credit.more-than-left"),
        ({"lines": [{"line": "1", "net": "1.001"}]}, "credit.amount"),
        ({"lines": [{"line": "1"}]}, "credit.line-amount"),
        ({"lines": [{"line": "1", "net": "1", "quantity": "1"}]}, "credit.line-amount"),
        ({"lines": [{"line": "2", "net": "1"}]}, "credit.line"),
        ({"lines": [{"line": "1", "net": "1"}, {"line": "1", "net": "1"}]}, "credit.line"),
    ],
)
def test_what_is_refused(asked: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvoiceRefused) as refused:
        credit(three_teas(), [], **asked)
    assert refused.value.problems[0].rule == rule


def test_nothing_is_left_after_the_whole() -> None:
    invoice = three_teas()
    note, _ = credit(invoice, [])
    with pytest.raises(InvoiceRefused) as refused:
        credit(invoice, [note], amount="0.01")
    assert refused.value.problems[0].rule == "credit.nothing-left"


def test_an_amount_does_not_divide_where_signs_are_mixed() -> None:
    lines = (line(id="a", unit_price="100", tax_rate="19"), line(id="b", quantity="-1", unit_price="10", tax_rate="7"))
    invoice = issued(made(deal(*lines)))
    with pytest.raises(InvoiceRefused) as refused:
        credit(invoice, [], amount="1")
    assert refused.value.problems[0].rule == "credit.mixed-signs"
    check_all_gone(invoice, [credit(invoice, [])[0]])


def test_a_line_of_no_quantity_is_taken_back_by_its_net() -> None:
    invoice = issued(made(deal(line(id="a"), line(id="b", quantity="0"))))
    with pytest.raises(InvoiceRefused) as refused:
        credit(invoice, [], lines=[{"line": "2", "quantity": "1"}])
    assert refused.value.problems[0].rule == "credit.quantity"


def test_tax_never_goes_back_however_parts_were_rounded() -> None:
    invoice = issued(made(deal(line(unit_price="0.12", tax_rate="20"))))
    assert str(invoice.totals.tax) == "0.02"
    notes = [credit(invoice, [], amount="0.03")[0]]
    notes.append(credit(invoice, notes, amount="0.03")[0])
    assert [str(note.totals.tax) for note in notes] == ["0.01", "0.01"], "all of it has gone"
    notes.append(credit(invoice, notes, lines=[{"line": "1", "net": "0.01"}])[0])
    assert str(notes[-1].totals.tax) == "0.00", "and none comes back"
    notes.append(credit(invoice, notes)[0])
    check_all_gone(invoice, notes)
