"""Values that an enumeration does not offer: a person chooses whether they are refused, left out, or added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.connect.client import CallFailed
from crossdock.connectors.hubspot.answers import Refusal
from crossdock.connectors.hubspot.client import HubSpot

REFUSE, LEAVE_OUT, ADD = "refuse", "leave_out", "add"
NOT_OFFERED = "INVALID_OPTION"


def concerns(refusal: Refusal) -> bool:
    """Whether HubSpot refused a row for values that are no options, and for nothing else."""
    return refusal.codes == (NOT_OFFERED,) and bool(refusal.names)


class Options:
    """Adds options to a portal's properties; each property is read afresh before it is changed."""

    def __init__(self, hubspot: HubSpot, choice: str) -> None:
        self._hubspot = hubspot
        self.choice = choice

    async def offer(self, object_name: str, names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Offer the values of some properties in some rows; what HubSpot does not allow is left as it is."""
        for name in names:
            try:
                await self._offer(object_name, name, [row[name] for row in rows if row.get(name)])
            except (CallFailed, ValueError, KeyError):
                continue  # the row is sent again all the same, and its refusal tells what is wrong

    async def _offer(self, object_name: str, name: str, values: Sequence[str]) -> None:
        reply = await self._hubspot.property_of(object_name, name)
        if not reply.ok:
            return
        definition: Mapping[str, Any] = reply.json()
        options = list(definition.get("options") or ())
        offered = {str(one["value"]) for one in options}
        several = definition.get("fieldType") == "checkbox"
        wanted = [part for value in values for part in (value.split(";") if several else [value]) if part]
        fresh = [value for value in dict.fromkeys(wanted) if value not in offered]
        if fresh:
            made = [
                {"label": value, "value": value, "displayOrder": len(options) + at, "hidden": False}
                for at, value in enumerate(fresh)
            ]
            await self._hubspot.update_property(object_name, name, {"options": [*options, *made]})
