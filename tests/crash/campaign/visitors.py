"""Hands of people before the dashboard: one reads all of its pages, one acts on deliveries that wait."""

from __future__ import annotations

import random
from typing import Any, Final

from tests.crash.campaign.annex import HELD_BACK
from tests.crash.campaign.leaving import Leaving
from tests.crash.campaign.looks import turns

PAGES: Final = (
    "",
    "/proof",
    "/proof/all",
    "/events",
    "/events?stream=order&type=order.created",
    "/events?record={number}",
    "/events?before={event}",
    "/events/{event}",
    "/events/{event}?delivery={delivery}",
    "/deliveries",
    "/deliveries?state=delivered&connection={branch}",
    "/deliveries/{delivery}",
    "/dead-letters",
    "/runs",
    "/runs/{run}",
    "/connections",
    "/connections/{shop}",
    "/connections/{shop}/streams",
    "/connections/{shop}/webhooks",
    "/connections/{shop}/limits",
    "/connections/{shop}/history",
    "/connections/{shop}/schema",
    "/routes",
    "/routes/{route}",
    "/routes/{route}/mapping",
    "/mappings",
    "/orders",
    "/orders/{order}",
    "/orders/{order}/resend",
    "/customers",
    "/customers/{customer}",
    "/sku-links",
    "/stock",
    "/stock/moves",
    "/stock/rules",
    "/deals",
    "/invoices",
    "/alerts",
    "/alerts/past",
    "/audit",
    "/users",
    "/keys",
    "/settings",
    "/find?q={number}",
)
"""Below the tenant's; what stands in braces is filled with what a list shows first."""
_ONES: Final = {
    "{event}": ("/events?stream=customer&origin=backfill&limit=1", "id"),
    "{delivery}": ("/deliveries?state=delivered&connection_id={branch}&limit=1", "id"),
    "{run}": ("/runs?limit=1", "id"),
    "{order}": ("/orders?limit=1&store={shop}", "id"),
    "{number}": ("/orders?limit=1&store={shop}", "external_id"),
    "{customer}": ("/customers?limit=1&store={shop}", "id"),
}
"""What is looked at in full, by the list that shows it."""
_DOES: Final = ("hurry", "reprioritise", "discard", "one", "busy")
_AT_ONCE: Final = 2
_KEPT: Final = 3
"""Things that the messages which wait are about."""


class Visitors(Leaving):
    """The hands ``reader`` and ``operator``."""

    async def reader(self, dice: random.Random) -> None:
        """Open every page of the dashboard, one after the other, and what the lists show in full."""
        pages = turns(dice, PAGES)
        async for _ in self._ticks(dice, len(PAGES) // _AT_ONCE + 1):
            for _ in range(_AT_ONCE):
                page = await self._filled(next(pages))
                if page is not None:
                    await self._world.person.look(page)

    async def _filled(self, page: str) -> str | None:
        """Return a page's address with what it is about; None while there is nothing yet."""
        annex = self._world.annex
        known = {
            "{shop}": self._world.shop_id,
            "{branch}": annex.branch_id,
            "{route}": annex.routes["customer"],
        }
        if "{delivery}" in page and "{event}" in page:
            one = await self._newest("{delivery}")
            known |= {"{delivery}": one.get("id", ""), "{event}": one.get("event_id", "")}
        for place, (_, name) in _ONES.items():
            if place in page and place not in known:
                known[place] = str((await self._newest(place)).get(name, ""))
        for place, value in known.items():
            if place in page and not value:
                return None
            page = page.replace(place, value)
        return page

    async def _newest(self, place: str) -> dict[str, Any]:
        shown, _ = _ONES[place]
        return await self._first(shown.format(shop=self._world.shop_id, branch=self._world.annex.branch_id))

    async def operator(self, dice: random.Random) -> None:
        """Let messages wait, and hurry them, let them go first, or end them with a reason, one and all of a filter."""
        route = self._world.annex.routes["kept"]
        sent = 0
        does = turns(dice, _DOES)
        async for _ in self._ticks(dice, len(_DOES)):
            for _ in range(_KEPT):
                body = {"type": HELD_BACK, "id": f"kept/{sent}", "external_id": f"kept-{sent % _KEPT}"}
                await self._ask("POST", "/events", {**body, "data": {"kept": sent}})
                sent += 1
            await self._do(next(does), route)
        await self._do("discard", route)

    async def _do(self, what: str, route: str) -> None:
        if what == "one":
            await self._end_one(route)
            return
        if what == "busy":
            # what a receiver refuses for now waits for its next try: that alone can be hurried
            what, route = "hurry", self._world.annex.routes["odd"]
        fill: dict[str, Any] = {
            "reprioritise": {"priority": "live"},
            "discard": {"reason": "the campaign's", "confirm": "discard"},
        }.get(what, {})
        page = f"/deliveries/act?do={what}&state=waiting&route={route}"
        seen = await self._world.person.fill(page, "/deliveries/act", **fill)
        assert seen is None or seen.url.startswith("/t/default/deliveries?"), seen.url

    async def _end_one(self, route: str) -> None:
        """Try the oldest that waits now, then end it."""
        one = await self._first(f"/deliveries?state=waiting&route_id={route}")
        if one:
            page = f"/deliveries/{one['id']}"
            await self._world.person.fill(page, f"{page}/retry")
            await self._world.person.fill(page, f"{page}/discard", reason="the campaign's")
