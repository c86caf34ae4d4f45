"""The application: authentication, limits, scopes, then the door; and the control door beside it."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec
import orjson

from crossdock.connect.sandbox import CONTROL, Dials, FaultSwitch, Receive, Scope, Send
from crossdock.connectors.hubspot.sandbox import portal_doors, routes
from crossdock.connectors.hubspot.sandbox.calls import Answer, Call
from crossdock.connectors.hubspot.sandbox.control import Control
from crossdock.connectors.hubspot.sandbox.granting import Granting
from crossdock.connectors.hubspot.sandbox.instants import MovableClock, zone
from crossdock.connectors.hubspot.sandbox.limits import Budget
from crossdock.connectors.hubspot.sandbox.portal import Portal
from crossdock.connectors.hubspot.sandbox.refusals import Refused, invalid, too_many
from crossdock.connectors.hubspot.sandbox.settings import Settings
from crossdock.kit.clock import Clock

_JSON = {"content-type": "application/json;charset=utf-8"}
_NO_BODY = frozenset({"GET", "HEAD", "DELETE"})


class HubSpotSandbox:
    """One portal behind HTTP: serve it with :func:`crossdock.connect.sandbox.serving`.

    ``settings``: what the portal is and allows; ``clock``: where its time begins (``POST /_sandbox/clock`` moves it).
    """

    def __init__(self, settings: Settings | None = None, *, clock: Clock | None = None) -> None:
        settings = settings or Settings()
        zone(settings.time_zone)
        self.clock = MovableClock(clock)
        self.portal = Portal(settings, self.clock)
        self.switch = FaultSwitch(self._serve, throttled=self._throttled)
        self.granting = Granting(settings, self.clock)
        self.control = Control(self.portal, self._dial, self._settle, self.granting)
        self._budget = Budget(settings, self.clock)

    @property
    def settings(self) -> Settings:
        """Return the settings in force."""
        return self.portal.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI request, through the fault switch."""
        if scope["type"] == "http":
            await self.switch(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        # control bodies (states that are put back) may be longer than what the vendor takes
        control = scope["path"].startswith(CONTROL)
        try:
            raw = await _read(receive, None if control else self.settings.body_bytes)
            status, value, headers = self._control(scope, raw) if control else self._vendor(scope, raw)
        except Refused as refused:
            status, value, headers = _refusal(refused)
        body = b"" if value is None else orjson.dumps(value)
        shown = _JSON | headers if value is not None else headers
        pairs = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in shown.items()]
        if status != 204:
            pairs.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    def _control(self, scope: Scope, raw: bytes) -> tuple[int, Any, dict[str, str]]:
        try:
            body = orjson.loads(raw) if raw else {}
        except orjson.JSONDecodeError as wrong:
            raise invalid("the body is not JSON") from wrong
        if not isinstance(body, dict):
            raise invalid("the body must be an object")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        path = scope["path"].removeprefix(CONTROL)
        return *self.control.answer(scope["method"], path, query, body), {}

    def _vendor(self, scope: Scope, raw: bytes) -> tuple[int, Any, dict[str, str]]:
        method = scope["method"]
        name, headers = f"{method} ?", {}
        if self.granting.owns(scope["path"]):
            return self._granting(scope, raw)
        try:
            granted = self._granted(scope)
            route, version, params = routes.resolve(method, scope["raw_path"].split(b"?")[0].decode("latin-1"))
            name = route.name(params)
            searching = route.pattern[-1:] == ("search",)
            try:
                self._budget.spend(search=searching)
            finally:
                headers = {} if searching else self._budget.headers()
            _check_scopes(routes.scopes(route, params), granted)
            _check_type(scope, raw)
            params = {key: unquote(value) for key, value in params.items()}
            query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            call = Call(self.portal, version, params, query, raw)
            status, value = self._answer(route, call)
        except Refused as refused:
            self._count(name, refused.status)
            status, value, more = _refusal(refused)
            return status, value, headers | more
        self._count(name, status)
        return status, value, headers

    def _granting(self, scope: Scope, raw: bytes) -> tuple[int, Any, dict[str, str]]:
        name = f"{scope['method']} {scope['path'].lstrip('/')}"
        query = scope["query_string"].decode("latin-1")
        given = next((value for key, value in scope["headers"] if key == b"content-type"), b"")
        try:
            answer = self.granting.answer(scope["method"], scope["path"], query, given, raw)
        except Refused as refused:
            self._count(name, refused.status)
            raise
        self._count(name, answer[0])
        return answer

    def _answer(self, route: routes.Route, call: Call) -> Answer:
        return portal_doors.api_usage(call, self._budget) if route is routes.USAGE else route.door(call)

    def _granted(self, scope: Scope) -> list[str]:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        kind, _, token = given.decode("latin-1").partition(" ")
        if kind.lower() == "bearer" and token:
            for known in self.settings.expired_tokens:
                if _same(known, token):
                    raise Refused(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired.")
            for known, scopes in self.settings.tokens.items():
                if _same(known, token):
                    return scopes
            granted = self.granting.scopes(token)
            if granted is not None:
                return granted
        message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
        raise Refused(401, "INVALID_AUTHENTICATION", message)

    def _count(self, name: str, status: int) -> None:
        counts = self.portal.requests.setdefault(name, {})
        counts[str(status)] = counts.get(str(status), 0) + 1

    def _throttled(self) -> tuple[dict[str, str], bytes]:
        refused = too_many("TEN_SECONDLY_ROLLING")
        self._count("dial throttle_share", 429)
        return _JSON | self._budget.headers(), orjson.dumps(refused.body())

    def _dial(self, changes: dict[str, Any]) -> dict[str, Any]:
        unknown = changes.keys() - set(Dials.__struct_fields__)
        if unknown:
            raise invalid(f"no such dials: {', '.join(sorted(unknown))}")
        if changes:
            self.switch.turn(changes)
        return msgspec.structs.asdict(self.switch.dials)

    def _settle(self, settings: Settings) -> None:
        try:
            zone(settings.time_zone)
        except (KeyError, ValueError, OSError) as wrong:
            raise invalid(f"no such time zone: {settings.time_zone}") from wrong
        for name in settings.__struct_fields__:  # in place: the budget and the schema hold the same object
            setattr(self.portal.settings, name, getattr(settings, name))


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode("latin-1"))


def _check_scopes(needed: list[tuple[str, ...]], granted: list[str]) -> None:
    missing = [group for group in needed if group and not set(group) & set(granted)]
    if missing:
        raise Refused(
            403,
            "MISSING_SCOPES",
            "This app hasn't been granted all required scopes to make this call.",
            errors=[
                {
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": list(group)},
                }
                for group in missing
            ],
        )


def _check_type(scope: Scope, raw: bytes) -> None:
    if not raw or scope["method"] in _NO_BODY:
        return
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if not given.lower().startswith(b"application/json"):
        raise Refused(415, None, "Unsupported Media Type")


def _refusal(refused: Refused) -> tuple[int, Any, dict[str, str]]:
    body = refused.body()
    allow = body.pop("allow", None)
    return refused.status, body, {} if allow is None else {"allow": allow}


async def _read(receive: Receive, limit: int | None) -> bytes:
    """Read a body; one that is over the limit is read to its end, and kept no longer, so that 413 arrives."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False) and message["type"] == "http.request"
        if limit is None or size <= limit:
            parts.append(part)
        else:
            parts.clear()
    if limit is not None and size > limit:
        raise Refused(413, None, "Request Entity Too Large")
    return b"".join(parts)
