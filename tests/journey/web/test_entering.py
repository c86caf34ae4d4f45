"""Coming in and going out, as a browser without scripts sees it."""

from __future__ import annotations

import pyotp
import pytest

from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from crossdock.govern.people.guarding import ADDRESS
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.support.browsing import PASSWORD, Visitor, beside, made, visiting

pytestmark = pytest.mark.asyncio
SESSION = "crossdock-session"


async def welcome(visitor: Visitor, email: str = "first@people.example") -> str:
    """Come in as the first person; returns the path of the link."""
    link = await visitor.hub.people.first_run_link(visitor.url)
    assert link is not None
    path = link.removeprefix(visitor.url)
    seen = await visitor.get(path)
    seen = await visitor.submit(seen, "/welcome", email=email, name="Frida First", password=PASSWORD, follow=False)
    assert (seen.status, seen.headers["Location"]) == (303, "/t/default")
    return path


async def log_in(visitor: Visitor, email: str, password: str = PASSWORD, path: str = "/login"):
    return await visitor.submit(await visitor.get(path), "/login", email=email, password=password, follow=False)


async def test_the_first_person_comes_in_by_the_link_and_nobody_after(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        assert "crossdock users link" in (await visitor.get("/login")).words
        path = await welcome(visitor)
        seat = await hub.people.sessions.seat(visitor.cookies()[SESSION], "default")
        assert seat is not None
        assert seat.role is Role.OWNER
        again = await visitor.get(path)
        assert again.status == 410
        assert "This link was used" in again.words
    async with visiting(hub) as other:
        assert "crossdock users link" not in (await other.get("/login")).words


async def test_what_the_first_person_mistypes_is_told_at_its_field_and_the_link_holds(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        link = await hub.people.first_run_link(visitor.url)
        assert link is not None
        seen = await visitor.get(link)
        for email, name, password, field in (
            ("nobody", "N", PASSWORD, "email"),
            ("a@people.example", " ", PASSWORD, "name"),
            ("a@people.example", "N", "too short", "password"),
        ):
            seen = await visitor.submit(seen, "/welcome", email=email, name=name, password=password)
            assert seen.status == 422
            assert seen.doc.xpath(f"//input[@name='{field}'][@aria-invalid='true']"), field
            assert not seen.doc.xpath("//input[@name='password']/@value")
        done = await visitor.submit(
            seen, "/welcome", email="a@people.example", name="N", password=PASSWORD, follow=False
        )
        assert done.status == 303


async def test_the_address_with_the_token_is_told_to_nobody(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        link = await hub.people.first_run_link(visitor.url)
        assert link is not None
        seen = await visitor.get(link)
        assert seen.headers["Referrer-Policy"] == "strict-origin"
        assert seen.headers["Cache-Control"] == "no-store"
        token = link.partition("=")[2]
        assert [one.get("name") for one in seen.doc.xpath(f"//*[@value='{token}']")] == ["token"]
        assert token not in "".join(seen.doc.xpath("//@href | //@src | //@action"))


async def test_a_login_and_a_logout(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    async with visiting(hub) as visitor:
        seen = await visitor.get("/t/default/users?x=1", follow=False)
        seen = await log_in(visitor, " OP@people.example ", path=seen.headers["Location"])
        assert seen.headers["Location"] == "/t/default/users?x=1"
        cookie = next(one for one in seen.headers.getall("Set-Cookie") if one.startswith(SESSION))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        token = visitor.cookies()[SESSION]
        away = await visitor.submit(await visitor.get("/t/default/nowhere"), "/logout")
        assert "You are logged out." in away.words
        assert SESSION not in visitor.cookies()
        assert await hub.people.sessions.seat(token, None) is None


async def test_a_login_never_leads_to_another_host(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    async with visiting(hub) as visitor:
        for asked in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/login"):
            seen = await visitor.get("/login?next=" + asked)
            assert seen.doc.xpath("//input[@name='next']/@value") == ["/"], asked


async def test_a_wrong_password_and_an_unknown_address_are_told_alike(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    async with visiting(hub) as visitor, beside(visitor) as other:
        wrong = await log_in(visitor, "op@people.example", "not the password at all")
        unknown = await log_in(other, "xx@people.example", "not the password at all")
        assert wrong.status == unknown.status == 401
        assert wrong.words == unknown.words
        assert "E-mail or password is wrong" in wrong.words


async def test_too_many_wrong_passwords_are_refused_until_a_time_that_is_told(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    async with visiting(hub) as visitor:
        for email in ("op@people.example", "nobody@people.example"):
            for _ in range(5):
                assert (await log_in(visitor, email, "not the password at all")).status == 401
            seen = await log_in(visitor, email)
            assert seen.status == 429
            assert 1 <= int(seen.headers["Retry-After"]) <= 30
            assert "the next one is possible at" in seen.words


async def test_behind_a_proxy_the_address_it_forwards_is_counted(settings: Settings) -> None:
    proxied = settings.model_copy(update={"proxies": ("127.0.0.0/8",)})
    async with open_hub(proxied) as hub, visiting(hub) as visitor:
        await made(hub, "op@people.example", Role.OPERATOR)
        form = dict((await visitor.get("/login")).form("/login").form_values())
        for address, last in (("8.8.8.8", 429), ("8.8.4.4", 401)):
            for number in range(ADDRESS.free if last == 429 else 0):
                sent = {**form, "email": f"n{number}@people.example", "password": "x"}
                assert (await visitor.post("/login", sent, **{"X-Forwarded-For": f"1.2.3.4, {address}"})).status == 401
            sent = {**form, "email": "another@people.example", "password": "x"}
            assert (await visitor.post("/login", sent, **{"X-Forwarded-For": address})).status == last


async def test_a_login_with_codes_takes_two_steps(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    begun = await hub.people.sessions.begin("op@people.example", PASSWORD, agent="", address="")
    setup = await hub.people.account.plan_totp(begun.token)
    code = pyotp.TOTP(setup.secret).now()
    changed = await hub.people.account.set_totp(begun.token, code)
    async with visiting(hub) as visitor:
        assert (await visitor.get("/login/code", follow=False)).headers["Location"] == "/login"
        seen = await log_in(visitor, "op@people.example", path="/login?next=%2Ft%2Fdefault%2Fusers%3Fa%3D1%26b%3D2")
        assert SESSION not in visitor.cookies()
        seen = await visitor.get(seen.headers["Location"])
        used = await visitor.submit(seen, "/login/code", code=code)
        assert used.status == 401, "the code was used when codes were turned on"
        assert SESSION not in visitor.cookies()
        done = await visitor.submit(used, "/login/code", code=changed.codes[0].upper().replace("-", " "), follow=False)
        assert done.headers["Location"] == "/t/default/users?a=1&b=2"
        assert SESSION in visitor.cookies()
        assert "crossdock-ticket" not in visitor.cookies()


async def test_whoever_is_invited_sets_a_name_and_a_password_and_is_in(hub: Hub) -> None:
    tenant = await hub.tenants.find()
    invited = await hub.people.members.invite(tenant, "new@people.example", Role.VIEWER, actor="test")
    async with visiting(hub) as visitor:
        seen = await visitor.get(f"/invite?token={invited.token}")
        assert "new@people.example" in seen.words
        seen = await visitor.submit(seen, "/invite", name="Nina", password=PASSWORD, follow=False)
        assert seen.headers["Location"] == "/t/default"
        seat = await hub.people.sessions.seat(visitor.cookies()[SESSION], "default")
        assert seat is not None
        assert (seat.name, seat.role) == ("Nina", Role.VIEWER)
        assert (await visitor.get(f"/invite?token={invited.token}")).status == 410


async def test_whoever_has_an_account_takes_the_seat_without_a_password(hub: Hub) -> None:
    other = await hub.tenants.add("other", "Other Ltd")
    await made(hub, "op@people.example", Role.OPERATOR)
    invited = await hub.people.members.invite(other, "op@people.example", Role.ADMIN, actor="test")
    async with visiting(hub) as visitor:
        seen = await visitor.get(f"/invite?token={invited.token}")
        assert "Other Ltd" in seen.words
        assert not seen.doc.xpath("//input[@type='password']")
        seen = await visitor.submit(seen, "/invite")
        assert "You have a seat there now" in seen.words
        assert SESSION not in visitor.cookies(), "the link gives a seat and no login"
        seen = await visitor.submit(seen, "/login", email="op@people.example", password=PASSWORD, follow=False)
        assert seen.headers["Location"] == "/t/other"


async def test_a_new_password_by_link_ends_every_session(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    old = await hub.people.sessions.begin("op@people.example", PASSWORD, agent="", address="")
    link = await hub.people.reaching.reset(old.person_id, actor="test")
    async with visiting(hub) as visitor:
        seen = await visitor.get(link.removeprefix(hub.people.base))
        seen = await visitor.submit(seen, "/reset", password="seven green lanterns")
        assert "The new password is set" in seen.words
        assert await hub.people.sessions.seat(old.token, None) is None
        assert (await log_in(visitor, "op@people.example")).status == 401
        assert (await log_in(visitor, "op@people.example", "seven green lanterns")).status == 303
        assert (await visitor.get(link.removeprefix(hub.people.base))).status == 410


async def test_asking_for_a_new_password_says_the_same_of_every_address(hub: Hub) -> None:
    await made(hub, "op@people.example", Role.OPERATOR)
    async with visiting(hub) as visitor:
        seen = await visitor.get("/forgot")
        known = await visitor.submit(seen, "/forgot", email="op@people.example")
        unknown = await visitor.submit(seen, "/forgot", email="xx@people.example")
        assert known.status == unknown.status == 200
        assert known.words == unknown.words
        assert (await visitor.submit(seen, "/forgot", email="no address")).status == 422
    await hub.people.reaching.drain()
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM person_link WHERE kind = 'reset'") == 1


async def test_links_of_another_kind_open_nothing(hub: Hub) -> None:
    invited = await hub.people.members.invite(await hub.tenants.find(), "n@people.example", Role.VIEWER, actor="test")
    async with visiting(hub) as visitor:
        for page in ("/welcome", "/reset"):
            assert (await visitor.get(f"{page}?token={invited.token}")).status == 410
        assert (await visitor.get("/invite")).status == 410
    assert (await hub.people.links.look(Kind.INVITE, invited.token)).email == "n@people.example"
