"""What the room says of itself: OpenAPI 3.1 and JSON Schemas, made from the operations and the words."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crossdock.api.integrations.operation import VERSION, Operation
from crossdock.api.integrations.wordpress import words
from crossdock.api.integrations.wordpress.gate import ITEMS
from crossdock.api.problems import answer, problem
from crossdock.errors import (
    AnotherSite,
    BadInput,
    BadSignature,
    ClockSkew,
    CrossdockError,
    NonceReplayed,
    NotFound,
    Overloaded,
    RateLimited,
    TooLarge,
    UnknownKey,
)

_REF: Final = "#/components/schemas/"
_JSON: Final = "application/json"
_KEYED: Final[tuple[CrossdockError, ...]] = (
    BadInput("the body is not JSON", field="body", remedy="send JSON in UTF-8"),
    UnknownKey("the key is not known, or was revoked", field="X-Crossdock-Key", remedy="pair the site again"),
    BadSignature("the signature does not fit the request", field="X-Crossdock-Signature", remedy="sign it anew"),
    ClockSkew(
        "the request's time is more than 300 seconds from the hub's",
        server_time="2026-11-21T10:00:00Z",
        remedy="set the clock of the site's server (NTP)",
    ),
    NonceReplayed("this request was sent before", field="X-Crossdock-Nonce", remedy="draw a new nonce"),
    AnotherSite("this key belongs to another site", field="instance", remedy="pair this site with a code of its own"),
    TooLarge("the body is larger than 1048576 bytes", field="body", remedy="send fewer items"),
    RateLimited("this key may send 600 requests a minute", retry_after_s=12),
    Overloaded("too many arrivals wait for the database"),
)
_OPEN: Final = (_KEYED[0], TooLarge("the body is larger than 1048576 bytes", field="body", remedy="send less"))
_SIGNED: Final = {
    "X-Crossdock-Timestamp": "unix seconds; at most 300 s from the hub's clock",
    "X-Crossdock-Nonce": "16 to 64 characters of A-Z, a-z, 0-9, _ and -, never sent before with this key",
    "X-Crossdock-Signature": "v1= and the hex HMAC-SHA256 of method, path, timestamp, nonce and body by the secret",
}
_RATE: Final = {
    "RateLimit-Limit": "requests a minute",
    "RateLimit-Remaining": "requests left in this minute",
    "RateLimit-Reset": "seconds until the next minute begins",
}


@lru_cache(maxsize=1)
def schemas() -> dict[str, dict[str, Any]]:
    """Return the published JSON Schemas by name; each stands by itself."""
    return {**{name: word.model_json_schema() for name, word in words.PUBLISHED.items()}, "batch": _batch()}


def _batch() -> dict[str, Any]:
    item, sender = words.Item.model_json_schema(), words.Sender.model_json_schema()
    return {
        "type": "object",
        "title": "Batch",
        "required": ["items"],
        "properties": {"site": sender, "items": {"type": "array", "minItems": 1, "maxItems": ITEMS, "items": item}},
    }


def pages(base: str, operations: Sequence[Operation]) -> list[Route]:
    """Return the pages that describe the room; they hold no secret and need no key."""
    # made when it is first asked for: no start waits for it
    document = functools.cache(lambda: described(base, operations))

    async def openapi(request: Request) -> Response:
        del request
        return answer(document())

    async def listed(request: Request) -> Response:
        del request
        return answer({name: f"{base}/schemas/{name}.json" for name in schemas()})

    async def schema(request: Request) -> Response:
        found = schemas().get(request.path_params["name"])
        if found is None:
            return problem(NotFound("there is no such schema", field="path", remedy=f"see {base}/schemas"))
        return answer(found)

    return [
        Route(f"{base}/openapi.json", openapi),
        Route(f"{base}/schemas", listed),
        Route(f"{base}/schemas/{{name}}.json", schema),
    ]


def described(base: str, operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the OpenAPI document."""
    components: dict[str, Any] = {"Problem": _problem_schema(), "Meta": _meta_schema()}
    for name, word in words.PUBLISHED.items():
        components.update(_component(name, word))
    components["batch"] = _batch_component()
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Crossdock plugin API", "version": VERSION},
        "servers": [{"url": base}],
        "security": [{"key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Crossdock-Key", "description": "cdk_…"},
                "bearer": {"type": "http", "scheme": "bearer", "description": "the same key"},
            },
        },
    }


def _component(name: str, word: type[BaseModel]) -> dict[str, Any]:
    schema = word.model_json_schema(ref_template=_REF + "{model}")
    parts: dict[str, Any] = schema.pop("$defs", {})
    return {**parts, name: schema}


def _batch_component() -> dict[str, Any]:
    items = {"type": "array", "minItems": 1, "maxItems": ITEMS, "items": {"$ref": f"{_REF}item"}}
    site = words.Sender.model_json_schema()
    return {"type": "object", "required": ["items"], "properties": {"site": site, "items": items}}


def _operation(one: Operation) -> dict[str, Any]:
    keyed = one.opens is None
    told: dict[str, Any] = {
        "summary": one.summary,
        "operationId": "_".join([one.method.lower(), *re.findall(r"[a-z]+", one.path)]),
        "responses": {str(status): _answered(one, text, keyed=keyed) for status, text in one.answers.items()},
    }
    headers = {**one.headers, **(_SIGNED if keyed else {})}
    parameters = [_parameter("header", name, text) for name, text in headers.items()]
    parameters += [_parameter("query", name, text) for name, text in one.query.items()]
    names = [part[1:-1].partition(":")[0] for part in one.path.split("/") if part.startswith("{")]
    parameters += [{**_parameter("path", name, "its id"), "required": True} for name in names]
    if parameters:
        told["parameters"] = parameters
    if not keyed:
        told["security"] = []
    if one.body:
        options = [{"$ref": _REF + name} for name in one.body.split("|")]
        schema = options[0] if len(options) == 1 else {"anyOf": options}
        told["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema, "example": one.body_example}}}
    told["responses"].update(_refusals((*one.refusals, *(_KEYED if keyed else _OPEN))))
    return told


def _parameter(place: str, name: str, text: str) -> dict[str, Any]:
    return {"in": place, "name": name, "description": text, "required": False, "schema": {"type": "string"}}


def _answered(one: Operation, text: str, *, keyed: bool) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["data", "meta"],
        "properties": {"data": {"type": "object"}, "meta": {"$ref": f"{_REF}Meta"}},
    }
    meta = {"request_id": "req_0190d0a86e2f7b529d530c2a4f6c1d10", "time": "2026-11-21T10:00:00Z"}
    content = {_JSON: {"schema": schema, "example": {"data": one.example, "meta": meta}}}
    return {"description": text, "content": content, **({"headers": _rate()} if keyed else {})}


def _rate() -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": "integer"}} for name, text in _RATE.items()}


def _refusals(errors: Sequence[CrossdockError]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for error in errors:
        told = found.setdefault(str(error.status), {"description": error.title, "content": _content()})
        told["content"]["application/problem+json"]["examples"][error.code] = {"value": error.as_problem()}
        if isinstance(error, RateLimited | Overloaded):
            told["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return found


def _content() -> dict[str, Any]:
    return {"application/problem+json": {"schema": {"$ref": f"{_REF}Problem"}, "examples": {}}}


def _problem_schema() -> dict[str, Any]:
    texts = ("type", "title", "code", "detail", "field", "remedy", "server_time")
    wrong = {"type": "object", "properties": {name: {"type": "string"} for name in ("field", "rule", "remedy")}}
    return {
        "type": "object",
        "description": "RFC 9457; code is stable, remedy says what to do, problems names each field.",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            **{name: {"type": "string"} for name in texts},
            "status": {"type": "integer"},
            "problems": {"type": "array", "items": wrong},
        },
    }


def _meta_schema() -> dict[str, Any]:
    properties = {"request_id": {"type": "string"}, "time": {"type": "string", "format": "date-time"}}
    return {"type": "object", "required": ["request_id", "time"], "properties": properties}
