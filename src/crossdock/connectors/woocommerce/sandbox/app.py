"""The ASGI application: one sandbox shop on HTTP, its REST API before its control door."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

import orjson

from crossdock.connect.sandbox import CONTROL, Asgi, FaultSwitch, Receive, Scope, Send

from . import auth, php, routes, schema, statics, troubles
from .answers import Answer, Call, WpError, no_route
from .consent import ROOT as CONSENT
from .consent import Consent
from .control import Control
from .crowd import Crowd
from .deliveries import Runner
from .hooks import Hooks
from .settings import Settings
from .shop import Shop

_ALWAYS = {
    "Content-Type": "application/json; charset=UTF-8",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
    "Access-Control-Allow-Headers": "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type",
}
_PRIVATE = {
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}


class Ceiling:
    """Lists take turns, as they do on a shop whose few workers are busy: more callers wait, none gets more."""

    def __init__(self, shop_settings: Settings) -> None:
        self._settings = shop_settings
        self._free_at = 0.0
        self._crowd: Crowd | None = None

    def crowd(self) -> Crowd | None:
        """Return the shop's visitors as of now; None where its workers are not counted."""
        workers, visitors = self._settings.workers, self._settings.visitors
        if not workers:
            return None
        now = asyncio.get_running_loop().time()
        if self._crowd is None or self._crowd.terms != (workers, visitors):
            self._crowd = Crowd(workers, visitors, self._settings.seed, now)
        self._crowd.advance(now)
        return self._crowd

    def backlog_s(self) -> float:
        """Return how long a new request would wait (the synthetic latency of the checkout is 0.11 s plus this)."""
        return max(0.0, self._free_at - asyncio.get_running_loop().time())

    @contextlib.asynccontextmanager
    async def turn(self, items: int, *, few_fields: bool) -> AsyncIterator[None]:
        """Take as long as the shop would: 100 whole orders cost one over the ceiling, few fields half (measured)."""
        ceiling = self._settings.list_ceiling_per_s
        if not ceiling:
            yield
            return
        cost = max(items, 5) / 100 / ceiling * (0.5 if few_fields else 1.0)
        clock = asyncio.get_running_loop()
        begun = clock.time()
        crowd = self.crowd()
        self._free_at = max(begun, self._free_at) + (0.0 if crowd else cost)
        ends = self._free_at
        yield
        if crowd is not None:
            await crowd.serve(max(0.0, begun + cost - clock.time()))
        else:
            await asyncio.sleep(ends - clock.time())


class SandboxApp:
    """One shop's HTTP side, without faults (:func:`build` puts the fault switch in front)."""

    def __init__(self, shop: Shop, settings: Settings) -> None:
        self.shop = shop
        self.settings = settings
        shop.storage = settings.storage
        self.gate = auth.Gate(settings)
        self.hooks = Hooks(shop, settings)
        self.runner = Runner(self.hooks)
        self.routes = routes.table(self.hooks, self.runner)
        self.ceiling = Ceiling(settings)
        self.consent = Consent(settings)
        self.control = Control(self)
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if scope["path"].startswith(CONTROL):
            await self.control.answer(scope, body, send)
            return
        self.requests += 1
        status, headers, content = await self._answer(scope, body)
        if scope["method"] == "HEAD":
            content = b""
        headers["Date"] = formatdate(self.shop.clock.time(), usegmt=True)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Scope, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers_in = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        base = self.base(headers_in)
        self.hooks.base = base
        pairs = php.pairs_of(scope["query_string"].decode("latin-1"))
        if (instead := self._instead(scope["path"])) is not None:
            return instead
        if scope["path"].startswith(f"{CONSENT}/"):
            query, cookie = scope["query_string"].decode("latin-1"), headers_in.get("cookie", "")
            return await self.consent.answer(scope["method"], scope["path"], query, cookie, body, base)
        path = scope["path"].removeprefix("/index.php")
        by_route = dict(pairs).get("rest_route") if path in ("", "/") else None
        if by_route is None and (self.settings.plain_permalinks or not path.startswith("/wp-json")):
            return 404, troubles.HTML, troubles.NOT_FOUND
        inner = (by_route if by_route is not None else path.removeprefix("/wp-json")).rstrip("/")
        caller, route = auth.NOBODY, None
        headers = {**_ALWAYS, "Link": f'<{base}/wp-json/>; rel="https://api.w.org/"'}
        try:
            header = headers_in.get("authorization")
            if by_route is not None:
                caller = self.gate.rest_route_caller(header)
            else:
                # a signature is over the address as it was asked, with its index.php
                url = f"{base}{scope['path']}"
                caller = self.gate.caller(scope["method"], url, pairs, header, self.shop.clock.time())
            auth.require(caller, scope["method"])
            route, ids = routes.match(self.routes, inner)
            answer = await self._handle(
                scope, route, ids, caller, self._call(scope, inner, base, pairs, headers_in, body)
            )
        except WpError as error:
            answer = Answer(error.body(), error.status)
            if error.code == "wc_user_invalid_id":
                route = None
        headers |= _PRIVATE if caller.known else {"Vary": "Origin"}
        if route is not None and (caller.may_manage or route.template == ""):
            headers["Allow"] = ", ".join(route.allow())
        headers |= answer.headers
        return answer.status, headers, answer.body if isinstance(answer.body, bytes) else php.encode(answer.body)

    def _instead(self, path: str) -> troubles.Page | None:
        """Return what is answered where the shop itself is not asked."""
        stood = troubles.page(self.settings, path)
        if stood is None and path == "/wp-cron.php":
            self.runner.kick()
            return 200, troubles.HTML, b""
        return stood

    def base(self, headers: dict[str, str]) -> str:
        """Return the site's own address: https only where the shop itself knows of TLS."""
        scheme = "https" if self.settings.https else "http"
        return f"{scheme}://{self.settings.host or headers.get('host', '127.0.0.1')}"

    def _call(
        self, scope: Scope, path: str, base: str, pairs: list[tuple[str, str]], headers: dict[str, str], body: bytes
    ) -> Call:
        query = php.parse_query(pairs)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        given = _body_params(headers.get("content-type", ""), body)
        return Call(self.shop, self.settings, method, path, base, query, given, {**query, **given}, {})

    async def _handle(
        self, scope: Scope, route: routes.Route, ids: dict[str, str], caller: auth.Caller, call: Call
    ) -> Answer:
        call.ids = ids
        if scope["method"] == "OPTIONS":
            return statics.options(call, route.template)
        handler = route.handlers.get(call.method)
        if handler is None and call.method in route.allow():
            raise WpError(501, "sandbox_not_built", "The sandbox does not have this method of the real shop.")
        if handler is None:
            raise no_route()
        if isinstance(call.body.get("\x00error"), WpError):
            raise call.body["\x00error"]
        if route.checked:
            call.params = schema.check(schema.arguments(route.template, call.method), call.params)
        refused = auth.refusal(caller, route.permission(call.method)) if route.template else None
        if refused:
            raise refused
        if route.listed and call.method == "GET":
            items = int(call.params.get("per_page") or 10)
            async with self.ceiling.turn(items, few_fields="_fields" in call.query):
                return await _handled(handler, call)
        return await _handled(handler, call)


async def _handled(handler: Any, call: Call) -> Answer:
    result = handler(call)
    answer: Answer = await result if inspect.isawaitable(result) else result
    return answer


def _body_params(content_type: str, body: bytes) -> dict[str, Any]:
    """Return the body's parameters; anything but JSON or a form has none (vendor fact 30)."""
    if not body:
        return {}
    if content_type.startswith("application/json"):
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            extra = {"json_error_code": 4, "json_error_message": "Syntax error"}
            return {"\x00error": WpError(400, "rest_invalid_json", "Invalid JSON body passed.", **extra)}
        return value if isinstance(value, dict) else {}
    if content_type.startswith("application/x-www-form-urlencoded"):
        return php.parse_query(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return {}


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _throttled() -> tuple[dict[str, str], bytes]:
    body = {"code": "too_many_requests", "message": "Too many requests.", "data": {"status": 429}}
    return {"Content-Type": "application/json; charset=UTF-8", "Retry-After": "1"}, php.encode(body)


def build(shop: Shop, settings: Settings | None = None) -> Asgi:
    """Return the ASGI application of one shop: faults, REST API, webhooks and control door.

    Serve it with :func:`crossdock.connect.sandbox.serving`; webhooks leave from the same event loop.
    """
    app = SandboxApp(shop, settings or Settings())
    switch = FaultSwitch(app, throttled=_throttled)
    app.control.switch = switch
    return switch
