"""API keys of programs: made, shown once, replaced and ended."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput, NotFound
from crossdock.govern.access import Role
from crossdock.govern.keys import NEVER
from crossdock.kit.ids import Prefix
from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()
SCOPES = {
    "read": "Read: see everything of this tenant, persons masked",
    "operate": "Operate: read, and check, pull, prove, pause, retry and replay",
    "write": "Write: operate, and set up connections, routes, mappings and rules",
    "events:write": "Events: send events of one’s own",
    "admin": "Admin: all of it, with people, keys and settings",
}
_DAYS = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "as usual here"), ("0", "until it is revoked")]
_OVERLAPS = [("24", "a day"), ("1", "an hour"), ("168", "a week"), ("0", "none: it ends at once")]
_COLUMNS = (
    "id", "name", "scopes", "test", "made_by", "created_at", "used_at", "expires_at", "revoked_at", "replaces",
)  # fmt: skip
_PATH = "/keys"


@ROOM.page("/keys", role=Role.OWNER)
async def keys(desk: Desk) -> Response:
    """List all keys; the keys themselves are not kept."""
    rows = await desk.hub.keys.list(desk.tenant_id)
    if desk.query.get("format"):
        return await desk.export("keys", _COLUMNS, rows)
    now = datetime.now(UTC)
    live = [row for row in rows if not _over(row, now)]
    return desk.show("keys/list.html", live=live, over=[row for row in rows if _over(row, now)])


@ROOM.page("/keys/new", role=Role.OWNER)
async def new(desk: Desk) -> Response:
    """Ask what the key is for."""
    return desk.show("keys/new.html", **_form("", ["read"], "90", test=False), confirm=_confirm(desk))


@ROOM.action("/keys", role=Role.OWNER)
async def add(desk: Desk) -> Response:
    """Make a key, and show it this once."""
    if not desk.seat.fresh:
        return desk.leave(_confirm(desk))
    name, scopes, days, test = desk.text("name"), desk.texts("scopes"), desk.text("days"), "test" in desk.form
    desk.expect("keys/new.html", **_form(name, scopes, days, test=test), confirm=_confirm(desk))
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadInput("a key without scopes of the list does nothing", field="scopes", remedy="tick at least one")
    end = _end(days)
    tenant_id = await desk.hub.tenants.test_side(desk.tenant_id) if test else desk.tenant_id
    key_id, key = await desk.hub.keys.add(tenant_id, name, scopes, end, actor=desk.actor)
    return desk.show("keys/made.html", one=await _one(desk, key_id), key=key, ends=None)


@ROOM.page("/keys/{key_id}/rotate", role=Role.OWNER)
async def ask_rotate(desk: Desk) -> Response:
    """Ask how long the old key goes on."""
    one = await _one(desk, desk.id(Prefix.KEY, "key_id"))
    return desk.show("keys/rotate.html", one=one, overlaps=_OVERLAPS, overlap="24", confirm=_confirm(desk))


@ROOM.action("/keys/{key_id}/rotate", role=Role.OWNER)
async def rotate(desk: Desk) -> Response:
    """Make a key in place of another, and show it this once."""
    if not desk.seat.fresh:
        return desk.leave(_confirm(desk))
    wanted, overlap = desk.id(Prefix.KEY, "key_id"), desk.text("overlap", "24")
    old = await _one(desk, wanted)
    desk.expect("keys/rotate.html", one=old, overlaps=_OVERLAPS, overlap=overlap, confirm=_confirm(desk))
    if overlap not in dict(_OVERLAPS):
        raise BadInput("there is no such span", field="overlap", remedy="choose one of the list")
    made, key, ends = await desk.hub.keys.rotate(
        desk.tenant_id, wanted, timedelta(hours=int(overlap)), actor=desk.actor
    )
    return desk.show("keys/made.html", one=await _one(desk, made), key=key, ends=ends)


@ROOM.page("/keys/{key_id}/revoke", role=Role.OWNER)
async def ask_revoke(desk: Desk) -> Response:
    """Ask before a key ends."""
    return _question(desk, await _one(desk, desk.id(Prefix.KEY, "key_id")))


@ROOM.action("/keys/{key_id}/revoke", role=Role.OWNER)
async def revoke(desk: Desk) -> Response:
    """End a key at once."""
    wanted = desk.id(Prefix.KEY, "key_id")
    one = await _one(desk, wanted)
    if desk.text("confirm") != one["name"]:
        return _question(desk, one, BadInput("that is not its name", field="confirm"))
    await desk.hub.keys.revoke(desk.tenant_id, wanted, actor=desk.actor)
    return desk.go(_PATH, said=f"“{one['name']}” is over. It acts nowhere after a second.")


def _question(desk: Desk, one: dict[str, Any], problem: BadInput | None = None) -> Response:
    used = "It was never used." if one["used_at"] is None else "Programs that still use it are refused at once."
    return desk.confirm(
        title=f"End the key {one['name']}?",
        said=f"{used} It cannot be taken back; replacing it lets programs change over first.",
        action=desk.to(f"{_PATH}/{one['id']}/revoke"),
        label=f"End {one['name']}",
        back=desk.to(_PATH),
        name=one["name"],
        tone="bad",
        problem=problem,
    )


async def _one(desk: Desk, key_id: uuid.UUID) -> dict[str, Any]:
    rows = await desk.hub.keys.list(desk.tenant_id, key_id)
    if not rows:
        raise NotFound("there is no such key", remedy="the list shows all keys")
    return rows[0]


def _form(name: str, scopes: list[str], days: str, *, test: bool) -> dict[str, Any]:
    return {"name": name, "scopes": SCOPES, "ticked": scopes, "days": days, "spans": _DAYS, "test": test}


def _end(days: str) -> datetime | None:
    if days not in dict(_DAYS):
        raise BadInput("there is no such span", field="days", remedy="choose one of the list")
    if not days:
        return None
    return NEVER if days == "0" else datetime.now(UTC) + timedelta(days=int(days))


def _over(row: dict[str, Any], now: datetime) -> bool:
    return row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now)


def _confirm(desk: Desk) -> str:
    return desk.confirming(desk.to(_PATH))
