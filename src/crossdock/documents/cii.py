"""Terms as UN/CEFACT Cross Industry Invoice XML (D22B), in the order of the Factur-X schema of profile EN 16931."""

from __future__ import annotations

from crossdock.documents.elements import Node, Writer
from crossdock.documents.terms import Group, Terms

_UNECE = "urn:un:unece:uncefact:data:standard"
_SPACES = {
    "rsm": f"{_UNECE}:CrossIndustryInvoice:100",
    "qdt": f"{_UNECE}:QualifiedDataType:100",
    "ram": f"{_UNECE}:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_UNECE}:UnqualifiedDataType:100",
}
_DAY = "102"
"""UNTDID 2379: a day as CCYYMMDD."""


def cii(terms: Terms) -> bytes:
    """Return the document."""
    return _Cii(terms).write()


class _Cii:
    def __init__(self, terms: Terms) -> None:
        self.terms, self.head = terms, terms.head
        self.to = Writer("rsm:CrossIndustryInvoice", _SPACES, keep=("ram:ApplicableHeaderTradeDelivery",))

    def write(self) -> bytes:
        self._begin()
        trade = self.to.under(self.to.root, "rsm:SupplyChainTradeTransaction")
        for line in self.terms.lines:
            self._line(self.to.under(trade, "ram:IncludedSupplyChainTradeLineItem"), line)
        self._agreement(self.to.under(trade, "ram:ApplicableHeaderTradeAgreement"))
        self._delivery(self.to.under(trade, "ram:ApplicableHeaderTradeDelivery"))
        self._settlement(self.to.under(trade, "ram:ApplicableHeaderTradeSettlement"))
        return self.to.finish()

    def _put(self, parent: Node, path: str, term: str, **attributes: str) -> None:
        self.to.put(parent, f"ram:{path}".replace("/", "/ram:"), self.head.get(term), **attributes)

    def _text(self, parent: Node, path: str, text: str | None, **attributes: str) -> None:
        self.to.put(parent, f"ram:{path}".replace("/", "/ram:"), text, **attributes)

    def _day(self, parent: Node, path: str, term: str, kind: str = "udt") -> None:
        day = self.head.get(term, "").replace("-", "")
        self.to.put(parent, f"ram:{path}".replace("/", "/ram:") + f"/{kind}:DateTimeString", day, format=_DAY)

    def _begin(self) -> None:
        context = self.to.under(self.to.root, "rsm:ExchangedDocumentContext")
        self._put(context, "BusinessProcessSpecifiedDocumentContextParameter/ID", "BT-23")
        self._put(context, "GuidelineSpecifiedDocumentContextParameter/ID", "BT-24")
        document = self.to.under(self.to.root, "rsm:ExchangedDocument")
        self._put(document, "ID", "BT-1")
        self._put(document, "TypeCode", "BT-3")
        self._day(document, "IssueDateTime", "BT-2")
        for note in self.terms.notes:
            self._text(document, "IncludedNote/Content", note)

    def _line(self, item: Node, line: Group) -> None:
        self._text(item, "AssociatedDocumentLineDocument/LineID", line.get("BT-126"))
        product = self.to.under(item, "ram:SpecifiedTradeProduct")
        self._text(product, "SellerAssignedID", line.get("BT-155"))
        self._text(product, "BuyerAssignedID", line.get("BT-156"))
        self._text(product, "Name", line.get("BT-153"))
        self._text(product, "Description", line.get("BT-154"))
        price = "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount"
        self._text(item, price, line.get("BT-146"))
        unit = line.get("BT-130", "")
        self._text(item, "SpecifiedLineTradeDelivery/BilledQuantity", line.get("BT-129"), unitCode=unit)
        settlement = self.to.under(item, "ram:SpecifiedLineTradeSettlement")
        self._tax(settlement, "ram:ApplicableTradeTax", line.get("BT-151"), line.get("BT-152"))
        if "BT-136" in line:
            self._allowance(settlement, "false", (line["BT-136"], line.get("BT-140"), line.get("BT-139")))
        total = "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"
        self._text(settlement, total, line.get("BT-131"))

    def _tax(self, parent: Node, name: str, category: str | None, rate: str | None) -> None:
        tax = self.to.under(parent, name)
        self._text(tax, "TypeCode", "VAT")
        self._text(tax, "CategoryCode", category)
        self._text(tax, "RateApplicablePercent", rate)

    def _allowance(self, parent: Node, charge: str, parts: tuple[str | None, str | None, str | None]) -> Node:
        value, code, reason = parts
        one = self.to.under(parent, "ram:SpecifiedTradeAllowanceCharge")
        self.to.put(one, "ram:ChargeIndicator/udt:Indicator", charge)
        self._text(one, "ActualAmount", value)
        self._text(one, "ReasonCode", code)
        self._text(one, "Reason", reason)
        return one

    def _agreement(self, agreement: Node) -> None:
        self._put(agreement, "BuyerReference", "BT-10")
        seller = self.to.under(agreement, "ram:SellerTradeParty")
        self._put(seller, "Name", "BT-27")
        self._put(seller, "Description", "BT-33")
        self._legal(seller, "BT-30", "BT-28")
        self._contact(seller, "BT-41", "BT-42", "BT-43")
        self._address(seller, 35)
        self._put(seller, "URIUniversalCommunication/URIID", "BT-34", schemeID=self.head.get("BT-34-1", ""))
        self._put(seller, "SpecifiedTaxRegistration/ID", "BT-31", schemeID="VA")
        self._put(seller, "SpecifiedTaxRegistration/ID", "BT-32", schemeID="FC")
        buyer = self.to.under(agreement, "ram:BuyerTradeParty")
        self._put(buyer, "Name", "BT-44")
        self._legal(buyer, "BT-47", "BT-45")
        self._contact(buyer, "BT-56", "BT-57", "BT-58")
        self._address(buyer, 50)
        self._put(buyer, "URIUniversalCommunication/URIID", "BT-49", schemeID=self.head.get("BT-49-1", ""))
        self._put(buyer, "SpecifiedTaxRegistration/ID", "BT-48", schemeID="VA")
        self._put(agreement, "SellerOrderReferencedDocument/IssuerAssignedID", "BT-14")
        self._put(agreement, "BuyerOrderReferencedDocument/IssuerAssignedID", "BT-13")

    def _legal(self, party: Node, number: str, trading: str) -> None:
        organization = self.to.under(party, "ram:SpecifiedLegalOrganization")
        self._put(organization, "ID", number, schemeID=self.head.get(f"{number}-1", ""))
        self._put(organization, "TradingBusinessName", trading)

    def _contact(self, party: Node, name: str, phone: str, email: str) -> None:
        contact = self.to.under(party, "ram:DefinedTradeContact")
        self._put(contact, "PersonName", name)
        self._put(contact, "TelephoneUniversalCommunication/CompleteNumber", phone)
        self._put(contact, "EmailURIUniversalCommunication/URIID", email)

    def _address(self, party: Node, first: int) -> None:
        """BT-``first`` and the five after it: line 1, line 2, city, postcode, region, country."""
        line_1, line_2, city, postcode, region, country = (f"BT-{number}" for number in range(first, first + 6))
        address = self.to.under(party, "ram:PostalTradeAddress")
        self._put(address, "PostcodeCode", postcode)
        self._put(address, "LineOne", line_1)
        self._put(address, "LineTwo", line_2)
        self._put(address, "CityName", city)
        self._put(address, "CountryID", country)
        self._put(address, "CountrySubDivisionName", region)

    def _delivery(self, delivery: Node) -> None:
        place = self.to.under(delivery, "ram:ShipToTradeParty")
        self._put(place, "Name", "BT-70")
        self._address(place, 75)
        self._day(delivery, "ActualDeliverySupplyChainEvent/OccurrenceDateTime", "BT-72")

    def _settlement(self, settlement: Node) -> None:
        self._put(settlement, "PaymentReference", "BT-83")
        self._put(settlement, "TaxCurrencyCode", "BT-6")
        self._put(settlement, "InvoiceCurrencyCode", "BT-5")
        means = self.to.under(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
        self._put(means, "TypeCode", "BT-81")
        if "BT-84" in self.head:
            account = self.to.under(means, "ram:PayeePartyCreditorFinancialAccount")
            self._put(account, "IBANID", "BT-84")
            self._put(account, "AccountName", "BT-85")
            self._put(means, "PayeeSpecifiedCreditorFinancialInstitution/BICID", "BT-86")
        for tax in self.terms.taxes:
            self._share(settlement, tax)
        for group in self.terms.allowances:
            one = self._allowance(settlement, "false", (group["BT-92"], group.get("BT-98"), group.get("BT-97")))
            self._tax(one, "ram:CategoryTradeTax", group.get("BT-95"), group.get("BT-96"))
        for group in self.terms.charges:
            one = self._allowance(settlement, "true", (group["BT-99"], group.get("BT-105"), group.get("BT-104")))
            self._tax(one, "ram:CategoryTradeTax", group.get("BT-102"), group.get("BT-103"))
        terms = self.to.under(settlement, "ram:SpecifiedTradePaymentTerms")
        self._put(terms, "Description", "BT-20")
        self._day(terms, "DueDateDateTime", "BT-9")
        self._totals(self.to.under(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation"))
        before = self.to.under(settlement, "ram:InvoiceReferencedDocument")
        self._put(before, "IssuerAssignedID", "BT-25")
        self._day(before, "FormattedIssueDateTime", "BT-26", "qdt")

    def _share(self, settlement: Node, tax: Group) -> None:
        share = self.to.under(settlement, "ram:ApplicableTradeTax")
        self._text(share, "CalculatedAmount", tax.get("BT-117"))
        self._text(share, "TypeCode", "VAT")
        self._text(share, "ExemptionReason", tax.get("BT-120"))
        self._text(share, "BasisAmount", tax.get("BT-116"))
        self._text(share, "CategoryCode", tax.get("BT-118"))
        self._text(share, "ExemptionReasonCode", tax.get("BT-121"))
        self._text(share, "RateApplicablePercent", tax.get("BT-119"))

    def _totals(self, totals: Node) -> None:
        self._put(totals, "LineTotalAmount", "BT-106")
        self._put(totals, "ChargeTotalAmount", "BT-108")
        self._put(totals, "AllowanceTotalAmount", "BT-107")
        self._put(totals, "TaxBasisTotalAmount", "BT-109")
        self._put(totals, "TaxTotalAmount", "BT-110", currencyID=self.head.get("BT-5", ""))
        self._put(totals, "TaxTotalAmount", "BT-111", currencyID=self.head.get("BT-6", ""))
        self._put(totals, "RoundingAmount", "BT-114")
        self._put(totals, "GrandTotalAmount", "BT-112")
        self._put(totals, "TotalPrepaidAmount", "BT-113")
        self._put(totals, "DuePayableAmount", "BT-115")
