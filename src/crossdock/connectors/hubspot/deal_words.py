"""HubSpot's records of a deal, read into our words. Pure.

A deal's amounts are decimal texts in major units; a line's ``discount`` is taken off each piece and its
``hs_discount_percentage`` off the line; ``amount`` of a line is what HubSpot makes of both. ``hs_tax_rate`` is the
percentage HubSpot resolves from the tax rate chosen for the line; it tells none where none was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from crossdock.connect.connector import PlanRefused
from crossdock.connect.deals import DealFilter, UnknownDeals
from crossdock.connectors.hubspot.mapper import DEALS, KEY, read_pipelines
from crossdock.connectors.hubspot.reading import millis, moment_of, written
from crossdock.kit.countries import BY_CODE, CODE_OF
from crossdock.model.commerce.address import Address
from crossdock.model.commerce.deal import Deal, DealCompany, DealContact, DealLine, DealOwner
from crossdock.model.plan import Plan, Ref, Step, Verb, Write

NUMBER: Final = "crossdock_invoice_number"
LINK: Final = "crossdock_invoice_link"
DEAL_PROPERTIES: Final = (
    *("dealname", "amount", "deal_currency_code", "pipeline", "dealstage", "closedate", "createdate"),
    *("hs_is_closed", "hs_is_closed_won", "hubspot_owner_id", "hs_lastmodifieddate"),
    *(KEY, "crossdock_order_number", NUMBER),
)
LINE_PROPERTIES: Final = (
    *("name", "description", "hs_sku", "hs_product_id", "quantity", "price", "discount", "hs_discount_percentage"),
    *("amount", "hs_tax_rate", "hs_tax_label", "hs_line_item_currency_code", "hs_position_on_quote"),
)
CONTACT_PROPERTIES: Final = (
    *("email", "firstname", "lastname", "company", "phone", "mobilephone"),
    *("address", "city", "state", "zip", "country"),
)
COMPANY_PROPERTIES: Final = (*("name", "domain", "phone", "address", "address2", "city", "state", "zip", "country"),)
_NEWEST: Final = "hs_object_id"
"""Lists go down by record id: what is written meanwhile moves no page, and no list ends at 10,000 results."""


class Stage(msgspec.Struct, frozen=True):
    """One stage of one pipeline."""

    id: str
    label: str
    pipeline: str
    pipeline_label: str
    closed: bool
    won: bool


class Portal(msgspec.Struct, frozen=True):
    """What the records of a page refer to."""

    stages: Mapping[str, Stage]
    owners: Mapping[str, DealOwner]
    portal_id: str = ""
    domain: str = "app.hubspot.com"
    currency: str = ""
    purchase_order: str = ""
    """Name of the property that holds the buyer's own number of the order."""
    vat: str = ""
    """Name of the company property that holds its VAT number."""


def stages_of(results: Sequence[Mapping[str, Any]]) -> dict[str, Stage]:
    """Return the stages of all pipelines by id: a stage's id is unique in its portal.

    Won is what is closed with a probability of 1 (vendor fact).
    """
    found = {}
    for pipeline in read_pipelines(results):
        for stage in pipeline["stages"]:
            won = bool(stage["closed"]) and _number(stage["probability"]) == 1
            named = (str(stage["label"]), str(pipeline["id"]), str(pipeline["label"]))
            found[str(stage["id"])] = Stage(str(stage["id"]), *named, bool(stage["closed"]), won)
    return found


def owner_of(told: Mapping[str, Any]) -> DealOwner:
    """Read an owner."""
    name = " ".join(part for part in (told.get("firstName"), told.get("lastName")) if part)
    return DealOwner(id=str(told["id"]), name=name, email=str(told.get("email") or ""))


def groups(asked: DealFilter, stages: Mapping[str, Stage], owner_id: str, before: str) -> list[list[dict[str, Any]]]:
    """Return a search's filter groups, of which one has to fit; none: everything. Raises ``UnknownDeals``."""
    base = filters(asked, stages, owner_id, before)
    since = _millis(asked.won_since)
    if since is None:
        return [base] if base else []
    won = {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}
    dated = {"propertyName": "closedate", "operator": "GTE", "value": since}
    # who moves a deal by the API alone may leave it without a close date
    bare = {"propertyName": "closedate", "operator": "NOT_HAS_PROPERTY"}
    changed = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": since}
    return [[*base, won, dated], [*base, won, bare, changed]]


def filters(asked: DealFilter, stages: Mapping[str, Stage], owner_id: str, before: str) -> list[dict[str, Any]]:
    """Return a search's filters: ten at most, the vendor's bound. Raises ``UnknownDeals``."""
    ids = _stages(asked, stages) if asked.stage else []
    stage = [{"propertyName": "dealstage", "operator": "IN", "values": ids}] if ids else []
    told = (
        ("pipeline", "EQ", _pipeline(asked.pipeline, stages) if asked.pipeline else None),
        ("hubspot_owner_id", "EQ", owner_id or None),
        ("amount", "GTE", _plain(asked.least)),
        ("amount", "LTE", _plain(asked.most)),
        ("closedate", "GTE", _millis(asked.closed_from)),
        ("closedate", "LTE", _millis(asked.closed_until)),
        ("hs_lastmodifieddate", "GTE", _millis(asked.modified_since)),
        ("hs_is_closed_won", "EQ", None if asked.won is None else str(asked.won).lower()),
        (_NEWEST, "LT", before or None),
    )
    return stage + [
        {"propertyName": name, "operator": operator, "value": value} for name, operator, value in told if value
    ]


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _millis(moment: datetime | None) -> str | None:
    return None if moment is None else millis(written(moment))


def _pipeline(wanted: str, stages: Mapping[str, Stage]) -> str:
    known = {one.pipeline: one.pipeline_label for one in stages.values()}
    if wanted in known:
        return wanted
    found = next((each for each, label in known.items() if label.lower() == wanted.lower()), None)
    if found is None:
        remedy = f"one of {', '.join(sorted(known.values()))}"
        raise UnknownDeals("pipeline", f"the portal has no pipeline {wanted[:60]!r}", remedy)
    return found


def _stages(asked: DealFilter, stages: Mapping[str, Stage]) -> list[str]:
    pipeline = _pipeline(asked.pipeline, stages) if asked.pipeline else ""
    among = [one for one in stages.values() if not pipeline or one.pipeline == pipeline]
    if any(one.id == asked.stage for one in among):
        return [asked.stage]
    found = [one.id for one in among if one.label.lower() == asked.stage.lower()]
    if not found:
        remedy = f"one of {', '.join(sorted({one.label for one in among}))}"
        raise UnknownDeals("stage", f"the portal has no stage {asked.stage[:60]!r}", remedy)
    return found


def deal_of(record: Mapping[str, Any], portal: Portal) -> Deal:
    """Read a deal without what belongs to it. Raises ``ValueError`` for what is not HubSpot's."""
    held: Mapping[str, Any] = record.get("properties") or {}
    stage = portal.stages.get(str(held.get("dealstage") or ""))
    told_won, told_closed = held.get("hs_is_closed_won"), held.get("hs_is_closed")
    owner_id = str(held.get("hubspot_owner_id") or "")
    record_id = str(record["id"])
    return Deal(
        id=record_id,
        name=_text(held, "dealname"),
        pipeline=_text(held, "pipeline"),
        pipeline_label=stage.pipeline_label if stage else "",
        stage=_text(held, "dealstage"),
        stage_label=stage.label if stage else "",
        closed=told_closed == "true" if told_closed else bool(stage and stage.closed),
        won=told_won == "true" if told_won else bool(stage and stage.won),
        amount=_amount(held, "amount"),
        currency=_text(held, "deal_currency_code") or portal.currency,
        owner=(portal.owners.get(owner_id) or DealOwner(id=owner_id)) if owner_id else None,
        close_at=_moment(held, "closedate"),
        created_at=_moment(held, "createdate"),
        modified_at=_moment(held, "hs_lastmodifieddate"),
        archived=bool(record.get("archived")),
        order_key=_text(held, KEY) or None,
        order_number=_text(held, "crossdock_order_number"),
        purchase_order=_text(held, portal.purchase_order),
        invoice_number=_text(held, NUMBER),
        url=f"https://{portal.domain}/contacts/{portal.portal_id}/record/0-3/{record_id}" if portal.portal_id else "",
    )


def with_parts(
    deal: Deal,
    lines: Sequence[Mapping[str, Any]],
    contacts: Sequence[DealContact],
    companies: Sequence[DealCompany],
) -> Deal:
    """Return a deal with all that belongs to it; its lines in the order people gave them."""
    read = tuple(sorted((line_of(one) for one in lines), key=lambda line: (line.position, int(line.id))))
    spoken = {_text(one.get("properties") or {}, "hs_line_item_currency_code") for one in lines} - {""}
    # a portal with one currency leaves the deal's empty, and may name it on the lines
    currency = spoken.pop() if len(spoken) == 1 and not deal.currency else deal.currency
    return msgspec.structs.replace(
        deal, lines=read, contacts=tuple(contacts), companies=tuple(companies), currency=currency
    )


def line_of(record: Mapping[str, Any]) -> DealLine:
    """Read a line item. Raises ``ValueError``."""
    held: Mapping[str, Any] = record.get("properties") or {}
    return DealLine(
        id=str(record["id"]),
        name=_text(held, "name"),
        description=_text(held, "description"),
        sku=_text(held, "hs_sku"),
        product_id=_text(held, "hs_product_id") or None,
        quantity=_some(held, "quantity", Decimal(1)),
        unit_price=_some(held, "price"),
        discount=_some(held, "discount"),
        discount_percent=_some(held, "hs_discount_percentage"),
        net=_amount(held, "amount"),
        tax_rate=_amount(held, "hs_tax_rate"),
        tax_name=_text(held, "hs_tax_label"),
        position=int(_some(held, "hs_position_on_quote")),
    )


def _place(held: Mapping[str, Any]) -> dict[str, str]:
    """Return what contacts and companies name alike of their address."""
    return {
        "line_1": _text(held, "address"),
        "city": _text(held, "city"),
        "state": _text(held, "state"),
        "postcode": _text(held, "zip"),
        "country": country_of(_text(held, "country")),
    }


def contact_of(record: Mapping[str, Any], *, primary: bool) -> DealContact:
    """Read a contact."""
    held: Mapping[str, Any] = record.get("properties") or {}
    address = Address(
        first_name=_text(held, "firstname"),
        last_name=_text(held, "lastname"),
        company=_text(held, "company"),
        **_place(held),
        email=_text(held, "email"),
        phone=_text(held, "phone") or _text(held, "mobilephone"),
    )
    return DealContact(id=str(record["id"]), address=address, primary=primary)


def company_of(record: Mapping[str, Any], portal: Portal, *, primary: bool) -> DealCompany:
    """Read a company."""
    held: Mapping[str, Any] = record.get("properties") or {}
    address = Address(
        company=_text(held, "name"),
        line_2=_text(held, "address2"),
        **_place(held),
        phone=_text(held, "phone"),
    )
    vat = _text(held, portal.vat).replace(" ", "").upper()
    return DealCompany(id=str(record["id"]), address=address, vat_id=vat, domain=_text(held, "domain"), primary=primary)


_ALSO: Final = {
    **dict.fromkeys(("united kingdom", "uk", "great britain", "england", "scotland", "wales"), "GB"),
    **dict.fromkeys(("usa", "u.s.a.", "united states of america"), "US"),
    "the netherlands": "NL",
    "czechia": "CZ",
    "deutschland": "DE",
    "österreich": "AT",
    "schweiz": "CH",
}
"""Countries by other names than the table's."""


def told_invoice(told: Mapping[str, Any], key: str) -> Plan:
    """Return the plan that writes an invoice's number and link to its deal, by its record id."""
    deal_id = str(told.get("deal_id") or "")
    if not deal_id.isdigit():
        raise PlanRefused("deal_id", "expected the digits of a deal", "make the invoice again")
    fields: dict[str, str | Ref | None] = {NUMBER: str(told["number"])}
    if told.get("link"):
        fields[LINK] = str(told["link"])
    write = Write(Verb.UPSERT, DEALS, key, properties=fields, record_id=deal_id)
    return Plan((Step("invoice-number", (write,)),))


def country_of(text: str) -> str:
    """Return the ISO code of a country as people enter it; what is no country we know stays as it is."""
    named = _ALSO.get(text.casefold()) or CODE_OF.get(text.casefold())
    return named or (text.upper() if text.upper() in BY_CODE else text)


def _text(held: Mapping[str, Any], name: str) -> str:
    return str(held.get(name) or "").strip() if name else ""


def _number(text: Any) -> Decimal | None:
    try:
        found = Decimal(str(text))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _amount(held: Mapping[str, Any], name: str) -> Decimal | None:
    told = _text(held, name)
    if not told:
        return None
    found = _number(told)
    if found is None:
        raise ValueError(f"{name}: expected a number")
    return found


def _some(held: Mapping[str, Any], name: str, usual: Decimal = Decimal(0)) -> Decimal:
    found = _amount(held, name)
    return usual if found is None else found


def _moment(held: Mapping[str, Any], name: str) -> datetime | None:
    told = _text(held, name)
    return moment_of(told) if told else None
