"""Perform plans together: the same step of many deliveries goes out in as few vendor calls as can be."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta

import msgspec
import structlog

from crossdock.connect.connector import Destination
from crossdock.flow.deliver.job import Job, NewLink
from crossdock.kit.failpoints import Failpoints
from crossdock.kit.ids import Prefix, show, time_of
from crossdock.model.delivery import Evidence
from crossdock.model.outcome import Delivered, Gone, Outcome, Refresh, Rejected, Retry, Throttled, Unknown
from crossdock.model.plan import Ref, Resolved, Verb, Write

log = structlog.get_logger("crossdock.deliver")
Links = dict[tuple[str, str], str]
Advance = Callable[[Sequence[uuid.UUID], Sequence[NewLink]], Awaitable[None]]
"""Commits the links of a step together with the deadline of the next call."""

_WORST = (Rejected, Gone, Refresh, Throttled, Unknown, Retry)
_REPLAYED = timedelta(seconds=5)
"""A delivery made so long after its event is a replay, and what it repeats may have taken effect."""
_NOTHING = Delivered(None, Evidence.ACCEPTED)
_SUSPECT = 4
"""From this attempt on a delivery goes in calls apart from those that have not failed yet."""
_HALVINGS = 40
"""How often the calls of one batch may be halved: enough to single out two or three of three hundred."""
_LATE = Throttled(0.1, "not begun in the time a step may take; it goes with the next claim")


class Performer:
    """Takes the jobs of one batch through their plans."""

    def __init__(self, destination: Destination, links: Links, budget_s: float, failpoints: Failpoints) -> None:
        self._destination = destination
        self._links = links
        self._budget_s = budget_s
        self._failpoints = failpoints
        self._halvings = _HALVINGS
        self._told = False

    async def run(self, jobs: Sequence[Job], advance: Advance) -> list[NewLink]:
        """Perform every plan to its end or first failure; returns the links that are not committed yet."""
        fresh: list[NewLink] = []
        while walking := [job for job in jobs if job.open]:
            # the deadline that stands in the database is that of all calls until the next advance
            until = asyncio.get_running_loop().time() + self._budget_s
            fresh = [link for group in _by_step(walking) for link in await self._wave(*group, until)]
            left = [job.claim.id for job in jobs if job.open]
            if left:
                await advance(left, fresh)
                fresh = []
                await self._failpoints.reach("deliver.advanced")
        for job in jobs:
            if job.outcome is None and job.skipped is None:
                job.outcome = Delivered(job.external_id, Evidence.ID if job.external_id else Evidence.ACCEPTED)
        return fresh

    async def _wave(self, name: str, jobs: list[Job], until: float) -> list[NewLink]:
        outcomes: dict[tuple[str, ...], Outcome] = {}
        asked: dict[bool, list[tuple[tuple[str, ...], Resolved]]] = {False: [], True: []}
        for identity, (write, job) in _merge(jobs).items():
            resolved = self._resolve(write, job)
            if isinstance(resolved, Resolved):
                # what has failed some times goes apart: should it be what fails a whole call, it fails no other
                asked[job.claim.attempt >= _SUSPECT].append((identity, resolved))
            else:
                outcomes[identity] = resolved
        for part in asked.values():
            if part:
                answers = await self._ask(name, [resolved for _, resolved in part], until)
                outcomes.update(zip((identity for identity, _ in part), answers, strict=True))
        return self._conclude(jobs, outcomes)

    async def _ask(self, name: str, writes: list[Resolved], until: float) -> list[Outcome]:
        left = until - asyncio.get_running_loop().time()
        if left < self._budget_s / 2:
            return [_LATE] * len(writes)
        await self._failpoints.reach("deliver.before_call")
        try:
            async with asyncio.timeout(left):
                answers = await self._halved(name, writes)
        except TimeoutError:
            # whatever the connector was doing may have taken effect
            answers = [Unknown("no answer within the time a step may take")] * len(writes)
        await self._failpoints.reach("deliver.after_call")
        return answers

    async def _halved(self, name: str, writes: list[Resolved]) -> list[Outcome]:
        """Ask the destination; when it breaks over a batch, ask for halves until what it breaks over stands alone.

        What it had begun may have taken effect: the halves are marked as repeated, so that they are looked up first.
        """
        try:
            answers = await self._destination.perform(name, writes)
            if len(answers) == len(writes):
                return answers
            problem = "the connector answered another number of writes than it was asked for"
            log.error("connector failed", step=name, problem=problem)
        except TimeoutError:
            raise
        except Exception as bug:
            # its trace once a batch, where it stands alone
            told = bug if len(writes) == 1 and not self._told else None
            self._told = self._told or len(writes) == 1
            log.error("connector failed", step=name, writes=len(writes), problem=type(bug).__name__, exc_info=told)
            problem = f"an unexpected {type(bug).__name__} in the connector"
        self._halvings -= 1
        if len(writes) == 1 or self._halvings < 0:
            return [Unknown(problem)] * len(writes)
        again = [msgspec.structs.replace(write, repeated=True) for write in writes]
        middle = len(again) // 2
        return [*await self._halved(name, again[:middle]), *await self._halved(name, again[middle:])]

    def _resolve(self, write: Write, job: Job) -> Resolved | Outcome:
        """Look up the link and the refs of a write; an outcome when there is nothing to ask the vendor."""
        known = self._links.get((write.object, write.key))
        if write.verb is Verb.UPSERT and (known is None or write.ensure):
            # what is found by something else than our key may have passed to another record: its connector looks
            if known is not None and (write.match is None or write.match[1] == write.key):
                return Delivered(known)
            if known is None and write.match is None:
                return _NOTHING
        if write.verb is Verb.ARCHIVE and known is None:
            return _NOTHING
        to_id = self._links.get((write.to.object, write.to.key)) if write.to else None
        if write.verb in (Verb.ASSOCIATE, Verb.DISSOCIATE) and (known is None or to_id is None):
            return Retry("a record to be associated has no link yet", after_s=0.5, ours=True)
        asked_at = time_of(job.claim.event_id)
        properties = {}
        for name, value in write.properties.items():
            if not isinstance(value, Ref):
                properties[name] = value
            elif (found := self._links.get((value.object, value.key))) is not None:
                properties[name] = found
        return Resolved(
            write=write,
            external_id=known,
            properties=properties,
            from_id=known,
            to_id=to_id,
            idempotency_key=show(Prefix.EVENT, job.claim.event_id),
            repeated=job.claim.attempt > 1 or job.claim.doubted or job.claim.created_at > asked_at + _REPLAYED,
            asked_at=asked_at,
        )

    def _conclude(self, jobs: list[Job], outcomes: dict[tuple[str, ...], Outcome]) -> list[NewLink]:
        fresh: dict[tuple[str, str], NewLink] = {}
        for job in jobs:
            results = [(write, outcomes[_identity(write, job)]) for write in job.step.writes]
            for write, outcome in results:
                if isinstance(outcome, Delivered):
                    job.touched = True
                    self._note(job, write, outcome, fresh)
                elif isinstance(outcome, Gone):
                    job.stale.append((write.object, write.key))
                    if write.to:
                        job.stale.append((write.to.object, write.to.key))
            bad = [outcome for _, outcome in results if not isinstance(outcome, Delivered)]
            if bad:
                job.outcome = min(bad, key=lambda outcome: _WORST.index(type(outcome)))
            else:
                job.at += 1
        return list(fresh.values())

    def _note(self, job: Job, write: Write, outcome: Delivered, fresh: dict[tuple[str, str], NewLink]) -> None:
        name = (write.object, write.key)
        job.returned.update(outcome.returned)
        if write.verb is Verb.ARCHIVE:
            job.stale.append(name)
        if write.verb is Verb.SEND and outcome.external_id is not None and not job.said:
            job.external_id, job.said = outcome.external_id, True
        if write.verb is not Verb.UPSERT or outcome.external_id is None:
            return
        if write.key == job.main_key or job.external_id is None:
            job.external_id, job.said = outcome.external_id, False
        if self._links.get(name) != outcome.external_id or write.parent_key:
            self._links[name] = outcome.external_id
            fresh[name] = NewLink.of(write, outcome.external_id)


def _by_step(jobs: Iterable[Job]) -> list[tuple[str, list[Job]]]:
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.step.name, []).append(job)
    return list(groups.items())


def _identity(write: Write, job: Job) -> tuple[str, ...]:
    """Return what makes two writes one: the same record, found by the same name. A message is never another's."""
    if write.verb is Verb.SEND:
        return (write.verb, write.key, job.claim.id.hex)
    to = (write.to.object, write.to.key) if write.to else ()
    return (write.verb, write.object, write.key, *to)


def _merge(jobs: Iterable[Job]) -> dict[tuple[str, ...], tuple[Write, Job]]:
    """Keep one write a record: the one that carries its fields before one that only ensures it, then the later."""
    merged: dict[tuple[str, ...], tuple[Write, Job]] = {}
    for job in jobs:
        for write in job.step.writes:
            identity = _identity(write, job)
            if identity not in merged or not write.ensure:
                merged[identity] = (write, job)
    return merged
