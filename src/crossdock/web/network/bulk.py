"""What can be done to many connections at once: whom it fits, how it is done, and how it went for each."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.errors import BadInput, CrossdockError
from crossdock.flow.run import RunKind
from crossdock.govern.hook_list import HookList
from crossdock.web.network.roster import Row
from crossdock.wiring import Hub
from crossdock.wiring.starting import start

_BESIDE = 8
"""Accounts that are called at a time."""
_PATIENCE_S = 25.0


class Went(msgspec.Struct, frozen=True):
    """How it went for one connection."""

    row: Row
    good: bool
    said: str
    link: str = ""
    """Path of the page that tells more."""


Act = Callable[[Hub, uuid.UUID, Row, str], Awaitable[Went]]


class Doing(msgspec.Struct, frozen=True):
    """One thing that can be done."""

    name: str
    label: str
    said: str
    """What it means, for the page that asks."""
    fits: Callable[[Row], bool]
    unfit: str
    """Why it does not fit the others."""
    act: Act


async def _check(hub: Hub, tenant_id: uuid.UUID, row: Row, actor: str) -> Went:
    del actor
    result = await hub.connections.check(tenant_id, row.uuid)
    said = "it works" if result.ok else result.problem
    return Went(row, result.ok, said, f"/connections/{row.id}")


async def _pull(hub: Hub, tenant_id: uuid.UUID, row: Row, actor: str) -> Went:
    del actor
    run = await start(hub, tenant_id, row.uuid, RunKind.PULL)
    return Went(row, True, "the pull is queued", f"/runs/{run['id']}")


async def _pause(hub: Hub, tenant_id: uuid.UUID, row: Row, actor: str) -> Went:
    await hub.upkeep.pause(tenant_id, row.uuid, actor=actor)
    return Went(row, True, "paused", f"/connections/{row.id}")


async def _resume(hub: Hub, tenant_id: uuid.UUID, row: Row, actor: str) -> Went:
    await hub.upkeep.resume(tenant_id, row.uuid, actor=actor)
    return Went(row, True, "it goes on", f"/connections/{row.id}")


async def _hooks(hub: Hub, tenant_id: uuid.UUID, row: Row, actor: str) -> Went:
    desk = HookList(hub.database, hub.directory, hub.hooks)
    done = await desk.register(await hub.connections.one(tenant_id, row.uuid), actor=actor)
    count, refused = len(done["registered"]), done["refused"]
    said = f"{count} registered" if count else "all were registered already"
    if refused:
        said += f"; {len(refused)} refused: {next(iter(refused.values()))}"
    return Went(row, not refused, said, f"/connections/{row.id}/webhooks")


DOINGS = {
    one.name: one
    for one in (
        Doing(
            "check",
            "Check",
            "Each account is asked whether it lets us in; nothing is changed there. One that was broken goes on if so.",
            lambda row: True,
            "",
            _check,
        ),
        Doing(
            "pull",
            "Pull now",
            "What has changed at each since its last pull is read, as a run a connection.",
            lambda row: row.reads and row.state == "active",
            "only active connections that are read can be pulled",
            _pull,
        ),
        Doing(
            "pause",
            "Pause",
            "What arrives is kept; nothing is read from them or delivered to them until somebody resumes them.",
            lambda row: row.state in ("active", "broken"),
            "they are paused already",
            _pause,
        ),
        Doing(
            "resume",
            "Resume",
            "They go on, and what was missed is read at once.",
            lambda row: row.state == "paused",
            "only paused connections can be resumed",
            _resume,
        ),
        Doing(
            "webhooks",
            "Register webhooks",
            "Every topic that has no working webhook of ours gets one; broken ones are replaced.",
            lambda row: row.hooks and row.state in ("active", "broken"),
            "we register webhooks only at active stores",
            _hooks,
        ),
    )
}


def doing(name: str) -> Doing:
    """Return what can be done by its name. Raises ``BadInput``."""
    found = DOINGS.get(name)
    if found is None:
        raise BadInput("nothing was chosen to do", field="do", remedy=f"choose one of {', '.join(DOINGS)}")
    return found


async def done_to(hub: Hub, tenant_id: uuid.UUID, rows: Sequence[Row], what: Doing, actor: str) -> list[Went]:
    """Do it to every connection, several beside each other; tells of each how it went, and of those left over."""
    turns = asyncio.Semaphore(_BESIDE)

    async def one(row: Row) -> Went:
        async with turns:
            try:
                return await what.act(hub, tenant_id, row, actor)
            except CrossdockError as trouble:
                return Went(row, False, trouble.problem, f"/connections/{row.id}")
            except CallFailed as failed:
                return Went(row, False, str(failed), f"/connections/{row.id}")

    tasks = [asyncio.create_task(one(row)) for row in rows]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=_PATIENCE_S)
        return [task.result() if task.done() else _late(row) for row, task in zip(rows, tasks, strict=True)]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _late(row: Row) -> Went:
    return Went(row, False, "not reached in time; do it again for this one", f"/connections/{row.id}")
