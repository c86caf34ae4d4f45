"""A page of a few words for whoever comes back from a vendor's own page."""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.responses import HTMLResponse, Response

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(title: str, text: str, status: int = 200) -> Response:
    """Return the page."""
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        "<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}</style>"
        f'<h1>{escape(title)}</h1><p>{escape(text)}</p><p><a href="/">To the dashboard</a></p></html>'
    )
    return HTMLResponse(body, status, headers=_HEADERS)
