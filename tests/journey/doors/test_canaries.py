"""Canaries: what is secret or personal goes through a whole journey and is found nowhere in the clear."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
import structlog
from prometheus_client import generate_latest
from pydantic import SecretStr

from crossdock import metrics
from crossdock.cli import logs
from crossdock.connect.sandbox import FaultSwitch, serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.webhook import sandbox as receiver
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.errors import CrossdockError
from crossdock.govern.vault import new_master_key
from crossdock.kit.signing import sign_base64
from crossdock.settings import Settings
from crossdock.store import binaries
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, door, rows, street
from tests.support.hub import add_shop, order, until, working

KEY, SECRET = "ck_" + "ca" * 20, "cs_" + "fe" * 20
TOKEN = "pat-na1-ca7a4b1e-70ce-4a11-9c0d-c0ffee00c0de"
SINK_PATH = "canary-secret-path-5e1f"
SINK_SECRET = "whsec_Y2FuYXJ5IG9mIGEgc2luaydzIHNlY3JldCAxMjM0NTY3OA=="
PERSON = {
    "first_name": "Quillonia",
    "last_name": "Vexmarrow",
    "company": "Wuzzlepot Ltd",
    "address_1": "77 Fennimangle Row",
    "address_2": "Flat Zwickelhaus",
    "city": "Brambleqauth",
    "state": "CA",
    "postcode": "QX77ZW",
    "country": "US",
    "email": "quillonia.vexmarrow@canaryhatch.example",
    "phone": "+1 555 867 5309 77",
}
NOTE = "please leave it behind the gnarlstone gargoyle"
PEOPLE = [value for name, value in PERSON.items() if name not in ("state", "country")]


class Watched:
    """What the journey wrote, answered and knows."""

    def __init__(self) -> None:
        self.canaries = {"key": KEY, "secret": SECRET, "token": TOKEN, "sink": SINK_PATH, "sink secret": SINK_SECRET}
        self.canaries |= {f"person {value[:9]}": value for value in [*PEOPLE, NOTE]}
        self.canaries |= {"local part": "quillonia.vexmarrow", "address": "203.0.113.77"}
        self.texts: dict[str, str] = {}

    def holds_none(self, name: str, text: str | bytes) -> None:
        low = (text if isinstance(text, bytes) else text.encode()).lower()
        found = [word for word, value in self.canaries.items() if value.lower().encode() in low]
        assert found == [], f"{name} shows {found}"


@pytest.fixture
def logged(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything logged, at debug, by our own set-up."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.set_up(settings.model_copy(update={"log_level": "debug", "log_format": "json"}))
    root.setLevel(logging.DEBUG)
    yield written
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest_asyncio.fixture
async def opened(settings: Settings, watched: Watched) -> AsyncIterator[Hub]:
    """A hub whose master key is a canary."""
    master = new_master_key()
    watched.canaries["master key"] = master
    async with open_hub(settings.model_copy(update={"master_key": SecretStr(master)})) as hub:
        yield hub


@pytest.fixture
def watched() -> Watched:
    return Watched()


def personal(number: int, person: dict[str, str] = PERSON) -> dict[str, Any]:
    shipping = {name: value for name, value in person.items() if name != "email"}
    return order(number, billing=person, shipping=shipping, customer_note=NOTE, customer_ip_address="203.0.113.77")


async def journey(hub: Hub, doors: Street, watched: Watched, shop_url: str, portal: str, sink: str) -> None:
    """Connect, receive, deliver, fail, refuse."""
    tenant = await hub.tenants.find()
    api_key = (await hub.keys.add(tenant, "canary", ("admin",)))[1]
    watched.canaries["api key"] = api_key
    wrong = "ck_" + "0b" * 20
    watched.canaries["wrong key"] = wrong
    refused = await _refused(hub, tenant, "woocommerce", {"url": shop_url, "key": wrong, "secret": SECRET})
    watched.holds_none("refusal of a wrong key", refused)
    token = "pat-na1-dead4b1e-70ce-4a11-9c0d-c0ffee00dead"
    watched.canaries["wrong token"] = token
    watched.holds_none(
        "refusal of a wrong token", await _refused(hub, tenant, "hubspot", {"token": token, "base_url": portal})
    )
    await hub.connections.connect(tenant, "hubspot", {"token": TOKEN, "base_url": portal}, actor="test")
    await hub.connections.connect(
        tenant, "webhook", {"url": f"{sink}/{SINK_PATH}", "secret": SINK_SECRET, "plain_http": True}, actor="test"
    )
    real = await hub.connections.connect(
        tenant, "woocommerce", {"url": shop_url, "key": KEY, "secret": SECRET, "plain_http": True}, actor="test"
    )
    secrets = await hub.directory.hook_secrets(real.id)
    watched.canaries |= {f"hook {name}": secret for name, secret in secrets.items()}
    shop = await hub.directory.connection(real.id)
    async with working(hub):
        for number in range(1, 4):
            await _deliver(hub, doors, shop, personal(number))
        # HubSpot refuses two people and quotes them
        quoted = [("email", "other." + PERSON["email"]), ("lastname", "Vexmarrow-Two")]
        poison = [{"object": "contacts", "property": name, "value": value} for name, value in quoted]
        await _turn(portal, {"poison": poison})
        await _deliver(hub, doors, shop, personal(4, {**PERSON, "email": quoted[0][1]}))
        changed = {**PERSON, "email": "third." + PERSON["email"], "last_name": quoted[1][1]}
        await _deliver(hub, doors, shop, personal(5, changed))
        await doors.post(
            "/api/v1/events",
            {"type": "form.sent", "data": {"email": PERSON["email"], "note": NOTE}, "subject": PERSON["email"]},
            api_key,
        )
        await _bad_requests(doors, shop, watched, api_key)
        # the shop does not answer when it is asked
        await _turn(shop_url, {"next_errors": 1})
        await _deliver(hub, doors, shop, {"id": 4711}, "order.deleted")

        async def settled() -> bool:
            left = await rows(
                hub,
                "SELECT 1 FROM delivery WHERE lane_id NOT IN (SELECT id FROM connection WHERE connector = 'webhook')",
            )
            tried = await rows(hub, "SELECT 1 FROM attempt WHERE outcome <> 'delivered'")
            bells = await rows(hub, "SELECT 1 FROM doorbell")
            return not left and not bells and len(tried) > 3

        await until(settled)
    for path in ("/api/v1/status", "/api/v1/connections", "/api/v1/deliveries", "/", "/metrics"):
        answer = await doors.get(path, api_key if path.startswith("/api") else None)
        assert answer.status == 200, path
        watched.holds_none(path, answer.body)


async def _refused(hub: Hub, tenant: Any, connector: str, answers: dict[str, Any]) -> str:
    with pytest.raises(CrossdockError) as refused:
        await hub.connections.connect(tenant, connector, {**answers, **_plain(connector)}, actor="test")
    return repr(refused.value) + str(refused.value.as_problem())


def _plain(connector: str) -> dict[str, Any]:
    return {"plain_http": True} if connector == "woocommerce" else {}


async def _turn(sandbox: str, dials: dict[str, Any]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{sandbox}/_sandbox/dials", data=orjson.dumps(dials)) as reply,
    ):
        assert reply.status == 200, await reply.text()


async def _deliver(hub: Hub, doors: Street, shop: Any, document: dict[str, Any], topic: str = "order.updated") -> None:
    secrets = await hub.directory.hook_secrets(shop.id)
    number, secret = next(iter(secrets.items()))
    body = orjson.dumps(document)
    headers = {
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-id": number,
        "x-wc-webhook-signature": sign_base64(secret.encode(), body),
    }
    assert (await doors.call("POST", door(shop), body, headers)).status == 200


async def _bad_requests(doors: Street, shop: Any, watched: Watched, api_key: str) -> None:
    body = orjson.dumps(personal(9))
    answers = [
        await doors.call(
            "POST", door(shop), body, {"x-wc-webhook-signature": "bm8=", "x-wc-webhook-topic": "order.updated"}
        ),
        await doors.call("POST", door(shop), body, {"authorization": f"Bearer {api_key}"}),
        await doors.call("POST", f"/webhooks/woocommerce/{PERSON['email']}", body),
        await doors.post("/api/v1/events", {"type": PERSON["email"], "data": {}}, api_key),
        await doors.post("/api/v1/events", {"type": "a.b", "data": PERSON["email"]}, api_key),
        await doors.post("/api/v1/events", body[:-1], api_key),
        await doors.post("/api/v1/events", {}, "cdk_" + "wrong-canary"),
        await doors.get(f"/api/v1/events/{PERSON['email']}", api_key),
        await doors.get(f"/api/v1/{PERSON['email']}", api_key),
        await doors.get(f"/api/v1/deliveries?before={PERSON['email']}", api_key),
    ]
    for number, answer in enumerate(answers):
        assert answer.status >= 400, number
        watched.holds_none(f"refusal {number}", answer.body)


def dumped(url: str) -> bytes:
    """Return the whole database as SQL, and every bytea in it decoded."""
    ran = subprocess.run(
        [binaries.program("pg_dump"), "--inserts", "--dbname", url], capture_output=True, check=True, timeout=60
    )
    decoded = [bytes.fromhex(found.decode()) for found in re.findall(rb"\\x((?:[0-9a-f]{2})+)", ran.stdout)]
    return ran.stdout + b"\n".join(decoded)


async def test_no_canary_is_found_in_the_clear(
    logged: io.StringIO, opened: Hub, watched: Watched, database_url: str
) -> None:
    keys = (woocommerce.ApiKey(KEY, SECRET),)
    shop = woocommerce.build(woocommerce.generate(3, 1), woocommerce.Settings(keys=keys))
    portal = hubspot.HubSpotSandbox(hubspot.Settings(tokens={TOKEN: list(hubspot.ALL_SCOPES)}))
    sink = FaultSwitch(receiver.app(SINK_SECRET), throttled=lambda: ({}, b""))
    sink.turn({"error_share": 1.0})
    async with street(opened) as doors, serving(shop) as s, serving(portal) as p, serving(sink) as k:
        opened.connections._public_url = doors.url
        await journey(opened, doors, watched, s.url, p.url, k.url)
    await opened.refusals.flush(opened.database)
    assert len(watched.canaries) > 20
    structlog.get_logger("canary").warning("the log is captured")
    said = logged.getvalue()
    assert "the log is captured" in said
    assert "doorbell unanswered" in said
    watched.holds_none("the log", said)
    watched.holds_none("the metrics", generate_latest(metrics.REGISTRY))
    dump = await asyncio.to_thread(dumped, database_url)
    assert b"INSERT INTO" in dump
    watched.holds_none("the database", dump)
    reasons = await rows(opened, "SELECT reason FROM delivery_done WHERE state = 'dead'")
    assert len(reasons) >= 2
    assert all(row["reason"] for row in reasons)
    assert not any("@" in (row["reason"] or "") for row in reasons)


async def test_the_search_finds_what_is_there(hub: Hub, watched: Watched, database_url: str) -> None:
    shop = await add_shop(hub)
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE connection SET problem = $2 WHERE id = $1", shop.id, PERSON["email"])
    dump = await asyncio.to_thread(dumped, database_url)
    with pytest.raises(AssertionError, match="the database shows"):
        watched.holds_none("the database", dump)
