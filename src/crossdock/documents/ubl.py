"""Terms as UBL 2.1 XML: an Invoice or a CreditNote, elements in the order of their schemas.

Which element holds which term: CEN/TS 16931-3-2 and the Peppol BIS Billing 3.0 syntax pages.
"""

from __future__ import annotations

from crossdock.documents.elements import Node, Writer
from crossdock.documents.terms import Group, Terms

_BASE = "urn:oasis:names:specification:ubl:schema:xsd"
_AGGREGATE = f"{_BASE}:CommonAggregateComponents-2"
_BASIC = f"{_BASE}:CommonBasicComponents-2"
_NO_ORDER = "NA"
"""What Peppol BIS 3 writes as the buyer's order (the schema demands one) when only the seller's is known."""


def ubl(terms: Terms) -> bytes:
    """Return the document."""
    return _Ubl(terms).write()


class _Ubl:
    def __init__(self, terms: Terms) -> None:
        self.terms, self.head = terms, terms.head
        self.credit = terms.head["BT-3"] == "381"
        kind = "CreditNote" if self.credit else "Invoice"
        self.to = Writer(kind, {"": f"{_BASE}:{kind}-2", "cac": _AGGREGATE, "cbc": _BASIC})
        self.currency = terms.head.get("BT-5", "")

    def write(self) -> bytes:
        self._begin()
        self._references()
        self._supplier()
        self._customer()
        self._delivery()
        self._payment()
        for group in self.terms.allowances:
            self._allowance(group, "false", ("BT-92", "BT-98", "BT-97", "BT-95", "BT-96"))
        for group in self.terms.charges:
            self._allowance(group, "true", ("BT-99", "BT-105", "BT-104", "BT-102", "BT-103"))
        self._taxes()
        self._totals()
        for line in self.terms.lines:
            self._line(line)
        return self.to.finish()

    def _put(self, parent: Node, path: str, term: str, **attributes: str) -> None:
        self.to.put(parent, path, self.head.get(term), **attributes)

    def _money(self, parent: Node, path: str, value: str | None) -> None:
        self.to.put(parent, path, value, currencyID=self.currency)

    def _begin(self) -> None:
        root = self.to.root
        self._put(root, "cbc:CustomizationID", "BT-24")
        self._put(root, "cbc:ProfileID", "BT-23")
        self._put(root, "cbc:ID", "BT-1")
        self._put(root, "cbc:IssueDate", "BT-2")
        if self.credit:
            self._put(root, "cbc:CreditNoteTypeCode", "BT-3")
        else:
            self._put(root, "cbc:DueDate", "BT-9")
            self._put(root, "cbc:InvoiceTypeCode", "BT-3")
        # one note at most by Peppol (PEPPOL-EN16931-R002): several are its lines
        self.to.put(root, "cbc:Note", "\n".join(self.terms.notes))
        self._put(root, "cbc:DocumentCurrencyCode", "BT-5")
        self._put(root, "cbc:TaxCurrencyCode", "BT-6")
        self._put(root, "cbc:BuyerReference", "BT-10")

    def _references(self) -> None:
        order = self.to.under(self.to.root, "cac:OrderReference")
        self.to.put(order, "cbc:ID", self.head.get("BT-13") or (_NO_ORDER if "BT-14" in self.head else ""))
        self._put(order, "cbc:SalesOrderID", "BT-14")
        before = self.to.under(self.to.root, "cac:BillingReference", "cac:InvoiceDocumentReference")
        self._put(before, "cbc:ID", "BT-25")
        self._put(before, "cbc:IssueDate", "BT-26")

    def _supplier(self) -> None:
        party = self.to.under(self.to.root, "cac:AccountingSupplierParty", "cac:Party")
        self._put(party, "cbc:EndpointID", "BT-34", schemeID=self.head.get("BT-34-1", ""))
        self._put(party, "cac:PartyName/cbc:Name", "BT-28")
        self._address(self.to.under(party, "cac:PostalAddress"), 35)
        self._tax_number(party, "BT-31", "VAT")
        self._tax_number(party, "BT-32", "TAX")
        legal = self.to.under(party, "cac:PartyLegalEntity")
        self._put(legal, "cbc:RegistrationName", "BT-27")
        self._put(legal, "cbc:CompanyID", "BT-30", schemeID=self.head.get("BT-30-1", ""))
        self._put(legal, "cbc:CompanyLegalForm", "BT-33")
        self._contact(party, "BT-41", "BT-42", "BT-43")

    def _customer(self) -> None:
        party = self.to.under(self.to.root, "cac:AccountingCustomerParty", "cac:Party")
        self._put(party, "cbc:EndpointID", "BT-49", schemeID=self.head.get("BT-49-1", ""))
        self._put(party, "cac:PartyName/cbc:Name", "BT-45")
        self._address(self.to.under(party, "cac:PostalAddress"), 50)
        self._tax_number(party, "BT-48", "VAT")
        legal = self.to.under(party, "cac:PartyLegalEntity")
        self._put(legal, "cbc:RegistrationName", "BT-44")
        self._put(legal, "cbc:CompanyID", "BT-47", schemeID=self.head.get("BT-47-1", ""))
        self._contact(party, "BT-56", "BT-57", "BT-58")

    def _address(self, address: Node, first: int) -> None:
        """BT-``first`` and the five after it: line 1, line 2, city, postcode, region, country."""
        line_1, line_2, city, postcode, region, country = (f"BT-{number}" for number in range(first, first + 6))
        self._put(address, "cbc:StreetName", line_1)
        self._put(address, "cbc:AdditionalStreetName", line_2)
        self._put(address, "cbc:CityName", city)
        self._put(address, "cbc:PostalZone", postcode)
        self._put(address, "cbc:CountrySubentity", region)
        self._put(address, "cac:Country/cbc:IdentificationCode", country)

    def _tax_number(self, party: Node, term: str, scheme: str) -> None:
        if term in self.head:
            registered = self.to.under(party, "cac:PartyTaxScheme")
            self._put(registered, "cbc:CompanyID", term)
            self.to.put(registered, "cac:TaxScheme/cbc:ID", scheme)

    def _contact(self, party: Node, name: str, phone: str, email: str) -> None:
        contact = self.to.under(party, "cac:Contact")
        self._put(contact, "cbc:Name", name)
        self._put(contact, "cbc:Telephone", phone)
        self._put(contact, "cbc:ElectronicMail", email)

    def _delivery(self) -> None:
        delivery = self.to.under(self.to.root, "cac:Delivery")
        self._put(delivery, "cbc:ActualDeliveryDate", "BT-72")
        self._address(self.to.under(delivery, "cac:DeliveryLocation", "cac:Address"), 75)
        self._put(delivery, "cac:DeliveryParty/cac:PartyName/cbc:Name", "BT-70")

    def _payment(self) -> None:
        means = self.to.under(self.to.root, "cac:PaymentMeans")
        self._put(means, "cbc:PaymentMeansCode", "BT-81")
        if self.credit:
            self._put(means, "cbc:PaymentDueDate", "BT-9")
        self._put(means, "cbc:PaymentID", "BT-83")
        if "BT-84" in self.head:
            account = self.to.under(means, "cac:PayeeFinancialAccount")
            self._put(account, "cbc:ID", "BT-84")
            self._put(account, "cbc:Name", "BT-85")
            self._put(account, "cac:FinancialInstitutionBranch/cbc:ID", "BT-86")
        self._put(self.to.root, "cac:PaymentTerms/cbc:Note", "BT-20")

    def _allowance(self, group: Group, charge: str, names: tuple[str, str, str, str, str]) -> None:
        value, code, reason, category, rate = names
        one = self.to.under(self.to.root, "cac:AllowanceCharge")
        self.to.put(one, "cbc:ChargeIndicator", charge)
        self.to.put(one, "cbc:AllowanceChargeReasonCode", group.get(code))
        self.to.put(one, "cbc:AllowanceChargeReason", group.get(reason))
        self._money(one, "cbc:Amount", group.get(value))
        self._category(one, "cac:TaxCategory", group.get(category), group.get(rate))

    def _category(self, parent: Node, name: str, category: str | None, rate: str | None, *why: str) -> None:
        tax = self.to.under(parent, name)
        self.to.put(tax, "cbc:ID", category)
        self.to.put(tax, "cbc:Percent", rate)
        for path, text in zip(("cbc:TaxExemptionReasonCode", "cbc:TaxExemptionReason"), why, strict=False):
            self.to.put(tax, path, text)
        self.to.put(tax, "cac:TaxScheme/cbc:ID", "VAT")

    def _taxes(self) -> None:
        total = self.to.under(self.to.root, "cac:TaxTotal")
        self._money(total, "cbc:TaxAmount", self.head.get("BT-110"))
        for tax in self.terms.taxes:
            share = self.to.under(total, "cac:TaxSubtotal")
            self._money(share, "cbc:TaxableAmount", tax.get("BT-116"))
            self._money(share, "cbc:TaxAmount", tax.get("BT-117"))
            why = (tax.get("BT-121", ""), tax.get("BT-120", ""))
            self._category(share, "cac:TaxCategory", tax.get("BT-118"), tax.get("BT-119"), *why)
        own = self.head.get("BT-111")
        self.to.put(self.to.root, "cac:TaxTotal/cbc:TaxAmount", own, currencyID=self.head.get("BT-6", ""))

    def _totals(self) -> None:
        totals = self.to.under(self.to.root, "cac:LegalMonetaryTotal")
        for name, term in (
            ("LineExtensionAmount", "BT-106"),
            ("TaxExclusiveAmount", "BT-109"),
            ("TaxInclusiveAmount", "BT-112"),
            ("AllowanceTotalAmount", "BT-107"),
            ("ChargeTotalAmount", "BT-108"),
            ("PrepaidAmount", "BT-113"),
            ("PayableRoundingAmount", "BT-114"),
            ("PayableAmount", "BT-115"),
        ):
            self._money(totals, f"cbc:{name}", self.head.get(term))

    def _line(self, group: Group) -> None:
        line = self.to.under(self.to.root, "cac:CreditNoteLine" if self.credit else "cac:InvoiceLine")
        self.to.put(line, "cbc:ID", group.get("BT-126"))
        quantity = "cbc:CreditedQuantity" if self.credit else "cbc:InvoicedQuantity"
        self.to.put(line, quantity, group.get("BT-129"), unitCode=group.get("BT-130", ""))
        self._money(line, "cbc:LineExtensionAmount", group.get("BT-131"))
        if "BT-136" in group:
            off = self.to.under(line, "cac:AllowanceCharge")
            self.to.put(off, "cbc:ChargeIndicator", "false")
            self.to.put(off, "cbc:AllowanceChargeReasonCode", group.get("BT-140"))
            self.to.put(off, "cbc:AllowanceChargeReason", group.get("BT-139"))
            self._money(off, "cbc:Amount", group["BT-136"])
        item = self.to.under(line, "cac:Item")
        self.to.put(item, "cbc:Description", group.get("BT-154"))
        self.to.put(item, "cbc:Name", group.get("BT-153"))
        self.to.put(item, "cac:BuyersItemIdentification/cbc:ID", group.get("BT-156"))
        self.to.put(item, "cac:SellersItemIdentification/cbc:ID", group.get("BT-155"))
        self._category(item, "cac:ClassifiedTaxCategory", group.get("BT-151"), group.get("BT-152"))
        self._money(line, "cac:Price/cbc:PriceAmount", group.get("BT-146"))
