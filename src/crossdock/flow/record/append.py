"""The statement of every commit: its events, the records they are the newest state of, and the deliveries.

Half of what a commit costs this process is putting its values into arrays, so none is sent twice: a record's row stands
beside the event it takes its content from, and a delivery names its event by its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossdock.flow.record.batch import Batch, DeliveryRow, EventRow, RecordRow, columns
from crossdock.store.queries import load

SQL = load(Path(__file__).with_name("append.sql"))
_EVENT = tuple(EventRow.__struct_fields__)
_RECORD = (
    "parent_id",
    "digest_version",
    "presence",
    "status",
    "modified_at",
    "made_at",
    "contested",
    "subject",
    "code",
)
_DELIVERY = ("id", "lane_id", "route_id", "occurrence", "priority", "head")


async def append(conn: Any, batch: Batch, live: Sequence[DeliveryRow]) -> bool:
    """Write the batch's events, its changed records and these deliveries. False when somebody else came first."""
    events = sorted(batch.events, key=lambda event: (event.connection_id, event.stream, event.external_id))
    applied = {record.event_id: record for record in batch.records.values() if record.applied}
    beside = [applied.get(event.id) for event in events]
    place = {event.id: number for number, event in enumerate(events, 1)}
    written: int = await conn.fetchval(
        SQL["append"],
        batch.at,
        *columns(events, _EVENT),
        [record is not None for record in beside],
        *([_of(record, name) for record in beside] for name in _RECORD),
        # most were seen up to the commit: the database knows that time
        [None if record is None or record.seen_to is batch.at else record.seen_to for record in beside],
        [place[row.event_id] for row in live],
        *columns(live, _DELIVERY),
    )
    return written == len(applied)


def _of(record: RecordRow | None, name: str) -> Any:
    return None if record is None else getattr(record, name)
