"""Every recorded webhook of a real store goes byte for byte to the real door, and becomes what it means."""

from __future__ import annotations

import base64
import re
from typing import Any

import msgspec
import orjson
import pytest

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.govern.directory import HOOK
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, door, rows
from tests.support.hub import add_connection, until, working
from tests.support.shared import RECORDINGS, needs_recordings

WEBHOOKS = RECORDINGS / "webhooks"


class Recorded(msgspec.Struct):
    """One delivery as it arrived."""

    headers: list[tuple[str, str]]
    body_b64: str
    request_line: str
    secret: str | None = None
    secret_stored: str | None = None
    name: str = ""

    @property
    def body(self) -> bytes:
        return base64.b64decode(self.body_b64)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    def expected(self) -> tuple[str, str, str] | None:
        """Return (event or ring or nothing, stream, id), by the facts of the recordings and not by our parser."""
        topic = self.header("x-wc-webhook-topic")
        if not topic:
            return None
        document = orjson.loads(self.body)
        resource = topic.split(".")[0]
        if "code" in document and "id" not in document:
            return ("nothing", "", "")
        if resource == "action":
            return ("ring", "order", str(document["arg"]))
        if set(document) == {"id"} or document.get("type") == "variation":
            return ("ring", resource, str(document["id"]))
        return ("event", resource, str(document["id"]))


def recorded() -> list[Recorded]:
    found = []
    for file in sorted(WEBHOOKS.glob("*.json")):
        one = msgspec.json.decode(file.read_bytes(), type=Recorded)
        one.name = file.name
        found.append(one)
    return found


async def deliver(doors: Street, shop: Connection, one: Recorded) -> None:
    hop_by_hop = {"host", "connection", "content-length"}
    headers = {name: value for name, value in one.headers if name.lower() not in hop_by_hop}
    answer = await doors.call("POST", door(shop), one.body, headers)
    assert (answer.status, answer.body) == (200, b"{}"), (one.name, answer.body)


async def kept(hub: Hub) -> dict[str, set[tuple[str, str]]]:
    events = await rows(hub, "SELECT stream, external_id FROM event")
    bells = await rows(hub, "SELECT stream, external_id FROM doorbell")
    return {"event": {tuple(r) for r in events}, "ring": {tuple(r) for r in bells}}


async def secrets_of(recordings: list[Recorded]) -> dict[str, str]:
    """Return the secrets as the store keeps them (one is kept with HTML entities), by the webhook's id."""
    return {
        HOOK + one.header("x-wc-webhook-id"): one.secret_stored or one.secret
        for one in recordings
        if one.secret is not None
    }


@needs_recordings
async def test_every_recorded_webhook_verifies_and_becomes_what_it_means(hub: Hub, doors: Street) -> None:
    recordings = recorded()
    assert len(recordings) >= 76
    secrets = await secrets_of(recordings)
    shop = await add_connection(hub, "woocommerce", "recorded", {"url": "https://shop.example"}, secrets)
    tally: dict[str, int] = {}
    for one in recordings:
        before = await kept(hub)
        await deliver(doors, shop, one)
        after, expected = await kept(hub), one.expected()
        what = expected[0] if expected else "ping"
        tally[what] = tally.get(what, 0) + 1
        if what in ("ping", "nothing"):
            assert after == before, one.name
        elif expected is not None:
            assert expected[1:] in after[what], one.name
            others = {"event": "ring", "ring": "event"}[what]
            if what == "ring":
                assert after[others] == before[others], one.name
    assert tally["ping"] == 15
    assert tally["event"] > 35
    assert tally["ring"] >= 12
    assert tally["nothing"] == 3
    # bodies are kept byte for byte
    bodies = {one.body for one in recordings}
    for row in await rows(hub, "SELECT id, body FROM event"):
        assert hub.vault.open_body(row["body"], row["id"].bytes) in bodies


@needs_recordings
async def test_no_recorded_webhook_verifies_with_one_bit_changed(hub: Hub, doors: Street) -> None:
    recordings = [one for one in recorded() if one.secret is not None]
    shop = await add_connection(
        hub, "woocommerce", "recorded", {"url": "https://shop.example"}, await secrets_of(recordings)
    )
    for one in recordings:
        changed = bytearray(one.body)
        changed[len(changed) // 2] ^= 1
        headers = {n: v for n, v in one.headers if n.lower() not in {"host", "connection", "content-length"}}
        assert (await doors.call("POST", door(shop), bytes(changed), headers)).status == 401, one.name
    assert await rows(hub, "SELECT 1 FROM event") == []


@needs_recordings
async def test_doorbells_are_answered_by_the_shop(hub: Hub, doors: Street) -> None:
    recordings = recorded()
    key, secret = woocommerce.DEFAULT_CONSUMER_KEY, woocommerce.DEFAULT_CONSUMER_SECRET
    store = woocommerce.Shop.load(RECORDINGS / "store")
    present = {str(row["id"]) for row in store.orders}
    async with serving(woocommerce.build(store)) as served:
        config = {"url": served.url, "plain_http": True, "rest_base": "/wp-json", "auth": "auto"}
        secrets: dict[str, Any] = {**await secrets_of(recordings), "key": key, "secret": secret}
        shop = await add_connection(hub, "woocommerce", "recorded", config, secrets)
        for one in recordings:
            await deliver(doors, shop, one)
        rung = (await kept(hub))["ring"]
        assert rung
        known = {tuple(r) for r in await rows(hub, "SELECT stream, external_id FROM record")}
        async with working(hub):

            async def quiet() -> bool:
                return not await rows(hub, "SELECT 1 FROM doorbell")

            await until(quiet)
    shown = {
        (r["stream"], r["external_id"]): r["presence"]
        for r in await rows(hub, "SELECT stream, external_id, presence FROM record")
    }
    for stream, number in rung:
        here = number in present if stream == "order" else _holds(store, stream, number)
        if here:
            assert shown[stream, number] != "deleted", (stream, number)
        elif (stream, number) in known:
            assert shown[stream, number] == "deleted", (stream, number)
        else:
            # the end of what was never known is no event (a product's trashing rings for coupons too)
            assert (stream, number) not in shown


def _holds(store: Any, stream: str, number: str) -> bool:
    tables = {"product": ("products", "variations"), "customer": ("customers",), "coupon": ("coupons",)}
    return any(str(row["id"]) == number for table in tables[stream] for row in store.tables[table])


def test_recordings_or_a_reason() -> None:
    assert re.search("recordings", needs_recordings.kwargs["reason"])
    assert isinstance(needs_recordings, pytest.MarkDecorator)
