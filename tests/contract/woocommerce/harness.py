"""WooCommerce's other side: a sandbox shop on loopback, changed behind the connector's back."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from yarl import URL

from crossdock.connect.auth import Outgoing
from crossdock.connect.auth.oauth1 import OAuth1
from crossdock.connect.client import Reply, Transport
from crossdock.connect.connector import Access, Context, Refused
from crossdock.connect.egress import Guard
from crossdock.connect.sandbox import Asgi, serving
from crossdock.connect.suite import Variant
from crossdock.connectors.woocommerce import CONNECTOR
from crossdock.connectors.woocommerce.mapper import observe, read
from crossdock.connectors.woocommerce.sandbox import orders
from crossdock.connectors.woocommerce.sandbox.app import build
from crossdock.connectors.woocommerce.sandbox.settings import ApiKey, Settings
from crossdock.connectors.woocommerce.sandbox.shop import Shop
from crossdock.kit.clock import SystemClock
from crossdock.kit.ids import new_id
from crossdock.model.commerce.order import Order
from crossdock.model.connection import Connection, ConnectionState
from crossdock.model.mapping import Mapped
from crossdock.model.plan import Plan, Resolved

ROOT = Path(__file__).parents[3]
KEY = "ck_" + "c0ffee0123" * 4
SECRET = "cs_" + "decaf45678" * 4
READ_KEY = "ck_" + "0dd5ea51de" * 4
CUSTOMER_KEY = "ck_" + "badca11ab1" * 4
KEYS = (
    ApiKey(KEY, SECRET),
    ApiKey(READ_KEY, SECRET, "read"),
    ApiKey(CUSTOMER_KEY, SECRET, role="customer"),
)
HOOK_SECRET = "canary-secret-of-a-webhook"


class Wire(Transport):
    """A transport that keeps what it sends; with ``tls`` it ends before the shop, which serves http."""

    def __init__(self, guard: Guard, *, tls: bool) -> None:
        super().__init__(guard)
        self._tls = tls
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        """(method, URL, headers) of every request."""

    async def send(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes, timeout_s: float, path: str = ""
    ) -> Reply:
        """Note a request and send it, to the same host and path over http."""
        self.sent.append((method, str(url), dict(headers)))
        plain = URL(str(url).replace("https://", "http://", 1), encoded=True) if self._tls else url
        return await super().send(method, plain, headers, body, timeout_s, path)


class ShopBench:
    """A sandbox shop, access to it, and its own hands."""

    stream = "order"
    many = 250
    retry_after_s: float | None = None

    def __init__(self, url: str, transport: Wire, shop: Shop) -> None:
        self.url, self.transport, self.shop = url, transport, shop
        self.good = self.access()
        self.bad: Access | None = self.access(secret="cs_" + "0" * 40)

    def access(
        self, key: str = KEY, secret: str = SECRET, *, account: dict[str, Any] | None = None, **config: Any
    ) -> Access:
        """Return access to the shop; ``config`` adds to the form's answers."""
        connection = Connection(
            id=new_id(),
            tenant_id=new_id(),
            connector="woocommerce",
            name="shop",
            state=ConnectionState.ACTIVE,
            account_uid="shop",
            config={"url": self.url, "plain_http": True, **config},
            account=account or {},
        )
        return Access(connection, {"key": key, "secret": secret}, self.transport, SystemClock())

    async def raw(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """Call the sandbox as it is asked, without keys."""
        sent = b"" if body is None else orjson.dumps(body)
        given = {"Content-Type": "application/json", **(headers or {})}
        return await self.transport.send(method, URL(self.url + path, encoded=True), given, sent, 10.0)

    async def signed(self, method: str, path: str, query: dict[str, str], body: Any = None, key: str = KEY) -> Reply:
        """Call the sandbox with keys, without the connector's client."""
        asked = Outgoing(method, f"{self.url}/wp-json/wc/v3{path}", tuple(query.items()))
        signed = OAuth1(key, SECRET).apply(asked)
        url = URL(signed.url).with_query(list(signed.query))
        sent = b"" if body is None else orjson.dumps(body)
        return await self.transport.send(method, url, {"Content-Type": "application/json"}, sent, 10.0)

    async def turn(self, **dials: Any) -> None:
        """Turn dials."""
        reply = await self.raw("PUT", "/_sandbox/dials", dials)
        assert reply.status == 200, reply.body

    async def requests(self) -> int:
        """Return how many requests came."""
        return int((await self.raw("GET", "/_sandbox/state")).json()["requests"])

    async def seed(self, count: int) -> list[str]:
        """Put orders into the shop's tables."""
        return [str(self.order()["id"]) for _ in range(count)]

    def order(self, **changes: Any) -> dict[str, Any]:
        """Make one order."""
        line = {"name": "Tea", "product_id": 77, "quantity": 2, "total": "9.00", "subtotal": "10.00"}
        billing = {"email": "Ana@Example.com", "first_name": "Ana", "country": "PT"}
        asked = {"status": "processing", "billing": billing, "line_items": [line], **changes}
        made: dict[str, Any] = orders.create(self.shop, asked)
        return made

    def writes(self, count: int, *, poisoned: int | None = None) -> tuple[str, list[Resolved]]:
        """Return refunds of fresh orders; the poisoned one asks a gateway that cannot pay back (recorded 500)."""
        made = []
        for at in range(count):
            wish = {"request_id": new_id().hex, "order_id": str(self.order()["id"]), "amount": "1.00"}
            made.append(self.asked("refund", {**wish, "api_refund": at == poisoned})[1][0])
        return "refund", made

    async def held(self) -> Mapping[str, int]:
        """Return how many refunds the shop has of each request."""
        metas = [meta for row in self.shop.refunds for meta in row["meta_data"] if meta["key"] == "_crossdock_key"]
        return Counter(str(meta["value"]) for meta in metas)

    def plan(self, action: str, wish: dict[str, Any], *, published: bool = False) -> Plan:
        """Plan a wish as the pump does. Raises ``PlanRefused``."""
        body = orjson.dumps({"data": wish}) if published else b""
        account = {"currency": "USD", "price_decimals": 2}
        context = Context("shop", "shop", self.url, {}, account, "wished", "1", "live", body=body)
        assert CONNECTOR.destination is not None
        return CONNECTOR.destination(self.good).plan(action, None if published else wish, Mapped({}), context)

    def asked(self, action: str, wish: dict[str, Any], at: int = 0) -> tuple[str, list[Resolved]]:
        """Return one step of a wish's plan."""
        step = self.plan(action, wish).steps[at]
        return step.name, [Resolved(write, None, {}, asked_at=datetime.now(UTC)) for write in step.writes]

    async def touch(self, external_id: str) -> None:
        """Change an order."""
        orders.update(self.shop, int(external_id), {"customer_note": "ring twice"})

    async def ids(self) -> set[str]:
        """Return all orders, trash and drafts too."""
        return {str(row["id"]) for row in self.shop.orders}

    async def accepts(self, variant: Variant) -> bool:
        """Show the door a webhook whose signature was built by hand."""
        body = b'{"id":17}'
        key = b"another secret" if variant is Variant.BAD else HOOK_SECRET.encode()
        made = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
        if variant is Variant.OTHER_BODY:
            body = b'{"id":18}'
        headers = {"x-wc-webhook-topic": "order.deleted", "x-wc-webhook-id": "5", "x-wc-webhook-signature": made}
        assert CONNECTOR.door is not None
        try:
            CONNECTOR.door.verify(headers, body, {"5": HOOK_SECRET})
        except Refused:
            return False
        return True

    async def refusals(self) -> Mapping[str, bool]:
        """Try what the recorded store refuses."""
        hundred = {"update": [{"id": i, "status": "completed"} for i in range(101)]}
        topic = {"topic": "order.bogus", "delivery_url": "http://127.0.0.1:1/", "secret": "x"}
        basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        seen = {
            "no keys": (await self.raw("GET", "/wp-json/wc/v3/orders"), 401),
            "Basic over http": (await self.raw("GET", "/wp-json/wc/v3/orders", None, {"Authorization": basic}), 401),
            "page 0": (await self.signed("GET", "/orders", {"page": "0"}), 400),
            "unknown status": (await self.signed("GET", "/orders", {"status": "bogus"}), 400),
            "epoch as a time": (await self.signed("GET", "/orders", {"modified_after": "1795228240"}), 400),
            "unknown topic": (await self.signed("POST", "/webhooks", {}, topic), 400),
            "101 in a batch": (await self.signed("POST", "/orders/batch", {}, hundred), 413),
            "read-only key writing": (await self.signed("POST", "/orders", {}, {}, READ_KEY), 401),
            "a customer's key": (await self.signed("GET", "/orders", {}, None, CUSTOMER_KEY), 403),
        }
        return {name: reply.status == expected for name, (reply, expected) in seen.items()}

    def round_trips(self) -> Sequence[tuple[Any, Any]]:
        """What went into the shop comes out of the mapper."""
        made = self.order(
            line_items=[{"name": "Tea", "product_id": 77, "quantity": 3, "total": "9.99", "subtotal": "12.00"}]
        )
        order = read(observe("order", made), {"currency": "USD"})
        assert isinstance(order, Order)
        return [
            (str(made["id"]), order.id),
            (Decimal("9.99"), order.lines[0].total),
            (Decimal("12.00"), order.subtotal),
            (Decimal(3), order.lines[0].quantity),
            (("Ana", "PT", "Ana@Example.com"), (order.billing.first_name, order.billing.country, order.billing.email)),
            (("ana@example.com",), observe("order", made).subjects),
        ]


class ShopHarness:
    """Starts a sandbox shop."""

    connector = CONNECTOR
    folder = ROOT / "src" / "crossdock" / "connectors" / "woocommerce"
    page = ROOT / "docs" / "reference" / "connectors" / "woocommerce.md"

    @contextlib.asynccontextmanager
    async def open(
        self,
        *,
        tls: bool = False,
        shop: Shop | None = None,
        front: Callable[[Asgi], Asgi] = lambda app: app,
        **settings: Any,
    ) -> AsyncIterator[ShopBench]:
        """Start a fresh shop; with ``tls`` it believes that it is reached by https, and is.

        ``front`` is put before the shop: a proxy, a firewall, a plugin.
        """
        guard = Guard(("127.0.0.1/32",), production=False)
        shop = shop or Shop()
        app = front(build(shop, Settings(keys=KEYS, https=tls, **settings)))
        async with serving(app) as served, Wire(guard, tls=tls) as transport:
            url = served.url.replace("http://", "https://", 1) if tls else served.url
            yield ShopBench(url, transport, shop)


HARNESS = ShopHarness()
