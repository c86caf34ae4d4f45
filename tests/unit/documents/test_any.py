"""Whatever invoice is right is valid: random ones, in both syntaxes, and their totals come back from the XML."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from lxml import etree

from crossdock.documents.making import make
from crossdock.documents.words import Format
from crossdock.model.commerce.invoice import Invoice, InvoiceAllowance, InvoiceKind, InvoiceReference
from tests.support.invoices import REDUCED, STANDARD, invoice, line, of

KEYS = [STANDARD, REDUCED, of("S", "5.5"), of("S", "25.5"), of("E"), of("Z")]
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=60
)
NAMES = WORDS.filter(lambda text: bool(text.strip()) and "\ufffe" not in text and "\uffff" not in text)
CENTS = st.decimals("0.01", "99999", places=2, allow_nan=False)


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    currency = draw(st.sampled_from(["EUR", "USD", "GBP", "CHF", "SEK", "PLN", "CZK", "HUF", "JPY", "ISK"]))
    whole = currency in ("JPY", "ISK")
    lines = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        price = draw(st.decimals("0", "5000", places=draw(st.integers(0, 6)), allow_nan=False))
        quantity = draw(st.decimals("0.001", "400", places=3, allow_nan=False))
        most = (price * quantity).quantize(Decimal(1), "ROUND_DOWN")
        discount = draw(st.decimals(0, most, places=0 if whole else 2, allow_nan=False))
        key = draw(st.sampled_from(KEYS))
        lines.append(line(number, str(price), str(quantity), str(discount), key, name=draw(NAMES)))
    used = [one.tax for one in lines]
    allowances = tuple(
        InvoiceAllowance(
            amount=Decimal(int(draw(CENTS))) + 1 if whole else draw(CENTS),
            charge=True,
            reason=draw(NAMES),
            reason_code="FC",
            tax=draw(st.sampled_from(used)),
        )
        for _ in range(draw(st.integers(0, 2)))
    )
    credit = draw(st.booleans())
    return invoice(
        *lines,
        allowances=allowances,
        currency=currency,
        kind=InvoiceKind.CREDIT_NOTE if credit else InvoiceKind.INVOICE,
        credits=InvoiceReference(number="2025-1") if credit else None,
        notes=(draw(NAMES),),
        buyer_reference=draw(NAMES),
    )


@seed(20260115)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(invoices())
def test_a_right_invoice_is_valid(made: Invoice) -> None:
    # Peppol lets a line differ from quantity times price by 0.02 at most (R120): less than half a yen
    whole = made.currency in ("JPY", "ISK")
    for form in (Format.UBL_CORE if whole else Format.UBL, Format.CII):
        content, problems = make(made, form)
        assert [one for one in problems if one.rule != "peppol.partly"] == []
        root = etree.fromstring(content)
        due = root.xpath("//*[local-name()='PayableAmount' or local-name()='DuePayableAmount']/text()")
        assert [Decimal(str(one)) for one in due] == [made.totals.due]


@seed(20260116)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(invoices())
def test_a_right_invoice_has_a_page(made: Invoice) -> None:
    content, problems = make(made, Format.FACTURX)
    assert {one.rule for one in problems} <= {"page.replaced", "page.shortened"}
    assert make(made, Format.FACTURX)[0] == content
