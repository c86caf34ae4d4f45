"""Memberships: a tenant always keeps an owner who can log in, and a change of rights ends sessions at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crossdock.errors import BadInput, Conflict, NotFound, Unauthenticated
from crossdock.govern.access import Role
from crossdock.govern.people import Kind, People
from crossdock.wiring import Hub
from tests.support.people import OWNER, PASSWORD, enter, enter_first, people_of

OTHER = "canary.other@people.example"


async def token_of(people: People, email: str) -> str:
    return (await people.sessions.begin(email, PASSWORD, agent="", address="")).token


async def owners(hub: Hub) -> int:
    async with hub.database.engine() as conn:
        found: int = await conn.fetchval(
            "SELECT count(*) FROM membership m JOIN person p ON p.id = m.person_id"
            " WHERE role = 'owner' AND accepted_at IS NOT NULL AND disabled_at IS NULL"
        )
    return found


async def test_the_last_owner_is_neither_demoted_nor_removed_nor_disabled(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    first = await enter_first(people)
    await enter(people, tenant, OTHER, Role.ADMIN)
    await people.members.invite(tenant, "invited@people.example", Role.OWNER, actor="test")
    gone = await enter(people, tenant, "gone@people.example", Role.OWNER)
    await people.members.disable(gone, actor="test")
    for change in (
        people.members.role(tenant, first, Role.ADMIN, actor="test"),
        people.members.remove(tenant, first, actor="test"),
        people.members.disable(first, actor="test"),
    ):
        with pytest.raises(Conflict, match="without an owner"):
            await change
    assert await owners(hub) == 1
    await people.members.role(tenant, await people.reaching.find(OTHER), Role.OWNER, actor="test")
    await people.members.role(tenant, first, Role.ADMIN, actor="test")
    await people.members.remove(tenant, first, actor="test")
    assert await owners(hub) == 1


@pytest.mark.parametrize("way", ["demote", "remove", "disable", "all"])
async def test_two_owners_who_end_each_other_at_the_same_moment_leave_one(hub: Hub, way: str) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    everybody = [await enter_first(people)]
    everybody += [await enter(people, tenant, f"o{n}@people.example", Role.OWNER) for n in range(3)]

    def ended(number: int, person: Any) -> Any:
        ways = {
            "demote": lambda: people.members.role(tenant, person, Role.VIEWER, actor="test"),
            "remove": lambda: people.members.remove(tenant, person, actor="test"),
            "disable": lambda: people.members.disable(person, actor="test"),
        }
        return ways[way if way != "all" else ("demote", "remove", "disable")[number % 3]]()

    answers = await asyncio.gather(*(ended(n, one) for n, one in enumerate(everybody)), return_exceptions=True)
    assert [type(one) for one in answers].count(Conflict) == 1, answers
    assert await owners(hub) == 1


async def test_another_role_ends_the_persons_sessions_and_counts_at_once(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    await enter_first(people)
    person = await enter(people, tenant, OTHER, Role.ADMIN)
    token = await token_of(people, OTHER)
    await people.members.role(tenant, person, Role.ADMIN, actor="test")
    assert await people.sessions.seat(token, None) is not None, "nothing has changed"
    await people.members.role(tenant, person, Role.VIEWER, actor="test")
    assert await people.sessions.seat(token, None) is None
    seat = await people.sessions.seat(await token_of(people, OTHER), None)
    assert seat is not None
    assert seat.role is Role.VIEWER


async def test_whoever_is_removed_has_no_seat_at_the_next_look(hub: Hub) -> None:
    people, tenant, other = people_of(hub), await hub.tenants.find(), await hub.tenants.add("other")
    await enter_first(people)
    person = await enter(people, tenant, OTHER, Role.ADMIN)
    await enter(people, other, OTHER, Role.OWNER)
    token = await token_of(people, OTHER)
    assert (await people.sessions.seat(token, "default")).role is Role.ADMIN  # type: ignore[union-attr]
    await people.members.remove(tenant, person, actor="test")
    with pytest.raises(NotFound):
        await people.sessions.seat(token, "default")
    seat = await people.sessions.seat(token, None)
    assert seat is not None
    assert (seat.slug, seat.role, [slug for slug, *_ in seat.tenants]) == ("other", Role.OWNER, ["other"])


async def test_whoever_is_disabled_is_out_everywhere_until_enabled(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    await enter_first(people)
    person = await enter(people, tenant, OTHER, Role.ADMIN)
    token = await token_of(people, OTHER)
    await people.members.disable(person, actor="test")
    assert await people.sessions.seat(token, None) is None
    with pytest.raises(Unauthenticated):
        await token_of(people, OTHER)
    assert (await people.members.one(tenant, person)).state == "disabled"
    with pytest.raises(NotFound):
        await people.members.disable(person, actor="test")
    await people.members.enable(person, actor="test")
    assert await people.sessions.seat(token, None) is None, "what was ended stays so"
    assert await token_of(people, OTHER)


async def test_an_invitation_is_answered_alike_whoever_has_the_address(hub: Hub) -> None:
    people, tenant, other = people_of(hub), await hub.tenants.find(), await hub.tenants.add("other")
    await enter_first(people)
    await enter(people, tenant, OTHER, Role.ADMIN)
    for email in (OTHER, "nobody@people.example"):
        invited = await people.members.invite(other, email, Role.VIEWER, actor="test")
        member = await people.members.one(other, invited.person_id)
        shown = (member.email, member.name, member.role, member.state, member.totp, member.seen_at, member.accepted_at)
        assert shown == (email, "", Role.VIEWER, "invited", False, None, None)
    assert [one.name for one in await people.members.list(tenant)] == ["Olga Owner", "canary.other"]
    with pytest.raises(Conflict, match="is a member already"):
        await people.members.invite(tenant, OTHER, Role.OWNER, actor="test")
    assert (await people.members.one(tenant, await people.reaching.find(OTHER))).role is Role.ADMIN


async def test_an_invitation_gives_nothing_before_it_is_accepted(hub: Hub) -> None:
    people, other = people_of(hub), await hub.tenants.add("other")
    await enter_first(people)
    invited = await people.members.invite(other, OWNER, Role.OWNER, actor="test")
    token = await token_of(people, OWNER)
    with pytest.raises(NotFound):
        await people.sessions.seat(token, "other")
    assert (await people.links.use(Kind.INVITE, invited.token)).slug == "other"
    seat = await people.sessions.seat(token, "other")
    assert seat is not None
    assert seat.role is Role.OWNER


async def test_an_invitation_that_is_taken_back_leaves_nothing_of_a_stranger(hub: Hub) -> None:
    people, tenant, other = people_of(hub), await hub.tenants.find(), await hub.tenants.add("other")
    await enter_first(people)
    one = await people.members.invite(tenant, "stranger@people.example", Role.VIEWER, actor="test")
    two = await people.members.invite(other, "stranger@people.example", Role.VIEWER, actor="test")
    await people.members.remove(tenant, one.person_id, actor="test")
    assert (await people.links.look(Kind.INVITE, two.token)).slug == "other"
    await people.members.remove(other, two.person_id, actor="test")
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM person") == 1
    with pytest.raises(NotFound):
        await people.members.remove(other, two.person_id, actor="test")


async def test_people_of_a_tenant_are_out_of_reach_from_another(hub: Hub) -> None:
    people, other = people_of(hub), await hub.tenants.add("other")
    person = await enter_first(people)
    for change in (
        people.members.role(other, person, Role.VIEWER, actor="test"),
        people.members.remove(other, person, actor="test"),
        people.members.one(other, person),
        people.members.find(other, OWNER),
    ):
        with pytest.raises(NotFound):
            await change
    assert await people.members.list(other) == []
    with pytest.raises(BadInput):
        await people.members.invite(other, "x@people.example", "emperor", actor="test")


async def test_the_pages_role_reads_no_person(hub: Hub) -> None:
    await enter_first(people_of(hub))
    tenant, other = await hub.tenants.find(), await hub.tenants.add("other")
    async with hub.database.tenant(other) as conn:
        assert await conn.fetchval("SELECT count(*) FROM membership") == 0
    async with hub.database.tenant(tenant) as conn:
        assert await conn.fetchval("SELECT count(*) FROM membership") == 1
    for table in ("person", "person_session", "person_totp", "recovery_code", "login_guard"):
        with pytest.raises(Exception, match="permission denied"):
            async with hub.database.tenant(tenant) as conn:
                await conn.fetchval(f"SELECT count(*) FROM {table}")


async def test_the_tenant_used_last_is_where_one_comes_in_next(hub: Hub) -> None:
    people, other = people_of(hub), await hub.tenants.add("other", "Zebra")
    await enter_first(people)
    await enter(people, other, OWNER, Role.VIEWER)
    token = await token_of(people, OWNER)
    for slug in ("other", "default", "other"):
        assert await people.sessions.seat(token, slug) is not None
        for at in (token, await token_of(people, OWNER)):
            seat = await people.sessions.seat(at, None)
            assert seat is not None
            assert seat.slug == slug


async def test_whoever_has_no_seat_left_can_be_forgotten(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    await enter_first(people)
    person = await enter(people, tenant, OTHER, Role.ADMIN)
    token = await token_of(people, OTHER)
    with pytest.raises(Conflict, match="has a seat"):
        await people.members.forget(person, actor="test")
    assert await people.sessions.seat(token, None) is not None
    await people.members.remove(tenant, person, actor="test")
    await people.members.forget(person, actor="test")
    assert await people.sessions.seat(token, None) is None
    with pytest.raises(NotFound):
        await people.members.forget(person, actor="test")
    again = await enter(people, tenant, OTHER, Role.ADMIN)
    assert again != person
