"""Runnable examples of every operation, made from its description: curl, Python and JavaScript.

They read the hub's address from ``CROSSDOCK_URL`` and the key from ``CROSSDOCK_KEY``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Operation = dict[str, Any]
_PARAMETER = re.compile(r"\{(\w+)\}")


def add_samples(document: dict[str, Any]) -> None:
    """Add ``x-codeSamples`` to every operation of an OpenAPI document."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["x-codeSamples"] = samples(method.upper(), path, operation, _schemas(document))


def samples(
    method: str, path: str, operation: Operation, schemas: Mapping[str, Any] = MappingProxyType({})
) -> list[dict[str, str]]:
    """Return one example a language; ``schemas`` are the document's, where examples of bodies may stand."""
    asked = f"/api/v1{_filled(path)}{_query(operation)}"
    body = _body(operation, schemas)
    idempotent = any(p.get("name") == "Idempotency-Key" for p in operation.get("parameters", ()))
    return [
        {"lang": "curl", "source": _curl(method, asked, body, idempotent=idempotent)},
        {"lang": "Python", "source": _python(method, asked, body, idempotent=idempotent)},
        {"lang": "JavaScript", "source": _javascript(method, asked, body, idempotent=idempotent)},
    ]


def _filled(path: str) -> str:
    return _PARAMETER.sub(lambda found: f"{found[1].upper()}", path)


def _query(operation: Operation) -> str:
    given = [
        f"{p['name']}={told}"
        for p in operation.get("parameters", ())
        if p.get("in") == "query" and (told := p.get("example") or _required(p)) is not None
    ]
    return f"?{'&'.join(given)}" if given else ""


def _required(parameter: Mapping[str, Any]) -> Any:
    shown = parameter.get("schema", {}).get("examples")
    return shown[0] if shown and parameter.get("required") else None


def _schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    return found


def _body(operation: Operation, schemas: Mapping[str, Any]) -> Any:
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        if "example" in kind:
            return kind["example"]
        for example in kind.get("examples", {}).values():
            return example.get("value")
        return example_of(kind.get("schema", {}), schemas)
    return None


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return an example of a JSON Schema: its own, else one made of its properties'; None where it has none."""
    while "$ref" in schema:
        schema = schemas[str(schema["$ref"]).rsplit("/", 1)[1]]
    if schema.get("examples"):
        return schema["examples"][0]
    for name in ("example", "const"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if (found := example_of(choice, schemas)) is not None:
            return found
    if schema.get("type") == "array":
        item = example_of(schema.get("items", {}), schemas)
        return None if item is None else [item]
    properties = schema.get("properties", {})
    made = {name: example_of(part, schemas) for name, part in properties.items() if _told(name, part, schema)}
    return {name: value for name, value in made.items() if value is not None} or None


def _told(name: str, part: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether a property belongs into an example: it is required, or shows one of its own."""
    return name in schema.get("required", ()) or bool(part.get("examples"))


def _kind(body: Any) -> str:
    return "text/csv" if isinstance(body, str) else "application/json"


def _curl(method: str, asked: str, body: Any, *, idempotent: bool) -> str:
    words = ["curl --fail-with-body"]
    if method != "GET":
        words.append(f"-X {method}")
    words.append(f'"$CROSSDOCK_URL{asked}"')
    words.append('-H "Authorization: Bearer $CROSSDOCK_KEY"')
    if idempotent:
        words.append('-H "Idempotency-Key: $(uuidgen)"')
    if body is not None:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        words.append(f"-H 'Content-Type: {_kind(body)}'")
        words.append("--data-binary '" + text.replace("'", "'\\''") + "'")
    return " \\\n  ".join(words)


def _python(method: str, asked: str, body: Any, *, idempotent: bool) -> str:
    lines = ["import json, os, urllib.request" + (", uuid" if idempotent else ""), ""]
    lines.append("request = urllib.request.Request(")
    lines.append(f'    os.environ["CROSSDOCK_URL"] + {asked!r},')
    lines.append(f"    method={method!r},")
    if body is not None:
        lines.append(f"    data={repr(body) if isinstance(body, str) else f'json.dumps({body!r})'}.encode(),")
    lines.append('    headers={"Authorization": "Bearer " + os.environ["CROSSDOCK_KEY"]')
    if idempotent:
        lines[-1] += ', "Idempotency-Key": str(uuid.uuid4())'
    if body is not None:
        lines[-1] += f', "Content-Type": "{_kind(body)}"'
    lines[-1] += "},"
    lines += [
        ")",
        "with urllib.request.urlopen(request) as answer:",
        "    print(json.dumps(json.load(answer), indent=2))",
    ]
    return "\n".join(lines)


def _javascript(method: str, asked: str, body: Any, *, idempotent: bool) -> str:
    headers = ["Authorization: `Bearer ${process.env.CROSSDOCK_KEY}`"]
    if idempotent:
        headers.append('"Idempotency-Key": crypto.randomUUID()')
    if body is not None:
        headers.append(f'"Content-Type": "{_kind(body)}"')
    lines = [
        f"const answer = await fetch(process.env.CROSSDOCK_URL + {json.dumps(asked)}, {{",
        f"  method: {json.dumps(method)},",
        f"  headers: {{ {', '.join(headers)} }},",
    ]
    if body is not None:
        text = json.dumps(body, ensure_ascii=False)
        lines.append(f"  body: {text if isinstance(body, str) else f'JSON.stringify({text})'},")
    lines += ["});", "console.log(JSON.stringify(await answer.json(), null, 2));"]
    return "\n".join(lines)
