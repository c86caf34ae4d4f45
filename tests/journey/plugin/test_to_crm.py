"""A site without REST keys reaches the CRM: what the plugin tells becomes contacts, deals and products there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.kit.ids import Prefix, parse
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import rows, street
from tests.journey.plugin.stage import Site, customer, item, paired
from tests.support.hub import order, until, working


@contextlib.asynccontextmanager
async def site_and_crm(settings: Settings) -> AsyncIterator[tuple[Hub, Site, Any]]:
    """A hub at work between a paired site and a CRM; the last is a function that reads objects of the portal."""
    async with (
        serving(hubspot.HubSpotSandbox(hubspot.Settings(per_10s=10_000))) as portal,
        open_hub(settings) as hub,
        street(hub) as doors,
        aiohttp.ClientSession() as http,
    ):
        tenant = await hub.tenants.find()
        form = {"token": hubspot.TOKEN, "base_url": portal.url}
        await hub.connections.connect(tenant, "hubspot", form, actor="test")
        site = await paired(hub, doors)

        async def objects(kind: str) -> list[dict[str, Any]]:
            async with http.get(f"{portal.url}/_sandbox/state?type={kind}&history=false") as reply:
                return [one["properties"] for one in (await reply.json())["objects"][kind]]

        async with working(hub):
            yield hub, site, objects


async def rested(hub: Hub) -> bool:
    return bool((await rows(hub, "SELECT count(*) AS n FROM delivery"))[0]["n"] == 0)


async def test_what_the_plugin_tells_stands_in_the_crm(settings: Settings) -> None:
    async with site_and_crm(settings) as (hub, site, objects):
        told = await site.tell(
            item("customer", customer(7, "ada@example.com")),
            item("order", order(12, customer_id=7, billing={"email": "ada@example.com", "first_name": "Ada"})),
            item("order", order(13, billing={"email": "guest@example.com"})),
        )
        assert [one["status"] for one in told] == ["recorded"] * 3
        await until(lambda: rested(hub))
        ended = await rows(hub, "SELECT state, rule, reason FROM delivery_done")
        assert {(row["state"], row["reason"]) for row in ended} == {("delivered", None)}, [tuple(row) for row in ended]
        deals = await objects("deals")
        assert sorted(one["crossdock_order_number"] for one in deals) == ["12", "13"]
        contacts = await objects("contacts")
        assert sorted(one["email"] for one in contacts) == ["ada@example.com", "guest@example.com"]

        changed = item("order", order(12, customer_id=7, status="completed", billing={"email": "ada@example.com"}))
        _, sample = await site.tell(changed, item("order", order(14), origin="test"))
        (shown,) = sample["preview"]
        assert (shown["destination"]["connector"], shown["problem"]) == ("hubspot", None)
        assert "processing" in str(shown["fields"])
        single = await site.call("POST", "/events", {"type": "user.login", "data": {}, "origin": "test"})
        assert single.json["data"]["preview"] == []
        await until(lambda: rested(hub))
        deals = {one["crossdock_order_number"]: one for one in await objects("deals")}
        assert set(deals) == {"12", "13"}, "a sample goes nowhere"
        assert "completed" in str(deals["12"].values())


async def test_the_same_person_without_an_id_is_one_contact(settings: Settings) -> None:
    async with site_and_crm(settings) as (hub, site, objects):
        for name in ("Grace", "Ada"):
            await site.tell(item("customer", {"email": "Ada@example.com", "first_name": name, "last_name": "L"}))
            await until(lambda: rested(hub))
        ended = await rows(hub, "SELECT state, reason FROM delivery_done")
        assert {(row["state"], row["reason"]) for row in ended} == {("delivered", None)}
        (contact,) = await objects("contacts")
        assert (contact["email"], contact["firstname"], contact["lastname"]) == ("ada@example.com", "Ada", "L")
        home = parse(Prefix.CONNECTION, site.told["connection"]["id"])
        (record,) = await rows(hub, "SELECT seq FROM record WHERE connection_id = $1 AND stream = 'customer'", home)
        assert record["seq"] == 2
