"""The audit: who changed what and when, and whether it still is as it was written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from crossdock.errors import BadInput, Forbidden
from crossdock.govern.access import Role
from crossdock.govern.audit import Asked
from crossdock.kit.ids import Prefix, show
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.sitemap import home_of

ROOM = Room()
PAGE = 50
_COLUMNS = ("seq", "at", "actor", "action", "subject", "detail", "id", "hash")
KINDS = {
    "": "everything",
    "alert": "Alerts",
    "alert_channel": "Alert channels",
    "alert_rule": "Alert rules",
    "authorization": "Authorizations",
    "connection": "Connections",
    "delivery": "Deliveries",
    "invoice": "Invoices",
    "invoice_terms": "Terms of invoices",
    "key": "API keys",
    "mapping": "Mappings",
    "member": "Seats of people",
    "oauth": "OAuth",
    "oauth_app": "OAuth apps",
    "person": "People",
    "route": "Routes",
    "run": "Runs",
    "session": "Logins",
    "site_key": "Sites with the plugin",
    "tenant": "The tenant",
}


@ROOM.page("/audit")
async def audit(desk: Desk) -> Response:
    """List changes, the newest first."""
    asked = Asked(
        desk.query.get("actor") or None,
        desk.query.get("action") or None,
        desk.query.get("subject") or None,
        _day("since", desk.query.get("since", "")),
        _day("until", desk.query.get("until", ""), after=True),
    )
    if desk.query.get("format"):
        if not desk.may(Role.OWNER):
            raise Forbidden("the whole audit is for owners", remedy="ask an owner of this tenant for the file")
        return await desk.export("audit", _COLUMNS, _all(desk, asked))
    before = desk.id(Prefix.AUDIT, "before") if desk.query.get("before") else None
    rows = await desk.hub.audit.entries(desk.tenant_id, asked, before=before, limit=PAGE + 1)
    shown = rows[:PAGE]
    return desk.show(
        "audit_log/list.html",
        rows=[{**row, "page": home_of(row["subject"]), "words": _words(row["action"])} for row in shown],
        names=await _names(desk),
        kinds=list(KINDS.items()),
        filtered=any((asked.actor, asked.action, asked.subject, asked.since, asked.until)),
        newer=desk.here(before=None) if before else "",
        older=desk.here(before=shown[-1]["id"]) if len(rows) > PAGE else "",
    )


@ROOM.action("/audit/verify", role=Role.VIEWER)
async def verify(desk: Desk) -> Response:
    """Verify the chain, row by row."""
    head = desk.text("head")
    desk.expect("audit_log/verified.html", report=None, chain=None, head=head)
    report = await desk.hub.audit.verify(desk.tenant_id, head or None)
    chain = report.chains[0] if report.chains else None
    return desk.show("audit_log/verified.html", report=report, chain=chain, head=head)


async def _all(desk: Desk, asked: Asked) -> AsyncIterator[dict[str, Any]]:
    async for page in desk.hub.audit.export(desk.tenant_id, asked):
        for row in page:
            yield row


async def _names(desk: Desk) -> dict[str, str]:
    """Return people by id; names of others are for owners."""
    mine = {desk.actor: "you"}
    if not desk.may(Role.OWNER):
        return mine
    members = await desk.hub.people.members.list(desk.tenant_id)
    return {**{show(Prefix.USER, one.id): one.name or one.email for one in members}, **mine}


def _words(action: str) -> str:
    what, _, did = action.partition(".")
    return f"{what.replace('_', ' ').capitalize()}: {did.replace('_', ' ')}" if did else what.replace("_", " ")


def _day(name: str, text: str, *, after: bool = False) -> datetime | None:
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput("a day is written 2026-11-22", field=name, remedy="choose it from the calendar") from None
    return day + timedelta(days=1) if after else day
