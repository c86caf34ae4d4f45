"""The eyes themselves: what is wrong with a page does not escape them."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.browser.eyes import DARK_PHONE, LIGHT_DESK, Eyes


async def shown(eyes: Eyes, body: str, head: str = "<title>A page</title>", **headers: str) -> Page:
    """Show a page of our own making in place of the hub's."""
    text = f"<!doctype html><html lang=en><head>{head}</head><body><main><h1>A page</h1>{body}</main></body></html>"
    page = await eyes.page(role=None)
    await page.route(
        "**/made", lambda route: route.fulfill(body=text, headers={"content-type": "text/html", **headers})
    )
    await page.goto("/made")
    return page


async def test_a_page_that_is_well_passes(eyes: Eyes) -> None:
    await eyes.check(await shown(eyes, "<p>All is well.</p>"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<img src=data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==>", "image-alt"),
        ("<p style='color:#bbb;background:#fff'>hardly to be read</p>", "color-contrast"),
        ("<div style='inline-size:400px'>too wide</div>", "wider than 390 px"),
        ("<div style='inline-size:350px'>too wide</div>", "wider than 320 px"),
        ("<button style='all:unset;width:9px;height:9px;background:red' aria-label=a></button>" * 2, "target-size"),
        ("<script>console.error('trouble')</script>", "console error: trouble"),
        ("<script>nothing()</script>", "script: nothing is not defined"),
        ("<link rel=stylesheet href=/static/gone.css>", "404 from"),
    ],
)
async def test_what_is_wrong_is_seen(eyes: Eyes, body: str, said: str) -> None:
    page = await shown(eyes, body)
    found = await eyes.wrong(page, (LIGHT_DESK, DARK_PHONE))
    assert any(said in one for one in found), found


async def test_what_the_policy_forbids_is_heard(eyes: Eyes) -> None:
    page = await shown(eyes, "<p style='color:red'>x</p>", **{"content-security-policy": "style-src 'self'"})
    assert any("policy report: style-src" in one for one in eyes.noise(page))


async def test_what_is_heard_after_the_first_question_is_heard_as_well(eyes: Eyes) -> None:
    page = await shown(eyes, "<p>All is well.</p>")
    for _ in range(2):
        assert eyes.noise(page) == []
        await page.evaluate("console.error('trouble')")
        assert eyes.noise(page) == ["console error: trouble"]
