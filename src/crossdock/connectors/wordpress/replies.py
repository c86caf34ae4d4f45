"""What an answer of a site says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from crossdock.connect.client import Reply
from crossdock.connect.outpost import Command, Told

BOM: Final = b"\xef\xbb\xbf"
"""A plugin saved with a byte order mark puts it before every answer."""


def document_of(reply: Reply) -> Any:
    """Return the parsed body; None when it is no JSON."""
    try:
        return orjson.loads(reply.body.removeprefix(BOM))
    except orjson.JSONDecodeError:
        return None


def error_of(reply: Reply) -> tuple[str, str]:
    """Return code and words of an error answer, the plugin's or WordPress's; empty when it is none of theirs."""
    body = None if reply.ok else document_of(reply)
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("code") or ""), str(body.get("detail") or body.get("message") or "")


def time_of(reply: Reply) -> datetime | None:
    """Return the site's time: what its refusal of our clock says, else its Date header."""
    body = document_of(reply)
    said = _server_time(body) if isinstance(body, dict) else None
    try:
        if isinstance(said, int | float) and not isinstance(said, bool):
            return datetime.fromtimestamp(said, UTC)
        if isinstance(said, str) and said:
            at = datetime.fromisoformat(said)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        at = parsedate_to_datetime(reply.headers.get("Date", ""))
    except (ValueError, OverflowError, OSError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _server_time(body: dict[str, Any]) -> Any:
    # WordPress puts what belongs to an error into its data
    inner = body.get("data")
    return body.get("server_time") or (inner.get("server_time") if isinstance(inner, dict) else None)


def data_of(reply: Reply) -> dict[str, Any] | None:
    """Return what a good answer carries, in an envelope or without one; None when it is not the plugin's."""
    body = document_of(reply)
    if not isinstance(body, dict):
        return None
    inner = body.get("data")
    return inner if isinstance(inner, dict) else body


def told_of(reply: Reply, commands: Sequence[Command]) -> list[Told] | None:
    """Return what became of each command, in the order they were sent; None when the answer does not say."""
    data = data_of(reply)
    rows = data.get("results") if data else None
    if not isinstance(rows, list):
        return None
    found = {told.id: told for told in map(_told, rows) if told is not None}
    answers = [found.get(command.id) for command in commands]
    return [told for told in answers if told is not None] if None not in answers else None


def _told(row: Any) -> Told | None:
    if not isinstance(row, dict) or row.get("status") not in ("done", "duplicate", "refused"):
        return None
    problem = row.get("problem")
    said = problem if isinstance(problem, dict) else {}
    code, detail, field = (str(said.get(name) or "")[:300] for name in ("code", "detail", "field"))
    return Told(str(row.get("id") or ""), str(row["status"]), code, detail, field, said.get("retry") is True)
