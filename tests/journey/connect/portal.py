"""A hub with an app at a sandbox portal, and a person who accepts on its page of consent."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import msgspec

from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot.sandbox import AppFacts, HubSpotSandbox
from crossdock.connectors.hubspot.sandbox import Settings as PortalSettings
from crossdock.govern.authorizations import Asked
from crossdock.kit.ids import Prefix, show
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Answer, Street, street

HUB = "http://127.0.0.1:9"
"""Where the hub says that it is; the person's browser is played by the tests."""
CLIENT, CLIENT_SECRET = "client-7", "canary-client-secret-77"


class Portal:
    """A hub, a sandbox portal, and what people do."""

    def __init__(
        self, hub: Hub, sandbox: HubSpotSandbox, url: str, doors: Street, session: aiohttp.ClientSession
    ) -> None:
        self.hub, self.sandbox, self.url, self.doors, self._session = hub, sandbox, url, doors, session

    async def tenant(self) -> Any:
        return await self.hub.tenants.find()

    async def app(self, name: str = "Main", client_id: str = CLIENT, secret: str = CLIENT_SECRET, **more: Any) -> Any:
        """Add an app to the hub."""
        return await self.hub.oauth.apps.add(
            await self.tenant(), "hubspot", client_id=client_id, client_secret=secret, name=name, actor="test", **more
        )

    async def ask(self, **more: Any) -> Asked:
        """Begin a consent."""
        given = {"base_url": self.url}
        return await self.hub.oauth.begin(await self.tenant(), "hubspot", given, name="Portal", actor="test", **more)

    async def accept(self, url: str) -> dict[str, str]:
        """Open the page of consent as a person does; returns the parameters that the browser is sent back with."""
        async with self._session.get(url, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            back = urlsplit(response.headers["location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == f"{HUB}/oauth/callback"
        return dict(parse_qsl(back.query))

    async def back(self, parameters: Mapping[str, str]) -> Answer:
        """Bring the browser back to the hub."""
        return await self.doors.get(f"/oauth/callback?{urlencode(parameters)}")

    async def connected(self, **more: Any) -> Any:
        """Consent to a new connection and return it."""
        asked = await self.ask(**more)
        answer = await self.back(await self.accept(asked.url))
        assert answer.status == 200, answer.body
        found = await self.hub.oauth.state(asked.state, await self.tenant())
        assert found is not None
        return await self.hub.connections.one(await self.tenant(), found.connection_id)

    async def act(self, act: str) -> None:
        """Do something at the portal."""
        async with self._session.post(f"{self.url}/_sandbox/act", json={"act": act}) as response:
            assert response.status == 200

    def requests(self, name: str) -> dict[str, int]:
        """Return what the portal answered at a door, by status."""
        return self.sandbox.portal.requests.get(name, {})

    async def row(self, sql: str, *values: Any) -> Any:
        async with self.hub.database.engine() as conn:
            return await conn.fetchrow(sql, *values)

    async def run(self, sql: str, *values: Any) -> None:
        async with self.hub.database.engine() as conn:
            await conn.execute(sql, *values)

    def shown(self, connection: Any) -> str:
        return show(Prefix.CONNECTION, connection.id)


@contextlib.asynccontextmanager
async def portal_of(settings: Settings, **facts: Any) -> AsyncIterator[Portal]:
    """Open a hub beside a sandbox portal that knows the hub's app (and ``client-8``, a second one)."""
    callback = f"{HUB}/oauth/callback"
    apps = [AppFacts(CLIENT, CLIENT_SECRET, [callback]), AppFacts("client-8", "second-secret", [callback])]
    sandbox = HubSpotSandbox(PortalSettings(apps=apps, **facts))
    async with (
        serving(sandbox) as served,
        open_hub(settings.model_copy(update={"public_url": HUB})) as hub,
        street(hub) as doors,
        aiohttp.ClientSession() as session,
    ):
        yield Portal(hub, sandbox, served.url, doors, session)


class Renewals(msgspec.Struct, frozen=True):
    """What is on record of a grant."""

    generation: int
    asks: int
    problem: str | None
    leased: bool


async def renewals(portal: Portal, connection: Any) -> Renewals:
    row = await portal.row(
        "SELECT generation, asks, problem, lease_until IS NOT NULL AS leased FROM oauth_grant WHERE connection_id = $1",
        connection.id,
    )
    return Renewals(**dict(row))
