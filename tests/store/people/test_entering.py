"""The first person, a login, a seat: what the pages stand on."""

from __future__ import annotations

import asyncio

import pytest

from crossdock.errors import ExpiredLink, NotFound, Unauthenticated
from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from crossdock.wiring import Hub
from tests.support.hub import blocked, until
from tests.support.people import OWNER, PASSWORD, enter_first, people_of


async def test_the_first_person_owns_the_default_tenant_and_has_a_seat(hub: Hub) -> None:
    people = people_of(hub)
    link = await people.first_run_link("http://127.0.0.1:8484/")
    assert link is not None
    assert link.startswith("http://127.0.0.1:8484/welcome?token=")
    token = link.partition("=")[2]
    used = await people.links.use(
        Kind.FIRST_RUN, token, email="New@People.Example", name=" Nora  N ", password=PASSWORD
    )
    begun = await people.sessions.begin("new@people.example", PASSWORD, agent="", address="127.0.0.1")
    seat = await people.sessions.seat(begun.token, None)
    assert seat is not None
    assert (seat.person_id, seat.email, seat.name, seat.role) == (
        used.person_id,
        "new@people.example",
        "Nora N",
        Role.OWNER,
    )
    assert (seat.slug, seat.tenants, seat.fresh) == ("default", (("default", "default", Role.OWNER),), True)
    assert len(seat.csrf) == 64
    assert begun.token not in repr(seat) + repr(begun)
    assert await people.first_run_link() is None
    with pytest.raises(ExpiredLink):
        await people.links.use(Kind.FIRST_RUN, token, email="b@people.example", name="B", password=PASSWORD)


async def test_each_start_prints_a_new_link_and_the_older_one_is_over(hub: Hub) -> None:
    people = people_of(hub)
    older = await people.links.first_run()
    newer = await people.links.first_run()
    assert older is not None
    assert newer is not None
    with pytest.raises(ExpiredLink):
        await people.links.look(Kind.FIRST_RUN, older)
    assert (await people.links.look(Kind.FIRST_RUN, newer)).kind is Kind.FIRST_RUN


async def test_a_session_that_was_ended_is_refused_at_once(hub: Hub) -> None:
    people = people_of(hub)
    person = await enter_first(people)
    one = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
    other = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
    await people.sessions.end(one.token)
    assert await people.sessions.seat(one.token, None) is None
    assert await people.sessions.seat(other.token, None) is not None
    await people.sessions.revoke(person, other.session_id)
    assert await people.sessions.seat(other.token, None) is None
    assert await people.sessions.list(person) == []
    with pytest.raises(NotFound):
        await people.sessions.revoke(person, other.session_id)


async def test_a_page_and_a_change_of_password_lock_the_person_before_his_sessions(hub: Hub) -> None:
    people = people_of(hub)
    person = await enter_first(people)
    begun = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE person_session SET seen_at = seen_at - interval '2 minutes'")
        await conn.execute("UPDATE person SET last_tenant_id = NULL")
    async with hub.database.transaction() as conn:
        await conn.fetchval("SELECT id FROM person WHERE id = $1 FOR UPDATE", person)
        page = asyncio.create_task(people.sessions.seat(begun.token, None))
        await until(lambda: blocked(hub))
        free = await conn.fetch("SELECT id FROM person_session WHERE person_id = $1 FOR UPDATE NOWAIT", person)
        assert len(free) == 1
    assert await page is not None


async def test_a_seat_elsewhere_is_not_found(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    await hub.tenants.add("other")
    begun = await people.sessions.begin(OWNER, PASSWORD, agent="", address="")
    with pytest.raises(NotFound, match="no seat here"):
        await people.sessions.seat(begun.token, "other")
    assert await people.sessions.seat("x" * 43, None) is None


async def test_argon2_is_what_the_hub_uses(hub: Hub) -> None:
    await enter_first(hub.people)
    async with hub.database.engine() as conn:
        hashed = await conn.fetchval("SELECT password_hash FROM person")
    assert hashed.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    with pytest.raises(Unauthenticated, match="e-mail or password is wrong"):
        await hub.people.sessions.begin(OWNER, "another password", agent="", address="")
    assert (await hub.people.sessions.begin(OWNER, PASSWORD, agent="", address="")).token
