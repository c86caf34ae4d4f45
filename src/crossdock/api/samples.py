"""Runnable examples of every operation, made from its description: curl, Python and JavaScript.

They read the hub's address from ``CROSSDOCK_URL`` and the key from ``CROSSDOCK_KEY``.
"""

from __future__ import annotations

import json
import re
from typing import Any

Operation = dict[str, Any]
_PARAMETER = re.compile(r"\{(\w+)\}")


def add_samples(document: dict[str, Any]) -> None:
    """Add ``x-codeSamples`` to every operation of an OpenAPI document."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["x-codeSamples"] = samples(method.upper(), path, operation)


def samples(method: str, path: str, operation: Operation) -> list[dict[str, str]]:
    """Return one example a language."""
    asked = f"/api/v1{_filled(path)}{_query(operation)}"
    body = _body(operation)
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
        f"{p['name']}={p['example']}"
        for p in operation.get("parameters", ())
        if p.get("in") == "query" and "example" in p
    ]
    return f"?{'&'.join(given)}" if given else ""


def _body(operation: Operation) -> Any:
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        if "example" in kind:
            return kind["example"]
        for example in kind.get("examples", {}).values():
            return example.get("value")
    return None


def _curl(method: str, asked: str, body: Any, *, idempotent: bool) -> str:
    words = ["curl --fail-with-body"]
    if method != "GET":
        words.append(f"-X {method}")
    words.append(f'"$CROSSDOCK_URL{asked}"')
    words.append('-H "Authorization: Bearer $CROSSDOCK_KEY"')
    if idempotent:
        words.append('-H "Idempotency-Key: $(uuidgen)"')
    if body is not None:
        words.append("-H 'Content-Type: application/json'")
        words.append("-d '" + json.dumps(body, ensure_ascii=False).replace("'", "'\\''") + "'")
    return " \\\n  ".join(words)


def _python(method: str, asked: str, body: Any, *, idempotent: bool) -> str:
    lines = ["import json, os, urllib.request" + (", uuid" if idempotent else ""), ""]
    lines.append("request = urllib.request.Request(")
    lines.append(f'    os.environ["CROSSDOCK_URL"] + {asked!r},')
    lines.append(f"    method={method!r},")
    if body is not None:
        lines.append(f"    data=json.dumps({body!r}).encode(),")
    lines.append('    headers={"Authorization": "Bearer " + os.environ["CROSSDOCK_KEY"]')
    if idempotent:
        lines[-1] += ', "Idempotency-Key": str(uuid.uuid4())'
    if body is not None:
        lines[-1] += ', "Content-Type": "application/json"'
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
        headers.append('"Content-Type": "application/json"')
    lines = [
        f"const answer = await fetch(process.env.CROSSDOCK_URL + {json.dumps(asked)}, {{",
        f"  method: {json.dumps(method)},",
        f"  headers: {{ {', '.join(headers)} }},",
    ]
    if body is not None:
        lines.append(f"  body: JSON.stringify({json.dumps(body, ensure_ascii=False)}),")
    lines += ["});", "console.log(JSON.stringify(await answer.json(), null, 2));"]
    return "\n".join(lines)
