"""One-time codes: each is taken once, whoever brings it at the same moment; so is a recovery code."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from crossdock.errors import BadInput, Conflict, Locked, NeedsCode, NotFound, NotFresh, Unauthenticated
from crossdock.govern.people import Begun, People
from crossdock.govern.people.guarding import EMAIL
from crossdock.kit.clock import SetClock
from crossdock.wiring import Hub
from tests.support.people import OWNER, PASSWORD, enter_first, people_of


class Phone:
    """A person whose second step is on, with an app and a clock that stands still."""

    def __init__(self, hub: Hub) -> None:
        self.clock = SetClock(datetime.now(UTC))
        self.people: People = people_of(hub, clock=self.clock)
        self.secret = ""
        self.recovery: list[str] = []

    async def set_up(self) -> Begun:
        """Come in and turn the second step on; its first code is used then."""
        await enter_first(self.people)
        begun = await self.people.sessions.begin(OWNER, PASSWORD, agent="", address="")
        self.secret = (await self.people.account.plan_totp(begun.token)).secret
        changed = await self.people.account.set_totp(begun.token, self.code())
        self.recovery = list(changed.codes)
        return changed.begun

    def code(self, steps: int = 0) -> str:
        """Return the code that the app shows so many steps from now."""
        return str(pyotp.TOTP(self.secret).at(self.clock.now() + timedelta(seconds=30 * steps)))

    async def log_in(self, code: str) -> Begun:
        """Log in with a code at once."""
        return await self.people.sessions.begin(OWNER, PASSWORD, code, agent="", address="")

    async def ticket(self) -> str:
        """Take the first step alone."""
        with pytest.raises(NeedsCode) as asked:
            await self.people.sessions.begin(OWNER, PASSWORD, agent="", address="")
        return asked.value.ticket

    async def finish(self, ticket: str, code: str) -> Begun:
        """Take the second step."""
        return await self.people.sessions.finish(ticket, code, agent="", address="")


@pytest.fixture
def phone(hub: Hub) -> Phone:
    return Phone(hub)


async def together(*tries: Any) -> tuple[list[Begun], list[BaseException]]:
    """Return what came of attempts at the same moment."""
    ended = await asyncio.gather(*tries, return_exceptions=True)
    return [one for one in ended if isinstance(one, Begun)], [one for one in ended if not isinstance(one, Begun)]


async def test_a_code_is_taken_once(phone: Phone) -> None:
    await phone.set_up()
    with pytest.raises(Unauthenticated, match="was used before"):
        await phone.log_in(phone.code())
    phone.clock.advance(30)
    assert (await phone.log_in(phone.code())).token
    with pytest.raises(Unauthenticated):
        await phone.log_in(phone.code())


async def test_no_code_before_one_that_was_taken_is_good(phone: Phone) -> None:
    await phone.set_up()
    phone.clock.advance(90)
    assert (await phone.log_in(phone.code())).token
    with pytest.raises(Unauthenticated):
        await phone.log_in(phone.code(-1))


async def test_a_phones_clock_may_be_a_step_ahead_or_behind_and_no_more(phone: Phone) -> None:
    await phone.set_up()
    phone.clock.advance(300)
    for steps in (-2, 2):
        with pytest.raises(Unauthenticated):
            await phone.log_in(phone.code(steps))
    assert (await phone.log_in(phone.code(-1))).token
    assert (await phone.log_in(f" {phone.code(1)[:3]} {phone.code(1)[3:]} ")).token


async def test_of_two_with_the_same_code_one_comes_in(phone: Phone) -> None:
    await phone.set_up()
    phone.clock.advance(60)
    tickets = [await phone.ticket() for _ in range(4)]
    came, refused = await together(*(phone.finish(ticket, phone.code()) for ticket in tickets))
    assert len(came) == 1
    assert {type(one) for one in refused} == {Unauthenticated}


async def test_of_two_with_the_same_ticket_one_comes_in(phone: Phone) -> None:
    await phone.set_up()
    ticket = await phone.ticket()
    came, refused = await together(*(phone.finish(ticket, code) for code in phone.recovery[:4]))
    assert len(came) == 1
    assert {type(one) for one in refused} == {Unauthenticated}
    assert (await phone.people.account.one(came[0].person_id)).recovery_left == 9, "the others took nothing"


async def test_a_recovery_code_is_taken_once_by_one(phone: Phone) -> None:
    begun = await phone.set_up()
    code = phone.recovery[0]
    tickets = [await phone.ticket() for _ in range(3)]
    came, _ = await together(*(phone.finish(ticket, code.upper().replace("-", " ")) for ticket in tickets))
    assert len(came) == 1
    with pytest.raises(Unauthenticated):
        await phone.log_in(code)
    assert (await phone.people.account.one(begun.person_id)).recovery_left == 9


async def test_new_recovery_codes_end_the_older(phone: Phone) -> None:
    begun = await phone.set_up()
    changed = await phone.people.account.new_recovery(begun.token)
    assert not set(changed.codes) & set(phone.recovery)
    with pytest.raises(Unauthenticated):
        await phone.log_in(phone.recovery[0])
    assert (await phone.log_in(changed.codes[0])).token
    assert await phone.people.sessions.seat(begun.token, None) is None


async def test_wrong_codes_are_counted_and_lock(phone: Phone) -> None:
    await phone.set_up()
    ticket = await phone.ticket()
    for _ in range(EMAIL.free):
        with pytest.raises(Unauthenticated):
            await phone.finish(ticket, "not it")
    with pytest.raises(Locked):
        await phone.finish(ticket, phone.recovery[0])
    with pytest.raises(Locked):
        await phone.log_in(phone.recovery[0])


async def test_a_right_password_without_its_code_does_not_wash_the_count(phone: Phone) -> None:
    await phone.set_up()
    for _ in range(EMAIL.free):
        ticket = await phone.ticket()
        with pytest.raises(Unauthenticated):
            await phone.finish(ticket, "not it")
    with pytest.raises(Locked):
        await phone.ticket()


async def test_a_ticket_is_good_for_minutes_and_ends_with_the_password(hub: Hub, phone: Phone) -> None:
    begun = await phone.set_up()
    old = await phone.ticket()
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE person_link SET expires_at = now()")
    with pytest.raises(Unauthenticated, match="took too long"):
        await phone.finish(old, phone.recovery[0])
    ticket = await phone.ticket()
    await phone.people.account.password(begun.token, PASSWORD, "a lamp and a bicycle", address="")
    with pytest.raises(Unauthenticated, match="took too long"):
        await phone.finish(ticket, phone.recovery[0])


async def test_the_second_step_needs_a_proven_code_and_a_fresh_session(hub: Hub) -> None:
    phone = Phone(hub)
    people = phone.people
    await enter_first(people)
    token = (await people.sessions.begin(OWNER, PASSWORD, agent="", address="")).token
    with pytest.raises(Conflict):
        await people.account.set_totp(token, "123456")
    first = await people.account.plan_totp(token)
    phone.secret = (await people.account.plan_totp(token)).secret
    assert first.secret != phone.secret
    assert first.secret not in f"{first!r}"
    with pytest.raises(BadInput, match="the code is wrong"):
        await people.account.set_totp(token, pyotp.TOTP(first.secret).at(phone.clock.now()))
    assert (await people.sessions.begin(OWNER, PASSWORD, agent="", address="")).token, "off until proven"
    changed = await people.account.set_totp(token, phone.code())
    with pytest.raises(Conflict):
        await people.account.plan_totp(changed.begun.token)
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE person_session SET confirmed_at = now() - interval '16 minutes'")
    for change in (people.account.drop_totp, people.account.new_recovery, people.account.plan_totp):
        with pytest.raises(NotFresh):
            await change(changed.begun.token)
    turned = await people.sessions.confirm(changed.begun.token, PASSWORD, address="")
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE person_session SET confirmed_at = now() - interval '14 minutes'")
    turned = (await people.account.new_recovery(turned.token)).begun
    async with hub.database.engine() as conn:
        late = "SELECT bool_and(confirmed_at < now() - interval '13 minutes') FROM person_session"
        assert await conn.fetchval(late), "a change is no password: it lasts no longer"
    off = await people.account.drop_totp(turned.token)
    with pytest.raises(NotFound):
        await people.account.drop_totp(off.token)
    assert (await people.sessions.begin(OWNER, PASSWORD, agent="", address="")).token


async def test_the_secret_is_sealed_and_recovery_codes_are_hashes(hub: Hub, phone: Phone) -> None:
    await phone.set_up()
    async with hub.database.engine() as conn:
        rows = await conn.fetch(
            "SELECT t::text AS text FROM person_totp t UNION ALL SELECT r::text FROM recovery_code r"
        )
    told = "".join(row["text"] for row in rows)
    for secret in (phone.secret, *phone.recovery):
        assert secret not in told
        assert secret.encode().hex() not in told
