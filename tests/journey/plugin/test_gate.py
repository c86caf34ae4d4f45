"""The gate of the plugin's room: each refusal, in its order, before anything of the body is read."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from typing import Any

import pytest

from crossdock.kit.ids import Prefix, parse
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Answer, Street, is_problem, rows, stored, street
from tests.journey.plugin.stage import BASE, Site, item, paired
from tests.support.hub import order

BODY = b'{"id": 1'
"""It is no JSON: whoever parses it says so."""


async def refused(site: Site, headers: dict[str, str], code: str, *, status: int = 401) -> dict[str, Any]:
    answer = await site.call("POST", "/orders", BODY, headers)
    return is_problem(answer, status, code)


async def test_who_is_not_known_is_refused_before_the_body_is_read(hub: Hub, site: Site) -> None:
    good = site.signed("POST", f"{BASE}/orders", BODY)
    before = await stored(hub)
    unsigned = {"X-Crossdock-Key": site.key}
    cases: list[tuple[dict[str, str], str, str]] = [
        ({}, "unknown-key", "X-Crossdock-Key"),
        ({**good, "X-Crossdock-Key": "cdk_" + "x" * 43}, "unknown-key", "X-Crossdock-Key"),
        ({**good, "X-Crossdock-Key": "other"}, "unknown-key", "X-Crossdock-Key"),
        (unsigned, "bad-signature", "X-Crossdock-Signature"),
        ({**good, "X-Crossdock-Signature": "v1=" + "0" * 64}, "bad-signature", "X-Crossdock-Signature"),
        (
            {**good, "X-Crossdock-Signature": good["X-Crossdock-Signature"][3:]},
            "bad-signature",
            "X-Crossdock-Signature",
        ),
        ({**good, "X-Crossdock-Nonce": "short"}, "bad-signature", "X-Crossdock-Nonce"),
        ({**good, "X-Crossdock-Timestamp": "now"}, "bad-signature", "X-Crossdock-Timestamp"),
        (site.signed("POST", f"{BASE}/orders", BODY + b" "), "bad-signature", "X-Crossdock-Signature"),
        (site.signed("PUT", f"{BASE}/orders", BODY), "bad-signature", "X-Crossdock-Signature"),
        (site.signed("POST", f"{BASE}/products", BODY), "bad-signature", "X-Crossdock-Signature"),
        (site.signed("POST", f"{BASE}/orders?x=1", BODY), "bad-signature", "X-Crossdock-Signature"),
        (site.signed("POST", f"{BASE}/orders", BODY, secret="cds_other"), "bad-signature", "X-Crossdock-Signature"),
        (site.signed("POST", f"{BASE}/orders", BODY, at=time.time() - 330), "clock-skew", "X-Crossdock-Timestamp"),
        (site.signed("POST", f"{BASE}/orders", BODY, at=time.time() + 330), "clock-skew", "X-Crossdock-Timestamp"),
    ]
    for headers, code, field in cases:
        problem = await refused(site, headers, code)
        assert problem["field"] == field
        assert problem["remedy"]
        assert ("server_time" in problem) == (code == "clock-skew")
        assert site.secret not in json.dumps(problem)
    assert await stored(hub) == before
    # only who is let in is told that the body is wrong
    assert (await refused(site, good, "bad-input", status=400))["field"] == "body"


async def test_a_request_is_good_once(site: Site) -> None:
    body = json.dumps(order(1)).encode()
    headers = site.signed("POST", f"{BASE}/orders", body)
    assert (await site.call("POST", "/orders", body, headers)).status == 201
    is_problem(await site.call("POST", "/orders", body, headers), 401, "nonce-replayed", "X-Crossdock-Nonce")
    bearer = {**site.signed("POST", f"{BASE}/orders", body), "Authorization": f"Bearer {site.key}"}
    del bearer["X-Crossdock-Key"]
    assert (await site.call("POST", "/orders", body, bearer)).status == 200, "the key may come as a bearer's"


async def test_one_nonce_is_taken_once_by_two_processes(settings: Settings, hub: Hub, site: Site) -> None:
    """Two hubs on one database, as two processes are; the database decides."""
    async with open_hub(settings) as second, street(second) as others:
        twin = Site(others)
        twin.key, twin.secret = site.key, site.secret
        for _ in range(8):
            headers = site.signed("GET", f"{BASE}/status", b"")
            answers = await asyncio.gather(
                *(one.call("GET", "/status", None, headers) for one in (site, twin, site, twin))
            )
            assert sorted(one.status for one in answers) == [200, 401, 401, 401]
            assert {one.json["code"] for one in answers if one.status == 401} == {"nonce-replayed"}


async def test_a_key_sends_so_much_a_minute_whatever_process_it_asks(settings: Settings, hub: Hub, site: Site) -> None:
    tenant = await hub.tenants.find()
    (known,) = await hub.sites.list(tenant)
    await hub.sites.change(tenant, parse(Prefix.SITE, known["id"]), per_minute=5, actor="test")
    async with open_hub(settings) as second, street(second) as others:
        twin = Site(others)
        twin.key, twin.secret = site.key, site.secret
        taken = [await one.call("GET", "/status") for one in (site, twin, site, twin, site)]
        assert [one.status for one in taken] == [200] * 5
        assert [one.headers["RateLimit-Remaining"] for one in taken] == ["4", "3", "2", "1", "0"]
        over = await twin.call("GET", "/status")
    is_problem(over, 429, "rate-limited")
    assert 1 <= int(over.headers["Retry-After"]) <= 60
    assert (over.headers["RateLimit-Limit"], over.headers["RateLimit-Remaining"]) == ("5", "0")
    # what was refused for its number is not used up: it may come again as it is
    headers = site.signed("GET", f"{BASE}/status", b"")
    is_problem(await site.call("GET", "/status", None, headers), 429, "rate-limited")
    await rows(hub, "UPDATE site_key SET window_at = now() - interval '61 seconds' RETURNING 1")
    again = await site.call("GET", "/status", None, headers)
    assert (again.status, again.headers["RateLimit-Remaining"]) == (200, "4")


async def test_a_key_may_be_allowed_to_send_without_signatures_but_not_with_wrong_ones(hub: Hub, site: Site) -> None:
    tenant = await hub.tenants.find()
    (known,) = await hub.sites.list(tenant)
    await hub.sites.change(tenant, parse(Prefix.SITE, known["id"]), signature_required=False, actor="test")

    async def unsigned() -> Answer:
        return await site.call("POST", "/orders", json.dumps(order(1)).encode(), {"X-Crossdock-Key": site.key})

    assert (await unsigned()).status == 201
    assert (await unsigned()).status == 200
    wrong = {**site.signed("POST", f"{BASE}/orders", BODY), "X-Crossdock-Signature": "v1=" + "0" * 64}
    await refused(site, wrong, "bad-signature")


async def test_a_revoked_key_ends_at_once_and_a_new_one_takes_its_place(hub: Hub, doors: Street, site: Site) -> None:
    tenant = await hub.tenants.find()
    (known,) = await hub.sites.list(tenant)
    made = await hub.sites.rotate(tenant, parse(Prefix.SITE, known["id"]), actor="test")
    is_problem(await site.call("GET", "/status"), 401, "unknown-key")
    site.key, site.secret = made.key, made.secret
    assert (await site.call("GET", "/status")).status == 200
    assert (await site.call("POST", "/disconnect", b"{}")).json["data"] == {"disconnected": True}
    is_problem(await site.call("GET", "/status"), 401, "unknown-key")
    assert await hub.sites.list(tenant) == []
    (gone,) = await hub.sites.list(tenant, revoked=True)
    assert gone["revoked_at"]
    assert [row["sealed"] for row in await rows(hub, "SELECT sealed FROM site_key")] == [None]
    back = await paired(hub, doors)
    assert back.told["connection"]["id"] == site.told["connection"]["id"], "the home stays"
    assert back.told["connection"]["joined"] is True


async def test_a_copy_of_the_site_does_not_speak_in_its_name(hub: Hub, site: Site) -> None:
    def told(**more: Any) -> dict[str, str]:
        facts = base64.urlsafe_b64encode(json.dumps({**site.facts, **more}).encode()).decode().rstrip("=")
        return {**site.signed("GET", f"{BASE}/status", b""), "X-Crossdock-Site": facts}

    assert (await site.call("GET", "/status", None, told(url="http://shop.example/"))).status == 200
    for more, field in (
        ({"url": "https://staging.example"}, "url"),
        ({"instance": "0" * 8 + site.facts["instance"][8:]}, "instance"),
    ):
        is_problem(await site.call("GET", "/status", None, told(**more)), 409, "another-site", field)
        batch = {
            "site": {**{k: site.facts[k] for k in ("instance", "url")}, **more},
            "items": [item("order", order(1))],
        }
        is_problem(await site.call("POST", "/batch", batch), 409, "another-site", field)
    junk = {**site.signed("GET", f"{BASE}/status", b""), "X-Crossdock-Site": "%%%"}
    is_problem(await site.call("GET", "/status", None, junk), 400, "bad-input", "X-Crossdock-Site")
    assert (await stored(hub))["record"] == 0
    # a new fact is kept at most once a minute
    await site.call("GET", "/status", None, told(php="8.3.0"))
    assert (await _facts(hub))["php"] == "8.2.35"
    await rows(hub, "UPDATE site_key SET site_at = now() - interval '2 minutes' RETURNING 1")
    await site.call("GET", "/status", None, told(php="8.3.0", currency="EUR"))
    assert (await _facts(hub))["php"] == "8.3.0"
    home = await hub.directory.connection(parse(Prefix.CONNECTION, site.told["connection"]["id"]))
    hub.directory.forget(home.id)
    assert (await hub.directory.connection(home.id)).account["currency"] == "EUR"


async def _facts(hub: Hub) -> dict[str, Any]:
    (found,) = await hub.sites.list(await hub.tenants.find())
    facts: dict[str, Any] = found["facts"]
    return facts


@pytest.mark.parametrize("size", [1_048_577, 3_000_000])
async def test_a_body_that_is_too_large_is_not_read(site: Site, size: int) -> None:
    body = b" " * size
    headers = site.signed("POST", f"{BASE}/batch", body)
    for path in ("batch", "pair"):
        answer = await site.street.call("POST", f"{BASE}/{path}", io.BytesIO(body), headers)
        is_problem(answer, 413, "too-large", "body")


async def test_envelopes_that_are_not_well_formed(site: Site) -> None:
    for body, code, field in (
        (b"[]", "bad-input", "body"),
        ({"items": []}, "bad-input", "items"),
        ({}, "bad-input", "items"),
        ({"items": [{}] * 101}, "bad-input", "items"),
        ({"items": [{}], "site": {"url": "https://shop.example"}}, "invalid", "site.instance"),
    ):
        is_problem(await site.call("POST", "/batch", body), 400 if code == "bad-input" else 422, code, field)
    answer = await site.call("DELETE", "/orders")
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST"


async def test_what_is_shown_of_sites_holds_no_secret(hub: Hub, site: Site) -> None:
    shown = repr(await hub.sites.list(await hub.tenants.find())) + repr(await hub.sites.verify(site.key))
    assert site.key not in shown
    assert site.secret not in shown
    kept = b"".join(row["sealed"] for row in await rows(hub, "SELECT sealed FROM site_key"))
    assert site.secret.encode() not in kept
    dumped = str([tuple(row) for row in await rows(hub, "SELECT * FROM site_key")])
    assert site.secret not in dumped
    assert site.key not in dumped
