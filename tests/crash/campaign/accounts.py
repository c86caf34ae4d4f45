"""The hand that makes invoices of the branch's deals, and their judgement: each has one, and no number is missing."""

from __future__ import annotations

import copy
import random
from typing import Any

from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.flow.invoice import EXAMPLE
from tests.crash.campaign.upkeep import Upkeep
from tests.crash.campaign.world import World

_TWICE = """
SELECT deal_id, count(*) AS n FROM invoice
WHERE tenant_id = $1 AND kind = '380' AND again IS NULL AND number IS NOT NULL GROUP BY deal_id HAVING count(*) > 1
"""


class Accounts(Upkeep):
    """The hand ``accountant``."""

    async def accountant(self, dice: random.Random) -> None:
        """Sell at the branch, make drafts and invoices by hand and by runs, take some back, and look at all of it."""
        path = f"/crm/{self._world.annex.branch_id}/deals"
        await self._ask("PUT", "/invoice-terms", {"terms": EXAMPLE})
        async for number in self._ticks(dice, 4):
            deal = await self._sold(number) if number % 2 == 0 else ""
            if deal:
                await self._ask("POST", f"{path}/{deal}/invoice?preview=true")
                made = await self._ask("POST", f"{path}/{deal}/invoice", {"draft": True})
                await self._ended(made)
            if number % 4 == 1:
                asks: tuple[dict[str, Any], ...] = ({"days": 7, "then": "issue"}, {"days": 1, "do": "record"})
                await self._ask("POST", f"{path}/process", dice.choice(asks))
            await self._draft(dice, number)
            await self._issued(number)
            await self._terms(dice, number)
            for look in dice.sample((path, f"{path}/{deal or 1}", "/invoice-series", "/invoices", "/invoice-terms"), 2):
                await self._ask("GET", look)

    async def _sold(self, number: int) -> str:
        """Make a won deal with a line and a firm at the branch's portal; returns its id."""
        made = {}
        for kind, properties in (
            ("deals", {"dealname": f"Tea {number}", "pipeline": "default", "dealstage": "closedwon", "amount": "20"}),
            ("line_items", {"name": "Tea", "price": "10", "quantity": "2", "hs_tax_rate_group_id": "9101"}),
            ("companies", {"name": f"Tea {number} Ltd", "country": "Germany", "address": "1 Leaf St", "city": "Ulm"}),
        ):
            told = await self._world.control(
                "branch", "POST", "act", {"act": "create", "type": kind, "properties": properties}
            )
            made[kind] = str(told["id"])
        for kind in ("line_items", "companies"):
            at = f"{self._world.urls['branch']}/crm/associations/2026-09/deals/{kind}/batch/associate/default"
            inputs = {"inputs": [{"from": {"id": made["deals"]}, "to": {"id": made[kind]}}]}
            async with self._world.http.post(
                at, json=inputs, headers={"Authorization": f"Bearer {hubspot.TOKEN}"}
            ) as reply:
                await reply.read()
        return made["deals"]

    async def _draft(self, dice: random.Random, number: int) -> None:
        one = await self._first("/invoices?state=draft")
        if not one:
            return
        told = await self._ask("GET", f"/invoices/{one['id']}")
        await self._ask("PATCH", f"/invoices/{one['id']}", {"asked": {"purchase_order": f"PO-{number}"}})
        if number % 4 == 2:
            await self._ask("DELETE", f"/invoices/{one['id']}")
        elif told:
            await self._ask("POST", f"/invoices/{one['id']}/issue")

    async def _issued(self, number: int) -> None:
        one = await self._first("/invoices?state=issued&kind=invoice")
        if one and number % 2:
            piece = {"reason": "one came back", "lines": [{"line": "1", "quantity": "1"}]}
            asked = (piece, {"reason": "all of it"})[number // 2 % 2]
            await self._ask("POST", f"/invoices/{one['id']}/credit", asked)

    async def _terms(self, dice: random.Random, number: int) -> None:
        if number % 5 == 3:
            terms = copy.deepcopy(EXAMPLE)
            terms["seller"]["name"] = f"{EXAMPLE['seller']['name']} {dice.randrange(9)}"
            await self._ask("PUT", "/invoice-terms", {"terms": terms})


async def judge(world: World) -> list[str]:
    """Return what is wrong with the invoices: a deal with two that nobody asked for, a number without its document."""
    twice = await world.ledger_of(lambda conn: conn.fetch(_TWICE, world.tenant))
    wrong = [f"deal {row['deal_id']} has {row['n']} invoices" for row in twice]
    every = await world.hub.invoicing.terms.series(world.tenant)
    return wrong + [f"the series {one.series} has a gap" for one in every if not one.whole]
