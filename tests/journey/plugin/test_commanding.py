"""What people ask of a site's plugin: over the API and the command line, signed, once, and in the audit."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.connect.outpost import Action
from crossdock.connect.sandbox import serving
from crossdock.connect.watching_both import BothWatcher
from crossdock.connectors.wordpress.sandbox import Settings as SiteSettings
from crossdock.connectors.wordpress.sandbox import Site, SiteApp
from crossdock.errors import BadInput, Conflict, VendorTrouble
from crossdock.flow.watch import findings_of
from crossdock.govern.sites.commanding import Asked
from crossdock.kit.ids import Prefix, parse
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem, rows
from tests.support.hub import add_connection


class Ground:
    """A sandbox site that was paired with the hub."""

    def __init__(self, hub: Hub, doors: Street, site: Site, app: SiteApp, shown: dict[str, Any]) -> None:
        self.hub, self.doors, self.site, self.app, self.shown = hub, doors, site, app, shown

    @property
    def id(self) -> str:
        """The site's id."""
        return str(self.shown["id"])

    async def command(self, action: str, **more: Any) -> Any:
        """Give a command past the doors."""
        tenant = await self.hub.tenants.find()
        return await self.hub.site_commands.command(
            tenant, parse(Prefix.SITE, self.id), Asked(Action(action), **more), actor="test"
        )


@contextlib.asynccontextmanager
async def ground(hub: Hub, doors: Street, **settings: Any) -> AsyncIterator[Ground]:
    """Pair a sandbox site."""
    site = Site(SiteSettings(**settings))
    app = SiteApp(site)
    async with serving(app.switch) as served:
        tenant = await hub.tenants.find()
        code = await hub.pairing.code(tenant, actor="test")
        token = code.code.rsplit(".", 1)[1] if code.code.startswith("cdp1.") else code.code
        told = await app.sender.pair(doors.url, token, served.url)
        assert told["status"] == 201, told
        (shown,) = await hub.sites.list(tenant)
        yield Ground(hub, doors, site, app, shown)


@pytest.mark.parametrize("plain", [False, True])
async def test_a_site_is_paused_resumed_and_asked_for_everything(hub: Hub, doors: Street, plain: bool) -> None:
    async with ground(hub, doors, plain_permalinks=plain) as here:
        for kind in ("customer", "product", "order"):
            here.site.add(kind)
        here.site.outbox.clear()
        assert (await here.command("ping")).status == "done"
        await here.command("pause", reason="moving")
        assert here.site.settings.paused == "moving"
        tenant = await hub.tenants.find()
        status = await hub.site_commands.status(tenant, parse(Prefix.SITE, here.id))
        assert (status["sending"]["paused"], status["sending"]["reason"]) == (True, "moving")
        await here.command("resume")
        assert here.site.settings.paused == ""
        await here.command("export", kinds=("order", "customer"))
        assert {row["kind"] for row in here.site.outbox} == {"order", "customer"}
        here.site.outbox.clear()
        await here.command("export")
        assert {row["kind"] for row in here.site.outbox} == {"order", "customer", "product"}
        noted = await rows(hub, "SELECT action, actor FROM audit_entry WHERE action = 'site.command'")
        assert len(noted) == 5
        assert {row["actor"] for row in noted} == {"test"}


async def test_what_the_site_sends_after_an_export_is_recorded(hub: Hub, doors: Street) -> None:
    async with ground(hub, doors) as here:
        user = here.site.add("customer", email="ada@example.com")
        here.site.outbox.clear()
        await here.command("refresh", kinds=("customer",), ids=(user["id"],))
        (sent,) = await here.app.sender.send(here.shown["url"])
        assert sent["status"] == 200, sent
        assert [one["status"] for one in sent["body"]["data"]["results"]] == ["recorded"]
        found = await rows(hub, "SELECT stream, external_id FROM record")
        assert [(row["stream"], row["external_id"]) for row in found] == [("customer", str(user["id"]))]


@pytest.mark.parametrize(
    ("action", "more", "field"),
    [
        ("write_meta", {}, "action"),
        ("export", {"kinds": ("post",)}, "kinds"),
        ("refresh", {"kinds": ("order",)}, "ids"),
        ("refresh", {"ids": (1,)}, "ids"),
        ("pause", {"reason": "x" * 201}, "reason"),
    ],
)
async def test_what_cannot_be_asked_is_named(
    hub: Hub, doors: Street, action: str, more: dict[str, Any], field: str
) -> None:
    async with ground(hub, doors) as here:
        with pytest.raises(BadInput) as refused:
            await here.command(action, **more)
        assert refused.value.field == field
        assert here.site.commands == {}


async def test_a_site_that_cannot_be_reached_says_why(hub: Hub, doors: Street) -> None:
    async with ground(hub, doors) as here:
        here.app.settle({"firewall": "html"})
        with pytest.raises(VendorTrouble, match="firewall"):
            await here.command("ping")
        here.app.settle({"firewall": "", "plugin": False})
        with pytest.raises(VendorTrouble, match="plugin does not answer"):
            await here.command("ping")
        tenant = await hub.tenants.find()
        await hub.sites.revoke(tenant, parse(Prefix.SITE, here.id), actor="test")
        with pytest.raises(Conflict, match="key has ended"):
            await here.command("ping")


async def test_the_doors_take_commands_from_who_may_write(hub: Hub, doors: Street) -> None:
    async with ground(hub, doors) as here:
        tenant = await hub.tenants.find()
        reads = (await hub.keys.add(tenant, "reads", ("read",)))[1]
        writes = (await hub.keys.add(tenant, "writes", ("read", "write")))[1]
        path = f"/api/v1/plugin/sites/{here.id}"
        told = await doors.get(f"{path}/status", reads)
        assert told.status == 200, told.body
        assert told.json["versions"]["plugin"] == "1.0.0"
        pause = {"action": "pause", "reason": "moving"}
        is_problem(await doors.post(f"{path}/commands", pause, reads), 403, "forbidden")
        done = await doors.post(f"{path}/commands", pause, writes)
        assert done.status == 200, done.body
        assert (done.json["action"], done.json["status"]) == ("pause", "done")
        assert here.site.settings.paused == "moving"
        stranger = await hub.tenants.add("stranger")
        theirs = (await hub.keys.add(stranger, "writes", ("read", "write")))[1]
        is_problem(await doors.post(f"{path}/commands", {"action": "ping"}, theirs), 404, "not-found")


async def test_a_shop_by_rest_keys_is_commanded_where_its_plugin_answers(hub: Hub, doors: Street) -> None:
    async with contextlib.AsyncExitStack() as stack:
        site = Site()
        app = SiteApp(site)
        served = await stack.enter_async_context(serving(app.switch))
        shop = await add_connection(hub, "woocommerce", "127-0-0-1", {"url": served.url, "plain_http": True})
        async with hub.database.engine() as conn:
            uid = f"127-0-0-1-{served.url.rsplit(':', 1)[1]}"
            await conn.execute("UPDATE connection SET account_uid = $2 WHERE id = $1", shop.id, uid)
        tenant = await hub.tenants.find()
        code = (await hub.pairing.code(tenant, actor="test")).code
        told = await app.sender.pair(doors.url, code.rsplit(".", 1)[1], served.url)
        assert told["body"]["data"]["connection"]["joined"] is True
        (shown,) = await hub.sites.list(tenant)
        assert (await Ground(hub, doors, site, app, shown).command("ping")).status == "done"
        assert isinstance(await hub.directory.watcher(shop.id), BothWatcher)


async def test_a_paused_outbox_is_found_by_the_watch(hub: Hub, doors: Street) -> None:
    async with ground(hub, doors) as here:
        await here.command("pause", reason="moving")
        here.site.add("product")
        await hub.watch.plan()
        home = parse(Prefix.CONNECTION, here.shown["connection"]["id"])
        assert not isinstance(await hub.directory.watcher(home), BothWatcher)
        assert await hub.watch.one("test", home)
        async with hub.database.engine() as conn:
            found = await findings_of(conn, await hub.tenants.find())
        assert [(one.code, one.connection_id) for one in found] == [("outbox-paused", here.shown["connection"]["id"])]
        await here.command("resume")
        assert await hub.watch.one("test", home)
        async with hub.database.engine() as conn:
            assert not await findings_of(conn, await hub.tenants.find())
