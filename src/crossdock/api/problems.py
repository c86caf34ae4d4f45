"""Answers: JSON, and problem+json (RFC 9457) for every error."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec
import orjson
import structlog
from starlette.responses import Response

from crossdock.errors import BadInput, CrossdockError, MethodNotAllowed, Overloaded, RateLimited
from crossdock.store.absence import overload_of

_encoder = msgspec.json.Encoder()
log = structlog.get_logger("crossdock.api")

UNKEEPABLE = (asyncpg.DataError,)
"""A value of the request that PostgreSQL does not take: NUL in a text, a number outside of its type."""

PROBLEM_CONTENT: dict[str, Any] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
"""The content of an error, as the OpenAPI document says it."""


def answer(value: Any, status: int = 200) -> Response:
    """Answer JSON. Structs, among them the hub's words, go from what they are to bytes in one step."""
    return Response(orjson.dumps(value, default=_written), status, media_type="application/json")


def _written(value: Any) -> Any:
    return orjson.Fragment(_encoder.encode(value)) if isinstance(value, msgspec.Struct) else str(value)


def problem(error: CrossdockError) -> Response:
    """Answer an error of ours; ``Retry-After`` where it may be tried again."""
    response = Response(
        orjson.dumps(error.as_problem(), default=str), error.status, media_type="application/problem+json"
    )
    if isinstance(error, Overloaded | RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = error.allow
    return response


def refusal(error: Exception, field: str = "body") -> Response:
    """Answer whatever ended a request: an error of ours as it is, an absent or full database as 503, a bug as 500.

    ``field``: where a value that cannot be kept was most likely given.
    """
    if isinstance(error, CrossdockError):
        return problem(error)
    if isinstance(error, UNKEEPABLE):
        log.warning("a value cannot be kept", problem=type(error).__name__)
        return problem(BadInput("a value cannot be kept: a NUL character, or a number that is too large", field=field))
    away = overload_of(error)
    return problem(away) if away else unexpected(error)


def unexpected(error: Exception) -> Response:
    """Answer a bug: the log has it, the caller learns nothing of the inside."""
    log.error("unexpected", problem=type(error).__name__, exc_info=error)
    return problem(CrossdockError("an unexpected error; it was logged", remedy="try again; nothing was accepted"))
