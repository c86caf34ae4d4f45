"""A person in front of the pages, as a browser without scripts: cookies are kept, forms are filled and sent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import lxml.html
import msgspec
import yarl

from crossdock.api.app import build_app
from crossdock.connect.sandbox import serving
from crossdock.govern.access import Role
from crossdock.govern.people import Kind
from crossdock.web import page_routes
from crossdock.wiring import Hub

PASSWORD = "correct-horse-battery-staple-9"


class Seen(msgspec.Struct, frozen=True):
    """A page as it came."""

    status: int
    url: str
    headers: Any
    text: str

    @property
    def doc(self) -> Any:
        """The page's elements (lxml)."""
        return lxml.html.fromstring(self.text)

    @property
    def words(self) -> str:
        """What a person reads of the main part, spaces made even."""
        main = self.doc.xpath("//main") or [self.doc]
        return " ".join(main[0].text_content().split())

    def form(self, action: str) -> Any:
        """Return the form whose action is this address or ends so."""
        forms = self.doc.xpath("//form")
        found = [one for one in forms if (one.get("action") or self.url).partition("?")[0].endswith(action)]
        assert found, f"no form goes to {action}; there are {[one.get('action') for one in forms]}"
        return found[0]

    def rows(self) -> list[str]:
        """Return the text of each row of the tables."""
        return [" ".join(row.text_content().split()) for row in self.doc.xpath("//main//tbody/tr")]


async def _seen(response: aiohttp.ClientResponse) -> Seen:
    # what is downloaded may be no text at all
    text = await response.text(errors="replace")
    return Seen(response.status, response.url.path_qs, response.headers.copy(), text)


class Visitor:
    """Keeps the cookies of one person."""

    def __init__(self, hub: Hub, url: str, session: aiohttp.ClientSession) -> None:
        self.hub = hub
        self.url = url
        self._session = session

    async def get(self, path: str, *, follow: bool = True, **headers: str) -> Seen:
        """Open an address of this hub."""
        address = path if path.startswith("http") else self.url + path
        async with self._session.get(address, allow_redirects=follow, headers=headers) as response:
            return await _seen(response)

    async def post(self, path: str, data: Any, *, follow: bool = True, **headers: str) -> Seen:
        """Send a form as it is given."""
        async with self._session.post(self.url + path, data=data, allow_redirects=follow, headers=headers) as response:
            return await _seen(response)

    async def submit(self, seen: Seen, action: str, *, follow: bool = True, **values: Any) -> Seen:
        """Fill the form that goes to ``action`` and send it with what stands in it; a list ticks several."""
        form = seen.form(action)
        fields = [(name, value) for name, value in form.form_values() if name not in values]
        if not any(name == "csrf" for name, _ in fields) and (form.get("method") or "").lower() == "post":
            raise AssertionError(f"the form to {action} has no CSRF token")
        for name, value in values.items():
            fields += [(name, str(one)) for one in (value if isinstance(value, list | tuple) else [value])]
        address = (form.get("action") or seen.url).removeprefix(self.url)
        if (form.get("method") or "get").lower() == "get":
            return await self.get(str(yarl.URL(address).update_query(fields)), follow=follow)
        return await self.post(address, aiohttp.FormData(fields), follow=follow)

    async def enter(self, role: Role = Role.OWNER, slug: str = "default", email: str = "") -> None:
        """Make a person with a role at a tenant, who comes with the cookie of a fresh login."""
        address = email or f"{role}-{slug}@people.example"
        await made(self.hub, address, role, slug)
        begun = await self.hub.people.sessions.begin(address, PASSWORD, agent="a test", address="127.0.0.1")
        self._session.cookie_jar.update_cookies({"crossdock-session": begun.token}, yarl.URL(self.url))

    def cookies(self) -> dict[str, str]:
        """Return the cookies by name."""
        return {one.key: one.value for one in self._session.cookie_jar}


async def made(hub: Hub, email: str, role: Role, slug: str = "default") -> None:
    """Make a person with a password and a role at a tenant."""
    tenant_id = await hub.tenants.find(slug)
    invited = await hub.people.members.invite(tenant_id, email, role, actor="a test")
    await hub.people.links.use(Kind.INVITE, invited.token, name=f"A {role}", password=PASSWORD)


@contextlib.asynccontextmanager
async def visiting(hub: Hub, *, port: int = 0) -> AsyncIterator[Visitor]:
    """Open the doors on a port (0: a free one), with a person in front of them."""
    timeout = aiohttp.ClientTimeout(total=30)
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        serving(build_app(hub, pages=page_routes(hub)), port=port) as server,
        aiohttp.ClientSession(timeout=timeout, cookie_jar=jar) as session,
    ):
        yield Visitor(hub, server.url, session)


@contextlib.asynccontextmanager
async def beside(visitor: Visitor) -> AsyncIterator[Visitor]:
    """Another person at the same doors."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30), cookie_jar=jar) as session:
        yield Visitor(visitor.hub, visitor.url, session)
