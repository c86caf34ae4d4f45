"""Deliveries that the hub itself carries out (an action ``by_hub``): nothing is planned, and no vendor is written to.

They wait, are tried again, end as dead letters and are replayed like any other delivery. Each must be safe to repeat: a
worker that is lost after an errand and before its answer is committed does it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
import structlog

from crossdock.flow.deliver.job import Job, Task
from crossdock.model.connection import Connection
from crossdock.model.delivery import SkipReason
from crossdock.model.outcome import Outcome, Unknown

log = structlog.get_logger("crossdock.deliver")


class Left(msgspec.Struct, frozen=True):
    """Nothing is to be done, and why."""

    reason: str


Errand = Callable[[Connection, Sequence[Task]], Awaitable[Sequence[Outcome | Left]]]
Errands = Mapping[str, Errand]


async def carry_out(errands: Errands, connection: Connection, jobs: Sequence[Job]) -> None:
    """Do the errands of a batch; every job of one has its outcome, or is skipped, afterwards."""
    waiting = [(job, job.task) for job in jobs if job.task is not None and job.waits]
    for name in sorted({task.errand for _, task in waiting}):
        mine = [(job, task) for job, task in waiting if task.errand == name]
        try:
            answers = await errands[name](connection, [task for _, task in mine])
        except Exception as bug:
            log.error("errand failed", errand=name, problem=type(bug).__name__, exc_info=bug)
            answers = [Unknown(f"an unexpected {type(bug).__name__} in the hub; the log has more")] * len(mine)
        for (job, _), answer in zip(mine, answers, strict=True):
            if isinstance(answer, Left):
                job.skipped, job.reason = SkipReason.FILTER, answer.reason
            else:
                job.outcome = answer
