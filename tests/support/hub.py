"""A hub on the test's own database, and shops and sinks that need no wizard to be connected."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from crossdock.govern.directory import HOOK, secret_row
from crossdock.govern.vault import Vault
from crossdock.kit.ids import new_id
from crossdock.kit.signing import sign_base64
from crossdock.model.connection import Connection
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from crossdock.worker import Worker

SECRET = "hook-secret-canary-1"
SINK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime.now(UTC)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a hub on the test's database."""
    return settings_for(database_url, tmp_path)


def settings_for(database_url: str, home: Path) -> Settings:
    """Return settings of a hub that may call 127.0.0.1 over plain http and is quick to retry."""
    return Settings(
        database_url=database_url,
        data_dir=home / "data",
        master_key_file=home / "keys" / "master.key",
        egress_allow=("127.0.0.1/32",),
        production=False,
        call_timeout_s=2,
        lease_s=1.0,
        doubt_margin_s=0.1,
        retry_base_s=0.05,
        retry_ceiling_s=0.3,
        breaker_for_s=0.3,
    )


@pytest_asyncio.fixture
async def hub(settings: Settings) -> AsyncIterator[Hub]:
    """An open hub without a worker."""
    async with open_hub(settings) as opened:
        yield opened


@contextlib.asynccontextmanager
async def working(hub: Hub) -> AsyncIterator[Worker]:
    """Run a worker for the length of a block."""
    worker = Worker(hub)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, 20)


async def until(condition: Callable[[], Awaitable[Any]], *, patience_s: float = 120.0) -> Any:
    """Wait until a condition holds and return it; fail loudly when it never does."""
    async with asyncio.timeout(patience_s):
        while not (found := await condition()):  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.02)
        return found


async def blocked(hub: Hub, count: int = 1) -> bool:
    """Whether so many sessions of the hub's database wait for a lock; asked over a connection of its own."""
    async with hub.database.owner() as conn:
        waiting: int = await conn.fetchval(
            "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
    return waiting >= count


async def key_of(hub: Hub, *scopes: str, tenant: str = "default", expires_at: datetime | None = None) -> str:
    """Make an API key with these scopes and return its text."""
    return (await hub.keys.add(await hub.tenants.find(tenant), "test", scopes, expires_at))[1]


async def add_connection(
    hub: Hub,
    connector: str,
    name: str,
    config: dict[str, Any] | None = None,
    secrets: dict[str, str] | None = None,
    *,
    destination: bool = False,
) -> Connection:
    """Put an active connection into the database without calling anybody."""
    tenant = await hub.tenants.find()
    made = new_id()
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO connection (id, tenant_id, connector, name, state, account_uid, config, account)"
            " VALUES ($1, $2, $3, $4, 'active', $4, $5::jsonb, '{\"currency\": \"USD\"}')",
            made,
            tenant,
            connector,
            name,
            orjson.dumps(config or {}).decode(),
        )
        if destination:
            await conn.execute("INSERT INTO lane (id, tenant_id) VALUES ($1, $2)", made, tenant)
        for secret, value in (secrets or {}).items():
            await conn.execute(
                "INSERT INTO credential (id, tenant_id, connection_id, name, key_id, sealed)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                new_id(),
                tenant,
                made,
                secret,
                hub.vault.key_id,
                hub.vault.seal_secret(value, secret_row(made, secret)),
            )
    return await hub.directory.connection(made)


async def add_shop(hub: Hub, name: str = "shop", url: str = "https://shop.example") -> Connection:
    """Add a shop whose webhook 1 is signed with :data:`SECRET`."""
    return await add_connection(hub, "woocommerce", name, {"url": url}, {f"{HOOK}1": SECRET})


async def add_sink(hub: Hub, url: str, name: str = "sink") -> Connection:
    """Add a receiver of signed webhooks."""
    secrets = {"url": url, "secret": SINK_SECRET}
    config = {"format": "standard", "plain_http": True, "url": url}
    return await add_connection(hub, "webhook", name, config, secrets, destination=True)


async def add_route(hub: Hub, source: Connection, destination: Connection, stream: str, action: str) -> uuid.UUID:
    """Add a route."""
    made = await hub.connections.add_route(source.tenant_id, source, destination, stream, action, "test")
    assert made is not None
    return made


async def estrange(hub: Hub, external_id: str) -> tuple[uuid.UUID, bytes]:
    """Seal the body of an entity's only event by a key that is not given; returns the event and its sealed body."""
    async with hub.database.engine() as conn:
        (event,) = await conn.fetch("SELECT id, body FROM event WHERE external_id = $1", external_id)
        name = event["id"].bytes
        foreign = Vault([bytes(32)]).seal_body(hub.vault.open_body(event["body"], name), name)
        await conn.execute("UPDATE event SET body = $2 WHERE id = $1", event["id"], foreign)
    return event["id"], event["body"]


WISHES = {"order_status": "set_status", "order_note": "add_note", "fulfilment": "fulfil", "refund_request": "refund"}


async def add_wish_routes(hub: Hub, shop: Connection) -> None:
    """Let a shop's own wishes be carried out, as connecting with keys that may write does."""
    async with hub.database.transaction() as conn:
        for stream, action in WISHES.items():
            await conn.execute(
                "INSERT INTO route (id, tenant_id, source_id, destination_id, stream, action, occurrence, historical,"
                " priority) VALUES ($1, $2, $3, $3, $4, $5, $6, false, 0) ON CONFLICT DO NOTHING",
                new_id(),
                shop.tenant_id,
                shop.id,
                stream,
                action,
                action != "set_status",
            )
        await conn.execute(
            "INSERT INTO lane (id, tenant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", shop.id, shop.tenant_id
        )
        await conn.execute("UPDATE connection SET route_epoch = route_epoch + 1 WHERE id = $1", shop.id)


def order(number: int = 1, *, status: str = "processing", modified: str = "2026-11-20T10:00:00", **more: Any) -> dict:
    """Return a small order in WooCommerce's own shape."""
    return {
        "id": number,
        "number": str(number),
        "status": status,
        "currency": "USD",
        "date_created_gmt": "2026-11-20T09:00:00",
        "date_modified_gmt": modified,
        "date_paid_gmt": "2026-11-20T09:01:00",
        "total": "35.25",
        "discount_total": "0.00",
        "shipping_total": "5.00",
        "total_tax": "2.55",
        "customer_id": 0,
        "billing": {"first_name": "Zoë", "last_name": "Person-Canary", "email": f"Guest{number}@Example.com"},
        "shipping": {},
        "line_items": [
            {"id": number * 10, "name": "Tea", "product_id": 7, "variation_id": 0, "quantity": 2, "total": "30.25"}
        ],
        "refunds": [],
        "coupon_lines": [],
        "fee_lines": [],
        "meta_data": [],
        **more,
    }


def product() -> dict[str, Any]:
    """Return a small product in WooCommerce's own shape."""
    return {
        "id": 7,
        "name": "Tea",
        "sku": "TEA-1",
        "type": "simple",
        "status": "publish",
        "parent_id": 0,
        "price": "3.10",
        "date_created_gmt": "2026-11-20T09:00:00",
        "date_modified_gmt": "2026-11-20T09:00:00",
    }


def signed(document: Any, topic: str = "order.updated", secret: str = SECRET) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a webhook as a shop sends it."""
    body = orjson.dumps(document)
    resource, _, event = topic.partition(".")
    return {
        "content-type": "application/json",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": resource,
        "x-wc-webhook-event": event,
        "x-wc-webhook-id": "1",
        "x-wc-webhook-delivery-id": "same-for-all",
        "x-wc-webhook-signature": sign_base64(secret.encode(), body),
    }, body
