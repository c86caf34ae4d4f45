"""What a person does on the site with the real hub: edits the mapping, looks at what became of an order, tests."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

import requests

from crossdock.settings import Settings
from tests.plugin.journeys.stage import Stage, opened
from tests.plugin.test_mapping_screen import fields, words
from tests.support.wordpress.site import Browser, Site

T = TypeVar("T")
MAPPING = "/wp-admin/admin.php?page=crossdock-mapping"


async def aside(work: Callable[..., T], *args: Any, **more: Any) -> T:
    """Wait for a page while the hub goes on."""
    return await asyncio.to_thread(work, *args, **more)


async def open_mapping(stage: Stage, browser: Browser, kind: str) -> str:
    """Return the address of the first mapping of a kind's route."""
    page = await aside(browser.get, MAPPING)
    found = re.findall(r'href="[^"]*[?&;](route=rte_\w+)"[^>]*>(\w+)<', page.text)
    return next(f"{MAPPING}&{route}" for route, word in found if word.lower() == kind)


async def send(browser: Browser, page: str, action: str, **given: str) -> requests.Response:
    """Send one of a page's forms with its nonce."""
    text = (await aside(browser.get, page)).text
    nonce = re.search(rf'value="{action}">.*?name="crossdock_nonce" value="([0-9a-f]+)"', text)
    assert nonce, text[-3000:]
    return await aside(browser.post, page, data={"crossdock_action": action, "crossdock_nonce": nonce[1], **given})


def row_of(sent: dict[str, str], target: str) -> str:
    """Return the row whose destination field is the given one; an empty row when none is."""
    rows = {name[: name.index("[target]")]: value for name, value in sent.items() if name.endswith("[target]")}
    return next(
        (row for row, value in rows.items() if value == target), next(row for row, value in rows.items() if not value)
    )


async def test_a_mapping_edited_on_the_site_acts(settings: Settings, shop: Site) -> None:
    async with opened(settings, shop) as stage:
        browser = await aside(shop.session)
        page = await open_mapping(stage, browser, "order")
        sent = dict(fields((await aside(browser.get, page)).text))
        name = row_of(sent, "dealname")
        edited = {
            **sent,
            f"{name}[how]": "template",
            f"{name}[source]": "Bought by {billing.last_name}",
            f"{name}[drop]": "",
        }
        shown = await aside(browser.post, page, data={**edited, "do": "preview"})
        number = await stage.order("ada@example.com")
        shown = await aside(browser.post, page, data={**edited, "do": "preview", "record": str(number)})
        assert "Bought by Person" in words(shown)
        told = await aside(browser.post, page, data={**edited, "do": "save"})
        assert "The mapping was saved and acts now." in words(told)
        again = await aside(browser.post, page, data={**edited, "do": "save"})
        assert "Somebody changed this mapping meanwhile" in words(again)
        wrong = dict(fields((await aside(browser.get, page)).text))
        wrong[f"{row_of(wrong, 'dealname')}[source]"] = "{no.such.field}"
        refused = await aside(browser.post, page, data={**wrong, "do": "save"})
        assert "dealname" in words(refused)
        assert "was saved" not in words(refused)
        await stage.send()
        await stage.delivered()
        deals = await stage.portal.live("deals")
        assert [deal["dealname"] for deal in deals] == ["Bought by Person"]
        assert "own mapping acts again" in words(await send(browser, page, "mapping-reset"))


async def test_what_became_of_an_order_is_seen_on_the_site(settings: Settings, shop: Site) -> None:
    async with opened(settings, shop) as stage:
        number = await stage.order("ada@example.com")
        browser = await aside(shop.session)
        assert "still wait on this site" in words(
            await aside(browser.get, "/wp-admin/admin.php?page=crossdock-activity")
        )
        await stage.send()
        await stage.delivered()
        for query in ("", "&kind=order", "&state=delivered", f"&q={number}", f"&entity=order:{number}"):
            told = words(await aside(browser.get, f"/wp-admin/admin.php?page=crossdock-activity{query}"))
            assert f"Order #{number} order.created" in told, query
            assert "Delivered" in told
        story = await aside(
            shop.php,
            "ob_start(); Crossdock\\Plugin::container()->get( Crossdock\\Admin\\Story::class )->told( 'order', $id ); return ob_get_clean();",
            id=number,
            user=1,
            place="admin",
        )
        assert "Delivered" in story
        assert re.search(r"deals: ", story)
        event = _event(await _page(browser))
        detail = words(await aside(browser.get, f"/wp-admin/admin.php?page=crossdock-activity&event={event}"))
        assert "Attempts at hubspot" in detail
        assert re.search(r"Attempts at hubspot.* \d+ ms", detail), detail[-1500:]
        resend = "/wp-admin/admin.php?page=crossdock-activity"
        assert "The hub delivers it again." in words(await send(browser, resend, "activity-resend", event=event))
        overview = words(await aside(browser.get, "/wp-admin/admin.php?page=crossdock"))
        assert "Connected" in overview
        assert "HubSpot" in overview


async def _page(browser: Browser) -> str:
    return (await aside(browser.get, "/wp-admin/admin.php?page=crossdock-activity")).text


def _event(page: str) -> str:
    found = re.search(r'name="event" value="(evt_\w+)"', page)
    assert found
    return found[1]


async def test_each_sample_is_taken_and_shows_what_would_become_of_it(settings: Settings, shop: Site) -> None:
    async with opened(settings, shop) as stage:
        browser = await aside(shop.session)
        page = "/wp-admin/admin.php?page=crossdock-tests"
        samples = await stage.php(
            "$all = array(); foreach ( Crossdock\\Admin\\Samples::KINDS as $k ) { $all[ $k ] = wp_json_encode( Crossdock\\Admin\\Samples::of( $k ) ); } return $all;"
        )
        assert list(samples) == ["order", "customer", "product", "event"]
        for kind, data in samples.items():
            told = words(await send(browser, page, "test-send", kind=kind, data=data))
            assert "The hub took it in" in told, (kind, told)
            if kind in {"order", "customer"}:
                assert "alex@example.com" in told or "42.80" in told, (kind, told)
        broken = json.loads(samples["order"]) | {"total": "a lot"}
        told = words(await send(browser, page, "test-send", kind="order", data=json.dumps(broken)))
        assert "data.total" in told
        await stage.delivered()
        assert await stage.portal.live("contacts") == []
        assert await stage.rows("SELECT 1 FROM record WHERE stream = 'order'") == []


async def test_fields_of_the_site_can_be_mapped(settings: Settings, shop: Site) -> None:
    async with opened(settings, shop) as stage:
        number = await stage.order("ada@example.com")
        await stage.php(
            "$o = wc_get_order( $id ); $o->update_meta_data( '_gift_note', 'With love' ); $o->save();", id=number
        )
        browser = await aside(shop.session)
        assert "told to the hub" in words(await send(browser, MAPPING, "mapping-fields"))
        page = await open_mapping(stage, browser, "order")
        text = (await aside(browser.get, page)).text
        assert 'value="meta._gift_note"' in text
        sent = dict(fields(text))
        name = row_of(sent, "dealname")
        edited = {**sent, f"{name}[how]": "path", f"{name}[source]": "meta._gift_note", "do": "save"}
        assert "was saved and acts now" in words(await aside(browser.post, page, data=edited))
        await stage.send()
        await stage.delivered()
        assert [deal["dealname"] for deal in await stage.portal.live("deals")] == ["With love"]
