"""The published JSON Schemas of the hub's words."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.problems import answer
from crossdock.api.schemas import WORDS, schema_of
from crossdock.errors import NotFound
from crossdock.wiring import Hub


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes; schemas are no secret and need no key."""
    del hub, access
    api = APIRouter(tags=["schemas"])

    @api.get("/schemas")
    async def list_schemas() -> Any:
        """List the words that have a schema."""
        return {"items": [{"name": word, "url": f"/api/v1/schemas/{word}"} for word in WORDS]}

    @api.get("/schemas/{word}", responses={200: {"content": {"application/schema+json": {}}}})
    async def get_schema(word: str) -> Response:
        """Return one JSON Schema (2020-12)."""
        if word not in WORDS:
            raise NotFound(f"there is no schema {word!r}", field="word", remedy="list them with GET /schemas")
        response = answer(schema_of(word))
        response.headers["content-type"] = "application/schema+json"
        return response

    return api
