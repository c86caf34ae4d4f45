"""``dead-letters``, ``replay`` and ``replays``: what was given up, by its cause, and delivering again."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, cell, give, guarded, note, table
from crossdock.cli.asking import ask
from crossdock.cli.connecting import parse_id
from crossdock.cli.delivering import (
    Connection,
    Limit,
    Reason,
    Record,
    Route,
    Since,
    State,
    Stream,
    Until,
    chosen,
    record_of,
)
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from crossdock.flow.deliver import Ask
    from crossdock.wiring import Hub

dead_letters = typer.Typer(help="List dead letters by cause; export, retry or discard them.", cls=Lists)
replays = typer.Typer(help="List replays, or show one.", cls=Lists)

Cause = Annotated[str | None, typer.Option("--cause", help="Only of this cause (cau_…).")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until all of it has ended.")]
Key = Annotated[str | None, typer.Option("--key", help="Idempotency key: the same key is the same replay for ever.")]
_COLUMNS = ("cause_id", "connection", "code", "field", "rule", "standing", "oldest", "newest", "reason")
_POLL_S = 0.2
_STILL_S = 60.0
"""So long nothing may move before it is left to itself (a destination is down, or bulk waits for its hours)."""


@dead_letters.command("list")
@guarded
def letters_list(
    cause: Cause = None,
    connection: Connection = None,
    route: Route = None,
    stream: Stream = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List standing dead letters by cause and destination: one line for a thousand of a kind."""
    named = _named(cause, connection, route, stream, since, until)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        return await hub.letters.groups(tenant_id, await chosen(hub, tenant_id, **named))

    rows = ask(tenant, work)
    give(rows, as_json=as_json, people=lambda: table(rows, _COLUMNS, empty="There is no dead letter."))


def _named(*values: str | None) -> dict[str, str | None]:
    return dict(zip(("cause", "connection", "route", "stream", "since", "until"), values, strict=True))


@dead_letters.command("export")
@guarded
def letters_export(
    form: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "jsonl",
    cause: Cause = None,
    connection: Connection = None,
    route: Route = None,
    stream: Stream = None,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Write standing dead letters to standard output, one a line; of a million only a page is in memory."""
    from crossdock.api.resources.dead_letters import lines
    from crossdock.errors import BadInput

    if form not in ("csv", "jsonl"):
        raise BadInput(f"there is no format {form!r}", field="format", remedy="csv or jsonl")

    async def work(hub: Hub, tenant_id: uuid.UUID) -> None:
        asked = await chosen(hub, tenant_id, **_named(cause, connection, route, stream, since, until))
        async for part in lines(hub.letters.export(tenant_id, asked), "jsonl" if as_json else form):
            sys.stdout.write(part.decode())
        sys.stdout.flush()

    ask(tenant, work)


@dead_letters.command("retry")
@guarded
def letters_retry(
    cause: Cause = None,
    connection: Connection = None,
    route: Route = None,
    stream: Stream = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    wait: Wait = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Retry standing dead letters; without a filter all of them. Each goes once."""
    from crossdock.flow.deliver import Ask

    async def asked(hub: Hub, tenant_id: uuid.UUID) -> Ask:
        named = _named(cause, connection, route, stream, since, until)
        return Ask(do="retry", filter=await chosen(hub, tenant_id, **named))

    _replay(asked, key, tenant, wait=wait, as_json=as_json)


@dead_letters.command("discard")
@guarded
def letters_discard(
    reason: Reason,
    cause: Cause = None,
    connection: Connection = None,
    route: Route = None,
    stream: Stream = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    wait: Wait = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Discard standing dead letters for good, with a reason; at least one filter has to be given."""
    from crossdock.errors import BadInput
    from crossdock.flow.deliver import Ask

    named = _named(cause, connection, route, stream, since, until)
    if not any(named.values()):
        raise BadInput("say which", remedy="--cause, --connection, --route, --stream, --since or --until")

    async def asked(hub: Hub, tenant_id: uuid.UUID) -> Ask:
        return Ask(do="discard", filter=await chosen(hub, tenant_id, **named), reason=reason)

    _replay(asked, key, tenant, wait=wait, as_json=as_json)


@guarded
def replay(
    ids: Annotated[list[str] | None, typer.Option("--id", help="This delivery; may be given several times.")] = None,
    events: Annotated[list[str] | None, typer.Option("--event", help="This event's deliveries.")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All dead letters that were not retried yet.")] = False,
    since: Since = None,
    until: Until = None,
    connection: Connection = None,
    route: Route = None,
    stream: Stream = None,
    record: Record = None,
    state: State = None,
    mapping: Annotated[
        str | None, typer.Option("--mapping", help="A version of the route's mapping, or newest.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing; show what would change.")] = False,
    key: Key = None,
    wait: Wait = True,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Deliver again what has ended: the newest state of a record, or the very same message, behind all that is live."""
    import msgspec

    from crossdock.errors import BadInput
    from crossdock.flow.deliver import Ask
    from crossdock.kit.ids import Prefix, parse

    if not (dead or ids or events or since):
        raise BadInput("say what to replay", remedy="--dead, --id, --event, or --since and --until")

    async def asked(hub: Hub, tenant_id: uuid.UUID) -> Ask:
        named = {"connection": connection, "route": route, "stream": stream, "since": since, "until": until}
        narrowed = await chosen(hub, tenant_id, **named)
        version = int(mapping) if mapping and mapping.isdigit() else mapping
        if dead:
            return Ask(do="retry", filter=narrowed, mapping=version, dry_run=dry_run)
        fitting = msgspec.structs.replace(narrowed, state=state, record_id=record_of(record) if record else None)
        return Ask(
            deliveries=tuple(parse_id(parse, Prefix.DELIVERY, one) for one in ids or ()),
            events=tuple(parse_id(parse, Prefix.EVENT, one) for one in events or ()),
            filter=fitting,
            mapping=version,
            dry_run=dry_run,
        )

    _replay(asked, key, tenant, wait=wait, as_json=as_json)


def _replay(
    asked: Callable[[Hub, uuid.UUID], Awaitable[Ask]], key: str | None, tenant: str, *, wait: bool, as_json: bool
) -> None:
    from crossdock.cli.working import working

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        made = await hub.replays.ask(tenant_id, await asked(hub, tenant_id), actor=ACTOR, key=key)
        if wait:
            async with working(hub):
                await _follow(hub, tenant_id, made)
        return await hub.replays.one(tenant_id, made)

    shown = ask(tenant, work)
    if not wait and not as_json:
        note(f"It is queued; a running worker does it. Follow it: crossdock replays show {shown['id']}")
    give(shown, as_json=as_json, people=lambda: _told(shown))
    if shown["state"] in ("failed", "cancelled"):
        raise typer.Exit(Code.NO)


async def _follow(hub: Hub, tenant_id: uuid.UUID, replay_id: uuid.UUID) -> None:
    """Wait until all is queued and has come to its end, or nothing more moves by itself."""
    still, last = 0.0, (-1, -1)
    while still < _STILL_S:
        now = await hub.replays.one(tenant_id, replay_id)
        if now["ended_at"] and not now["under_way"]:
            return
        seen = (now["seen"], now["under_way"])
        still = 0.0 if seen != last else still + _POLL_S
        last = seen
        await asyncio.sleep(_POLL_S)


def _told(shown: dict[str, Any]) -> Any:
    from rich.console import Group
    from rich.text import Text

    counts = ", ".join(f"{n} {state}" for state, n in sorted(shown["deliveries"].items())) or "none"
    facts = [f"{shown['id']}: {shown['state']}, looked at {shown['seen']}, queued {shown['queued']}; now: {counts}"]
    if shown["problem"]:
        facts.append(str(shown["problem"]))
    preview = shown["preview"]
    if not preview:
        return Text("\n".join(facts))
    names = ("unchanged", "changed", "created", "archived", "messages", "refused", "nothing")
    facts.append("would be " + ", ".join(f"{name} {preview[name]}" for name in names if preview[name]))
    columns = ("stream", "external_id", "object", "field", "before", "after")
    parts = [Text("\n".join(facts)), table(preview["differences"], columns, empty="Nothing would change.")]
    if preview["refusals"]:
        parts.append(table(preview["refusals"], ("stream", "external_id", "field", "rule", "reason")))
    return Group(*parts)


@replays.command("list")
@guarded
def replays_list(limit: Limit = 20, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List replays, retries and discards by filter, the newest first."""
    rows = ask(tenant, lambda hub, tenant_id: hub.replays.listed(tenant_id, limit))
    told = [{**row, "asked": ", ".join(f"{n} {cell(v)}" for n, v in row["asked"].items())} for row in rows]
    columns = ("id", "asked", "state", "dry_run", "seen", "queued", "actor", "created_at", "ended_at")
    give(rows, as_json=as_json, people=lambda: table(told, columns))


@replays.command("show")
@guarded
def replays_show(
    replay_id: Annotated[str, typer.Argument(help="Its id.", metavar="RUN")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show a replay: how far it is, what became of its deliveries, what a dry run found."""
    from crossdock.kit.ids import Prefix, parse

    wanted = parse_id(parse, Prefix.RUN, replay_id)

    shown = ask(tenant, lambda hub, tenant_id: hub.replays.one(tenant_id, wanted))
    give(shown, as_json=as_json, people=lambda: _told(shown))
