"""Short-lived tokens that a program makes of its key, and the public keys by which others verify them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.resources.keys import Scope
from crossdock.govern.keys import Principal
from crossdock.govern.programs.tokens import AUDIENCE, MOST_MINUTES
from crossdock.wiring import Hub

_MADE: dict[str, Any] = {
    "id": "019bf3b8-7c1a-7f00-8d3b-2b8c1a0f4e55",
    "token": "eyJ…",
    "token_type": "Bearer",
    "scopes": ["read"],
    "expires_at": "2026-11-22T09:15:00Z",
}


class NewToken(BaseModel):
    """What the token may do, for how long, and where."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"scopes": ["read"], "minutes": 15}]})

    scopes: list[Scope] | None = Field(None, min_length=1, max_length=5, description="some of the key's; null: all")
    minutes: int = Field(default=15, ge=1, le=MOST_MINUTES)
    audience: str = Field(
        default=AUDIENCE,
        min_length=1,
        max_length=200,
        description="this API, or another service's name: that one verifies it by GET /tokens/keys, and this API does"
        " not take it",
    )


class TokenMade(BaseModel):
    """A token, to be sent as ``Authorization: Bearer …`` in place of the key."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MADE]})

    id: str = Field(description="jti")
    token: str
    token_type: str
    scopes: list[str]
    expires_at: datetime


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["access"])
    anybody = access.needs()
    tokens = hub.tokens

    @api.post("/tokens", response_model=TokenMade, status_code=201)
    async def make_token(body: NewToken, caller: Principal = anybody) -> Any:
        """Make a token of the key that calls. It ends with the key, within a second; it makes no keys and no tokens."""
        made = tokens.make(caller, body.scopes, body.minutes, body.audience)
        return {
            "id": made.id,
            "token": made.token,
            "token_type": "Bearer",
            "scopes": list(made.scopes),
            "expires_at": made.expires_at,
        }

    @api.get("/tokens/keys")
    async def token_keys() -> Any:
        """Return the public keys of this installation's tokens: a JWK Set (RFC 7517)."""
        return tokens.public_keys()

    return api
