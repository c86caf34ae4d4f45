"""Every page that there is, as an owner sees it on a light desk and a dark phone: nothing is wrong with it.

A page whose address has a name in it is opened with the example of :class:`tests.support.lively.Lively`; a room whose
page needs another address has a line in ``ADDRESSES``.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page as Tab

from crossdock.govern.access import Role
from crossdock.web.page import Page, Reach
from crossdock.web.rooms import all_pages
from tests.browser import records_pages
from tests.browser.eyes import Eyes
from tests.support.lively import Lively

_NAME = re.compile(r"\{(\w+)(?::\w+)?\}")
_SIDE_BY_SIDE = 2
MOST_BYTES = 150_000

ADDRESSES: dict[str, records_pages.Address] = {
    **records_pages.ADDRESSES,
    "/invite": lambda ids: f"/invite?token={ids['invite_token']}",
    "/reset": lambda ids: f"/reset?token={ids['reset_token']}",
    "/t/{slug}/connections/bulk": lambda ids: f"/t/{ids['slug']}/connections/bulk?do=check",
    "/t/{slug}/events/replay": lambda ids: f"/t/{ids['slug']}/events/replay?id={ids['event_id']}",
    "/t/{slug}/routes/bulk": lambda ids: f"/t/{ids['slug']}/routes/bulk?do=off",
}
"""Page -> its address, where the names in it do not make it: ``lambda ids: "/t/default/find?q=" + ids["number"]``."""

NO_PAGES: dict[str, str] = {
    **records_pages.FILES,
    "/": "sends on to the login or to the overview",
    "/welcome": "there while nobody has come in yet: test_entering looks at it",
    "/login/code": "there between password and code: test_entering looks at it",
    "/t/{slug}/connections/waiting/{connector}": "there while somebody lets us in elsewhere: test_network looks at it",
    "/t/{slug}/connections/pairing/{pairing}": "there while a site has not used its code: test_network looks at it",
    "/t/{slug}/routes/{route_id}/mapping/trials/{run_id}": "of a dry run: test_network looks at it",
    "/t/{slug}/routes/{route_id}/mapping/export": "a file",
}
"""What answers GET without being a page: a file, or the way to another page."""


def pages() -> list[Page]:
    """Return what is looked at."""
    return [page for page in all_pages() if not page.acts and page.route not in NO_PAGES]


def address(page: Page, ids: Mapping[str, str]) -> str:
    """Return where a page is; raises ``KeyError`` for one that nobody has given an example for."""
    if page.route in ADDRESSES:
        return ADDRESSES[page.route](ids)
    return _NAME.sub(lambda found: ids[found[1]], page.route)


async def test_every_page_is_well(lively_eyes: Eyes, network: Lively) -> None:
    wrong: list[str] = []
    queues = {role: deque[tuple[Page, str]]() for role in (None, Role.OWNER)}
    for page in pages():
        role = None if page.reach is Reach.OPEN else Role.OWNER
        try:
            queues[role].append((page, address(page, network.ids)))
        except KeyError as unknown:
            wrong.append(f"{page.route} needs an example of {unknown}: give it in tests/support/lively.py")

    async def look(role: Role | None) -> None:
        tab, queue = await lively_eyes.page(role=role), queues[role]
        while queue:
            page, at = queue.popleft()
            wrong.extend(f"{at}: {one}" for one in await seen(lively_eyes, tab, page, at))

    await asyncio.gather(look(None), *(look(Role.OWNER) for _ in range(_SIDE_BY_SIDE)))
    assert not wrong, "\n".join(wrong)


async def seen(eyes: Eyes, tab: Tab, page: Page, at: str) -> list[str]:
    """Open a page in a tab and say what is wrong with it."""
    try:
        answer = await tab.goto(at)
        found = await eyes.wrong(tab, name=page.route)
        size = len((await tab.content()).encode())
    except PlaywrightError as trouble:
        return [*eyes.noise(tab), f"not opened: {trouble}"]
    if answer is None or answer.status != 200:
        found.append(f"status {answer.status if answer else None}")
    if size > MOST_BYTES:
        found.append(f"{size:,} bytes are too many")
    return found


def test_the_tables_name_pages_that_are_there() -> None:
    routes = {page.route for page in all_pages()}
    assert {*ADDRESSES, *NO_PAGES} <= routes
