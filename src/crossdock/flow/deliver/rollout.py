"""A safe start at a full account: watch first, then a few records, then all.

A connection's choice ``rollout`` says how far it has come:

* ``"observe"``: everything is recorded, planned and refused as ever, and nothing is written. A dry run of a replay
  shows field by field what would be.
* ``{"first": 50}``: the first 50 records are written, and stay so; ``{"percent": 1}``: one in a hundred, by its id.
* ``"all"``, or no choice: everything.

What is held back ends as *held-back*, and is delivered when the choice is widened.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from crossdock.flow.deliver.job import Job
from crossdock.model.connection import Connection
from crossdock.model.delivery import SkipReason
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("rollout.sql"))
_WHOLE = 10_000


async def hold_back(conn: Any, connection: Connection, jobs: Sequence[Job]) -> None:
    """End the jobs that the connection's rollout leaves out; those that are let through are remembered for good."""
    if connection.config.get("rollout") in (None, "all"):
        return
    ready = [job for job in jobs if job.waits]
    # read afresh: what is released by a wider choice must not be held back by the one that is remembered
    told = await conn.fetchval(SQL["rollout"], connection.id, connection.tenant_id) if ready else None
    choice = None if told is None else orjson.loads(told)
    if choice in (None, "all"):
        return
    reason, through = "nothing is written yet: the connection observes", frozenset[uuid.UUID]()
    if isinstance(choice, Mapping):
        records = sorted({job.claim.record_id for job in ready})
        reason = "it is not among the records of the canary"
        if "first" in choice:
            through = await _first(conn, connection, records, int(choice["first"]))
        else:
            through = frozenset(one for one in records if among(one, float(choice.get("percent", 0))))
    for job in ready:
        if job.claim.record_id not in through:
            job.skipped, job.reason = SkipReason.HELD_BACK, reason


async def _first(conn: Any, connection: Connection, records: Sequence[uuid.UUID], most: int) -> frozenset[uuid.UUID]:
    rows = await conn.fetch(SQL["let_through"], connection.id, connection.tenant_id, list(records), most)
    return frozenset(row["record_id"] for row in rows)


def among(record_id: uuid.UUID, percent: float) -> bool:
    """Whether a record is in the canary: the same ones at every time, and all of them again in a larger share."""
    return record_id.int % _WHOLE < percent / 100 * _WHOLE
