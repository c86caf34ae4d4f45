"""What a portal has: its objects, their properties with types and options, and some values that stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.connect.client import CallFailed, FailKind, Reply
from crossdock.connectors.hubspot.client import HubSpot
from crossdock.connectors.hubspot.mapper import CONTACTS, DEALS, LINE_ITEMS, ORDERS, PRODUCTS
from crossdock.model.schema import Field, FieldType, Object, Option
from crossdock.model.sensitivity import Sensitivity, guess

COMPANIES: Final = "companies"
OBJECTS: Final = (CONTACTS, COMPANIES, DEALS, ORDERS, PRODUCTS, LINE_ITEMS)
_LABELS: Final = {LINE_ITEMS: "Line items"}
REQUIRED: Final = {DEALS: frozenset({"dealname"}), PRODUCTS: frozenset({"name"}), LINE_ITEMS: frozenset({"name"})}
"""What a record cannot be made without, or would have no name in HubSpot's pages without."""
_PEOPLE: Final = frozenset({CONTACTS})
"""Objects that are persons: a property their people made is about a person."""
_TYPES: Final = {
    "string": FieldType.TEXT,
    "phone_number": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.TIME,
    "enumeration": FieldType.ENUMERATION,
}
_HIDDEN: Final = (401, 403, 404)
_LONGEST: Final = 200
_KINDS: Final = 3


class Discovery:
    """Asks one portal."""

    def __init__(self, hubspot: HubSpot) -> None:
        self._hubspot = hubspot

    async def objects(self, samples: int) -> tuple[Object, ...]:
        """Return the objects the token may see. Raises ``CallFailed`` when it may see none."""
        found = []
        refused: Reply | None = None
        for name in OBJECTS:
            reply = await self._hubspot.properties(name)
            if reply.ok:
                found.append(await self._object(name, _rows(reply), samples))
            elif reply.status in _HIDDEN:
                refused = reply
            else:
                raise _trouble(reply)
        if not found and refused is not None:
            raise _trouble(refused)
        return tuple(found)

    async def _object(self, name: str, rows: Sequence[Mapping[str, Any]], samples: int) -> Object:
        held = await self._held(name, [str(row["name"]) for row in rows], samples) if samples else []
        fields = tuple(_field(name, row, held) for row in sorted(rows, key=lambda row: str(row["name"])))
        label = _LABELS.get(name, name.capitalize())
        return Object(name=name, label=label, fields=fields, looked_at=len(held))

    async def _held(self, name: str, properties: Sequence[str], most: int) -> list[Mapping[str, Any]]:
        """Return the properties of some records; none where the token may not read them."""
        listed = await self._hubspot.list_objects(name, (), (), None, most)
        ids = [str(row["id"]) for row in _rows(listed)] if listed.ok else []
        if not ids:
            return []
        # by POST: the names of several hundred properties do not fit into an address
        read = await self._hubspot.batch_read(name, ids, properties)
        return [row.get("properties") or {} for row in _rows(read)] if read.ok else []


def _rows(reply: Reply) -> list[Mapping[str, Any]]:
    body = reply.json()
    rows = body.get("results") if isinstance(body, dict) else None
    return [row for row in rows or () if isinstance(row, dict)]


def _field(object_name: str, row: Mapping[str, Any], held: Sequence[Mapping[str, Any]]) -> Field:
    name, label = str(row["name"]), str(row.get("label") or "")
    told = row.get("modificationMetadata") or {}
    custom = not row.get("hubspotDefined", not name.startswith("hs_"))
    least = Sensitivity.PII if object_name in _PEOPLE and custom else Sensitivity.NONE
    if str(row.get("dataSensitivity") or "non_sensitive") != "non_sensitive":
        least = Sensitivity.PII
    values = [one[name] for one in held if one.get(name) not in (None, "")]
    options = () if row.get("externalOptions") else tuple(_option(each) for each in row.get("options") or ())
    return Field(
        name=name,
        label=label,
        description=str(row.get("description") or ""),
        type=_TYPES.get(str(row.get("type")), FieldType.ANY),
        required=name in REQUIRED.get(object_name, frozenset()),
        read_only=bool(told.get("readOnlyValue") or row.get("calculated")),
        unique=bool(row.get("hasUniqueValue")),
        multiple=row.get("fieldType") == "checkbox",
        custom=custom,
        options=options,
        sensitivity=guess(name, label, least=least),
        samples=tuple(str(value)[:_LONGEST] for value in dict.fromkeys(values))[:_KINDS],
        seen=len(values),
    )


def _option(given: Mapping[str, Any]) -> Option:
    return Option(str(given.get("value", "")), str(given.get("label") or ""), bool(given.get("hidden")))


def _trouble(reply: Reply) -> CallFailed:
    remedy = (
        "give the token crm.schemas.contacts.read and the others of the connection form"
        if reply.status
        in (
            401,
            403,
        )
        else "try again later"
    )
    return CallFailed(FailKind.ANSWER, True, f"HubSpot tells no properties: it answered {reply.status}", remedy)
