"""What a CRM's people know reaches the site's users and orders as meta, once, and does not come back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.connect.sandbox import serving
from crossdock.connectors.wordpress.sandbox import Site, SiteApp
from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, parse
from crossdock.kit.site_address import account_uid
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, rows
from tests.journey.hubspot.stage import Place, Portal
from tests.support.hub import add_connection, add_route, until, working


class Bridge:
    """A portal whose contacts are read, and a paired sandbox site."""

    def __init__(self, hub: Hub, portal: Portal, crm: Connection, app: SiteApp, url: str, home: Connection) -> None:
        self.hub, self.portal, self.crm, self.app, self.url, self.home = hub, portal, crm, app, url, home

    @property
    def site(self) -> Site:
        """The site."""
        return self.app.site

    async def told(self) -> None:
        """Let the site send what waits there."""
        for answer in await self.app.sender.send(self.url):
            assert answer["status"] == 200, answer

    async def pulled(self) -> None:
        """Let the hub read the portal's contacts."""
        made = await self.hub.runs.add(self.crm.tenant_id, self.crm.id, RunKind.PULL, ("contact",))

        async def ended() -> bool:
            found = await self.hub.runs.one(self.crm.tenant_id, made)
            return bool(found and found["state"] == "done")

        await until(ended)

    async def meta(self, kind: str, number: int, **expected: str) -> None:
        """Wait until meta stands at the site."""

        async def there() -> bool:
            held = self.site.meta[kind].get(number, {})
            return all(held.get(name) == value for name, value in expected.items())

        await until(there)


@contextlib.asynccontextmanager
async def bridge(hub: Hub, doors: Street, place: Place, *, joined: bool = False) -> AsyncIterator[Bridge]:
    """Build it, with the route that a person adds; ``joined``: the shop is connected by REST keys already."""
    portal = await place.portal(62515)
    crm = await place.connected(portal)
    app = SiteApp(Site())
    async with serving(app.switch) as served:
        tenant = await hub.tenants.find()
        if joined:
            uid = account_uid(served.url)
            await add_connection(hub, "woocommerce", uid, {"url": served.url, "plain_http": True}, destination=True)
        code = await hub.pairing.code(tenant, actor="test")
        paired = await app.sender.pair(doors.url, code.code.rsplit(".", 1)[1], served.url)
        home = await hub.directory.connection(parse(Prefix.CONNECTION, paired["body"]["data"]["connection"]["id"]))
        assert home.connector == ("woocommerce" if joined else "wordpress")
        await add_route(hub, crm, home, "contact", "write_meta")
        yield Bridge(hub, portal, crm, app, served.url, home)


@pytest.mark.parametrize("joined", [False, True])
async def test_a_contacts_status_reaches_the_user_who_has_its_address(
    hub: Hub, doors: Street, place: Place, joined: bool
) -> None:
    async with bridge(hub, doors, place, joined=joined) as there, working(hub):
        await there.pulled()
        user = there.site.add("customer", email="Ada@Example.com")
        await there.told()
        contact = await there.portal.make("contacts", email="ada@example.com", hs_lead_status="OPEN")
        stranger = await there.portal.make("contacts", email="nobody@example.com", hs_lead_status="OPEN")
        await there.pulled()
        await there.meta("user", user["id"], crossdock_crm_id=contact, crossdock_lead_status="OPEN")
        await there.portal.act("edit", type="contacts", id=contact, properties={"hs_lead_status": "CONNECTED"})
        await there.pulled()
        await there.meta("user", user["id"], crossdock_lead_status="CONNECTED")
        assert stranger not in str(there.site.meta)
        assert there.site.outbox == [], "what the hub writes is no news of the site's"

        async def skipped() -> Any:
            return await rows(hub, "SELECT reason FROM delivery_done WHERE state = 'skipped' AND rule = 'filter'")

        assert any("nobody at this site" in row["reason"] for row in await until(skipped))
        # the portal is not prepared for what the site tells of itself; what it is told is at stake here
        dead = await rows(hub, "SELECT reason FROM delivery_done WHERE state = 'dead' AND lane_id = $1", there.home.id)
        assert not dead, [row["reason"] for row in dead]


async def test_a_guests_order_is_written_where_there_is_no_user(hub: Hub, doors: Street, place: Place) -> None:
    async with bridge(hub, doors, place) as there, working(hub):
        await there.pulled()
        order = there.site.add("order")
        order["billing"]["email"] = "guest@example.com"
        await there.told()
        contact = await there.portal.make("contacts", email="guest@example.com")
        await there.pulled()
        await there.meta("order", order["id"], crossdock_crm_id=contact)
