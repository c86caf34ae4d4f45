"""The audit on pages: who did what, filtered and paged; whole for owners; verified by whoever looks."""

from __future__ import annotations

import json

import pytest

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.store.audit import audit
from crossdock.wiring import Hub
from tests.support.browsing import visiting
from tests.support.hub import add_connection

BASE = "/t/default/audit"
pytestmark = pytest.mark.asyncio


async def wrote(hub: Hub, count: int, action: str = "connection.change", actor: str = "cli") -> str:
    """Write entries about one connection; return its id."""
    made = await add_connection(hub, "webhook", f"sink {action}")
    async with hub.database.transaction() as conn:
        for number in range(count):
            await audit(conn, made.tenant_id, actor, action, made.id, {"number": number})
    await hub.audit.chainer.tend()
    return show(Prefix.CONNECTION, made.id)


async def test_changes_are_listed_filtered_and_paged(hub: Hub) -> None:
    subject = await wrote(hub, 60)
    await wrote(hub, 2, "route.add", "watch")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        first = await visitor.get(f"{BASE}?action=connection.change")
        assert len(first.rows()) == 50
        assert "Connection: change" in first.rows()[0]
        assert first.doc.xpath(f"//main//tbody//a[@href='/t/default/connections/{subject}']")
        second = await visitor.get(first.doc.xpath("//nav[@aria-label='Pages']//a[contains(., 'Older')]/@href")[0])
        assert len(second.rows()) == 10
        assert len((await visitor.get(f"{BASE}?actor=watch")).rows()) == 2
        assert len((await visitor.get(f"{BASE}?action=route")).rows()) == 2
        assert len((await visitor.get(f"{BASE}?subject={subject}&since=2026-01-01")).rows()) == 50
        nothing = await visitor.get(f"{BASE}?subject={subject}&until=2020-01-01")
        assert "No such change" in nothing.words
        refused = await visitor.get(f"{BASE}?since=yesterday")
        assert refused.status == 400
        assert "A day is written" in refused.words


async def test_people_are_named_to_owners_alone(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        form = await visitor.get("/t/default/settings")
        await visitor.submit(form, "/settings/name", name="Tea House")
        seen = await visitor.get(f"{BASE}?action=tenant.rename")
        assert "you" in seen.rows()[0]
    async with visiting(hub) as other:
        await other.enter(Role.OWNER, email="second@people.example")
        assert "A owner" in (await other.get(f"{BASE}?action=tenant.rename")).rows()[0]
    async with visiting(hub) as viewer:
        await viewer.enter(Role.VIEWER)
        (row,) = (await viewer.get(f"{BASE}?action=tenant.rename")).rows()
        assert "usr_" in row
        assert "A owner" not in row


async def test_the_whole_of_it_is_for_owners(hub: Hub) -> None:
    await wrote(hub, 3)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.ADMIN)
        assert (await visitor.get(f"{BASE}?format=json")).status == 403
        assert "format=csv" not in (await visitor.get(BASE)).text
    async with visiting(hub) as owner:
        await owner.enter(Role.OWNER)
        told = json.loads((await owner.get(f"{BASE}?format=json&action=connection.change")).text)
        assert [one["detail"]["number"] for one in told] == [0, 1, 2]
        table = (await owner.get(f"{BASE}?format=csv&action=connection.change")).text.splitlines()
        assert table[0] == "seq,at,actor,action,subject,detail,id,hash"
        assert len(table) == 4


async def test_the_chain_is_verified_against_itself_and_a_head_that_was_kept(hub: Hub) -> None:
    await wrote(hub, 3)
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        well = await visitor.submit(await visitor.get(BASE), "/audit/verify")
        assert well.status == 200
        assert "Every line is as it was written" in well.words
        (head,) = well.doc.xpath("//dt[.='Head']/following-sibling::dd[1]/code/text()")
        wrong = await visitor.submit(well, "/audit/verify", head="nonsense")
        assert wrong.status == 422
        assert "A head is written seq:hash" in wrong.words
        again = await visitor.submit(well, "/audit/verify", head=head)
        assert "Every line is as it was written" in again.words
        later = await visitor.submit(well, "/audit/verify", head="999999:" + "0" * 64)
        assert "The audit is not as it was written" in later.words
        assert later.rows()
