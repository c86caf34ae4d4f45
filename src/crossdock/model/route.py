"""A route: these events, through this mapping, to that connection's action."""

from __future__ import annotations

import uuid
from enum import IntEnum

import msgspec

from crossdock.model.schedule import Schedule


class Priority(IntEnum):
    """Which delivery goes first; older ones age upwards."""

    LIVE = 0
    STANDARD = 1
    BULK = 2


class Route(msgspec.Struct, frozen=True):
    """A way from a source to an action of a destination."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    source_id: uuid.UUID
    destination_id: uuid.UUID
    stream: str
    """The source stream it takes; ``*`` takes all."""
    action: str
    """The destination's action by its manifest (``order``, ``contact``, ``post``)."""
    occurrence: bool
    """True: every event is delivered, in order (a message). False: only the newest state matters (a CRM record)."""
    historical: bool
    """Whether an occurrence route also takes backfill and reconcile events."""
    priority: Priority
    types: frozenset[str] = frozenset()
    """Event types it takes; empty takes all."""
    skip_statuses: frozenset[str] = frozenset()
    """Source states it leaves out (``checkout-draft``)."""
    mapping_version: int = 0
    """0 is the connector's own default mapping."""
    schedule: Schedule | None = None
    """When its deliveries go out; None: at once."""
    fallback_id: uuid.UUID | None = None
    """A critical route's second destination, which takes what the first one's lane has not taken for a while."""
    fallback_action: str | None = None
    """The action there."""
