"""``connections``: list, show, change, pause, resume, new keys, numbers, the end."""

from __future__ import annotations

import os
import sys
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask, ask_about
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    from crossdock.model.connection import Connection
    from crossdock.wiring import Hub

connections = typer.Typer(help="List, show, change, pause, resume or end connections.", cls=Lists)


@connections.command("list")
@guarded
def connections_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the tenant's connections."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        rows = await hub.connections.list(tenant_id)
        return [{name: value for name, value in row.items() if name != "uuid"} for row in rows]

    rows = ask(tenant, work)
    columns = ("id", "name", "connector", "state", "problem", "created_at")
    empty = "Nothing is connected yet. Begin with: crossdock connect woocommerce --help"
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty=empty))


Which = Annotated[str, typer.Argument(help="Its id, name or account.", metavar="CONNECTION")]


@connections.command("show")
@guarded
def connections_show(connection: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show a connection: its state, choices and what is known of the account. No secrets."""

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> dict[str, Any]:
        del hub, tenant_id
        return _shown(found)

    shown = ask_about(connection, tenant, work)
    give(shown, as_json=as_json, people=lambda: _lines(shown))


@connections.command("set")
@guarded
def connections_set(
    connection: Which,
    choices: Annotated[
        list[str],
        typer.Argument(help="NAME=VALUE: name=Shop, streams.coupon.enabled=false; empty: take back."),
    ],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Change the name or the choices of a connection; every process acts by them within about a second.

    Choices: streams.STREAM.enabled, streams.STREAM.interval_s, start_date, filters, quiet_hours, status_map,
    shipping_map, payment_map, field_owners, cleared_for, rollout,
    requests_per_minute, requests_per_day, limits. Values are JSON, or text.
    """
    changes = read_choices(choices)

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> dict[str, Any]:
        return _shown(await hub.upkeep.change(tenant_id, found.id, changes, actor=ACTOR))

    shown = ask_about(connection, tenant, work)
    give(shown, as_json=as_json, people=lambda: _lines(shown))


def read_choices(given: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE words; dots go deeper. Raises ``BadInput``."""
    import orjson

    from crossdock.errors import BadInput

    changes: dict[str, Any] = {}
    for word in given:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise BadInput("a choice is written as NAME=VALUE", field=name[:60], remedy="start_date=2026-01-01")
        try:
            value = orjson.loads(text) if text else None
        except orjson.JSONDecodeError:
            value = text
        *path, last = name.split(".")
        at = changes
        for part in path:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise BadInput("it is given twice", field=name, remedy="give each choice once")
        # a name of digits is a name all the same
        at[last] = text if name == "name" else value
    return changes


@connections.command("pause")
@guarded
def connections_pause(connection: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Pause: what arrives is kept, nothing is pulled or delivered."""

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> str:
        await hub.upkeep.pause(tenant_id, found.id, actor=ACTOR)
        return found.name

    _give_state(ask_about(connection, tenant, work), "paused", as_json=as_json)


@connections.command("resume")
@guarded
def connections_resume(connection: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Go on after a pause or after trouble; what was missed is read at once."""

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> str:
        await hub.upkeep.resume(tenant_id, found.id, actor=ACTOR)
        return found.name

    _give_state(ask_about(connection, tenant, work), "active", as_json=as_json)


def _give_state(name: str, state: str, *, as_json: bool) -> None:
    give({"name": name, "state": state}, as_json=as_json, people=lambda: f"{name} is {state}.")


@connections.command("rotate")
@guarded
def connections_rotate(
    connection: Which,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="FIELD=VALUE, such as key=ck_…; FIELD=- reads a line from standard input."),
    ] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Put new credentials in place of the old ones, once they were tried against the same account.

    What is not given comes from the environment (CROSSDOCK_CONNECT_KEY for key) or is asked for.
    """

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> dict[str, Any]:
        form = _secrets(found.connector, given or [])
        result = await hub.upkeep.rotate(tenant_id, found.id, form, actor=ACTOR)
        return {"name": found.name, "rotated": sorted(form), "warnings": list(result.warnings)}

    done = ask_about(connection, tenant, work)
    for warning in done["warnings"]:
        note(f"note: {warning}")
    give(done, as_json=as_json, people=lambda: f"{done['name']} has new credentials.")


def _secrets(connector: str, given: list[str]) -> dict[str, str]:
    from crossdock.connect import catalogue
    from crossdock.connect.manifest import FieldKind

    form: dict[str, str] = {}
    for word in given:
        name, _, value = word.partition("=")
        form[name] = sys.stdin.readline().strip() if value == "-" else value
    for field in catalogue.get(connector).manifest.form:
        if field.kind is not FieldKind.SECRET or field.name in form:
            continue
        if known := os.environ.get(f"CROSSDOCK_CONNECT_{field.name.upper()}"):
            form[field.name] = known
        elif sys.stdin.isatty():
            form[field.name] = typer.prompt(field.label, hide_input=True, err=True)
    return form


@connections.command("disconnect")
@guarded
def connections_disconnect(connection: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """End a connection: its webhooks are removed from the shop, its keys and routes from here. Its history stays.

    What still waits for it, or of it, ends as skipped (route-removed).
    """

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> dict[str, Any]:
        left = await hub.connections.disconnect(tenant_id, found.id, actor=ACTOR)
        return {"name": found.name, "state": "revoked", "left_behind": list(left)}

    done = ask_about(connection, tenant, work)
    if done["left_behind"]:
        note("note: the account did not answer; delete there by hand: " + ", ".join(done["left_behind"]))
    give(done, as_json=as_json, people=lambda: f"{done['name']} is disconnected.")


@connections.command("stats")
@guarded
def connections_stats(
    connection: Which,
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="How far back.")] = 30,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show what a connection holds, what came and went, and what failed; exit code 1 with dead deliveries."""

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connection) -> dict[str, Any]:
        from crossdock.govern.stats import stats_of

        async with hub.database.tenant(tenant_id) as conn:
            return await stats_of(conn, found, days)

    stats = ask_about(connection, tenant, work)
    give(stats, as_json=as_json, people=lambda: _numbers(stats))
    if stats["errors"]:
        raise typer.Exit(Code.NO)


def _numbers(stats: dict[str, Any]) -> str:
    rows = [
        {"stream": name, "entities": one["entities"], "gone": one["gone"], **one["arrivals"]}
        for name, one in stats["streams"].items()
    ]
    columns = ("stream", "entities", "gone", "applied", "duplicate", "stale", "contested")
    facts = {name: stats[name] for name in ("last_webhook", "last_pull", "last_delivery", "failed_runs")}
    return "\n".join(
        [
            table(rows, columns, empty="Nothing has come yet."),
            _lines({**facts, "delivered_from": stats["delivered_from"], "delivered_to": stats["delivered_to"]}),
            table(stats["errors"], ("rule", "reason", "count", "last"), empty="No delivery is dead."),
        ]
    )


def _shown(found: Connection) -> dict[str, Any]:
    from crossdock.kit.ids import Prefix, show

    return {
        "id": show(Prefix.CONNECTION, found.id),
        "name": found.name,
        "connector": found.connector,
        "state": str(found.state),
        "account_uid": found.account_uid,
        "config": found.config,
        "account": found.account,
    }


def _lines(facts: dict[str, Any]) -> str:
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{name}.{key}: {inner}" for key, inner in value.items()]
        else:
            lines.append(f"{name}: {value if value is not None else 'never'}")
    return "\n".join(lines)
