"""The list of connections, one connection, what is done to many, and who may."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.support.browsing import Seen, Visitor, visiting
from tests.support.hub import add_connection, add_route, add_shop, add_sink

pytestmark = pytest.mark.asyncio
LIST = "/t/default/connections"


def at(connection: Connection, rest: str = "") -> str:
    return f"{LIST}/{show(Prefix.CONNECTION, connection.id)}{rest}"


def spoken(seen: Seen) -> list[str]:
    """Return the stops of a check as people read them."""
    return [" ".join(one.text_content().split()) for one in seen.doc.xpath("//section[@id='check']//li")]


@contextlib.asynccontextmanager
async def connected(hub: Hub) -> AsyncIterator[tuple[Visitor, Connection, Any]]:
    """A visitor, and a shop that was connected by its keys."""
    switch = woocommerce.build(woocommerce.generate(4, 1))
    async with serving(switch) as shop, visiting(hub) as visitor:
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        form = {"url": shop.url, "plain_http": True, **keys}
        tenant = await hub.tenants.find()
        made = await hub.connections.connect(tenant, "woocommerce", form, name="Tea shop", actor="test")
        yield visitor, await hub.directory.connection(made.id), switch


async def test_the_list_says_how_each_does_and_why(hub: Hub) -> None:
    shop, sink = await add_shop(hub, "Tea shop"), await add_sink(hub, "http://127.0.0.1:1", "Bills")
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET state = 'broken', problem = 'wrong keys' WHERE id = $1", shop.id)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(LIST)
        assert seen.status == 200
        assert "2 accounts are connected. One needs a look." in seen.words
        rows = seen.rows()
        assert any("Tea shop Broken Wrong keys" in row for row in rows)
        assert any("Bills Active" in row for row in rows)
        assert not seen.doc.xpath("//form[contains(@action, 'bulk')]//button")
        narrowed = await visitor.get(f"{LIST}?state=needs")
        assert [("Tea" in row, "Bills" in row) for row in narrowed.rows()] == [(True, False)]
        told = json.loads((await visitor.get(f"{LIST}?format=json&connector=webhook")).text)
        assert [row["name"] for row in told] == ["Bills"]
        assert told[0]["id"] == show(Prefix.CONNECTION, sink.id)
        assert (await visitor.get(f"{LIST}?format=csv")).text.splitlines()[0].startswith("id,connector")


async def test_with_nothing_connected_it_says_what_to_do(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        seen = await visitor.get(LIST)
        assert "Nothing is connected yet" in seen.words
        assert seen.doc.xpath("//main//a[contains(@href, '/connections/new')]")


async def test_a_bulk_action_names_whom_it_means_and_acts_on_the_filter(hub: Hub) -> None:
    shops = [await add_shop(hub, f"Shop {number}", f"https://s{number}.example") for number in range(3)]
    await add_sink(hub, "http://127.0.0.1:1", "Bills")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get(f"{LIST}?q=Shop")
        asked = await visitor.submit(seen, "/connections/bulk", do="pause")
        assert "Pause: 3 connections" in asked.words
        assert "Bills" not in asked.words
        after = await visitor.submit(asked, "/connections/bulk")
        assert "3 connections are paused." in after.text
        states = {one["name"]: one["state"] for one in await hub.connections.list(shops[0].tenant_id)}
        assert states == {"Shop 0": "paused", "Shop 1": "paused", "Shop 2": "paused", "Bills": "active"}
        ticked = await visitor.submit(after, "/connections/bulk", do="resume", id=[at(shops[1]).rpartition("/")[2]])
        assert "Resume: 1 connection" in ticked.words
        await visitor.submit(ticked, "/connections/bulk")
        states = {one["name"]: one["state"] for one in await hub.connections.list(shops[0].tenant_id)}
        assert [states[f"Shop {number}"] for number in range(3)] == ["paused", "active", "paused"]


async def test_what_does_not_fit_is_left_out_and_said(hub: Hub) -> None:
    await add_shop(hub, "Shop")
    await add_sink(hub, "http://127.0.0.1:1", "Bills")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        asked = await visitor.get(f"{LIST}/bulk?do=pull")
        assert "Pull now: 1 connection" in asked.words
        assert "left out" in asked.words
        went = await visitor.submit(asked, "/connections/bulk")
        assert "Pull now: all went well" in went.words
        unknown = await visitor.get(f"{LIST}/bulk?do=sell")
        assert unknown.status == 400


async def test_a_check_is_a_line_of_what_was_asked_and_what_came_back(hub: Hub) -> None:
    async with connected(hub) as (visitor, shop, switch):
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.submit(await visitor.get(at(shop)), "/check")
        stops = spoken(seen)
        assert seen.status == 200
        assert stops[0].startswith("The address answers")
        assert "Our key is taken" in stops
        assert "Failed" not in " ".join(stops)
        switch.app.settings.keys = ()
        seen = await visitor.submit(await visitor.get(at(shop)), "/check")
        stops = spoken(seen)
        failed = next(stop for stop in stops if "Failed" in stop)
        assert "Our key is not taken" in failed
        for said in ("We asked", "Came back The shop does not accept the keys", "It means", "What helps"):
            assert said in failed
        assert stops[-2].endswith("not reached")


async def test_pause_pull_backfill_and_prove_are_presses(hub: Hub) -> None:
    async with connected(hub) as (visitor, shop, _):
        await visitor.enter(Role.OPERATOR)
        page = await visitor.get(at(shop))
        assert "The pull is queued" in (await visitor.submit(page, "/pull")).text
        assert "The backfill is queued" in (await visitor.submit(page, "/backfill", since="2026-01-01")).text
        assert "The proof is queued" in (await visitor.submit(page, "/prove", first="", last="")).text
        async with hub.database.engine() as conn:
            kinds = {row["kind"] for row in await conn.fetch("SELECT kind FROM run")}
        assert kinds == {"pull", "backfill", "reconcile"}
        assert (await hub.connections.one(shop.tenant_id, shop.id)).config["start_date"] == "2026-01-01"
        refused = await visitor.submit(page, "/prove", first="2026-02-30", last="")
        assert (refused.status, "This is no day" in refused.text) == (400, True)
        paused = await visitor.submit(page, "/pause")
        assert "A person has paused it" in paused.words
        assert "goes on" in (await visitor.submit(paused, "/resume")).text


async def test_every_tab_tells_its_part(hub: Hub) -> None:
    async with connected(hub) as (visitor, shop, _):
        sink = await add_sink(hub, "http://127.0.0.1:1", "Bills")
        await add_route(hub, shop, sink, "order", "post")
        await visitor.enter(Role.ADMIN)
        said = {
            "": ("Tea shop", "Crossdock Sandbox Shop", "REST API keys", "order → post"),
            "/streams": ("customer", "not begun"),
            "/webhooks": ("No webhook is registered", "CROSSDOCK_PUBLIC_URL"),
            "/schema": ("number", "billing.email"),
            "/limits": ("Calls in the last 30 days", "Ask for less"),
            "/settings": ("What people call it", "Consumer key", "Seconds between two pulls"),
            "/history": ("Nothing was ever found to be wrong",),
        }
        for path, words in said.items():
            seen = await visitor.get(at(shop, path))
            assert seen.status == 200, path
            for word in words:
                assert word in seen.words, (path, word)


async def test_choices_are_kept_and_a_wrong_one_is_told_at_its_field(hub: Hub) -> None:
    async with connected(hub) as (visitor, shop, _):
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(at(shop, "/settings"))
        assert "The name is changed" in (await visitor.submit(page, "/settings/name", name="Green tea")).text
        wrong = await visitor.submit(
            page,
            "/settings/reading",
            **{"quiet_hours.from": "22:00", "quiet_hours.to": "06:00", "quiet_hours.zone": "Nowhere"},
        )
        assert wrong.status == 422
        field = wrong.doc.xpath("//*[@name='quiet_hours.zone']")[0]
        assert field.get("aria-invalid") == "true"
        limits = await visitor.get(at(shop, "/limits"))
        await visitor.submit(limits, "/settings/limits", **{"limits.requests": "3"})
        kept = (await hub.connections.one(shop.tenant_id, shop.id)).config
        assert kept["limits"] == {"requests": 3}
        rollout = await visitor.submit(page, "/settings/rollout", how="percent", **{"rollout.percent": "5"})
        assert "It begins small" in rollout.text
        assert (await hub.connections.one(shop.tenant_id, shop.id)).config["rollout"] == {"percent": 5}


async def test_new_credentials_are_tried_and_refused_ones_change_nothing(hub: Hub) -> None:
    async with connected(hub) as (visitor, shop, _):
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(at(shop, "/settings"))
        before = await hub.directory.secrets(shop.id)
        refused = await visitor.submit(page, "/credentials", key="ck_" + "0" * 40, secret="cs_" + "0" * 40)
        assert refused.status == 422
        assert "does not accept the keys" in refused.text
        assert "ck_000" not in refused.text
        assert await hub.directory.secrets(shop.id) == before
        kept = await visitor.submit(
            page,
            "/credentials",
            key=woocommerce.DEFAULT_CONSUMER_KEY,
            secret=woocommerce.DEFAULT_CONSUMER_SECRET,
        )
        assert "The new credentials work" in kept.text


async def test_disconnecting_asks_for_the_name(hub: Hub) -> None:
    async with connected(hub) as (visitor, shop, _):
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(at(shop, "/disconnect"))
        wrong = await visitor.submit(page, "/disconnect", confirm="tea")
        assert (wrong.status, "not its name" in wrong.text) == (422, True)
        done = await visitor.submit(page, "/disconnect", confirm="Tea shop")
        assert "nothing of ours is left there" in done.text
        assert await hub.connections.list(shop.tenant_id) == []


async def test_each_role_sees_and_does_its_part(hub: Hub) -> None:
    shop = await add_connection(hub, "woocommerce", "Tea shop", {"url": "https://tea.example"})
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(at(shop))
        assert not seen.doc.xpath("//main//form[@method='post']")
        for path in ("/settings", "/disconnect"):
            assert (await visitor.get(at(shop, path))).status == 403
        csrf = seen.doc.xpath("//input[@name='csrf']/@value")[0]
        for path in ("/check", "/pause", "/pull", "/webhooks", "/settings/name", "/credentials", "/disconnect"):
            assert (await visitor.post(at(shop, path), {"csrf": csrf})).status == 403, path
        assert (await visitor.post(f"{LIST}/bulk", {"csrf": csrf, "do": "pause"})).status == 403
    assert (await hub.connections.list(shop.tenant_id))[0]["state"] == "active"


async def test_a_connection_of_another_tenant_is_not_there(hub: Hub) -> None:
    shop = await add_shop(hub)
    await hub.tenants.add("other")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER, "other")
        assert (await visitor.get(at(shop).replace("/default/", "/other/"))).status == 404


async def test_what_it_links_to_is_narrowed_to_it(hub: Hub) -> None:
    async with connected(hub) as (visitor, connection, _):
        await visitor.enter(Role.OPERATOR)
        name = show(Prefix.CONNECTION, connection.id)
        links = (await visitor.get(at(connection))).doc.xpath(f"//main//aside//a[contains(@href, '={name}')]/@href")
        pages = ("deliveries", "dead-letters", "stock", "sku-links", "proof")
        assert {link.partition("?")[0] for link in links} == {f"/t/default/{page}" for page in pages}
        for link in links:
            seen = await visitor.get(link)
            if link == f"/t/default/proof?only={name}":
                continue  # without a route to prove it has no filter to look at
            assert seen.doc.xpath(f"//form[@role='search']//option[@selected and @value='{name}']"), link
