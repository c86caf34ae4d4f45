"""The headers that every page carries: nothing runs, frames or leaks but what this hub itself serves."""

from __future__ import annotations

from starlette.responses import Response

from crossdock.web.cookies import Cookies

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def guard(response: Response, cookies: Cookies) -> Response:
    """Put them on an answer; what a person sees is kept by no cache."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if cookies.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
