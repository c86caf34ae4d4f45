"""What happens in a world: a shop that lives, a program that posts events, a platform that writes to the shop."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

from crossdock.cli.judge.messages import Said
from crossdock.cli.judge.writes import Asked
from crossdock.kit.ids import Prefix, show
from tests.crash.campaign.looks import DOORS, Looks
from tests.crash.campaign.visitors import Visitors
from tests.crash.campaign.world import World

_ACTS = (
    ("place_order", 30),
    ("pay", 15),
    ("complete", 10),
    ("edit_address", 6),
    ("edit_product", 6),
    ("new_customer", 3),
    ("new_product", 2),
    ("edit_variation", 2),
    ("cancel", 3),
    ("note", 1),
)
_MOVED_ON = {"pay": "pending", "complete": "processing", "cancel": "pending"}
"""Acts that set an order's status, and what it has before."""
HANDS = ("shop", "caller", "platform", "stock", "keeper", "clerk", "weather", "site")
ERRANDS = (
    "letters",
    "replays",
    "mapper",
    "branch",
    "goods",
    "archivist",
    "watchman",
    "accountant",
    "leaver",
    "reader",
    "operator",
)
"""The hands of :class:`Visitors` and of what it is built upon."""
_ERRAND_PAUSES = 5.0
"""An errand is several questions: its hand pauses longer than the others."""
_LONG = ("backfill", "mapping", "reconcile", "replay")
"""Runs that nobody ends: between two faults they hardly come to their own."""
_LEAVING = ("edit_address",)
_THINGS = 3


class Traffic:
    """The hands of a world, each with its own dice, until they are told to rest."""

    def __init__(self, world: World, seed: int, pause_s: float, hands: Sequence[str] = (*HANDS, *ERRANDS)) -> None:
        self._hands = hands
        self._world = world
        self._seed = seed
        self._pause_s = pause_s
        self._over = asyncio.Event()
        self.acts = 0

    async def run(self) -> None:
        """Let every hand work until :meth:`rest`."""
        async with asyncio.TaskGroup() as group:
            errands = Visitors(self._world, lambda dice, least=0: self._ticks(dice, _ERRAND_PAUSES, least))
            for name in self._hands:
                hand = getattr(errands, name) if name in ERRANDS else getattr(self, f"_{name}")
                group.create_task(hand(random.Random(f"{self._seed}:{name}")))

    def rest(self) -> None:
        """Tell the hands to finish what they are at."""
        self._over.set()

    async def _ticks(self, dice: random.Random, pauses: float = 1.0, least: int = 0) -> AsyncIterator[int]:
        """``least``: so many there are in any case, those that are left once it is over without a pause."""
        for number in itertools.count():
            if self._over.is_set() and number >= least:
                return
            self.acts += 1
            yield number
            try:
                await asyncio.wait_for(self._over.wait(), pauses * self._pause_s * dice.uniform(0.5, 1.5))
            except TimeoutError:
                continue

    async def _shop(self, dice: random.Random) -> None:
        async for _ in self._ticks(dice):
            (do,) = dice.choices([n for n, _ in _ACTS], [w for _, w in _ACTS])
            # somebody else's order that is moved on would no longer stand as they have asked, or rightly refuse it
            first = _MOVED_ON.get(do)
            own = await self._world.act("place_order", status=first) if first else {}
            done = await self._world.act(do, **({"id": own["id"]} if own else {}))
            self._world.left += done.get("do") in _LEAVING

    async def _caller(self, dice: random.Random) -> None:
        """Post events about a few things, each after the answer to the one before."""
        numbers = [0] * _THINGS
        async for _ in self._ticks(dice):
            thing = dice.randrange(_THINGS)
            name, number = f"thing-{thing}", numbers[thing]
            numbers[thing] += 1
            body = {
                "type": "campaign.happened",
                "id": f"{name}/{number}",
                "external_id": name,
                "data": {"thing": name, "number": number},
            }
            status, answer = await self._world.ask("POST", "/api/v1/events", body, f"{name}/{number}")
            assert status in (200, 201), answer
            self._world.said.append(Said(answer["id"], name, number))

    async def _platform(self, dice: random.Random) -> None:
        """Set statuses of orders of its own, write notes, give money back."""
        own = []
        for _ in range(3):
            made = await self._world.act("place_order", status="processing")
            own.append(str(made["id"]))
        moved = own.pop()
        async for number in self._ticks(dice):
            to_move = dice.random() < 0.25
            order = await self._known(moved if to_move else dice.choice(own))
            if order is None:
                continue
            await (self._move(dice, number, order) if to_move else self._write(dice, number, order))

    async def _known(self, number: str) -> tuple[str, str] | None:
        sql = "SELECT id FROM record WHERE connection_id = $1 AND stream = 'order' AND external_id = $2"
        found = await self._world.value(sql, self._world.shop.id, number)
        return (number, show(Prefix.ORDER, found)) if found else None

    async def _move(self, dice: random.Random, number: int, order: tuple[str, str]) -> None:
        """Set the status of an order that nobody else touches."""
        status = dice.choice(("processing", "on-hold", "completed"))
        code, answer = await self._world.ask(
            "PUT", f"/api/v1/orders/{order[1]}/status", {"status": status}, f"move {number}"
        )
        if code == 202:
            self._world.asked.append(Asked("status", order[0], status))
        else:
            assert code == 409, answer

    async def _stock(self, dice: random.Random) -> None:
        """Link a product that nobody buys and set its level, and one that is sold."""
        shelf = [self._world.shelve(f"SHELF-{n}", sold=n == 1) for n in range(2)]
        linked = set[str]()
        async for number in self._ticks(dice):
            which = dice.randrange(2)
            product, sku = shelf[which]
            if product not in linked:
                if await self._link(product, sku, number):
                    linked.add(product)
                continue
            if which == 1:
                bought = [{"product_id": int(product), "quantity": 1}]
                await self._world.act("place_order", status="processing", line_items=bought)
                continue
            level = dice.randrange(1, 500)
            code, answer = await self._world.ask(
                "PUT", "/api/v1/stock", {"sku": sku, "on_hand": level}, f"put {number}"
            )
            assert code == 200, answer
            assert answer["items"][0]["status"] in ("changed", "unchanged"), answer
            self._world.asked.append(Asked("stock", product, str(level)))

    async def _link(self, product: str, sku: str, number: int) -> bool:
        body = {"store": self._world.shop_id, "product_id": product, "hub_sku": sku, "store_sku": sku}
        code, _ = await self._world.ask("POST", "/api/v1/sku-links", {**body, "take_level": True}, f"link {number}")
        # until the product is recorded there is nothing to link with
        return code == 201

    async def _keeper(self, dice: random.Random) -> None:
        """Do what an operator does now and then, and let what is due in minutes be due now."""
        path = f"/api/v1/connections/{self._world.shop_id}"
        async for number in self._ticks(dice):
            await self._world.hasten()
            what = dice.choice(("pull", "reconcile", "stock-push", "pull", "pull"))
            await self._world.ask("POST", f"{path}/{what}", {}, f"keep {number}")
            await asyncio.sleep(self._pause_s * 4)

    async def _clerk(self, dice: random.Random) -> None:
        """Look at everything, end runs, and ask twice under one key: by bulk statuses and by goods that were sent."""
        own = str((await self._world.act("place_order", status="processing"))["id"])
        looks = Looks(self._world, dice, own)
        async for number in self._ticks(dice, least=2 * len(DOORS)):
            if number % 2:
                await looks.next()
                continue
            if dice.random() < 0.3:
                await self._end_a_run(dice, number)
                continue
            order = await self._known(own)
            if order is None:
                continue
            asks: tuple[tuple[str, dict[str, Any]], ...] = (
                (f"/api/v1/orders/{order[1]}/fulfilments", {"tracking_number": f"T{number}", "carrier": "DHL"}),
                ("/api/v1/orders/statuses", {"items": [{"order": order[1], "status": "on-hold"}]}),
            )
            path, body = dice.choice(asks)
            first = await self._world.ask("POST", path, body, f"clerk {number}")
            again = await self._world.ask("POST", path, body, f"clerk {number}")
            assert first[0] == again[0] or 409 in (first[0], again[0]), (first, again)

    async def _end_a_run(self, dice: random.Random, number: int) -> None:
        _, found = await self._world.ask("GET", "/api/v1/runs?state=waiting", {}, f"runs {number}")
        waiting = [one["id"] for one in found["items"] if one["kind"] not in _LONG]
        if waiting:
            path = f"/api/v1/runs/{dice.choice(waiting)}/cancel"
            await self._world.ask("POST", path, {}, f"cancel {number}")

    async def _write(self, dice: random.Random, number: int, order: tuple[str, str]) -> None:
        text = f"write {number}"
        kind = dice.choice(("note", "refund", "note", "refund", "note"))
        path, body = {
            "note": ("notes", {"note": text}),
            "refund": ("refunds", {"amount": "0.01", "reason": text}),
        }[kind]
        status, answer = await self._world.ask("POST", f"/api/v1/orders/{order[1]}/{path}", body, text)
        if status == 202:
            self._world.asked.append(Asked(kind, order[0], text))
        else:
            assert status == 409, answer

    async def _site(self, dice: random.Random) -> None:
        """Tell by the plugin what happens at a site without REST keys."""
        async for _ in self._ticks(dice, 2.0):
            await self._world.site.tell(dice)

    async def _weather(self, dice: random.Random) -> None:
        """Turn the sandboxes' dials: cuts before and after the effect, errors, throttling, bad webhooks."""
        async for _ in self._ticks(dice):
            who = dice.choice(("shop", "portal", "sink"))
            dial: dict[str, Any] = dice.choice(
                (
                    {"cut_after_effect": 1},
                    {"cut_before_effect": 1},
                    {"next_errors": 2},
                    {"error_share": 0.05},
                    {"throttle_share": 0.03},
                    {"error_share": 0, "throttle_share": 0},
                )
            )
            await self._world.control(who, "PUT", "dials", dial)
            if dice.random() < 0.3:
                bad = {"drop_share": 0.1, "out_of_order_share": 0.2, "duplicate_share": 0.1}
                await self._world.control("shop", "PUT", "dials", bad)
