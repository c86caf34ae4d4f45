"""What happens in a world: a shop that lives, a program that posts events, a platform that writes to the shop."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from typing import Any

from crossdock.cli.judge.messages import Said
from crossdock.cli.judge.writes import Asked
from crossdock.kit.ids import Prefix, show
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
_LEAVING = ("edit_address",)
_THINGS = 3


class Traffic:
    """The hands of a world, each with its own dice, until they are told to rest."""

    def __init__(self, world: World, seed: int, pause_s: float) -> None:
        self._world = world
        self._seed = seed
        self._pause_s = pause_s
        self._over = asyncio.Event()
        self.acts = 0

    async def run(self) -> None:
        """Let every hand work until :meth:`rest`."""
        async with asyncio.TaskGroup() as group:
            for hand in (self._shop, self._caller, self._platform, self._weather):
                group.create_task(hand(random.Random(f"{self._seed}:{hand.__name__}")))

    def rest(self) -> None:
        """Tell the hands to finish what they are at."""
        self._over.set()

    async def _ticks(self, dice: random.Random) -> AsyncIterator[int]:
        for number in itertools.count():
            if self._over.is_set():
                return
            self.acts += 1
            yield number
            try:
                await asyncio.wait_for(self._over.wait(), self._pause_s * dice.uniform(0.5, 1.5))
            except TimeoutError:
                continue

    async def _shop(self, dice: random.Random) -> None:
        async for _ in self._ticks(dice):
            done = await self._world.act(dice.choices([n for n, _ in _ACTS], [w for _, w in _ACTS])[0])
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
        for _ in range(2):
            made = await self._world.act("place_order", status="processing")
            own.append(str(made["id"]))
        async for number in self._ticks(dice):
            order = await self._known(dice.choice(own))
            if order is None:
                continue
            await self._write(dice, number, order)

    async def _known(self, number: str) -> tuple[str, str] | None:
        sql = "SELECT id FROM record WHERE connection_id = $1 AND stream = 'order' AND external_id = $2"
        found = await self._world.value(sql, self._world.shop.id, number)
        return (number, show(Prefix.ORDER, found)) if found else None

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
