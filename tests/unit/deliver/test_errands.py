"""Errands: each job has its own answer, some at once, and what time or a pause leaves goes with a later claim."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from crossdock.flow.deliver.errands import Left, carry_out
from crossdock.flow.deliver.job import Claim, Job, Task
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.delivery import SkipReason
from crossdock.model.outcome import Delivered, Outcome, Throttled, Unknown

pytestmark = pytest.mark.asyncio
HERE = Connection(new_id(), new_id(), "hubspot", "portal", ConnectionState.ACTIVE, "hubspot-1", {}, {})


def job(number: int, errand: str = "invoice") -> Job:
    """A claimed delivery of an errand."""
    claim = Claim(new_id(), HERE.tenant_id, new_id(), new_id(), new_id(), 1, 1, datetime.now(UTC))
    return Job(claim, main_key="", task=Task(errand, HERE.id, "deal", str(number), uuid.uuid4()))


async def active() -> bool:
    return True


async def test_each_has_its_own_answer() -> None:
    """What was skipped before is left alone; a bug is in doubt, and ends no other errand."""
    jobs = [job(1), job(2), job(3, "other"), job(4)]
    jobs[3].skipped = SkipReason.HELD_BACK
    asked: list[str] = []

    async def invoice(connection: Connection, tasks: Sequence[Task]) -> list[Outcome | Left]:
        assert connection is HERE
        asked.extend(task.external_id for task in tasks)
        return [Left("it has one") if task.external_id == "1" else Delivered("inv_2") for task in tasks]

    async def other(_: Connection, tasks: Sequence[Task]) -> list[Outcome | Left]:
        raise RuntimeError(f"{len(tasks)}")

    await carry_out({"invoice": invoice, "other": other}, HERE, jobs, 60, active)
    assert asked == ["1", "2"]
    assert (jobs[0].skipped, jobs[0].reason) == (SkipReason.FILTER, "it has one")
    assert jobs[1].outcome == Delivered("inv_2")
    assert isinstance(jobs[2].outcome, Unknown)
    assert jobs[3].skipped is SkipReason.HELD_BACK


@pytest.mark.parametrize(("budget_s", "paused"), [(-1.0, False), (60.0, True)])
async def test_what_is_not_begun_burns_no_attempt(budget_s: float, paused: bool) -> None:
    """Out of time nothing is begun; after a pause nothing more than was under way."""
    jobs = [job(number) for number in range(60)]

    async def invoice(_: Connection, tasks: Sequence[Task]) -> list[Outcome | Left]:
        return [Delivered(task.external_id) for task in tasks]

    async def goes_on() -> bool:
        return not paused

    await carry_out({"invoice": invoice}, HERE, jobs, budget_s, goes_on)
    done = [one for one in jobs if isinstance(one.outcome, Delivered)]
    assert len(done) == (25 if paused else 0)
    assert all(isinstance(one.outcome, Throttled) for one in jobs if one not in done)
