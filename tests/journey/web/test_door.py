"""The door for people: who gets in, where they are sent, and what is refused before a page is asked."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from crossdock.govern.access import Role
from crossdock.web.page import Reach
from crossdock.web.rooms import all_pages
from crossdock.wiring import Hub
from tests.support.browsing import PASSWORD, Visitor, beside, made, visiting
from tests.support.hub import add_connection

pytestmark = pytest.mark.asyncio


@contextlib.asynccontextmanager
async def watching(visitor: Visitor, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
    """Open an address and leave it open."""
    async with (
        aiohttp.ClientSession(cookies=visitor.cookies()) as session,
        session.get(visitor.url + path) as answer,
    ):
        yield answer


async def test_nobody_sees_a_tenant_without_a_login(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        for page in all_pages():
            if page.reach is Reach.OPEN:
                continue
            path = re.sub(r"\{[^}]+\}", "x", page.route.replace("{slug}", "default"))
            if page.acts:
                seen = await visitor.post(path, {}, follow=False)
                assert (seen.status, seen.headers["Location"]) == (303, "/login"), page.route
            else:
                seen = await visitor.get(path, follow=False)
                assert seen.status == 303, page.route
                assert seen.headers["Location"].startswith("/login?next=%2F"), page.route


async def test_one_lands_where_one_wanted_to_go(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await made(hub, "ann@people.example", Role.VIEWER)
        login = await visitor.get("/account?x=1")
        assert login.url.startswith("/login?next=")
        seen = await visitor.submit(login, "/login", email="ann@people.example", password=PASSWORD)
        assert seen.url == "/account?x=1"


async def test_a_tenant_of_others_is_not_there(hub: Hub) -> None:
    await hub.tenants.add("other")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        there = await visitor.get("/t/other/nowhere")
        nowhere = await visitor.get("/t/never-made/nowhere")
        assert there.status == nowhere.status == 404
        assert there.words.replace("other", "") == nowhere.words.replace("never-made", "")


async def test_an_unknown_page_says_so(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get("/t/default/no/such/page")
        assert seen.status == 404
        assert "There is no such page" in seen.words


async def test_a_slash_too_many_leads_to_the_page_that_was_meant(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        for typed, meant in (("/t/default/", "/t/default"), ("/t/default/orders//?q=1", "/t/default/orders?q=1")):
            seen = await visitor.get(typed, follow=False)
            assert (seen.status, seen.headers["Location"]) == (308, meant)
        assert (await visitor.get("/t/default/no/such/page/")).status == 404


async def test_forms_need_their_token(hub: Hub) -> None:
    async with visiting(hub) as visitor, beside(visitor) as other:
        await visitor.enter(Role.OWNER)
        await other.enter(Role.VIEWER)
        theirs = (await other.get("/account")).doc.xpath("//input[@name='csrf']/@value")[0]
        for csrf in ("", "x", theirs):
            seen = await visitor.post("/logout", {"csrf": csrf})
            assert seen.status == 403
        assert (await visitor.get("/account", follow=False)).status == 200


async def test_forms_of_other_sites_are_refused(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        csrf = (await visitor.get("/account")).doc.xpath("//input[@name='csrf']/@value")[0]
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            seen = await visitor.post("/logout", {"csrf": csrf}, **headers)
            assert seen.status == 403, headers
        seen = await visitor.post("/logout", b'{"csrf": "x"}', **{"Content-Type": "application/json"})
        assert seen.status == 400
        seen = await visitor.post("/logout", {"csrf": csrf}, Origin=visitor.url)
        assert seen.url.startswith("/login")
        assert (await visitor.get("/account", follow=False)).status == 303


async def test_every_page_carries_the_strict_policy(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        for path in ("/login", "/account", "/t/default", "/t/default/none", "/t/default/live"):
            async with watching(visitor, path) as answer:
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cache-Control"] == "no-store"


async def test_whoever_begins_to_listen_is_told_to_look_at_all_once(hub: Hub) -> None:
    """What changed between the page and the first look of its channel would stay unseen until the next change."""
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        for _first_or_beside_another in range(2):
            async with watching(visitor, "/t/default/live") as channel, asyncio.timeout(20):
                heard = ""
                while "event: changed\n" not in heard:
                    heard += (await channel.content.readline()).decode()
                assert await channel.content.readline() == b"data: *\n"


async def test_files_are_kept_for_ever_and_only_as_they_are(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        login = await visitor.get("/login")
        styles = login.doc.xpath("//link[@rel='stylesheet']/@href")
        assert len(styles) == 3
        for address in [*styles, *login.doc.xpath("//script/@src")]:
            seen = await visitor.get(address)
            assert seen.status == 200
            assert "immutable" in seen.headers["Cache-Control"]
        assert (await visitor.get("/static/000000000000/tokens.css")).status == 404
        assert (await visitor.get("/static/000000000000/..%2f..%2fdesk.py")).status == 404


async def test_who_watches_hears_of_changes(hub: Hub) -> None:
    async def connect_shops() -> None:
        for number in range(60):
            await add_connection(hub, "woocommerce", f"shop {number}", {"url": f"https://{number}.example"})
            await asyncio.sleep(0.5)

    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        async with watching(visitor, "/t/default/live") as channel:
            assert channel.headers["Content-Type"].startswith("text/event-stream")
            shops = asyncio.create_task(connect_shops())
            try:
                heard = ""
                while "event: changed\ndata: connections\n" not in heard:
                    heard += (await channel.content.readline()).decode()
                    assert not shops.done()
            finally:
                shops.cancel()
