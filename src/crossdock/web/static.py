"""The files of the pages: styles, scripts, icons. An address carries its content's hash, so it is kept for ever."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).with_name("static")
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _File(msgspec.Struct, frozen=True):
    digest: str
    content: bytes
    small: bytes
    """The same, compressed once for all."""


@cache
def _files() -> dict[str, _File]:
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _KINDS:
            content = path.read_bytes()
            small = gzip.compress(content, 9, mtime=0)
            found[path.name] = _File(hashlib.sha256(content).hexdigest()[:12], content, small)
    return found


def address(name: str) -> str:
    """Return the address of a file."""
    return f"/static/{_files()[name].digest}/{name}"


async def _answer(request: Request) -> Response:
    name, asked = request.path_params["name"], request.path_params["hash"]
    file = _files().get(name)
    if file is None or asked != file.digest:
        return Response("there is no such file", 404, media_type="text/plain", headers={"Cache-Control": "no-store"})
    small = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    if small:
        headers["Content-Encoding"] = "gzip"
    return Response(file.small if small else file.content, media_type=_KINDS[Path(name).suffix], headers=headers)


def files() -> Route:
    """Return the route of all files."""
    return Route("/static/{hash}/{name}", _answer)
