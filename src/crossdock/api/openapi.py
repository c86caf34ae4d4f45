"""The OpenAPI 3.1 document: what FastAPI knows of its own resources, and the raw events door beside them."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from crossdock.api.events import MOST, NewEvent
from crossdock.api.problems import PROBLEM_CONTENT
from crossdock.api.samples import add_samples
from crossdock.api.schemas import components
from crossdock.errors import (
    BadInput,
    Conflict,
    CrossdockError,
    Forbidden,
    Invalid,
    NotFound,
    Overloaded,
    Unauthenticated,
    VendorTrouble,
)

_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_PLUGIN = "/api/integrations/wordpress/openapi.json"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; code is stable, remedy says what to do.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "code", "detail", "remedy", "field")},
        "status": {"type": "integer"},
    },
}
_RESULT = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["recorded", "duplicate", "refused"]},
        "id": {"type": "string"},
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
}
_NEW_EVENT = {"type": "assessment.completed", "id": "a-17", "external_id": "17", "data": {"score": 7}}
_REFUSALS = {
    "400": "a field breaks a rule",
    "401": "no key, or one that is unknown, revoked or expired",
    "403": "the key lacks the scope",
    "413": "the body is too large",
    "422": "the Idempotency-Key or id came with another body",
    "503": "not accepted; send the same request again after Retry-After seconds",
}


def described(app: FastAPI) -> dict[str, Any]:
    """Return the document; it is made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document["servers"] = [{"url": "/api/v1"}]
        document["externalDocs"] = {"description": "The plugin's own API", "url": _PLUGIN}
        _, schemas = msgspec.json.schema_components([NewEvent], ref_template=_REF)
        parts = document.setdefault("components", {})
        parts.setdefault("schemas", {}).update(components(), **schemas, Problem=_PROBLEM, EventResult=_RESULT)
        parts["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key (cdk_…), or a token"}
        }
        document["security"] = [{"key": []}]
        document["paths"]["/events"]["post"] = _events()
        _say_refusals(document)
        add_samples(document)
        app.openapi_schema = document
    return app.openapi_schema


def _say_refusals(document: dict[str, Any]) -> None:
    """Describe the problems every operation may answer, with examples."""
    for operations in document["paths"].values():
        for operation in operations.values():
            # FastAPI's own 422 is never answered: a field that breaks a rule is a 400 in our words
            if "HTTPValidationError" in str(operation["responses"].get("422", "")):
                del operation["responses"]["422"]
            for error in _PROBLEMS:
                operation["responses"].setdefault(str(error.status), _problem_answer(error))
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _problem_answer(error: CrossdockError) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": error.as_problem()}
    return {"description": str(error), "content": {"application/problem+json": content}}


_PROBLEMS = (
    BadInput(_REFUSALS["400"], field="limit", remedy="see /api/v1/openapi.json"),
    Unauthenticated(_REFUSALS["401"], field="Authorization", remedy="send Authorization: Bearer cdk_…"),
    Forbidden(_REFUSALS["403"]),
    NotFound("there is no such thing, or it is another tenant's"),
    Conflict("what stands does not allow it"),
    Invalid("fields break rules", [{"field": "settings.hours", "rule": "a number", "remedy": "write 12"}]),
    VendorTrouble("the other side does not answer as it should", remedy="crossdock check tells more"),
    Overloaded(_REFUSALS["503"]),
)


def _events() -> dict[str, Any]:
    one, many = {"$ref": "#/components/schemas/NewEvent"}, {"$ref": "#/components/schemas/EventResult"}
    batch = {"type": "array", "items": one, "minItems": 1, "maxItems": MOST}
    wrapped = {"type": "object", "required": ["events"], "properties": {"events": batch}}
    results = {"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": many}}}
    refused = PROBLEM_CONTENT
    return {
        "summary": "Take one event or a batch; 2xx means committed.",
        "operationId": "post_events",
        "parameters": [
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255}}
        ],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": {"oneOf": [one, batch, wrapped]}, "example": _NEW_EVENT}},
        },
        "responses": {
            "200": {
                "description": "each event's own result, or one that was recorded before",
                "content": {_JSON: {"schema": {"oneOf": [many, results]}}},
            },
            "201": {"description": "recorded", "content": {_JSON: {"schema": many}}},
            **{code: {"description": text, "content": refused} for code, text in _REFUSALS.items()},
        },
    }
