"""One-time links: each does its one thing once, also when two use it at the same moment."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from crossdock.errors import BadInput, Conflict, ExpiredLink, Locked, NotFound, Unauthenticated
from crossdock.govern.access import Role
from crossdock.govern.people import Kind, People, Used
from crossdock.govern.people.guarding import EMAIL
from crossdock.wiring import Hub
from tests.support.people import OWNER, PASSWORD, CountedHasher, Meanwhile, enter, enter_first, people_of

NEW = "a lamp and a bicycle"


async def used(people: People, kind: Kind, token: str, times: int, **given: str) -> list[Any]:
    """Use a link so many times at the same moment, each time with another name."""
    tries = [people.links.use(kind, token, **{**given, "name": f"Number {number}"}) for number in range(times)]
    return await asyncio.gather(*tries, return_exceptions=True)


def one_did(ended: list[Any]) -> None:
    assert [type(one) for one in ended].count(Used) == 1
    assert {type(one) for one in ended} == {Used, ExpiredLink}


async def test_of_two_first_persons_one_comes_in(hub: Hub) -> None:
    people = people_of(hub)
    token = await people.links.first_run()
    assert token is not None
    given = {"name": "N", "password": PASSWORD}
    tries = [people.links.use(Kind.FIRST_RUN, token, email=f"n{n}@people.example", **given) for n in range(4)]
    one_did(await asyncio.gather(*tries, return_exceptions=True))
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM person") == 1
        assert await conn.fetchval("SELECT count(*) FROM membership WHERE role = 'owner'") == 1


async def test_a_first_run_link_is_over_once_anybody_was_made(hub: Hub) -> None:
    people = people_of(hub)
    token = await people.links.first_run()
    assert token is not None
    await people.members.invite(await hub.tenants.find(), "a@people.example", Role.OWNER, actor="test")
    with pytest.raises(ExpiredLink):
        await people.links.use(Kind.FIRST_RUN, token, email=OWNER, name="N", password=PASSWORD)
    assert await people.links.first_run() is None


async def test_whoever_was_made_while_the_first_person_typed_ends_the_link(hub: Hub) -> None:
    people, tenant = people_of(hub, hasher := Meanwhile()), await hub.tenants.find()
    token = await people.links.first_run()
    assert token is not None
    hasher.meanwhile(lambda: people.members.invite(tenant, "a@people.example", Role.OWNER, actor="test"))
    with pytest.raises(ExpiredLink):
        await people.links.use(Kind.FIRST_RUN, token, email=OWNER, name="N", password=PASSWORD)
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM membership WHERE accepted_at IS NOT NULL") == 0


async def test_whoever_came_in_by_another_invitation_meanwhile_keeps_his_password(hub: Hub) -> None:
    people, tenant = people_of(hub, hasher := Meanwhile()), await hub.tenants.find()
    one = await people.members.invite(tenant, "a@people.example", Role.VIEWER, actor="test")
    two = await people.members.invite(await hub.tenants.add("other"), "a@people.example", Role.VIEWER, actor="test")
    hasher.meanwhile(lambda: people.links.use(Kind.INVITE, two.token, name="A", password=PASSWORD))
    with pytest.raises(ExpiredLink):
        await people.links.use(Kind.INVITE, one.token, name="Another", password=NEW)
    assert (await people.sessions.begin("a@people.example", PASSWORD, agent="", address="")).token
    assert (await people.links.use(Kind.INVITE, one.token)).slug == "default", "the link still gives the seat"


async def test_of_two_with_the_same_invitation_one_comes_in(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    invited = await people.members.invite(tenant, "a@people.example", Role.VIEWER, actor="test")
    one_did(await used(people, Kind.INVITE, invited.token, 4, password=PASSWORD))
    with pytest.raises(ExpiredLink):
        await people.links.look(Kind.INVITE, invited.token)


async def test_of_two_with_the_same_new_password_link_one_sets_it(hub: Hub) -> None:
    people = people_of(hub)
    person = await enter_first(people)
    token = await people.links.make(Kind.RESET, person_id=person)
    one_did(await used(people, Kind.RESET, token, 4, password=NEW))
    assert (await people.sessions.begin(OWNER, NEW, agent="", address="")).token
    with pytest.raises(Unauthenticated):
        await people.sessions.begin(OWNER, PASSWORD, agent="", address="")


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_link_that_is_too_old_or_of_another_kind_does_nothing_and_costs_nothing(hub: Hub, kind: Kind) -> None:
    people = people_of(hub, hasher := CountedHasher())
    if kind is not Kind.FIRST_RUN:
        await enter_first(people)
    person = None if kind is Kind.FIRST_RUN else await people.reaching.find(OWNER)
    tenant = await hub.tenants.find() if kind is Kind.INVITE else None
    token = await people.links.make(kind, person_id=person, tenant_id=tenant)
    assert (await people.links.look(kind, token)).kind is kind
    before, given = hasher.work, {"email": OWNER, "name": "N", "password": NEW}
    for other in Kind:
        if other is not kind:
            with pytest.raises(ExpiredLink):
                await people.links.use(other, token, **given)
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE person_link SET expires_at = now()")
    for wrong in (token, "", "x" * 43, "\udc80" * 43):
        with pytest.raises(ExpiredLink):
            await people.links.use(kind, wrong, **given)
    assert hasher.work == before, "strangers make nobody compute"
    assert await people.forget() == 1


async def test_a_newer_link_ends_the_older(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    person = await enter_first(people)
    old = await people.links.make(Kind.RESET, person_id=person)
    new = await people.links.make(Kind.RESET, person_id=person)
    invited = [await people.members.invite(tenant, "a@people.example", Role.VIEWER, actor="test") for _ in range(2)]
    for kind, token in ((Kind.RESET, old), (Kind.INVITE, invited[0].token)):
        with pytest.raises(ExpiredLink):
            await people.links.look(kind, token)
    assert (await people.links.look(Kind.RESET, new)).email == OWNER
    assert (await people.links.look(Kind.INVITE, invited[1].token)).email == "a@people.example"


async def test_a_new_password_ends_sessions_and_asks_for_codes_as_before(hub: Hub) -> None:
    people = people_of(hub)
    person = await enter_first(people)
    begun = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
    await people.links.use(Kind.RESET, await people.links.make(Kind.RESET, person_id=person), password=NEW)
    assert await people.sessions.seat(begun.token, None) is None
    assert await people.sessions.list(person) == []


async def test_a_new_password_ends_the_lock_that_a_strangers_guesses_made(hub: Hub) -> None:
    people = people_of(hub)
    person = await enter_first(people)
    for _ in range(EMAIL.free):
        with pytest.raises(Unauthenticated):
            await people.sessions.begin(OWNER, "a guess of a stranger", agent="", address="")
    with pytest.raises(Locked):
        await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
    await people.links.use(Kind.RESET, await people.links.make(Kind.RESET, person_id=person), password=NEW)
    assert (await people.sessions.begin(OWNER, NEW, agent="", address="")).token


async def test_whoever_is_disabled_or_never_came_gets_no_new_password(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    await enter_first(people)
    person = await enter(people, tenant, "a@people.example", Role.VIEWER)
    token = await people.links.make(Kind.RESET, person_id=person)
    await people.members.disable(person, actor="test")
    with pytest.raises(ExpiredLink):
        await people.links.use(Kind.RESET, token, password=NEW)
    with pytest.raises(NotFound):
        await people.reaching.reset(person, actor="test")
    invited = await people.members.invite(tenant, "b@people.example", Role.VIEWER, actor="test")
    with pytest.raises(Conflict):
        await people.reaching.reset(invited.person_id, actor="test")


async def test_a_password_that_breaks_a_rule_leaves_the_link_as_it_is(hub: Hub) -> None:
    people, tenant = people_of(hub), await hub.tenants.find()
    invited = await people.members.invite(tenant, "abc.def@people.example", Role.VIEWER, actor="test")
    for password in ("tiny words", "abc.def@people.example", "password1234567"):
        with pytest.raises(BadInput) as told:
            await people.links.use(Kind.INVITE, invited.token, name="A", password=password)
        assert told.value.field == "password"
        assert password not in str(told.value.as_problem())
    assert (await people.links.use(Kind.INVITE, invited.token, name="A", password=PASSWORD)).slug == "default"


async def test_whoever_was_invited_twice_sets_his_password_once(hub: Hub) -> None:
    people, tenant, other = people_of(hub), await hub.tenants.find(), await hub.tenants.add("other")
    one = await people.members.invite(tenant, "a@people.example", Role.VIEWER, actor="test")
    two = await people.members.invite(other, "A@People.example", Role.OWNER, actor="test")
    assert one.person_id == two.person_id
    words = {one.token: NEW, two.token: PASSWORD}
    tries = [people.links.use(Kind.INVITE, token, name="A", password=word) for token, word in words.items()]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(each) for each in ended} <= {Used, ExpiredLink}
    opens = []
    for word in words.values():
        with contextlib.suppress(Unauthenticated):
            opens.append(await people.sessions.begin("a@people.example", word, agent="", address=""))
    assert len(opens) == 1, "the first password stays: an invitation to somebody known sets none"


async def test_only_hashes_of_tokens_are_kept(hub: Hub) -> None:
    people = people_of(hub)
    person = await enter_first(people)
    token = await people.links.make(Kind.RESET, person_id=person)
    begun = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT l::text AS t FROM person_link l UNION ALL SELECT s::text FROM person_session s")
    told = "".join(row["t"] for row in rows)
    for secret in (token, begun.token):
        assert secret not in told
        assert secret.encode().hex() not in told
