"""After the judgement: a proof of the whole shop, and what people read of it and do by it.

A proof delivers again what is missing, so it may not come before what is judged. What it finds for sure is what was
spoilt at the branch just now; afterwards both ends are judged once more, and hold nothing that it has doubled.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from crossdock.kit.ids import Prefix, new_id, show
from tests.crash.campaign.errands import Errands
from tests.crash.campaign.world import Unrest, World

_SPOILT: Final = (("archive", {}), ("edit", {"properties": {"firstname": "Spoilt"}}))
_DONE: Final = ("done", "partial")
_OVER: Final = (*_DONE, "failed", "cancelled")


class Closing(Errands):
    """The last thing that is done in a round."""

    word = "closing"

    def __init__(self, world: World) -> None:
        super().__init__(world, _never)

    async def begin(self) -> str:
        """Spoil two records of the branch and ask for a proof of everything; returns its run."""
        truth = await self._world.control("branch", "GET", "state?history=false")
        live = [one for one in truth["objects"]["contacts"] if not one.get("archived")]
        for (act, more), one in zip(_SPOILT, live, strict=False):
            about = {"act": act, "type": "contacts", "id": one["id"], **more}
            await self._world.control("branch", "POST", "act", about)
        run = await self._ask("POST", "/proofs", {"connection_id": self._world.shop_id, "depth": "full"})
        assert "id" in run, run
        return str(run["id"])

    async def end(self, run: str, patience_s: float) -> None:
        """Wait for the run, then read its proof and have mended what it found. Raises ``Unrest``."""
        until = time.monotonic() + patience_s
        await self._world.hurry()
        while (told := await self._ask("GET", f"/runs/{run}")).get("state") not in _OVER:
            if time.monotonic() > until:
                raise Unrest(f"the last proof never ended: {told}")
            await asyncio.sleep(0.2)
        if told["state"] not in _DONE:
            raise Unrest(f"the last proof did not end well: {told}")
        one = await self._first("/proofs")
        await self._proof(one["id"])
        await self._day()

    async def _proof(self, proof_id: str) -> None:
        told = await self._ask("GET", f"/proofs/{proof_id}")
        assert told["report"]["ok"] is not None, told
        found = (await self._ask("GET", f"/proofs/{proof_id}/exceptions"))["items"]
        branch = self._world.annex.branch.name
        mine = [one["id"] for one in found if one["destination"] == branch]
        page = f"/proof/{proof_id}"
        await self._world.person.look(f"{page}?kind=drifted")
        # where nothing is left open, it is the button of a page that is older than the mending
        asked: Any = mine or [show(Prefix.EXCEPTION, new_id())]
        await self._world.person.press(page, f"{page}/repair", exception=asked[0])

    async def _day(self) -> None:
        """Open the newest day that was proven, of each line of the calendar."""
        calendar = await self._world.person.look("/proof")
        opened = 0
        for line in calendar.doc.xpath("//main//tbody/tr"):
            days = [link for link in line.xpath(".//a[contains(@href, 'day=')]") if _proven(link)]
            if days:
                await self._world.person.look("/proof" + days[-1].get("href").partition("#")[0])
                opened += 1
        assert opened, calendar.words


def _proven(link: Any) -> bool:
    return "not proven" not in link.text_content()


async def _never(dice: random.Random, least: int = 0) -> AsyncIterator[int]:
    """A hand that does its work once has no ticks."""
    del dice, least
    return
    yield 0
