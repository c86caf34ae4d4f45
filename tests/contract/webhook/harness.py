"""The webhook connector's other side: a receiver on loopback."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import itertools
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import orjson
from yarl import URL

from crossdock.connect.client import Reply, Transport
from crossdock.connect.connector import Access, Context
from crossdock.connect.egress import Guard
from crossdock.connect.sandbox import serving
from crossdock.connect.suite import Variant
from crossdock.connectors.webhook import CONNECTOR, mapper, sandbox
from crossdock.kit.clock import SystemClock
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.mapping import Mapped
from crossdock.model.plan import Resolved

ROOT = Path(__file__).parents[3]
KEY = b"canary-key-of-thirty-two-bytes!!"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
EVENT = {"type": "order.updated", "timestamp": "2026-11-21T09:00:00Z", "data": {"id": "17", "number": "1017"}}


def by_hand(key: bytes, message_id: str, stamp: int, body: bytes) -> dict[str, str]:
    """Build the headers from the text of Standard Webhooks 1.0.0, with none of the product's code."""
    text = f"{message_id}.{stamp}.".encode() + body
    made = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{made}",
        "content-type": "application/json",
    }


def context(body: bytes, **changes: Any) -> Context:
    """Return the context of one event."""
    known: dict[str, Any] = {
        "store_uid": "shop-example-com",
        "store_name": "Shop & Söhne <beta>",
        "store_url": "https://shop.example.com",
        "config": {},
        "account": {},
        "event_type": "order.updated",
        "external_id": "17",
        "presence": "live",
        "body": body,
    }
    return Context(**{**known, **changes})


class WebhookBench:
    """A receiver, access to it, and raw HTTP beside the connector."""

    retry_after_s = 1.0

    def __init__(self, url: str, transport: Transport, slack: bool) -> None:
        self._url, self._transport, self._slack = url, transport, slack
        self._numbers = itertools.count(1)
        address = url + (sandbox.SLACK_PATH if slack else "/hooks/canary-address-of-the-receiver")
        self.good = self._access({"url": address, "secret": SECRET})
        wrong = (
            {"url": url + "/services/T1/B1/revoked-canary-address"} if slack else {"url": address, "secret": "whsec_%"}
        )
        self.bad = self._access(wrong)

    def _access(self, secrets: dict[str, str]) -> Access:
        connection = Connection(
            id=new_id(),
            tenant_id=new_id(),
            connector="webhook",
            name="receiver",
            state=ConnectionState.ACTIVE,
            account_uid="receiver",
            config={"format": "slack" if self._slack else "standard"},
            account={},
        )
        return Access(connection, secrets, self._transport, SystemClock())

    async def raw(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Call the receiver without the connector."""
        return await self._transport.send(method, URL(self._url + path), headers, body, 5.0)

    async def turn(self, **dials: Any) -> None:
        """Set dials."""
        reply = await self.raw("PUT", "/_sandbox/dials", {}, orjson.dumps(dials))
        assert reply.status == 200, reply.body

    async def state(self) -> dict[str, Any]:
        """Return the ground truth."""
        found: dict[str, Any] = (await self.raw("GET", "/_sandbox/state", {}, b"")).json()
        return found

    async def requests(self) -> int:
        """Return how many requests came."""
        return int((await self.state())["requests"])

    def writes(self, count: int, *, poisoned: int | None = None) -> tuple[str, list[Resolved]]:
        """Make writes through the connector's own plan."""
        assert CONNECTOR.destination is not None
        destination = CONNECTOR.destination(self.good)
        found = []
        for i in range(count):
            number = next(self._numbers)
            body = orjson.dumps({**EVENT, "data": {"id": str(number), "number": f"10{number}"}})
            plan = destination.plan("post", None, Mapped({}), context(body, external_id=str(number)))
            (write,) = plan.steps[0].writes
            if i == poisoned:
                write = msgspec.structs.replace(write, body=b'{"type": "lonely"}')
            found.append(Resolved(write, None, {}, idempotency_key=f"dlv_{number}"))
        return "post", found

    async def held(self) -> Mapping[str, int]:
        """Return message id -> 1 for each distinct id: a receiver by Standard Webhooks drops repeats by id."""
        state = await self.state()
        if self._slack:
            return {f"message {i}": 1 for i in range(len(state["messages"]))}
        assert len(state["order"]) == len(set(state["order"]))
        return dict.fromkeys(state["order"], 1)

    async def accepts(self, variant: Variant) -> bool:
        """Post a message whose signature was built by hand."""
        body, now = orjson.dumps(EVENT), int(time.time())
        stamp = now - 301 if variant is Variant.STALE else now
        key = b"another key of thirty-two bytes!" if variant is Variant.BAD else KEY
        headers = by_hand(key, "msg_by_hand", stamp, body)
        if variant is Variant.OTHER_BODY:
            body = body.replace(b"1017", b"1018")
        reply = await self.raw("POST", "/hooks/x", headers, body)
        assert reply.status in (200, 401), reply.status
        return reply.status == 200

    async def refusals(self) -> Mapping[str, bool]:
        """Try what a careful receiver and Slack refuse."""
        body, now = orjson.dumps(EVENT), int(time.time())
        good = by_hand(KEY, "msg_1", now, body)
        tried: dict[str, tuple[str, dict[str, str], bytes, int]] = {
            "no signature": ("/hooks/x", {}, body, 401),
            "no id": ("/hooks/x", {k: v for k, v in good.items() if k != "webhook-id"}, body, 401),
            "a future timestamp": ("/hooks/x", by_hand(KEY, "msg_1", now + 400, body), body, 401),
            "no JSON": ("/hooks/x", by_hand(KEY, "msg_1", now, b"{"), b"{", 400),
            "no type": ("/hooks/x", by_hand(KEY, "msg_1", now, b"{}"), b"{}", 422),
            "form encoding": ("/hooks/x", {**good, "content-type": "application/x-www-form-urlencoded"}, body, 415),
            "Slack: unknown address": ("/services/T1/B1/x", {"content-type": "application/json"}, b'{"text":"x"}', 404),
            "Slack: no text": (sandbox.SLACK_PATH, {"content-type": "application/json"}, b"{}", 400),
            "Slack: no JSON": (sandbox.SLACK_PATH, {"content-type": "application/json"}, b"x", 400),
            "Slack: too many blocks": (
                sandbox.SLACK_PATH,
                {"content-type": "application/json"},
                orjson.dumps({"blocks": [{"type": "divider"}] * 51}),
                400,
            ),
        }
        return {
            name: (await self.raw("POST", path, headers, sent)).status == expected
            for name, (path, headers, sent, expected) in tried.items()
        }

    def round_trips(self) -> Sequence[tuple[Any, Any]]:
        """An event read back from its message: the whole by Standard Webhooks, the number from Slack's text."""
        body = orjson.dumps(EVENT)
        message = orjson.loads(mapper.slack(body, "Shop"))
        return [(EVENT, orjson.loads(mapper.standard(body))), ("order.updated 1017", message["text"])]


class WebhookHarness:
    """Starts a receiver; ``slack`` posts to its Slack channel."""

    connector = CONNECTOR
    folder = Path(sandbox.__file__).parent
    page = ROOT / "docs" / "reference" / "connectors" / "webhook.md"

    def __init__(self, *, slack: bool = False) -> None:
        self.slack = slack

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[WebhookBench]:
        """Start a fresh receiver."""
        guard = Guard(("127.0.0.1/32",), production=False)
        async with serving(sandbox.app(SECRET)) as served, Transport(guard) as transport:
            yield WebhookBench(served.url, transport, self.slack)


HARNESS = WebhookHarness()
