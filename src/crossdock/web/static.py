"""The files of the pages: styles, scripts, icons. An address carries its content's hash, so it is kept for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).with_name("static")
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _KINDS:
            content = path.read_bytes()
            found[path.name] = (hashlib.sha256(content).hexdigest()[:12], content)
    return found


def address(name: str) -> str:
    """Return the address of a file."""
    return f"/static/{_files()[name][0]}/{name}"


async def _answer(request: Request) -> Response:
    name, asked = request.path_params["name"], request.path_params["hash"]
    digest, content = _files().get(name, ("", b""))
    if not digest or asked != digest:
        return Response("there is no such file", 404, media_type="text/plain", headers={"Cache-Control": "no-store"})
    return Response(
        content,
        media_type=_KINDS[Path(name).suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"},
    )


def files() -> Route:
    """Return the route of all files."""
    return Route("/static/{hash}/{name}", _answer)
