"""``alerts``: what is wrong, its rules, and the channels it is told on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, table
from crossdock.cli.asking import ask, only
from crossdock.cli.connecting import parse_id
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

alerts = typer.Typer(help="List alerts, take one over, set rules and channels.", cls=Lists)
rules = typer.Typer(help="List rules, set one, or take back what was set.", cls=Lists)
channels = typer.Typer(help="List channels, add, test, change or drop one.", cls=Lists)
alerts.add_typer(rules, name="rules")
alerts.add_typer(channels, name="channels")

Every = Annotated[bool, typer.Option("--all", help="Those that are over, too.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many to show, the newest first.")]
Which = Annotated[str | None, typer.Option("--connection", help="Of this connection (id, name or account).")]
Channel = Annotated[str, typer.Argument(help="Its id or name.", metavar="CHANNEL")]
Field = Annotated[list[str] | None, typer.Option("--set", help="A field of its form, NAME=VALUE; several times.")]
Least = Annotated[str | None, typer.Option("--least", help="warning, or error: nothing below that.")]
OnlyKind = Annotated[list[str] | None, typer.Option("--kind", help="Only this rule; several times.")]
_COLUMNS = ("id", "severity", "state", "title", "since", "count", "remedy", "command")


@alerts.command("list")
@guarded
def alerts_list(
    every: Every = False,
    connection: Which = None,
    limit: Limit = 50,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List what stands, the newest first; exit code 1 while an error does."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        from crossdock.govern.alerts import Listing

        one = await only(hub, tenant_id, connection)
        asked = Listing(limit, None if every else True, connection_id=one)
        async with hub.database.engine() as conn:
            return await hub.alerting.alerts.listed(conn, tenant_id, asked)

    rows = ask(tenant, work)
    give(rows, as_json=as_json, people=lambda: table(rows, _COLUMNS, empty="All is well: nothing stands."))
    if any(row["state"] != "ended" and row["severity"] == "error" for row in rows):
        raise typer.Exit(Code.NO)


@alerts.command("show")
@guarded
def alerts_show(
    alert: Annotated[str, typer.Argument(help="Its id.", metavar="ALERT")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show one alert: what happened, since when, why, how many, what to do."""
    from crossdock.kit.ids import Prefix, parse

    wanted = parse_id(parse, Prefix.ALERT, alert)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        async with hub.database.engine() as conn:
            return await hub.alerting.alerts.one(conn, tenant_id, wanted)

    _show(ask(tenant, work), as_json=as_json)


@alerts.command("acknowledge")
@guarded
def alerts_acknowledge(
    alert: Annotated[str, typer.Argument(help="Its id.", metavar="ALERT")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Take an alert over: nobody is reminded of it any more; its end is told all the same."""
    from crossdock.kit.ids import Prefix, parse

    wanted = parse_id(parse, Prefix.ALERT, alert)
    found = ask(tenant, lambda hub, of: hub.alerting.alerts.acknowledge(of, wanted, actor=ACTOR))
    _show(found, as_json=as_json)


def _show(facts: dict[str, Any], *, as_json: bool) -> None:
    from crossdock.cli.answers import cell

    give(facts, as_json=as_json, people=lambda: "\n".join(f"{n:<16} {cell(v)}" for n, v in facts.items()))


@rules.command("list")
@guarded
def rules_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the rules that hold."""
    found = ask(tenant, lambda hub, of: hub.alerting.rules.listed(of))
    rows = [{**one, "settings": ", ".join(f"{n}={v:g}" for n, v in one["settings"].items())} for one in found]
    columns = ("id", "kind", "connection_id", "enabled", "severity", "settings", "means")
    give(found, as_json=as_json, people=lambda: table(rows, columns))


@rules.command("set")
@guarded
def rules_set(
    kind: Annotated[str, typer.Argument(help="The rule's name.", metavar="RULE")],
    numbers: Annotated[list[str] | None, typer.Option("--set", help="NAME=NUMBER; several times.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Switch it off.")] = False,
    severity: Annotated[str | None, typer.Option("--severity", help="error or warning.")] = None,
    connection: Which = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Set a rule for all connections, or for one; what was set about it before is replaced."""
    settings = {name: _number(name, value) for name, value in _pairs(numbers).items()}

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        one = await only(hub, tenant_id, connection)
        return await hub.alerting.rules.put(
            tenant_id, kind, one, enabled=not off, severity=severity, settings=settings, actor=ACTOR
        )

    _show(ask(tenant, work), as_json=as_json)


@rules.command("reset")
@guarded
def rules_reset(
    rule: Annotated[str, typer.Argument(help="Its id (rul_…).", metavar="RULE")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Take back what was set: the tenant's own rule or the default holds again."""
    from crossdock.kit.ids import Prefix, parse

    wanted = parse_id(parse, Prefix.RULE, rule)
    ask(tenant, lambda hub, of: hub.alerting.rules.drop(of, wanted, actor=ACTOR))
    give({"id": rule}, as_json=as_json, people=lambda: f"{rule} is taken back")


def _pairs(given: list[str] | None) -> dict[str, str]:
    from crossdock.errors import BadInput

    pairs = {}
    for one in given or ():
        name, found, value = one.partition("=")
        if not found or not name:
            raise BadInput(f"{name!r} is no NAME=VALUE", field="--set", remedy="write --set NAME=VALUE")
        pairs[name] = value
    return pairs


def _number(name: str, value: str) -> float:
    from crossdock.errors import BadInput

    try:
        return float(value)
    except ValueError:
        raise BadInput(f"{name} is a number", field=f"settings.{name}", remedy="write --set hours=12") from None


@channels.command("list")
@guarded
def channels_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List channels and how they do."""
    rows = ask(tenant, lambda hub, of: hub.alerting.channels.listed(of))
    columns = ("id", "name", "kind", "state", "least", "report", "waiting", "sent_at", "problem")
    hint = "There are none yet: crossdock alerts channels add NAME --as email --set host=… --set to=…"
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty=hint))


@channels.command("add")
@guarded
def channels_add(
    name: Annotated[str, typer.Argument(help="What it shall be called.", metavar="NAME")],
    kind: Annotated[str, typer.Option("--as", help="email, webhook or slack.")],
    form: Field = None,
    least: Least = None,
    kinds: OnlyKind = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Send the daily report there.")] = True,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Add a channel. A value that is left empty (password=) is asked for, or read from standard input.

    email: host, port, security (tls, starttls, none), user, password, sender, to (several with commas);
    webhook: url, secret (one is made and shown once); slack: url.
    """
    from crossdock.govern.alerts import NewChannel

    new = NewChannel(name, kind, _form(form), least=least or "warning", kinds=tuple(kinds or ()), report=report)
    _show(ask(tenant, lambda hub, of: hub.alerting.channels.add(of, new, actor=ACTOR)), as_json=as_json)


def _form(given: list[str] | None) -> dict[str, Any]:
    form: dict[str, Any] = dict(_pairs(given))
    for name in [name for name, value in form.items() if not value]:
        form[name] = typer.prompt(name, hide_input=True, err=True)
    if "port" in form:
        form["port"] = int(_number("port", form["port"]))
    if "to" in form:
        form["to"] = [part.strip() for part in form["to"].split(",") if part.strip()]
    return form


@channels.command("change")
@guarded
def channels_change(
    channel: Channel,
    form: Field = None,
    least: Least = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")] = None,
    report: Annotated[bool | None, typer.Option("--report/--no-report", help="Send the daily report there.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Change a channel; what is not named stays, secrets too."""
    named = {"form": _form(form) or None, "least": least, "enabled": on, "report": report}
    changes = {name: value for name, value in named.items() if value is not None}

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        one = await hub.alerting.channels.find(tenant_id, channel)
        return await hub.alerting.channels.change(tenant_id, one, changes, actor=ACTOR)

    _show(ask(tenant, work), as_json=as_json)


@channels.command("test")
@guarded
def channels_test(channel: Channel, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Send a test now; exit code 1 when it does not get through."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> str:
        return await hub.alerting.notices.test(tenant_id, await hub.alerting.channels.find(tenant_id, channel))

    problem = ask(tenant, work)
    give({"ok": not problem, "problem": problem}, as_json=as_json, people=lambda: problem or "It was taken.")
    if problem:
        raise typer.Exit(Code.NO)


@channels.command("drop")
@guarded
def channels_drop(channel: Channel, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Drop a channel, and what waits on it."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> None:
        one = await hub.alerting.channels.find(tenant_id, channel)
        await hub.alerting.channels.drop(tenant_id, one, actor=ACTOR)

    ask(tenant, work)
    give({"channel": channel}, as_json=as_json, people=lambda: f"{channel} is dropped")


@guarded
def report(
    day: Annotated[
        str | None, typer.Option("--day", help="The daily report made on this day (YYYY-MM-DD); none: the last 24 h.")
    ] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Show how a tenant does: deliveries, lag, connections, proofs; exit code 1 when there is something to do."""
    from datetime import date

    from crossdock.errors import BadInput

    try:
        wanted = date.fromisoformat(day) if day else None
    except ValueError:
        raise BadInput("no day", field="--day", remedy="write it as 2026-11-21") from None

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        health = hub.alerting.health
        return await (health.kept(tenant_id, wanted) if wanted else health.now(tenant_id))

    found = ask(tenant, work)
    give(found, as_json=as_json, people=lambda: found["text"])
    if not found["ok"]:
        raise typer.Exit(Code.NO)
