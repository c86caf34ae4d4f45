"""The benchmarks' stage: a hub in its own process on an embedded database, with shops that need no real peer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from crossdock.cli.demo.ground import free_port
from crossdock.connectors.woocommerce.sandbox import generate
from crossdock.govern.directory import HOOK, secret_row
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.kit.signing import sign_base64
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub

SECRET = "bench-hook-secret"
SHOPS = 10
_LEFT_ALONE = """
INSERT INTO {table} (connection_id, tenant_id, next_at) VALUES ($1, $2, now() + interval '10 years')
"""
"""What is put there by hand would not stand the looks that a worker takes at real accounts: it takes none."""


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a private folder that a server of another user may enter, and remove it."""
    path = Path(tempfile.mkdtemp(prefix="crossdock-bench-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of the hub's processes."""
    return {
        **os.environ,
        "CROSSDOCK_DATA_DIR": str(home / "data"),
        "CROSSDOCK_MASTER_KEY_FILE": str(home / "master.key"),
        "CROSSDOCK_EGRESS_ALLOW": "127.0.0.1/32",
        "CROSSDOCK_PRODUCTION": "false",
        "CROSSDOCK_LOG_LEVEL": "warning",
        **more,
    }


def settings(home: Path) -> Settings:
    """Return the settings that :func:`environment` stands for."""
    return Settings(
        data_dir=home / "data",
        master_key_file=home / "master.key",
        egress_allow=("127.0.0.1/32",),
        production=False,
    )


@contextlib.contextmanager
def serving(home: Path, *arguments: str, **more: str) -> Iterator[tuple[int, int]]:
    """Run ``crossdock serve`` and give (port, process id) once it is ready."""
    port = free_port()
    env = environment(home, CROSSDOCK_PORT=str(port), **more)
    process = subprocess.Popen(
        [sys.executable, "-m", "crossdock", "serve", *arguments], env=env, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz")
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@contextlib.contextmanager
def working(home: Path, *arguments: str, **more: str) -> Iterator[int]:
    """Run ``crossdock worker`` and give its process id."""
    process = subprocess.Popen([sys.executable, "-m", "crossdock", "worker", *arguments], env=environment(home, **more))
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def wait_for(url: str, patience_s: float = 30) -> None:
    """Wait until a URL answers 200."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as reply:
            if reply.status == 200:
                return
        time.sleep(0.02)
    raise TimeoutError(f"{url} does not answer")


async def add_shop(hub: Hub, tenant: uuid.UUID, number: int) -> uuid.UUID:
    """Put a shop into the database as if it had been connected; nothing stands behind its address."""
    shop = new_id()
    url = orjson.dumps({"url": f"https://shop-{number}.example"}).decode()
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO connection (id, tenant_id, connector, name, state, account_uid, config, account)"
            " VALUES ($1, $2, 'woocommerce', $3, 'active', $3, $4::jsonb, '{\"currency\": \"EUR\"}')",
            shop,
            tenant,
            f"shop-{number}",
            url,
        )
        name = f"{HOOK}1"
        await conn.execute(
            "INSERT INTO credential (id, tenant_id, connection_id, name, key_id, sealed)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            new_id(),
            tenant,
            shop,
            name,
            hub.vault.key_id,
            hub.vault.seal_secret(SECRET, secret_row(shop, name)),
        )
        await conn.execute(_LEFT_ALONE.format(table="watch"), shop, tenant)
    return shop


async def add_sink(
    hub: Hub, tenant: uuid.UUID, name: str, url: str, *, state: str = "active", connector: str = "webhook"
) -> uuid.UUID:
    """Put a signed HTTP sink into the database."""
    sink = new_id()
    async with hub.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO connection (id, tenant_id, connector, name, state, account_uid, config, account)"
            " VALUES ($1, $2, $6, $3, $5, $3, $4::jsonb, '{}')",
            sink,
            tenant,
            name,
            orjson.dumps({"format": "standard", "plain_http": True, "url": url}).decode(),
            state,
            connector,
        )
        await conn.execute("INSERT INTO lane (id, tenant_id) VALUES ($1, $2)", sink, tenant)
        for secret, value in (("url", url), ("secret", "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")):
            sealed = hub.vault.seal_secret(value, secret_row(sink, secret))
            await conn.execute(
                "INSERT INTO credential (id, tenant_id, connection_id, name, key_id, sealed)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                new_id(),
                tenant,
                sink,
                secret,
                hub.vault.key_id,
                sealed,
            )
        await conn.execute(_LEFT_ALONE.format(table="connection_check"), sink, tenant)
    return sink


def prepare(
    home: Path, *sinks: str, routes: int = 2, state: str = "active", connector: str = "webhook"
) -> list[uuid.UUID]:
    """Make ten shops, each with ``routes`` routes to the sinks; returns the shops."""

    async def make() -> list[uuid.UUID]:
        async with open_hub(settings(home)) as hub:
            tenant = await hub.tenants.find()
            made = [
                await add_sink(hub, tenant, f"sink-{i}", url, state=state, connector=connector)
                for i, url in enumerate(sinks)
            ]
            shops = []
            for number in range(SHOPS):
                shop = await add_shop(hub, tenant, number)
                shops.append(shop)
                source = await hub.directory.connection(shop)
                for i in range(routes):
                    target = await hub.directory.connection(made[i % len(made)])
                    await hub.connections.add_route(tenant, source, target, "*", "post", "bench")
            return shops

    return asyncio.run(make())


def orders(
    count: int, shops: list[uuid.UUID], *, first: int = 1_000_000, size: int = 4096
) -> list[tuple[str, bytes, dict[str, str]]]:
    """Return ``count`` distinct signed order webhooks of about ``size`` bytes: (path, body, headers)."""
    given = templates()
    made = []
    for i in range(count):
        order = dict(given[i % len(given)])
        order["id"], order["number"] = first + i, str(first + i)
        body = orjson.dumps(order)
        if len(body) < size:
            order["customer_note"] = "n" * (size - len(body))
            body = orjson.dumps(order)
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": "order.updated",
            "X-WC-Webhook-Resource": "order",
            "X-WC-Webhook-Event": "updated",
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": f"{i:032x}",
            "X-WC-Webhook-Signature": sign_base64(SECRET.encode(), body),
        }
        path = f"/webhooks/woocommerce/{show(Prefix.CONNECTION, shops[i % len(shops)])}"
        made.append((path, body, headers))
    return made


def templates() -> list[dict[str, Any]]:
    """Return orders of the sandbox shop that are under 4 KB."""
    paid = ("processing", "completed", "on-hold")
    made: list[dict[str, Any]] = generate(40, 7).truth()["orders"]
    return [order for order in made if order["status"] in paid and len(orjson.dumps(order)) < 4000]
