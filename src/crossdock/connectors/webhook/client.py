"""One POST a message: signs, sends and hands back the answer; no retry, no sleep, no logging."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from crossdock.connect.auth import standard_webhooks
from crossdock.connect.client import Reply, Transport, learn, turns
from crossdock.connect.limits import Limits
from crossdock.kit.clock import Clock

if TYPE_CHECKING:
    from yarl import URL

    from crossdock.connect.budget import Budget

_PLAIN = {"Content-Type": "application/json"}


class WebhookClient:
    """A receiver at one address. ``keys`` sign every message; Slack's address needs none."""

    def __init__(
        self,
        transport: Transport,
        address: str,
        clock: Clock,
        *,
        keys: tuple[bytes, ...] = (),
        plain_http: bool = False,
        timeout_s: float = 15.0,
        budgets: Sequence[tuple[str, Budget]] = (),
        limits: Limits | None = None,
    ) -> None:
        self._transport = transport
        self._address = address
        self._clock = clock
        self._keys = keys
        self._plain_http = plain_http
        self._timeout_s = timeout_s
        self._limits = limits or Limits()
        self._budgets = budgets
        """Limits that the connection itself has set; none costs nothing."""

    def __repr__(self) -> str:
        return "WebhookClient()"

    @cached_property
    def _url(self) -> URL:
        return self._transport.checked(self._address, plain_http=self._plain_http)

    async def post(self, message_id: str, body: bytes) -> Reply:
        """Send one message; the timestamp is this attempt's. Raises ``CallFailed``."""
        headers = _PLAIN
        if self._keys:
            stamp = int(self._clock.now().timestamp())
            headers = standard_webhooks.headers(self._keys, message_id, stamp, body)
            headers["Content-Type"] = "application/json"
        await self._transport.failpoints.reach("call webhook")
        if self._budgets:
            async with turns(self._budgets, "") as budgets:
                reply = await self._transport.send("POST", self._url, headers, body, self._timeout_s)
                learn(budgets, self._limits, reply)
        else:
            reply = await self._transport.send("POST", self._url, headers, body, self._timeout_s)
        await self._transport.failpoints.reach("answer webhook")
        observe = self._transport.observe
        if observe is not None:
            observe("webhook", reply.status)
        return reply

    async def head(self) -> Reply:
        """Ask whether anything answers at the address, with no effect. Raises ``CallFailed``."""
        return await self._transport.send("HEAD", self._url, {}, b"", self._timeout_s)
