"""What is chosen about a connection, its credentials, and its end."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from crossdock.connect.manifest import FieldKind, FormField
from crossdock.errors import BadInput, CrossdockError, NotFound, VendorTrouble
from crossdock.govern.access import Role
from crossdock.govern.forms import needed_secrets
from crossdock.web.desk import Desk
from crossdock.web.network.opened import View, framed, opened
from crossdock.web.page import Room

ROOM = Room()
_TEMPLATE = "connections/settings.html"
_WHOLE = ("requests", "daily", "concurrency")


@ROOM.page("/connections/{connection_id}/settings", role=Role.ADMIN)
async def settings(desk: Desk) -> Response:
    """Show what can be chosen."""
    return desk.show(_TEMPLATE, **await _values(desk, await opened(desk)))


async def _values(desk: Desk, view: View) -> dict[str, Any]:
    config, connector = view.connection.config, view.connector
    form = connector.manifest.form if connector else ()
    oauth = connector is not None and connector.manifest.auth.oauth2 is not None
    return {
        **framed(desk, view, "settings"),
        "config": config,
        "later": [field for field in form if field.later and field.name != "rollout"],
        "secrets": _secrets(view),
        "movable": any(field.name == "url" and field.kind is FieldKind.URL for field in form),
        "readable": desk.hub.directory.readable(view.connection),
        "grant": await _grant(desk, view) if oauth else None,
        "apps": await desk.hub.oauth.apps.of(desk.tenant_id, view.row.connector) if oauth else [],
        "plugin": view.row.connector in ("woocommerce", "wordpress"),
    }


def _secrets(view: View) -> list[FormField]:
    form = view.connector.manifest.form if view.connector else ()
    return [field for field in form if field.kind is FieldKind.SECRET]


async def _grant(desk: Desk, view: View) -> Any:
    try:
        return await desk.hub.oauth.grant(desk.tenant_id, view.connection.id)
    except NotFound:
        return None


async def _changed(desk: Desk, view: View, changes: dict[str, Any], said: str) -> Response:
    """Keep changes, or show the form again with the problem at its field."""
    try:
        await desk.hub.upkeep.change(desk.tenant_id, view.connection.id, changes, actor=desk.actor)
    except CrossdockError as problem:
        return await _again(desk, view, problem)
    return desk.go(f"{view.base}/settings", said=said)


async def _again(desk: Desk, view: View, problem: CrossdockError) -> Response:
    """Show the form again with the problem at its field; a fault of ours is told as such."""
    if problem.status >= 500 and not isinstance(problem, VendorTrouble):
        raise problem
    return desk.show(_TEMPLATE, status=422, problem=problem, **await _values(desk, view))


@ROOM.action("/connections/{connection_id}/settings/name", role=Role.ADMIN)
async def rename(desk: Desk) -> Response:
    """Give it another name."""
    return await _changed(desk, await opened(desk), {"name": desk.text("name")}, "The name is changed.")


@ROOM.action("/connections/{connection_id}/settings/address", role=Role.ADMIN)
async def move(desk: Desk) -> Response:
    """Give it another address: the account must be the same."""
    return await _changed(
        desk, await opened(desk), {"url": desk.text("url")}, "The address is changed, and what was missed is read."
    )


@ROOM.action("/connections/{connection_id}/settings/choices", role=Role.ADMIN)
async def choose(desk: Desk) -> Response:
    """Keep the choices of its connector's form."""
    view = await opened(desk)
    form = view.connector.manifest.form if view.connector else ()
    changes = {field.name: _chosen(desk, field) for field in form if field.later and field.name != "rollout"}
    return await _changed(desk, view, changes, "The choices are kept; every process acts by them within a second.")


def _chosen(desk: Desk, field: FormField) -> Any:
    if field.kind is FieldKind.BOOL:
        return desk.text(field.name) == "on"
    return desk.text(field.name) or None


@ROOM.action("/connections/{connection_id}/settings/reading", role=Role.ADMIN)
async def reading(desk: Desk) -> Response:
    """Keep which streams are read how often, from when on, and when not."""
    view = await opened(desk)
    streams: dict[str, Any] = {}
    for stream in desk.hub.directory.readable(view.connection):
        every = _number(desk, f"streams.{stream.name}.interval_s")
        streams[stream.name] = {"enabled": desk.text(f"streams.{stream.name}.enabled") == "on", "interval_s": every}
    quiet = {name: desk.text(f"quiet_hours.{name}") for name in ("from", "to", "zone")}
    changes = {
        "streams": streams,
        "start_date": desk.text("start_date") or None,
        "quiet_hours": {name: value for name, value in quiet.items() if value}
        if quiet["from"] or quiet["to"]
        else None,
    }
    return await _changed(desk, view, changes, "It is read on these terms from now on.")


@ROOM.action("/connections/{connection_id}/settings/rollout", role=Role.ADMIN)
async def rollout(desk: Desk) -> Response:
    """Keep how much of what is due goes out while somebody still looks: none, the first few, a share, all."""
    how = desk.text("how", "all")
    given: Any = how if how in ("observe", "all") else {how: _number(desk, f"rollout.{how}")}
    said = "Everything goes out." if how == "all" else "It begins small; what is held back goes out when you widen it."
    return await _changed(desk, await opened(desk), {"rollout": given}, said)


@ROOM.action("/connections/{connection_id}/settings/limits", role=Role.ADMIN)
async def limits(desk: Desk) -> Response:
    """Keep limits below the vendor's."""
    own = {name: _number(desk, f"limits.{name}") for name in (*_WHOLE, "per_s")}
    kept = {name: value for name, value in own.items() if value is not None}
    return await _changed(desk, await opened(desk), {"limits": kept or None}, "The limits are kept.")


def _number(desk: Desk, name: str) -> int | float | None:
    given = desk.text(name)
    try:
        value = float(given) if given else None
    except ValueError:
        raise BadInput("this is no number", field=name, remedy="write digits alone") from None
    return int(value) if value is not None and value.is_integer() else value


@ROOM.action("/connections/{connection_id}/credentials", role=Role.ADMIN)
async def credentials(desk: Desk) -> Response:
    """Put new credentials in place of the old ones, after they were tried."""
    view = await opened(desk)
    given = {field.name: desk.text(field.name) for field in _secrets(view) if desk.text(field.name)}
    try:
        if not given:
            needed = needed_secrets(view.connector) if view.connector else []
            raise BadInput("no new credential was given", field=next(iter(needed), ""))
        await desk.hub.upkeep.rotate(desk.tenant_id, view.connection.id, given, actor=desk.actor)
    except CrossdockError as problem:
        return await _again(desk, view, problem)
    return desk.go(view.base, said="The new credentials work and are kept; the old ones are gone.")


@ROOM.page("/connections/{connection_id}/disconnect", role=Role.ADMIN)
async def ask_disconnect(desk: Desk) -> Response:
    """Ask before it ends, by its name."""
    return _asked(desk, await opened(desk))


def _asked(desk: Desk, view: View, problem: CrossdockError | None = None) -> Response:
    waiting = f" {view.row.waiting:,} deliveries that wait for it end as skipped." if view.row.waiting else ""
    return desk.confirm(
        title=f"Disconnect {view.row.name}?",
        said="Its webhooks are deleted there, its credentials here, and its routes end."
        f"{waiting} What was recorded and delivered stays.",
        action=desk.to(f"{view.base}/disconnect"),
        label=f"Disconnect {view.row.name}",
        back=desk.to(view.base),
        name=view.row.name,
        tone="bad",
        problem=problem,
    )


@ROOM.action("/connections/{connection_id}/disconnect", role=Role.ADMIN)
async def disconnect(desk: Desk) -> Response:
    """End it."""
    view = await opened(desk)
    if desk.text("confirm") != view.row.name:
        return _asked(desk, view, BadInput("this is not its name", field="confirm", remedy=f"type {view.row.name}"))
    left = await desk.hub.connections.disconnect(desk.tenant_id, view.connection.id, actor=desk.actor)
    if left:
        said = f"{view.row.name} is disconnected. This stayed behind there, remove it by hand: {', '.join(left)}"
        return desk.go("/connections", said=said, tone="warn")
    return desk.go("/connections", said=f"{view.row.name} is disconnected; nothing of ours is left there.")
