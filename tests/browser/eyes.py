"""A person's eyes and hands: Chromium at the pages of a hub, with all that may be wrong with a page collected."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.browser import machine
from tests.support.browsing import PASSWORD, made

SHOTS = Path(os.environ.get("CROSSDOCK_SHOTS") or Path(tempfile.gettempdir()) / "crossdock-screens")
"""Where the pictures of pages with something wrong are kept."""

DESK = (1280, 800)
PHONE = (390, 844)
NARROW = (320, 640)

_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # WCAG 2.2's own rule waits to be asked for
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
_WATCH = """document.addEventListener('securitypolicyviolation', (event) => console.error(
  `policy report: ${event.violatedDirective} forbids ${event.blockedURI} (line ${event.lineNumber})`));"""
_AXE = """async (rules) => {
  const found = await axe.run(document, rules);
  return { passes: found.passes.length, wrong: found.violations.map((one) => ({ rule: one.id, help: one.help,
    at: one.nodes.slice(0, 6).map((node) => `${node.target.join(' ')}: ${node.failureSummary.split('\\n')[1]}`) })) };
}"""
_WIDE = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  const out = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > most + 1
    && !one.closest('.scroll, pre, .away, [popover]:not(:popover-open)'));
  return [`${document.documentElement.scrollWidth} px`, ...out.slice(-4).map((one) => one.outerHTML.slice(0, 140))];
}"""


class Screen(msgspec.Struct, frozen=True):
    """What a page is shown on."""

    size: tuple[int, int] = DESK
    dark: bool = False

    @property
    def words(self) -> str:
        """Its name in a report."""
        return f"{self.size[0]} px {'dark' if self.dark else 'light'}"


LIGHT_DESK, DARK_PHONE = Screen(), Screen(PHONE, dark=True)
USUAL = (LIGHT_DESK, DARK_PHONE)
ALL = (LIGHT_DESK, Screen(dark=True), Screen(PHONE), DARK_PHONE)


class Eyes:
    """Opens pages as people of the default tenant, and says what is wrong with them."""

    def __init__(self, hub: Hub, url: str, browser: Browser) -> None:
        self.hub, self.url = hub, url
        self._browser = browser
        self._noise: dict[Page, list[str]] = {}
        self._contexts: list[BrowserContext] = []
        self._entering = asyncio.Lock()
        self._tokens: dict[tuple[Role, str], str] = {}

    async def context(
        self,
        role: Role | None = Role.OWNER,
        *,
        screen: Screen = LIGHT_DESK,
        scripts: bool = True,
        slug: str = "default",
    ) -> BrowserContext:
        """Return a browser of a person with a role, logged in; None is nobody."""
        context = await self._browser.new_context(
            base_url=self.url,
            viewport={"width": screen.size[0], "height": screen.size[1]},
            color_scheme="dark" if screen.dark else "light",
            reduced_motion="reduce",
            java_script_enabled=scripts,
            accept_downloads=True,
        )
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        if role is not None:
            token = await self._token(role, slug)
            await context.add_cookies([{"name": "crossdock-session", "value": token, "url": self.url}])
        await context.add_init_script(_WATCH)
        context.on("page", self._watch)
        return context

    async def page(
        self, path: str = "", role: Role | None = Role.OWNER, *, screen: Screen = LIGHT_DESK, scripts: bool = True
    ) -> Page:
        """Open a tab of a fresh browser, at an address of the hub when one is given."""
        page = await (await self.context(role, screen=screen, scripts=scripts)).new_page()
        if path:
            await page.goto(path)
        return page

    async def check(self, page: Page, *screens: Screen, name: str = "") -> None:
        """Make sure that nothing is wrong with what a tab shows: on a light desk and a dark phone unless told else."""
        wrong = await self.wrong(page, screens or USUAL, name=name)
        assert not wrong, f"{page.url} (pictures in {SHOTS})\n" + "\n".join(wrong)

    async def wrong(self, page: Page, screens: Sequence[Screen] = USUAL, *, name: str = "") -> list[str]:
        """Say what is wrong with what a tab shows on some screens."""
        before = page.viewport_size
        found: list[str] = []
        for screen in screens:
            await page.set_viewport_size({"width": screen.size[0], "height": screen.size[1]})
            await page.emulate_media(color_scheme="dark" if screen.dark else "light")
            said = await self._axed(page)
            if screen.size[0] <= PHONE[0]:
                said += await self._wide(page)
            if said:
                await self.shoot(page, f"{name or page.url.removeprefix(self.url)}-{screen.words}")
            found += [f"{screen.words}: {one}" for one in said]
        if before:
            await page.set_viewport_size(before)
        return found + self.noise(page)

    async def _axed(self, page: Page) -> list[str]:
        if not await page.evaluate("() => 'axe' in window"):
            await page.evaluate(machine.axe())
        found = await page.evaluate(_AXE, _RULES)
        assert found["passes"] > 0, "axe saw nothing"
        return [f"axe {one['rule']} ({one['help']}): " + " | ".join(one["at"]) for one in found["wrong"]]

    async def _wide(self, page: Page) -> list[str]:
        said = []
        size = page.viewport_size
        for width in (PHONE[0], NARROW[0]):
            await page.set_viewport_size({"width": width, "height": PHONE[1]})
            if out := await page.evaluate(_WIDE):
                said.append(f"wider than {width} px: " + " | ".join(out))
        if size:
            await page.set_viewport_size(size)
        return said

    def noise(self, page: Page) -> list[str]:
        """Take what the console, the policy and failed requests have said in a tab since it was last asked."""
        heard = self._noise.get(page, [])
        said = list(heard)
        # the same list goes on listening
        heard.clear()
        return said

    async def shoot(self, page: Page, name: str) -> None:
        """Keep a picture of a tab."""
        plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[-100:]
        await page.screenshot(path=SHOTS / f"{plain}.png", full_page=True)

    async def close(self, *, failed: str = "") -> None:
        """Close all tabs; with pictures of them when the test has failed."""
        for context in self._contexts:
            for number, page in enumerate(context.pages):
                if failed and not page.is_closed():
                    await self.shoot(page, f"{failed}-{number}")
            await context.close()

    async def _token(self, role: Role, slug: str) -> str:
        async with self._entering:
            if (role, slug) not in self._tokens:
                # several pairs of eyes may look at one hub, one after the other
                email = f"{role}-{slug}-{secrets.token_hex(4)}@people.example"
                await made(self.hub, email, role, slug)
                begun = await self.hub.people.sessions.begin(email, PASSWORD, agent="Chromium", address="127.0.0.1")
                self._tokens[role, slug] = begun.token
            return self._tokens[role, slug]

    def _watch(self, page: Page) -> None:
        said = self._noise.setdefault(page, [])

        def heard(message: ConsoleMessage) -> None:
            # the answer's status says it better
            if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
                said.append(f"console {message.type}: {message.text}")

        def answered(response: Response) -> None:
            if response.status >= 400:
                said.append(f"{response.status} from {response.url}")

        def failed(request: Any) -> None:
            # the live channel ends when its page is left
            if "ERR_ABORTED" not in (request.failure or ""):
                said.append(f"no answer from {request.url}: {request.failure}")

        page.on("console", heard)
        page.on("pageerror", lambda error: said.append(f"script: {error}"))
        page.on("response", answered)
        page.on("requestfailed", failed)
