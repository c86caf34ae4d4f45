"""A real hub calls a real site: status, commands, meta, its check and its watch; what is wrong is said apart."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.connect import site_meta
from crossdock.connect.connector import Context
from crossdock.connect.outpost import Action, Outpost
from crossdock.errors import Conflict
from crossdock.flow.watch import findings_of
from crossdock.govern.sites.commanding import Asked
from crossdock.kit.ids import Prefix, new_id, parse
from crossdock.model.connection import Connection
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Gone
from crossdock.model.plan import Resolved
from crossdock.wiring import Hub
from tests.journey.doors.street import Street
from tests.plugin.test_with_hub import doors, paired, php, settings
from tests.support.wordpress.site import Site

__all__ = ["doors", "settings"]


async def home_of(hub: Hub) -> tuple[Any, Connection]:
    """Return the one paired site's id and its connection."""
    (shown,) = await hub.sites.list(await hub.tenants.find())
    connection = await hub.directory.connection(parse(Prefix.CONNECTION, shown["connection"]["id"]))
    return parse(Prefix.SITE, shown["id"]), connection


async def outpost_of(hub: Hub, home: Connection) -> Outpost:
    """Return the way to the site's plugin."""
    connector = hub.directory.connector(home.connector)
    assert connector is not None
    assert connector.outpost is not None
    return connector.outpost(hub.directory.access(home, await hub.directory.secrets(home.id)))


async def test_a_real_site_is_checked_asked_and_paused(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    tenant = await hub.tenants.find()
    site_id, home = await home_of(hub)
    found = await hub.connections.check(tenant, home.id)
    assert found.ok, (found.code, found.problem)
    assert found.account_uid == home.account_uid
    assert found.account["plugin"] == "1.0.0"
    told = await hub.site_commands.status(tenant, site_id)
    assert told["sending"]["paused"] is False
    assert told["versions"]["plugin"] == "1.0.0"
    assert (await hub.site_commands.command(tenant, site_id, Asked(Action.PING), actor="test")).status == "done"
    await hub.site_commands.command(tenant, site_id, Asked(Action.PAUSE, reason="moving"), actor="test")
    assert (await hub.site_commands.status(tenant, site_id))["sending"]["paused"] is True
    await hub.watch.plan()
    assert await hub.watch.one("test", home.id)
    async with hub.database.engine() as conn:
        codes = [one.code for one in await findings_of(conn, tenant)]
    assert "outbox-paused" in codes
    await hub.site_commands.command(tenant, site_id, Asked(Action.RESUME), actor="test")
    assert (await hub.site_commands.status(tenant, site_id))["sending"]["paused"] is False


async def test_a_real_site_is_told_to_send_all_it_has(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    tenant = await hub.tenants.find()
    site_id, _ = await home_of(hub)
    told = await hub.site_commands.command(tenant, site_id, Asked(Action.EXPORT, ("customer",)), actor="test")
    assert told.status == "done"
    user = await php(site, "return wp_insert_user( array( 'user_login' => 'ada', 'user_pass' => 'x' ) );")
    asked = Asked(Action.REFRESH, ("customer",), (int(user),))
    assert (await hub.site_commands.command(tenant, site_id, asked, actor="test")).status == "done"
    waiting = await asyncio.to_thread(
        site.sql, f"SELECT kind, entity FROM wp_crossdock_outbox WHERE entity LIKE '%{int(user)}'"
    )
    assert waiting, "what was asked for waits to be sent"


async def test_meta_reaches_a_real_user_once_and_nobody_else(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    _, home = await home_of(hub)
    outpost = await outpost_of(hub, home)
    user = int(await php(site, "return wp_insert_user( array( 'user_login' => 'ada', 'user_pass' => 'x' ) );"))

    def written(number: int, delivery: str, **meta: str) -> Resolved:
        speakers = {"ada@example.com": ("customer", f"{home.account_uid}:{number}")}
        context = Context("hubspot-1", "Portal", "", {}, {}, "contact.updated", "501", "live", speakers=speakers)
        contact = {"id": "501", "email": "ada@example.com"}
        plan = site_meta.plan(contact, Mapped({"meta": (dict(meta),)}), context, home.account_uid)
        return Resolved(plan.steps[0].writes[0], None, {}, idempotency_key=delivery)

    first = written(user, f"evt_{new_id().hex}", crossdock_crm_id="501", crossdock_lead_status="OPEN")
    nobody = written(999_999, f"evt_{new_id().hex}", crossdock_crm_id="502")
    outcomes = await site_meta.perform(outpost, [first, nobody])
    assert outcomes[0] == Delivered(f"user:{user}")
    assert isinstance(outcomes[1], Gone)
    held = "return array( get_user_meta( $u, 'crossdock_crm_id', true ), get_user_meta( $u, 'crossdock_lead_status', true ) );"
    assert await php(site, held, u=user) == ["501", "OPEN"]
    await php(site, "update_user_meta( $u, 'crossdock_lead_status', 'changed here' ); return 1;", u=user)
    assert await site_meta.perform(outpost, [first]) == [Delivered(f"user:{user}")]
    assert (await php(site, held, u=user))[1] == "changed here", "the same command is carried out once"


async def test_what_is_wrong_with_a_real_site_is_said_apart(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    tenant = await hub.tenants.find()
    site_id, home = await home_of(hub)
    await php(site, "update_option( 'permalink_structure', '' ); flush_rewrite_rules(); return 1;")
    plain = await hub.connections.check(tenant, home.id)
    assert plain.ok, (plain.code, plain.problem)
    await php(site, "update_option( 'active_plugins', array() ); return 1;")
    gone = await hub.connections.check(tenant, home.id)
    assert gone.code == "plugin-missing", (gone.code, gone.problem)
    with pytest.raises(Exception, match="plugin does not answer"):
        await hub.site_commands.command(tenant, site_id, Asked(Action.PING), actor="test")


async def test_a_pause_that_a_person_made_is_ended_there(site: Site, hub: Hub, doors: Street) -> None:
    await paired(site, hub, doors)
    tenant = await hub.tenants.find()
    site_id, _ = await home_of(hub)
    pause = "Crossdock\\Plugin::container()->get( Crossdock\\Monitor\\Condition::class )->pause( 'manual', '', 1 ); return 1;"
    await php(site, pause)
    with pytest.raises(Conflict, match="paused"):
        await hub.site_commands.command(tenant, site_id, Asked(Action.RESUME), actor="test")
