"""A login: the same words and the same work for everybody who may not come in, and a lock after too many."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from crossdock.errors import BadInput, Locked, NeedsCode, Overloaded, Unauthenticated
from crossdock.govern.access import Role
from crossdock.govern.people import People
from crossdock.govern.people.guarding import ADDRESS, EMAIL
from crossdock.govern.people.hashing import AT_ONCE, LONGEST, WAITING
from crossdock.wiring import Hub
from tests.support.hub import blocked, until
from tests.support.people import OWNER, PASSWORD, CountedHasher, Meanwhile, enter, enter_first, people_of

WRONG = "not the password at all"
PUBLIC = "8.8.4.4"


async def attempt(people: People, email: str = OWNER, password: str = PASSWORD, address: str = "127.0.0.1") -> Any:
    return await people.sessions.begin(email, password, agent="", address=address)


async def refused(people: People, email: str, password: str = WRONG, address: str = "127.0.0.1") -> str:
    """Return the words of a refusal."""
    with pytest.raises(Unauthenticated) as told:
        await attempt(people, email, password, address)
    assert type(told.value) is Unauthenticated
    return f"{told.value.as_problem()}"


async def shift(hub: Hub, **by: timedelta) -> None:
    """Let time go by for what failures are counted with."""
    async with hub.database.engine() as conn:
        for column, span in by.items():
            await conn.execute(f"UPDATE login_guard SET {column} = {column} - $1::interval", span)


async def test_whoever_may_not_come_in_hears_the_same_after_the_same_work(hub: Hub) -> None:
    people = people_of(hub, hasher := CountedHasher())
    tenant = await hub.tenants.find()
    await enter_first(people)
    gone = await enter(people, tenant, "gone@people.example", Role.VIEWER)
    await people.members.disable(gone, actor="test")
    await people.members.invite(tenant, "invited@people.example", Role.VIEWER, actor="test")
    await refused(people, "warm@people.example")
    seen = set()
    for email, password in (
        (OWNER, WRONG),
        (OWNER, "x" * (LONGEST + 1)),
        (OWNER, ""),
        ("nobody@people.example", WRONG),
        ("no address at all", WRONG),
        ("gone@people.example", PASSWORD),
        ("gone@people.example", WRONG),
        ("invited@people.example", WRONG),
        ("invited@people.example", ""),
    ):
        before = hasher.work
        words = await refused(people, email, password)
        seen.add((hasher.work[0] - before[0], hasher.work[1] - before[1], words))
    assert len(seen) == 1, seen
    hashed, verified, words = seen.pop()
    assert (hashed, verified) == (0, 1)
    assert "e-mail or password is wrong" in words


async def test_after_five_failures_the_right_password_is_refused_as_well_known_or_not(hub: Hub) -> None:
    people = people_of(hub, hasher := CountedHasher())
    await enter_first(people)
    told = []
    for email in (OWNER, "nobody@people.example"):
        for _ in range(EMAIL.free):
            await refused(people, email)
        before = hasher.work
        with pytest.raises(Locked) as lock:
            await attempt(people, email)
        assert hasher.work == before
        assert 0 < lock.value.retry_after_s <= 30
        assert f"{lock.value.until:%H:%M:%S}" in lock.value.problem
        told.append(lock.value.problem.partition(" at ")[0])
    assert len(set(told)) == 1


async def test_a_lock_ends_and_the_next_is_twice_as_long_up_to_a_quarter_of_an_hour(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    for _ in range(EMAIL.free):
        await refused(people, OWNER)
    spans = []
    for _ in range(7):
        with pytest.raises(Locked) as lock:
            await attempt(people)
        spans.append(round((lock.value.until - datetime.now(UTC)).total_seconds() / 30))
        await shift(hub, locked_until=timedelta(hours=1))
        await refused(people, OWNER)
    assert spans == [1, 2, 4, 8, 16, 30, 30]
    await shift(hub, locked_until=timedelta(hours=1))
    assert (await attempt(people)).token
    await refused(people, OWNER)
    assert (await attempt(people)).token, "a login that succeeds forgives"


async def test_failures_are_forgotten_after_a_day_without(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    for _ in range(EMAIL.free - 1):
        await refused(people, OWNER)
    await shift(hub, last_at=timedelta(hours=25))
    await refused(people, OWNER)
    await refused(people, OWNER)
    assert (await attempt(people)).token


async def test_guesses_at_the_same_moment_are_counted_before_they_are_judged(hub: Hub) -> None:
    people = people_of(hub, hasher := CountedHasher())
    await enter_first(people)
    before = hasher.verified
    ended = await asyncio.gather(*(attempt(people, OWNER, WRONG) for _ in range(20)), return_exceptions=True)
    kinds = [type(one) for one in ended]
    assert kinds.count(Unauthenticated) == EMAIL.free
    assert kinds.count(Locked) == 20 - EMAIL.free
    assert hasher.verified - before == EMAIL.free


async def test_a_network_address_is_locked_whomever_it_tries_and_a_proxys_is_not(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    for number in range(ADDRESS.free):
        await refused(people, f"n{number}@people.example", address=PUBLIC)
        await refused(people, f"m{number}@people.example", address="10.0.0.7")
    with pytest.raises(Locked):
        await attempt(people, address=PUBLIC)
    assert (await attempt(people, address="10.0.0.7")).token
    assert (await attempt(people, address="1.1.1.1")).token
    await shift(hub, locked_until=timedelta(hours=2))
    assert (await attempt(people, address=PUBLIC)).token
    await refused(people, "other@people.example", address=PUBLIC)
    with pytest.raises(Locked):
        # whoever has an account cannot wash the count of his address with it
        await attempt(people, address=PUBLIC)


async def test_a_login_under_way_does_not_outlive_a_change_of_the_password(hub: Hub) -> None:
    """The password is changed and all sessions are ended, not committed yet, while a login with the old one ends."""
    people = people_of(hub)
    await enter_first(people)

    async def there() -> bool:
        return login.done() or await blocked(hub)

    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE person SET password_hash = 'another'")
        await conn.execute("DELETE FROM person_session")
        login = asyncio.create_task(attempt(people), context=contextvars.Context())
        await until(there)
    with pytest.raises(Unauthenticated):
        await login
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM person_session") == 0


async def test_a_login_without_a_code_does_not_outlive_the_turning_on_of_codes(hub: Hub) -> None:
    people = people_of(hub, hasher := Meanwhile())
    await enter_first(people)
    token = (await attempt(people)).token

    async def turned_on() -> None:
        setup = await people.account.plan_totp(token)
        await people.account.set_totp(token, pyotp.TOTP(setup.secret).now())

    hasher.meanwhile(turned_on)
    with pytest.raises(Unauthenticated, match="took too long"):
        await attempt(people)
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM person_session") == 1


async def test_addresses_that_one_caller_has_are_one(hub: Hub) -> None:
    """Whoever has an IPv6 address has 2^64 of them; an IPv4 address is the same over an IPv6 socket."""
    people = people_of(hub)
    await enter_first(people)
    for number in range(ADDRESS.free):
        await refused(people, f"n{number}@people.example", address=f"2a00:1450:4001:82a::{number:x}")
        await refused(people, f"m{number}@people.example", address=PUBLIC)
    for locked in ("2a00:1450:4001:82a:ffff::1", f"::ffff:{PUBLIC}"):
        with pytest.raises(Locked):
            await attempt(people, address=locked)
    assert (await attempt(people, address="2a00:1450:4001:82b::1")).token


async def test_an_attempt_that_is_not_let_through_is_not_counted_elsewhere(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    for number in range(ADDRESS.free):
        await refused(people, f"n{number}@people.example", address=PUBLIC)
    for _ in range(EMAIL.free + 1):
        with pytest.raises(Locked):
            await attempt(people, OWNER, WRONG, PUBLIC)
    assert (await attempt(people)).token, "a stranger's locked address locks nobody out"


async def test_a_hash_of_other_parameters_is_made_anew_at_the_login(hub: Hub) -> None:
    await enter_first(people_of(hub, CountedHasher("1")))
    people = people_of(hub, hasher := CountedHasher("2"))
    assert (await attempt(people)).token
    async with hub.database.engine() as conn:
        assert (await conn.fetchval("SELECT password_hash FROM person")).startswith("2:")
    before = hasher.hashed
    assert (await attempt(people)).token
    assert hasher.hashed == before
    await refused(people, OWNER)


async def test_sessions_end_by_rest_and_by_age(hub: Hub) -> None:
    people = people_of(hub)
    person = await enter_first(people)
    begun = await attempt(people)
    lives = people.sessions.lives
    assert abs(begun.expires_at - datetime.now(UTC) - lives.whole) < timedelta(minutes=1)

    async def moved(column: str, span: timedelta) -> bool:
        async with hub.database.engine() as conn:
            await conn.execute(f"UPDATE person_session SET {column} = now() {span.total_seconds():+} * interval '1 s'")
        lives_still = await people.sessions.seat(begun.token, None) is not None
        assert bool(await people.sessions.list(person)) is lives_still
        return lives_still

    assert await moved("seen_at", timedelta(minutes=1) - lives.idle)
    assert await moved("seen_at", timedelta(seconds=-30)), "the look before has been noted"
    assert not await moved("seen_at", -timedelta(minutes=1) - lives.idle)
    assert await moved("seen_at", timedelta(0))
    assert await moved("expires_at", timedelta(minutes=1))
    assert not await moved("expires_at", timedelta(seconds=-1))
    assert await people.forget() == 1


async def test_to_be_seen_is_noted_once_a_minute(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    begun = await attempt(people)

    async def seen() -> datetime:
        async with hub.database.engine() as conn:
            at: datetime = await conn.fetchval("SELECT seen_at FROM person_session")
        return at

    first = await seen()
    await people.sessions.seat(begun.token, None)
    assert await seen() == first
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE person_session SET seen_at = seen_at - interval '61 s'")
    await people.sessions.seat(begun.token, None)
    assert await seen() > first


async def test_every_login_and_every_confirmation_has_a_token_of_its_own(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    one, two = await attempt(people), await attempt(people)
    assert one.token != two.token
    with pytest.raises(BadInput):
        await people.sessions.confirm(one.token, WRONG, address="")
    turned = await people.sessions.confirm(one.token, PASSWORD, address="")
    assert turned.session_id == one.session_id
    assert await people.sessions.seat(one.token, None) is None
    before, after = await people.sessions.seat(two.token, None), await people.sessions.seat(turned.token, None)
    assert before is not None
    assert after is not None
    assert before.csrf != after.csrf
    with pytest.raises(Unauthenticated):
        await people.sessions.confirm(one.token, PASSWORD, address="")


async def test_to_confirm_is_locked_as_a_login_is(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    begun = await attempt(people)
    for _ in range(EMAIL.free):
        with pytest.raises(BadInput):
            await people.sessions.confirm(begun.token, WRONG, address="")
    with pytest.raises(Locked):
        await people.sessions.confirm(begun.token, PASSWORD, address="")
    with pytest.raises(Locked):
        await attempt(people)


async def test_a_password_that_changes_while_it_is_verified_opens_nothing(hub: Hub) -> None:
    hasher = Meanwhile()
    people = people_of(hub, hasher)
    person = await enter_first(people)

    async def changed() -> None:
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE person SET password_hash = 'another' WHERE id = $1", person)

    hasher.meanwhile(changed)
    await refused(people, OWNER, PASSWORD)
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM person_session") == 0


async def test_hashes_are_computed_beside_the_loop_a_few_at_once_and_not_without_end(hub: Hub) -> None:
    hasher = Slow()
    people = people_of(hub, hasher)
    tries = [asyncio.create_task(people.passwords.verify("1:x", "y")) for _ in range(AT_ONCE + WAITING)]
    await asyncio.to_thread(hasher.begun.wait, 30)
    with pytest.raises(Overloaded):
        await people.passwords.verify("1:x", "y")
    hasher.go.set()
    assert await asyncio.gather(*tries) == [False] * (AT_ONCE + WAITING)
    assert hasher.most <= AT_ONCE
    assert threading.get_ident() not in hasher.threads
    assert await people.passwords.verify("1:x", "y") is False


async def test_a_ticket_for_the_code_is_no_session(hub: Hub) -> None:
    people = people_of(hub)
    await enter_first(people)
    begun = await attempt(people)
    setup = await people.account.plan_totp(begun.token)
    await people.account.set_totp(begun.token, pyotp.TOTP(setup.secret).now())
    with pytest.raises(NeedsCode) as asked:
        await attempt(people)
    assert await people.sessions.seat(asked.value.ticket, None) is None
    assert asked.value.ticket not in f"{asked.value} {asked.value!r} {asked.value.as_problem()}"


class Slow(CountedHasher):
    """Waits until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()
        self.threads: set[int] = set()
        self.now = self.most = 0
        self._lock = threading.Lock()

    def verify(self, hashed: str, password: str) -> bool:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.get_ident())
        self.begun.set()
        self.go.wait(30)
        with self._lock:
            self.now -= 1
        return super().verify(hashed, password)
