"""Hands that work in the annex and among the shop's goods: what people ask of the hub beside an event's own way.

Each errand is asked like everything else here, under one key until the answer is final. What the hub refuses (a thing
that is not there any more) is its good right: whether an errand ever did its work shows in the places that are passed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any, Protocol

from tests.crash.campaign.annex import ODD, objects
from tests.crash.campaign.world import World

CSV = "text/csv"
_FIRST = "2020-01-01T00:00:00Z"
_FEW = 3
"""Odd events at a time: each is refused and sent again."""
_CONSENT_EVERY = 12
_PATIENT = 60


class Ticks(Protocol):
    """When a hand does something again; at least so often."""

    def __call__(self, dice: random.Random, least: int = 0) -> AsyncIterator[int]:
        """Count."""
        ...


class Errands:
    """What all hands that run errands ask with, and the hands ``letters``, ``replays``, ``mapper`` and ``branch``."""

    word = "errand"
    """What the keys of its questions begin with."""

    def __init__(self, world: World, ticks: Ticks) -> None:
        self._world, self._ticks = world, ticks
        self._asked = 0

    async def _ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Ask; returns the answer, of a refusal too."""
        self._asked += 1
        key = f"{self.word} {self._asked} {path}"[:200]
        _, answer = await self._world.ask(method, f"/api/v1{path}", body if body is not None else {}, key, **more)
        return answer if isinstance(answer, dict) else {}

    async def _first(self, path: str) -> dict[str, Any]:
        """Return a list's first item, or nothing."""
        found = (await self._ask("GET", path)).get("items") or [{}]
        return dict(found[0])

    async def letters(self, dice: random.Random) -> None:
        """Let letters die, look at them, and send each again or throw it away; at the end none is left."""
        annex = self._world.annex
        route, lane = annex.routes["odd"], annex.receiver_id
        sent = 0
        async for number in self._ticks(dice):
            annex.picky.mood = ("refuse", "refuse", "busy", "locked")[number % 4] if number % 8 < 6 else "open"
            if sent < _FEW * (1 + number // 8):
                sent += 1
                body = {"type": ODD, "id": f"odd/{sent}", "external_id": f"odd-{sent}", "data": {"odd": sent}}
                await self._world.ask("POST", "/api/v1/events", body, f"odd/{sent}")
            await self._look_at_letters(dice, route, lane)
            await self._ask("POST", f"/connections/{lane}/check")
            await self._ask("POST", f"/connections/{lane}/resume")
            if annex.picky.mood != "refuse":
                await self._send_letters(dice, number, route)
        annex.picky.mood = "open"
        await self._ask("POST", f"/connections/{lane}/check")
        await self._ask("POST", f"/connections/{lane}/resume")
        while await self._left(route):
            await self._ask("POST", "/dead-letters/retry", {"route_id": route})
            await asyncio.sleep(0.5)

    async def _left(self, route: str) -> int:
        waiting = await self._ask("GET", f"/deliveries?state=waiting&route_id={route}")
        dead = await self._ask("GET", f"/dead-letters?route_id={route}")
        return len(waiting.get("items") or ()) + int(dead.get("standing") or 0)

    async def _look_at_letters(self, dice: random.Random, route: str, lane: str) -> None:
        one = await self._first(f"/deliveries?state=dead&route_id={route}")
        looks = [
            "/dead-letters",
            f"/dead-letters?connection_id={lane}",
            f"/dead-letters/export?route_id={route}",
            "/undelivered",
            f"/undelivered?connection_id={lane}",
            f"/deliveries?connection_id={lane}",
            f"/deliveries?state=delivered&connection_id={lane}",
            f"/deliveries?state=waiting&connection_id={lane}",
            f"/deliveries?state=in_doubt&connection_id={lane}",
            "/replays",
        ]
        if one:
            looks += [
                f"/deliveries/{one['id']}",
                f"/deliveries?record_id={one['record_id']}",
                f"/deliveries?event_id={one['event_id']}",
                f"/deliveries?cause_id={one['cause_id']}",
                f"/dead-letters?cause_id={one['cause_id']}",
            ]
        for look in dice.sample(looks, 4):
            await self._ask("GET", look)

    async def _send_letters(self, dice: random.Random, number: int, route: str) -> None:
        one = await self._first(f"/deliveries?state=dead&route_id={route}")
        if one:
            which = number % 3
            if which == 0:
                await self._ask("POST", f"/deliveries/{one['id']}/retry")
            elif which == 1:
                await self._ask("POST", f"/deliveries/{one['id']}/discard", {"reason": "the campaign's"})
            else:
                await self._ask("POST", "/replays", {"deliveries": [one["id"]]})
        await self._ask("POST", "/dead-letters/retry", {"route_id": route})
        if number % 3 == 0:
            chosen = {"route_id": route, "until": _FIRST, "reason": "the campaign's"}
            await self._ask("POST", "/dead-letters/discard", chosen)

    async def replays(self, dice: random.Random) -> None:
        """Deliver again to the branch: by event, by time, by mapping, and only in words."""
        route = self._world.annex.routes["customer"]
        left: list[int] = []
        async for _ in self._ticks(dice, 7):
            done = await self._first(f"/deliveries?state=delivered&route_id={route}")
            asks: list[dict[str, Any]] = [
                {"since": _FIRST, "route_id": route, "dry_run": True},
                {"since": _FIRST, "route_id": self._world.annex.routes["odd"], "dry_run": True},
                {"since": _FIRST, "route_id": route, "mapping": "newest"},
                {"since": _FIRST, "route_id": route, "mapping": 0, "dry_run": True},
            ]
            if done:
                asks += [
                    {"events": [done["event_id"]], "route_id": route},
                    {"deliveries": [done["id"]]},
                    {"record_id": done["record_id"], "since": _FIRST, "route_id": route},
                ]
            # each in its turn; those about what was delivered first, once anything was
            left = [one for one in left if one < len(asks)] or list(range(len(asks)))
            made = await self._ask("POST", "/replays", asks[left.pop()])
            if "id" in made:
                await self._ask("GET", f"/replays/{made['id']}")
            await self._ask("GET", "/replays")

    async def mapper(self, dice: random.Random) -> None:
        """Make versions of the branch's mapping, try them, let them act, go back; and a template."""
        at = f"/routes/{self._world.annex.routes['customer']}/mapping"
        first = dice.randrange(4)
        async for tick in self._ticks(dice, 4):
            number = first + tick
            told = await self._ask("GET", f"{at}/versions/0")
            if "mapping" not in told:
                continue
            made = objects(told["mapping"], "jobtitle", f"buyer {number % 3}")
            match number % 4:
                case 0:
                    await self._ask("POST", f"{at}/validate", {"objects": made})
                    kept = await self._ask("POST", f"{at}/versions", {"objects": made, "activate": dice.random() < 0.5})
                    await self._act_by(at, kept)
                case 1:
                    done = await self._ask("POST", f"{at}/rollback", {"restore": True, "to": 0})
                    await self._ended(done.get("run") or {})
                case 2:
                    await self._template(dice, at, told["mapping"], made, number)
                    one = await self._first("/customers")
                    await self._ask("POST", f"{at}/preview", {"record": one.get("id", "1")})
                case _:
                    done = await self._ask("POST", f"{at}/dry-runs", {"last": 5})
                    await self._ended(done)
                    await self._ask("POST", f"{at}/rollback")
            await self._look_at_mapping(dice, at)
        await self._and_back(at)

    async def _and_back(self, at: str) -> None:
        """Let a last version act upon everything, and go back to what stood before it."""
        told = await self._ask("GET", f"{at}/versions/0")
        made = objects(told["mapping"], "jobtitle", "a buyer at last")
        await self._act_by(at, await self._ask("POST", f"{at}/versions", {"objects": made}))
        done = await self._ask("POST", f"{at}/rollback", {"restore": True, "to": 0})
        await self._ended(done.get("run") or {})

    async def _act_by(self, at: str, kept: dict[str, Any]) -> None:
        """Let a version act, and deliver everything by it."""
        if "version" in kept:
            await self._ask("POST", f"{at}/versions/{kept['version']}/activate", {"reason": "the campaign's"})
            route = self._world.annex.routes["customer"]
            asked = {"since": _FIRST, "route_id": route, "mapping": kept["version"]}
            await self._ended(await self._ask("POST", "/replays", asked))

    async def _ended(self, run: dict[str, Any]) -> None:
        """Wait a little for a run, so that nothing of one's own comes in its way."""
        for _ in range(_PATIENT if "id" in run else 0):
            told = await self._ask("GET", f"/runs/{run['id']}")
            if told.get("state") not in ("waiting", "running"):
                return
            await asyncio.sleep(0.3)

    async def _look_at_mapping(self, dice: random.Random, at: str) -> None:
        looks = ("", "/versions", "/history", "/diff?before=0&after=1", "/export")
        for look in dice.sample(looks, 2):
            if look != "/export":
                await self._ask("GET", f"{at}{look}")
        await self._ask("GET", f"/connections/{self._world.annex.branch_id}/schema?fresh=true")

    async def _template(
        self, dice: random.Random, at: str, mapping: dict[str, Any], made: list[dict[str, Any]], number: int
    ) -> None:
        about = {"connector": "hubspot", "entity": mapping["entity"], "action": mapping["action"]}
        await self._ask("POST", "/mapping-templates", {"name": "buyers", **about, "objects": made})
        await self._ask("POST", f"{at}/versions", {"template": "buyers", "note": f"by template {number}"})
        await self._ask("POST", "/mapping-templates/buyers/apply", {"activate": dice.random() < 0.5})
        await self._ask("GET", "/mapping-templates")
        await self._ask("GET", "/mapping-templates/buyers")

    async def branch(self, dice: random.Random) -> None:
        """Throw away and spoil what stands in the branch's portal, hold back, let go, and let its grant run out."""
        annex = self._world.annex
        async for number in self._ticks(dice):
            if number % _CONSENT_EVERY == 7:
                await self._withdrawn(number)
            await self._world.control("branch", "POST", "act", {"act": "expire_tokens"})
            truth = await self._world.control("branch", "GET", "state?history=false")
            live = [one for one in truth["objects"]["contacts"] if not one.get("archived")]
            if live:
                one = dice.choice(live)
                act = dice.choice(("archive", "edit"))
                about = {"act": act, "type": "contacts", "id": one["id"]}
                await self._world.control(
                    "branch",
                    "POST",
                    "act",
                    {**about, "properties": {"firstname": "Spoilt"}} if act == "edit" else about,
                )
            await self._world.act("new_customer")
            await self._world.act("edit_product")
            choice = ("observe", {"first": 2}, "all", {"percent": 50}, "all")[number % 5]
            figures = {"rollout": choice, "figures": number % 2 == 0}
            await self._ask("PATCH", f"/connections/{annex.branch_id}", figures)
            await self._world.age()
            await self._ask("POST", f"/connections/{annex.branch_id}/{dice.choice(('pause', 'resume', 'check'))}")
            await self._ask("POST", f"/connections/{annex.branch_id}/resume")
            await self._ask("GET", f"/connections/{annex.branch_id}/grant")
        await self._consented()
        await self._ask("PATCH", f"/connections/{annex.branch_id}", {"rollout": "all"})
        await self._ask("POST", f"/connections/{annex.branch_id}/resume")

    async def _withdrawn(self, number: int) -> None:
        """Take the access away, let something be delivered without it, and give it again."""
        await self._world.control("branch", "POST", "act", {"act": "uninstall"})
        for _ in range(3):
            await self._world.act("new_customer")
            await self._world.hasten()
            await asyncio.sleep(1)
        await self._consented()

    async def _consented(self) -> None:
        """Give access, as often as it takes until the hub says that it has it."""
        path = f"/connections/{self._world.annex.branch_id}"
        while (await self._ask("POST", f"{path}/check")).get("ok") is not True:
            asked = await self._ask("POST", f"{path}/reconnect")
            if "url" in asked:
                await self._world.annex.accept(self._world, asked["url"])
            await asyncio.sleep(0.3)
