"""``webhooks``: list, register or remove the webhooks of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crossdock.cli.answers import ACTOR, AsJson, Code, Tenant, give, guarded, table
from crossdock.cli.asking import ask_about

if TYPE_CHECKING:
    from crossdock.govern.hook_list import HookList
    from crossdock.wiring import Hub

webhooks = typer.Typer(help="List, register or remove the webhooks of a connection.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="Its id, name or account.", metavar="CONNECTION")]


def _desk(hub: Hub) -> HookList:
    from crossdock.govern.hook_list import HookList

    return HookList(hub.database, hub.directory, hub.hooks)


@webhooks.command("list")
@guarded
def webhooks_list(connection: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the webhooks of an account, ours and others'; exit code 1 when a topic has none of ours."""
    found = ask_about(connection, tenant, lambda hub, _, at: _desk(hub).listed(at))
    columns = ("topic", "vendor_id", "status", "ours", "last_delivery", "failed", "refused")
    missing = "".join(f"\nmissing: {topic}" for topic in found["missing"])
    missing += "".join(f"\nremoved by hand: {topic}" for topic in found["removed"])
    give(found, as_json=as_json, people=lambda: table(found["items"], columns, empty="There are none.") + missing)
    if found["missing"]:
        raise typer.Exit(Code.NO)


@webhooks.command("register")
@guarded
def webhooks_register(connection: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Register a webhook for every topic that has none of ours, or a broken one; exit code 1 when one is refused."""
    made = ask_about(connection, tenant, lambda hub, _, at: _desk(hub).register(at, actor=ACTOR))
    refused = "".join(f"\nrefused: {topic}: {why}" for topic, why in made["refused"].items())
    give(made, as_json=as_json, people=lambda: f"{len(made['registered'])} webhooks were registered." + refused)
    if made["refused"]:
        raise typer.Exit(Code.NO)


@webhooks.command("remove")
@guarded
def webhooks_remove(
    connection: Which,
    vendor_id: Annotated[str | None, typer.Argument(help="The shop's id of it; all of ours by default.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Delete one of our webhooks at the shop, or all of them. They stay removed until `webhooks register`."""
    gone = ask_about(connection, tenant, lambda hub, _, at: _desk(hub).remove(at, vendor_id, actor=ACTOR))
    give(gone, as_json=as_json, people=lambda: f"{len(gone['removed'])} webhooks were removed.")
