"""Dead letters by their cause: looked at, exported, retried or discarded by filter."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from crossdock.api.access import Access
from crossdock.api.parsing import Key
from crossdock.api.problems import answer
from crossdock.api.records import instant
from crossdock.api.resources.deliveries import Cause, Given, named
from crossdock.flow.deliver import Ask, Filter
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

COLUMNS = (
    "id",
    "cause_id",
    "connector",
    "code",
    "field",
    "rule",
    "reason",
    "stream",
    "external_id",
    "action",
    "source",
    "destination",
    "attempts",
    "event_id",
    "created_at",
    "ended_at",
)
_LINES: dict[str, Any] = {kind: {"schema": {"type": "string"}} for kind in ("application/x-ndjson", "text/csv")}
_CAUSE = ("cause_id", "connector", "code", "field", "rule")
_CHOSEN: dict[str, Any] = {"cause_id": "cau_01kb3v0d1a8w0f6zr4p1n5q2st"}


class Group(Cause):
    """Standing dead letters of one cause at one destination."""

    connection_id: str
    connection: str
    connection_state: str
    standing: int
    oldest: datetime
    newest: datetime


class Groups(BaseModel):
    """All groups, the most first."""

    items: list[Group]
    standing: int


class Chosen(BaseModel):
    """Which standing dead letters; what is left out does not matter."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_CHOSEN]})

    cause_id: str | None = None
    connection_id: str | None = Field(default=None, description="source or destination")
    route_id: str | None = None
    stream: str | None = Field(default=None, max_length=100)
    since: datetime | None = Field(default=None, description="made at this time or later")
    until: datetime | None = Field(default=None, description="made before this time")

    def filter(self) -> Filter:
        """Return the flow's word. Raises ``BadInput`` that names the field."""
        return Filter(
            cause_id=named(Prefix.CAUSE, self.cause_id, "cause_id"),
            connection_id=named(Prefix.CONNECTION, self.connection_id, "connection_id"),
            route_id=named(Prefix.ROUTE, self.route_id, "route_id"),
            stream=self.stream,
            since=instant(self.since, "since"),
            until=instant(self.until, "until"),
        )


class ChosenToDiscard(Chosen):
    """The same, and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{**_CHOSEN, "reason": "a test shop"}]})

    reason: str = Field(min_length=1, max_length=400)


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["deliveries"])
    _add_reading(api, hub, access.needs("read"))
    _add_doing(api, hub, access.needs("operate"))
    return api


def _add_reading(api: APIRouter, hub: Hub, reads: Any) -> None:
    @api.get("/dead-letters", response_model=Groups)
    async def groups(
        chosen: Given, cause_id: Annotated[str | None, Query(description="cau_…")] = None, caller: Principal = reads
    ) -> Any:
        """Group standing dead letters by cause and destination: one line for a thousand of a kind."""
        found = await hub.letters.groups(caller.tenant_id, _of_cause(chosen, cause_id))
        return {"items": found, "standing": sum(group["standing"] for group in found)}

    @api.get("/dead-letters/export", response_class=StreamingResponse, responses={200: {"content": _LINES}})
    async def export(
        chosen: Given,
        cause_id: Annotated[str | None, Query(description="cau_…")] = None,
        format: Literal["csv", "jsonl"] = "jsonl",  # noqa: A002 - the word of the API
        caller: Principal = reads,
    ) -> Response:
        """Stream all standing dead letters, the oldest first, as CSV or JSON lines."""
        pages = hub.letters.export(caller.tenant_id, _of_cause(chosen, cause_id))
        kind = "text/csv; charset=utf-8" if format == "csv" else "application/x-ndjson"
        headers = {"Content-Disposition": f'attachment; filename="dead-letters.{format}"'}
        return StreamingResponse(lines(pages, format), media_type=kind, headers=headers)


def _of_cause(chosen: Filter, cause_id: str | None) -> Filter:
    return msgspec.structs.replace(chosen, cause_id=named(Prefix.CAUSE, cause_id, "cause_id"))


def _add_doing(api: APIRouter, hub: Hub, operates: Any) -> None:
    async def ask(caller: Principal, asked: Ask, key: str | None) -> Response:
        actor = caller.actor
        made = await hub.replays.ask(caller.tenant_id, asked, actor=actor, key=key)
        return answer(await hub.replays.one(caller.tenant_id, made), 202)

    @api.post("/dead-letters/retry", status_code=202)
    async def retry(body: Chosen, key: Key = None, caller: Principal = operates) -> Any:
        """Retry standing dead letters by filter, as a run; each once, however often it is asked."""
        return await ask(caller, Ask(do="retry", filter=body.filter()), key)

    @api.post("/dead-letters/discard", status_code=202)
    async def discard(body: ChosenToDiscard, key: Key = None, caller: Principal = operates) -> Any:
        """Discard standing dead letters by filter, as a run, with a reason; it stands in the audit."""
        return await ask(caller, Ask(do="discard", filter=body.filter(), reason=body.reason), key)


async def lines(pages: AsyncIterator[list[dict[str, Any]]], form: str) -> AsyncIterator[bytes]:
    """Write dead letters as CSV (a cell that would be a formula is quoted) or JSON lines, page by page."""
    if form == "csv":
        yield _rows([dict(zip(COLUMNS, COLUMNS, strict=True))])
    async for page in pages:
        told = [line(letter) for letter in page]
        if form == "csv":
            yield _rows(told)
        else:
            yield b"".join(orjson.dumps(one, default=str, option=orjson.OPT_APPEND_NEWLINE) for one in told)


def line(letter: Mapping[str, Any]) -> dict[str, Any]:
    """Return one dead letter as it is exported."""
    cause = letter["cause"]
    return {name: cause[name] if name in _CAUSE else letter[name] for name in COLUMNS}


def _rows(told: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for one in told:
        writer.writerow([_cell(one[name]) for name in COLUMNS])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    shown = "" if value is None else str(value)
    # a spreadsheet would calculate it
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@", "\t", "\r") else shown
