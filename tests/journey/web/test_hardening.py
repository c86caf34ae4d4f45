"""Every page and every answer: what runs, who may frame it, what is kept, and what a form of somebody else can do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import aiohttp
import pytest

from crossdock.govern.access import Role
from crossdock.settings import Settings
from crossdock.web.page import Page, Reach
from crossdock.web.rooms import all_pages
from crossdock.wiring import Hub, open_hub
from tests.journey.access.table import TABLE
from tests.support.browsing import PASSWORD, Seen, Visitor, beside, made, visiting

pytestmark = pytest.mark.asyncio

WANTED = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
    "Cache-Control": "no-store",
}
_INLINE = re.compile(
    r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|<script(?![^>]*\ssrc=)|<base\b|<iframe|<object|<embed",
    re.IGNORECASE,
)


def path_of(page: Page) -> str:
    """Return an address of a page; where a thing is named there is none."""
    return re.sub(r"\{[^}]+\}", "nothing", page.route.replace("{slug}", "default"))


def paths(*, acts: bool) -> Iterator[tuple[Page, str]]:
    for page in all_pages():
        if page.acts is acts:
            yield page, path_of(page)


def hardened(seen: Seen, path: str) -> list[str]:
    """Return what is missing on a page."""
    wrong = [f"{path}: {name}" for name, begin in WANTED.items() if not seen.headers.get(name, "").startswith(begin)]
    policy = seen.headers.get("Content-Security-Policy", "")
    wrong += [f"{path}: {word}" for word in ("unsafe-inline", "unsafe-eval", "http:", "*") if word in policy]
    for directive in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        if directive not in policy:
            wrong.append(f"{path}: no {directive}")
    if seen.headers.get("Content-Type", "").startswith("text/html"):
        wrong += [f"{path}: {found[0]!r} in the page" for found in [_INLINE.search(seen.text)] if found]
        # an address of another host would be followed with what the page knows
        hosts = re.findall(r"(?:src|action)=\"(?:https?:)?//([^\"/]+)", seen.text)
        wrong += [f"{path}: sends to {host}" for host in hosts]
    return wrong


async def test_every_page_is_hardened(hub: Hub) -> None:
    wrong: list[str] = []
    async with visiting(hub) as visitor:
        for page, path in paths(acts=False):
            if page.reach is Reach.OPEN:
                wrong += hardened(await visitor.get(path, follow=False), path)
        await visitor.enter(Role.OWNER)
        for _, path in paths(acts=False):
            wrong += hardened(await visitor.get(path, follow=False), path)
    assert wrong == []


async def test_every_answer_of_the_api_carries_its_headers(hub: Hub) -> None:
    _, key = await hub.keys.add(await hub.tenants.find(), "all", ["admin"])
    wrong = []
    async with visiting(hub) as visitor:
        for line in TABLE:
            method, path = line.split(" ", 1)
            if method != "GET":
                continue
            for headers in ({}, {"Authorization": f"Bearer {key}"}):
                where = "/api/v1" + re.sub(r"\{\w+\}", "nothing", path)
                seen = await visitor.get(where, follow=False, **headers)
                given = {name: seen.headers.get(name) for name in ("X-Content-Type-Options", "Cache-Control")}
                policy = seen.headers.get("Content-Security-Policy", "")
                if given != {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}:
                    wrong.append(f"{line}: {given}")
                if not policy.startswith("default-src 'none'") or seen.headers.get("Set-Cookie"):
                    wrong.append(f"{line}: {policy}")
    assert wrong == []


async def test_no_action_is_done_for_a_form_of_somebody_else(hub: Hub) -> None:
    """No token, a wrong one, that of another person's session, and the right one sent from another site."""
    wrong = []
    async with visiting(hub) as visitor, beside(visitor) as other:
        await visitor.enter(Role.OWNER)
        await other.enter(Role.OWNER, email="other@people.example")
        ours, theirs = await _token(visitor), await _token(other)
        assert ours != theirs
        for page, path in paths(acts=True):
            if page.reach is Reach.OPEN:
                continue
            tries = [
                await visitor.post(path, {}, follow=False),
                await visitor.post(path, {"csrf": "wrong"}, follow=False),
                await visitor.post(path, {"csrf": theirs}, follow=False),
                await visitor.post(path, {"csrf": ours}, follow=False, Origin="https://evil.example"),
                await visitor.post(path, {"csrf": ours}, follow=False, Origin="null"),
                await visitor.post(path, {"csrf": ours}, follow=False, **{"Sec-Fetch-Site": "cross-site"}),
                await visitor.post(path, {"csrf": ours}, follow=False, **{"Sec-Fetch-Site": "same-site"}),
            ]
            wrong += [f"{path}: try {n} is {seen.status}" for n, seen in enumerate(tries) if seen.status != 403]
        # a form of a plain type is what another site can send; JSON is not taken for one
        async with aiohttp.ClientSession(cookies=visitor.cookies()) as session:
            for _, path in paths(acts=True):
                answer = await session.post(visitor.url + path, json={"csrf": ours}, allow_redirects=False)
                if answer.status < 400:
                    wrong.append(f"{path}: JSON is {answer.status}")
    assert wrong == []


async def test_a_login_of_somebody_else_s_making_is_refused(hub: Hub) -> None:
    """Login CSRF: the form is bound to the browser that opened it."""
    async with visiting(hub) as visitor, beside(visitor) as other:
        await made(hub, "ann@people.example", Role.VIEWER)
        mine = await visitor.get("/login")
        token = mine.form("/login").fields["csrf"]
        given = {"email": "ann@people.example", "password": PASSWORD, "csrf": token}
        await other.get("/login")
        refused = await other.post("/login", given, follow=False)
        assert refused.status == 403
        assert "crossdock-session" not in other.cookies()
        assert (await visitor.post("/login", given, follow=False)).status == 303
        assert "crossdock-session" in visitor.cookies()


async def test_a_login_leads_to_no_other_host(hub: Hub) -> None:
    async with visiting(hub) as anybody:
        await made(hub, "ann@people.example", Role.VIEWER)
        for onward in (
            "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
            "javascript:alert(1)", "https:evil.example", "/%2f/evil.example/..;/", " //evil.example",
            "/..//evil.example",
        ):  # fmt: skip
            async with beside(anybody) as visitor:
                login = await visitor.get("/login")
                token = login.form("/login").fields["csrf"]
                given = {"email": "ann@people.example", "password": PASSWORD, "csrf": token, "next": onward}
                where = (await visitor.post("/login", given, follow=False)).headers["Location"]
            assert re.fullmatch(r"/(?![/\\])[\x21-\x7e]*", where), (onward, where)
            assert "\\" not in where, onward


async def test_the_host_header_makes_no_address(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        for _, path in paths(acts=False):
            tricks = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
            seen = await visitor.get(path, follow=False, **tricks)
            assert "evil.example" not in seen.headers.get("Location", ""), path
            assert "evil.example" not in seen.text, path


async def test_methods_are_what_they_are(hub: Hub) -> None:
    async with visiting(hub) as visitor:
        await visitor.enter(Role.OWNER)
        acting = {path for _, path in paths(acts=True)}
        override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
        for path in sorted(acting):
            shown = await visitor.get(f"{path}?_method=POST", follow=False, **override)
            assert shown.status < 500, (path, shown.status)
        async with hub.database.engine() as conn:
            acts = await conn.fetch(
                "SELECT action FROM audit_entry WHERE actor LIKE 'usr_%' AND action LIKE '%logout%'"
            )
        assert acts == []
        assert (await visitor.get("/account", follow=False)).status == 200, "nobody was logged out"
        async with aiohttp.ClientSession(cookies=visitor.cookies()) as session:
            for method in ("PUT", "DELETE", "PATCH", "TRACE"):
                for path in ("/t/default", "/account", "/login"):
                    answer = await session.request(method, visitor.url + path)
                    assert answer.status == 405, (method, path)


async def test_behind_https_cookies_are_bound_and_https_is_demanded(settings: Settings) -> None:
    known = settings.model_copy(update={"public_url": "https://hub.example"})
    async with open_hub(known) as hub, visiting(hub) as visitor:
        await made(hub, "ann@people.example", Role.VIEWER)
        https = {"Host": "hub.example"}
        login = await visitor.get("/login", follow=False, **https)
        assert login.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        guest = login.headers["Set-Cookie"]
        token = login.form("/login").fields["csrf"]
        given = {"email": "ann@people.example", "password": PASSWORD, "csrf": token}
        more = {**https, "Cookie": guest.partition(";")[0]}
        done = await visitor.post("/login", given, follow=False, **more)
        assert done.status == 303
        cookie = done.headers["Set-Cookie"]
        assert cookie.startswith("__Host-crossdock-session=")
        for flag in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
            assert flag.lower() in cookie.lower(), flag
        assert "domain=" not in cookie.lower()
        api = await visitor.get("/api/v1/me", **https)
        assert api.headers["Strict-Transport-Security"].startswith("max-age=31536000")


async def _token(visitor: Visitor) -> str:
    seen = await visitor.get("/account")
    forms = [form for form in seen.doc.xpath("//form") if "csrf" in form.fields]
    assert forms
    return str(forms[0].fields["csrf"])
