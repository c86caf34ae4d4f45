"""A person's own account, as a browser without scripts sees it."""

from __future__ import annotations

import re

import pyotp
import pytest

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.support.browsing import PASSWORD, Seen, Visitor, beside, visiting

pytestmark = pytest.mark.asyncio
SESSION = "crossdock-session"
EMAIL = "owner-default@people.example"
STALE = "UPDATE person_session SET confirmed_at = now() - interval '16 minutes'"


async def stale(hub: Hub) -> None:
    """Let a quarter of an hour go by since anybody gave a password."""
    async with hub.database.engine() as conn:
        await conn.execute(STALE)


async def set_up_codes(visitor: Visitor) -> tuple[Seen, str]:
    """Turn the second step on; returns the page with the recovery codes, and the secret."""
    seen = await visitor.submit(await visitor.get("/account/totp"), "/account/totp/plan")
    secret = seen.doc.xpath("//code")[0].text_content().replace(" ", "")
    return await visitor.submit(seen, "/account/totp", code=pyotp.TOTP(secret).now()), secret


async def test_name_zone_and_theme_are_kept(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        seen = await visitor.get("/account")
        seen = await visitor.submit(seen, "/account", name="Zoë Z", zone="Europe/Berlin", theme="dark")
        assert "Saved." in seen.words
        assert seen.doc.get("data-theme") == "dark"
        assert seen.doc.xpath("//select[@name='zone']/option[@selected]/@value") == ["Europe/Berlin"]
        wrong = await visitor.submit(seen, "/account", name=" ", zone="Europe/Berlin", theme="dark")
        assert wrong.status == 422
        assert wrong.doc.xpath("//input[@name='name'][@aria-invalid='true']")


async def test_too_many_wrong_passwords_are_refused_at_the_form_until_a_time_that_is_told(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        seen = await visitor.get("/account/confirm")
        for _ in range(5):
            assert (await visitor.submit(seen, "/account/confirm", password="not the password")).status == 422
        sent = {"current": PASSWORD, "password": "a lamp and a bicycle"}
        for page, values in (("/account/confirm", {"password": PASSWORD}), ("/account/password", sent)):
            form = await visitor.get(page.removesuffix("/password"))
            locked = await visitor.submit(form, page, **values)
            assert locked.status == 429
            assert 1 <= int(locked.headers["Retry-After"]) <= 30
            assert "the next one is possible at" in locked.words
            assert locked.doc.xpath("//input[@type='password']")


async def test_another_password_ends_the_other_sessions_and_turns_this_one(hub: Hub) -> None:
    async with visiting(hub) as visitor, beside(visitor) as other:
        await visitor.enter()
        begun = await hub.people.sessions.begin(EMAIL, PASSWORD, agent="", address="")
        before = visitor.cookies()[SESSION]
        seen = await visitor.get("/account")
        for current, new, field in (("wrong", "a lamp and a bicycle", "current"), (PASSWORD, "short", "password")):
            refused = await visitor.submit(seen, "/account/password", current=current, password=new)
            assert refused.status == 422
            assert refused.doc.xpath(f"//input[@name='{field}'][@aria-invalid='true']"), field
        seen = await visitor.submit(seen, "/account/password", current=PASSWORD, password="a lamp and a bicycle")
        assert "The password is changed" in seen.words
        assert visitor.cookies()[SESSION] != before
        for token in (before, begun.token):
            assert await hub.people.sessions.seat(token, None) is None
        seen = await other.submit(await other.get("/login"), "/login", email=EMAIL, password="a lamp and a bicycle")
        assert seen.status != 401


async def test_the_address_changes_only_while_the_session_is_fresh(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        await visitor.enter(Role.VIEWER)
        await visitor.enter(email="me@people.example")
        seen = await visitor.get("/account")
        taken = await visitor.submit(seen, "/account/email", email=" Owner-Viewer@people.example ")
        assert "The e-mail address is changed" in taken.words
        await stale(hub)
        late = await visitor.submit(taken, "/account/email", email="late@people.example")
        assert late.url == "/account/confirm?next=/account"
        wrong = await visitor.submit(late, "/account/confirm", password="not the password")
        assert wrong.status == 422
        back = await visitor.submit(wrong, "/account/confirm", password=PASSWORD)
        assert back.url == "/account"
        refused = await visitor.submit(back, "/account/email", email="viewer-default@people.example")
        assert refused.status == 422
        assert "cannot be used" in refused.words
        done = await visitor.submit(back, "/account/email", email="late@people.example")
        assert "The e-mail address is changed" in done.words
        profile = await hub.people.account.one(await hub.people.reaching.find("late@people.example"))
        assert profile.email == "late@people.example"


async def test_codes_are_set_up_by_a_qr_code_and_recovery_codes_are_shown_once(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        before = visitor.cookies()[SESSION]
        seen = await visitor.submit(await visitor.get("/account/totp"), "/account/totp/plan")
        assert len(seen.doc.xpath("//svg[@role='img']//path")) >= 1
        assert "style=" not in seen.text
        wrong = await visitor.submit(seen, "/account/totp", code="000000")
        assert wrong.status == 422
        secret = seen.doc.xpath("//code")[0].text_content().replace(" ", "")
        seen = await visitor.submit(wrong, "/account/totp", code=pyotp.TOTP(secret).now())
        codes = re.findall(r"\b[2-9a-z]{4}(?:-[2-9a-z]{4}){3}\b", seen.text)
        assert len(set(codes)) == 10
        assert secret not in seen.text
        assert visitor.cookies()[SESSION] != before
        seen = await visitor.get("/account/totp")
        assert "10 recovery codes are left" in seen.words
        assert not set(codes) & set(re.findall(r"[2-9a-z-]{19}", seen.text))
        seen = await visitor.submit(seen, "/account/totp/codes")
        assert not set(codes) & set(re.findall(r"[2-9a-z-]{19}", seen.text)), "the older ones are over"
        seen = await visitor.submit(await visitor.get("/account/totp"), "/account/totp/off")
        assert "One-time codes are off" in seen.words


async def test_the_second_step_is_not_touched_by_a_session_that_is_not_fresh(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        await set_up_codes(visitor)
        seen = await visitor.get("/account/totp")
        await stale(hub)
        for action in ("/account/totp/codes", "/account/totp/off"):
            assert (await visitor.submit(seen, action)).url == "/account/confirm?next=/account/totp"
        assert (await visitor.get("/account/totp")).url == "/account/confirm?next=/account/totp"
        assert (await hub.people.account.one(await hub.people.reaching.find(EMAIL))).totp


async def test_sessions_are_listed_and_ended_one_by_one_or_all_others(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter()
        others = [
            await hub.people.sessions.begin(EMAIL, PASSWORD, agent=f"Mozilla ({where}) Firefox/1", address="")
            for where in ("Linux", "Windows", "iPhone")
        ]
        seen = await visitor.get("/account")
        agents = [row.xpath("string(td[1])") for row in seen.doc.xpath("//tbody/tr")]
        assert agents[:3] == ["Firefox on iPhone", "Firefox on Windows", "Firefox on Linux"]
        seen = await visitor.submit(seen, "/account/sessions/end")
        assert "The session has ended." in seen.words
        assert len(seen.rows()) == 3
        seen = await visitor.submit(seen, "/account/sessions/end", session="others")
        assert len(seen.rows()) == 1
        for one in others:
            assert await hub.people.sessions.seat(one.token, None) is None
        strange = await visitor.submit(await visitor.get("/account"), "/logout")
        assert strange.url == "/login?said=out"


async def test_nobody_ends_the_session_of_another(hub: Hub) -> None:
    async with visiting(hub) as visitor, beside(visitor) as other:
        await visitor.enter()
        await other.enter(Role.VIEWER)
        await hub.people.sessions.begin(EMAIL, PASSWORD, agent="", address="")
        seen = await visitor.get("/account")
        mine = seen.form("/account/sessions/end")
        theirs = dict(mine.form_values())
        page = await other.get("/account")
        theirs["csrf"] = dict(page.form("/account").form_values())["csrf"]
        assert (await other.post("/account/sessions/end", theirs)).status == 400
        assert len((await visitor.get("/account")).rows()) == 2


async def test_whoever_has_no_seat_has_an_account(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.VIEWER)
        person_id = await hub.people.reaching.find("viewer-default@people.example")
        await hub.people.members.remove(await hub.tenants.find(), person_id, actor="test")
        assert (await visitor.get("/")).url == "/account"
        assert "You have no seat in any tenant" in (await visitor.get("/account/tenants")).words
        assert (await visitor.get("/t/default/users")).status == 404
