"""``POST /api/v1/events``: custom events, one or a batch, idempotent by key."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.body import announced, read
from crossdock.api.problems import answer, refusal
from crossdock.errors import BadInput, CrossdockError, Overloaded
from crossdock.flow.record import Receipt
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.model.observation import Occurrence
from crossdock.wiring import Hub

MOST = 500
"""Events in one batch."""
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,62}(?:\.[a-z0-9_]{1,63}){1,3}\Z")
_NAMED = re.compile(r"field `([^`]{1,100})`")


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A custom event as it is posted."""

    type: str
    """``assessment.completed``: stream and verb, lower case."""
    data: dict[str, Any]
    id: str | None = None
    """Your own id of the event: the same id is recorded once."""
    external_id: str | None = None
    """Your id of the thing it is about; events of one thing stay in order."""
    occurred_at: datetime | None = None
    subject: str | None = None
    """E-mail address of the person it is about, so that erasure finds it."""


class EventsDoor:
    """The events API."""

    def __init__(self, hub: Hub, access: Access) -> None:
        self._hub = hub
        self._access = access
        self._sources: dict[Any, Connection] = {}

    async def post(self, request: Request) -> Response:
        """Take one event or a batch; 2xx means committed."""
        try:
            return await self._take(request)
        except Exception as error:  # noqa: BLE001 - the last wall
            return refusal(error)

    async def _take(self, request: Request) -> Response:
        headers = dict(request.headers)
        self._hub.journey.intake.admit(announced(headers, self._hub.settings.max_body_bytes))
        principal = await self._access.principal(request, "events:write")
        body = await read(request.receive, self._hub.settings.max_body_bytes)
        events, batch = parse(body, headers.get("idempotency-key"))
        source = self._sources.get(principal.tenant_id)
        if source is None:
            source = self._sources[principal.tenant_id] = await self._hub.connections.hub_source(principal.tenant_id)
        results = await self._hub.journey.occurrences(source, events)
        first = results[0]
        if isinstance(first, Exception) and (not batch or all(isinstance(r, Overloaded) for r in results)):
            raise first
        if not batch and isinstance(first, Receipt):
            return answer(shown(first), 201 if first.verdict == "applied" else 200)
        return answer({"results": [shown(r) for r in results]}, 200)


def parse(body: bytes, idempotency_key: str | None) -> tuple[list[Occurrence], bool]:
    """Read a body: an event, an array of events, or ``{"events": […]}``. Raises ``BadInput`` naming the field."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadInput("the body is not JSON", field="body", remedy="send one event or an array of events") from None
    batch = isinstance(document, list) or (isinstance(document, dict) and set(document) == {"events"})
    items = document["events"] if isinstance(document, dict) and batch else document
    listed = items if batch else [items]
    if not isinstance(listed, list) or not listed or len(listed) > MOST:
        raise BadInput(f"a batch holds 1 to {MOST} events", field="events", remedy="split it")
    _text(idempotency_key, "Idempotency-Key")
    return [_event(item, i, idempotency_key, batch=batch) for i, item in enumerate(listed)], batch


def _event(item: Any, index: int, idempotency_key: str | None, *, batch: bool) -> Occurrence:
    at = f"events[{index}]." if batch else ""
    try:
        event = msgspec.convert(item, NewEvent)
        # what can be read may be nested too deeply to be written again
        orjson.dumps(event.data)
    except msgspec.ValidationError as wrong:
        rule, _, place = str(wrong).partition(" - at `$.")
        named = _NAMED.search(rule)
        field = at + (place.rstrip("`") or (named[1] if named else "body"))
        raise BadInput(rule, field=field[:200], remedy="see the fields of POST /api/v1/events") from None
    except orjson.JSONEncodeError:
        raise BadInput("data is nested too deeply", field=at + "data", remedy="flatten it") from None
    if not _TYPE.match(event.type):
        raise BadInput(
            "a type is lower-case words joined by dots", field=at + "type", remedy="for example assessment.completed"
        )
    for name in ("id", "external_id", "subject"):
        _text(getattr(event, name), at + name)
    key = f"id:{event.id}" if event.id else None
    if key is None and idempotency_key is not None:
        key = f"key:{idempotency_key}:{index}"
    return Occurrence(
        stream=event.type.split(".", 1)[0],
        type=event.type,
        document=event.data,
        external_id=event.external_id,
        key=key,
        occurred_at=_moment(event.occurred_at, at + "occurred_at"),
        subjects=(event.subject.strip().lower(),) if event.subject else (),
    )


def _text(value: str | None, field: str) -> None:
    if value is not None and (not 1 <= len(value) <= 255 or "\x00" in value):
        raise BadInput("expected 1 to 255 characters without NUL", field=field, remedy="shorten it")


def _moment(at: datetime | None, field: str) -> datetime | None:
    if at is None:
        return None
    try:
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except OverflowError:
        pass
    raise BadInput("expected a time with its zone", field=field, remedy="write 2026-11-21T10:00:00Z")


def shown(result: Receipt | Exception) -> dict[str, Any]:
    """Return one event's result."""
    if isinstance(result, CrossdockError):
        return {"status": "refused", "problem": result.as_problem()}
    if isinstance(result, Receipt) and result.event_id is not None:
        status = "recorded" if result.verdict == "applied" else str(result.verdict)
        return {"status": status, "id": show(Prefix.EVENT, result.event_id)}
    return {"status": "refused", "problem": CrossdockError("an unexpected error").as_problem()}
