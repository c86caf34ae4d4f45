"""The audit: who changed what and when, the whole of it, and whether it still is as it was written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import answer
from crossdock.api.records import instant
from crossdock.govern.audit import Asked, Report
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub

_LINES: dict[str, Any] = {"application/x-ndjson": {"schema": {"type": "string"}}}


class Line(BaseModel):
    """One change. Nothing personal stands in it: people are named by their ids."""

    id: str = Field(examples=["aud_06f1x9jq9wekz5f1f7d2t1h0yc"])
    at: datetime
    actor: str = Field(description="usr_…, key_…, cli or a part of it", examples=["key_06f1x9jq9wekz5f1f7d2t1h0yc"])
    action: str = Field(examples=["connection.paused"])
    subject: str = Field(description="what was changed", examples=["con_06f1x9jq9wekz5f1f7d2t1h0yc"])
    detail: Any = Field(examples=[{"fields": ["name"]}])
    seq: int | None = Field(description="its place in the chain; null for the second or so until it is chained")


class Lines(BaseModel):
    """A page of the audit, the newest first."""

    items: list[Line]
    next: str | None


class FlawShown(BaseModel):
    """A row that is not as it was written."""

    chain: str
    kind: str = Field(description="changed, removed, inserted, moved, forged, head, no-chain or older")
    told: str
    seq: int | None
    entry_id: str | None


class Chain(BaseModel):
    """What the chain is like."""

    chain: str
    entries: int = Field(description="entries whose place was verified")
    first_seq: int = Field(description="above 1: what lay before was taken away by retention, and that is signed")
    last_seq: int
    hash: str = Field(description="of the last entry: keep seq:hash elsewhere, and give it as head later")
    at: datetime | None
    waiting: int = Field(description="entries that are not chained yet")
    former: int = Field(description="entries that a version without the chain wrote")
    unknown_keys: int = Field(description="marks by master keys that are no longer at hand")
    flaws: list[FlawShown]
    more_flaws: int = Field(description="how many are not listed")


class Verified(BaseModel):
    """Whether the tenant's audit still is as it was written."""

    ok: bool
    chains: list[Chain]


def _asked(
    actor: Annotated[str | None, Query(description="usr_…, key_…, cli or a part of the hub", max_length=200)] = None,
    action: Annotated[
        str | None, Query(description="an action, or its first word for all of a kind", max_length=100)
    ] = None,
    subject: Annotated[str | None, Query(description="what was changed: con_…, rte_…", max_length=200)] = None,
    since: Annotated[datetime | None, Query(description="At this time or later.")] = None,
    until: Annotated[datetime | None, Query(description="Before this time.")] = None,
) -> Asked:
    return Asked(actor, action, subject, instant(since, "since"), instant(until, "until"))


Chosen = Annotated[Asked, Depends(_asked)]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["audit"])
    reads, owns = access.needs("read"), access.needs("admin")

    @api.get("/audit", response_model=Lines)
    async def entries(
        chosen: Chosen,
        before: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        caller: Principal = reads,
    ) -> Any:
        """List changes, the newest first."""
        below = parsed(Prefix.AUDIT, before, "before") if before else None
        items = await hub.audit.entries(caller.tenant_id, chosen, before=below, limit=limit)
        return answer({"items": items, "next": items[-1]["id"] if len(items) == limit else None})

    @api.get("/audit/export", response_class=StreamingResponse, responses={200: {"content": _LINES}})
    async def export(chosen: Chosen, caller: Principal = owns) -> Response:
        """Stream all changes, the oldest first, as JSON lines, each with its place and hash in the chain."""
        pages = hub.audit.export(caller.tenant_id, chosen)
        headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
        return StreamingResponse(_lines(pages), media_type="application/x-ndjson", headers=headers)

    @api.get("/audit/verify", response_model=Verified)
    async def verify(
        head: Annotated[
            str | None, Query(description="seq:hash of an earlier verification, which must still be there")
        ] = None,
        caller: Principal = reads,
    ) -> Any:
        """Verify the tenant's chain: whether a row was changed, removed, moved or put in, and which."""
        report: Report = await hub.audit.verify(caller.tenant_id, head)
        return answer(report)

    return api


async def _lines(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in page)
