"""The page and Factur-X: other programs can read them, the marks of PDF/A-3 are there, and no text breaks them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from facturx import get_xml_from_pdf
from fontTools.ttLib import TTFont
from lxml import etree
from msgspec.structs import replace
from pypdf import PdfReader
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject

from crossdock.documents.checking import check_xml
from crossdock.documents.making import make
from crossdock.documents.page.labels import LABELS, LANGUAGES
from crossdock.documents.page.payment import _code
from crossdock.documents.page.tongue import Tongue
from crossdock.documents.text import cleaned
from crossdock.documents.words import Format
from crossdock.model.commerce.invoice import Invoice, PaymentTerms
from tests.support.invoices import BUYER, KINDS, SELLER, TERMS, D, invoice, line


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages).replace("\u00a0", " ")


def fonts(reader: PdfReader) -> list[DictionaryObject]:
    found: list[DictionaryObject] = []
    for page in reader.pages:
        used: Any = page["/Resources"]["/Font"]
        found += [descendant.get_object() for font in used.values() for descendant in font["/DescendantFonts"]]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_factur_x_of_every_kind_holds_its_xml(kind: str) -> None:
    content, problems = make(KINDS[kind](), Format.FACTURX)
    assert problems == ()
    name, xml = get_xml_from_pdf(content, check_xsd=True)
    assert name == "factur-x.xml"
    assert xml == make(KINDS[kind](), Format.CII)[0]
    assert make(KINDS[kind](), Format.FACTURX)[0] == content, "the same invoice gives the same bytes"
    shown = text(content)
    due = KINDS[kind]().totals.due
    assert f"{due:,f} {KINDS[kind]().currency}" in shown


def test_the_marks_of_pdf_a_3() -> None:
    """Where no validator is at hand: what ISO 19005-3 and Factur-X 1.0 demand and can be read off."""
    content, _ = make(invoice(), Format.FACTURX)
    reader = read(content)
    catalog: Any = reader.trailer["/Root"]
    packet = etree.fromstring(catalog["/Metadata"].get_object().get_data())
    said = {etree.QName(node).localname: node.text for node in packet.iter() if node.text and node.text.strip()}
    assert (said["part"], said["conformance"]) == ("3", "B")
    assert (said["DocumentFileName"], said["ConformanceLevel"]) == ("factur-x.xml", "EN 16931")
    assert said["Version"] == "1.0"
    intents = catalog["/OutputIntents"]
    assert [intent.get_object()["/S"] for intent in intents] == ["/GTS_PDFA1"]
    assert len(intents[0].get_object()["/DestOutputProfile"].get_object().get_data()) > 1000
    (attached,) = (one.get_object() for one in catalog["/AF"])
    assert (attached["/AFRelationship"], attached["/F"], attached["/UF"]) == (
        "/Alternative",
        "factur-x.xml",
        "factur-x.xml",
    )
    stream = attached["/EF"]["/F"].get_object()
    assert stream["/Subtype"] == "/text/xml"
    assert stream["/Params"]["/ModDate"]
    assert attached.indirect_reference in _names(catalog)
    assert content.startswith(b"%PDF-1.7")
    assert reader.trailer["/ID"]
    assert "/Encrypt" not in reader.trailer
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts(reader))
    assert b"/JavaScript" not in content


def test_fonts_are_as_wide_as_they_say_and_no_glyph_is_missing() -> None:
    """ISO 19005-3, 6.2.11.5 and 6.2.11.8: widths agree with the embedded font, and .notdef is never shown."""
    content, _ = make(cleaned(hostile(HOSTILE["cjk"]))[0], Format.FACTURX)
    reader, shown = read(content), 0
    for page in reader.pages:
        used: Any = page["/Resources"]["/Font"]
        programs = {}
        for name, font in used.items():
            below = font["/DescendantFonts"][0].get_object()
            assert font["/Encoding"] == "/Identity-H"
            assert "/ToUnicode" in font
            program = TTFont(io.BytesIO(below["/FontDescriptor"]["/FontFile2"].get_data()))
            programs[name] = (_widths(below["/W"]), program, _glyphs(below["/CIDToGIDMap"]))
        chosen = ""
        for operands, operator in ContentStream(page["/Contents"], reader).operations:
            if operator == b"Tf":
                chosen = operands[0]
            elif operator in (b"Tj", b"TJ"):
                widths, program, glyphs = programs[chosen]
                scale = 1000 / program["head"].unitsPerEm
                for code in _codes(operands[0]):
                    glyph, shown = glyphs(code), shown + 1
                    assert glyph != 0
                    measured = program["hmtx"][program.getGlyphName(glyph)][0] * scale
                    assert abs(widths[code] - measured) <= 1
        for _, program, _ in programs.values():
            program.close()
    assert shown > 300


def _widths(told: Any) -> dict[int, float]:
    """Read /W: ``first [w …]`` and ``first last w``."""
    found: dict[int, float] = {}
    parts = [part.get_object() for part in told]
    while parts:
        first, second = int(parts.pop(0)), parts.pop(0)
        if isinstance(second, list):
            found |= {first + at: float(width) for at, width in enumerate(second)}
        else:
            found |= dict.fromkeys(range(first, int(second) + 1), float(parts.pop(0)))
    return found


def _glyphs(told: Any) -> Callable[[int], int]:
    if told == "/Identity":
        return lambda code: code
    table = told.get_object().get_data()
    return lambda code: int.from_bytes(table[2 * code : 2 * code + 2])


def _codes(shown: Any) -> list[int]:
    pieces = shown if isinstance(shown, list) else [shown]
    raw = b"".join(getattr(one, "original_bytes", b"") for one in pieces)
    return [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]


def _names(catalog: Any) -> list[Any]:
    names: ArrayObject = catalog["/Names"]["/EmbeddedFiles"]["/Names"]
    return [one.indirect_reference or one for one in (names[at] for at in range(1, len(names), 2))]


def test_a_page_alone_has_nothing_attached() -> None:
    content, problems = make(invoice(), Format.PDF)
    assert problems == ()
    assert read(content).attachments == {}
    assert "fx:" not in read(content).trailer["/Root"]["/Metadata"].get_object().get_data().decode()  # type: ignore[index]


def test_what_the_page_says() -> None:
    shown = text(make(KINDS["allowances-and-charges"](), Format.PDF)[0])
    for part in (
        "Invoice 2026-0001",
        "Müller & Söhne GmbH",
        "Société Générique SA",
        "12 rue de l'Église",
        "FR32123456789",
        "Discount: –1.50",
        "Discount: Loyalty",
        "Charge: Freight",
        "Total without VAT",
        "VAT 19 % on 223.37",
        "30 days net",
        "DE02 1203 0000 0000 2020 51",
        "Amtsgericht Berlin",
        "Page 1 of 1",
    ):
        assert part in shown, part


def test_a_credit_note_and_a_draft_say_so() -> None:
    shown = text(make(replace(KINDS["credit-note"](), language="fr"), Format.PDF)[0])
    assert "Avoir 2026-0001" in shown
    assert "Annule la facture 2025-0999 du 31/12/2025" in shown
    draft = text(make(invoice(number="", issued_on=None, language="de"), Format.PDF)[0])
    assert "ENTWURF" in draft


def test_why_there_is_no_tax_stands_on_the_paper() -> None:
    assert "AE: Reverse charge" in text(make(KINDS["reverse-charge"](), Format.PDF)[0])
    foreign = text(make(KINDS["tax-currency"](), Format.PDF)[0])
    assert "VAT EUR at the rate of 0.921" in foreign
    assert "17.50" in foreign


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_and_glyph(language: str) -> None:
    content, problems = make(invoice(language=language), Format.PDF)
    assert problems == ()
    assert LABELS[language]["payable"] in text(content)
    assert set(LABELS[language]) == set(LABELS["en"])
    assert all(LABELS[language].values())


def test_an_unknown_language_is_english() -> None:
    assert "To pay" in text(make(invoice(language="xx"), Format.PDF)[0])


def test_long_tables_go_over_pages_and_carry_their_sum() -> None:
    many = invoice(*[line(n, "10.00", description="two\nlines") for n in range(1, 101)], language="de")
    content, problems = make(many, Format.PDF)
    assert problems == ()
    reader = read(content)
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) > 3
    carried = [re.findall(r"Übertrag\s+([\d.,]+)", page) for page in pages]
    for before, after in pairwise(carried):
        if after:
            assert before[-1] == after[0]
    for number, page in enumerate(pages, 1):
        assert f"Seite {number} von {len(pages)}" in page
    for number in range(1, 101):
        assert any(f"SKU-{number}\n" in page for page in pages)


def test_numbers_and_days_are_written_as_the_language_does() -> None:
    value, day = Decimal("-1234567.5"), date(2026, 3, 9)
    written = {
        name: (Tongue(name, "EUR", range(9999)).money(value), Tongue(name, "EUR", ()).day(day)) for name in LANGUAGES
    }
    assert written["en"] == ("–1,234,567.50", "09 Mar 2026")
    assert written["de"] == ("–1.234.567,50", "09.03.2026")
    assert written["fr"] == ("–1\u00a0234\u00a0567,50", "09/03/2026")
    assert written["nl"][1] == "09-03-2026"
    assert Tongue("en", "JPY", ()).money(Decimal(1500)) == "1,500"
    assert Tongue("en", "EUR", ()).price(Decimal("0.12345678")) == "0.123457"


def test_the_code_to_pay_is_there_only_where_it_can_be_paid() -> None:
    assert _code(invoice()) is not None
    for without in (
        KINDS["credit-note"](),
        KINDS["paid-in-full"](),
        KINDS["tax-currency"](),
        invoice(number=""),
        invoice(terms=PaymentTerms(means="48")),
        invoice(terms=replace(TERMS, iban="no such account number at all")),
        invoice(terms=replace(TERMS, iban="DE02120300000000202052")),
    ):
        assert _code(without) is None


HOSTILE = {
    "controls": "a\x00b\x07c\x1b[31m\ud800d\uffff",
    "right-to-left": "\u202eevil\u202c שלום مرحبا",
    "emoji": "😀 party 🎉 \u200d\ufe0f",
    "markup": "<script>&amp;]]></cbc:Name><!-- -->\"'%s {nb} ${x} \\",
    "long": "x" * 10_000,
    "long-words": "word " * 2_000,
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A" + "\u0301" * 500,
    "cjk": "株式会社テスト 测试公司",
    "spaces": "\t\n\r\u00a0\u2028 a \u3000",
    "pdf": ") Tj ET endstream endobj trailer << /Root 1 0 R >> %%EOF (",
}


def hostile(words: str) -> Invoice:
    return invoice(
        replace(line(1, "10.00", "1", "1.00"), name=words, description=words, sku=words, discount_reason=words),
        seller=replace(SELLER, name=words, trading_name=words, legal_note=words, contact=words, line_1=words),
        buyer=replace(BUYER, name=words, city=words, contact=words),
        notes=(words, words),
        terms=replace(TERMS, words=words, account_name=words, reference=words),
        buyer_reference=words,
        purchase_order=words,
        number="2026-0001",
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_breaks_a_document(name: str) -> None:
    said, replaced = cleaned(hostile(HOSTILE[name]))
    assert ("text.replaced" in {one.rule for one in replaced}) is (name == "controls")
    assert name != "controls" or {"lines[0].name", "seller.name", "notes[1]"} <= {one.place for one in replaced}
    for form in (Format.UBL_CORE, Format.CII):
        document, problems = make(said, form)
        assert [one for one in problems if one.rule == "XML"] == []
        assert check_xml(document) == problems
        kept = etree.fromstring(document).xpath("//*[local-name()='Name' or local-name()='PersonName']/text()")
        assert said.lines[0].name.strip() in [one.strip() for one in kept]
    content, problems = make(said, Format.FACTURX)
    reader = read(content)
    assert len(reader.pages) >= 1
    assert get_xml_from_pdf(content, check_xsd=False)[1] == make(said, Format.CII)[0]
    rules = {one.rule for one in problems}
    assert ("page.replaced" in rules) is (name in {"right-to-left", "emoji", "cjk"})
    assert ("page.shortened" in rules) is (name in {"long", "long-words", "combining"}) or name not in {
        "long",
        "long-words",
    }
    assert "To pay" in text(content)


def test_nothing_invoiced_makes_a_glyph_that_is_not_there() -> None:
    """PDF/A forbids the glyph .notdef: what the font lacks is U+FFFD, which it has."""
    content, _ = make(cleaned(hostile(HOSTILE["cjk"]))[0], Format.PDF)
    assert "\ufffd" in text(content)
    assert D("9.00") == hostile("x").lines[0].net
