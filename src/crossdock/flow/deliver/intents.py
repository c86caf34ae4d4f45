"""Write intents: what is about to be written to a system that is read from as well, committed before the call."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson

from crossdock.connect.touching import Toucher
from crossdock.flow.deliver.job import Intended, Job
from crossdock.model.outcome import Delivered, Unknown
from crossdock.model.plan import Write
from crossdock.model.wish import Cause, Touch
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("intents.sql"))
_REMEMBERED = timedelta(minutes=20)
"""How long after a write arrivals of the connection are compared; longer than the window of the rule of echoes."""


def intended(touches: tuple[Touch, ...], event: Any, document: Mapping[str, Any], destination: uuid.UUID) -> Intended:
    """Say whose news a delivery carries: the wish's own cause, or the connection its event comes from."""
    told = document.get("cause")
    if isinstance(told, Mapping):
        cause = msgspec.convert(told, Cause, strict=False)
        return Intended(touches, cause.connection_id, cause.at, cause.hops)
    origin = event["connection_id"] if event["connection_id"] != destination else None
    return Intended(touches, origin, event["recorded_at"], event["hops"])


def complete(jobs: Sequence[Job], destination: Toucher, links: Mapping[tuple[str, str], str]) -> None:
    """Say of jobs whose news is known what they change in linked records; one that changes none has no intent."""
    for job in jobs:
        if job.intended is None or not job.open:
            continue
        found: dict[tuple[str, str], Touch] = {}
        for step in job.plan.steps:
            for touch in (one for write in step.writes for one in _touches(write, destination, links)):
                known = found.get((touch.stream, touch.external_id), touch)
                derived = tuple(dict.fromkeys((*known.derived, *touch.derived)))
                merged = msgspec.structs.replace(touch, sent={**known.sent, **touch.sent}, derived=derived)
                found[touch.stream, touch.external_id] = merged
        touches = tuple(found.values())
        job.intended = msgspec.structs.replace(job.intended, touches=touches) if touches else None


def _touches(write: Write, destination: Toucher, links: Mapping[tuple[str, str], str]) -> Iterator[Touch]:
    ends = [write] if write.to is None else [write, msgspec.structs.replace(write, object=write.to.object)]
    names = (
        [(write.object, write.key)]
        if write.to is None
        else [(write.object, write.key), (write.to.object, write.to.key)]
    )
    for end, name in zip(ends, names, strict=True):
        linked = links.get(name)
        touch = destination.touched(end, linked) if linked is not None else None
        if touch is not None:
            yield touch


async def intend(conn: Any, connection_id: uuid.UUID, tenant_id: uuid.UUID, jobs: Sequence[Job]) -> None:
    """Write the intents of a batch, inside the caller's transaction."""
    rows = [
        (
            touch.stream,
            touch.external_id,
            job.claim.id,
            intent.origin,
            intent.caused_at,
            orjson.dumps(touch.sent).decode(),
            ",".join(touch.derived),
            intent.hops,
        )
        for job in jobs
        if job.open and (intent := job.intended) is not None
        for touch in intent.touches
    ]
    if rows:
        rows.sort(key=lambda row: row[:3])
        await conn.execute(SQL["writes_until"], connection_id, _REMEMBERED)
        await conn.execute(SQL["intend"], connection_id, tenant_id, *map(list, zip(*rows, strict=True)))


async def conclude(conn: Any, jobs: Sequence[Job]) -> None:
    """Note what was answered; withdraw what surely took no effect; what is in doubt stays unanswered."""
    ours = [job for job in jobs if job.intended is not None]
    answered = [job for job in ours if isinstance(job.outcome, Delivered)]
    if answered:
        # jsonb takes no NUL, wherever a vendor has it from
        told = [orjson.dumps(job.returned, default=str).decode().replace("\\u0000", "") for job in answered]
        await conn.execute(SQL["answer"], [job.claim.id for job in answered], told)
    void = [job.claim.id for job in ours if job.at == 0 and not isinstance(job.outcome, Delivered | Unknown)]
    if void:
        await conn.execute(SQL["withdraw"], void)


def differing(job: Job) -> list[str]:
    """Return the fields where the system answered another value than was sent."""
    if job.intended is None or not job.returned:
        return []
    sent = {name: value for touch in job.intended.touches for name, value in touch.sent.items()}
    return sorted(name for name, value in sent.items() if name in job.returned and job.returned[name] != value)
