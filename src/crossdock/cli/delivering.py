"""``deliveries`` and ``undelivered``: what became of what came in, one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, cell, give, guarded, table
from crossdock.cli.asking import ask, check_word, only
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.flow.deliver import Filter
    from crossdock.wiring import Hub

deliveries = typer.Typer(help="List deliveries, show one with its attempts, retry or discard one.", cls=Lists)

Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many to show.")]
State = Annotated[str | None, typer.Option("--state", help="waiting, claimed, in_doubt, delivered, skipped or dead.")]
Connection = Annotated[str | None, typer.Option("--connection", help="Only of this source or destination.")]
Route = Annotated[str | None, typer.Option("--route", help="Only of this route (its id).")]
Stream = Annotated[str | None, typer.Option("--stream", help="Only of this stream.")]
Record = Annotated[str | None, typer.Option("--record", help="Only of this record (rec_…, ord_…, cus_…, prd_…).")]
Event = Annotated[str | None, typer.Option("--event", help="Only of this event.")]
Since = Annotated[str | None, typer.Option("--since", help="Made at or after: 2026-11-21 or 2026-11-21T10:00Z.")]
Until = Annotated[str | None, typer.Option("--until", help="Made before.")]
Place = Annotated[str | None, typer.Option("--before", help="Go on below this delivery.")]
DeliveryId = Annotated[str, typer.Argument(help="Its id.", metavar="DELIVERY")]
Reason = Annotated[str, typer.Option("--reason", help="Why it shall never be delivered; it stands in the audit.")]
STATES = ("waiting", "claimed", "in_doubt", "delivered", "skipped", "dead")
_COLUMNS = ("id", "stream", "external_id", "destination", "action", "state", "rule", "attempts", "reason", "ended_at")


@deliveries.command("list")
@guarded
def deliveries_list(
    state: State = None,
    connection: Connection = None,
    route: Route = None,
    stream: Stream = None,
    record: Record = None,
    event: Event = None,
    since: Since = None,
    until: Until = None,
    before: Place = None,
    limit: Limit = 20,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first."""
    import msgspec

    from crossdock.kit.ids import Prefix, parse

    check_word("state", state, STATES)
    named = {"connection": connection, "route": route, "stream": stream, "since": since, "until": until}

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        asked = msgspec.structs.replace(
            await chosen(hub, tenant_id, **named),
            state=state,
            record_id=record_of(record) if record else None,
            event_id=parse_id(parse, Prefix.EVENT, event) if event else None,
        )
        below = parse_id(parse, Prefix.DELIVERY, before) if before else None
        return bared(await hub.letters.page(tenant_id, asked, limit, below))

    rows = ask(tenant, work)
    give(rows, as_json=as_json, people=lambda: table(rows, _COLUMNS))


async def chosen(
    hub: Hub,
    tenant_id: uuid.UUID,
    *,
    connection: str | None = None,
    route: str | None = None,
    stream: str | None = None,
    since: str | None = None,
    until: str | None = None,
    cause: str | None = None,
) -> Filter:
    """Read the options that all lists have. Raises ``NotFound`` or ``BadInput``."""
    from crossdock.flow.deliver import Filter
    from crossdock.kit.ids import Prefix, parse

    return Filter(
        connection_id=await only(hub, tenant_id, connection),
        route_id=parse_id(parse, Prefix.ROUTE, route) if route else None,
        cause_id=parse_id(parse, Prefix.CAUSE, cause) if cause else None,
        stream=stream,
        since=moment(since),
        until=moment(until),
    )


def record_of(text: str) -> uuid.UUID:
    """Read the id of a record by any of its names. Raises ``BadInput``."""
    from crossdock.kit.ids import Prefix, parse

    names = (Prefix.ORDER, Prefix.CUSTOMER, Prefix.PRODUCT)
    prefix = next((one for one in names if text.startswith(f"{one}_")), Prefix.RECORD)
    found: uuid.UUID = parse_id(parse, prefix, text)
    return found


def bared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return deliveries as they are shown."""
    return [{name: value for name, value in row.items() if not name.endswith("uuid")} for row in rows]


@deliveries.command("show")
@guarded
def deliveries_show(delivery: DeliveryId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show one delivery, its cause, and of each attempt what was asked and answered, redacted."""
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.DELIVERY, delivery)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        return bared([await hub.letters.one(tenant_id, identifier)])[0]

    shown = ask(tenant, work)
    give(shown, as_json=as_json, people=lambda: _whole(shown))


def _whole(shown: dict[str, Any]) -> Any:
    from rich.console import Group
    from rich.text import Text

    facts = [f"{name:<15} {cell(value)}" for name, value in shown.items() if name not in ("cause", "tries")]
    if shown["cause"]:
        told = ", ".join(
            f"{n} {shown['cause'][n]}" for n in ("connector", "code", "field", "rule") if shown["cause"][n]
        )
        facts.append(f"{'cause':<15} {told}")
    tries = [{**one, **_called(one["detail"])} for one in shown["tries"]]
    columns = ("number", "step", "outcome", "called", "status", "fields", "reason", "took_ms", "ended_at")
    return Group(Text("\n".join(facts)), table(tries, columns, empty="It was not attempted yet."))


def _called(detail: dict[str, Any] | None) -> dict[str, Any]:
    if not detail:
        return {}
    request = detail["request"]
    fields = [f"{name}: {', '.join(names)}" for name, names in request["fields"].items()]
    called = f"{request.get('method', '')} {request.get('path', '')}".strip()
    return {"called": called or None, "status": detail["answer"].get("status"), "fields": "; ".join(fields) or None}


@deliveries.command("retry")
@guarded
def deliveries_retry(delivery: DeliveryId, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Deliver again what has ended; a dead letter once."""
    from crossdock.cli.opening import ringing
    from crossdock.errors import Conflict
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.DELIVERY, delivery)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> tuple[bool, int]:
        async with ringing(hub):
            await hub.letters.one(tenant_id, identifier)
            return await hub.replay.one(tenant_id, identifier, actor=ACTOR)

    taken, queued = ask(tenant, work)
    if not taken:
        raise Conflict("it is under way, was retried already, or its route is gone", remedy="crossdock deliveries show")
    told = "It is queued again." if queued else "The record's present state is on its way already."
    give({"id": delivery, "queued": queued}, as_json=as_json, people=lambda: told)


@deliveries.command("discard")
@guarded
def deliveries_discard(
    delivery: DeliveryId, reason: Reason, tenant: Tenant = "default", as_json: AsJson = False
) -> None:
    """End a dead letter for good, with a reason."""
    from crossdock.kit.ids import Prefix, parse

    identifier = parse_id(parse, Prefix.DELIVERY, delivery)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        return bared([await hub.letters.discard(tenant_id, identifier, reason, actor=ACTOR)])[0]

    shown = ask(tenant, work)
    give(shown, as_json=as_json, people=lambda: f"{delivery} is discarded.")


@guarded
def undelivered(
    connection: Connection = None,
    stream: Stream = None,
    limit: Limit = 50,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List what has not reached its destination: under way, in doubt or dead; the longest first."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        asked = await chosen(hub, tenant_id, connection=connection, stream=stream)
        return bared(await hub.letters.undelivered(tenant_id, asked, limit))

    rows = ask(tenant, work)
    columns = ("id", "type", "external_id", "destination", "state", "attempts", "reason", "created_at", "due_at")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty="Everything is delivered."))


def moment(text: str | None) -> datetime | None:
    """Read a time; without a zone it is UTC. Raises ``BadInput``."""
    from crossdock.errors import BadInput

    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("that is no time", remedy="write it like 2026-11-21 or 2026-11-21T10:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
