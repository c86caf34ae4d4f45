"""What properties an object type has: definitions, groups, and the rules for making new ones."""

from __future__ import annotations

import re
from typing import Any

from crossdock.connectors.hubspot.sandbox.catalogue import EPOCH_ISO, GROUPS, TYPE_IDS, standard
from crossdock.connectors.hubspot.sandbox.refusals import Refused, invalid, not_found
from crossdock.connectors.hubspot.sandbox.settings import Settings

PAIRS: dict[str, frozenset[str]] = {
    "string": frozenset({"text", "textarea", "file", "html", "phonenumber", "calculation_equation"}),
    "number": frozenset({"number", "calculation_equation"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date"}),
    "bool": frozenset({"booleancheckbox", "calculation_equation"}),
    "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"}),
    "phone_number": frozenset({"phonenumber", "text"}),
}
"""Property type -> field types that fit it."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")


class Definition:
    """One property of an object type."""

    __slots__ = (
        "created_at",
        "description",
        "display_order",
        "external_options",
        "field_type",
        "form_field",
        "group",
        "hidden",
        "label",
        "name",
        "option_values",
        "options",
        "read_only",
        "standard",
        "type",
        "unique",
        "updated_at",
    )

    def __init__(
        self,
        name: str,
        type: str,  # noqa: A002 - the vendor's word
        field_type: str,
        *,
        label: str = "",
        group: str = "",
        options: list[dict[str, Any]] | None = None,
        unique: bool = False,
        read_only: bool = False,
        external_options: bool = False,
        standard: bool = True,
        at: str = EPOCH_ISO,
    ) -> None:
        self.name = name
        self.type = type
        self.field_type = field_type
        self.label = label or name.removeprefix("hs_").replace("_", " ").capitalize()
        self.group = group
        self.unique = unique
        self.read_only = read_only
        self.external_options = external_options
        self.standard = standard
        self.description = ""
        self.display_order = -1
        self.hidden = False
        self.form_field = standard and not read_only
        self.created_at = self.updated_at = at
        self.offer(options or [])

    def offer(self, options: list[dict[str, Any]]) -> None:
        """Set the options of an enumeration."""
        self.options = options
        self.option_values = frozenset(str(option["value"]) for option in options)

    def to_json(self) -> dict[str, Any]:
        """Return the vendor's shape."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": self.options,
            "displayOrder": self.display_order,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "formField": self.form_field,
            "calculated": False,
            "externalOptions": self.external_options,
            "hubspotDefined": self.standard,
            "archived": False,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "modificationMetadata": {
                "archivable": not self.standard,
                "readOnlyDefinition": self.standard,
                "readOnlyValue": self.read_only,
                "readOnlyOptions": self.standard,
            },
        }


class Schema:
    """All properties and groups of a portal."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.properties: dict[str, dict[str, Definition]] = {}
        self.groups: dict[str, dict[str, dict[str, Any]]] = {}
        for kind in TYPE_IDS:
            group = GROUPS[kind]
            names = {name for of, _, name in (key.partition(".") for key in settings.unique) if of == kind}
            names |= {"email"} if kind == "contacts" else set()
            self.properties[kind] = {
                line["name"]: Definition(**line, group=group, unique=line["name"] in names) for line in standard(kind)
            }
            self.groups[kind] = {group: _group(group, group.capitalize(), 0)}

    def one(self, kind: str, name: str) -> Definition:
        """Return a property; 404 when there is none."""
        found = self.properties[kind].get(name)
        if found is None:
            raise not_found(f"Property {name} does not exist")
        return found

    def create(self, kind: str, body: dict[str, Any], at: str) -> Definition:
        """Make a custom property from the vendor's body, or refuse as the vendor does."""
        for member in ("name", "label", "groupName", "type", "fieldType"):
            if not isinstance(body.get(member), str) or not body[member]:
                raise invalid(f"Invalid input JSON: {member} is required and must be a non-empty string")
        name = body["name"]
        if not _NAME.match(name) or name.startswith("hs_"):
            raise invalid(
                f"Property name {name!r} must start with a letter, hold lower-case letters, digits and underscores, "
                "and not use the reserved prefix hs_"
            )
        if name in self.properties[kind]:
            raise Refused(
                409,
                "OBJECT_ALREADY_EXISTS",
                f"A property named '{name}' already exists.",
                sub_category="Properties.PROPERTY_EXISTS",
            )
        if body["groupName"] not in self.groups[kind]:
            raise invalid(f"Property group {body['groupName']} does not exist")
        _fits(body["type"], body["fieldType"])
        unique = _flag(body, "hasUniqueValue")
        if unique:
            self._room_for_unique(kind, body["type"])
        made = Definition(
            name,
            body["type"],
            body["fieldType"],
            label=body["label"],
            group=body["groupName"],
            options=_options(body),
            unique=unique,
            standard=False,
            at=at,
        )
        _describe(made, body)
        self.properties[kind][name] = made
        return made

    def update(self, kind: str, name: str, body: dict[str, Any], at: str) -> Definition:
        """Change a custom property; uniqueness and the name stay as they were made."""
        found = self.one(kind, name)
        if "hasUniqueValue" in body and body["hasUniqueValue"] != found.unique:
            raise invalid("hasUniqueValue can only be set when a property is created")
        if found.standard and set(body) - {"label", "description", "groupName", "displayOrder"}:
            raise invalid(f"Property {name} is defined by HubSpot and cannot be changed", sub_category="Properties")
        _fits(body.get("type", found.type), body.get("fieldType", found.field_type))
        if body.get("groupName", found.group) not in self.groups[kind]:
            raise invalid(f"Property group {body['groupName']} does not exist")
        found.type = body.get("type", found.type)
        found.field_type = body.get("fieldType", found.field_type)
        found.label = str(body.get("label", found.label))
        found.group = body.get("groupName", found.group)
        if "options" in body:
            found.offer(_options(body))
        _describe(found, body)
        found.updated_at = at
        return found

    def archive(self, kind: str, name: str, *, by_person: bool = False) -> None:
        """Delete a custom property. Standard ones stay, whoever asks."""
        found = self.one(kind, name)
        if found.standard and not by_person:
            raise invalid(f"Property {name} is defined by HubSpot and cannot be archived")
        del self.properties[kind][name]

    def create_group(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make a property group; 409 when it exists."""
        for member in ("name", "label"):
            if not isinstance(body.get(member), str) or not body[member]:
                raise invalid(f"Invalid input JSON: {member} is required and must be a non-empty string")
        name = body["name"]
        if name in self.groups[kind]:
            raise Refused(409, "OBJECT_ALREADY_EXISTS", f"A property group named '{name}' already exists.")
        made = _group(name, body["label"], int(body.get("displayOrder", -1)))
        self.groups[kind][name] = made
        return made

    def _room_for_unique(self, kind: str, type_: str) -> None:
        if type_ not in {"string", "number"}:
            raise invalid("Only properties of type string or number can have unique values")
        taken = sum(1 for found in self.properties[kind].values() if found.unique and not found.standard)
        if taken >= self._settings.max_unique:
            raise invalid(
                f"Object type {TYPE_IDS[kind]} already has {taken} unique properties, the limit is "
                f"{self._settings.max_unique}",
                sub_category="Properties.UNIQUE_PROPERTY_LIMIT",
            )


def _group(name: str, label: str, order: int) -> dict[str, Any]:
    return {"name": name, "label": label, "displayOrder": order, "archived": False}


def _fits(type_: Any, field: Any) -> None:
    if type_ not in PAIRS:
        raise invalid(f"Property type {type_!r} is not one of {', '.join(sorted(PAIRS))}")
    if field not in PAIRS[type_]:
        raise invalid(f"Field type {field!r} does not fit property type {type_}")


def _flag(body: dict[str, Any], member: str) -> bool:
    value = body.get(member, False)
    if not isinstance(value, bool):
        raise invalid(f"Invalid input JSON: {member} must be true or false")
    return value


def _options(body: dict[str, Any]) -> list[dict[str, Any]]:
    given = body.get("options") or []
    if body.get("fieldType") == "booleancheckbox" and not given:
        given = [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]
    made = []
    seen = set()
    for place, option in enumerate(given):
        if not isinstance(option, dict) or not all(isinstance(option.get(key), str) for key in ("label", "value")):
            raise invalid("Each option needs a label and a value")
        if option["value"] in seen:
            raise invalid(f"Option value {option['value']!r} is given twice", sub_category="Properties.OPTIONS")
        seen.add(option["value"])
        made.append({"displayOrder": place, "hidden": False, **option})
    return made


def _describe(found: Definition, body: dict[str, Any]) -> None:
    found.description = str(body.get("description") or found.description)
    found.display_order = int(body.get("displayOrder", found.display_order))
    found.hidden = bool(body.get("hidden", found.hidden))
    found.form_field = bool(body.get("formField", found.form_field))
