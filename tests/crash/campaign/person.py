"""A person before the pages, in a browser without scripts, who tries again until a page comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp

from tests.support.browsing import Seen, Visitor

_HOME = "/t/default"


class Person:
    """Opens pages of the tenant and sends the forms that stand on them."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def enter(self) -> None:
        """Log in, as an owner of the tenant."""
        await self._visitor.enter()

    async def look(self, path: str) -> Seen:
        """Open a page, as often as it takes until it is there."""
        seen = await self._until(lambda: self._visitor.get(_HOME + path))
        assert seen.status == 200, (path, seen.status, seen.words)
        assert not seen.url.startswith("/login"), path
        return seen

    async def fill(self, path: str, action: str, **values: Any) -> Seen | None:
        """Fill and send the form of a page that goes to ``action``; None where it offers none (any more).

        What is refused (409: somebody was quicker) is the hub's good right.
        """
        seen = await self.look(path)
        forms = [form.get("action") or "" for form in seen.doc.xpath("//form")]
        if not any(form.partition("?")[0].endswith(action) for form in forms):
            return None
        return await self._sent(path, lambda: self._visitor.submit(seen, action, **values))

    async def press(self, path: str, action: str, **values: Any) -> Seen:
        """Send a form of an older view of a page: what it was about may be gone."""
        (token, *_) = (await self.look(path)).doc.xpath("//input[@name='csrf']/@value")
        return await self._sent(path, lambda: self._visitor.post(_HOME + action, {"csrf": str(token), **values}))

    async def _sent(self, path: str, send: Callable[[], Awaitable[Seen]]) -> Seen:
        seen = await self._until(send)
        assert seen.status in (200, 409), (path, seen.status, seen.words)
        return seen

    async def _until(self, ask: Callable[[], Awaitable[Seen]]) -> Seen:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                seen = await ask()
                if seen.status < 500 and seen.status != 429:
                    return seen
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def person(hub: Any, url: str) -> AsyncIterator[Person]:
    """Open a browser at a hub's address; ``hub`` is where the person is made."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=8), cookie_jar=jar) as session:
        yield Person(Visitor(hub, url, session))
