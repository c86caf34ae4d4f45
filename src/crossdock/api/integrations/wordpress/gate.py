"""The gate: nothing of a request is parsed before its key, clock, signature, nonce and rate have been looked at."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Final

import orjson
from starlette.requests import Request

from crossdock.api.body import announced, headers_of, read
from crossdock.api.integrations.operation import Caller
from crossdock.api.integrations.wordpress.checking import checked
from crossdock.api.integrations.wordpress.words import Site
from crossdock.errors import BadInput, BadSignature, ClockSkew, CrossdockError, NotFound, UnknownKey
from crossdock.govern.sites.keys import SiteKey, unknown
from crossdock.kit.site_signing import KEY, WINDOW_S, Stamp, Way, stamp_of, verified
from crossdock.wiring import Hub

ITEMS: Final = 100
"""Most items of one batch."""
BYTES: Final = 1_048_576
"""Largest body."""
SITE: Final = "x-crossdock-site"
_LONGEST_SITE: Final = 8_000


class Gate:
    """Lets in who is who they say."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @property
    def most(self) -> int:
        """Return the largest body that is read."""
        return min(BYTES, self._hub.settings.max_body_bytes)

    async def enter(self, request: Request) -> Caller:
        """Verify a request and read its body; ``request.state.allowance`` holds what its key may still send.

        Raises ``UnknownKey``, ``BadSignature``, ``ClockSkew``, ``NonceReplayed``, ``RateLimited``, ``AnotherSite``,
        ``TooLarge`` or ``Overloaded``.
        """
        try:
            return await self._enter(request)
        except CrossdockError as refused:
            if refused.status < 500:
                self._hub.refusals.note(refused.code, subject="plugin")
            raise

    async def _enter(self, request: Request) -> Caller:
        headers = headers_of(request.scope)
        size = announced(headers, self.most)
        if request.method != "GET":
            self._hub.journey.intake.admit(size)
        key = await self._hub.sites.verify(_key(headers))
        stamp = self._stamp(key, headers)
        body = await read(request.receive, self.most)
        if stamp is not None:
            self._verify(key, stamp, request, body)
        allowance = await self._hub.sites.admit(key, stamp.nonce if stamp else None)
        request.state.allowance = allowance
        if told := headers.get(SITE):
            await self._hub.sites.learn(key, _site(told))
        try:
            connection = await self._hub.directory.connection(key.connection_id)
        except NotFound:
            raise unknown() from None
        return Caller(key, connection, body, allowance)

    def _stamp(self, key: SiteKey, headers: dict[str, str]) -> Stamp | None:
        try:
            stamp = stamp_of(headers)
        except ValueError as malformed:
            field, _, rule = str(malformed).partition(": ")
            raise BadSignature(rule, field=field, remedy="see the plugin API's page on signing") from None
        if stamp is None:
            if key.signature_required:
                raise BadSignature(
                    "requests of this key have to be signed",
                    field="X-Crossdock-Signature",
                    remedy="sign it with the secret",
                )
            return None
        now = self._hub.directory.clock.now()
        if abs(now.timestamp() - stamp.timestamp) > WINDOW_S:
            raise ClockSkew(
                f"the request's time is more than {WINDOW_S} seconds from the hub's",
                server_time=shown(now),
                remedy="set the clock of the site's server (NTP)",
            )
        return stamp

    def _verify(self, key: SiteKey, stamp: Stamp, request: Request, body: bytes) -> None:
        fits = [
            verified(key.secret, Way.TO_HUB, request.method, target, stamp, body) for target in self._targets(request)
        ]
        if not any(fits):
            raise BadSignature(
                "the signature does not fit the request",
                field="X-Crossdock-Signature",
                remedy="sign method, path with query, timestamp, nonce and the raw body with this key's secret",
            )

    def _targets(self, request: Request) -> tuple[str, ...]:
        """Return the request target as it came, and as it was sent where a proxy has taken off a folder."""
        scope = request.scope
        path = scope.get("raw_path", scope["path"].encode()).split(b"?")[0].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        target = path + (f"?{query}" if query else "")
        base = (self._hub.settings.public_url or "").partition("://")[2].partition("/")[2].strip("/")
        return (target, f"/{base}{target}") if base else (target,)


def _key(headers: dict[str, str]) -> str:
    given = headers.get(KEY, "")
    if not given:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
    if not given:
        raise UnknownKey(
            "the request carries no key",
            field="X-Crossdock-Key",
            remedy="send X-Crossdock-Key; some servers take the Authorization header away",
        )
    return given


def _site(told: str) -> dict[str, object]:
    try:
        if len(told) > _LONGEST_SITE:
            raise ValueError
        document = orjson.loads(base64.b64decode(told + "=" * (-len(told) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise BadInput(
            "the header is not the site's facts", field="X-Crossdock-Site", remedy="send base64url of the JSON of SITE"
        ) from None
    return checked(Site, document, "X-Crossdock-Site").facts()


def shown(at: datetime) -> str:
    """Return a moment as answers write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
