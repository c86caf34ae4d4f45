"""The statement of every commit: its events, the records they are the newest state of, and the deliveries.

Half of what a commit costs this process is putting its values into the statement. They go as two arrays of composites:
for an array of anything else the driver asks of every single value whether it is an array of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import astuple

from crossdock.flow.record.batch import Batch, DeliveryRow, RecordRow
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("append.sql"))
_NONE = (False, None, None, None, None, None, None, None, None, None, None)


async def append(conn: Any, batch: Batch, live: Sequence[DeliveryRow]) -> bool:
    """Write the batch's events, its changed records and these deliveries. False when somebody else came first."""
    events = sorted(batch.events, key=lambda event: (event.connection_id, event.stream, event.external_id))
    applied = {record.event_id: record for record in batch.records.values() if record.applied}
    rows = [astuple(event) + _beside(batch, applied.get(event.id)) for event in events]
    written: int = await conn.fetchval(SQL["append"], batch.at, rows, [astuple(row)[:-1] for row in live])
    return written == len(applied)


def _beside(batch: Batch, record: RecordRow | None) -> tuple[Any, ...]:
    """Return what a record has beside its event's values, as the type ``commit_event`` goes on."""
    if record is None:
        return _NONE
    return (
        True,
        record.parent_id,
        record.digest_version,
        record.presence,
        record.status,
        record.modified_at,
        record.made_at,
        record.contested,
        record.subject,
        record.code,
        # most were seen up to the commit: the database knows that time
        None if record.seen_to is batch.at else record.seen_to,
    )
