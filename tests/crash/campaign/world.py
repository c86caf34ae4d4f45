"""The world of a round: a database of its own, a shop, a portal and a receiver, and a hub without faults to ask."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import asyncpg
import orjson

from crossdock.cli.judge import ends, messages, portal, writes
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.webhook import sandbox as receiver
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.connectors.woocommerce.sandbox import products
from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, new_id, parse, show
from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.crash.campaign.annex import Annex, annex
from tests.crash.campaign.family import Family
from tests.crash.campaign.mire import Mire, Mood, mire
from tests.crash.campaign.person import Person, person
from tests.crash.campaign.site import PluginSite
from tests.support.database import TestServer
from tests.support.hub import add_route

SINK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LEASE_S, CALL_S = 1.0, 1.0
STOP_S = 2 * LEASE_S + 0.5
_AGED = (
    "UPDATE record SET digest_version = 0 WHERE id IN (SELECT id FROM record WHERE connection_id = $1 LIMIT 5)",
    """INSERT INTO checkpoint (connection_id, stream, kind, tenant_id, next_at)
       SELECT id, 'dropped', 'pull', tenant_id, now() FROM connection WHERE id = $1 ON CONFLICT DO NOTHING""",
)
"""Records with digests of a former kind; a stream that is not read any more."""
_BYGONE = """
INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin, verdict, presence,
                   status, digest)
SELECT old.id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'order', '1', 'order.created', 'pull',
       'applied', 'live', '', ''
FROM unnest($1::uuid[]) AS old(id) ON CONFLICT DO NOTHING
"""
"""Of a tenant that is no more."""
_KEPT_DAYS = 10
_CONTROL = aiohttp.ClientTimeout(total=120)

Answer = TypeVar("Answer")


class Unrest(Exception):
    """The world did not come to rest."""


_LANES = (
    "SELECT c.connector, c.state AS connection, c.problem, c.writes_stopped, l.*, now() AS now,"
    " (SELECT array_agg(concat_ws(' ', d.state, d.head, d.due_at, d.reason) ORDER BY d.due_at) FROM"
    " (SELECT * FROM delivery d WHERE d.lane_id = l.id ORDER BY d.due_at LIMIT 20) AS d) AS deliveries"
    " FROM lane l JOIN connection c ON c.id = l.id WHERE EXISTS (SELECT 1 FROM delivery d WHERE d.lane_id = l.id)"
)
"""Lanes that hold deliveries, with all that can keep them from going on."""


class World:
    """Everything of a round."""

    def __init__(
        self,
        hub: Hub,
        family: Family,
        http: aiohttp.ClientSession,
        urls: dict[str, str],
        mires: dict[str, Mire],
        shelf: Any,
        annexed: Annex,
        visitor: Person,
    ) -> None:
        self.annex, self.person = annexed, visitor
        self.site = PluginSite(self)
        self.mires = mires
        self._shelf = shelf
        self.hub, self.family, self.http, self.urls = hub, family, http, urls
        self.api = f"http://127.0.0.1:{family.port}"
        self.said: list[messages.Said] = []
        self.asked: list[writes.Asked] = []
        self.left = 0
        self.key = ""
        self.tenant = uuid.UUID(int=0)
        self.shop: Connection
        self.began = uuid.UUID(int=0)

    async def awake(self) -> None:
        """Wait until the hub's processes answer."""
        async with asyncio.timeout(180):
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                    async with self.http.get(f"{self.api}/readyz") as reply:
                        if reply.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def connect(self) -> None:
        """Connect shop, portal and receiver; the hub has to live, because the shop tries its webhooks."""
        await self.awake()
        hub = self.hub
        self.tenant = await hub.tenants.find()
        _, self.key = await hub.keys.add(self.tenant, "platform", ["read", "write", "events:write", "admin"])
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        form = {"url": self.mires["shop"].url, "plain_http": True, **keys}
        made = await hub.connections.connect(self.tenant, "woocommerce", form, actor="campaign")
        assert made.hooks, made.warnings
        crm = {"token": hubspot.TOKEN, "base_url": self.mires["portal"].url}
        await hub.connections.connect(self.tenant, "hubspot", crm, actor="campaign")
        self.shop = await hub.connections.one(self.tenant, made.id)
        at = {"url": f"{self.mires['sink'].url}/hook", "secret": SINK_SECRET, "plain_http": True}
        told = await hub.connections.connect(self.tenant, "webhook", at, actor="campaign")
        sink = await hub.connections.one(self.tenant, told.id)
        for route in await hub.connections.routes(self.tenant):  # posted events alone go there
            if route["destination"] == sink.name:
                await hub.connections.remove_route(self.tenant, parse(Prefix.ROUTE, route["id"]), actor="campaign")
        await add_route(hub, await hub.connections.hub_source(self.tenant), sink, "*", "post")
        await self.annex.connect(self)
        await self.site.pair()
        await self.person.enter()
        self.began = new_id()

    async def backfill(self) -> None:
        """Ask for a backfill of everything."""
        await self.hub.runs.add(self.tenant, self.shop.id, RunKind.BACKFILL, ())

    async def act(self, do: str, **more: Any) -> dict[str, Any]:
        """Let the shop's own hands do something."""
        return await self.control("shop", "POST", "act", {"do": do, **more})

    async def control(self, who: str, method: str, door: str, body: Any = None) -> dict[str, Any]:
        """Ask a sandbox's control door."""
        url = f"{self.urls[who]}/_sandbox/{door}"
        async with self.http.request(method, url, data=orjson.dumps(body or {}), timeout=_CONTROL) as reply:
            told: dict[str, Any] = orjson.loads(await reply.read())
        return told

    async def ask(
        self, method: str, path: str, body: Any, key: str, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Ask the hub's API until it answers something that is final: as long as it takes, under one key.

        ``body``: bytes as they are, or what becomes JSON. Returns the status and what was answered, None if no JSON.
        """
        told = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Idempotency-Key": key}
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with self.http.request(
                    method, self.api + path, data=data, headers={**told, **(headers or {})}
                ) as reply:
                    answer = await reply.read()
                    if reply.status < 500 and reply.status != 429:
                        return reply.status, orjson.loads(answer) if _is_json(reply, answer) else None
            await asyncio.sleep(0.1)

    @property
    def shop_id(self) -> str:
        """The shop's connection as the API names it."""
        return show(Prefix.CONNECTION, self.shop.id)

    def shelve(self, sku: str, *, sold: bool) -> tuple[str, str]:
        """Put a product on the shop's shelf, one that visitors see or not; returns its number and SKU."""
        document = {"name": sku, "sku": sku, "regular_price": "5.00", "manage_stock": True, "stock_quantity": 1000}
        made = products.create(self._shelf, {**document, "status": "publish" if sold else "private"})
        return str(made["id"]), sku

    async def hasten(self) -> None:
        """Let what is due within minutes be due now: looks at the shop, and pulls."""
        await self.ledger_of(lambda conn: conn.execute("UPDATE watch SET next_at = least(next_at, now())"))
        pulls = "UPDATE checkpoint SET next_at = now() WHERE kind = 'pull' AND next_at IS NOT NULL"
        await self.ledger_of(lambda conn: conn.execute(pulls))

    async def hurry(self) -> None:
        """Let runs that failed and wait for their next try have it now."""
        runs = (
            "UPDATE run SET due_at = now() WHERE state IN ('waiting', 'running') AND until IS NULL AND due_at > now()"
        )
        await self.ledger_of(lambda conn: conn.execute(runs))

    async def age(self) -> None:
        """Let the ledger be as an older program left it."""
        for sql in _AGED:
            await self.ledger_of(lambda conn, sql=sql: conn.execute(sql, self.shop.id))

    async def bygone(self, days: Sequence[int]) -> None:
        """Let events of so many days ago come in that nobody needs, and have the upkeep make and drop their days."""
        now = datetime.now(UTC)
        ids = [new_id(now - timedelta(days=day)) for day in days]
        await self.ledger_of(lambda conn: conn.execute(_BYGONE, ids))
        while True:
            try:
                await self.hub.database.tend_partitions({"event": _KEPT_DAYS, "attempt": _KEPT_DAYS})
                return
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.1)

    def stray(self, product: str, quantity: int) -> None:
        """Change a product's quantity at the shop, as somebody there does who knows of no hub."""
        products.update(self._shelf, int(product), {"stock_quantity": quantity})

    async def ledger_of(self, ask: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """Ask the ledger over a connection, again and again while the database is away or cut."""
        while True:
            try:
                async with self.hub.database.engine() as conn:
                    return await ask(conn)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.1)

    async def value(self, sql: str, *values: Any) -> Any:
        """Ask the ledger for one value."""
        return await self.ledger_of(lambda conn: conn.fetchval(sql, *values))

    async def rows(self, sql: str) -> list[dict[str, str]]:
        """Ask the ledger for rows, as words."""
        found = await self.ledger_of(lambda conn: conn.fetch(sql))
        return [{name: str(value) for name, value in row.items()} for row in found]

    async def calm(self) -> None:
        """End all faults of the sandboxes and of the ways to them."""
        for way in self.mires.values():
            way.mood = Mood.CLEAR
        calm = {"error_share": 0, "throttle_share": 0, "next_errors": 0, "cut_after_effect": 0, "cut_before_effect": 0}
        for who in ("shop", "portal", "sink"):
            await self.control(who, "PUT", "dials", {**calm, "latency_ms": 0})
        await self.control("shop", "PUT", "dials", {"drop_share": 0, "out_of_order_share": 0, "duplicate_share": 0})

    async def rest(self, patience_s: float) -> None:
        """Wait until nothing is under way, then read the shop once more and wait again. Raises :class:`Unrest`."""
        until = time.monotonic() + patience_s
        await self.hasten()
        await self.hurry()
        await self._rest(until)
        for _ in range(5):
            run = await self.hub.runs.add(self.tenant, self.shop.id, RunKind.PULL, ())
            await self._rest(until)
            if await self.value("SELECT state FROM run WHERE id = $1", run) == "done":
                return
        raise Unrest("the last pull never ended well")

    async def _rest(self, until: float) -> None:
        while left := await self._left():
            if time.monotonic() > until:
                runs = await self.rows("SELECT * FROM run WHERE state IN ('waiting', 'running')")
                raise Unrest(f"it never came to rest: {left} {runs or ''} {await self.rows(_LANES) or ''}")
            await asyncio.sleep(0.05)

    async def _left(self) -> dict[str, int]:
        asked = {
            "runs": "SELECT count(*) FROM run WHERE state IN ('waiting', 'running')",
            "doorbells": "SELECT count(*) FROM doorbell",
            "deliveries": "SELECT count(*) FROM delivery",
            "invoices untold": "SELECT count(*) FROM invoice_untold",
            "levels": "SELECT count(*) FROM sku_link WHERE push_at IS NOT NULL",
        }
        left = {name: await self.value(sql) for name, sql in asked.items()}
        left["webhooks"] = (await self.control("shop", "GET", "webhooks/deliveries"))["waiting"]
        return {name: count for name, count in left.items() if count}

    async def judged(self) -> list[str]:
        """Compare both ends with the ledger; returns what is wrong."""
        shop = await self.control("shop", "GET", "state")
        truth = await self.control("portal", "GET", "state?history=false")
        sink = await self.control("sink", "GET", "state")
        judge = portal.Judge(shop, truth, self.shop.account_uid, self.shop.name, self.left)
        rows = await asyncio.to_thread(judge.rows)
        wrong = [f"portal: {row.entity}: {what}" for row in rows if not row.green for what in row.wrong or [str(row)]]
        wrong += [f"portal: {row.entity}: {row.duplicates} twice" for row in rows if row.duplicates]
        wrong += [f"receiver: {what}" for what in messages.judge(self.said, sink)]
        wrong += [f"shop: {what}" for what in writes.judge(self.asked, shop)]
        async with self.hub.database.engine() as conn:
            wrong += [f"ledger: {what}" for what in await ends.judge(conn, self.tenant, since=self.began)]
        return wrong + await self.site.judge()

    async def ledger(self) -> list[dict[str, Any]]:
        """Return every event with its deliveries, for whoever has to find out what went wrong."""
        sql = (
            "SELECT e.id, e.type, e.external_id, e.seq, e.origin, e.verdict, e.recorded_at, d.state, d.rule, d.reason,"
            " d.external_id AS made, d.attempts, d.ended_at, r.action, (SELECT array_agg(concat_ws(' ', a.number,"
            " a.step, a.outcome, a.reason, a.ended_at) ORDER BY a.id) FROM attempt a WHERE a.delivery_id = d.id)"
            " AS tries"
            " FROM event e LEFT JOIN delivery_done d ON d.event_id = e.id LEFT JOIN route r ON r.id = d.route_id"
            " ORDER BY e.id"
        )
        return await self.rows(sql)

    async def deadlocks(self) -> int:
        """Return how often the database has ended a circle of waiting transactions since it last came up."""
        found: int = await self.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return found

    async def outcomes(self) -> dict[str, int]:
        """Return how deliveries have ended."""
        async with self.hub.database.engine() as conn:
            return await ends.outcomes(conn, self.tenant)


def _is_json(reply: aiohttp.ClientResponse, answer: bytes) -> bool:
    return bool(answer) and reply.content_type.endswith(("/json", "+json"))


@contextlib.asynccontextmanager
async def world(server: TestServer, home: Path, orders: int, seed: int) -> AsyncIterator[tuple[World, dict[str, Any]]]:
    """Make a world; beside it what its hub's processes have to be told (their environment and database)."""
    name = await asyncio.to_thread(server.create)
    try:
        async with contextlib.AsyncExitStack() as stack:
            family = await stack.enter_async_context(Family(home, STOP_S))
            env = environment(server.url(name), home, family.port)
            switch = woocommerce.build(woocommerce.generate(orders, seed), woocommerce.Settings(seed=seed))
            portal_app = hubspot.HubSpotSandbox(hubspot.Settings(per_10s=10_000))
            apps = {"shop": switch, "portal": portal_app, "sink": receiver.app(SINK_SECRET)}
            urls = {who: (await stack.enter_async_context(serving(app))).url for who, app in apps.items()}
            mires = {who: await stack.enter_async_context(mire(url)) for who, url in urls.items()}
            timeout = aiohttp.ClientTimeout(total=8)
            http = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
            hub = await stack.enter_async_context(open_hub(_settings({**env, "CROSSDOCK_CALL_TIMEOUT_S": "15"})))
            at = f"http://127.0.0.1:{family.port}"
            beside = await stack.enter_async_context(annex(at))
            visitor = await stack.enter_async_context(person(hub, at))
            made = World(hub, family, http, {**urls, **beside.urls}, mires, switch.app.shop, beside, visitor)
            yield made, {"env": env, "admin_url": server.admin_url, "database": name}
    finally:
        await asyncio.to_thread(server.drop, name)


def environment(database_url: str, home: Path, port: int) -> dict[str, str]:
    """Return the settings of every process of a hub, quick to retry."""
    nothing = home / "config.toml"
    nothing.touch()
    ours = {
        "CONFIG": str(nothing),
        "DATABASE_URL": database_url,
        "DATA_DIR": str(home / "data"),
        "MASTER_KEY_FILE": str(home / "master.key"),
        "EGRESS_ALLOW": "127.0.0.1/32",
        "PRODUCTION": "false",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "POOL_SIZE": "6",
        "CALL_TIMEOUT_S": str(CALL_S),
        "LEASE_S": str(LEASE_S),
        "DOUBT_MARGIN_S": "0.2",
        "RETRY_BASE_S": "0.05",
        "RETRY_CEILING_S": "0.3",
        "BREAKER_FOR_S": "0.3",
        "PULL_INTERVAL_S": "4",
        "RUN_PATIENCE_S": "10",
        "PROVE_AT_HOUR": str(datetime.now(UTC).hour),
        "ALERT_EVERY_S": "1",
        "ALERT_RETRY_BASE_S": "0.2",
        "LOG_LEVEL": "warning",
    }
    return {f"CROSSDOCK_{name}": value for name, value in ours.items()}


def _settings(env: dict[str, str]) -> Settings:
    return Settings(**{name.removeprefix("CROSSDOCK_").lower(): value for name, value in env.items()})
