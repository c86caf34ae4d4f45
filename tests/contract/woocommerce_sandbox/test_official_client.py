"""The official ``woocommerce`` client, unchanged: OAuth 1.0a over http, Basic and query-string keys over real TLS."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from woocommerce import API

from crossdock.connect.sandbox import Asgi, serving
from crossdock.connectors.woocommerce.sandbox import (
    DEFAULT_CONSUMER_KEY,
    DEFAULT_CONSUMER_SECRET,
    Settings,
    build,
    generate,
)

from .conftest import until


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox shop")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return paths


@contextlib.asynccontextmanager
async def serving_tls(app: Asgi, folder: Path) -> AsyncIterator[str]:
    """Serve an application behind TLS on a free loopback port."""
    cert, key = certificate(folder)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_level="critical",
        lifespan="off",
        ssl_certfile=str(cert),
        ssl_keyfile=str(key),
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


def walk(url: str, **more: Any) -> None:
    """Use the client as its manual does: list, page, create, change, batch, delete, errors."""
    api = API(url, DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET, version="wc/v3", timeout=10, **more)
    first = api.get("orders", params={"per_page": 20, "status": "processing,completed", "orderby": "modified"})
    assert first.status_code == 200
    assert len(first.json()) == 20
    assert int(first.headers["X-WP-Total"]) > 20
    assert 'rel="next"' in first.headers["Link"]
    made = api.post("products", {"name": "Tée ☕", "type": "simple", "regular_price": "12.50", "sku": "SDK-1"})
    assert made.status_code == 201
    product = made.json()["id"]
    order = api.post("orders", {"line_items": [{"product_id": product, "quantity": 2}], "set_paid": True})
    assert (order.status_code, order.json()["total"], order.json()["status"]) == (201, "25.00", "processing")
    order_id = order.json()["id"]
    changed = api.put(f"orders/{order_id}", {"status": "completed"})
    assert (changed.status_code, changed.json()["status"]) == (200, "completed")
    batch = api.post("orders/batch", {"update": [{"id": order_id, "status": "bogus"}, {"id": 9}], "create": [{}]})
    assert batch.status_code == 200
    assert batch.json()["update"][0]["status"] == "pending"
    assert batch.json()["update"][1]["error"]["code"] == "woocommerce_rest_shop_order_invalid_id"
    refund = api.post(f"orders/{order_id}/refunds", {"amount": "5.00", "api_refund": False})
    assert (refund.status_code, refund.json()["amount"]) == (201, "5.00")
    assert api.get(f"orders/{order_id}").json()["refunds"][0]["total"] == "-5.00"
    assert api.options("orders").status_code == 200
    assert api.delete(f"orders/{order_id}").json()["status"] == "pending"
    assert api.get(f"orders/{order_id}").json()["status"] == "trash"
    assert api.delete(f"orders/{order_id}", params={"force": True}).status_code == 200
    assert api.get(f"orders/{order_id}").status_code == 404
    assert api.post("orders", {"status": "bogus"}).status_code == 400
    assert api.get("nope").json()["code"] == "rest_no_route"


async def test_oauth_over_http() -> None:
    async with serving(build(generate(80, 5), Settings())) as shop:
        await asyncio.to_thread(walk, shop.url)
        wrong = API(shop.url, DEFAULT_CONSUMER_KEY, "cs_" + "0" * 40, version="wc/v3", timeout=10)
        answer = await asyncio.to_thread(wrong.get, "orders")
        assert answer.status_code == 401
        assert answer.json()["code"] == "woocommerce_rest_authentication_error"


@pytest.mark.parametrize("more", [{}, {"query_string_auth": True}], ids=["basic", "query string"])
async def test_keys_over_tls(tmp_path: Path, more: dict[str, Any]) -> None:
    async with serving_tls(build(generate(80, 5), Settings(https=True)), tmp_path) as url:
        with warnings.catch_warnings():
            # the client warns that a self-signed certificate is not checked: that is what this test asks of it
            warnings.simplefilter("ignore")
            await asyncio.to_thread(walk, url, verify_ssl=False, **more)


async def test_a_server_that_strips_authorization_leaves_query_string_keys(tmp_path: Path) -> None:
    settings = Settings(https=True, strip_authorization=True)
    async with serving_tls(build(generate(40, 5), settings), tmp_path) as url:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            basic = API(url, DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET, version="wc/v3", verify_ssl=False)
            query = API(
                url,
                DEFAULT_CONSUMER_KEY,
                DEFAULT_CONSUMER_SECRET,
                version="wc/v3",
                verify_ssl=False,
                query_string_auth=True,
            )
            assert (await asyncio.to_thread(basic.get, "orders")).status_code == 401
            assert (await asyncio.to_thread(query.get, "orders")).status_code == 200
