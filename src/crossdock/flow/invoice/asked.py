"""What whoever makes an invoice may ask for beside its deal and the terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import pydantic
from pydantic import ConfigDict, Field, model_validator

from crossdock.errors import BadInput
from crossdock.flow.invoice.checks import TERMS, Words, broken
from crossdock.flow.invoice.terms import Exchange, PartyTerms, Positive, Rate, Strict
from crossdock.model.commerce.invoice import TaxCategory

Model = TypeVar("Model", bound=Strict)
_Note = Annotated[str, Field(min_length=1, max_length=1000)]


class AskedTax(Strict):
    """The tax of one line, whatever the rules say."""

    category: TaxCategory
    rate: Rate = Decimal(0)
    reason: Words = ""
    code: Annotated[str, Field(pattern=r"^(VATEX-[A-Z0-9-]{2,40})?$")] = ""

    @model_validator(mode="after")
    def _holds_together(self) -> AskedTax:
        if self.category.taxed != (self.rate > 0):
            raise broken("tax.rate-of-category")
        if self.category is TaxCategory.EXEMPT and not (self.reason or self.code):
            raise broken("tax.exemption-reason")
        return self


_ASKED: dict[str, Any] = {"purchase_order": "PO-4711", "buyer": {"country": "FR", "vat_id": "FR83404833048"}}


class Asked(Strict):
    """Overrides; what is empty or null is left to the deal and the terms."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_ASKED]})

    series: Annotated[Words, Field(description="another series of the terms")] = ""
    buyer: Annotated[PartyTerms, Field(description="fields that are given go before the deal's")] = PartyTerms()
    ship_to: PartyTerms | None = None
    supplied_on: date | None = None
    due_on: date | None = None
    purchase_order: Words = ""
    buyer_reference: Words = ""
    order_number: Words = ""
    notes: Annotated[tuple[_Note, ...], Field(max_length=20, description="after those of the terms")] = ()
    exchange_rate: Annotated[Exchange | None, Field(description="units of tax_currency for one of the currency")] = None
    taxes: dict[str, AskedTax] = Field(
        default_factory=dict, max_length=1000, description="by the id of the deal's line"
    )
    prepaid: Annotated[Positive, Field(description="paid before (BT-113)")] = Decimal(0)
    language: Annotated[str, Field(pattern=r"^([a-z]{2})?$")] = ""
    again: Annotated[Words, Field(description="why the deal gets another invoice; the first needs none")] = ""


class CreditLine(Strict):
    """A line of the invoice that is taken back, by quantity or by net amount."""

    line: Annotated[str, Field(min_length=1, max_length=20, description="its number on the invoice", examples=["1"])]
    quantity: Annotated[Decimal | None, Field(gt=0, max_digits=20, decimal_places=6)] = None
    net: Annotated[Decimal | None, Field(gt=0, max_digits=20, decimal_places=6)] = None


class CreditAsked(Strict):
    """What is taken back: lines, or an amount with its tax, or (neither) all that is left."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"reason": "one came back", "lines": [{"line": "1", "quantity": "1"}]}]},
    )

    reason: Annotated[str, Field(min_length=1, max_length=500, description="stands on the credit note")]
    lines: Annotated[tuple[CreditLine, ...], Field(max_length=1000)] = ()
    amount: Annotated[Decimal | None, Field(gt=0, max_digits=20, decimal_places=6, description="with tax")] = None


def asked_of(given: Any) -> Asked:
    """Read overrides. Raises ``BadInput`` that names the first field that breaks a rule."""
    return _read(Asked, given)


def credit_of(given: Any) -> CreditAsked:
    """Read what is to be credited. Raises ``BadInput``."""
    return _read(CreditAsked, given)


def changed(before: Asked, changes: Mapping[str, Any]) -> Asked:
    """Return overrides with some of them replaced; null takes one back. Raises ``BadInput``."""
    told = before.model_dump(mode="json", exclude_defaults=True)
    for name, value in changes.items():
        if value is None:
            told.pop(name, None)
        elif name == "buyer" and isinstance(value, dict):
            told["buyer"] = {k: v for k, v in {**told.get("buyer", {}), **value}.items() if v is not None}
        else:
            told[name] = value
    return asked_of(told)


def _read(model: type[Model], given: Any) -> Model:
    try:
        return model.model_validate(given)
    except pydantic.ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        remedy = TERMS[first["type"]][1] if first["type"] in TERMS else "see /api/v1/openapi.json"
        raise BadInput(first["msg"], field=field, remedy=remedy) from None
