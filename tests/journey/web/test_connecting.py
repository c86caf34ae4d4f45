"""Connecting on pages: the gallery, the form, the pages of others where a person lets us in, and the plugin's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.govern.access import Role
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.connect.portal import CLIENT, CLIENT_SECRET, portal_of
from tests.journey.connect.stage import staged
from tests.support.browsing import Seen, visiting

pytestmark = pytest.mark.asyncio
NEW = "/t/default/connections/new"
KEYS = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}


def link(seen: Seen, words: str) -> str:
    """Return where the link with these words leads."""
    (found,) = [one for one in seen.doc.xpath("//main//a") if words in one.text_content()]
    return str(found.get("href"))


async def test_the_gallery_shows_every_connector_and_its_ways(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        seen = await visitor.get(NEW)
        for title in ("WooCommerce", "WordPress", "HubSpot", "Webhook"):
            assert title in seen.words
        assert link(seen, "Connect WooCommerce") == f"{NEW}/woocommerce"
        assert "one press at the shop" in seen.words
        assert (await visitor.get(f"{NEW}/fax")).status == 404


async def test_a_form_that_is_refused_says_why_at_its_field_and_forgets_secrets(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(f"{NEW}/woocommerce?way=keys")
        wrong = await visitor.submit(page, "/new/woocommerce", url="shop", key="ck_canary", secret="", name="Mine")
        assert wrong.status == 422
        field = wrong.doc.xpath("//*[@name='url']")[0]
        assert (field.get("aria-invalid"), field.get("value")) == ("true", "shop")
        assert wrong.doc.xpath("//*[@name='name']/@value") == ["Mine"]
        assert "Begin it with https://" in wrong.text
        assert "ck_canary" not in wrong.text
        unreachable = await visitor.submit(page, "/new/woocommerce", url="http://127.0.0.1:1", plain_http="on", **KEYS)
        assert unreachable.status == 422
        assert unreachable.doc.xpath("//*[@role='alert']")
        assert await hub.connections.list(await hub.tenants.find()) == []


async def test_a_shop_is_connected_by_its_form_and_goes_on_to_what_comes_next(hub: Hub) -> None:
    async with (
        serving(woocommerce.build(woocommerce.generate(4, 1))) as shop,
        serving(hubspot.HubSpotSandbox(hubspot.Settings())) as crm,
        visiting(hub) as visitor,
    ):
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(f"{NEW}/woocommerce?way=keys")
        seen = await visitor.submit(page, "/new/woocommerce", url=shop.url, plain_http="on", name="Tea shop", **KEYS)
        assert seen.status == 200
        assert "Tea shop is connected" in seen.words
        assert "Connect the other side" in seen.words
        page = await visitor.get(f"{NEW}/hubspot?way=keys")
        seen = await visitor.submit(page, "/new/hubspot", token=hubspot.TOKEN, base_url=crm.url, name="CRM")
        assert "3 routes with their usual mappings" in seen.words
        assert "Tea shop order → order CRM" in seen.words
        tenant = await hub.tenants.find()
        before = len(await hub.connections.routes(tenant))
        offer = seen.doc.xpath("//form[.//input[@name='do'][@value='route']]")[0]
        made = await visitor.post(str(offer.get("action")), dict(offer.form_values()))
        assert "goes to CRM from now on" in made.text
        assert len(await hub.connections.routes(tenant)) == before + 1
        shops = [one for one in await hub.connections.list(tenant) if one["connector"] == "woocommerce"]
        seen = await visitor.get(f"/t/default/connections/{shops[0]['id']}/welcome")
        begun = seen.doc.xpath("//form[.//input[@name='do'][@value='backfill']]")[0]
        assert "comes over now" in (await visitor.post(str(begun.get("action")), dict(begun.form_values()))).text
        async with hub.database.engine() as conn:
            assert await conn.fetchval("SELECT kind FROM run") == "backfill"


async def test_one_press_at_the_shop_connects_it(settings: Settings, tmp_path: Path) -> None:
    async with staged(settings, tmp_path) as stage, visiting(stage.hub) as visitor:
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(f"{NEW}/woocommerce")
        waits = await visitor.submit(page, "/new/woocommerce/page", url=stage.shop_url, plain_http="on", name="Mine")
        assert waits.status == 200
        again = link(waits, "Look whether it has come")
        assert "Waiting for the answer" in (await visitor.get(again)).words
        status, back, said = await stage.browser.go(await stage.browser.consent(link(waits, "Go to the shop")))
        assert status == 302, said
        assert "To the dashboard" in (await stage.browser.go(back))[2]
        done = await visitor.get(again)
        assert done.url.endswith("/welcome")
        assert "Mine is connected" in done.words


async def test_without_an_https_address_the_page_says_what_to_do(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(f"{NEW}/woocommerce")
        seen = await visitor.submit(page, "/new/woocommerce/page", url="https://shop.example")
        assert (seen.status, "CROSSDOCK_PUBLIC_URL" in seen.words) == (422, True)
        assert seen.doc.xpath("//*[@name='url']/@value") == ["https://shop.example"]


async def test_oauth_connects_a_portal_and_reconnects_it(settings: Settings) -> None:
    async with portal_of(settings) as portal, visiting(portal.hub) as visitor:
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(f"{NEW}/hubspot")
        given = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "base_url": portal.url, "name": "Sales"}
        waits = await visitor.submit(page, "/new/hubspot/oauth", **given)
        assert CLIENT_SECRET not in waits.text
        await portal.back(await portal.accept(link(waits, "Go to HubSpot")))
        done = await visitor.get(link(waits, "Look whether it has come"))
        assert "Sales is connected" in done.words
        settings_page = await visitor.get(done.url.replace("/welcome", "/settings"))
        assert "access that a person granted" in settings_page.words
        waits = await visitor.submit(settings_page, "/reconnect")
        await portal.back(await portal.accept(link(waits, "Go to HubSpot")))
        assert "Sales is connected" in (await visitor.get(link(waits, "Look whether it has come"))).text
        page = await visitor.get(f"{NEW}/hubspot")
        assert page.doc.xpath("//select[@name='app']/option/text()") == ["hubspot"]


async def test_a_refused_consent_is_told_with_what_helps(settings: Settings) -> None:
    async with portal_of(settings) as portal, visiting(portal.hub) as visitor:
        await visitor.enter(Role.ADMIN)
        await portal.app()
        page = await visitor.get(f"{NEW}/hubspot")
        waits = await visitor.submit(page, "/new/hubspot/oauth", base_url=portal.url)
        accepted = await portal.accept(link(waits, "Go to HubSpot"))
        await portal.back({"state": accepted["state"], "error": "access_denied"})
        again = link(waits, "Look whether it has come")
        told = await visitor.get(again)
        assert "Nobody gave access" in told.words
        assert "What helps" in told.words
        polled = await visitor.get(again, **{"HX-Request": "true"})
        assert (polled.status, polled.headers["HX-Redirect"]) == (204, again)
        other = await visitor.get(f"/t/default/connections/waiting/hubspot?way=oauth&state={'x' * 20}")
        assert other.status == 404


async def test_a_site_is_paired_by_a_code_that_is_shown_once(settings: Settings) -> None:
    public = settings.model_copy(update={"public_url": "https://hub.example"})
    async with open_hub(public) as hub, visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(f"{NEW}/wordpress")
        assert page.doc.xpath("//a[@href='/plugin/crossdock.zip']")
        made = await visitor.submit(page, "/new/wordpress/pair", site="https://blog.example", name="Blog")
        code = made.doc.xpath("//pre/code/text()")[0]
        assert link(made, "Open it at the site").startswith("https://blog.example/wp-admin/")
        again = link(made, "Look whether it has come")
        waits = await visitor.get(again)
        assert "Waiting for the site" in waits.words
        assert code not in waits.text
        site = {"url": "https://blog.example", "name": "Blog", "instance": "i1"}
        await hub.pairing.pair(code, site)
        done = await visitor.get(again)
        assert "Blog is connected" in done.words
        wrong = await visitor.submit(page, "/new/wordpress/pair", site="ftp://x")
        assert wrong.status == 422
        assert wrong.doc.xpath("//*[@name='site']")[0].get("aria-invalid") == "true"


async def test_connecting_is_for_admins(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        for path in ("", "/woocommerce"):
            assert (await visitor.get(NEW + path)).status == 403
        csrf = (await visitor.get("/t/default/connections")).doc.xpath("//input[@name='csrf']/@value")[0]
        for path in ("woocommerce", "woocommerce/page", "hubspot/oauth", "wordpress/pair"):
            assert (await visitor.post(f"{NEW}/{path}", {"csrf": csrf})).status == 403
