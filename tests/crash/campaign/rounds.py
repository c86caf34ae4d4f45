"""One round: a world, a schedule of faults drawn from its seed, rest, and the judgement of both ends."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import orjson

from tests.crash.campaign import accounts, leaving
from tests.crash.campaign.board import AFTER, BEFORE, Board, Fault
from tests.crash.campaign.closing import Closing
from tests.crash.campaign.points import JOURNEY, places
from tests.crash.campaign.storm import ROLES, Storm
from tests.crash.campaign.traffic import ERRANDS, HANDS, Traffic
from tests.crash.campaign.world import STOP_S, Unrest, World, world
from tests.support.database import TestServer

SKEW_S = 90.0
"""How far the clocks of a storm jump; signatures bear five minutes."""
_DRY_S = 4.0
"""When no fault has struck for so long, the round has had its faults."""
_PASSINGS = 3000
"""And not before so many places were passed: a slow machine takes longer for the same."""
_ARMED_S = 4.0
"""So long faults strike the proof at the end."""
_WEIGHTS = {"raise": 26, "cut": 30, "delay": 14, "kill": 20, "stop": 4, "cancel": 6}


class Terms(msgspec.Struct, frozen=True):
    """How a round is to be."""

    seed: int
    points: int = 60
    """Faults that are planned; those whose place is not passed often enough do not strike."""
    orders: int = 8
    live_s: float = 8.0
    """How long the hands work at least."""
    longest_s: float = 90.0
    """How long they work at most while faults still strike, or a place that is wanted was not passed."""
    wanted: tuple[str, ...] = ()
    """Places that the hands go on for: a slow machine passes them later."""
    faults: tuple[Fault, ...] | None = None
    """A schedule instead of the seed's own."""
    patience_s: float = 180.0
    hands: tuple[str, ...] = (*HANDS, *ERRANDS)
    storm: bool = False
    """Blows to processes, database and network instead of faults at places."""
    armed_to_the_end: bool = False
    """Faults go on while the world comes to rest."""


class Outcome(msgspec.Struct):
    """What a round has shown."""

    seed: int
    wrong: list[str]
    struck: list[Fault]
    hits: dict[str, int]
    ends: dict[str, int]
    outcomes: dict[str, int]
    acts: int
    took_s: float
    log: str = ""
    blows: dict[str, int] = {}
    deadlocks: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def draw(seed: int, count: int) -> tuple[Fault, ...]:
    """Draw a schedule: the journey's own places have the same chance each; one fault in ten strikes anywhere."""
    dice = random.Random(f"{seed}:faults")
    journey = [place for place in places() if place.startswith(JOURNEY)]
    found: list[Fault] = []
    while len(found) < count:
        dice.shuffle(journey)
        for place in journey[: count - len(found)]:
            anywhere = dice.random() < 0.1
            (action,) = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            phase = AFTER if dice.random() < 0.2 else BEFORE
            chosen = dice.choice(places()) if anywhere else place
            found.append(Fault(chosen, 1 + int(dice.expovariate(0.5)), action, phase))
    return tuple(found)


async def play(server: TestServer, terms: Terms) -> Outcome:
    """Play one round. What it leaves behind when something is wrong is the hub's log, named in the outcome.

    A storm kills the database's server, so it has to be nobody else's.
    """
    home = Path(tempfile.mkdtemp(prefix="crossdock-crash-"))
    try:
        outcome = await _played(server, terms, home)
    except asyncio.CancelledError:
        # ended from outside: nobody is going to read it
        shutil.rmtree(home, ignore_errors=True)
        raise
    _keep_or_clear(home, outcome)
    return outcome


async def _played(server: TestServer, terms: Terms, home: Path) -> Outcome:
    began = time.monotonic()
    faults = () if terms.storm else draw(terms.seed, terms.points) if terms.faults is None else terms.faults
    board = Board(home / "board", len(faults))
    async with world(server, home, terms.orders, terms.seed) as (made, told):
        order = {**told, "board": str(home / "board"), "faults": [msgspec.to_builtins(f) for f in faults]}
        made.family.live({**order, "skew_s": SKEW_S} if terms.storm else order, ROLES if terms.storm else ("all",))
        await made.connect()
        await made.backfill()
        board.armed = True
        traffic = Traffic(made, terms.seed, 0.15, terms.hands)
        storm = Storm(made, server, told["database"], terms.seed, 0.4)
        wrong = await _through(terms, made, board, len(faults), traffic, storm)
        if wrong:
            (home / "ledger.json").write_bytes(orjson.dumps(await made.ledger(), option=orjson.OPT_INDENT_2))
        outcome = Outcome(
            seed=terms.seed,
            wrong=wrong,
            struck=[faults[number] for number in board.struck(len(faults))],
            hits=board.hits(),
            ends=dict(made.family.ends),
            outcomes=await made.outcomes(),
            acts=traffic.acts,
            took_s=round(time.monotonic() - began, 1),
            blows=dict(storm.blows),
            deadlocks=await made.deadlocks(),
        )
    board.close()
    return outcome


async def _through(terms: Terms, made: World, board: Board, count: int, traffic: Traffic, storm: Storm) -> list[str]:
    """Let it happen, let it come to rest, judge."""
    hands = asyncio.create_task(traffic.run())
    raging = [asyncio.create_task(storm.run())] if terms.storm else []
    try:
        await _live(board, count, terms)
        for task in raging:
            task.cancel()
        await asyncio.gather(*raging, return_exceptions=True)
        traffic.rest()
        board.armed = terms.armed_to_the_end
        await made.calm()
        await asyncio.wait_for(hands, terms.patience_s)
        await _settle(terms, made)
        wrong = await _judged(made)
        if wrong or terms.storm or "watchman" not in terms.hands:
            return wrong
        closing = Closing(made)
        # what has not struck yet may strike the proof
        run = await closing.begin()
        board.armed = True
        await asyncio.sleep(_ARMED_S)
        board.armed = terms.armed_to_the_end
        await closing.end(run, terms.patience_s)
        await _settle(terms, made)
        return [f"after the proof: {what}" for what in await _judged(made)]
    except (Unrest, TimeoutError) as stuck:
        told = str(stuck) or "a caller never got its answer"
        return [f"stuck: {told} (at work: {', '.join(made.family.roles)})", *await _judged(made)]
    finally:
        for task in (hands, *raging):
            task.cancel()
        await asyncio.gather(hands, *raging, return_exceptions=True)


async def _settle(terms: Terms, made: World) -> None:
    """Let everything come to rest, by processes that have learned nothing of the faults."""
    await asyncio.sleep(STOP_S if made.family.ends["stopped"] else 0)
    made.family.renew()
    await made.rest(terms.patience_s)


async def _judged(made: World) -> list[str]:
    return [*await made.judged(), *await accounts.judge(made), *await leaving.judge(made)]


async def _live(board: Board, count: int, terms: Terms) -> None:
    """Go on at least for the round's time, and while faults still strike: a slow machine gets its share of them."""
    began = last = time.monotonic()
    struck = 0
    while True:
        await asyncio.sleep(0.25)
        now, found = time.monotonic(), len(board.struck(count))
        if found > struck:
            struck, last = found, now
        if now - began < terms.live_s:
            continue
        busy = sum(board.hits().values()) < _PASSINGS and not terms.storm
        over = struck == count or (now - last > _DRY_S and not busy)
        hits = board.hits()
        if now - began > terms.longest_s or (over and all(hits.get(place) for place in terms.wanted)):
            return


def _keep_or_clear(home: Path, outcome: Outcome) -> None:
    if outcome.ok:
        shutil.rmtree(home, ignore_errors=True)
    else:
        outcome.log = str(home / "hub.log")


def together(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Return how often each place was passed in all rounds."""
    total: Counter[str] = Counter()
    for one in outcomes:
        total.update(one.hits)
    return total
