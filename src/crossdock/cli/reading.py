"""``pull`` and ``backfill``: they work beside a running worker and also alone."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Code, Tenant, console, give, guarded, table
from crossdock.cli.asking import ask

if TYPE_CHECKING:
    from rich.progress import Progress

    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

Store = Annotated[str | None, typer.Argument(help="The shop: its id, name or account; all by default.", metavar="SHOP")]
Stream = Annotated[list[str] | None, typer.Option("--stream", help="Only this stream; may be given several times.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until everything is read and delivered.")]
_POLL_S = 0.1


@guarded
def pull(
    shop: Store = None, stream: Stream = None, wait: Wait = True, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Read what changed at a shop since the last pull."""
    _read("pull", shop, stream or [], tenant, wait=wait, as_json=as_json)


@guarded
def backfill(
    shop: Store = None, stream: Stream = None, wait: Wait = True, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """Read all that a shop has, and deliver it. Resumes where it was interrupted."""
    _read("backfill", shop, stream or [], tenant, wait=wait, as_json=as_json)


def _read(kind: str, shop: str | None, streams: list[str], tenant: str, *, wait: bool, as_json: bool) -> None:
    from crossdock.cli.working import working

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        queued = await queue(hub, tenant_id, kind, shop, streams)
        if not wait:
            return [await run_of(hub, tenant_id, one) for _, one in queued]
        async with working(hub):
            return [await follow(hub, tenant_id, source, one) for source, one in queued]

    done = ask(tenant, work)
    shown = [{name: one[name] for name in ("id", "connection", "kind", "state", "read", "problem")} for one in done]
    give(done, as_json=as_json, people=lambda: table(shown, tuple(shown[0])))
    if any(one["state"] in ("failed", "cancelled") for one in done):
        raise typer.Exit(Code.VENDOR)


async def queue(
    hub: Hub, tenant_id: uuid.UUID, kind: str, shop: str | None, streams: list[str]
) -> list[tuple[Connection, uuid.UUID]]:
    """Queue a run for one shop or for all; returns (shop, run)."""
    from crossdock.errors import BadInput
    from crossdock.flow.run import RunKind

    queued = []
    for source in await sources(hub, tenant_id, shop):
        known = hub.directory.streams(source)
        unknown = [name for name in streams if name not in known]
        if unknown:
            raise BadInput(f"{source.name} has no stream {unknown[0]!r}", remedy=f"it has: {', '.join(known)}")
        queued.append((source, await hub.runs.add(tenant_id, source.id, RunKind(kind), streams or known)))
    return queued


async def sources(hub: Hub, tenant_id: uuid.UUID, shop: str | None) -> list[Connection]:
    """Return the shop that is named, or all that can be read. Raises ``NotFound`` or ``BadInput``."""
    from crossdock.errors import BadInput, NotFound
    from crossdock.model.connection import ConnectionState

    if shop is not None:
        chosen = [await hub.connections.find(tenant_id, shop)]
    else:
        chosen = [await hub.connections.one(tenant_id, row["uuid"]) for row in await hub.connections.list(tenant_id)]
    readable = []
    for one in chosen:
        connector = hub.directory.connector(one.connector)
        if connector is not None and connector.source is not None and hub.directory.described(one):
            readable.append(one)
    if not readable:
        what = f"{shop} is no shop: nothing is read from it" if shop else "no shop is connected"
        raise NotFound(what, remedy="crossdock connect woocommerce --help")
    for one in readable:
        if one.state is not ConnectionState.ACTIVE:
            remedy = (
                f"crossdock check {one.name}"
                if one.state is ConnectionState.BROKEN
                else f"crossdock connections resume {one.name}"
            )
            raise BadInput(f"{one.name} is {one.state}: nothing is read from it", remedy=remedy)
    return readable


async def run_of(hub: Hub, tenant_id: uuid.UUID, run_id: uuid.UUID) -> dict[str, Any]:
    """Return one run as it stands."""
    import orjson

    from crossdock.kit.ids import Prefix, show

    async with hub.database.engine() as conn:
        row = await conn.fetchrow(queries()["run_of"], tenant_id, run_id)
    progress = orjson.loads(row["progress"])
    return {
        "id": show(Prefix.RUN, row["id"]),
        "connection": (await hub.connections.one(tenant_id, row["connection_id"])).name,
        "kind": row["kind"],
        "state": row["state"],
        "read": sum(part.get("read", 0) for part in progress.values()),
        "progress": progress,
        "problem": row["problem"] if row["state"] != "done" else None,
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
    }


def queries() -> Any:
    """Return the CLI's own queries by name."""
    from crossdock.store.queries import load

    return load(Path(__file__).with_name("queries.sql"))


async def follow(hub: Hub, tenant_id: uuid.UUID, source: Connection, run_id: uuid.UUID) -> dict[str, Any]:
    """Show a run's progress until it has ended and its deliveries have come to rest; Ctrl-C leaves it to resume."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(), transient=True) as bars:
        tasks: dict[str, Any] = {}
        while True:
            now = await run_of(hub, tenant_id, run_id)
            for stream, part in now["progress"].items():
                if stream not in tasks:
                    tasks[stream] = bars.add_task(f"reading {stream}s", total=None)
                total = part["read"] if part.get("done") else part.get("total")
                bars.update(tasks[stream], completed=part.get("read", 0), total=total)
            if now["state"] not in ("waiting", "running"):
                break
            await asyncio.sleep(_POLL_S)
        await rest(hub, tenant_id, source.id, bars)
    return now


async def rest(hub: Hub, tenant_id: uuid.UUID, source_id: uuid.UUID, bars: Progress, *, patience_s: float = 60) -> int:
    """Wait until nothing is under way from a shop; returns what still is when nothing has moved for ``patience_s``."""
    task, most, last, moved = None, 0, -1, time.monotonic()
    while True:
        async with hub.database.engine() as conn:
            row = await conn.fetchrow(queries()["under_way"], tenant_id, source_id)
        left = int(row["deliveries"] + row["doorbells"])
        if left == 0 or time.monotonic() - moved > patience_s:
            return left
        if left != last:
            last, moved, most = left, time.monotonic(), max(most, left)
        if task is None:
            task = bars.add_task("delivering", total=most)
        bars.update(task, total=most, completed=most - left)
        await asyncio.sleep(_POLL_S)
