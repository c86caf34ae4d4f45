"""One click at the shop: its own pages, our callback, and everything that must not connect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import pytest_asyncio

from crossdock.connectors.woocommerce.sandbox import DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET
from crossdock.errors import BadInput, Trouble
from crossdock.settings import Settings
from crossdock.wiring import Hub
from tests.journey.connect.stage import Stage, staged
from tests.journey.doors.street import is_problem, street
from tests.support.hub import until


@pytest_asyncio.fixture
async def stage(settings: Settings, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(settings, tmp_path) as opened:
        yield opened


async def asked(stage: Stage) -> Any:
    tenant = await stage.hub.tenants.find()
    return await stage.hub.authorizations.begin(
        tenant, "woocommerce", {"url": stage.shop_url}, name="mine", actor="ann"
    )


async def registered(stage: Stage, count: int) -> bool:
    """Whether the shop and the hub know of so many webhooks."""
    async with stage.hub.database.engine() as conn:
        return len(stage.shop.hooks.rows) == count == await conn.fetchval("SELECT count(*) FROM hook")


async def test_the_shop_s_own_request_waits_for_ten_calls_at_most(stage: Stage) -> None:
    """Its worker is busy until we answer, so a call a webhook, each with a ping back to us, comes afterwards."""
    form = {"url": stage.shop_url, "key": DEFAULT_CONSUMER_KEY, "secret": DEFAULT_CONSUMER_SECRET, "plain_http": True}
    tenant, before = await stage.hub.tenants.find(), stage.shop.requests
    made = await stage.hub.connections.connect(tenant, "woocommerce", form, actor="test", hooks_later=True)
    assert stage.shop.requests - before <= 10
    assert await registered(stage, 0)
    assert await stage.hub.connections.add_hooks(made.id) == 15
    assert await registered(stage, 15)


async def told(stage: Stage, state: str, key: str = "ck_x", secret: str = "cs_x") -> Any:
    """Play the shop and POST to the callback; returns (status, problem)."""
    body = orjson.dumps({"key_id": 1, "user_id": state, "consumer_key": key, "consumer_secret": secret})
    async with street(stage.hub) as doors:
        return await doors.call("POST", "/connect/woocommerce/callback", body)


async def test_one_click_connects_a_store(stage: Stage) -> None:
    question = await asked(stage)
    before = stage.shop.requests
    query = parse_qs(urlsplit(question.url).query)
    assert query["scope"] == ["read_write"]
    assert "&" not in query["app_name"][0]
    assert query["callback_url"] == [f"{stage.hub_url}/connect/woocommerce/callback"]
    assert (await stage.hub.authorizations.state("woocommerce", question.state)).state == "waiting"
    status, back, page = await stage.browser.go(await stage.browser.consent(question.url))
    assert status == 302, page
    assert back.startswith(f"{stage.hub_url}/connect/woocommerce/return?success=1")
    status, _, page = await stage.browser.go(back)
    assert (status, "mine is connected" in page, "<script" in page) == (200, True, False)
    found = await stage.hub.authorizations.state("woocommerce", question.state)
    assert (found.state, found.name) == ("connected", "mine")
    await until(lambda: registered(stage, 15))
    assert stage.shop.requests - before > 24
    connection = await stage.hub.connections.one(await stage.hub.tenants.find(), found.connection_id)
    assert connection.account["permissions"] == "read_write"
    assert len(stage.shop.consent.made) == 1
    async with stage.hub.database.engine() as conn:
        rows = await conn.fetch("SELECT * FROM app_authorization")
        actors = await conn.fetch("SELECT actor, action FROM audit_entry ORDER BY id")
    assert question.state not in str([dict(row) for row in rows])
    assert stage.shop.consent.made[0] not in str([dict(row) for row in rows])
    assert ("ann", "connection.add") in [(row["actor"], row["action"]) for row in actors]


async def test_a_state_is_good_once_for_its_own_shop_and_for_a_quarter_of_an_hour(stage: Stage) -> None:
    question = await asked(stage)
    await stage.browser.go(await stage.browser.consent(question.url))
    is_problem(await told(stage, question.state), 403, "forbidden", "user_id")
    is_problem(await told(stage, "guess"), 403, "forbidden", "user_id")
    late = await asked(stage)
    async with stage.hub.database.engine() as conn:
        gone = "UPDATE app_authorization SET expires_at = now() - interval '1 second' WHERE used_at IS NULL"
        await conn.execute(gone)
    is_problem(await told(stage, late.state), 403, "forbidden", "user_id")
    assert (await stage.hub.authorizations.state("woocommerce", late.state)).state == "expired"


async def test_keys_that_the_shop_itself_does_not_know_connect_nothing(stage: Stage) -> None:
    question = await asked(stage)
    is_problem(await told(stage, question.state, "ck_" + "0" * 40, "cs_" + "0" * 40), 502, "vendor-trouble")
    state = await stage.hub.authorizations.state("woocommerce", question.state)
    assert state.state == "refused"
    assert state.problem
    assert state.remedy
    assert await stage.hub.connections.list(await stage.hub.tenants.find()) == []
    _, _, page = await stage.browser.go(
        f"{stage.hub_url}/connect/woocommerce/return?success=1&user_id={question.state}"
    )
    assert "What to do" in page


async def test_the_shop_deletes_the_key_when_the_same_store_is_connected_already(stage: Stage) -> None:
    for expected in (302, 401):
        question = await asked(stage)
        status, _, page = await stage.browser.go(await stage.browser.consent(question.url))
        assert (status, "unable to send" in page) == (expected, expected == 401)
        assert len(stage.shop.consent.made) == 1
    state = await stage.hub.authorizations.state("woocommerce", question.state)
    assert (state.state, "connected already" in state.problem) == ("refused", True)


async def test_the_page_says_no_and_unknown(stage: Stage) -> None:
    door = f"{stage.hub_url}/connect/woocommerce/return"
    assert "did not give access" in (await stage.browser.go(f"{door}?success=0&user_id=x"))[2]
    for query in ("", "?user_id=%3Cscript%3E", "?success=1&user_id=guess"):
        status, _, page = await stage.browser.go(door + query)
        assert (status, "<script" in page) == (404, False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"key_id=1", "body"),
        (b"[]", "body"),
        (b'{"user_id": 7}', "user_id"),
        (b'{"user_id": "x"}', "consumer_key"),
        (b'{"user_id": "x", "consumer_key": "a", "consumer_secret": ""}', "consumer_secret"),
    ],
)
async def test_malformed_callbacks_name_the_field(hub: Hub, body: bytes, field: str) -> None:
    async with street(hub) as doors:
        is_problem(await doors.call("POST", "/connect/woocommerce/callback", body), 400, "bad-input", field)
        is_problem(await doors.call("POST", "/connect/hubspot/callback", body), 400, "bad-input", "connector")
        assert (await doors.call("POST", "/connect/woocommerce/callback", b"x" * 20_000)).status == 413


async def test_without_https_and_without_a_page_the_refusal_says_what_to_do(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    with pytest.raises(Trouble) as refused:
        await hub.authorizations.begin(tenant, "woocommerce", {"url": "https://shop.example"}, actor="t")
    assert "CROSSDOCK_PUBLIC_URL" in refused.value.remedy
    hub.authorizations._public_url = "https://hub.example"
    for connector, given, field in (
        ("hubspot", {}, "connector"),
        ("nothing", {}, "connector"),
        ("woocommerce", {"url": "ftp://x"}, "url"),
        ("woocommerce", {}, "url"),
        ("woocommerce", {"url": "https://shop.example", "key": "ck_1"}, "key"),
    ):
        with pytest.raises(BadInput) as wrong:
            await hub.authorizations.begin(tenant, connector, given, actor="t")
        assert wrong.value.field == field


async def test_the_sandbox_refuses_what_the_recorded_shop_refuses(stage: Stage) -> None:
    page = f"{stage.shop_url}/wc-auth/v1/authorize?"
    good = "app_name=a&scope=read&user_id=u&return_url=https://h/r&callback_url="
    for query in (f"{good}http://127.0.0.1:1/cb", good, f"{good.replace('scope=read', 'scope=admin')}https://h/cb"):
        assert (await stage.browser.go(page + query))[0] == 401
    status, where, _ = await stage.browser.go(
        page + f"{good.replace('app_name=a', 'app_name=A%20%26%20B')}https://h/cb"
    )
    assert (status, "app_name=A%20&%20B" in where) == (302, True)
