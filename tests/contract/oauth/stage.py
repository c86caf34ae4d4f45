"""A connector that knows nothing but OAuth 2.0, the parts of a hub around it, and a place to be killed at."""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crossdock.connect.client import Transport, VendorClient
from crossdock.connect.connector import Access, CheckResult, Connector
from crossdock.connect.egress import Guard
from crossdock.connect.manifest import Manifest, parse
from crossdock.govern.connections import Connections
from crossdock.govern.directory import Directory
from crossdock.govern.oauth.consents import Consents, Ended
from crossdock.govern.oauth.grants import Held
from crossdock.govern.tenants import Tenants
from crossdock.govern.upkeep import Upkeep
from crossdock.govern.vault import Vault
from crossdock.kit.clock import SystemClock
from crossdock.kit.failpoints import NONE, Failpoints
from crossdock.store.database import Database
from tests.contract.oauth.server import Server

HUB = "http://127.0.0.1:9"
MASTER = b"oauth-tests-master-key-32-bytes!"
SECRETS = {
    "client_secret_post": ("by-post", "post-secret-with-32-characters-in"),
    "client_secret_basic": ("by-basic", "basic%secret:with+odd &signs/and=more"),
    "client_secret_jwt": ("by-jwt", "jwt-secret-with-at-least-32-characters"),
    "none": ("by-none", ""),
}
"""The app's proof -> id and secret, as the server knows them."""
_FACTS = """
[identity]
name = "sample"
title = "Sample"
version = "1.0.0"
docs = "https://auth.example/docs"
categories = ["crm"]
[auth]
kinds = ["oauth2"]
scopes = ["openid", "offline_access", "contacts.read", "contacts.write"]
[auth.oauth2]
authorize_url = "https://auth.example/auth"
token_url = "https://auth.example/token"
revoke_url = "https://auth.example/token/revocation"
base_field = "url"
optional_scopes = ["orders.read"]
authorize_params = {{ prompt = "consent" }}
client_auth = "{proof}"
rotates = true
grace_s = 30.0
[hosts]
user_given = true
[[form]]
name = "url"
label = "Address"
kind = "url"
[limits]
timeout_s = 20.0
[quality]
"""


def facts(proof: str = "client_secret_post") -> Manifest:
    """Return the connector's facts."""
    return parse(_FACTS.format(proof=proof))


class Account:
    """The account's only door: who am I?"""

    def __init__(self, access: Access, manifest: Manifest) -> None:
        url = str(access.connection.config["url"])
        self._client = VendorClient(access.transport, url, manifest, tokens=access.tokens)

    async def check(self) -> CheckResult:
        reply = await self._client.request("GET", "/me")
        if not reply.ok:
            return CheckResult(ok=False, problem=f"refused ({reply.status})", remedy="reconnect", code="refused")
        return CheckResult(ok=True, account_uid=reply.json()["sub"], account={"sub": reply.json()["sub"]})

    async def prepare(self) -> dict[str, Any]:
        return {}


class Kill:
    """Ends the process at a named place, as the machine would."""

    def __init__(self, place: str) -> None:
        self._place = place

    async def reach(self, name: str) -> None:
        if name == self._place:
            os.kill(os.getpid(), signal.SIGKILL)


class Stage:
    """The parts of one process."""

    def __init__(self, database: Database, transport: Transport, proof: str) -> None:
        manifest = facts(proof)
        connector = Connector(manifest=manifest, destination=lambda access: Account(access, manifest))  # type: ignore[arg-type,return-value]
        vault = Vault((MASTER,))
        self.database = database
        self.directory = Directory(
            database, vault, transport, SystemClock(), lambda name: connector if name == "sample" else None
        )
        self.grants = self.directory.grants
        self.connections = Connections(database, vault, self.directory, HUB)

        async def nothing(*_: object) -> None:
            """Nothing is pulled or replayed here."""

        upkeep = Upkeep(database, self.directory, self.connections, nothing, nothing)
        self.oauth = Consents(database, vault, self.directory, self.connections, upkeep, HUB)

    async def tenant(self) -> uuid.UUID:
        return await Tenants(self.database).find()

    async def consented(self, server: Server, proof: str = "client_secret_post") -> Ended:
        """Add the app, and accept on the server's pages."""
        tenant, (client_id, secret) = await self.tenant(), SECRETS[proof]
        await self.oauth.apps.add(tenant, "sample", client_id=client_id, client_secret=secret, actor="test")
        asked = await self.oauth.begin(tenant, "sample", {"url": server.url}, actor="test")
        return await self.back(await server.accept(asked.url))

    async def back(self, url: str) -> Ended:
        """Come back to the hub by an address."""
        return await self.oauth.complete(dict(parse_qsl(urlsplit(url).query)))

    async def held(self, connection_id: uuid.UUID) -> Held:
        """Return the grant as it is now."""
        self.grants.forget(connection_id)
        return await self.grants.held(connection_id, "sample")

    async def row(self, sql: str, *values: Any) -> Any:
        async with self.database.engine() as conn:
            return await conn.fetchrow(sql, *values)


@contextlib.asynccontextmanager
async def stages(
    databases: Sequence[Database], *, proof: str = "client_secret_post", failpoints: Failpoints = NONE
) -> AsyncIterator[list[Stage]]:
    """Put as many hubs together as there are databases; one that closes waits for its renewals."""
    guard = Guard(("127.0.0.1/32",), production=False)
    async with contextlib.AsyncExitStack() as stack:
        made = []
        for database in databases:
            transport = await stack.enter_async_context(Transport(guard, failpoints=failpoints))
            made.append(Stage(database, transport, proof))
            stack.push_async_callback(made[-1].grants.drain)
        yield made
