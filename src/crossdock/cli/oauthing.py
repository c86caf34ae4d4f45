"""``oauth``: the hub's apps at vendors; connecting and reconnecting on a vendor's page of consent."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask, ask_about
from crossdock.cli.listing import Lists

if TYPE_CHECKING:
    import uuid

    from crossdock.model.connection import Connection as Connected
    from crossdock.wiring import Hub

oauth = typer.Typer(help="Connect by a vendor's page of consent, and the hub's apps there.", no_args_is_help=True)
apps = typer.Typer(help="Add, list, change or remove the hub's apps at vendors.", cls=Lists)
oauth.add_typer(apps, name="apps")

Connector = Annotated[str, typer.Argument(help="hubspot …", metavar="CONNECTOR")]
Which = Annotated[str, typer.Argument(help="Its id or name.", metavar="APP")]
Connection = Annotated[str, typer.Argument(help="Its id, name or account.", metavar="CONNECTION")]
AppOption = Annotated[str, typer.Option("--app", help="Id or name; needed where there are several.")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="Ask for these in place of the connector's own (repeat it).")
]
Secret = Annotated[
    str, typer.Option("--client-secret", help="- reads it from standard input; else CROSSDOCK_CLIENT_SECRET, or asked.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Print the page and do not wait until somebody has accepted.")]


@apps.command("add")
@guarded
def apps_add(
    connector: Connector,
    client_id: Annotated[str, typer.Option("--client-id", help="The app's id at the vendor.")],
    client_secret: Secret = "",
    name: Annotated[str, typer.Option("--name", help="What to call it; the connector's name unless given.")] = "",
    scope: Scopes = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Add an app: what the vendor's page for developers shows. Its redirect address is /oauth/callback of this hub."""
    from crossdock.govern.oauth.apps import shown

    secret = _secret(client_secret, ask=True)

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        made = await hub.oauth.apps.add(
            tenant_id,
            connector,
            client_id=client_id,
            client_secret=secret,
            name=name,
            scopes=scope or None,
            actor=ACTOR,
        )
        return shown(made)

    made = ask(tenant, work)
    give(
        made,
        as_json=as_json,
        people=lambda: f"Added {made['name']} ({made['id']}). Next: crossdock oauth authorize {connector}",
    )


@apps.command("list")
@guarded
def apps_list(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the apps, without their secrets."""
    from crossdock.govern.oauth.apps import shown

    async def work(hub: Hub, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
        return [shown(app) for app in await hub.oauth.apps.list(tenant_id)]

    rows = ask(tenant, work)
    empty = "There is no app yet. Begin with: crossdock oauth apps add --help"
    columns = ("id", "connector", "name", "client_id", "scopes", "connections")
    give(rows, as_json=as_json, people=lambda: table(rows, columns, empty=empty))


@apps.command("set")
@guarded
def apps_set(
    app: Which,
    client_id: Annotated[str | None, typer.Option("--client-id", help="The app's id at the vendor.")] = None,
    client_secret: Secret = "",
    name: Annotated[str | None, typer.Option("--name", help="What to call it.")] = None,
    scope: Scopes = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Change an app. A new secret is used from the next renewal on; what was granted stays."""
    from crossdock.govern.oauth.apps import shown

    given = {"client_id": client_id, "client_secret": _secret(client_secret, ask=False) or None, "name": name}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if scope:
        changes["scopes"] = scope

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        found = await hub.oauth.apps.find(tenant_id, app)
        return shown(await hub.oauth.apps.change(tenant_id, found.id, changes, actor=ACTOR))

    changed = ask(tenant, work)
    give(changed, as_json=as_json, people=lambda: f"Changed {changed['name']} ({changed['id']}).")


@apps.command("remove")
@guarded
def apps_remove(app: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Remove an app that no connection stands on."""
    from crossdock.govern.oauth.apps import shown

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        found = await hub.oauth.apps.find(tenant_id, app)
        await hub.oauth.apps.remove(tenant_id, found.id, actor=ACTOR)
        return shown(found)

    gone = ask(tenant, work)
    give(gone, as_json=as_json, people=lambda: f"Removed {gone['name']} ({gone['id']}).")


@oauth.command("authorize")
@guarded
def authorize(
    connector: Connector,
    app: AppOption = "",
    name: Annotated[str, typer.Option("--name", help="What to call the connection.")] = "",
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="A field of the connector's form; - reads it from standard input."
        ),
    ] = None,
    no_wait: NoWait = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Connect an account by the vendor's page: prints it, and waits until somebody has accepted there."""
    form = _form(field or ())

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        asked = await hub.oauth.begin(tenant_id, connector, form, app=app, name=name, actor=ACTOR)
        return await _outcome(hub, tenant_id, asked, no_wait=no_wait)

    _tell(ask(tenant, work), as_json=as_json)


@oauth.command("reconnect")
@guarded
def reconnect(
    connection: Connection,
    app: AppOption = "",
    no_wait: NoWait = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Give a connection its access back: prints the vendor's page, where one click does it."""

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connected) -> dict[str, Any]:
        asked = await hub.oauth.reconnect(tenant_id, found.id, app=app, actor=ACTOR)
        return await _outcome(hub, tenant_id, asked, no_wait=no_wait)

    _tell(ask_about(connection, tenant, work), as_json=as_json)


@oauth.command("show")
@guarded
def show(connection: Connection, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Show what was granted to a connection: app, permissions, when it is renewed."""
    from crossdock.govern.oauth.consents import shown

    async def work(hub: Hub, tenant_id: uuid.UUID, found: Connected) -> dict[str, Any]:
        return shown(await hub.oauth.grant(tenant_id, found.id), found.id)

    found = ask_about(connection, tenant, work)
    rows = [{"fact": name, "value": value} for name, value in found.items()]
    give(found, as_json=as_json, people=lambda: table(rows, ("fact", "value")))


async def _outcome(hub: Hub, tenant_id: uuid.UUID, asked: Any, *, no_wait: bool) -> dict[str, Any]:
    """Print the page and wait. The answer comes to the running hub (``crossdock serve``)."""
    from crossdock.errors import VendorTrouble
    from crossdock.govern.authorizations import shown

    if no_wait:
        return {"url": asked.url, "state": asked.state, "expires_at": asked.expires_at}
    note(f"Open this page and accept, until {asked.expires_at:%H:%M} UTC:\n\n  {asked.url}\n")
    while True:
        found = await hub.oauth.state(asked.state, tenant_id)
        if found is None or found.state in ("expired", "refused"):
            problem = found.problem if found and found.problem else "nobody accepted in time"
            raise VendorTrouble(problem, remedy=found.remedy if found and found.remedy else "begin anew")
        if found.state == "connected":
            return shown(found)
        await asyncio.sleep(1)


def _tell(made: dict[str, Any], *, as_json: bool) -> None:
    def people() -> str:
        return str(made["url"]) if "url" in made else f"Connected {made['name']} ({made['connection']})."

    give(made, as_json=as_json, people=people)


def _secret(given: str, *, ask: bool) -> str:
    if given == "-":
        return sys.stdin.readline().strip()
    known = given or os.environ.get("CROSSDOCK_CLIENT_SECRET", "")
    if not known and ask and sys.stdin.isatty():
        return str(typer.prompt("Client secret", hide_input=True, err=True))
    return known


def _form(fields: list[str] | tuple[str, ...]) -> dict[str, str]:
    from crossdock.errors import BadInput

    form = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise BadInput("a field is written as FIELD=VALUE", field=name, remedy="crossdock oauth authorize --help")
        # a secret of the form does not belong into the list of processes
        form[name] = sys.stdin.readline().strip() if value == "-" else value
    return form
