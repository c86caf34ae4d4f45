"""What an answer of a WordPress site says beside its content. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from crossdock.connect.client import Reply

BOM: Final = b"\xef\xbb\xbf"
"""A plugin saved with a byte order mark puts it before every answer."""


def date_of(reply: Reply) -> datetime | None:
    """Return the shop's time by the Date header."""
    try:
        at = parsedate_to_datetime(reply.headers.get("Date", ""))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def document_of(reply: Reply) -> Any:
    """Return the parsed body; None when it is no JSON."""
    try:
        return orjson.loads(reply.body.removeprefix(BOM))
    except orjson.JSONDecodeError:
        return None


def error_of(reply: Reply) -> tuple[str, str]:
    """Return code and message of an error answer; empty when it is none or not WordPress's."""
    body = None if reply.ok else document_of(reply)
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("code") or ""), str(body.get("message") or "")


def no_route(reply: Reply) -> bool:
    """Whether WordPress answered that it knows no such path."""
    return reply.status == 404 and error_of(reply)[0] == "rest_no_route"


def absent(reply: Reply) -> bool:
    """Whether the shop itself says that it has no such entity (wc_user_invalid_id, woocommerce_rest_…_invalid_id)."""
    if reply.status not in (404, 410):
        return False
    code = error_of(reply)[0]
    return code.startswith(("woocommerce_rest_", "wc_")) and "invalid" in code
