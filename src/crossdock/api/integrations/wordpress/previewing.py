"""What a sample would become: the fields that each mapped route of the site makes of it. Nothing is sent."""

from __future__ import annotations

from typing import Any, Final

from crossdock.api.integrations.operation import Caller
from crossdock.api.integrations.wordpress.items import Given, problem_of
from crossdock.api.integrations.wordpress.site_mappings import SiteMappings
from crossdock.errors import CrossdockError
from crossdock.flow.plugin import Item
from crossdock.wiring import Hub

TEST: Final = "test"
MOST: Final = 5
"""Samples of one request that are shown a preview: each costs a look at every route."""


class Previews:
    """Previews of the samples of one room."""

    def __init__(self, hub: Hub) -> None:
        self._mappings = SiteMappings(hub)

    async def of(self, caller: Caller, given: tuple[Given, ...], results: list[dict[str, Any]]) -> None:
        """Add ``preview`` to the results of samples that were taken."""
        samples = [
            (one.item, result)
            for one, result in zip(given, results, strict=True)
            if one.item is not None and one.item.origin == TEST and result["problem"] is None
        ]
        if not samples:
            return
        routes = (await self._mappings.listed(caller))["routes"]
        for item, result in samples[:MOST]:
            mine = [one for one in routes if one["entity"] == item.kind and one["enabled"]]
            result["preview"] = [await self._one(caller, item, route) for route in mine]

    async def _one(self, caller: Caller, item: Item, route: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {name: route[name] for name in ("route", "destination", "action")}
        try:
            chosen = await self._mappings.chosen(caller, route["route"])
            made = await self._mappings.preview(caller, chosen, {"kind": item.kind, "data": item.data})
        except CrossdockError as refused:
            return {**told, "fields": [], "problem": problem_of(refused)}
        return {**told, "fields": made["fields"], "problem": None}
