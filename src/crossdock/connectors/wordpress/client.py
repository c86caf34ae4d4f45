"""The plugin's two routes at a site: its status, and commands. No retry, no sleep, no logging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from crossdock.connect.client import CallFailed, FailKind, Reply, VendorClient
from crossdock.connect.connector import Access
from crossdock.connect.manifest import beside
from crossdock.connect.outcomes import Outcomes
from crossdock.connect.outpost import SECRETS, Command, Told
from crossdock.connectors.wordpress import routes
from crossdock.connectors.wordpress.replies import data_of, error_of, told_of
from crossdock.connectors.wordpress.routes import Rest
from crossdock.connectors.wordpress.signature import HubSignature
from crossdock.model.outcome import Refresh, Retry

MANIFEST: Final = beside(__file__)
OUTCOMES: Final = Outcomes(MANIFEST)
UNPAIRED: Final = "the site is not paired with the hub"


class SiteClient:
    """One site's plugin."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._made: dict[str, VendorClient] = {}

    def __repr__(self) -> str:
        return f"SiteClient({self._access.connection.id})"

    @property
    def paired(self) -> bool:
        """Whether there is a key and a secret to sign with."""
        return all(self._access.secrets.get(name) for name in SECRETS)

    async def status(self) -> dict[str, Any]:
        """Return how the plugin does. Raises ``CallFailed``."""
        reply = await self.ask_status(self.rest())
        return self._good(reply)

    async def command(self, commands: Sequence[Command]) -> list[Told]:
        """Send commands in one call; one answer each, in order. Raises ``CallFailed``.

        An answer that does not say what became of them may have carried them out: its outcome is ``Retry``, since a
        command is carried out once however often it is sent.
        """
        reply = await self.ask_commands(commands)
        self._good(reply)
        told = told_of(reply, commands)
        if told is None:
            raise not_this("the site did not answer what became of each command")
        return told

    async def ask_status(self, rest: Rest) -> Reply:
        """GET the status at a place. Raises ``CallFailed`` when no answer came."""
        return await self._call("GET", rest, routes.STATUS, b"")

    async def ask_commands(self, commands: Sequence[Command]) -> Reply:
        """POST commands. Raises ``CallFailed`` when no answer came."""
        body = msgspec.json.encode({"commands": commands})
        return await self._call("POST", self.rest(), routes.COMMANDS, body)

    async def ask_index(self, rest: Rest) -> Reply:
        """GET WordPress's own index, which needs no key. Raises ``CallFailed`` when no answer came."""
        return await self._call("GET", rest, routes.INDEX, b"")

    def rest(self) -> Rest:
        """Return where the site is asked. Raises ``CallFailed`` for an address that cannot be used."""
        connection = self._access.connection
        try:
            return routes.known(connection.config, connection.account)
        except ValueError as problem:
            raise CallFailed(FailKind.ANSWER, False, str(problem), outcome=Refresh(str(problem))) from None

    async def _call(self, method: str, rest: Rest, route: str, body: bytes) -> Reply:
        path, query = rest.at(route)
        vendor = self._vendor(rest)
        headers = {"Content-Type": "application/json"} if body else None
        return await vendor.request(method, path, params=query, body=body or None, headers=headers)

    def _vendor(self, rest: Rest) -> VendorClient:
        if not self.paired:
            remedy = "make a pairing code and paste it into the plugin: crossdock plugin pair"
            raise CallFailed(FailKind.ANSWER, False, UNPAIRED, remedy, Refresh(f"{UNPAIRED}; {remedy}"))
        if (made := self._made.get(rest.base)) is not None:
            return made
        access, connection = self._access, self._access.connection
        ahead = routes.clock_ahead_s(connection.account)
        key, secret = (access.secrets[name].strip() for name in SECRETS)
        vendor = VendorClient(
            access.transport,
            rest.base,
            MANIFEST,
            auth=HubSignature(key, secret, lambda: access.clock.now().timestamp() + ahead),
            headers={"Accept": "application/json"},
            plain_http=bool(connection.config.get("plain_http")),
            connection=connection,
        )
        self._made[rest.base] = vendor
        return vendor

    def _good(self, reply: Reply) -> dict[str, Any]:
        if reply.redirected:
            remedy = "give the address the site itself uses (https or www may be missing)"
            raise CallFailed(FailKind.REDIRECT, True, f"the site points elsewhere (status {reply.status})", remedy)
        code, text = error_of(reply)
        OUTCOMES.expect(reply, self._access.clock.now(), code=code, text=text)
        data = data_of(reply)
        if data is None:
            raise not_this("the site answered a web page or broken text instead of JSON")
        return data


def not_this(reason: str) -> CallFailed:
    """Return the failure of an answer that is not the plugin's."""
    remedy = "look for a maintenance page, a firewall, a cache or a plugin that prints warnings"
    return CallFailed(FailKind.ANSWER, True, reason, remedy, Retry(reason))
