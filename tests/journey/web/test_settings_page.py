"""Settings on pages: the tenant's name, what is kept how long, and the facts of the installation."""

from __future__ import annotations

import io
import tarfile

import aiohttp
import pytest

from crossdock.govern.access import Role
from crossdock.govern.alerts import NewChannel
from crossdock.wiring import Hub
from tests.support.browsing import visiting

BASE = "/t/default/settings"
pytestmark = pytest.mark.asyncio


async def test_settings_are_for_owners(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        assert (await visitor.get(BASE)).status == 403
        assert (await visitor.get(f"{BASE}/installation")).status == 403
        assert not (await visitor.get("/t/default/alerts")).doc.xpath("//nav//a[.='Settings']")


async def test_the_tenant_is_renamed_and_its_addresses_stay(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        seen = await visitor.get(BASE)
        refused = await visitor.submit(seen, "/settings/name", name="x" * 201)
        assert refused.status == 422
        assert refused.doc.xpath("//div[contains(@class, 'is-bad')]/label[.='Name']")
        done = await visitor.submit(seen, "/settings/name", name=" Fennmoor Tea ")
        assert done.doc.xpath("//input[@name='name']/@value") == ["Fennmoor Tea"]
        assert done.doc.xpath("//header//span[contains(., 'Fennmoor Tea')]")
        assert done.url == BASE
    (tenant,) = await hub.tenants.list()
    assert (tenant["name"], tenant["slug"]) == ("Fennmoor Tea", "default")
    async with hub.database.engine() as conn:
        entry = await conn.fetchrow("SELECT actor, detail::text FROM audit_entry WHERE action = 'tenant.rename'")
    assert entry["actor"].startswith("usr_")
    assert "Fennmoor" not in str(entry["detail"])


async def test_what_is_kept_and_where_the_report_goes(hub: Hub) -> None:
    tenant_id = await hub.tenants.find()
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        seen = await visitor.get(BASE)
        assert any("400" in row and "CROSSDOCK_KEEP_EVENTS_DAYS" in row for row in seen.rows())
        assert any("for ever" in row and "CROSSDOCK_KEEP_AUDIT_DAYS" in row for row in seen.rows())
        assert "07:00 UTC" in seen.words
        assert "It goes nowhere yet" in seen.words
        new = NewChannel("ops", "webhook", {"url": "http://127.0.0.1:9/hook"})
        await hub.alerting.channels.add(tenant_id, new, actor="test")
        assert "told on ops" in (await visitor.get(BASE)).words


async def test_the_installation_is_shown_with_its_doctor(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        seen = await visitor.get(f"{BASE}/installation")
        assert seen.status == 200
        assert hub.vault.key_id in seen.words
        assert "stores are pulled" in seen.words
        rows = " ".join(seen.rows())
        assert "Master key" in rows
        assert "Schema" in rows
        for secret in (str(hub.settings.database_url.get_secret_value()), str(hub.settings.master_key_file)):
            assert secret not in seen.text
        hub.settings.master_key_file.chmod(0o644)
        wrong = await visitor.get(f"{BASE}/installation")
        assert "1 thing is wrong" in wrong.words
        assert "Other users may read" in " ".join(wrong.rows())


async def test_all_of_a_tenant_is_taken_along(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        seen = await visitor.get(BASE)
        csrf = seen.doc.xpath("//form[contains(@action, '/settings/export')]/input[@name='csrf']/@value")[0]
        async with (
            aiohttp.ClientSession(cookies=visitor.cookies()) as session,
            session.post(f"{visitor.url}{BASE}/export", data={"csrf": csrf}) as answer,
        ):
            assert answer.status == 200
            assert answer.headers["Content-Disposition"].startswith('attachment; filename="default-')
            with tarfile.open(fileobj=io.BytesIO(await answer.read())) as archive:
                names = archive.getnames()
        assert "manifest.json" in {name.rpartition("/")[2] for name in names}
        assert len(names) > 1


async def test_a_tenant_is_deleted_by_its_short_name_alone(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        ask = await visitor.get(f"{BASE}/end")
        wrong = await visitor.submit(ask, "/settings/end", confirm="Default")
        assert "That is not its short name" in wrong.words
        assert (await visitor.get(BASE)).status == 200
        done = await visitor.submit(ask, "/settings/end", confirm="default", follow=False)
        assert done.status == 303
        assert (await visitor.get(BASE, follow=False)).status in (303, 404)
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM tenant_end") == 1


async def test_the_end_is_for_owners_who_have_just_logged_in(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        seen = await visitor.get(f"{BASE}/end")
        csrf = seen.doc.xpath("//input[@name='csrf']/@value")[0]
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE person_session SET confirmed_at = now() - interval '1 hour'")
        for path in ("end", "export"):
            stale = await visitor.post(f"{BASE}/{path}", {"csrf": csrf, "confirm": "default"}, follow=False)
            assert stale.headers["Location"].startswith("/account/confirm?next=")
        assert (await visitor.get(BASE)).status == 200
