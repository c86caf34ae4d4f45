"""The status page at ``/``: how every connection does. No personal data, no scripts.

It has no login, so it is shown to this machine alone; others learn only that a hub is here.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

import asyncpg
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from crossdock.kit.nearby import from_here
from crossdock.web.connections import connections_of
from crossdock.wiring import Hub

_PAGE = Template(Path(__file__).with_name("status.html").read_text(encoding="utf-8"))
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class StatusPage:
    """Renders the page."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def show(self, request: Request) -> Response:
        """Show the page to a caller of this machine that asks for a local name."""
        if not _is_local(request):
            return HTMLResponse("<!doctype html><title>Crossdock</title><p>Crossdock is running.", headers=_HEADERS)
        try:
            rows = await connections_of(self._hub)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return HTMLResponse(
                "<!doctype html><title>Crossdock</title><p>The database does not answer: crossdock doctor tells more.",
                503,
                headers={**_HEADERS, "Retry-After": "5"},
            )
        mode = "webhooks" if self._hub.settings.public_url else "pull-only: no public URL is set"
        body = "".join(_row(row) for row in rows) or (
            '<tr><td colspan="7">Nothing is connected yet. Begin with <code>crossdock connect woocommerce</code>.'
        )
        return HTMLResponse(_PAGE.substitute(mode=escape(mode), rows=body), headers=_HEADERS)


def _is_local(request: Request) -> bool:
    client = request.client.host if request.client else ""
    return from_here(client, request.headers.get("host", ""), request.headers)


def _row(row: dict[str, object]) -> str:
    icon = {"active": "●", "paused": "‖", "broken": "✕"}.get(str(row["state"]), "○")
    cells = (
        row["name"],
        row["connector"],
        f"{icon} {row['state']}"
        + (f": {row['problem']}" if row["problem"] else "")
        + (f" ({row['findings']})" if row["findings"] else ""),
        row["arrivals"],
        row["waiting"],
        row["delivered"],
        row["dead"],
    )
    state = escape(str(row["state"]))
    return f'<tr class="{state}">' + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
