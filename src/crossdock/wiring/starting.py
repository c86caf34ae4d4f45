"""Starting the runs of a connection by hand: what programs and people ask for, said once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from crossdock.errors import BadInput, Conflict
from crossdock.flow.reconcile import Depth
from crossdock.flow.run import RunKind
from crossdock.model.connection import ConnectionState

if TYPE_CHECKING:
    from crossdock.wiring import Hub


async def start(
    hub: Hub,
    tenant_id: uuid.UUID,
    connection_id: uuid.UUID,
    kind: RunKind,
    streams: Sequence[str] = (),
    asked: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Queue a run of a store and return it; one that is under way already is returned instead.

    ``streams``: all unless named. Raises ``NotFound``, ``BadInput`` for what has no such stream, and ``Conflict`` for
    a connection that is not active.
    """
    source = await hub.connections.one(tenant_id, connection_id)
    known = hub.directory.streams(source)
    if not known:
        raise BadInput("nothing is read from this connection", field="connection_id", remedy="name a store")
    unknown = [name for name in streams if name not in known]
    if unknown:
        raise BadInput(
            f"{source.name} has no stream {unknown[0]!r}", field="streams", remedy=f"it has: {', '.join(known)}"
        )
    if source.state is not ConnectionState.ACTIVE:
        raise Conflict(f"{source.name} is {source.state}", remedy="resume or check it first")
    run_id = await hub.runs.add(tenant_id, source.id, kind, streams or known, asked)
    found = await hub.runs.one(tenant_id, run_id)
    assert found is not None
    return found


async def prove(
    hub: Hub,
    tenant_id: uuid.UUID,
    connection_id: uuid.UUID,
    first: date | None = None,
    last: date | None = None,
    *,
    repair: bool = True,
    depth: Depth = Depth.AUTO,
) -> dict[str, Any]:
    """Queue a proof of a store and return its run; days are the store's own, None is all there are.

    Raises what :func:`start` raises, and ``Conflict`` while a proof of something else is under way there.
    """
    if first and last and first > last:
        raise BadInput("the first day is after the last", field="first", remedy="name them in their order")
    asked: dict[str, Any] = {"first": first, "last": last, "repair": 2 if repair else 0}
    if depth is not Depth.AUTO:
        asked["depth"] = depth.value
    # the day's own proof may wait for the end of the shop's quiet hours: a person does not
    await hub.reports.put_first(tenant_id, connection_id, asked)
    run = await start(hub, tenant_id, connection_id, RunKind.RECONCILE, (), asked)
    if run["asked"] != {name: str(v) if isinstance(v, date) else v for name, v in asked.items()}:
        raise Conflict("another proof of this store is under way", remedy=f"wait for {run['id']}, or cancel it")
    return run
