"""Every page and action for people, opened by nobody and in each role: let in or refused as the table says."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator

from crossdock.govern.access import Role
from crossdock.web.page import Page, Reach
from crossdock.web.rooms import all_pages
from crossdock.wiring import Hub
from tests.journey.access.pages import PAGES
from tests.support.browsing import Seen, Visitor, beside, visiting


def line_of(page: Page) -> str:
    return f"{'POST' if page.acts else 'GET'} {page.route}"


def allows(needed: str, role: Role | None) -> bool:
    """Whether the table lets somebody in; None: nobody is logged in."""
    if needed == "open" or role is None:
        return needed == "open"
    return needed == "own" or role.covers(Role(needed))


async def opened(visitor: Visitor, line: str) -> str:
    """Open a page, or send an action an empty form without its token, which changes nothing; say what the door did."""
    method, path = line.split(" ", 1)
    address = re.sub(r"\{[^}]+\}", "nothing", path.replace("{slug}", "default"))
    seen: Seen = await (
        visitor.post(address, {"nothing": "at all"}, follow=False)
        if method == "POST"
        else visitor.get(address, follow=False)
    )
    if seen.status == 303 and seen.headers.get("Location", "").partition("?")[0] == "/login":
        return "sent to the login"
    if seen.status == 403 and "this needs the role" in seen.text.lower():
        return "refused"
    return "in"


@contextlib.asynccontextmanager
async def people(hub: Hub) -> AsyncIterator[dict[Role | None, Visitor]]:
    """One person of each role, and somebody who is not logged in."""
    async with contextlib.AsyncExitStack() as stack:
        nobody = await stack.enter_async_context(visiting(hub))
        found: dict[Role | None, Visitor] = {None: nobody}
        for role in Role:
            found[role] = await stack.enter_async_context(beside(nobody))
            await found[role].enter(role)
        yield found


def test_the_table_names_every_page_and_no_other() -> None:
    asked = {
        line_of(page): page.role.value if page.role is not None and page.reach is Reach.TENANT else page.reach.value
        for page in all_pages()
    }
    assert asked == PAGES


async def test_each_role_is_let_in_or_refused_as_the_table_says(hub: Hub) -> None:
    wrong = []
    async with people(hub) as visitors:
        for line, needed in PAGES.items():
            for role, visitor in visitors.items():
                seen = await opened(visitor, line)
                if needed == "open" and seen == "sent to the login":
                    # a step of coming in that is not this visitor's turn leads to the first
                    continue
                expected = "in" if allows(needed, role) else "sent to the login" if role is None else "refused"
                if seen != expected:
                    wrong.append(f"{line}: {role or 'nobody'} is {seen}, not {expected}")
    assert wrong == []


async def test_whoever_has_no_seat_there_finds_nothing(hub: Hub) -> None:
    await hub.tenants.add("other")
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        for line, needed in PAGES.items():
            if needed in ("open", "own") or not line.startswith("GET "):
                continue
            address = re.sub(r"\{[^}]+\}", "nothing", line[4:].replace("{slug}", "other"))
            assert (await visitor.get(address, follow=False)).status == 404, line
