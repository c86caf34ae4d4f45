"""The hand that connects a receiver and soon disconnects it, and its judgement: what it was told says what it got."""

from __future__ import annotations

import asyncio
import random
from typing import Any, Final

from crossdock.kit.ids import Prefix, show
from tests.crash.campaign.accounts import Accounts
from tests.crash.campaign.annex import PASSING, SECRET
from tests.crash.campaign.world import World

_NAME: Final = "passing"
_ENDS = """
SELECT d.id, d.event_id, d.state, d.reason, c.state AS connection, c.name
FROM delivery_done d JOIN connection c ON c.id = d.lane_id
WHERE c.tenant_id = $1 AND c.name LIKE 'passing %'
"""
_UNSENT: Final = "its destination was disconnected"


class Leaving(Accounts):
    """The hand ``leaver``."""

    async def leaver(self, dice: random.Random) -> None:
        """Connect a slow receiver to everything, and disconnect it while messages are on their way to it."""
        async for number in self._ticks(dice):
            url = f"{self._world.annex.urls['picky']}{PASSING}{number}"
            form = {"url": url, "secret": SECRET, "plain_http": True}
            asked = {"connector": "webhook", "name": f"{_NAME} {number}", "form": form}
            made = await self._ask("POST", "/connections", asked)
            await asyncio.sleep(dice.uniform(0.1, 2.0))
            await self._leave([made] if "id" in made else [])
        # one whose making was struck after its commit is told of as connected already
        await self._leave((await self._ask("GET", "/connections"))["items"])

    async def _leave(self, connections: list[dict[str, Any]]) -> None:
        for one in connections:
            if one["name"].startswith(_NAME):
                await self._ask("POST", f"/connections/{one['id']}/disconnect")


async def judge(world: World) -> list[str]:
    """Return what is wrong: said to be delivered and not there, said to be unsent and there, or still connected."""
    wrong = []
    arrived = world.annex.picky.arrived
    for row in await world.ledger_of(lambda conn: conn.fetch(_ENDS, world.tenant)):
        event = show(Prefix.EVENT, row["event_id"])
        there = event in arrived.get(PASSING + row["name"].removeprefix(f"{_NAME} "), ())
        told = f"the passing receiver's {row['id']} of {event} is {row['state']} ({row['reason']})"
        if row["connection"] != "revoked":
            wrong.append(f"{told} at a connection that never left")
        if row["state"] == "delivered" and not there:
            wrong.append(f"{told} and never arrived")
        if row["reason"] == _UNSENT and there:
            wrong.append(f"{told} and arrived")
    return wrong
