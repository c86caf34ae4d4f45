"""The terms of invoicing of a tenant, checked where they come in: whoever issues an invoice may rely on them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from crossdock.errors import BadInput
from crossdock.flow.invoice import checks
from crossdock.flow.invoice.checks import (
    Code,
    Country,
    Currency,
    MaybeCountry,
    MaybeCurrency,
    MaybeIban,
    MaybeVatId,
    Text,
    Words,
    broken,
)
from crossdock.flow.invoice.numbers import check_pattern
from crossdock.flow.invoice.refusals import InvoiceRefused, Refusal
from crossdock.model.commerce.invoice import RoundingMode, RoundingPlace, TaxCategory

Rate = Annotated[Decimal, Field(ge=0, le=100, decimal_places=4, allow_inf_nan=False)]
Exchange = Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=10, allow_inf_nan=False)]
Positive = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=6, allow_inf_nan=False)]
Names = Annotated[tuple[Text, ...], Field(max_length=1000)]


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise broken("timezone")
    return name


class Strict(BaseModel):
    """Settings whose names are all known, and which never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Electronic(Strict):
    """Where electronic invoices go."""

    scheme: Annotated[str, Field(pattern=r"^[0-9A-Z]{2,4}$", description="of the EAS code list: 0088, 9930, EM")]
    value: Annotated[str, Field(min_length=1, max_length=200)]


class PartyTerms(Strict):
    """Fields of a party that the buyer's own data may be completed or corrected with."""

    name: Words = ""
    trading_name: Words = ""
    line_1: Words = ""
    line_2: Words = ""
    city: Words = ""
    postcode: Words = ""
    region: Words = ""
    country: MaybeCountry = ""
    vat_id: MaybeVatId = ""
    tax_id: Words = ""
    registration_id: Words = ""
    registration_scheme: Annotated[str, Field(pattern=r"^([0-9]{4})?$", description="ISO 6523 code")] = ""
    legal_note: Annotated[str, Field(max_length=2000)] = ""
    electronic_address: Electronic | None = None
    contact: Words = ""
    phone: Words = ""
    email: Annotated[str, Field(max_length=254, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""


class SellerTerms(PartyTerms):
    """Who invoices (EN 16931, BG-4)."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    country: Country

    @model_validator(mode="after")
    def _known_to_the_tax_office(self) -> SellerTerms:
        if not (self.vat_id or self.tax_id):
            raise broken("seller.tax-number")
        checks.check_vat_country("seller.vat-country", self.vat_id, self.country)
        return self


class Numbering(Strict):
    """A series of numbers: none is left out, none given twice."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_/.-]{0,19}$", examples=["RE"])]
    pattern: Annotated[str, Field(max_length=60, examples=["{series}-{year}-{number:05d}"])] = (
        "{series}-{year}-{number:05d}"
    )
    yearly: Annotated[bool, Field(description="true: it begins anew each year of the seller's calendar")] = True
    start: Annotated[int, Field(ge=1, le=999_999_999, description="its first number")] = 1

    @model_validator(mode="after")
    def _tells_numbers_apart(self) -> Numbering:
        check_pattern(self.pattern, yearly=self.yearly)
        return self


class SeriesTerms(Strict):
    """The series of invoices and that of credit notes."""

    invoices: Numbering
    credits: Numbering
    more: Annotated[tuple[Numbering, ...], Field(max_length=50, description="others that may be asked for")] = ()

    @model_validator(mode="after")
    def _no_two_give_the_same(self) -> SeriesTerms:
        named = (self.invoices, self.credits, *self.more)
        if len({one.name for one in named}) != len(named):
            raise broken("series.names")
        if any("{series}" not in one.pattern for one in named) and len({one.pattern for one in named}) != len(named):
            raise broken("series.patterns")
        return self

    def named(self, name: str) -> Numbering | None:
        """Return a series that invoices may be of."""
        return next((one for one in (self.invoices, *self.more) if one.name == name), None)


class RoundingTerms(Strict):
    """Where and how tax is rounded."""

    place: RoundingPlace = RoundingPlace.RATE
    mode: RoundingMode = RoundingMode.HALF_UP


class TaxRule(Strict):
    """A rule of the seller's own; the first whose conditions all hold decides. Empty conditions always hold."""

    skus: Names = ()
    product_ids: Names = ()
    tax_names: Names = ()
    rates: Annotated[tuple[Rate, ...], Field(max_length=50, description="the line's own rate at the CRM")] = ()
    countries: Annotated[tuple[Country, ...], Field(max_length=300, description="the buyer's")] = ()
    category: TaxCategory
    rate: Rate = Decimal(0)
    reason: Words = ""
    code: Annotated[str, Field(pattern=r"^(VATEX-[A-Z0-9-]{2,40})?$", examples=["VATEX-EU-132"])] = ""

    @model_validator(mode="after")
    def _holds_together(self) -> TaxRule:
        if self.category.taxed != (self.rate > 0):
            raise broken("tax.rate-of-category")
        if self.category is TaxCategory.EXEMPT and not (self.reason or self.code):
            raise broken("tax.exemption-reason")
        return self


class TaxTerms(Strict):
    """How tax is chosen: the rules first, then by where the buyer is."""

    rules: Annotated[tuple[TaxRule, ...], Field(max_length=500)] = ()
    standard_rate: Annotated[Rate | None, Field(description="where the CRM's line has none; null: refused")] = None
    zero_rate: Annotated[
        Literal["Z", "refuse"], Field(description="what a line of 0 % at home is: zero rated, or refused")
    ] = "refuse"
    supplies: Annotated[Literal["goods", "services"], Field(description="what is sold")] = "services"
    goods_skus: Annotated[Names, Field(description="goods among services")] = ()
    service_skus: Annotated[Names, Field(description="services among goods")] = ()
    eu_consumers: Annotated[
        Literal["domestic", "destination", "refuse"],
        Field(description="EU buyers without a VAT id: this country's tax, the buyer's country's, or refused"),
    ] = "refuse"
    country_rates: Annotated[dict[Country, Rate], Field(max_length=300, description="standard rates abroad")] = {}
    companies_without_vat_id: Annotated[
        Literal["refuse", "consumer"], Field(description="EU companies of another country without a VAT id")
    ] = "refuse"
    services_abroad: Annotated[
        Literal["O", "G", "domestic", "refuse"], Field(description="services to buyers outside of the EU")
    ] = "O"
    words: Annotated[
        dict[Literal["AE", "K", "G", "O"], Text],
        Field(description="why there is no tax, in the words that your law or language wants"),
    ] = {}


class PaymentSetting(Strict):
    """How and until when it is paid."""

    days: Annotated[int | None, Field(ge=0, le=365, description="null: no day is named")] = 14
    words: Annotated[str, Field(max_length=500, description="{days}, {due_on} and {number} are filled in")] = ""
    means: Annotated[str, Field(pattern=r"^[0-9]{1,2}$|^ZZZ$", description="UNTDID 4461 code")] = "30"
    iban: MaybeIban = ""
    bic: Annotated[str, Field(pattern=r"^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?)?$")] = ""
    account_name: Words = ""
    reference: Annotated[str, Field(max_length=100, description="{number} is filled in")] = "{number}"

    @model_validator(mode="after")
    def _says_when_and_where(self) -> PaymentSetting:
        checks.check_words("payment.words", self.words, {"days", "due_on", "number"})
        checks.check_words("payment.words", self.reference, {"number"})
        if self.means in ("30", "58") and not self.iban:
            raise broken("payment.account")
        if self.days is None and not self.words:
            raise broken("payment.terms")
        return self


class ChargeRule(Strict):
    """Lines that are no goods of their own but a charge on the whole invoice: shipping, fees."""

    skus: Names = ()
    product_ids: Names = ()
    names: Annotated[Names, Field(description="whole names of lines, in any case")] = ()
    reason: Annotated[str, Field(min_length=1, max_length=200)] = "Shipping"
    code: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$", description="UNTDID 7161 code")] = "FC"

    @model_validator(mode="after")
    def _names_something(self) -> ChargeRule:
        if not (self.skus or self.product_ids or self.names):
            raise broken("charge.conditions")
        return self


class CurrencyTerms(Strict):
    """Which currencies are invoiced in, and what tax is accounted in."""

    accepted: Annotated[tuple[Currency, ...], Field(max_length=200, description="empty: every one")] = ()
    default: Annotated[MaybeCurrency, Field(description="where the deal states none")] = ""
    tax_currency: Annotated[MaybeCurrency, Field(description="empty: the invoice's own")] = ""
    rates: Annotated[
        dict[Currency, Exchange], Field(max_length=200, description="units of tax_currency for one of the currency")
    ] = {}
    two_decimals: Annotated[
        bool, Field(description="true: currencies of three decimals are rounded to two, as EN 16931 wants it")
    ] = False

    @model_validator(mode="after")
    def _takes_its_own(self) -> CurrencyTerms:
        if self.accepted and self.default and self.default not in self.accepted:
            raise broken("currency.default")
        return self


class WhenRule(Strict):
    """Which deals become invoices by themselves; the first whose conditions all hold decides."""

    connection: Annotated[str, Field(pattern=r"^(con_[0-9a-z]{26})?$", description="empty: every one")] = ""
    only_won: bool = True
    pipelines: Annotated[Names, Field(description="ids or labels; empty: every one")] = ()
    stages: Annotated[Names, Field(description="ids or labels; empty: every one")] = ()
    owners: Annotated[Names, Field(description="ids; empty: every one")] = ()
    currencies: Annotated[tuple[Currency, ...], Field(max_length=200)] = ()
    minimum: Annotated[Positive | None, Field(description="of the deal's amount")] = None
    then: Annotated[Literal["issue", "draft", "nothing"], Field(description="what becomes of it")] = "draft"


class BuyerTerms(Strict):
    """Who is invoiced, and what has to be known of them."""

    choose: Literal["company", "contact", "company_only"] = "company"
    needs: Annotated[
        tuple[Literal["line_1", "city", "postcode", "email", "electronic_address", "registration_id"], ...],
        Field(description="beside name and country"),
    ] = ("line_1", "city")
    attention: Annotated[bool, Field(description="the deal's person stands beside the company")] = True
    email_address: Annotated[bool, Field(description="the e-mail address is the electronic address (EM)")] = False
    reference: Annotated[
        Literal["none", "deal_id", "purchase_order", "fixed"], Field(description="what the buyer reference (BT-10) is")
    ] = "none"
    fixed_reference: Words = ""


_SELLER: dict[str, Any] = {
    "name": "Tea & Tales GmbH",
    "line_1": "Lindenstr. 1",
    "city": "Berlin",
    "postcode": "10969",
    "country": "DE",
    "vat_id": "DE123456789",
    "email": "books@tea.example",
}
EXAMPLE: dict[str, Any] = {
    "seller": _SELLER,
    "series": {"invoices": {"name": "RE"}, "credits": {"name": "GS"}},
    "tax": {"standard_rate": "19", "supplies": "goods", "eu_consumers": "domestic"},
    "payment": {"days": 14, "iban": "DE89370400440532013000", "words": "Within {days} days."},
    "currency": {"accepted": ["EUR"], "default": "EUR"},
    "when": [{"only_won": True, "then": "issue"}],
    "timezone": "Europe/Berlin",
    "language": "de",
}


class Terms(Strict):
    """All that an invoice goes by beside its deal. The JSON of :data:`EXAMPLE` is one."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    seller: SellerTerms
    series: SeriesTerms
    tax: TaxTerms
    payment: PaymentSetting
    rounding: RoundingTerms = RoundingTerms()
    currency: CurrencyTerms = CurrencyTerms()
    buyer: BuyerTerms = BuyerTerms()
    charges: Annotated[tuple[ChargeRule, ...], Field(max_length=100)] = ()
    when: Annotated[tuple[WhenRule, ...], Field(max_length=100, description="empty: only by hand")] = ()
    prices_include_tax: Annotated[bool, Field(description="prices, discounts and amounts of the CRM do")] = False
    both_discounts: Annotated[
        Literal["refuse", "piece_first", "percent_first"],
        Field(description="a line with a discount per piece and one in percent: refused, or in this order"),
    ] = "refuse"
    line_net: Annotated[
        Literal["check", "ignore"], Field(description="whether what the CRM says a line comes to has to agree")
    ] = "check"
    less: Annotated[
        Literal["refuse", "allowance", "ignore"], Field(description="the deal's amount is less than its lines")
    ] = "refuse"
    more: Annotated[Literal["refuse", "ignore"], Field(description="the deal's amount is more than its lines")] = (
        "refuse"
    )
    no_lines: Annotated[
        Literal["refuse", "one_line"], Field(description="a deal without lines: refused, or a line of its amount")
    ] = "refuse"
    supplied: Annotated[
        Literal["none", "closed", "issued"], Field(description="the day of supply: not told, the deal's close date, …")
    ] = "none"
    units: Annotated[dict[str, Code], Field(max_length=500, description="the CRM's unit to UN/ECE 20")] = {}
    default_unit: Code = "C62"
    notes: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...], Field(max_length=20)] = ()
    valid_as: Annotated[
        tuple[Literal["ubl", "ubl-core", "cii", "facturx"], ...],
        Field(max_length=4, description="an invoice gets its number only when it is valid as each of these documents"),
    ] = ()
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"

    @model_validator(mode="after")
    def _hold_together(self) -> Terms:
        home = self.currency.tax_currency
        if home and home in self.currency.rates and self.currency.rates[home] != 1:
            raise broken("currency.own-rate")
        if self.tax.eu_consumers == "destination" and not self.tax.country_rates:
            raise broken("tax.country-rates")
        return self


def problems_of(given: Any) -> list[Refusal]:
    """Return all that is wrong with terms somebody wrote; none: they hold."""
    try:
        Terms.model_validate(given)
    except pydantic.ValidationError as wrong:
        return [_refusal(error) for error in wrong.errors(include_url=False)]
    return []


def terms_of(given: Any) -> Terms:
    """Read terms. Raises :class:`InvoiceRefused` that names every field that breaks a rule."""
    if not isinstance(given, dict):
        raise BadInput("terms are an object", field="body", remedy="see docs/how-to/invoices.md")
    if problems := problems_of(given):
        raise InvoiceRefused(problems, title="The terms of invoicing are not valid")
    return Terms.model_validate(given)


def _refusal(error: Any) -> Refusal:
    """Return an error of the edge in our words; what was given is not repeated."""
    field = ".".join(str(part) for part in error["loc"]) or "body"
    kind = error["type"]
    rule, remedy = (kind, checks.TERMS[kind][1]) if kind in checks.TERMS else ("terms.value", "see its schema")
    return Refusal(rule, field, error["msg"], remedy)
