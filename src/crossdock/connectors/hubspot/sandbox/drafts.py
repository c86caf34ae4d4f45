"""Writes, in two steps: a draft is checked against the portal and its batch; then it is applied.

Checking has no effect, so a batch can be refused as a whole, or only its bad rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crossdock.connectors.hubspot.sandbox.catalogue import LIFECYCLE
from crossdock.connectors.hubspot.sandbox.links import LinkType
from crossdock.connectors.hubspot.sandbox.portal import Portal, Record
from crossdock.connectors.hubspot.sandbox.refusals import Problem, Refused, bad_values, contact_exists, invalid
from crossdock.connectors.hubspot.sandbox.stages import FIELDS
from crossdock.connectors.hubspot.sandbox.values import BadValue, as_text, email, normalise

INTEGRATION = "INTEGRATION"
CRM_UI = "CRM_UI"

_CURRENCY = {"deal_currency_code", "hs_line_item_currency_code", "hs_currency_code"}
_COPIED = ("name", "price", "hs_sku", "description", "hs_cost_of_goods_sold", "hs_url", "hs_images")


@dataclass(slots=True)
class Draft:
    """A checked write: of a new record when ``record`` is None."""

    kind: str
    record: Record | None
    changes: dict[str, str]
    links: list[tuple[LinkType, str]] = field(default_factory=list)


Claims = dict[tuple[str, str], int]
"""Unique values that earlier rows of the same batch will take -> number of the row."""


class Drafting:
    """Checks the writes of one call. ``claims`` span its rows."""

    def __init__(self, portal: Portal, version: str) -> None:
        self._portal = portal
        self._version = version
        self._strict = portal.settings.strict_bodies and version.startswith("20")
        self._claims: Claims = {}
        self._row = 0

    def create(self, kind: str, body: Any) -> Draft:
        """Check the body of a create."""
        given = properties_of(body)
        if self._strict and not isinstance(body.get("associations"), list):
            raise invalid("Invalid input JSON: associations is required and must be a list")
        return self.new(kind, given, body.get("associations") or [])

    def new(self, kind: str, given: dict[str, Any], associations: Any = ()) -> Draft:
        """Check a new record."""
        self._row += 1
        changes = self._changes(kind, given, None)
        self._required(kind, changes)
        if kind == "line_items" and changes.get("hs_product_id"):
            product = self._portal.records["products"][changes["hs_product_id"]].properties
            changes = {name: product[name] for name in _COPIED if name in product} | changes
        self._claim(kind, changes, None)
        return Draft(kind, None, changes, self._links(kind, associations))

    def update(self, record: Record, given: dict[str, Any]) -> Draft:
        """Check a write to a record."""
        self._row += 1
        changes = self._changes(record.kind, given, record)
        self._claim(record.kind, changes, record)
        return Draft(record.kind, record, changes)

    def apply(self, draft: Draft, source: str = INTEGRATION) -> Record:
        """Make the write happen."""
        record = draft.record
        if record is None:
            record = self._portal.create(draft.kind, draft.changes, source)
        else:
            self._portal.write(record, draft.changes, source)
        for link, other in draft.links:
            self._portal.links.put(link, record.id, other)
        return record

    def _changes(self, kind: str, given: dict[str, Any], record: Record | None) -> dict[str, str]:
        problems: list[Problem] = []
        changes: dict[str, str] = {}
        definitions = self._portal.schema.properties[kind]
        for name, raw in given.items():
            definition = definitions.get(name)
            try:
                if definition is None:
                    raise BadValue(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
                if definition.read_only:
                    raise BadValue(
                        name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
                    )
                changes[name] = normalise(definition, raw)
            except BadValue as bad:
                problems.append(bad.problem)
        problems += self._poisoned(kind, given)
        if not problems:
            problems = [problem for check in _RULES.get(kind, ()) for problem in check(self._portal, changes, record)]
            problems += _money_and_owners(self._portal, changes)
        if problems:
            raise bad_values(self._portal.settings.portal_id, problems)
        return changes

    def _poisoned(self, kind: str, given: dict[str, Any]) -> list[Problem]:
        return [
            Problem(poison.property, "INVALID_VALUE", f"{poison.value} was refused for {poison.property}")
            for poison in self._portal.poison
            if poison.object == kind
            and poison.property in given
            and str(given[poison.property]).lower() == poison.value.lower()
        ]

    def _required(self, kind: str, changes: dict[str, str]) -> None:
        if self._version != "2026-09":
            return
        missing = [name for name in self._portal.settings.required_on_create.get(kind, []) if not changes.get(name)]
        if missing:
            problems = [Problem(name, "REQUIRED_FIELD", f"Property {name} is required") for name in missing]
            raise bad_values(self._portal.settings.portal_id, problems)

    def _claim(self, kind: str, changes: dict[str, str], record: Record | None) -> None:
        definitions = self._portal.schema.properties[kind]
        for name, value in changes.items():
            if not value or not definitions[name].unique:
                continue
            holder = self._portal.holder(kind, name, value)
            if holder is not None and (record is None or holder != record.id):
                raise self._taken(kind, name, value, holder)
            row = self._claims.setdefault((name, value), self._row)
            if row != self._row:
                raise self._taken(kind, name, value, None)
            if name == "email" and value in self._portal.blocked:
                raise bad_values(
                    self._portal.settings.portal_id,
                    [Problem("email", "BLOCKLISTED_EMAIL", f"Email address {value} was permanently deleted")],
                )

    def _taken(self, kind: str, name: str, value: str, holder: str | None) -> Refused:
        if kind == "contacts" and name == "email":
            return contact_exists(holder) if holder else Refused(409, "CONFLICT", "Contact already exists.")
        problem = Problem(name, "CONFLICTING_UNIQUE_VALUE", f"{value} already has that value.")
        return bad_values(self._portal.settings.portal_id, [problem])

    def _links(self, kind: str, associations: Any) -> list[tuple[LinkType, str]]:
        made = []
        for association in associations:
            if not isinstance(association, dict) or not isinstance(association.get("to"), dict):
                raise invalid("Invalid input JSON: an association needs to.id and types")
            types = association.get("types")
            if not isinstance(types, list) or not types:
                raise invalid("Invalid input JSON: an association needs types")
            other = str(association["to"].get("id", ""))
            for spec in types:
                link = self._portal.links.given(kind, None, spec)
                found = self._portal.find(link.target, other)
                if found is None:
                    raise invalid(
                        f"{link.target} {other} does not exist", sub_category="crm.associations.INVALID_OBJECT_IDS"
                    )
                made.append((link, found.id))
        return made


def properties_of(body: Any) -> dict[str, Any]:
    """Return the ``properties`` member of a body, or refuse."""
    if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
        raise invalid("Invalid input JSON: properties is required and must be an object")
    given: dict[str, Any] = body["properties"]
    return given


def _contact(portal: Portal, changes: dict[str, str], record: Record | None) -> list[Problem]:
    try:
        if changes.get("email"):
            changes["email"] = email(changes["email"])
    except BadValue as bad:
        return [bad.problem]
    wanted = changes.get("lifecyclestage")
    current = record.properties.get("lifecyclestage") if record is not None else None
    if not wanted or not current or LIFECYCLE.index(wanted) >= LIFECYCLE.index(current):
        return []
    if portal.settings.lifecycle_backward == "refuse":
        return [Problem("lifecyclestage", "INVALID_LIFECYCLE_STAGE", f"{current} cannot move back to {wanted}")]
    del changes["lifecyclestage"]
    return []


def _staged(kind: str) -> Any:
    pipeline_name, stage_name = FIELDS[kind]

    def check(portal: Portal, changes: dict[str, str], record: Record | None) -> list[Problem]:
        held = record.properties if record is not None else {}
        first = portal.pipelines.first(kind)
        pipeline = changes.get(pipeline_name, held.get(pipeline_name, "")) or first
        stage = changes.get(stage_name, held.get(stage_name, ""))
        if pipeline not in portal.pipelines.by_kind[kind]:
            return [
                Problem(pipeline_name, "INVALID_OPTION", f"{pipeline} was not one of the allowed options: pipelines")
            ]
        if stage and not portal.pipelines.has_stage(kind, pipeline, stage):
            message = f"{stage} was not one of the allowed options: the stages of pipeline {pipeline}"
            return [Problem(stage_name, "INVALID_OPTION", message)]
        if record is None or pipeline_name in changes:
            changes[pipeline_name] = pipeline
        return []

    return check


def _line(portal: Portal, changes: dict[str, str], record: Record | None) -> list[Problem]:
    del record
    problems = []
    if changes.get("price", "").startswith("-") and float(changes["price"]) < 0:
        problems.append(Problem("price", "INVALID_PRICE", "Price of a line item must not be negative"))
    product = changes.get("hs_product_id")
    if product and portal.find("products", product) is None:
        problems.append(Problem("hs_product_id", "INVALID_PRODUCT", f"Product {product} does not exist"))
    return problems


def _money_and_owners(portal: Portal, changes: dict[str, str]) -> list[Problem]:
    problems = []
    for name in _CURRENCY & changes.keys():
        code = changes[name]
        if code and code not in portal.settings.currencies and code != portal.settings.currency:
            problems.append(Problem(name, "INVALID_OPTION", f"{code} is not an active currency of this portal"))
    owner = changes.get("hubspot_owner_id")
    if owner and all(one["id"] != owner for one in portal.owners):
        problems.append(Problem("hubspot_owner_id", "INVALID_OWNER", f"Owner {owner} does not exist"))
    return problems


_RULES: dict[str, tuple[Any, ...]] = {
    "contacts": (_contact,),
    "deals": (_staged("deals"),),
    "orders": (_staged("orders"),),
    "line_items": (_line,),
}


def key_text(raw: Any, what: str) -> str:
    """Return a row's id as text, or refuse."""
    try:
        text = as_text(what, raw)
    except BadValue as bad:
        raise invalid(f"Invalid input JSON: {what} must be a string") from bad
    if not text:
        raise invalid(f"Invalid input JSON: {what} is required")
    return text
