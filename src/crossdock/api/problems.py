"""Answers: JSON, and problem+json (RFC 9457) for every error."""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from starlette.responses import Response

from crossdock.errors import CrossdockError, Overloaded

log = structlog.get_logger("crossdock.api")


def answer(value: Any, status: int = 200) -> Response:
    """Answer JSON."""
    return Response(orjson.dumps(value, default=str), status, media_type="application/json")


def problem(error: CrossdockError) -> Response:
    """Answer an error of ours; ``Retry-After`` where it may be tried again."""
    response = Response(orjson.dumps(error.as_problem()), error.status, media_type="application/problem+json")
    if isinstance(error, Overloaded):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def unexpected(error: Exception) -> Response:
    """Answer a bug: the log has it, the caller learns nothing of the inside."""
    log.error("unexpected", problem=type(error).__name__, exc_info=error)
    return problem(CrossdockError("an unexpected error; it was logged", remedy="try again; nothing was accepted"))
