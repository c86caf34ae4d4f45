"""Beside the world that is judged: a branch's portal, reached by a grant, and a receiver that will not take everything.

Here people do what may not be done to a portal that has to agree with its shop field by field: they change mappings,
throw records away, hold back, replay, and have letters die. What is judged of it is the ledger: every delivery has an
end, and no letter is left dead.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp

from crossdock.connect.sandbox import Asgi, Receive, Scope, Send, serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.kit.ids import Prefix, parse, show
from crossdock.model.connection import Connection

if TYPE_CHECKING:
    from tests.crash.campaign.world import World

SECRET = "whsec_" + base64.b64encode(b"a picky receiver's own secret 32").decode()
ODD = "campaign.odd"
HELD_BACK = "campaign.kept"
"""What waits long enough for people to do something with it."""
PASSING = "/passing/"
_SLOW_S = 0.2
_CLIENT, _CLIENT_SECRET = "client-7", "client-secret-7"
_KEPT = ("customer", "product")
"""What the branch's portal is told of."""


class Picky:
    """A receiver of messages. ``mood``: ``open`` takes all; ``refuse`` answers 422, ``locked`` 401, ``busy`` 429.

    At the doors of those who are passing it takes its time.
    """

    def __init__(self) -> None:
        self.mood = "open"
        self.taken = 0
        self.arrived: dict[str, set[str]] = {}
        """Ids of what came, by the passing door."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"].startswith(PASSING):
            message_id = dict(scope["headers"])[b"webhook-id"].decode()
            self.arrived.setdefault(scope["path"], set()).add(message_id)
            await asyncio.sleep(_SLOW_S)
        odd = scope["path"] == "/hook" and ODD.encode() in body
        status = {"refuse": 422, "locked": 401, "busy": 429}.get(self.mood, 200) if odd else 200
        self.taken += odd and status == 200
        headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


class Annex:
    """The branch's portal and the picky receiver, and where they are connected."""

    def __init__(self, picky: Picky, urls: dict[str, str]) -> None:
        self.picky, self.urls = picky, urls
        self.branch: Connection
        self.events_id = ""
        """The hub's own source of posted events, as the API names it."""
        self.receiver: Connection
        self.routes: dict[str, str] = {}
        """Stream -> the branch's route, as the API names it; ``odd`` and ``later`` are the receiver's, and ``kept``
        holds messages back."""

    @property
    def branch_id(self) -> str:
        """The branch's connection as the API names it."""
        return show(Prefix.CONNECTION, self.branch.id)

    @property
    def receiver_id(self) -> str:
        """The receiver's."""
        return show(Prefix.CONNECTION, self.receiver.id)

    async def connect(self, world: World) -> None:
        """Connect both: the portal by a person's consent."""
        hub = world.hub
        self.events_id = show(Prefix.CONNECTION, (await hub.connections.hub_source(world.tenant)).id)
        self.branch = await hub.connections.one(world.tenant, await self._consent(world))
        at = {"url": f"{self.urls['picky']}/hook", "secret": SECRET, "plain_http": True}
        made = await hub.connections.connect(world.tenant, "webhook", at, actor="campaign")
        self.receiver = await hub.connections.one(world.tenant, made.id)
        beside = {**at, "url": f"{self.urls['picky']}/kept"}
        kept = show(
            Prefix.CONNECTION, (await hub.connections.connect(world.tenant, "webhook", beside, actor="campaign")).id
        )
        for route in await hub.connections.routes(world.tenant):
            ours = route["destination_id"] == self.branch_id and route["stream"] in _KEPT
            if ours:
                self.routes[route["stream"]] = route["id"]
            elif route["destination_id"] in (self.branch_id, self.receiver_id, kept):
                await hub.connections.remove_route(world.tenant, parse(Prefix.ROUTE, route["id"]), actor="campaign")
        read = {"streams": {"deal": {"enabled": True}}}
        status, told = await world.ask("PATCH", f"/api/v1/connections/{self.branch_id}", read, "deals")
        assert status == 200, told
        post = {"to": self.receiver_id, "action": "post"}
        later = {"delay_s": 1.0, "on_change": "replan"}
        held = {"delay_s": 10.0, "on_change": "keep"}
        won = {"from": self.branch_id, "to": self.branch_id, "stream": "deal", "action": "invoice"}
        for name, route in (
            ("odd", {**post, "from": "events", "stream": "*", "types": [ODD]}),
            ("kept", {**post, "to": kept, "from": "events", "stream": "*", "types": [HELD_BACK], "schedule": held}),
            ("later", {**post, "from": world.shop_id, "stream": "product", "schedule": later}),
            ("won", {**won, "types": ["deal.won"]}),
        ):
            status, told = await world.ask("POST", "/api/v1/routes", route, name)
            assert status == 201, told
            self.routes[name] = told["id"]

    async def _consent(self, world: World) -> uuid.UUID:
        oauth = world.hub.oauth
        await oauth.apps.add(
            world.tenant, "hubspot", client_id=_CLIENT, client_secret=_CLIENT_SECRET, name="Main", actor="campaign"
        )
        given = {"base_url": self.urls["branch"]}
        asked = await oauth.begin(world.tenant, "hubspot", given, name="Branch", actor="campaign")
        await self.accept(world, asked.url)
        found = await oauth.state(asked.state, world.tenant)
        assert found is not None
        assert found.connection_id is not None, found.problem
        return found.connection_id

    async def accept(self, world: World, url: str) -> None:
        """Say yes on the page of consent; the browser goes back to the hub, and what becomes of it shows there."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with world.http.get(url, allow_redirects=False) as page:
                back = dict(parse_qsl(urlsplit(page.headers["location"]).query))
            async with world.http.get(f"{world.api}/oauth/callback?{urlencode(back)}") as done:
                await done.read()


@asynccontextmanager
async def annex(hub_url: str) -> AsyncIterator[Annex]:
    """Open the two; ``hub_url`` is where a person's browser is sent back to."""
    picky = Picky()
    app = hubspot.AppFacts(_CLIENT, _CLIENT_SECRET, [f"{hub_url}/oauth/callback"])
    portal = hubspot.HubSpotSandbox(hubspot.Settings(portal_id=62516, currency="EUR", per_10s=10_000, apps=[app]))
    doors: dict[str, Asgi] = {"branch": portal, "picky": picky}
    async with serving(doors["branch"]) as one, serving(doors["picky"]) as other:
        yield Annex(picky, {"branch": one.url, "picky": other.url})


def objects(mapping: dict[str, Any], target: str, text: str) -> list[dict[str, Any]]:
    """Return a mapping's objects with one more rule for the first of them."""
    made: list[dict[str, Any]] = [dict(one) for one in mapping["objects"]]
    made[0]["rules"] = [rule for rule in made[0]["rules"] if rule["target"] != target]
    made[0]["rules"].append({"target": target, "constant": text})
    return made
