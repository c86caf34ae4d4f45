"""Run the campaign: ``python -m tests.crash.campaign --seed 1 --points 1000 --minutes 10``."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.crash.campaign.apart import unpassed
from tests.crash.campaign.board import Fault
from tests.crash.campaign.ending import Ended, heed, run
from tests.crash.campaign.points import places
from tests.crash.campaign.rounds import Outcome, Terms, play, together
from tests.crash.campaign.traffic import ERRANDS, HANDS
from tests.support.database import TestServer, serving_databases

_A_ROUND = 250
WHOLE = 9
"""So many rounds of everybody have to pass every place."""


def main() -> int:
    """Play rounds until enough faults have struck or time is up; 1 when anything is wrong.

    SIGTERM and SIGINT end it: what was started is taken down, and the code is theirs (143, 130).
    """
    asked = _asked()
    heed()
    try:
        with _folder() as home, serving_databases(home, own=asked.storm) as server:
            outcomes = run(_rounds(server, asked))
    except Ended as end:
        return end.code
    return _report(outcomes, asked)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Lend a folder that other users may enter, on a disk where /tmp may be memory."""
    home = Path(tempfile.mkdtemp(prefix="crossdock-crash-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _asked() -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="make crash", description=__doc__)
    reader.add_argument("--seed", type=int, default=1, help="seed of the first round; the next ones follow")
    reader.add_argument("--points", type=int, default=1000, help="faults that have to strike in all")
    reader.add_argument("--minutes", type=float, default=40, help="no new round begins after so long")
    reader.add_argument("--rounds", type=int, default=10_000, help="at most so many rounds (1 replays a seed)")
    reader.add_argument("--orders", type=int, default=8, help="orders in the shop at the start of a round")
    reader.add_argument("--live", type=float, default=8.0, help="seconds of traffic in a round, at least")
    reader.add_argument("--patience", type=float, default=180.0, help="seconds that coming to rest may take")
    reader.add_argument("--hands", default=",".join((*HANDS, *ERRANDS)), help="who is at work, of these")
    reader.add_argument("--storm", action="store_true", help="blows to processes, database and network instead")
    reader.add_argument("--armed", action="store_true", help="faults go on while the world comes to rest")
    reader.add_argument("--faults", help="place:phase:nth:action, one a line, or none; instead of the seed's own")
    return reader.parse_args()


async def _rounds(server: TestServer, asked: argparse.Namespace) -> list[Outcome]:
    until = time.monotonic() + asked.minutes * 60
    faults = None
    if asked.faults is not None:
        faults = tuple(Fault.read(line) for line in asked.faults.splitlines() if line != "none")
    outcomes: list[Outcome] = []
    struck = 0
    while (
        (struck < asked.points or _lacking(outcomes, asked))
        and len(outcomes) < asked.rounds
        and (not outcomes or time.monotonic() < until)
    ):
        seed = asked.seed + len(outcomes)
        terms = Terms(
            seed=seed,
            points=_A_ROUND,
            orders=asked.orders,
            live_s=asked.live,
            faults=faults,
            patience_s=asked.patience,
            hands=tuple(asked.hands.split(",")),
            storm=asked.storm,
            armed_to_the_end=asked.armed,
        )
        one = await play(server, terms)
        outcomes.append(one)
        struck += len(one.struck) + sum(one.blows.values())
        print(
            f"seed {seed}: {len(one.struck)} faults struck at {sum(one.hits.values())} passings,"
            f" blows {dict(one.blows)},"
            f" {sum(one.outcomes.values())} deliveries ended, {one.deadlocks} deadlocks,"
            f" {one.ends} · {'ok' if one.ok else 'WRONG'} · {one.took_s} s",
            flush=True,
        )
        for what in one.wrong[:20]:
            print(f"  {what}", flush=True)
        if not one.ok:
            storm = " STORM=1" if asked.storm else ""
            print(
                f"  log of the hub: {one.log}\n  replay: make crash SEED={seed} ROUNDS=1{storm}",
                flush=True,
            )
    return outcomes


def _everybody(asked: argparse.Namespace) -> bool:
    """Whether this is a campaign in which every place has to be passed: no storm, no chosen faults or hands."""
    return not asked.storm and asked.faults is None and set(asked.hands.split(",")) >= {*HANDS, *ERRANDS}


def _lacking(outcomes: Sequence[Outcome], asked: argparse.Namespace) -> bool:
    return _everybody(asked) and bool(unpassed(together(outcomes)))


def verdict(outcomes: Sequence[Outcome], asked: argparse.Namespace) -> tuple[list[int], list[str]]:
    """Return the seeds in which something is wrong, and the places a whole campaign has to pass and never did."""
    lacking = unpassed(together(outcomes)) if _everybody(asked) and len(outcomes) >= WHOLE else []
    return [one.seed for one in outcomes if not one.ok], lacking


def _report(outcomes: list[Outcome], asked: argparse.Namespace) -> int:
    struck = [fault for one in outcomes for fault in one.struck]
    hits = together(outcomes)
    missed = unpassed(hits)
    passed = sum(1 for place in places() if hits[place])
    ended: Counter[str] = Counter()
    for one in outcomes:
        ended.update(one.outcomes)
    bad, lacking = verdict(outcomes, asked)
    print(f"\nrounds {len(outcomes)} · faults struck {len(struck)} · places passed {passed} of {len(places())}")
    print("by action: " + ", ".join(f"{name} {n}" for name, n in Counter(f.action for f in struck).most_common()))
    print("deliveries: " + ", ".join(f"{name} {n}" for name, n in ended.most_common()))
    print(f"places struck: {len({f.place for f in struck})} of {len(places())}")
    if missed:
        print(f"places that were never passed ({len(missed)}): " + ", ".join(missed))
    if lacking:
        print(f"WRONG: {len(outcomes)} rounds have to pass every place that is not named in apart.py")
    print("WRONG in seeds " + ", ".join(map(str, bad)) if bad else "0 lost, 0 doubled, order kept, every end explained")
    return 1 if bad or lacking else 0


if __name__ == "__main__":
    sys.exit(main())
