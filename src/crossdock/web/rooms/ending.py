"""The end of a tenant: all of it as a file, and its deletion, asked for by its short name."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response, StreamingResponse

from crossdock.errors import BadInput, Conflict
from crossdock.govern.access import Role
from crossdock.web.desk import Desk
from crossdock.web.page import Room

ROOM = Room()
_PATH = "/settings/end"


@ROOM.action("/settings/export", role=Role.OWNER)
async def export(desk: Desk) -> Response:
    """Give all that is the tenant's as an archive of JSON lines; secrets stay out."""
    if not desk.seat.fresh:
        return desk.leave(_confirm(desk))
    name = f"{desk.seat.slug}-{datetime.now(UTC):%Y%m%d}.tar.gz"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    blocks = desk.hub.exporting.archive(desk.tenant_id, actor=desk.actor)
    return StreamingResponse(blocks, media_type="application/gzip", headers=headers)


@ROOM.page(_PATH, role=Role.OWNER)
async def ask(desk: Desk) -> Response:
    """Say what the end of the tenant is, and ask for its short name."""
    return _question(desk)


@ROOM.action(_PATH, role=Role.OWNER)
async def end(desk: Desk) -> Response:
    """Stop the tenant at once and for ever, and have it deleted."""
    if not desk.seat.fresh:
        return desk.leave(_confirm(desk))
    if desk.text("confirm") != desk.seat.slug:
        return _question(desk, BadInput("that is not its short name", field="confirm"))
    try:
        await desk.hub.ending.ask(
            desk.tenant_id, desk.seat.slug, actor=desk.actor, invoices=desk.text("invoices") == "on"
        )
    except Conflict as issued:
        return _question(desk, issued)
    return desk.leave("/", said="The tenant has ended. What it held is being deleted.")


def _question(desk: Desk, problem: BadInput | Conflict | None = None) -> Response:
    return desk.show(
        "settings/end.html", confirm=_confirm(desk), problem=problem, status=problem.status if problem else 200
    )


def _confirm(desk: Desk) -> str:
    return desk.confirming(desk.to("/settings"))
