"""The living page shows every part that there is."""

from __future__ import annotations

import re
from pathlib import Path

import crossdock.web
from crossdock.govern.access import Role
from crossdock.web.words import TONES
from crossdock.wiring import Hub
from tests.support.browsing import Seen, beside, visiting

WEB = Path(crossdock.web.__file__).parent
MACRO = re.compile(r"{% macro (\w+)\(")


def test_every_macro_is_shown() -> None:
    living = (WEB / "templates/parts/living.html").read_text("utf-8")
    files = sorted((WEB / "templates/parts").glob("*.html"))
    macros = {name for path in files for name in MACRO.findall(path.read_text("utf-8"))}
    assert len(macros) > 30
    assert sorted(name for name in macros if not re.search(rf"\bp\.{name}\(", living)) == []


async def test_whoever_is_logged_in_sees_all_parts(hub: Hub) -> None:
    async with visiting(hub) as viewer, beside(viewer) as owner:
        for role, visitor in ((Role.VIEWER, viewer), (Role.OWNER, owner)):
            assert (await visitor.get("/_parts", follow=False)).status == 303
            await visitor.enter(role)
            _shows_all(await visitor.get("/_parts"))


def _shows_all(seen: Seen) -> None:
    assert seen.status == 200
    icons = re.findall(r'id="i-([a-z-]+)"', (WEB / "static/icons.svg").read_text("utf-8"))
    shown = {one.rpartition("#i-")[2] for one in seen.doc.xpath("//*[@id='icons']//use/@href")}
    assert shown == set(icons)
    for word, tone, _ in TONES.values():
        assert seen.doc.xpath(f"//*[@id='states']//span[contains(@class, 'is-{tone}') and normalize-space()='{word}']")
    assert seen.doc.xpath("//div[contains(@class, 'is-bad')]/label[normalize-space()='Consumer key']")
