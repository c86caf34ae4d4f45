"""Hands of upkeep: the shop's goods with prices, shares and sheets, old days, and whoever watches over everything."""

from __future__ import annotations

import random
from typing import Any

from tests.crash.campaign.errands import CSV, Errands
from tests.crash.campaign.looks import turns

_LINKS = (
    "product_id,variation_id,hub_sku,store_sku,push_stock,push_price,push_on_fulfilment,direction,counts,backorders,"
    "active"
)
_LOOKS = (
    "/alerts",
    "/alerts?open=true",
    "/alert-rules",
    "/alert-channels",
    "/reports/health",
    "/connections/{shop}/records/order",
    "/connections/{branch}/schema",
    "/orders?status=processing",
    "/orders?email=nobody@example.com",
    "/customers?kind=guest",
    "/products",
    "/connections/{shop}/findings",
    "/routes",
    "/oauth/apps",
)


class Upkeep(Errands):
    """The hands ``goods``, ``archivist`` and ``watchman``."""

    async def goods(self, dice: random.Random) -> None:
        """Keep three products that nobody buys: linked, priced, shared, counted by sheets, and run low."""
        shelf = [self._world.shelve(f"GOODS-{n}", sold=False) for n in range(3)]
        shop = self._world.shop_id
        async for number in self._ticks(dice, 4):
            product, sku = dice.choice(shelf)
            link = {"store": shop, "product_id": product, "hub_sku": sku, "store_sku": sku, "push_price": True}
            made = await self._ask("POST", "/sku-links", {**link, "take_level": True})
            if "id" in made:
                await self._tend(dice, number, made["id"], sku)
            await self._ask("PUT", "/stock", {"sku": sku, "delta": 1, "reference": f"move {number // 2}"})
            price = {"sku": sku, "currency": "USD", "regular_price": f"{dice.randrange(5, 99)}.50"}
            await self._ask("PUT", "/prices", {"items": [price]})
            shares = [{"location": "main"}] if number % 2 else []
            await self._ask("PUT", f"/stock/shares?store={shop}", {"items": shares})
            if number % 2:
                self._world.stray(product, dice.randrange(5, 90))
            await self._run_low(dice, sku)
            await self._sheets(dice, shelf, number)
        await self._ask("PUT", f"/stock/shares?store={shop}", {"items": []})

    async def _tend(self, dice: random.Random, number: int, link: str, sku: str) -> None:
        match number % 4:
            case 0:
                await self._ask("PATCH", f"/sku-links/{link}", {"push_on_fulfilment": dice.random() < 0.5})
            case 1:
                await self._ask("POST", f"/sku-links/{link}/resume")
            case 2:
                rules = {"store": self._world.shop_id, "hub_skus": [sku], "apply": True, "take_levels": True}
                await self._ask("POST", "/sku-links/auto-match", rules)
                await self._ask("POST", "/sku-links/auto-match", {"store": self._world.shop_id})
            case _:
                await self._ask("DELETE", f"/sku-links/{link}")
        looks = ("/sku-links/stats", f"/stock?store={self._world.shop_id}", "/stock/moves", "/sku-links/export")
        await self._ask("GET", dice.choice(looks))

    async def _run_low(self, dice: random.Random, sku: str) -> None:
        low = {"sku": sku, "low_at": dice.choice((0, 1_000_000))}
        dropped = {"sku": sku, "low_at": None, "cover_days": None}
        cover = {"sku": sku, "cover_days": "30"}
        await self._ask("PUT", "/stock/thresholds", {"items": [dice.choice((low, dropped, cover))]})
        await self._ask("GET", dice.choice(("/stock/alerts", "/stock/thresholds", "/prices")))

    async def _sheets(self, dice: random.Random, shelf: list[tuple[str, str]], number: int) -> None:
        levels = "sku,location,on_hand\n" + "".join(f"{sku},main,{dice.randrange(3, 90)}\n" for _, sku in shelf)
        later = {"Prefer": "respond-async"} if number % 2 else {}
        await self._ask("POST", "/stock/import", levels.encode(), headers={"Content-Type": CSV, **later})
        if number % 3 == 0:
            rows = "".join(f"{product},,{sku},{sku},yes,yes,no,both,orders,no,yes\n" for product, sku in shelf)
            path = f"/sku-links/import?store={self._world.shop_id}"
            await self._ask("POST", path, f"{_LINKS}\n{rows}".encode(), headers={"Content-Type": CSV, **later})

    async def archivist(self, dice: random.Random) -> None:
        """Let days long gone come and go: partitions are made and dropped while everybody writes and reads."""
        async for _ in self._ticks(dice):
            await self._world.bygone(dice.sample(range(20, 80), 3))

    async def watchman(self, dice: random.Random) -> None:
        """Be told of what is wrong, prove the shop, read the proofs, and look at everything else there is."""
        form = {"url": f"{self._world.annex.urls['picky']}/alarm"}
        await self._ask(
            "POST", "/alert-channels", {"name": "alarm", "kind": "webhook", "form": form, "least": "warning"}
        )
        branch = self._world.annex.branch_id
        await self._ask("PATCH", f"/connections/{self._world.shop_id}", {"requests_per_day": 10_000_000})
        looks = turns(dice, _LOOKS)
        async for number in self._ticks(dice):
            await self._alerts(dice)
            for _ in range(3):
                look = next(looks).format(shop=self._world.shop_id, branch=branch)
                await self._ask("GET", look)
            if number % 6 == 0:
                wanted = {"connection_id": self._world.shop_id, "depth": ("light", "full")[number // 6 % 2]}
                await self._ended(await self._ask("POST", "/proofs", wanted))
            await self._proofs(dice)

    async def _alerts(self, dice: random.Random) -> None:
        one = await self._first("/alerts?open=true")
        if one and dice.random() < 0.3:
            await self._ask("POST", f"/alerts/{one['id']}/acknowledge")

    async def _proofs(self, dice: random.Random) -> None:
        one: dict[str, Any] = await self._first("/proofs")
        if not one:
            return
        told = await self._ask("GET", f"/proofs/{one['id']}")
        if "report" in told:
            await self._ask("POST", "/proofs/verify", {n: told[n] for n in ("report", "signature", "exceptions")})
        await self._ask("GET", f"/proofs/{one['id']}/exceptions?kind={dice.choice(('missing', 'drifted'))}")
        await self._ask("GET", f"/proofs/{one['id']}.csv")
