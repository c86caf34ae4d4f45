"""Our requests beside those of the vendor's own Python client, against the same sandbox shop."""

from __future__ import annotations

import asyncio
import base64
import hmac
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import woocommerce

from crossdock.connect.auth.oauth1 import base_string
from crossdock.connectors.woocommerce.client import WooCommerceClient
from tests.contract.woocommerce.harness import HARNESS, KEY, SECRET

OAUTH = {"oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature_method", "oauth_signature"}


def parted(url: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """Address, the query without its proof, and the proof."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    proof = {name: query.pop(name) for name in OAUTH & set(query)}
    return f"{parts.scheme}://{parts.netloc}{parts.path}", query, proof


def resigned(method: str, url: str) -> str:
    """The signature our rules give for a request somebody else signed."""
    address, query, proof = parted(url)
    proof.pop("oauth_signature")
    text = base_string(method, address, tuple({**query, **proof}.items()))
    return base64.b64encode(hmac.digest(f"{SECRET}&".encode(), text.encode(), "sha256")).decode()


@pytest.mark.parametrize("cursor", [None, {"since": "2026-11-21T02:30:00"}])
async def test_signed_lists_are_the_official_clients(cursor: dict[str, Any] | None) -> None:
    async with HARNESS.open() as bench:
        await bench.seed(3)
        page = await WooCommerceClient(bench.good).page("order", cursor, full=cursor is None)
        assert len(page.items) == 3
        method, ours, _ = bench.transport.sent[-1]
        address, query, proof = parted(ours)
        official = woocommerce.API(bench.url, KEY, SECRET)
        theirs = await asyncio.to_thread(official.get, "orders", params=query)
        assert theirs.status_code == 200
        their_address, their_query, their_proof = parted(theirs.request.url)
        assert (method, address, query) == ("GET", their_address, their_query)
        assert set(proof) == set(their_proof) == OAUTH
        assert proof["oauth_signature_method"] == their_proof["oauth_signature_method"]
        assert resigned("GET", ours) == proof["oauth_signature"]
        assert resigned("GET", theirs.request.url) == their_proof["oauth_signature"]
        assert [str(row["id"]) for row in theirs.json()] == [item.external_id for item in page.items]


async def test_webhooks_are_made_and_deleted_as_the_official_client_does() -> None:
    async with HARNESS.open() as bench:
        client = WooCommerceClient(bench.good)
        hook = await client.add_hook("order.created", f"{bench.url}/nowhere", "x")
        official = woocommerce.API(bench.url, KEY, SECRET)
        document = {"topic": "order.created", "delivery_url": f"{bench.url}/nowhere", "secret": "x"}
        made = await asyncio.to_thread(official.post, "webhooks", document)
        assert made.status_code == 201
        assert parted(bench.transport.sent[-1][1])[0] == parted(made.request.url)[0]
        await client.remove_hook(hook.vendor_id)
        gone = await asyncio.to_thread(official.delete, f"webhooks/{made.json()['id']}", params={"force": True})
        assert gone.status_code == 200
        method, ours, _ = bench.transport.sent[-1]
        assert method == "DELETE"
        assert parted(ours)[0] == f"{parted(made.request.url)[0]}/{hook.vendor_id}"
        assert parted(gone.request.url)[0] == f"{parted(made.request.url)[0]}/{made.json()['id']}"
        assert parted(ours)[1] == {"force": "true"}
        assert await client.hooks() == ()


async def test_basic_and_query_keys_over_https_are_the_official_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    async with HARNESS.open(tls=True) as bench:
        seen: dict[str, Any] = {}

        def request(**asked: Any) -> None:
            seen.update(asked)

        monkeypatch.setattr("woocommerce.api.request", request)
        for by_query in (False, True):
            config = {"auth": "query" if by_query else "basic"}
            await WooCommerceClient(bench.access(**config)).page("order", None)
            _, ours, headers = bench.transport.sent[-1]
            address, query, _ = parted(ours)
            official = woocommerce.API(bench.url, KEY, SECRET, query_string_auth=by_query)
            official.get("orders", params={"per_page": "1", "_fields": "id"})
            assert (address, query) == (seen["url"], seen["params"])
            pair = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
            assert headers.get("Authorization") == (None if by_query else f"Basic {pair}")
            assert (seen["auth"] is None) == by_query
