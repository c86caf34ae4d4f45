"""What stood at a destination before a mapping of one's own first wrote there: read and kept before the write goes out.

Once a record and version, so that it costs nothing later; the connector's own mapping keeps nothing. A way back
(:mod:`crossdock.flow.mapping`) restores it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Destination, Seeker
from crossdock.flow.deliver.job import Job
from crossdock.flow.deliver.standing import Name, standing
from crossdock.flow.ports import Store
from crossdock.model.connection import Connection
from crossdock.model.outcome import Retry, Throttled
from crossdock.model.plan import Verb, Write
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("former.sql"))
Place = tuple[uuid.UUID, int, str, str]
"""(route, version, object, our key)."""


class Sealer(Protocol):
    """The part of the vault that keeps what may be a person's."""

    def seal_body(self, body: bytes, row: bytes) -> bytes:
        """Seal; ``row`` names the row it belongs to."""
        ...

    def open_body(self, sealed: bytes, row: bytes) -> bytes:
        """Open what was sealed."""
        ...


def row_name(place: Place) -> bytes:
    """Return the name of the row a seal is bound to."""
    route, version, name, key = place
    return b"former:" + route.bytes + f"{version}:{name}:{key}".encode()


class Former:
    """Keeps former values of jobs whose mapping is one's own."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def keep(
        self, connection: Connection, destination: Destination, jobs: Sequence[Job], links: Mapping[Name, str]
    ) -> None:
        """Read and keep what stands where jobs are about to write for the first time by their version.

        Where it cannot be read, the job waits: written over, it could never be restored.
        """
        if not isinstance(destination, Seeker):
            return
        writes = {
            (job.claim.route_id, job.mapping_version, write.object, write.key): (job, write)
            for job in jobs
            if job.open and job.mapping_version
            for step in job.plan.steps
            for write in step.writes
            if write.verb is Verb.UPSERT and not write.ensure
        }
        if not writes:
            return
        async with self._store.engine() as conn:
            rows = await conn.fetch(SQL["kept"], *map(list, zip(*writes, strict=True)))
        known = {(row["route_id"], row["version"], row["object"], row["key"]) for row in rows}
        new = {place: both for place, both in writes.items() if place not in known}
        if not new:
            return
        try:
            held = await standing(destination, [write for _, write in new.values()], links) or {}
        except CallFailed as failed:
            _put_back([job for job, _ in new.values()], failed)
            return
        await self._write(connection, new, held)

    async def _write(
        self,
        connection: Connection,
        new: Mapping[Place, tuple[Job, Write]],
        held: Mapping[Name, tuple[str, Mapping[str, str | None]]],
    ) -> None:
        rows = []
        for place, (job, write) in new.items():
            record, values = held.get((write.object, write.key), (None, {}))
            told = msgspec.json.encode({name: value for name, value in values.items() if value})
            sealed = self._sealer.seal_body(told, row_name(place))
            rows.append((*place, job.claim.record_id, job.claim.id, record, sealed))
        columns: list[Any] = list(map(list, zip(*rows, strict=True)))
        async with self._store.engine() as conn:
            await conn.execute(SQL["keep"], connection.tenant_id, connection.id, *columns)


def _put_back(jobs: Sequence[Job], failed: CallFailed) -> None:
    reason = f"what stands there could not be read before it is written over: {failed.reason}"
    for job in jobs:
        job.outcome = failed.outcome if isinstance(failed.outcome, Retry | Throttled) else Retry(reason)
