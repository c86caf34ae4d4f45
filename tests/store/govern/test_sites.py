"""Sites in the database: what is counted, what is forgotten, and who sees what."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from crossdock.errors import NonceReplayed, NotFound, RateLimited, UnknownKey
from crossdock.govern.sites.fields import Found
from crossdock.govern.sites.keys import ITEMS_KEPT, NONCES_KEPT, SiteKey
from crossdock.kit.ids import Prefix, parse
from crossdock.kit.site_signing import WINDOW_S
from crossdock.settings import Settings
from crossdock.wiring import Hub
from tests.journey.plugin.stage import facts


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Let the hub know an address of its own."""
    return settings.model_copy(update={"public_url": "https://hub.example"})


async def key_of(hub: Hub, **said: Any) -> SiteKey:
    code = await hub.pairing.code(await hub.tenants.find(), actor="test")
    paired = await hub.pairing.pair(code.code, facts(**said))
    return await hub.sites.verify(paired.made.key)


async def scalar(hub: Hub, sql: str, *values: Any) -> Any:
    async with hub.database.engine() as conn:
        return await conn.fetchval(sql, *values)


async def test_a_nonce_is_kept_as_long_as_its_time_is_believed(hub: Hub) -> None:
    key = await key_of(hub)
    assert NONCES_KEPT.total_seconds() > 2 * WINDOW_S
    await hub.sites.admit(key, "n" * 20)
    await scalar(hub, "UPDATE site_nonce SET at = now() - make_interval(secs => $1)", 2.0 * WINDOW_S)
    await hub.sites.forget()
    with pytest.raises(NonceReplayed):
        await hub.sites.admit(key, "n" * 20)
    await scalar(hub, "UPDATE site_nonce SET at = now() - $1::interval", NONCES_KEPT)
    await hub.sites.forget()
    assert await scalar(hub, "SELECT count(*) FROM site_nonce") == 0


async def test_items_and_pairings_are_forgotten_in_their_time(hub: Hub) -> None:
    key = await key_of(hub)
    put = "INSERT INTO site_item (connection_id, item, tenant_id, at) VALUES ($1, $2, $3, now() - $4::interval)"
    for kept in (ITEMS_KEPT, ITEMS_KEPT / 2):
        await scalar(hub, put, key.connection_id, uuid.uuid4(), key.tenant_id, kept)
    await scalar(hub, "UPDATE site_pairing SET expires_at = now() - interval '31 days'")
    await hub.sites.forget()
    assert await scalar(hub, "SELECT count(*) FROM site_item") == 1
    assert await scalar(hub, "SELECT count(*) FROM site_pairing") == 0


async def test_requests_at_once_are_counted_one_by_one(hub: Hub) -> None:
    key = await key_of(hub)
    site = parse(Prefix.SITE, (await hub.sites.list(key.tenant_id))[0]["id"])
    await hub.sites.change(key.tenant_id, site, per_minute=10, actor="test")
    came = await asyncio.gather(
        *(hub.sites.admit(key, f"nonce-number-{n:06}") for n in range(30)), return_exceptions=True
    )
    assert sorted(one.remaining for one in came if not isinstance(one, BaseException)) == list(range(10))
    limited = [one for one in came if isinstance(one, RateLimited)]
    assert len(limited) == 20
    assert all(1 <= one.retry_after_s <= 60 for one in limited)
    assert await scalar(hub, "SELECT count(*) FROM site_nonce") == 10, "what is over the limit uses no nonce up"
    assert await scalar(hub, "SELECT window_count FROM site_key") == 11, "it does not grow for ever"


async def test_a_key_is_the_key_of_one_site_and_one_tenant(hub: Hub) -> None:
    key = await key_of(hub)
    other = await hub.tenants.add("other", "Other")
    site = parse(Prefix.SITE, (await hub.sites.list(key.tenant_id))[0]["id"])
    assert await hub.sites.list(other) == []
    for refused in (
        hub.sites.revoke(other, site, actor="test"),
        hub.sites.rotate(other, site, actor="test"),
        hub.sites.change(other, site, per_minute=1, actor="test"),
        hub.sites.one(other, site),
        hub.sites.find(other, "https://shop.example"),
    ):
        with pytest.raises(NotFound):
            await refused
    assert (await hub.sites.admit(key, None)).limit == 600
    async with hub.database.tenant(other) as conn:
        for table in ("site_key", "site_nonce", "site_item", "site_pairing", "site_field"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0, table


@pytest.mark.parametrize(
    "typed", ["https://shop.example", "Shop.Example", "http://shop.example/", "shop.example/wp-admin/"]
)
async def test_a_site_is_found_however_its_address_is_typed(hub: Hub, typed: str) -> None:
    key = await key_of(hub)
    assert await hub.sites.find(key.tenant_id, typed) == key.id
    for strange in ("shop", "shop.example:8443", "shop.example/de", "shop-example.example"):
        with pytest.raises(NotFound):
            await hub.sites.find(key.tenant_id, strange)


async def test_the_end_of_a_connection_ends_its_key(hub: Hub) -> None:
    key = await key_of(hub)
    await hub.site_fields.put(key.tenant_id, key.connection_id, "order", [Found("a", "text", "sample")])
    await hub.connections.disconnect(key.tenant_id, key.connection_id, actor="test")
    with pytest.raises(UnknownKey):
        await hub.sites.admit(key, None)
    assert await scalar(hub, "SELECT count(*) FROM site_key WHERE sealed IS NOT NULL") == 0
    assert await scalar(hub, "SELECT count(*) FROM site_field") == 0, "samples may be personal"
    again = await key_of(hub)
    assert again.connection_id != key.connection_id, "what was disconnected is connected anew"


async def test_every_change_stands_in_the_audit(hub: Hub) -> None:
    key = await key_of(hub)
    site = parse(Prefix.SITE, (await hub.sites.list(key.tenant_id))[0]["id"])
    made = await hub.sites.rotate(key.tenant_id, site, actor="ann")
    await hub.sites.change(key.tenant_id, site, signature_required=False, actor="ann")
    await hub.sites.revoke(key.tenant_id, site, actor="ann")
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT * FROM audit_entry WHERE action LIKE 'site%' ORDER BY id")
    assert [row["action"] for row in rows] == [
        *("site_pairing.add", "site_key.add", "site_key.rotate", "site_key.change", "site_key.revoke")
    ]
    told = str([tuple(row) for row in rows])
    assert made.secret not in told
    assert made.key not in told
