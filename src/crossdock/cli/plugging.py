"""``plugin``: pair sites that run the WordPress plugin, list them, and end their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded, note, table
from crossdock.cli.asking import ask, only

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

plugin = typer.Typer(help="Sites with the WordPress plugin: pair, list, change or revoke.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="Its id, address or name, or its connection's.", metavar="SITE")]
Unsigned = Annotated[
    bool | None,
    typer.Option("--unsigned/--signed", help="Whether the key alone is enough; usually every request is signed."),
]


@plugin.command("sites")
@guarded
def plugin_sites(
    revoked: Annotated[bool, typer.Option("--revoked", help="Those whose key has ended, too.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """List the sites that were paired."""
    found = ask(tenant, lambda hub, tenant_id: hub.sites.list(tenant_id, revoked=revoked))
    rows = [
        {
            **{name: one[name] for name in ("id", "url", "signature_required", "last_seen_at", "revoked_at")},
            "connection": one["connection"]["name"],
            "connector": one["connection"]["connector"],
            "plugin": one["facts"].get("plugin", ""),
        }
        for one in found
    ]
    columns = ("id", "url", "connection", "connector", "plugin", "signature_required", "last_seen_at")
    empty = "No site is paired yet. Begin with: crossdock plugin pair"
    give(
        found,
        as_json=as_json,
        people=lambda: table(rows, (*columns, *(["revoked_at"] if revoked else [])), empty=empty),
    )


@plugin.command("pair")
@guarded
def plugin_pair(
    site: Annotated[str, typer.Option("--site", help="Only the site at this address may use the code.")] = "",
    connection: Annotated[
        str | None, typer.Option("--connection", help="Only the site of this connection may, and joins it.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What to call the connection, if one is made.")] = "",
    unsigned: Unsigned = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make a pairing code: it is pasted into the plugin within 15 minutes, and good for one site."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        made = await hub.pairing.code(
            tenant_id,
            connection_id=await only(hub, tenant_id, connection),
            site=site,
            name=name,
            signature_required=not unsigned,
            actor=ACTOR,
        )
        return {"id": str(made.id), "code": made.code, "link": made.link, "expires_at": made.expires_at}

    made = ask(tenant, work)
    if not as_json:
        where = f"Open this page:\n\n  {made['link']}\n\nor paste this" if made["link"] else "Paste this"
        note(f"{where} into WordPress > Crossdock > Connection, until {made['expires_at']:%H:%M} UTC:")
    give(made, as_json=as_json, people=lambda: made["code"])


@plugin.command("revoke")
@guarded
def plugin_revoke(site: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """End a site's key at once. Its connection and what it told stay."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        found = await hub.sites.find(tenant_id, site)
        shown = await hub.sites.one(tenant_id, found)
        await hub.sites.revoke(tenant_id, found, actor=ACTOR)
        return shown

    gone = ask(tenant, work)
    give(gone, as_json=as_json, people=lambda: f"The key of {gone['url']} has ended ({gone['id']}).")


@plugin.command("rotate")
@guarded
def plugin_rotate(site: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Replace a site's key and secret; they are shown once, to be entered in the plugin by hand."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        made = await hub.sites.rotate(tenant_id, await hub.sites.find(tenant_id, site), actor=ACTOR)
        return {"key": made.key, "secret": made.secret}

    made = ask(tenant, work)
    if not as_json:
        note("The former ones have ended. Keep these now: they cannot be shown again.")
    give(made, as_json=as_json, people=lambda: f"{made['key']}\n{made['secret']}")


@plugin.command("set")
@guarded
def plugin_set(
    site: Which,
    unsigned: Unsigned = None,
    per_minute: Annotated[
        int | None, typer.Option("--per-minute", min=1, max=100_000, help="Most requests of the key in a minute.")
    ] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Say whether a site's requests have to be signed, and how many it may send a minute."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        found = await hub.sites.find(tenant_id, site)
        required = None if unsigned is None else not unsigned
        await hub.sites.change(tenant_id, found, signature_required=required, per_minute=per_minute, actor=ACTOR)
        return await hub.sites.one(tenant_id, found)

    changed = ask(tenant, work)
    give(changed, as_json=as_json, people=lambda: f"Changed {changed['url']} ({changed['id']}).")
