"""Connect links: a merchant without a login connects one account by the shop's own page, by consent or by a form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from crossdock.connectors.woocommerce.sandbox import DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET
from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.govern.authorizations import Authorizations
from crossdock.govern.programs.links import ConnectLinks
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.wiring import Hub, guard_of
from crossdock.wiring.parts import connector_named
from tests.journey.access.test_provisioning import make, send
from tests.journey.connect.portal import portal_of
from tests.journey.connect.stage import Stage, staged
from tests.journey.doors.street import Street, is_problem, street
from tests.support.browsing import Visitor, visiting
from tests.support.hub import key_of

BACK = "https://platform.example/done?order=7"


@pytest_asyncio.fixture
async def stage(settings: Settings, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(settings, tmp_path) as opened:
        yield opened


async def link(hub: Hub, connector: str = "woocommerce", **more: Any) -> Any:
    """Make a link; returns it with the path of its page."""
    made = await hub.connect_links.make(
        await hub.tenants.find(), connector, name="Main shop", return_url=BACK, actor="key_x", **more
    )
    return made, urlsplit(made.url).path


async def state(hub: Hub, made: Any) -> Any:
    return await hub.connect_links.one(made.id, None)


def told(url: str) -> dict[str, str]:
    assert url.startswith("https://platform.example/done?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def onward(seen: Any) -> str:
    """Return where a page leads: its link and what the browser follows are the same."""
    (found,) = seen.doc.xpath("//main//a[contains(@class, 'is-main')]/@href")
    assert seen.headers["Refresh"] == f"1; url={found}"
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    return str(found)


async def test_one_press_at_the_shop_and_back(stage: Stage) -> None:
    made, path = await link(stage.hub)
    async with visiting(stage.hub) as visitor:
        page = await visitor.get(path)
        assert page.status == 200
        assert "asks for access" in page.words
        sent = await visitor.submit(page, path, way="page", url=stage.shop_url)
    assert (await state(stage.hub, made)).state == "waiting"
    status, back, text = await stage.browser.go(await stage.browser.consent(onward(sent)))
    assert status == 302, text
    status, where, _ = await stage.browser.go(back)
    assert status == 303
    found = await state(stage.hub, made)
    assert told(where) == {
        "order": "7",
        "connect_link": show(Prefix.CONNECT_LINK, made.id),
        "state": "connected",
        "connection": show(Prefix.CONNECTION, found.connection_id),
    }
    connection = await stage.hub.connections.one(await stage.hub.tenants.find(), found.connection_id)
    assert connection.name == "Main shop"
    async with stage.hub.database.engine() as conn:
        rows = str([dict(row) for row in await conn.fetch("SELECT * FROM connect_link")])
        actors = {
            row["actor"] for row in await conn.fetch("SELECT actor FROM audit_entry WHERE action = 'connection.add'")
        }
    assert path.rpartition("/")[2] not in rows, "of the token only the hash is kept"
    assert actors == {show(Prefix.CONNECT_LINK, made.id)}
    async with visiting(stage.hub) as visitor:
        again = await visitor.get(path)
        assert "It is connected" in again.words
        assert again.doc.xpath("//main//form") == [], "a link connects once"


def keys(url: str, secret: str = DEFAULT_CONSUMER_SECRET) -> dict[str, str]:
    return {"way": "keys", "url": url, "key": DEFAULT_CONSUMER_KEY, "secret": secret, "plain_http": "on"}


async def by_keys(visitor: Visitor, path: str, values: dict[str, str]) -> Any:
    page = await visitor.get(path)
    csrf = page.doc.xpath("//input[@name='csrf']/@value")[0]
    return await visitor.post(path, {"csrf": csrf, **values})


async def test_keys_of_ones_own_after_a_slip(stage: Stage) -> None:
    made, path = await link(stage.hub)
    async with visiting(stage.hub) as visitor:
        wrong = await by_keys(visitor, path, keys(stage.shop_url, "cs_" + "0" * 40))
        assert wrong.status == 422
        assert "cs_000" not in wrong.text, "secrets are not shown again"
        found = await state(stage.hub, made)
        assert (found.state, bool(found.problem), bool(found.remedy)) == ("waiting", True, True)
        right = await by_keys(visitor, path, keys(stage.shop_url))
        assert told(onward(right))["state"] == "connected"
    assert (await state(stage.hub, made)).problem == ""
    assert len(await stage.hub.connections.list(await stage.hub.tenants.find())) == 1


async def test_two_at_once_make_one_connection(stage: Stage) -> None:
    made, path = await link(stage.hub)
    token = path.rpartition("/")[2]
    form = {**keys(stage.shop_url), "plain_http": "true"}
    form.pop("way")
    done = await asyncio.gather(
        *(stage.hub.connect_links.by_form(token, form) for _ in range(4)), return_exceptions=True
    )
    assert len([one for one in done if isinstance(one, Conflict)]) == 3
    assert (await state(stage.hub, made)).state == "connected"
    with pytest.raises(Conflict):
        await stage.hub.connect_links.by_form(token, form)
    assert len(await stage.hub.connections.list(await stage.hub.tenants.find())) == 1


async def test_an_older_page_of_consent_counts_no_more(stage: Stage) -> None:
    made, path = await link(stage.hub)
    token, links = path.rpartition("/")[2], stage.hub.connect_links
    first = await links.by_account(token, {"url": stage.shop_url})
    second = await links.by_account(token, {"url": stage.shop_url})
    assert (await stage.hub.authorizations.state("woocommerce", first.state)).state == "expired"
    assert (await stage.hub.authorizations.state("woocommerce", second.state)).state == "waiting"
    assert (await state(stage.hub, made)).state == "waiting"
    assert await links.of_state(first.state) is None


async def test_a_link_that_is_withdrawn_closes_the_page_it_led_to(stage: Stage) -> None:
    made, path = await link(stage.hub)
    token, links, tenant = path.rpartition("/")[2], stage.hub.connect_links, await stage.hub.tenants.find()
    opened = await links.by_account(token, {"url": stage.shop_url})
    await links.revoke(made.id, tenant, actor="key_x")
    assert (await stage.hub.authorizations.state("woocommerce", opened.state)).state == "expired"
    assert (await state(stage.hub, made)).state == "revoked"


async def test_a_link_that_is_withdrawn_while_a_page_is_opened_leads_nowhere(stage: Stage) -> None:
    made, path = await link(stage.hub)
    hub, states = stage.hub, []

    class Slow(Authorizations):
        """Opens pages of consent; the link is withdrawn meanwhile."""

        async def begin(self, *given: Any, **more: Any) -> Any:
            asked = await super().begin(*given, **more)
            states.append(asked.state)
            await hub.connect_links.revoke(made.id, await hub.tenants.find(), actor="key_x")
            return asked

    slow = Slow(hub.database, hub.connections, connector_named, hub.settings.public_url)
    guard = guard_of(hub.settings)
    links = ConnectLinks(hub.database, hub.connections, slow, hub.oauth, guard, hub.people.base)
    with pytest.raises(Conflict, match="withdrawn"):
        await links.by_account(path.rpartition("/")[2], {"url": stage.shop_url})
    assert (await hub.authorizations.state("woocommerce", states[0])).state == "expired"


async def test_a_tenant_that_ends_closes_the_pages_of_consent(stage: Stage) -> None:
    _, path = await link(stage.hub)
    tenant = await stage.hub.tenants.find()
    opened = await stage.hub.connect_links.by_account(path.rpartition("/")[2], {"url": stage.shop_url})
    await stage.hub.ending.ask(tenant, "default", actor="key_x")
    assert (await stage.hub.authorizations.state("woocommerce", opened.state)).state == "expired"


async def test_consent_by_oauth_leads_back(settings: Settings) -> None:
    async with portal_of(settings) as portal:
        await portal.app()
        made, path = await link(portal.hub, "hubspot")
        async with visiting(portal.hub) as visitor:
            page = await visitor.get(path)
            sent = await visitor.submit(page, path, way="oauth", base_url=portal.url)
        answer = await portal.accept(onward(sent))
        # where the merchant goes is no page of ours: only its address is looked at
        done = await portal.hub.oauth.complete(answer)
        found = await portal.hub.connect_links.of_state(answer["state"])
        assert found is not None
        assert (found.state, found.connection_id, told(found.onward)["state"]) == (
            "connected",
            done.connection_id,
            "connected",
        )
        assert (await state(portal.hub, made)).state == "connected"


async def test_links_that_are_over(hub: Hub) -> None:
    late, path = await link(hub)
    taken, other = await link(hub)
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connect_link SET expires_at = now() WHERE id = $1", late.id)
    await hub.connect_links.revoke(taken.id, await hub.tenants.find(), actor="key_x")
    async with visiting(hub) as visitor:
        assert "has expired" in (await visitor.get(path)).words
        assert "was withdrawn" in (await visitor.get(other)).words
        for wrong in ("/c/nothing", "/c/" + "A" * 43):
            assert (await visitor.get(wrong)).status == 404
    for token in (path, other):
        with pytest.raises(Conflict):
            await hub.connect_links.by_form(token.rpartition("/")[2], {})


async def test_what_a_link_is_made_of(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    for given, field in (
        ({"connector": "nobody"}, "connector"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 30_000}, "minutes"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"return_url": "https://user:pass@shop.example/"}, "return_url"),
        ({"return_url": "https://10.0.0.1/"}, "return_url"),
        ({"return_url": "https://shop.example/" + "a" * 2000}, "return_url"),
        ({"return_url": "https://shop.example/\nx: y"}, "return_url"),
    ):
        asked = {"connector": "woocommerce", **given}
        with pytest.raises(BadInput) as refused:
            await hub.connect_links.make(tenant, asked.pop("connector"), actor="key_x", **asked)
        assert refused.value.field == field, given
    with pytest.raises(NotFound):
        await hub.connect_links.one(tenant, None)


async def test_links_over_the_api(hub: Hub) -> None:
    async with street(hub) as doors:
        platform, own = await key_of(hub, "platform"), await key_of(hub, "write")
        bakery = (await make(doors, platform)).json
        asked = {"tenant": "bakery", "connector": "woocommerce", "return_url": BACK}
        is_problem(await send(doors, "POST", "connect-links", platform, {"connector": "woocommerce"}), 400, "bad-input")
        is_problem(await send(doors, "POST", "connect-links", own, asked), 404, "not-found", "tenant")
        made = await send(doors, "POST", "connect-links", platform, asked)
        assert (made.status, "/c/" in made.json["url"]) == (201, True)
        await one_link(doors, made.json["id"], platform, bakery["key"], own)
        mine = await send(doors, "POST", "connect-links", own, {"connector": "hubspot"})
        assert [one["id"] for one in (await doors.get("/api/v1/connect-links", own)).json["items"]] == [mine.json["id"]]
        assert len((await doors.get("/api/v1/connect-links", platform)).json["items"]) == 2
        page = (await doors.get("/api/v1/connect-links?limit=1", platform)).json
        older = (await doors.get(f"/api/v1/connect-links?limit=1&before={page['next']}", platform)).json
        assert [page["items"][0]["id"], older["items"][0]["id"]] == [mine.json["id"], made.json["id"]]


async def one_link(doors: Street, link_id: str, platform: str, theirs: str, other: str) -> None:
    path = f"connect-links/{link_id}"
    shown = (await doors.get(f"/api/v1/{path}", platform)).json
    assert (shown["state"], shown["connection_id"], shown["return_url"]) == ("waiting", None, BACK)
    assert (await doors.get(f"/api/v1/{path}", theirs)).status == 200
    is_problem(await doors.get(f"/api/v1/{path}", other), 404, "not-found")
    is_problem(await send(doors, "DELETE", path, other), 404, "not-found", "link_id")
    assert (await send(doors, "DELETE", path, theirs)).status == 204
    assert (await doors.get(f"/api/v1/{path}", platform)).json["state"] == "revoked"
    is_problem(await send(doors, "DELETE", path, platform), 404, "not-found", "link_id")
