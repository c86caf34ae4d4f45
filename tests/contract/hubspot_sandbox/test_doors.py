"""What stands before the doors: tokens, scopes, limits, bodies, paths; and the faults."""

from __future__ import annotations

import aiohttp
import pytest

from crossdock.connectors.hubspot.sandbox import ALL_SCOPES, TOKEN, Settings

from .conftest import ONE_LOOP, Caller, opened

pytestmark = ONE_LOOP

CONTACT = {"properties": {"city": "A"}, "associations": []}


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "müll"])
async def test_bad_tokens(portal: Caller, token: str) -> None:
    status, answer = await portal.call("GET", "contacts", token=token)
    assert status == 401
    assert answer["category"] == "INVALID_AUTHENTICATION"
    assert answer["status"] == "error"
    assert (await portal.state())["requests"] == {"GET ?": {"401": 1}}


async def test_expired_tokens() -> None:
    async with opened(Settings(expired_tokens=["old"])) as portal:
        status, answer = await portal.call("GET", "contacts", token="old")
        assert (status, answer["category"]) == (401, "EXPIRED_AUTHENTICATION")


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "contacts", ["crm.objects.contacts.read"]),
        ("POST", "contacts", ["crm.objects.contacts.write"]),
        ("POST", "deals/batch/upsert", ["crm.objects.deals.write"]),
        ("POST", "deals/search", ["crm.objects.deals.read"]),
        ("GET", "0-123/1", ["crm.objects.orders.read"]),
        ("GET", "notes/1", ["crm.objects.contacts.read"]),
        ("POST", "products", ["crm.objects.products.write", "e-commerce"]),
        ("GET", "/crm/owners/2026-09", ["crm.objects.owners.read"]),
        ("GET", "/crm/properties/2026-09/deals", ["crm.schemas.deals.read", "crm.objects.deals.read"]),
        ("POST", "/crm/properties/2026-09/deals", ["crm.schemas.deals.write"]),
        ("POST", "/crm/pipelines/2026-09/orders", ["crm.schemas.orders.write"]),
        ("GET", "deals/1/associations/contacts", ["crm.objects.deals.read"]),
    ],
)
async def test_missing_scopes_are_named(method: str, path: str, scopes: list[str]) -> None:
    rest = [scope for scope in ALL_SCOPES if scope not in scopes]
    async with opened(Settings(tokens={"few": rest})) as portal:
        status, answer = await portal.call(method, path, {} if method == "POST" else None, token="few")
        assert (status, answer["category"]) == (403, "MISSING_SCOPES")
        assert answer["errors"][0]["context"]["requiredGranularScopes"] == scopes


async def test_associating_needs_both_ends() -> None:
    async with opened(Settings(tokens={"few": ["crm.objects.deals.write"]})) as portal:
        path = "/crm/associations/2026-09/deals/contacts/batch/associate/default"
        status, answer = await portal.call("POST", path, {"inputs": []}, token="few")
        assert status == 403
        assert len(answer["errors"]) == 1
        assert (await portal.call("GET", "/account-info/2026-09/details", token="few"))[0] == 200


async def test_the_rolling_window() -> None:
    async with opened(Settings(per_10s=3, daily=50, tokens={TOKEN: list(ALL_SCOPES), "b": list(ALL_SCOPES)})) as portal:
        for left in ("2", "1"):
            await portal.good("GET", "contacts")
            assert portal.headers["X-HubSpot-RateLimit-Remaining".lower()] == left
        assert portal.headers["x-hubspot-ratelimit-max"] == "3"
        assert portal.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
        assert portal.headers["x-hubspot-ratelimit-daily"] == "50"
        assert portal.headers["x-hubspot-ratelimit-daily-remaining"] == "48"
        await portal.advance(9)
        assert (await portal.call("GET", "contacts", token="b"))[0] == 200
        refused = await portal.refused(429, "GET", "contacts")
        assert refused["policyName"] == "TEN_SECONDLY_ROLLING"
        assert refused["errorType"] == "RATE_LIMIT"
        assert portal.headers["x-hubspot-ratelimit-remaining"] == "0"
        await portal.advance(1)
        await portal.good("GET", "contacts")
        await portal.good("GET", "contacts")
        await portal.refused(429, "GET", "contacts")


async def test_the_daily_quota_ends_at_midnight_of_the_portal() -> None:
    async with opened(Settings(daily=2, time_zone="America/New_York")) as portal:
        await portal.good("GET", "contacts")
        await portal.good("GET", "contacts")
        refused = await portal.refused(429, "GET", "contacts")
        assert refused["policyName"] == "DAILY"
        await portal.advance(24 * 3600)
        await portal.good("GET", "contacts")


async def test_bodies(portal: Caller) -> None:
    async def post(data: bytes, kind: str = "application/json") -> int:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
        url = f"{portal.url}/crm/objects/2026-09/contacts"
        async with portal.session.post(url, data=data, headers=headers) as answer:
            return answer.status

    for bad in (b"", b"{", b"[]", b"1", b'{"properties": []}', b'{"properties": {"city": "\xff"}}'):
        assert await post(bad) == 400
    assert await post(b'{"properties": {}, "associations": []}', "text/plain") == 415
    await portal.good("PUT", "/_sandbox/settings", {"body_bytes": 1000})
    assert await post(b" " * 1001) == 413
    assert await post(b'{"properties": {}, "associations": []}' + b" " * 900) == 201


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/crm", 404),
        ("GET", "/crm/objects/2025-09/contacts", 404),
        ("GET", "/crm/v4/objects/contacts", 404),
        ("GET", "/crm/v5/objects/contacts", 404),
        ("GET", "/crm/objects/2026-09", 404),
        ("GET", "/crm/objects/2026-09/contacts/1/never", 404),
        ("GET", "/crm/never/2026-09/contacts", 404),
        ("GET", "/account-info/2026-09/never", 404),
        ("DELETE", "/crm/objects/2026-09/contacts", 405),
        ("PUT", "/crm/objects/2026-09/contacts/1", 405),
        ("GET", "/crm/objects/2026-09/contacts/batch/upsert", 405),
        ("POST", "/crm/owners/2026-09", 405),
        ("GET", "/crm/objects/2026-09/tickets", 400),
        ("GET", "/crm/properties/2026-09/never", 400),
        ("GET", "/_sandbox/never", 404),
        ("DELETE", "/_sandbox/state", 404),
    ],
)
async def test_paths_and_methods(portal: Caller, method: str, path: str, status: int) -> None:
    await portal.refused(status, method, path)
    assert ("allow" in portal.headers or "Allow" in portal.headers) is (status == 405)


@pytest.mark.parametrize("base", ["/crm/objects/2026-09", "/crm/objects/2026-03", "/crm/v3/objects"])
@pytest.mark.parametrize("kind", ["contacts", "contact", "0-1"])
async def test_every_version_and_name_of_a_type(portal: Caller, base: str, kind: str) -> None:
    made = await portal.good("POST", f"{base}/{kind}", CONTACT)
    assert ("url" in made) is base.startswith("/crm/objects")
    assert (await portal.good("GET", f"{base}/{kind}/{made['id']}"))["id"] == made["id"]
    assert (await portal.state())["requests"]["POST objects/contacts"] == {"201": 1}


async def test_a_portal_without_orders() -> None:
    async with opened(Settings(orders_object=False)) as portal:
        refused = await portal.refused(400, "GET", "orders?limit=1")
        assert refused["message"] == "Unable to infer object type from: orders"
        await portal.refused(400, "POST", "orders/batch/upsert", {"inputs": []})
        await portal.refused(400, "GET", "/crm/pipelines/2026-09/orders")


async def test_faults_come_before_or_after_the_effect(portal: Caller) -> None:
    await portal.good("PUT", "/_sandbox/dials", {"next_errors": 1})
    async with portal.session.get(f"{portal.url}/crm/objects/2026-09/contacts") as answer:
        assert answer.status == 503
    await portal.good("PUT", "/_sandbox/dials", {"throttle_share": 1.0})
    refused = await portal.refused(429, "GET", "contacts")
    assert refused["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "x-hubspot-ratelimit-max" in portal.headers
    await portal.good("PUT", "/_sandbox/dials", {"throttle_share": 0.0, "cut_after_effect": 1})
    with pytest.raises(aiohttp.ClientError):
        await portal.call("POST", "contacts", CONTACT)
    assert (await portal.state())["counts"]["contacts"]["live"] == 1
    await portal.good("PUT", "/_sandbox/dials", {"cut_before_effect": 1})
    with pytest.raises(aiohttp.ClientError):
        await portal.call("POST", "contacts", CONTACT)
    assert (await portal.state())["counts"]["contacts"]["live"] == 1
