"""Webhooks: registered at a sandbox shop, delivered to a door, equal to what REST shows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Hook
from crossdock.connect.sandbox import Receive, Scope, Send, serving
from crossdock.connectors.woocommerce import CONNECTOR
from crossdock.connectors.woocommerce.client import WooCommerceClient
from crossdock.connectors.woocommerce.webhook import DOOR
from crossdock.kit.digest import Volatile, digest
from crossdock.model.observation import Doorbell, Observation
from crossdock.model.outcome import Rejected
from tests.contract.woocommerce.harness import HARNESS, HOOK_SECRET, READ_KEY


class Receiver:
    """Takes every request with exactly 200 and keeps it."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = bool(message.get("more_body"))
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.came.append((headers, b"".join(parts)))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def of(self, topic: str, count: int = 1) -> list[tuple[dict[str, str], bytes]]:
        """Wait until ``count`` deliveries of a topic came."""
        async with asyncio.timeout(60):
            while True:
                found = [each for each in self.came if each[0].get("x-wc-webhook-topic") == topic]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.02)


async def test_hooks_are_added_pinged_listed_and_removed() -> None:
    receiver = Receiver()
    async with HARNESS.open() as bench, serving(receiver) as ours:
        client = WooCommerceClient(bench.good, page_size=2)
        assert await client.hooks() == ()
        topics = CONNECTOR.manifest.webhooks.topics if CONNECTOR.manifest.webhooks else ()
        made = [await client.add_hook(topic, f"{ours.url}/hook", HOOK_SECRET) for topic in topics]
        assert [each.topic for each in made] == list(topics)
        assert {each.status for each in made} == {"active"}
        assert len(receiver.came) == len(topics)
        assert all(DOOR.ping(headers, body) for headers, body in receiver.came)
        listed = await client.hooks()
        assert set(listed) == set(made)
        assert len(listed) == len(made)
        assert made[0] == Hook(made[0].vendor_id, topics[0], f"{ours.url}/hook", "active")
        await client.remove_hook(made[0].vendor_id)
        await client.remove_hook(made[0].vendor_id)
        assert len(await client.hooks()) == len(topics) - 1


async def test_a_topic_or_address_that_the_shop_refuses_is_an_outcome() -> None:
    async with HARNESS.open() as bench:
        client = WooCommerceClient(bench.good)
        for topic, url in (("order.published", "http://127.0.0.1:1/x"), ("order.created", "ftp://127.0.0.1/x")):
            with pytest.raises(CallFailed) as raised:
                await client.add_hook(topic, url, HOOK_SECRET)
            assert isinstance(raised.value.outcome, Rejected)
            assert HOOK_SECRET not in str(raised.value.outcome)
        with pytest.raises(CallFailed) as raised:
            await WooCommerceClient(bench.access(key=READ_KEY)).add_hook("order.created", bench.url, HOOK_SECRET)
        assert isinstance(raised.value.outcome, Rejected), "a read-only key is no reason to break the connection"


@pytest.mark.parametrize("secret", [HOOK_SECRET, "a&b<c>\"d'e ü 😀", "a&amp;b"])
async def test_a_delivery_verifies_and_digests_as_the_get_and_the_list_do(secret: str) -> None:
    receiver = Receiver()
    async with HARNESS.open() as bench, serving(receiver) as ours:
        client = WooCommerceClient(bench.good)
        start = (await client.page("order", None)).cursor
        hooks = {
            (await client.add_hook(topic, f"{ours.url}/hook", secret)).vendor_id: secret
            for topic in ("order.created", "order.deleted")
        }
        order = bench.order()
        ((headers, body),) = await receiver.of("order.created")
        DOOR.verify(headers, body, hooks)
        (seen,) = DOOR.parse(headers, body)
        assert isinstance(seen, Observation)
        got = await client.fetch("order", seen.external_id, None)
        listed = (await client.page("order", start)).items[0]
        assert got is not None
        assert _digest(seen) == _digest(got) == _digest(listed)
        assert seen.modified_at == got.modified_at == listed.modified_at
        await bench.raw("POST", "/_sandbox/act", {"do": "trash", "id": order["id"]})
        ((headers, body),) = await receiver.of("order.deleted")
        DOOR.verify(headers, body, hooks)
        assert DOOR.parse(headers, body) == (Doorbell("order", str(order["id"]), reason="order.deleted"),)


def _digest(seen: Observation) -> bytes:
    volatile: Any = CONNECTOR.manifest.stream(seen.stream).volatile
    return digest(seen.document, Volatile.of(volatile))
