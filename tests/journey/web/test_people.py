"""The users of a tenant, as an owner sees them; and that nobody else does."""

from __future__ import annotations

import pytest

from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub
from tests.journey.web.test_account import stale
from tests.support.browsing import beside, made, visiting

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
async def test_only_an_owner_sees_users(hub: Hub, role: Role) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    person = show(Prefix.USER, await hub.people.reaching.find("op@people.example"))
    async with visiting(hub) as visitor:
        await visitor.enter(role)
        csrf = dict((await visitor.get("/account")).form("/account").form_values())["csrf"]
        assert (await visitor.get("/t/default/users")).status == 403
        for action in ("invite", f"{person}/role", f"{person}/remove"):
            sent = {"csrf": csrf, "email": "x@people.example", "role": "owner", "confirm": "op@people.example"}
            assert (await visitor.post(f"/t/default/users/{action}", sent)).status == 403, action
    members = await hub.people.members.list(await hub.tenants.find())
    assert {one.email: one.role for one in members}["op@people.example"] is Role.OPERATOR
    assert len(members) == 2


async def test_an_invitation_without_a_mail_server_shows_its_link_once(hub: Hub) -> None:
    async with visiting(hub) as visitor, beside(visitor) as other:
        await visitor.enter()
        seen = await visitor.submit(
            await visitor.get("/t/default/users"), "/users/invite", email="New@people.example", role="operator"
        )
        assert "It was not mailed: no mail server is set up" in seen.words
        link = seen.doc.xpath("//pre//code")[0].text_content()
        listed = await visitor.get("/t/default/users")
        assert link.partition("=")[2] not in listed.text
        assert any("new@people.example" in row and "Invited" in row for row in listed.rows())
        come = await other.get(link.removeprefix(hub.people.base))
        await other.submit(come, "/invite", name="Nora", password="a lamp and a bicycle", follow=False)
        assert any("Nora" in row and "Active" in row for row in (await visitor.get("/t/default/users")).rows())


async def test_a_role_is_changed_and_somebody_is_removed_by_the_typed_address(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    tenant, person_id = await hub.tenants.find(), await hub.people.reaching.find("op@people.example")
    person = show(Prefix.USER, person_id)
    async with visiting(hub) as visitor:
        await visitor.enter()
        page = await visitor.get("/t/default/users")
        seen = await visitor.submit(page, f"/users/{person}/role", role="admin")
        assert "The role is changed" in seen.words
        assert (await hub.people.members.one(tenant, person_id)).role is Role.ADMIN
        asked = await visitor.get(f"/t/default/users/{person}/remove")
        wrong = await visitor.submit(asked, f"/users/{person}/remove", confirm="somebody else")
        assert wrong.status == 422
        seen = await visitor.submit(wrong, f"/users/{person}/remove", confirm="OP@people.example")
        assert "The seat is taken back" in seen.words
        assert len(seen.rows()) == 1


async def test_the_last_owner_stays_and_is_told_why(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        me = show(Prefix.USER, await hub.people.reaching.find("owner-default@people.example"))
        page = await visitor.get("/t/default/users")
        seen = await visitor.submit(page, f"/users/{me}/role", role="viewer")
        assert seen.status == 422
        assert "would be without an owner" in seen.words
        asked = await visitor.get(f"/t/default/users/{me}/remove")
        seen = await visitor.submit(asked, f"/users/{me}/remove", confirm="owner-default@people.example")
        assert seen.status == 409


async def test_without_a_fresh_password_nobody_is_changed(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    person = show(Prefix.USER, await hub.people.reaching.find("op@people.example"))
    async with visiting(hub) as visitor:
        await visitor.enter()
        page, asked = await visitor.get("/t/default/users"), await visitor.get(f"/t/default/users/{person}/remove")
        await stale(hub)
        assert "confirm your password first" in (await visitor.get("/t/default/users")).words
        for seen, action, values in (
            (page, "/users/invite", {"email": "x@people.example"}),
            (page, f"/users/{person}/role", {"role": "owner"}),
            (asked, f"/users/{person}/remove", {"confirm": "op@people.example"}),
        ):
            assert (await visitor.submit(seen, action, **values)).url == "/account/confirm?next=/t/default/users"
    members = await hub.people.members.list(await hub.tenants.find())
    assert {one.email: one.role for one in members}["op@people.example"] is Role.OPERATOR
    assert len(members) == 2


async def test_the_table_is_exported(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        seen = await visitor.get("/t/default/users?format=csv")
        assert seen.headers["Content-Type"].startswith("text/csv")
        assert "owner-default@people.example" in seen.text
