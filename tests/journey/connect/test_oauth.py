"""Connecting, reconnecting and renewing by OAuth 2.0 against the sandbox portal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from crossdock.connect.client import CallFailed
from crossdock.errors import BadInput, Conflict, Forbidden, NotFound, Trouble, VendorTrouble
from crossdock.model.connection import ConnectionState
from crossdock.model.outcome import Refresh, Retry
from crossdock.settings import Settings
from tests.journey.connect.portal import CLIENT, CLIENT_SECRET, Portal, portal_of, renewals
from tests.support.hub import until


@pytest_asyncio.fixture
async def portal(settings: Settings) -> AsyncIterator[Portal]:
    async with portal_of(settings) as opened:
        yield opened


async def test_one_click_connects_a_portal(portal: Portal) -> None:
    await portal.app()
    asked = await portal.ask()
    query = parse_qs(urlsplit(asked.url).query)
    assert (query["client_id"], query["code_challenge_method"], query["response_type"]) == (
        [CLIENT],
        ["S256"],
        ["code"],
    )
    assert "crm.objects.contacts.write" in query["scope"][0]
    assert "crm.objects.orders.read" in query["optional_scope"][0]
    assert "crm.objects.orders.read" not in query["scope"][0]
    tenant = await portal.tenant()
    assert (await portal.hub.oauth.state(asked.state, tenant)).state == "waiting"
    answer = await portal.back(await portal.accept(asked.url))
    assert (answer.status, b"Portal is connected." in answer.body) == (200, True), answer.body
    found = await portal.hub.oauth.state(asked.state, tenant)
    assert (found.state, found.name) == ("connected", "Portal")
    connection = await portal.hub.connections.one(tenant, found.connection_id)
    assert (connection.state, connection.account_uid) == (ConnectionState.ACTIVE, "hubspot-62515")
    assert (await portal.hub.connections.check(tenant, connection.id)).ok
    grant = await portal.hub.oauth.grant(tenant, connection.id)
    assert (grant.app, grant.renewals, grant.missing, grant.problem) == ("Main", 0, (), "")
    assert "crm.objects.orders.read" in grant.scopes
    kept = str(
        [dict(await portal.row(f"SELECT * FROM {table}")) for table in ("oauth_app", "oauth_grant", "oauth_request")]
    )
    pair = next(iter(portal.sandbox.granting.grants))
    assert all(secret not in kept for secret in (asked.state, CLIENT_SECRET, pair, query["code_challenge"][0]))
    assert await portal.row("SELECT 1 FROM audit_entry WHERE action = 'connection.add' AND actor = 'test'") is not None


async def test_a_state_is_good_once_and_for_a_quarter_of_an_hour(portal: Portal) -> None:
    await portal.app()
    asked = await portal.ask()
    back = await portal.accept(asked.url)
    # what comes without a state of ours is not looked at: the vendor is not asked
    for wrong in ({**back, "state": "x" + back["state"][1:]}, {"code": back["code"]}, {"state": "", "error": "oops"}):
        assert (await portal.back(wrong)).status == 403
    assert portal.requests("POST oauth/2026-09/token") == {}
    assert (await portal.back(back)).status == 200
    again = await portal.back(back)
    assert (again.status, b"unknown, used or expired" in again.body) == (403, True)
    assert portal.requests("POST oauth/2026-09/token") == {"200": 1}
    late = await portal.ask()
    await portal.run("UPDATE oauth_request SET expires_at = now() WHERE used_at IS NULL")
    assert (await portal.back(await portal.accept(late.url))).status == 403
    assert (await portal.hub.oauth.state(late.state, await portal.tenant())).state == "expired"


async def test_a_question_dies_with_the_key_that_asked(portal: Portal) -> None:
    tenant = await portal.tenant()
    await portal.app()
    key_id, _ = await portal.hub.keys.add(tenant, "asker", ("write",))
    asked = await portal.ask(key_id=key_id)
    back = await portal.accept(asked.url)
    await portal.hub.keys.revoke(tenant, key_id)
    assert (await portal.back(back)).status == 403
    assert portal.requests("POST oauth/2026-09/token") == {}


async def test_what_was_not_granted_is_named(settings: Settings) -> None:
    withheld = ["crm.objects.deals.write", "crm.schemas.deals.read", "crm.objects.orders.read"]
    async with portal_of(settings, withheld=withheld) as portal:
        await portal.app()
        asked = await portal.ask()
        answer = await portal.back(await portal.accept(asked.url))
        assert answer.status == 502
        found = await portal.hub.oauth.state(asked.state, await portal.tenant())
        assert (found.state, found.connection_id) == ("refused", None)
        assert found.problem == "these permissions were not given: crm.objects.deals.write, crm.schemas.deals.read"
        assert await portal.hub.connections.list(await portal.tenant()) == []
        portal.sandbox.settings.withheld = ["crm.objects.orders.read"]
        connection = await portal.connected()
        grant = await portal.hub.oauth.grant(connection.tenant_id, connection.id)
        assert grant.missing == ("crm.objects.orders.read",)


async def test_somebody_who_declines_is_understood(settings: Settings) -> None:
    async with portal_of(settings, consent="deny") as portal:
        await portal.app()
        asked = await portal.ask()
        answer = await portal.back(await portal.accept(asked.url))
        assert (answer.status, b"Nobody gave access." in answer.body) == (502, True)
        assert (await portal.hub.oauth.state(asked.state, await portal.tenant())).problem == "nobody gave access"


async def test_another_code_than_the_one_asked_for_is_refused_by_its_verifier(portal: Portal) -> None:
    """Somebody slips a code of his own consent under our state: PKCE binds ours to us."""
    await portal.app()
    mine, his = await portal.ask(), await portal.ask()
    stolen = (await portal.accept(his.url))["code"]
    answer = await portal.back({**await portal.accept(mine.url), "code": stolen})
    assert (answer.status, b"verifier does not fit" in answer.body) == (502, True)
    assert stolen.encode() not in answer.body


async def test_several_apps_and_which(portal: Portal) -> None:
    with pytest.raises(NotFound, match="no app for hubspot"):
        await portal.ask()
    await portal.app()
    with pytest.raises(Conflict, match="'Main'"):
        await portal.app()
    second = await portal.app("Second", "client-8", "second-secret")
    with pytest.raises(Conflict, match="several apps"):
        await portal.ask()
    connection = await portal.connected(app="Second")
    tenant = await portal.tenant()
    assert (await portal.hub.oauth.grant(tenant, connection.id)).app == "Second"
    with pytest.raises(Conflict, match="1 connections"):
        await portal.hub.oauth.apps.remove(tenant, second.id, actor="test")
    listed = await portal.hub.oauth.apps.list(tenant)
    assert [(app.name, app.connections) for app in listed] == [("Main", 0), ("Second", 1)]
    with pytest.raises(BadInput, match="no OAuth"):
        await portal.hub.oauth.begin(tenant, "webhook", {}, actor="test")


async def test_a_hub_without_an_address_cannot_be_come_back_to(settings: Settings) -> None:
    async with portal_of(settings) as portal:
        await portal.app()
        oauth = portal.hub.oauth
        oauth._public_url = "http://hub.example"
        with pytest.raises(Trouble, match="https"):
            await oauth.begin(await portal.tenant(), "hubspot", {}, actor="test")


async def test_a_token_is_renewed_ahead_of_its_end_and_nobody_waits(portal: Portal) -> None:
    await portal.app()
    connection = await portal.connected()
    tokens = portal.hub.directory.grants.of(connection.id, "hubspot")
    first = await tokens.current()
    assert await tokens.current() == first
    assert (await renewals(portal, connection)).generation == 1
    await portal.run("UPDATE oauth_grant SET expires_at = now() + interval '200 seconds'")

    async def told() -> bool:
        # still good: it is given while another is fetched
        return await tokens.current() != first

    await until(told)
    assert (await renewals(portal, connection)).generation == 2
    assert portal.requests("POST oauth/2026-09/token") == {"200": 2}


async def test_a_worker_renews_what_nobody_uses(portal: Portal) -> None:
    await portal.app()
    connection = await portal.connected()
    grants = portal.hub.directory.grants
    assert await grants.tend() == 0
    await portal.run("UPDATE oauth_grant SET expires_at = now() + interval '200 seconds'")
    assert await grants.tend() == 1
    await grants.drain()
    assert (await renewals(portal, connection)).generation == 2
    assert await grants.tend() == 0


async def test_many_calls_refused_at_once_renew_once(portal: Portal) -> None:
    await portal.app()
    connection = await portal.connected()
    destination = await portal.hub.directory.destination(connection.id)
    await portal.act("expire_tokens")
    results = await asyncio.gather(*(destination.check() for _ in range(12)))
    assert all(result.ok for result in results)
    assert portal.requests("POST oauth/2026-09/token") == {"200": 2}
    assert (await renewals(portal, connection)).generation == 2


async def test_withdrawn_access_breaks_the_connection_by_name_and_one_click_mends_it(portal: Portal) -> None:
    await portal.app()
    connection = await portal.connected()
    tenant = connection.tenant_id
    await portal.act("uninstall")
    result = await portal.hub.connections.check(tenant, connection.id)
    assert not result.ok
    row = await portal.row("SELECT state, problem FROM connection WHERE id = $1", connection.id)
    assert row["state"] == "broken"
    assert "access was withdrawn or has ended (invalid_grant" in row["problem"]
    assert f"crossdock oauth reconnect {portal.shown(connection)}" in row["problem"]
    # nobody asks with a dead token again
    asked = portal.requests("POST oauth/2026-09/token")
    assert not (await portal.hub.connections.check(tenant, connection.id)).ok
    assert portal.requests("POST oauth/2026-09/token") == asked
    assert await portal.hub.alerting.alerts.evaluate("test")
    key = (await portal.hub.keys.add(tenant, "reader", ("read",)))[1]
    (alert,) = (await portal.doors.get("/api/v1/alerts", key)).json["items"]
    assert alert["kind"] == "connection_broken"
    assert alert["cause"].startswith("access was withdrawn or has ended")
    assert alert["remedy"].startswith(
        f"reconnect it in one click: crossdock oauth reconnect {portal.shown(connection)}"
    )
    again = await portal.hub.oauth.reconnect(tenant, connection.id, actor="test")
    answer = await portal.back(await portal.accept(again.url))
    assert (answer.status, b"Portal is connected again." in answer.body) == (200, True)
    assert (await portal.hub.connections.one(tenant, connection.id)).state is ConnectionState.ACTIVE
    assert (await portal.hub.connections.check(tenant, connection.id)).ok
    assert len(await portal.hub.connections.list(tenant)) == 1


async def test_another_account_is_refused_by_name(portal: Portal) -> None:
    await portal.app()
    connection = await portal.connected()
    await portal.run("UPDATE connection SET account_uid = '4711', account = account - 'home_uid'")
    portal.hub.directory.forget(connection.id)
    asked = await portal.hub.oauth.reconnect(connection.tenant_id, connection.id, actor="test")
    answer = await portal.back(await portal.accept(asked.url))
    assert (answer.status, b"these are credentials of hubspot-62515, not of 4711" in answer.body.lower()) == (409, True)
    assert (await renewals(portal, connection)).generation == 1


async def test_a_wrong_app_secret_is_the_app_s_trouble(portal: Portal) -> None:
    app = await portal.app()
    connection = await portal.connected()
    tenant = connection.tenant_id
    await portal.hub.oauth.apps.change(tenant, app.id, {"client_secret": "wrong"}, actor="test")
    await portal.act("expire_tokens")
    with pytest.raises(CallFailed) as failed:
        await portal.hub.directory.grants.renew(connection.id, "hubspot", 1)
    assert isinstance(failed.value.outcome, Refresh)
    row = await portal.row("SELECT state, problem FROM connection WHERE id = $1", connection.id)
    assert (row["state"], "refuses our app (invalid_client" in row["problem"]) == ("broken", True)
    # corrected, the next check goes on with what was granted
    await portal.hub.oauth.apps.change(tenant, app.id, {"client_secret": CLIENT_SECRET}, actor="test")
    assert (await portal.hub.connections.check(tenant, connection.id)).ok
    assert (await portal.hub.connections.one(tenant, connection.id)).state is ConnectionState.ACTIVE


async def test_a_vendor_that_is_away_is_asked_again_and_breaks_nothing(portal: Portal) -> None:
    await portal.app()
    connection = await portal.connected()
    tokens = portal.hub.directory.grants.of(connection.id, "hubspot")
    await portal.run("UPDATE oauth_grant SET expires_at = now() - interval '1 second'")
    portal.hub.directory.forget(connection.id)
    portal.sandbox.switch.turn({"next_errors": 2})
    with pytest.raises(CallFailed) as failed:
        await tokens.current()
    assert isinstance(failed.value.outcome, Retry)
    now = await renewals(portal, connection)
    assert (now.generation, now.leased, now.problem) == (1, False, None)
    asked = portal.requests("POST oauth/2026-09/token")
    with pytest.raises(CallFailed):
        # at once it is not asked again
        await tokens.current()
    assert portal.requests("POST oauth/2026-09/token") == asked

    async def good() -> bool:
        try:
            return bool(await tokens.current())
        except CallFailed:
            return False

    await until(good)
    after = await renewals(portal, connection)
    assert (after.generation, after.asks) == (2, 0)
    assert (await portal.hub.connections.one(connection.tenant_id, connection.id)).state is ConnectionState.ACTIVE


async def test_a_private_token_and_consent_take_each_other_s_place(portal: Portal) -> None:
    tenant = await portal.tenant()
    given = {"token": "pat-na1-sandbox", "base_url": portal.url}
    made = await portal.hub.connections.connect(tenant, "hubspot", given, actor="test")
    await portal.app()
    with pytest.raises(NotFound, match="keys of its own"):
        await portal.hub.oauth.grant(tenant, made.id)
    asked = await portal.hub.oauth.reconnect(tenant, made.id, actor="test")
    assert (await portal.back(await portal.accept(asked.url))).status == 200
    assert await portal.row("SELECT 1 FROM credential WHERE name = 'token'") is None
    assert (await portal.hub.connections.check(tenant, made.id)).ok
    await portal.act("uninstall")
    await portal.hub.upkeep.rotate(tenant, made.id, {"token": "pat-na1-sandbox"}, actor="test")
    assert await portal.row("SELECT 1 FROM oauth_grant") is None
    assert (await portal.hub.connections.check(tenant, made.id)).ok


async def test_disconnecting_gives_the_access_back(portal: Portal) -> None:
    await portal.app()
    connection = await portal.connected()
    assert await portal.hub.connections.disconnect(connection.tenant_id, connection.id, actor="test") == ()
    assert all(grant.revoked for grant in portal.sandbox.granting.grants.values())
    assert await portal.row("SELECT 1 FROM oauth_grant") is None


async def test_nothing_kept_from_a_refused_consent(portal: Portal) -> None:
    await portal.app()
    with pytest.raises(Forbidden):
        await portal.hub.oauth.complete({"state": "nobody", "code": "x"})
    asked = await portal.ask()
    with pytest.raises(VendorTrouble, match="does not take the code"):
        await portal.hub.oauth.complete({"state": asked.state, "code": "made up"})
    assert await portal.row("SELECT 1 FROM oauth_grant") is None


async def test_the_doors_of_programs(portal: Portal) -> None:
    tenant = await portal.tenant()
    key = (await portal.hub.keys.add(tenant, "prog", ("read", "write", "admin")))[1]
    new: dict[str, Any] = {"connector": "hubspot", "name": "Main", "client_id": CLIENT, "client_secret": CLIENT_SECRET}
    made = await portal.doors.post("/api/v1/oauth/apps", new, key)
    assert (made.status, CLIENT_SECRET.encode() in made.body) == (201, False)
    app_id = made.json["id"]
    assert [app["id"] for app in (await portal.doors.get("/api/v1/oauth/apps", key)).json] == [app_id]
    assert (await portal.doors.get(f"/api/v1/oauth/apps/{app_id}", key)).json["client_id"] == CLIENT
    asked = await portal.doors.post(
        "/api/v1/oauth/authorize", {"connector": "hubspot", "name": "By API", "form": {"base_url": portal.url}}, key
    )
    assert asked.status == 201, asked.body
    state = f"/api/v1/oauth/authorize?state={asked.json['state']}"
    assert (await portal.doors.get(state, key)).json["state"] == "waiting"
    assert (await portal.back(await portal.accept(asked.json["url"]))).status == 200
    told = (await portal.doors.get(state, key)).json
    assert (told["state"], told["name"]) == ("connected", "By API")
    grant = await portal.doors.get(f"/api/v1/connections/{told['connection']}/grant", key)
    assert (grant.json["app"], grant.json["renewals"]) == ("Main", 0)
    again = await portal.doors.call(
        "POST", f"/api/v1/connections/{told['connection']}/reconnect", headers={"Authorization": f"Bearer {key}"}
    )
    assert (again.status, "/oauth/authorize?" in again.json["url"]) == (201, True)
    gone = await portal.doors.call("DELETE", f"/api/v1/oauth/apps/{app_id}", headers={"Authorization": f"Bearer {key}"})
    assert (gone.status, gone.json["code"]) == (409, "conflict")
    reader = (await portal.hub.keys.add(tenant, "reader", ("read", "write")))[1]
    assert (await portal.doors.post("/api/v1/oauth/apps", new, reader)).status == 403


async def test_another_tenant_sees_and_moves_nothing(portal: Portal) -> None:
    app = await portal.app()
    asked = await portal.ask()
    connection = await portal.connected()
    other = await portal.hub.tenants.add("other", "Other")
    oauth = portal.hub.oauth
    assert await oauth.apps.list(other) == []
    assert await oauth.state(asked.state, other) is None
    refused: list[Any] = [
        lambda: oauth.apps.one(other, app.id),
        lambda: oauth.apps.change(other, app.id, {"name": "mine"}, actor="test"),
        lambda: oauth.apps.remove(other, app.id, actor="test"),
        lambda: oauth.grant(other, connection.id),
        lambda: oauth.reconnect(other, connection.id, actor="test"),
        lambda: oauth.begin(other, "hubspot", {}, app=app.name, actor="test"),
    ]
    for ask in refused:
        with pytest.raises(NotFound):
            await ask()
    assert (await oauth.apps.one(await portal.tenant(), app.id)).name == "Main"
