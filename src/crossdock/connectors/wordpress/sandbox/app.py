"""The site over HTTP: WordPress's index, the plugin's two routes, and the control door."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import msgspec
import orjson

from crossdock.connect.sandbox import CONTROL, Asgi, FaultSwitch, Receive, Scope, Send, answer_json
from crossdock.connectors.wordpress.sandbox import commands
from crossdock.connectors.wordpress.sandbox.control import Control
from crossdock.connectors.wordpress.sandbox.sender import Sender
from crossdock.connectors.wordpress.sandbox.settings import MOST_COMMANDS
from crossdock.connectors.wordpress.sandbox.signing import Gate
from crossdock.connectors.wordpress.sandbox.site import Site

RETRY_AFTER_S = 3
_HTML = (b"content-type", b"text/html; charset=UTF-8")
_PAGES = {
    "html": (403, b"<html><body><h1>403 Forbidden</h1>Wordfence</body></html>"),
    "captcha": (200, b"<html><body>Checking your browser</body></html>"),
    "password": (401, b"<html><body>401 Authorization Required</body></html>"),
}


class SiteApp:
    """The ASGI application of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.gate = Gate()
        self.sender = Sender(site)
        self.switch = FaultSwitch(self, throttled=lambda: ({"retry-after": str(RETRY_AFTER_S)}, b"slow down"))
        self.control = Control(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        path: str = scope["path"]
        if path.startswith(CONTROL):
            status, told = await self.control.answer(scope["method"], path.removeprefix(CONTROL), body, url_of(scope))
            await answer_json(send, status, told)
            return
        self.site.requests += 1
        if (page := _PAGES.get(self.site.settings.firewall)) is not None:
            await _page(send, *page)
            return
        route = self._route(scope)
        if route is None:
            await _page(send, 404, b"<html><body>Page not found</body></html>")
            return
        status, told = self._answer(scope, route, body)
        if status >= 400 and isinstance(told, dict):
            code = str(told.get("code"))
            self.site.refused[code] = self.site.refused.get(code, 0) + 1
        await self._json(send, status, told)

    async def _json(self, send: Send, status: int, told: dict[str, Any]) -> None:
        """Answer JSON, with the site's own time as its Date."""
        body, at = orjson.dumps(told), formatdate(self._now(), usegmt=True)
        headers = [
            (b"content-type", b"application/json; charset=UTF-8"),
            (b"content-length", str(len(body)).encode()),
            (b"date", at.encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _route(self, scope: Scope) -> str | None:
        """Return the REST route that is asked for; None where WordPress shows a page."""
        asked = [pair.partition("=") for pair in scope["query_string"].decode("latin-1").split("&") if pair]
        for name, _, value in asked:
            if name == "rest_route":
                return str(value).replace("%2F", "/")
        path: str = scope["path"]
        if path.startswith("/wp-json") and not self.site.settings.plain_permalinks:
            return path.removeprefix("/wp-json").rstrip("/") or "/"
        return None

    def _answer(self, scope: Scope, route: str, body: bytes) -> tuple[int, dict[str, Any]]:
        said, method = self.site.settings, scope["method"]
        if route == "/":
            spaces = ["oembed/1.0", "wp/v2", *(["crossdock/v1"] if said.plugin else [])]
            return 200, {
                "name": "Sandbox Tea",
                "home": said.home or url_of(scope),
                "timezone_string": "Europe/Berlin",
                "namespaces": spaces,
            }
        known = {("GET", "/crossdock/v1/status"), ("POST", "/crossdock/v1/commands")}
        if not said.plugin or (method, route) not in known:
            message = "No route was found matching the URL and request method."
            return 404, {"code": "rest_no_route", "message": message, "data": {"status": 404}}
        problem = self._signed(scope, body)
        if problem:
            data = {"status": 401} | ({"server_time": int(self._now())} if problem == "clock-skew" else {})
            words = "This address is for the hub, whose requests are signed."
            return 401, {"code": problem, "message": words, "data": data}
        if method == "GET":
            return 200, self.site.status()
        return self._commands(body)

    def _commands(self, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            given = None
        listed = given.get("commands") if isinstance(given, dict) else None
        if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_COMMANDS:
            detail = f"Give commands: a list of 1 to {MOST_COMMANDS}."
            return 422, {"code": "bad-commands", "detail": detail, "field": "commands"}
        return 200, {"results": [commands.answer(self.site, one) for one in listed]}

    def _signed(self, scope: Scope, body: bytes) -> str:
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        said = self.site.settings
        if not said.paired:
            return "unpaired"
        return self.gate.problem(said.key, said.secret, self._now(), (scope["method"], target), headers, body)

    def _now(self) -> float:
        return time.time() + self.site.settings.clock_ahead_s

    def settle(self, changes: dict[str, Any]) -> None:
        """Turn settings. Raises ``msgspec.ValidationError``."""
        merged = msgspec.structs.asdict(self.site.settings) | changes
        self.site.settings = msgspec.convert(merged, type(self.site.settings))


def url_of(scope: Scope) -> str:
    """Return the address a request came to."""
    headers = dict(scope["headers"])
    return f"{scope['scheme']}://{headers.get(b'host', b'localhost').decode('latin-1')}"


def build(site: Site | None = None) -> Asgi:
    """Return a site behind its fault switch, ready for ``serving``."""
    return SiteApp(site or Site()).switch


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _page(send: Send, status: int, body: bytes) -> None:
    headers = [_HTML, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
