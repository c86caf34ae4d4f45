"""The signed stand-in of the plugin against the real doors: both directions, with one key."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from crossdock.connect.outpost import Action, Command
from crossdock.connect.sandbox import serving
from crossdock.connectors.wordpress import sandbox as wordpress
from crossdock.kit.ids import Prefix, parse
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, rows


class StandIn:
    """A site with the plugin, as a sandbox."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self._http = url, http

    async def control(self, door: str, method: str = "POST", **given: Any) -> Any:
        async with self._http.request(method, f"{self.url}/_sandbox/{door}", json=given) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()


@contextlib.asynccontextmanager
async def standing() -> AsyncIterator[StandIn]:
    async with serving(wordpress.build()) as site, aiohttp.ClientSession() as http:
        yield StandIn(site.url, http)


async def test_what_the_plugin_sends_is_taken_and_what_the_hub_commands_is_done(hub: Hub, doors: Street) -> None:
    tenant = await hub.tenants.find()
    async with standing() as site:
        code = await hub.pairing.code(tenant, actor="test")
        paired = await site.control("pair", hub=doors.url, code=code.code.rpartition(".")[2])
        assert paired["status"] == 201, paired
        home = parse(Prefix.CONNECTION, paired["body"]["data"]["connection"]["id"])
        for kind in ("customer", "product", "order"):
            await site.control("act", do="add", kind=kind)
        await site.control("act", do="event", type="user.login", data={"how": "form"}, entity="user:1")
        answers = (await site.control("send"))["answers"]
        results = [one for answer in answers for one in answer["body"]["data"]["results"]]
        assert {one["status"] for one in results} == {"recorded"}, results
        found = await rows(hub, "SELECT stream FROM record WHERE connection_id = $1", home)
        assert {row["stream"] for row in found} >= {"customer", "product", "order"}

        # the other way: the hub signs with the same secret
        checked = await hub.connections.check(tenant, home)
        assert checked.ok, checked
        connector, connection = hub.directory.connector("wordpress"), await hub.directory.connection(home)
        assert connector is not None
        assert connector.outpost is not None
        outpost = connector.outpost(hub.directory.access(connection, await hub.directory.secrets(home)))
        (told,) = await outpost.command([Command("0190d0a8-6e2f-7b52-9d53-0c2a4f6c1d10", Action.PING)])
        assert told.done

        # a key that has ended is no key for either
        (shown,) = await hub.sites.list(tenant)
        await hub.sites.revoke(tenant, parse(Prefix.SITE, shown["id"]), actor="test")
        hub.directory.forget(home)
        assert "site_secret" not in await hub.directory.secrets(home)
        await site.control("act", do="add", kind="order")
        refused = (await site.control("send"))["answers"][0]
        assert (refused["status"], refused["body"]["code"]) == (401, "unknown-key")
