"""``plugin``: what is asked of a site from here: ping, pause, resume, export, refresh, and how its queue does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock.cli.answers import ACTOR, AsJson, Tenant, give, guarded
from crossdock.cli.asking import ask
from crossdock.cli.plugging import Which

if TYPE_CHECKING:
    import uuid

    from crossdock.wiring import Hub

_KINDS = "order, customer, product, refund"


@guarded
def plugin_status(site: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Ask a site how its plugin does: its queue, whether it is paused and why, its cron."""

    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        return await hub.site_commands.status(tenant_id, await hub.sites.find(tenant_id, site))

    told = ask(tenant, work)
    give(told, as_json=as_json, people=lambda: "\n".join(_lines(told)))


@guarded
def plugin_ping(site: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Ask a site for a sign of life, signed both ways."""
    _command(site, tenant, as_json, "ping", "The site answers, and takes the hub's signature.")


@guarded
def plugin_pause(
    site: Which,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the people at the site.")] = "",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Let a site send nothing more until it is resumed; it keeps what happens."""
    _command(site, tenant, as_json, "pause", "The site sends nothing until it is resumed.", reason=reason)


@guarded
def plugin_resume(site: Which, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Let a site send again, unless a person there paused it."""
    _command(site, tenant, as_json, "resume", "The site sends again.")


@guarded
def plugin_export(
    site: Which,
    kinds: Annotated[list[str] | None, typer.Argument(help=f"Some of {_KINDS}; all where none is named.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Let a site send all it has, behind what happens meanwhile."""
    _command(site, tenant, as_json, "export", "The site begins to send all it has.", kinds=kinds or [])


@guarded
def plugin_refresh(
    site: Which,
    kind: Annotated[str, typer.Argument(help=f"One of {_KINDS}.")],
    ids: Annotated[list[int], typer.Argument(help="The site's own ids.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Let a site send some entities now, whether they changed or not."""
    _command(site, tenant, as_json, "refresh", "The site sends them.", kinds=[kind], ids=ids)


def _command(
    site: str,
    tenant: str,
    as_json: bool,
    action: str,
    said: str,
    *,
    kinds: list[str] | None = None,
    ids: list[int] | None = None,
    reason: str = "",
) -> None:
    async def work(hub: Hub, tenant_id: uuid.UUID) -> dict[str, Any]:
        from crossdock.connect.outpost import Action
        from crossdock.govern.sites.commanding import Asked, kinds_of

        asked = Asked(Action(action), kinds_of(kinds or []), tuple(ids or ()), reason)
        told = await hub.site_commands.command(tenant_id, await hub.sites.find(tenant_id, site), asked, actor=ACTOR)
        return {"id": told.id, "action": action, "status": told.status}

    told = ask(tenant, work)
    give(told, as_json=as_json, people=lambda: said)


def _lines(told: dict[str, Any]) -> list[str]:
    """Say a status to people."""
    outbox, sending, cron = (_object(told, name) for name in ("outbox", "sending", "cron"))
    counts = ", ".join(f"{outbox[name]} {name}" for name in ("waiting", "sending", "sent", "dead") if name in outbox)
    paused = f"paused ({sending.get('reason') or 'no reason given'})" if sending.get("paused") else "sending"
    lines = [f"queue: {counts or 'not told'}", f"state: {paused}"]
    lines += [f"oldest that waits: {outbox['oldest_s']} s"] if outbox.get("oldest_s") else []
    lines += [f"last success: {sending['last_success']}"] if sending.get("last_success") else []
    lines += [f"next run: {sending['next_run']} by {sending.get('by') or 'nobody'}"] if sending.get("next_run") else []
    lines += [f"cron is late by {cron['late_s']} s"] if cron.get("late_s") else []
    versions = ", ".join(f"{name} {value}" for name, value in _object(told, "versions").items() if value)
    return [*lines, f"versions: {versions}"] if versions else lines


def _object(told: dict[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


VERBS: Final[dict[str, Callable[..., None]]] = {
    "status": plugin_status,
    "ping": plugin_ping,
    "pause": plugin_pause,
    "resume": plugin_resume,
    "export": plugin_export,
    "refresh": plugin_refresh,
}
"""Word of ``crossdock plugin`` -> what it does."""
