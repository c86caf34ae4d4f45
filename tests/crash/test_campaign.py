"""The campaign's short form, and the promise that no step of the journey is without a place for a fault."""

from __future__ import annotations

import argparse
import asyncio
import inspect
from pathlib import Path

import pytest

from crossdock.connect.client import VendorClient
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.crash.campaign.__main__ import WHOLE, verdict
from tests.crash.campaign.apart import APART
from tests.crash.campaign.board import Fault
from tests.crash.campaign.mutants import HERE, applied, mutants, played
from tests.crash.campaign.points import JOURNEY, ROOMS, ROOT, Step, places, reached, statements, steps
from tests.crash.campaign.rounds import Outcome, Terms, draw, play
from tests.crash.campaign.traffic import ERRANDS, HANDS
from tests.support.database import TestServer

ALWAYS = (
    "receive.offered",
    "record/append.append",
    "deliver/queue.take_lane",
    "deliver/queue.claim",
    "deliver.mapped",
    "deliver.before_call",
    "deliver.after_call",
    "deliver/queue.settle",
    "deliver/queue.promote",
    "deliver/queue.save_links",
    "deliver/queue.leave_lane",
    "pull.read",
    "pull/pull.save_checkpoint",
    "pull.saved",
    "run/run.take_run",
    "run/run.end_run",
    "call woocommerce",
    "answer hubspot",
)
"""What even the shortest round passes."""
ASKED_FOR = (
    "deliver/cause.keep_causes",
    "mapping/mapping.add_version",
    "mapping/mapping.activate",
    "oauth.renewing",
    "stock/book.put_prices",
    "invoice/invoice.add",
)
"""What the hands that run errands pass first."""


def test_every_step_of_the_journey_in_the_database_has_a_name() -> None:
    """A statement's name is its place: a new step has one, or it is found here."""
    found = [
        step
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for step in steps(path.read_text(), str(path.relative_to(ROOT)))
    ]
    assert len(found) > 150
    assert [step for step in found if step.name is None] == []


def test_a_step_without_a_name_is_seen() -> None:
    source = 'async def f(conn, source):\n await conn.fetch("SELECT 1")\n await conn.execute(SQL["x"])\n'
    assert steps(source, "a.py") == [Step("a.py", 2, None), Step("a.py", 3, "x")]
    assert [step.name for step in steps("await source.fetch(stream, number)", "b.py")] == []
    assert [step.name for step in steps("await conn.execute(SQL[name], 1)", "c.py")] == ["*"]
    assert [step.name for step in steps("await conn.executemany(SQL['x'], rows)", "c.py")] == [None]


class Passed:
    """Notes the places that are passed."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def reach(self, name: str) -> None:
        """Note it."""
        self.names.append(name)


async def test_what_pages_read_by_the_role_of_their_tenant_is_passed_too(settings: Settings) -> None:
    passed = Passed()
    async with open_hub(settings, passed) as hub:
        assert await hub.shelf.moves(await hub.tenants.find(), None) == []
    assert [name for name in passed.names if "stock/shelf." in name] == [
        "stock/shelf.moves",
        "commit stock/shelf.moves",
        "committed stock/shelf.moves",
    ]


def test_every_call_to_a_vendor_has_its_places() -> None:
    assert {"call woocommerce", "answer hubspot"} <= set(places())
    assert {"deliver.before_call", "receive.arrived", "pull.saved"} <= reached()
    assert {"deliver/queue.claim", "record/append.append", "run/run.take_run"} <= statements()
    source = inspect.getsource(VendorClient)
    assert all(f'failpoints.reach(f"{place} {{name}}")' in source for place in ("call", "answer"))


def test_a_seed_is_one_schedule() -> None:
    assert draw(7, 50) == draw(7, 50)
    assert draw(7, 50) != draw(8, 50)
    assert {place for place in places() if place.startswith(JOURNEY)} <= {fault.place for fault in draw(7, 1000)}
    fault = draw(7, 1)[0]
    assert Fault.read(str(fault)) == fault


def test_a_round_of_faults_loses_and_doubles_nothing(postgres: TestServer) -> None:
    outcome = asyncio.run(play(postgres, Terms(seed=1, points=200, live_s=6.0, hands=HANDS, wanted=ALWAYS)))
    assert outcome.ok, (outcome.wrong, outcome.log, [str(fault) for fault in outcome.struck])
    assert len(outcome.struck) > 5
    missed = {place for place in ALWAYS if not outcome.hits[place]}
    assert not missed
    assert sum(outcome.outcomes.values()) > 20


def test_the_errands_reach_what_nobody_else_asks_for(postgres: TestServer) -> None:
    """Without a fault: letters die and are sent again, a mapping acts, access is renewed, a deal is invoiced."""
    outcome = asyncio.run(play(postgres, Terms(seed=2, faults=(), live_s=12.0, wanted=ASKED_FOR)))
    assert outcome.ok, (outcome.wrong, outcome.log)
    missed = {place for place in ASKED_FOR if not outcome.hits[place]}
    assert not missed


def campaign(**more: object) -> argparse.Namespace:
    usual = {"storm": False, "faults": None, "hands": ",".join((*HANDS, *ERRANDS))}
    return argparse.Namespace(**{**usual, **more})


def rounds(*lacking: str, count: int = WHOLE) -> list[Outcome]:
    """Rounds of which the first passed every place but those, and the others nothing."""
    hits = {place: int(place not in lacking) for place in places()}
    return [
        Outcome(seed, [], [], hits if seed == 0 else {}, {}, {}, 0, 1.0)  # nothing is wrong but what was not passed
        for seed in range(count)
    ]


def test_a_whole_campaign_that_never_passes_a_place_has_failed() -> None:
    assert verdict(rounds(), campaign()) == ([], [])
    assert verdict(rounds("stock/levels.wake"), campaign()) == ([], ["stock/levels.wake"])
    assert verdict(rounds(*APART), campaign()) == ([], []), "what is apart may be left out"
    # a few rounds, a storm, chosen faults and chosen hands prove something else
    assert verdict(rounds("stock/levels.wake", count=WHOLE - 1), campaign()) == ([], [])
    for other in ({"storm": True}, {"faults": "none"}, {"hands": "shop"}):
        assert verdict(rounds("stock/levels.wake"), campaign(**other)) == ([], [])


def test_what_is_apart_is_few_real_and_explained() -> None:
    assert set(APART) <= set(places()), "a place that has gone is taken off the list"
    assert len(APART) <= 20
    for place, reason in APART.items():
        assert len(reason.split()) > 5, place
        assert all((HERE / word).is_dir() for word in reason.split() if word.startswith("tests/")), place


def test_every_mutant_breaks_a_place_that_stands(tmp_path: Path) -> None:
    """A promise that has moved takes its mutant along; and each of them is in the table of the documentation."""
    table = (HERE / "docs" / "quality.md").read_text()
    for name, mutant in mutants().items():
        assert applied(mutant, tmp_path / name).is_dir()
        assert f"`{name}`" in table, name
        assert all(fault.place in places() for fault in mutant.schedule)


@pytest.mark.parametrize("name", ["acknowledge-before-commit", "resend-without-a-look"])
def test_a_broken_promise_is_caught(name: str) -> None:
    """Two of the table; ``python -m tests.crash.campaign.mutants`` plays them all."""
    mutant = mutants()[name]
    code, said = played(mutant)
    assert code == 1, said[-3000:]
    assert mutant.seen in said, said[-3000:]
