"""Who invoices whom: the seller out of the terms, the buyer out of the deal."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from crossdock.flow.invoice.asked import Asked
from crossdock.flow.invoice.checks import is_vat_id
from crossdock.flow.invoice.countries import COUNTRIES, VAT_FORMS
from crossdock.flow.invoice.rules import Book
from crossdock.flow.invoice.terms import PartyTerms, Terms
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.deal import Deal, DealCompany, DealContact
from crossdock.model.commerce.invoice import ElectronicAddress, Party

One = TypeVar("One", DealCompany, DealContact)
_TEXTS = (
    *("name", "trading_name", "line_1", "line_2", "city", "postcode", "region", "country", "vat_id", "tax_id"),
    *("registration_id", "registration_scheme", "legal_note", "contact", "phone", "email"),
)


def party_of(terms: PartyTerms, base: Party | None = None) -> Party:
    """Return a party: what the terms give, else what ``base`` has."""
    given = {name: getattr(terms, name) or (getattr(base, name) if base else "") for name in _TEXTS}
    electronic = base.electronic_address if base else None
    if terms.electronic_address is not None:
        told = terms.electronic_address
        electronic = ElectronicAddress(scheme=told.scheme, value=told.value)
    return Party(**given, electronic_address=electronic)


def buyer_of(deal: Deal, terms: Terms, asked: Asked, book: Book) -> tuple[Party, bool]:
    """Return the buyer, and whether it is a company. What is missing is refused in the book."""
    company = _first(deal.companies)
    contact = _first(deal.contacts)
    choice = terms.buyer.choose
    use_company = company is not None and (choice != "contact" or contact is None)
    if use_company and company is not None:
        book.note("buyer.company", "buyer")
        found = _of_company(company, contact if terms.buyer.attention else None)
    elif contact is not None and choice != "company_only":
        book.note("buyer.contact", "buyer")
        found = _of_contact(contact.address)
    else:
        found = Party(name="")
        if not asked.buyer.name:
            book.refuse("buyer.missing", "buyer")
    if asked.buyer != PartyTerms():
        book.note("buyer.asked", "buyer", ", ".join(sorted(asked.buyer.model_fields_set)))
        found = party_of(asked.buyer, found)
    if terms.buyer.email_address and found.email and found.electronic_address is None:
        found = _mailed(found)
    _check(found, terms, book)
    return found, use_company or bool(found.vat_id)


def _first(listed: tuple[One, ...]) -> One | None:
    return next((one for one in listed if one.primary), listed[0] if listed else None)


def _of_company(company: DealCompany, person: DealContact | None) -> Party:
    at = company.address
    who = person.address if person is not None else Address()
    return Party(
        name=at.company,
        **_place(at),
        vat_id=_tidy(company.vat_id),
        registration_id=company.registration_id.strip(),
        contact=f"{who.first_name} {who.last_name}".strip(),
        phone=at.phone or who.phone,
        email=at.email or who.email,
    )


def _of_contact(at: Address) -> Party:
    person = f"{at.first_name} {at.last_name}".strip()
    return Party(name=person or at.company, **_place(at), phone=at.phone, email=at.email)


def _place(at: Address) -> dict[str, Any]:
    return {
        "line_1": at.line_1,
        "line_2": at.line_2,
        "city": at.city,
        "postcode": at.postcode,
        "region": at.state,
        "country": at.country.strip().upper(),
    }


def _tidy(vat_id: str) -> str:
    """Return a VAT id as tax offices write it: people type blanks, dots and dashes."""
    kept = "".join(char for char in vat_id.upper() if char.isalnum() or char in "+*")
    return f"EL{kept[2:]}" if kept.startswith("GR") else kept


def _mailed(party: Party) -> Party:
    return msgspec.structs.replace(party, electronic_address=ElectronicAddress(scheme="EM", value=party.email))


def _check(buyer: Party, terms: Terms, book: Book) -> None:
    if not buyer.name and not any(one.rule == "buyer.missing" for one in book.refused):
        book.refuse("buyer.name", "buyer.name")
    if buyer.country not in COUNTRIES:
        book.refuse("buyer.country", "buyer.country")
    if buyer.vat_id[:2] in VAT_FORMS and not is_vat_id(buyer.vat_id):
        book.refuse("buyer.vat-id-form", "buyer.vat_id")
    for name in terms.buyer.needs:
        if not getattr(buyer, name):
            book.refuse("buyer.field", f"buyer.{name}")


def without_vat_id(party: Party) -> Party:
    """Return a party without its VAT id (BR-O-02)."""
    return msgspec.structs.replace(party, vat_id="")


def delivered_to(buyer: Party) -> Party:
    """Return where the buyer gets the goods when nothing else is said: the buyer's own address."""
    names = ("name", "line_1", "line_2", "city", "postcode", "region", "country")
    return Party(**{name: getattr(buyer, name) for name in names})
