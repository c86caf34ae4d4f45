"""What stands between a caller and a shop on a bad day: maintenance, a firewall, addresses that are not rewritten.

The maintenance page is WordPress's own (``wp_maintenance``: 503, Retry-After 600, a page); firewalls answer pages of
their own, mostly with 403, or with 200 and a captcha.
"""

from __future__ import annotations

from .settings import Settings

HTML = {"Content-Type": "text/html; charset=UTF-8"}
_MAINTENANCE = b"<!DOCTYPE html><title>Maintenance</title><h1>Briefly unavailable for scheduled maintenance.</h1>"
_DENIED = b"<!DOCTYPE html><title>Access denied</title><h1>This request was blocked by the security rules</h1>"
_CAPTCHA = b"<!DOCTYPE html><title>One moment</title><p>Checking that you are human</p>"
NOT_FOUND = b"<!DOCTYPE html><title>Page not found</title>"

Page = tuple[int, dict[str, str], bytes]


def page(settings: Settings, path: str) -> Page | None:
    """Return what is answered instead of the shop; None when nothing stands in between."""
    if settings.maintenance:
        return 503, {**HTML, "Retry-After": "600"}, _MAINTENANCE
    if settings.firewall != "off" and ("/wp-json" in path or path in ("", "/")):
        return (403, HTML, _DENIED) if settings.firewall == "forbidden" else (200, HTML, _CAPTCHA)
    if settings.index_permalinks and path.startswith("/wp-json"):
        return 404, HTML, NOT_FOUND
    return None
