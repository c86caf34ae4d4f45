"""Routes on pages: the list, a new one, its terms, its second destination, and its end."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.hub import add_connection, add_route, add_shop, add_sink

pytestmark = pytest.mark.asyncio
LIST = "/t/default/routes"
SINK = "http://127.0.0.1:1"


async def ends(hub: Hub) -> tuple[Connection, Connection]:
    return await add_shop(hub, "Tea shop"), await add_sink(hub, SINK, "Bills")


def at(route: uuid.UUID, rest: str = "") -> str:
    return f"{LIST}/{show(Prefix.ROUTE, route)}{rest}"


async def one(hub: Hub, route: uuid.UUID) -> dict[str, Any]:
    return (await hub.connections.routes(await hub.tenants.find(), route))[0]


async def test_the_list_says_what_goes_where_on_which_terms(hub: Hub) -> None:
    shop, sink = await ends(hub)
    await add_route(hub, shop, sink, "order", "post")
    await add_route(hub, shop, sink, "product", "post")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(LIST)
        assert seen.status == 200
        assert any("Tea shop order → post Bills On standard all at once" in row for row in seen.rows()), seen.rows()
        narrowed = await visitor.get(f"{LIST}?q=product")
        assert len(narrowed.rows()) == 1
        assert (await visitor.get(f"{LIST}?state=off")).rows() == []
        told = json.loads((await visitor.get(f"{LIST}?format=json&connection={show(Prefix.CONNECTION, sink.id)}")).text)
        assert {row["stream"] for row in told} == {"order", "product"}


async def test_a_route_is_made_in_two_steps(hub: Hub) -> None:
    shop, sink = await ends(hub)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        empty = await visitor.get(LIST)
        assert "There is no route yet" in empty.words
        form = await visitor.get(f"{LIST}/new")
        ids = {"source": show(Prefix.CONNECTION, shop.id), "to": show(Prefix.CONNECTION, sink.id)}
        second = await visitor.submit(form, "/routes/new", **ids)
        given = {"what": "order post", "types": "order.created, order.updated", "priority": "live"}
        wrong = await visitor.post(
            f"{LIST}/new",
            {**dict(second.doc.xpath("//form[@method='post'][.//select[@name='what']]")[0].form_values()), **given}
            | {"schedule.quiet.from": "21:00", "schedule.quiet.to": "late"},
        )
        assert wrong.status == 422
        assert wrong.doc.xpath("//*[@name='schedule.quiet.to']")[0].get("aria-invalid") == "true"
        assert wrong.doc.xpath("//*[@name='types']/@value") == ["order.created, order.updated"]
        fields = dict(wrong.doc.xpath("//form[@method='post'][.//select[@name='what']]")[0].form_values())
        made = await visitor.post(f"{LIST}/new", {**fields, "schedule.quiet.to": "08:00", "schedule.delay_s": "3600"})
        assert "The route is made" in made.text
        (route,) = await hub.connections.routes(shop.tenant_id)
        assert (route["types"], route["priority"]) == (["order.created", "order.updated"], "live")
        assert route["schedule"]["delay_s"] == 3600
        assert route["schedule"]["quiet"] == {"from": "21:00", "to": "08:00"}
        listed = await visitor.get(LIST)
        assert "1 h later, not from 21:00 to 08:00 UTC" in listed.words
        twice = await visitor.post(f"{LIST}/new", fields | {"schedule.quiet.to": "08:00"})
        assert (twice.status, "There is such a route already" in twice.text) == (422, True)


async def test_terms_second_destination_and_switch_are_kept(hub: Hub) -> None:
    shop, sink = await ends(hub)
    other = await add_sink(hub, "http://127.0.0.1:2", "Second")
    route = await add_route(hub, shop, sink, "order", "post")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(at(route))
        kept = await visitor.submit(page, "/terms", skip_statuses="pending, draft", priority="bulk")
        assert "The terms are kept" in kept.text
        assert (await one(hub, route))["skip_statuses"] == ["pending", "draft"]
        assert kept.doc.xpath("//*[@name='skip_statuses']/@value") == ["pending, draft"]
        wrong = await visitor.submit(page, "/terms", **{"schedule.zone": "Nowhere"})
        assert wrong.doc.xpath("//*[@name='schedule.zone']")[0].get("aria-invalid") == "true"
        named = await visitor.submit(page, "/fallback", fallback_id=show(Prefix.CONNECTION, other.id), after_s="60")
        assert "The second destination is named" in named.text
        assert (await one(hub, route))["fallback"]["after_s"] == 60
        asked = await visitor.get(at(route, "/disable"))
        assert "ends as skipped" in asked.words
        off = await visitor.submit(asked, "/disable")
        assert (await one(hub, route))["enabled"] is False
        await visitor.submit(off, "/enable")
        assert (await one(hub, route))["enabled"] is True


async def test_many_are_switched_by_the_filter(hub: Hub) -> None:
    shop, sink = await ends(hub)
    for stream in ("order", "product", "refund"):
        await add_route(hub, shop, sink, stream, "post")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        asked = await visitor.submit(await visitor.get(f"{LIST}?q=order"), "/routes/bulk", do="off")
        assert "Switch 1 route off?" in asked.words
        assert "Tea shop order to Bills" in asked.words
        done = await visitor.submit(asked, "/routes/bulk")
        assert "1 route is off now" in done.text
        states = {route["stream"]: route["enabled"] for route in await hub.connections.routes(shop.tenant_id)}
        assert states == {"order": False, "product": True, "refund": True}


async def test_removing_asks_for_the_name(hub: Hub) -> None:
    shop, sink = await ends(hub)
    route = await add_route(hub, shop, sink, "order", "post")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        page = await visitor.get(at(route, "/remove"))
        wrong = await visitor.submit(page, "/remove", confirm="it")
        assert (wrong.status, "not its name" in wrong.text) == (422, True)
        done = await visitor.submit(page, "/remove", confirm="Tea shop order to Bills")
        assert "is removed" in done.text
        assert await hub.connections.routes(shop.tenant_id) == []
        assert (await visitor.get(at(route))).status == 404


async def test_routes_are_changed_by_admins_alone(hub: Hub) -> None:
    shop, sink = await ends(hub)
    route = await add_route(hub, shop, sink, "order", "post")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OPERATOR)
        seen = await visitor.get(at(route))
        assert not seen.doc.xpath("//main//form")
        csrf = seen.doc.xpath("//input[@name='csrf']/@value")[0]
        for path in ("/terms", "/fallback", "/enable", "/disable", "/remove"):
            assert (await visitor.post(at(route, path), {"csrf": csrf})).status == 403, path
        for path in ("/disable", "/remove"):
            assert (await visitor.get(at(route, path))).status == 403
        assert (await visitor.get(f"{LIST}/new")).status == 403
        assert (await visitor.post(f"{LIST}/new", {"csrf": csrf})).status == 403
        assert (await visitor.post(f"{LIST}/bulk", {"csrf": csrf})).status == 403


async def test_a_canary_is_seen_in_the_list(hub: Hub) -> None:
    shop = await add_shop(hub, "Tea shop")
    portal = await add_connection(hub, "hubspot", "CRM", {"rollout": {"percent": 5}}, destination=True)
    await add_route(hub, shop, portal, "order", "order")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        seen = await visitor.get(f"{LIST}?state=canary")
        assert any("5 %" in row and "usual mapping" in row for row in seen.rows())


async def test_its_deliveries_are_its_own(hub: Hub) -> None:
    route = await add_route(hub, *await ends(hub), "order", "post")
    name = show(Prefix.ROUTE, route)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        links = (await visitor.get(at(route))).doc.xpath(f"//main//a[contains(@href, '={name}')]/@href")
        assert sorted(link.count("state=dead") for link in links) == [0, 1]
        for link in links:
            assert (await visitor.get(link)).doc.xpath(f"//select[@name='route']/option[@selected and @value='{name}']")
