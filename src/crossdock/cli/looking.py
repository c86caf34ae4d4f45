"""``events``, ``deliveries`` and ``replay``: what came in, what became of it, and sending it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from crossdock.cli.answers import AsJson, Tenant, give, guarded, table
from crossdock.cli.connecting import parse_id

events = typer.Typer(help="List events, or show one.", invoke_without_command=True)
deliveries = typer.Typer(help="List deliveries, or show one with its attempts.", invoke_without_command=True)

Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many to show, the newest first.")]
Stream = Annotated[str | None, typer.Option("--stream", help="Only of this stream.")]
External = Annotated[str | None, typer.Option("--of", help="Only of the entity with this id at the shop.")]
State = Annotated[str | None, typer.Option("--state", help="waiting, claimed, in_doubt, delivered, skipped or dead.")]
_LIVE, _DONE = ("waiting", "claimed", "in_doubt"), ("delivered", "skipped", "dead")


@events.callback()
@guarded
def events_default(
    ctx: typer.Context,
    stream: Stream = None,
    of: External = None,
    limit: Limit = 20,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List events, or show one."""
    if ctx.invoked_subcommand is None:
        _list_events(stream, of, limit, tenant, as_json=as_json)


@events.command("list")
@guarded
def events_list(
    stream: Stream = None, of: External = None, limit: Limit = 20, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """List events, the newest first."""
    _list_events(stream, of, limit, tenant, as_json=as_json)


def _list_events(stream: str | None, of: str | None, limit: int, tenant: str, *, as_json: bool) -> None:
    from crossdock.cli.opening import run, tenant_hub
    from crossdock.cli.reading import queries
    from crossdock.kit.ids import Prefix, show

    async def work() -> list[dict[str, Any]]:
        async with tenant_hub(tenant) as (hub, tenant_id), hub.database.engine() as conn:
            rows = await conn.fetch(queries()["events"], tenant_id, stream, of, limit)
        return [{**dict(row), "id": show(Prefix.EVENT, row["id"])} for row in rows]

    rows = run(work())
    columns = ("id", "type", "external_id", "connection", "origin", "verdict", "status", "recorded_at")
    give(rows, as_json=as_json, people=lambda: table(rows, columns))


@events.command("show")
@guarded
def events_show(
    event: Annotated[str, typer.Argument(help="Its id.", metavar="EVENT")],
    body: Annotated[bool, typer.Option("--body", help="Show the whole document, people's data included.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show one event; its document is masked unless --body is given."""
    import orjson

    from crossdock.cli.opening import run, tenant_hub
    from crossdock.cli.reading import queries
    from crossdock.errors import NotFound
    from crossdock.kit import redact
    from crossdock.kit.ids import Prefix, parse, show

    identifier = parse_id(parse, Prefix.EVENT, event)

    async def work() -> dict[str, Any]:
        async with tenant_hub(tenant) as (hub, tenant_id), hub.database.engine() as conn:
            row = await conn.fetchrow(queries()["event"], tenant_id, identifier)
            if row is None:
                raise NotFound("there is no such event", remedy="list them with: crossdock events")
            shown = {
                **dict(row),
                "id": show(Prefix.EVENT, row["id"]),
                "record_id": show(Prefix.RECORD, row["record_id"]),
            }
            shown["connection_id"] = show(Prefix.CONNECTION, row["connection_id"])
            sealed = shown.pop("body")
            if sealed:
                document = orjson.loads(hub.vault.open_body(sealed, row["id"].bytes))
                shown["document"] = document if body else redact.document(document)
            return shown

    shown = run(work())
    give(shown, as_json=as_json, people=lambda: _facts(shown))


def _facts(shown: dict[str, Any]) -> str:
    import orjson

    from crossdock.cli.answers import cell

    plain = [f"{name:<14} {cell(v)}" for name, v in shown.items() if name not in ("document", "tries")]
    if "document" in shown:
        plain.append(orjson.dumps(shown["document"], option=orjson.OPT_INDENT_2).decode())
    return "\n".join(plain)


@deliveries.callback()
@guarded
def deliveries_default(
    ctx: typer.Context, state: State = None, limit: Limit = 20, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """List deliveries, or show one with its attempts."""
    if ctx.invoked_subcommand is None:
        _list_deliveries(state, limit, tenant, as_json=as_json)


@deliveries.command("list")
@guarded
def deliveries_list(
    state: State = None, limit: Limit = 20, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """List deliveries: those under way, then those that have ended, the newest first."""
    _list_deliveries(state, limit, tenant, as_json=as_json)


def _list_deliveries(state: str | None, limit: int, tenant: str, *, as_json: bool) -> None:
    from crossdock.cli.opening import run, tenant_hub
    from crossdock.errors import BadInput

    if state not in (None, *_LIVE, *_DONE):
        raise BadInput(f"there is no state {state!r}", field="state", remedy=f"one of {', '.join((*_LIVE, *_DONE))}")

    async def work() -> list[dict[str, Any]]:
        async with tenant_hub(tenant) as (hub, tenant_id):
            return await _deliveries(hub, tenant_id, state, None, limit)

    rows = run(work())
    columns = (
        "id",
        "stream",
        "external_id",
        "destination",
        "action",
        "state",
        "rule",
        "attempts",
        "reason",
        "ended_at",
    )
    give(rows, as_json=as_json, people=lambda: table(rows, columns))


async def _deliveries(hub: Any, tenant_id: Any, state: str | None, one: Any, limit: int) -> list[dict[str, Any]]:
    from crossdock.cli.reading import queries
    from crossdock.kit.ids import Prefix, show

    rows: list[Any] = []
    async with hub.database.engine() as conn:
        if state is None or state in _LIVE:
            rows += await conn.fetch(queries()["deliveries_live"], tenant_id, state, one, limit)
        if (state is None or state in _DONE) and len(rows) < limit:
            rows += await conn.fetch(queries()["deliveries_done"], tenant_id, state, one, limit - len(rows))
    return [{**dict(row), "id": show(Prefix.DELIVERY, row["id"])} for row in rows]


@deliveries.command("show")
@guarded
def deliveries_show(
    delivery: Annotated[str, typer.Argument(help="Its id.", metavar="DELIVERY")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show one delivery and its attempts."""
    from crossdock.cli.opening import run, tenant_hub
    from crossdock.cli.reading import queries
    from crossdock.errors import NotFound
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.DELIVERY, delivery)

    async def work() -> dict[str, Any]:
        async with tenant_hub(tenant) as (hub, tenant_id):
            found = await _deliveries(hub, tenant_id, None, identifier, 1)
            if not found:
                raise NotFound("there is no such delivery", remedy="list them with: crossdock deliveries")
            async with hub.database.engine() as conn:
                tries = await conn.fetch(queries()["attempts"], tenant_id, identifier)
            return {**found[0], "tries": [dict(row) for row in tries]}

    shown = run(work())
    give(shown, as_json=as_json, people=lambda: _with_tries(shown))


def _with_tries(shown: dict[str, Any]) -> Any:
    from rich.console import Group

    columns = ("number", "step", "outcome", "code", "reason", "took_ms", "ended_at")
    return Group(_facts(shown), table(shown["tries"], columns, empty="It was not attempted yet."))


@guarded
def replay(
    dead: Annotated[bool, typer.Option("--dead", help="All dead letters that were not replayed yet.")] = False,
    ids: Annotated[list[str] | None, typer.Option("--id", help="This delivery; may be given several times.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Made at or after: 2026-11-21 or 2026-11-21T10:00Z.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Made before.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Only to this destination.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Deliver again what has ended: the newest state of a record, or the very same message."""
    from crossdock.cli.opening import ringing, run, tenant_hub
    from crossdock.errors import BadInput
    from crossdock.kit.ids import Prefix, parse

    if not (dead or ids or since or until):
        raise BadInput("say what to replay", remedy="--dead, --id, or --since and --until")
    chosen = [parse_id(parse, Prefix.DELIVERY, one) for one in ids] if ids else None
    begin, end = _moment(since), _moment(until)

    async def work() -> int:
        async with tenant_hub(tenant) as (hub, tenant_id), ringing(hub):
            lane = (await hub.connections.find(tenant_id, to)).id if to else None
            state = "dead" if dead else None
            return await hub.replay.done(tenant_id, ids=chosen, state=state, lane_id=lane, since=begin, until=end)

    queued = run(work())
    told = f"{queued} deliveries are queued again; a running worker delivers them."
    give({"queued": queued}, as_json=as_json, people=lambda: told)


def _moment(text: str | None) -> datetime | None:
    """Read a time; without a zone it is UTC. Raises ``BadInput``."""
    from crossdock.errors import BadInput

    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("that is no time", remedy="write it like 2026-11-21 or 2026-11-21T10:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
