"""The same shop by the plugin and by REST keys: one connection, one record, one event, one delivery."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, parse, show
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Street, rows, street
from tests.journey.plugin.stage import Site, item, paired
from tests.journey.writes.round import Round, round_trip
from tests.support.hub import add_connection, add_route, add_sink, order, until, working


async def document(stage: Round, number: str) -> dict[str, Any]:
    """Return an order as the shop's own API writes it: what the plugin reads from the same code."""
    source = await stage.hub.directory.source(stage.shop)
    seen = await source.fetch("order", number, None)
    assert seen is not None
    return seen.document


@contextlib.asynccontextmanager
async def both(settings: Settings) -> AsyncIterator[tuple[Round, Site]]:
    """A shop with keys and webhooks, a CRM, the real worker, and the plugin paired with the same shop."""
    async with round_trip(settings, orders=4) as stage, working(stage.hub):
        await stage.backfill()
        await stage.rest(runs=True)
        async with aiohttp.ClientSession() as session:
            where = str(stage.hub.settings.public_url)
            site = await paired(stage.hub, Street(where, session), url=stage.shop_url, site_url=stage.shop_url)
            yield stage, site


async def story(stage: Round, number: str) -> tuple[Any, list[str], int]:
    """Return an order's (record's seq), the types of its events, and how many deliveries ended delivered."""
    (record,) = await stage.rows("SELECT id, seq FROM record WHERE stream = 'order' AND external_id = $1", number)
    events = await stage.rows("SELECT type, verdict FROM event WHERE record_id = $1 ORDER BY seq", record["id"])
    sent = await stage.value(
        "SELECT count(*) FROM delivery_done WHERE record_id = $1 AND state = 'delivered'", record["id"]
    )
    return record["seq"], [row["type"] for row in events], sent


async def test_webhook_pull_and_plugin_tell_of_one_order(settings: Settings) -> None:
    async with both(settings) as (stage, site):
        told = site.told["connection"]
        assert (told["joined"], told["connector"]) == (True, "woocommerce")
        assert parse(Prefix.CONNECTION, told["id"]) == stage.shop
        statuses = []
        for _ in range(5):
            number = str((await stage.act("place_order"))["id"])
            # the webhook is under way, the pull is asked for, and the plugin tells
            seen = await document(stage, number)
            pulled = stage.hub.runs.add(stage.tenant, stage.shop, RunKind.PULL, ("order",))
            results, _ = await asyncio.gather(site.tell(item("order", seen)), pulled)
            statuses.append(results[0]["status"])
            await stage.rest(runs=True)
            seq, types, delivered = await story(stage, number)
            assert (seq, types, delivered) == (1, ["order.created"], 1), number
            assert results[0]["record"] is not None
        assert set(statuses) <= {"recorded", "unchanged"}
        connections = await stage.rows(
            "SELECT connector FROM connection WHERE connector IN ('woocommerce', 'wordpress')"
        )
        assert [row["connector"] for row in connections] == ["woocommerce"]


async def test_a_deletion_by_the_plugin_is_asked_about_and_ends_the_record_once(settings: Settings) -> None:
    async with both(settings) as (stage, site):
        number = str((await stage.act("place_order"))["id"])
        await stage.rest(runs=True)
        (lie,) = await site.tell(item("order", {"id": int(number)}, action="deleted"))
        assert (lie["status"], lie["event"]) == ("recorded", None)
        await stage.rest(runs=True)
        assert (await story(stage, number))[1] == ["order.created"], "the shop says that it stands"
        await stage.act("delete_force", id=int(number))
        await site.tell(item("order", {"id": int(number)}, action="deleted"))
        await stage.rest(runs=True)
        assert (await story(stage, number))[1] == ["order.created", "order.deleted"]


async def test_two_states_of_one_second_are_decided_by_a_get(settings: Settings) -> None:
    async with both(settings) as (stage, site):
        number = str((await stage.act("place_order"))["id"])
        await stage.rest(runs=True)
        seen = await document(stage, number)
        (told,) = await site.tell(item("order", {**seen, "customer_note": "never written"}))
        await stage.rest(runs=True)
        (row,) = await stage.rows(
            "SELECT r.*, e.body, v.verdict FROM record r JOIN event e ON e.id = r.event_id, event v"
            " WHERE r.stream = 'order' AND r.external_id = $1 AND v.id = $2",
            number,
            parse(Prefix.EVENT, told["event"]),
        )
        assert row["verdict"] == "contested"
        assert row["contested"] is False
        assert stage.hub.canonical.document(row)["customer_note"] == seen["customer_note"], (
            "the shop itself has the word"
        )


async def test_a_home_of_the_plugin_turns_into_the_one_with_keys(settings: Settings) -> None:
    switch = woocommerce.build(woocommerce.generate(3, 5))
    settings = settings.model_copy(update={"public_url": "https://hub.example"})
    async with (
        serving(switch) as shop,
        open_hub(settings) as hub,
        street(hub) as doors,
        working(hub),
        aiohttp.ClientSession() as http,
    ):
        site = await paired(hub, doors, url=shop.url, site_url=shop.url)
        assert (site.told["connection"]["joined"], site.told["connection"]["connector"]) == (False, "wordpress")
        home = parse(Prefix.CONNECTION, site.told["connection"]["id"])
        await add_sink(hub, "http://127.0.0.1:9/hook")
        tenant = await hub.tenants.find()
        made_routes = await hub.connections.default_routes(await hub.directory.connection(home), "test")
        assert made_routes, "what a home tells of has routes, though it is not read"
        before = {one["id"] for one in await hub.connections.routes(tenant)}
        (told,) = await site.tell(item("order", order(77_000)))
        async with http.post(f"{shop.url}/_sandbox/act", json={"do": "place_order"}) as reply:
            number = str((await reply.json())["id"])

        crm = await add_connection(hub, "hubspot", "crm", destination=True)
        meta = await add_route(hub, crm, await hub.directory.connection(home), "contact", "write_meta")
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        form = {"url": shop.url, "plain_http": True, **keys}
        made = await hub.connections.connect(tenant, "woocommerce", form, actor="test")
        assert made.id == home
        sites = ("woocommerce", "wordpress")
        connections = [one for one in await hub.connections.list(tenant) if one["connector"] in sites]
        assert [(one["uuid"], one["connector"]) for one in connections] == [(home, "woocommerce")]
        turned = await hub.directory.connection(home)
        assert turned.connector == "woocommerce"
        assert turned.account["instance"] == site.facts["instance"], "commands still find the plugin"

        # the plugin's key speaks for it as before, the shop is read, and what both tell is one record
        seen = await (await hub.directory.source(home)).fetch("order", number, None)
        assert seen is not None
        (first,) = await site.tell(item("order", seen.document))
        assert first["status"] == "recorded"
        run = await hub.runs.add(tenant, home, RunKind.BACKFILL, ("order",))
        assert run

        async def read() -> bool:
            found = await rows(hub, "SELECT state FROM run WHERE connection_id = $1", home)
            return bool(found) and all(row["state"] == "done" for row in found)

        await until(read)
        found = await rows(hub, "SELECT seq FROM record WHERE stream = 'order' AND external_id = $1", number)
        assert [row["seq"] for row in found] == [1]
        assert (await site.tell(item("order", order(77_000))))[0]["record"] == told["record"]
        after = {one["id"] for one in await hub.connections.routes(tenant)}
        assert before <= after
        assert show(Prefix.ROUTE, meta) in after, "meta is still written, by the plugin"


async def test_a_code_for_a_connection_is_good_for_its_site_alone(hub: Hub, doors: Street) -> None:
    tenant = await hub.tenants.find()
    first = await paired(hub, doors)
    home = parse(Prefix.CONNECTION, first.told["connection"]["id"])
    for given in ({"connection_id": home}, {"site": "https://shop.example"}):
        code = await hub.pairing.code(tenant, actor="test", **given)  # type: ignore[arg-type]
        assert code.link is not None
        assert code.link.startswith("https://shop.example/wp-admin/admin.php?page=crossdock-connection&pair=cdp1.")
        other = Site(doors, url="https://other.example", site_url="https://other.example")
        refused = await other.pair(code.code)
        assert (refused.status, refused.json["code"]) == (409, "another-site")
        good = await Site(doors, url="http://shop.example/").pair(code.code.rpartition(".")[2])
        assert good.status == 201, "a code that was refused is not used up"
        assert good.json["data"]["connection"]["id"] == first.told["connection"]["id"]
        again = await Site(doors).pair(code.code)
        assert (again.status, again.json["code"]) == (410, "expired-code")
    unknown = await Site(doors).pair("cdp1.aHR0cHM6Ly9odWIuZXhhbXBsZQ." + "x" * 43)
    assert (unknown.status, unknown.json["code"]) == (404, "unknown-code")
    old = await hub.pairing.code(tenant, actor="test")
    await rows(
        hub, "UPDATE site_pairing SET expires_at = now() - interval '1 second' WHERE id = $1 RETURNING 1", old.id
    )
    assert (await Site(doors).pair(old.code)).json["code"] == "expired-code"
    assert len(await hub.sites.list(tenant)) == 1, "a site has one key"
    assert (await first.call("GET", "/status")).json["code"] == "unknown-key", "the former one has ended"


async def test_two_sites_that_pair_at_once_make_one_home(hub: Hub, doors: Street) -> None:
    tenant = await hub.tenants.find()
    codes = [await hub.pairing.code(tenant, actor="test") for _ in range(4)]
    answers = await asyncio.gather(*(Site(doors).pair(code.code) for code in codes))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["data"]["connection"]["id"] for answer in answers}) == 1
    assert sorted(answer.json["data"]["connection"]["joined"] for answer in answers) == [False, True, True, True]
    assert len(await hub.sites.list(tenant)) == 1
