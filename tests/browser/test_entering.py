"""Coming in as a person does it: first run, login, second step, invitation; with scripts and without."""

from __future__ import annotations

import asyncio
import re

import pyotp
import pytest
from playwright.async_api import Page, Route, expect

from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from tests.browser.eyes import Eyes
from tests.support.browsing import PASSWORD, Visitor, made

EMAIL = "frida@people.example"
with_and_without = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


async def log_in(page: Page, email: str = EMAIL, password: str = PASSWORD) -> None:
    await page.goto("/login")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()


async def said(page: Page, words: str) -> None:
    await expect(page.locator("main")).to_contain_text(words)


@with_and_without
async def test_the_first_person_comes_in(visitor: Visitor, eyes: Eyes, scripts: bool) -> None:
    page = await eyes.page(role=None, scripts=scripts)
    await page.goto("/login")
    await said(page, "Nobody has come in yet")
    if scripts:
        await eyes.check(page)
    link = await visitor.hub.people.first_run_link(visitor.url)
    assert link is not None
    await page.goto(link)
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Your name").fill("Frida First")
    await page.get_by_label("Password").fill("password1234")
    if scripts:
        await eyes.check(page)
    await page.get_by_role("button", name="Come in").click()
    await said(page, "one of those that are tried first")
    await expect(page.get_by_label("Your name")).to_have_value("Frida First")
    assert eyes.noise(page) == [f"422 from {visitor.url}/welcome"]
    if scripts:
        await eyes.check(page)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Come in").click()
    await page.wait_for_url("**/t/default")
    await expect(page.get_by_role("link", name="Frida First")).to_be_visible()
    await page.goto(link)
    await said(page, "This link was used")


@with_and_without
async def test_a_login_a_mistake_and_a_logout(visitor: Visitor, eyes: Eyes, scripts: bool) -> None:
    await made(visitor.hub, EMAIL, Role.VIEWER)
    page = await eyes.page(role=None, scripts=scripts)
    await log_in(page, password="not the password")
    await said(page, "E-mail or password is wrong")
    await expect(page.get_by_label("E-mail")).to_have_value(EMAIL)
    await expect(page.get_by_label("Password")).to_have_value("")
    assert eyes.noise(page) == [f"401 from {visitor.url}/login"]
    if scripts:
        await eyes.check(page)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/t/default")
    await page.get_by_role("button", name="Log out").click()
    await said(page, "You are logged out.")
    await page.goto("/t/default")
    assert page.url.startswith(f"{visitor.url}/login?next=")
    assert eyes.noise(page) == []


async def test_a_part_that_loads_itself_leads_nobody_who_logs_out_elsewhere(visitor: Visitor, eyes: Eyes) -> None:
    page = await eyes.page("/t/default", role=Role.VIEWER)
    ended = asyncio.Event()

    async def part(route: Route) -> None:
        await ended.wait()
        await route.continue_()

    async def logout(route: Route) -> None:
        answer = await route.fetch(max_redirects=0)
        async with page.expect_response(lambda one: one.status == 204 and "hx-redirect" in one.headers):
            ended.set()
        await asyncio.sleep(0.3)  # what the page does about it, it does now
        await route.fulfill(response=answer)

    await page.route(f"{visitor.url}/t/default", part)
    await page.route("**/logout", logout)
    async with page.expect_request(f"{visitor.url}/t/default"):
        await page.evaluate("htmx.trigger('#now', 'changed')")
    await page.get_by_role("button", name="Log out").click()
    await said(page, "You are logged out.")
    await page.goto("/t/default")
    await said(page, "E-mail")
    assert eyes.noise(page) == []


@with_and_without
async def test_the_second_step_from_set_up_to_login(visitor: Visitor, eyes: Eyes, scripts: bool) -> None:
    await made(visitor.hub, EMAIL, Role.OPERATOR)
    page = await eyes.page(role=None, scripts=scripts)
    await log_in(page)
    await page.goto("/account")
    if scripts:
        await eyes.check(page)
    await page.get_by_role("link", name="Set it up").click()
    await page.get_by_role("button", name="Show me the secret").click()
    code = page.get_by_role("img", name="QR code")
    await expect(code).to_be_visible()
    box = await code.bounding_box()
    assert box is not None
    assert 120 < box["width"] <= 400, "large enough for a phone, small enough for one's own"
    assert abs(box["width"] - box["height"]) < 2
    if scripts:
        await eyes.check(page)
    secret = re.sub(r"\s", "", await page.locator("code").inner_text())
    first = pyotp.TOTP(secret).now()
    await page.get_by_role("textbox", name="Code").fill(first)
    await page.get_by_role("button", name="Turn it on").click()
    await said(page, "Keep these recovery codes")
    if scripts:
        await eyes.check(page)
    recovery = (await page.locator("pre").inner_text()).split()
    assert len(recovery) == 10
    await page.get_by_role("link", name="I have kept them").click()
    await said(page, "A login needs a code of your app")
    await page.get_by_role("button", name="Log out").click()
    await log_in(page)
    await said(page, "One more step")
    if scripts:
        await eyes.check(page)
    await page.get_by_role("textbox", name="Code").fill(first)
    await page.get_by_role("button", name="Log in").click()
    await said(page, "The code is wrong, or was used before")
    await page.get_by_role("textbox", name="Code").fill(recovery[3])
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/t/default")


@with_and_without
async def test_an_owner_invites_somebody_who_comes_in(visitor: Visitor, eyes: Eyes, scripts: bool) -> None:
    page = await eyes.page("/t/default/users", scripts=scripts)
    invite = page.locator("#invite")
    await invite.get_by_label("E-mail").fill("nina@people.example")
    await invite.get_by_label("Role").select_option("operator")
    if scripts:
        await eyes.check(page)
    await invite.get_by_role("button", name="Invite").click()
    await said(page, "Hand this link over")
    if scripts:
        await eyes.check(page)
    link = await page.locator("pre").inner_text()
    await page.get_by_role("link", name="Done").click()
    await expect(page.get_by_role("row", name=re.compile("nina@people.example"))).to_contain_text("Invited")
    other = await eyes.page(role=None, scripts=scripts)
    await other.goto(link.removeprefix(visitor.hub.people.base))
    await said(other, "You are invited to")
    await other.get_by_label("Your name").fill("Nina New")
    await other.get_by_label("Password").fill(PASSWORD)
    if scripts:
        await eyes.check(other)
    await other.get_by_role("button", name="Come in").click()
    await other.wait_for_url("**/t/default")
    await page.reload()
    await expect(page.get_by_role("row", name=re.compile("Nina New"))).to_contain_text("Active")
    assert eyes.noise(page) + eyes.noise(other) == []


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_sees_what_it_may_and_is_told_what_it_may_not(eyes: Eyes, role: Role) -> None:
    page = await eyes.page("/account", role=role)
    menu = page.get_by_role("navigation", name="Main")
    await expect(menu.get_by_role("link", name="Users")).to_have_count(int(role is Role.OWNER))
    answer = await page.goto("/t/default/users")
    assert answer is not None
    if role is Role.OWNER:
        assert answer.status == 200
    else:
        assert answer.status == 403
        await said(page, f"This needs the role owner; yours is {role}")
        eyes.noise(page)
        await eyes.check(page)


async def test_a_lost_password_is_set_anew(visitor: Visitor, eyes: Eyes) -> None:
    await made(visitor.hub, EMAIL, Role.VIEWER)
    people = visitor.hub.people
    page = await eyes.page("/login", role=None)
    await page.get_by_role("link", name="Forgot the password?").click()
    await eyes.check(page)
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_role("button", name="Mail me a link").click()
    await said(page, "a link is on its way")
    await eyes.check(page)
    token = await people.links.make(Kind.RESET, person_id=await people.reaching.find(EMAIL))
    await page.goto(f"/reset?token={token}")
    await page.get_by_label("New password").fill("a lamp and a bicycle")
    await eyes.check(page)
    await page.get_by_role("button", name="Set it").click()
    await said(page, "The new password is set")
    await log_in(page, password="a lamp and a bicycle")
    await page.wait_for_url("**/t/default")


async def test_what_changes_who_may_come_in_asks_for_the_password_again(visitor: Visitor, eyes: Eyes) -> None:
    page = await eyes.page("/t/default/users")
    async with visitor.hub.database.engine() as conn:
        await conn.execute("UPDATE person_session SET confirmed_at = now() - interval '16 minutes'")
    await page.reload()
    await eyes.check(page)
    await page.get_by_role("link", name="Confirm it is you").click()
    await page.get_by_label("Password").fill(PASSWORD)
    await eyes.check(page)
    await page.get_by_role("button", name="Confirm").click()
    await page.wait_for_url("**/t/default/users")
    await expect(page.get_by_role("button", name="Invite")).to_be_visible()
