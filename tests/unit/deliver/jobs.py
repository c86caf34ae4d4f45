"""Jobs for the tests of the deliver stage."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from crossdock.flow.deliver.job import Claim, Job
from crossdock.kit.ids import new_id
from crossdock.model.outcome import Outcome
from crossdock.model.plan import Plan, Step, Write

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def claim(*, attempt: int = 1, created_at: datetime = NOW, failing_since: datetime | None = None) -> Claim:
    """Return a claim of its own."""
    tenant, route = uuid.UUID(int=1), uuid.UUID(int=2)
    return Claim(
        uuid.uuid4(),
        tenant,
        route,
        uuid.uuid4(),
        new_id(created_at),
        1,
        attempt,
        created_at,
        failing_since=failing_since,
    )


def job(*steps: tuple[str, Write] | tuple[str, Write, Write], main_key: str = "s:order:1") -> Job:
    """Return a job whose plan has these steps: a name and its writes each."""
    return Job(claim(), main_key, Plan(tuple(Step(name, writes) for name, writes in _tuples(steps))))


def _tuples(steps: tuple[tuple[str, Write] | tuple[str, Write, Write], ...]) -> list[tuple[str, tuple[Write, ...]]]:
    return [(step[0], tuple(part for part in step[1:] if isinstance(part, Write))) for step in steps]


def ended(
    outcome: Outcome | None, *, attempt: int = 1, created_at: datetime = NOW, failing_since: datetime | None = None
) -> Job:
    """Return a job whose attempt is over."""
    made = claim(attempt=attempt, created_at=created_at, failing_since=failing_since)
    return Job(made, "s:order:1", outcome=outcome, connector="crm")
