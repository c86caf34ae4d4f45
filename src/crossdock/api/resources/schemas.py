"""The published JSON Schemas of the hub's words, and the schemas of connections as they were discovered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from crossdock.api.access import Access
from crossdock.api.parsing import parsed
from crossdock.api.problems import answer
from crossdock.api.schemas import WORDS, schema_of
from crossdock.errors import NotFound
from crossdock.flow.schema import shown
from crossdock.govern.keys import Principal
from crossdock.kit.ids import Prefix
from crossdock.wiring import Hub


class OptionShown(BaseModel):
    """A value an enumeration takes."""

    value: str
    label: str
    hidden: bool


class FieldShown(BaseModel):
    """One field of an object."""

    name: str = Field(description="as a rule of a mapping names it")
    label: str
    description: str
    type: str = Field(description="text, number, boolean, date, time, enumeration, list, group or any")
    required: bool
    read_only: bool
    unique: bool
    multiple: bool
    custom: bool = Field(description="made by the account's own people or plugins")
    options: list[OptionShown]
    sensitivity: str = Field(description="none, pii or phi; a guess where nobody states it")
    samples: list[Any] = Field(description="what stands there; masked as far as the key may not see people")
    seen: int = Field(description="records of those looked at that hold a value")


class ObjectShown(BaseModel):
    """One object or stream."""

    name: str
    label: str
    looked_at: int
    fields: list[FieldShown]


class SchemaShown(BaseModel):
    """Both sides of a connection."""

    at: datetime = Field(description="when it was looked up")
    source: list[ObjectShown]
    destination: list[ObjectShown]


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes; the words' own schemas are no secret and need no key."""
    api = APIRouter(tags=["schemas"])
    reads = access.needs("read")

    @api.get("/connections/{connection}/schema", response_model=SchemaShown)
    async def connection_schema(
        connection: str,
        fresh: Annotated[bool, Query(description="true: ask the vendor now, not what is remembered")] = False,
        caller: Principal = reads,
    ) -> Any:
        """Return the objects and fields of a connection, remembered for 15 minutes.

        Samples about people are shown to keys of the scope ``admin`` alone, those about health to nobody.
        """
        found = await hub.connections.one(caller.tenant_id, parsed(Prefix.CONNECTION, connection, "connection"))
        told = await hub.mappings.schemas.of(found.id, fresh=fresh)
        return {"at": told.at, **shown(told.schema, people="admin" in caller.scopes)}

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
