"""Deliveries that the hub itself carries out (an action ``by_hub``): nothing is planned, and no vendor is written to.

They wait, are tried again, end as dead letters and are replayed like any other delivery. Each must be safe to repeat: a
worker that is lost after an errand and before its answer is committed does it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec
import structlog

from crossdock.flow.deliver.job import Job, Task
from crossdock.model.connection import Connection
from crossdock.model.delivery import SkipReason
from crossdock.model.outcome import Outcome, Throttled, Unknown

log = structlog.get_logger("crossdock.deliver")


class Left(msgspec.Struct, frozen=True):
    """Nothing is to be done, and why."""

    reason: str


Errand = Callable[[Connection, Sequence[Task]], Awaitable[Sequence[Outcome | Left]]]
Errands = Mapping[str, Errand]


GoesOn = Callable[[], Awaitable[bool]]
"""Whether the connection still may be worked for."""
_AT_ONCE: Final = 25
_LATE: Final = Throttled(0.1, "not begun in the time a step may take; it goes with the next claim")


async def carry_out(
    errands: Errands, connection: Connection, jobs: Sequence[Job], budget_s: float, goes_on: GoesOn
) -> None:
    """Do the errands of a batch, some at once; every job of one has its outcome, or is skipped, afterwards.

    What is not begun within ``budget_s``, or after the connection was paused, goes with a later claim.
    """
    until = asyncio.get_running_loop().time() + budget_s
    waiting = [(job, job.task) for job in jobs if job.task is not None and job.waits]
    for name in sorted({task.errand for _, task in waiting}):
        mine = [(job, task) for job, task in waiting if task.errand == name]
        for at in range(0, len(mine), _AT_ONCE):
            part = mine[at : at + _AT_ONCE]
            late = asyncio.get_running_loop().time() > until or (at and not await goes_on())
            answers = [_LATE] * len(part) if late else await _done(errands[name], connection, [one for _, one in part])
            for (job, _), answer in zip(part, answers, strict=True):
                if isinstance(answer, Left):
                    job.skipped, job.reason = SkipReason.FILTER, answer.reason
                else:
                    job.outcome = answer


async def _done(errand: Errand, connection: Connection, tasks: Sequence[Task]) -> Sequence[Outcome | Left]:
    try:
        return await errand(connection, tasks)
    except Exception as bug:
        log.error("errand failed", errand=tasks[0].errand, problem=type(bug).__name__, exc_info=bug)
        return [Unknown(f"an unexpected {type(bug).__name__} in the hub; the log has more")] * len(tasks)
