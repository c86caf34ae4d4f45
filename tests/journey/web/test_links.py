"""No link of a page leads nowhere: what the pages of a lively hub link to is opened, by an owner and by a viewer."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from urllib.parse import urldefrag, urljoin, urlsplit

from crossdock.govern.access import Role
from crossdock.wiring import Hub
from tests.support.browsing import Seen, Visitor, beside, visiting
from tests.support.lively import lively

_ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}|\d+|\d{4}-\d{2}-\d{2}")
_MOST = 3
"""So many of a kind are opened: the kind is the address without its ids, with the names of its query."""


def _kind(address: str) -> str:
    parts = urlsplit(address)
    names = sorted(part.partition("=")[0] for part in parts.query.split("&"))
    return _ID.sub("…", parts.path) + "?" + "&".join(names)


def _links(visitor: Visitor, seen: Seen) -> set[str]:
    if not seen.headers.get("Content-Type", "").startswith("text/html"):
        return set()
    here = visitor.url + seen.url
    found = {urldefrag(urljoin(here, href)).url for href in seen.doc.xpath("//a/@href")}
    return {href.removeprefix(visitor.url) for href in found if href.startswith(visitor.url + "/")}


async def _walked(visitor: Visitor) -> tuple[int, list[str]]:
    """Open what links lead to, breadth first; returns how many were opened and those that were not well."""
    queue, met, opened, wrong = deque([("/t/default", "")]), {"/t/default"}, dict[str, int](), []
    while queue:
        address, source = queue.popleft()
        kind = _kind(address)
        if opened.get(kind, 0) >= _MOST:
            continue
        opened[kind] = opened.get(kind, 0) + 1
        seen = await visitor.get(address)
        if seen.status != 200:
            wrong.append(f"{seen.status} {address} (linked on {source}): {seen.words[:120]}")
            continue
        for link in sorted(_links(visitor, seen) - met):
            met.add(link)
            queue.append((link, address))
    return sum(opened.values()), wrong


async def test_no_link_leads_nowhere(hub: Hub) -> None:
    async with lively(hub), visiting(hub) as owner, beside(owner) as viewer:
        for role, visitor in ((Role.OWNER, owner), (Role.VIEWER, viewer)):
            await visitor.enter(role)
            opened, wrong = await asyncio.wait_for(_walked(visitor), 240)
            assert opened > 60, role
            assert not wrong, f"{role}:\n" + "\n".join(wrong)
