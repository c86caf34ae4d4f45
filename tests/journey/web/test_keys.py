"""API keys on pages: made and shown once, replaced with an overlap, ended by their name."""

from __future__ import annotations

import json

import pytest

from crossdock.errors import Unauthenticated
from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.support.browsing import Seen, visiting

BASE = "/t/default/keys"
pytestmark = pytest.mark.asyncio


def shown_key(seen: Seen) -> str:
    """Return the key that a page shows."""
    (key,) = seen.doc.xpath("//main//p/code[starts-with(., 'cdk_')]/text()")
    return str(key)


async def test_keys_are_for_owners(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        assert (await visitor.get(BASE)).status == 403
        assert (await visitor.get(f"{BASE}/new")).status == 403
        seen = await visitor.get("/t/default/alerts")
        assert not seen.doc.xpath("//nav//a[.='API keys']")


async def test_a_key_is_shown_once_and_acts_as_far_as_its_scopes(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        assert "No program comes in yet" in (await visitor.get(BASE)).words
        form = await visitor.get(f"{BASE}/new")
        refused = await visitor.submit(form, "/keys", name="", scopes="read")
        assert refused.status == 422
        assert refused.doc.xpath("//div[contains(@class, 'is-bad')]/label[.='Name']")
        made = await visitor.submit(refused, "/keys", name="reports", scopes=["read", "operate"], days="30")
        key = shown_key(made)
        who = await hub.keys.verify(key)
        assert {"read", "operate"} <= who.scopes
        assert "write" not in who.scopes
        assert who.expires_at is not None
        listed = await visitor.get(BASE)
        assert key not in listed.text
        (row,) = listed.rows()
        assert "reports" in row
        assert "read, operate" in row
        answer = await visitor.get("/api/v1/me", Authorization=f"Bearer {key}")
        assert answer.status == 200
        told = json.loads((await visitor.get(f"{BASE}?format=json")).text)
        assert [one["name"] for one in told] == ["reports"]
        assert key not in str(told)


async def test_a_key_without_scopes_or_with_an_unknown_span_is_refused(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        form = await visitor.get(f"{BASE}/new")
        csrf = form.doc.xpath("//input[@name='csrf']/@value")[0]
        bare = await visitor.post(BASE, {"csrf": csrf, "name": "reports", "days": "30"})
        assert "A key without scopes of the list does nothing" in bare.words
        odd = await visitor.post(BASE, {"csrf": csrf, "name": "reports", "days": "7", "scopes": "read"})
        assert "There is no such span" in odd.words
        platform = await visitor.post(BASE, {"csrf": csrf, "name": "reports", "days": "30", "scopes": "platform"})
        assert platform.status == 422
    assert await hub.keys.list(await hub.tenants.find()) == []


async def test_a_test_key_reaches_a_side_of_its_own(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        made = await visitor.submit(await visitor.get(f"{BASE}/new"), "/keys", name="try", scopes="write", test="on")
        who = await hub.keys.verify(shown_key(made))
        assert who.test
        assert who.tenant_id != await hub.tenants.find()
        assert "Test" in (await visitor.get(BASE)).rows()[0]
        assert "default-test" in (await visitor.get("/t/default/settings")).words


async def test_a_key_is_replaced_and_ended(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        made = await visitor.submit(await visitor.get(f"{BASE}/new"), "/keys", name="till", scopes="read", days="0")
        old = shown_key(made)
        listed = await visitor.get(BASE)
        ask = await visitor.get(listed.doc.xpath("//a[contains(., 'Replace')]/@href")[0])
        new = shown_key(await visitor.submit(ask, "/rotate", overlap="1"))
        assert (await hub.keys.verify(old)).name == (await hub.keys.verify(new)).name == "till"
        listed = await visitor.get(BASE)
        assert len(listed.rows()) == 2
        ask = await visitor.get(listed.doc.xpath("//a[contains(., 'End')]/@href")[0])
        wrong = await visitor.submit(ask, "/revoke", confirm="Till")
        assert wrong.status == 422
        done = await visitor.submit(ask, "/revoke", confirm="till")
        assert "is over" in done.text
        assert done.doc.xpath("//*[@aria-label='Keys that are over']//tbody/tr")
        ends = 0
        for key in (old, new):
            try:
                await hub.keys.verify(key)
            except Unauthenticated:
                ends += 1
        assert ends == 1


async def test_whoever_logged_in_long_ago_confirms_first(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        form = await visitor.get(f"{BASE}/new")
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE person_session SET confirmed_at = now() - interval '1 hour'")
        stale = await visitor.submit(form, "/keys", name="reports", scopes="read", follow=False)
        assert stale.status == 303
        assert stale.headers["Location"].startswith("/account/confirm?next=")
        assert "confirm your password first" in (await visitor.get(f"{BASE}/new")).words
    assert await hub.keys.list(await hub.tenants.find()) == []
