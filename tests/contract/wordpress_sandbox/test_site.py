"""The stand-in of the plugin: what it holds, what it tells the hub, and its control door."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

from crossdock.connect.sandbox import Receive, Scope, Send, answer_json, serving
from crossdock.connectors.wordpress.sandbox import SECRET, Site, build


class Hub:
    """A hub that believes a site's signature as the contract says it is built, and answers every item."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.secret = SECRET

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")
        given = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["path"].endswith("/pair"):
            assert "x-crossdock-signature" not in given
            data = {"key": "cdk_made", "secret": "cds_made", "connection": {"id": "con_1"}}
            self.secret = "cds_made"
            await answer_json(send, 201, {"data": data, "meta": {}})
            return
        stamp, nonce = given["x-crossdock-timestamp"], given["x-crossdock-nonce"]
        said = f"v1\n{scope['method']}\n{scope['raw_path'].decode()}\n{stamp}\n{nonce}\n".encode() + body
        ours = "v1=" + hmac.new(self.secret.encode(), said, hashlib.sha256).hexdigest()
        assert given["x-crossdock-signature"] == ours
        self.got.append(orjson.loads(body))
        await answer_json(send, self.status, {"data": {"results": []}, "meta": {}})


class Hands:
    """People at the site, by its control door."""

    def __init__(self, url: str, session: aiohttp.ClientSession, site: Site, hub: Hub, hub_url: str) -> None:
        self.url, self.session, self.site, self.hub, self.hub_url = url, session, site, hub, hub_url

    async def door(self, method: str, name: str, body: Any = None, status: int = 200) -> Any:
        async with self.session.request(method, f"{self.url}/_sandbox/{name}", json=body) as answer:
            found = await answer.json()
            assert answer.status == status, found
            return found


@pytest.fixture
async def hands() -> AsyncIterator[Hands]:
    site, hub = Site(), Hub()
    async with serving(hub) as there, serving(build(site)) as served, aiohttp.ClientSession() as session:
        yield Hands(served.url, session, site, hub, there.url)


async def test_it_pairs_and_keeps_what_it_was_given(hands: Hands) -> None:
    told = await hands.door("POST", "pair", {"hub": hands.hub_url, "code": "token"})
    assert told["status"] == 201
    assert (hands.site.settings.key, hands.site.settings.secret) == ("cdk_made", "cds_made")


async def test_what_happens_is_told_in_one_signed_batch(hands: Hands) -> None:
    await hands.door("POST", "pair", {"hub": hands.hub_url, "code": "token"})
    user = await hands.door("POST", "act", {"do": "add", "kind": "customer", "email": "ana@example.com"})
    order = await hands.door("POST", "act", {"do": "add", "kind": "order", "customer_id": user["id"]})
    await hands.door("POST", "act", {"do": "change", "kind": "order", "id": order["id"], "status": "completed"})
    await hands.door("POST", "act", {"do": "delete", "kind": "customer", "id": user["id"]})
    await hands.door("POST", "act", {"do": "event", "type": "quiz.done", "data": {"score": 3}, "entity": "user:1"})
    await hands.door("POST", "send")
    (batch,) = hands.hub.got
    assert batch["site"] == {"instance": hands.site.settings.instance, "url": hands.url, "plugin": "1.0.0"}
    said = [(item["kind"], item.get("action", item.get("type"))) for item in batch["items"]]
    assert said == [("product", "saved"), ("order", "saved"), ("customer", "deleted"), ("event", "quiz.done")]
    assert batch["items"][1]["data"]["status"] == "completed", "a state is read when it is sent"
    assert batch["items"][1]["data"]["billing"]["email"] == "ana@example.com"
    assert hands.site.outbox == []


async def test_what_the_hub_did_not_take_stays(hands: Hands) -> None:
    await hands.door("POST", "pair", {"hub": hands.hub_url, "code": "token"})
    await hands.door("POST", "act", {"do": "add", "kind": "product"})
    hands.hub.status = 503
    await hands.door("POST", "send")
    assert len(hands.site.outbox) == 1
    (first,) = hands.hub.got
    hands.hub.status = 200
    await hands.door("POST", "send")
    assert hands.hub.got[1]["items"][0]["id"] == first["items"][0]["id"], "the same event under the same id"
    assert hands.site.outbox == []


async def test_a_paused_site_sends_nothing(hands: Hands) -> None:
    await hands.door("POST", "pair", {"hub": hands.hub_url, "code": "token"})
    await hands.door("POST", "act", {"do": "add", "kind": "product"})
    await hands.door("PUT", "settings", {"paused": "manual"})
    assert await hands.door("POST", "send") == {"answers": []}
    assert hands.hub.got == []


async def test_a_hub_that_is_away_and_doors_that_are_not_there(hands: Hands) -> None:
    await hands.door("POST", "pair", {"hub": "http://127.0.0.1:1", "code": "x"}, status=502)
    await hands.door("POST", "nowhere", {}, status=404)
    await hands.door("POST", "act", {"do": "dance"}, status=400)
    await hands.door("PUT", "settings", {"unknown": 1}, status=400)
    await hands.door("POST", "act", {"do": "change", "kind": "order", "id": 5}, status=400)


async def test_a_refund_names_its_order_and_an_export_tells_everything(hands: Hands) -> None:
    order = await hands.door("POST", "act", {"do": "add", "kind": "order"})
    refund = await hands.door("POST", "act", {"do": "add", "kind": "refund", "parent_id": order["id"]})
    assert (refund["parent_id"], refund["amount"]) == (order["id"], order["total"])
    hands.site.outbox.clear()
    assert await hands.door("POST", "act", {"do": "export", "kinds": ["order", "refund"]}) == {"told": 2}
    assert {row["origin"] for row in hands.site.outbox} == {"bulk"}
    assert (await hands.door("DELETE", "state"))["outbox"] == []
