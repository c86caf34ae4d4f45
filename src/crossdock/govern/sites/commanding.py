"""What people ask of a site's plugin: how it does, and commands. Each is in the audit; none holds a person's data."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Connector
from crossdock.connect.outpost import Action, Command, Outpost, Told
from crossdock.errors import BadInput, Conflict, NotFound, VendorTrouble
from crossdock.govern.directory import Directory
from crossdock.govern.sites.keys import SiteKeys, Store
from crossdock.govern.sites.turning import HOME
from crossdock.kit.ids import Prefix, parse
from crossdock.kit.redact import text
from crossdock.store.audit import audit

KINDS: Final = ("order", "customer", "product", "refund")
ACTIONS: Final = (Action.PING, Action.PAUSE, Action.RESUME, Action.EXPORT, Action.REFRESH)
_MOST_IDS: Final = 100
_LONGEST: Final = 200


class Asked(msgspec.Struct, frozen=True):
    """A command as a person gives it."""

    action: Action
    kinds: tuple[str, ...] = ()
    """export: all that the site has where none is named. refresh: one."""
    ids: tuple[int, ...] = ()
    reason: str = ""

    def checked(self) -> Asked:
        """Return itself. Raises ``BadInput`` that names the field."""
        if self.action not in ACTIONS:
            listed = ", ".join(ACTIONS)
            raise BadInput("people do not give this command", field="action", remedy=f"one of {listed}")
        if any(kind not in KINDS for kind in self.kinds):
            raise BadInput("there is no such kind", field="kinds", remedy=f"some of {', '.join(KINDS)}")
        if self.action is Action.REFRESH and (len(self.kinds) != 1 or not 1 <= len(self.ids) <= _MOST_IDS):
            raise BadInput(f"name one kind and 1 to {_MOST_IDS} ids", field="ids", remedy="such as order 17 18")
        if len(self.reason) > _LONGEST:
            raise BadInput(f"at most {_LONGEST} characters", field="reason", remedy="shorten it")
        return self

    def command(self) -> Command:
        """Return the command that is sent."""
        made = str(uuid.uuid4())
        if self.action is Action.REFRESH:
            return Command(made, self.action, kind=self.kinds[0], ids=self.ids)
        return Command(made, self.action, kinds=self.kinds, reason=self.reason)


class SiteCommands:
    """Calls sites by the keys they were given."""

    def __init__(
        self, store: Store, sites: SiteKeys, directory: Directory, connectors: Callable[[str], Connector | None]
    ) -> None:
        self._store = store
        self._sites = sites
        self._directory = directory
        self._connectors = connectors

    async def status(self, tenant_id: uuid.UUID, site_id: uuid.UUID) -> dict[str, Any]:
        """Return what the plugin says of its queue. Raises ``NotFound``, ``Conflict`` and ``VendorTrouble``."""
        outpost = await self._outpost(tenant_id, site_id)
        try:
            return await outpost.status()
        except CallFailed as failed:
            raise _trouble(failed) from None

    async def command(self, tenant_id: uuid.UUID, site_id: uuid.UUID, asked: Asked, *, actor: str) -> Told:
        """Give one command and return what became of it.

        Raises ``BadInput``, ``NotFound``, ``Conflict`` where the site refuses it, and ``VendorTrouble``.
        """
        asked = asked.checked()
        outpost = await self._outpost(tenant_id, site_id)
        try:
            (told,) = await outpost.command([asked.command()])
        except CallFailed as failed:
            raise _trouble(failed) from None
        if not told.done:
            detail = text(told.detail) or "it gave no reason"
            raise Conflict(f"the site refused: {detail}", field=told.field or None, remedy="look at it in WordPress")
        async with self._store.transaction() as conn:
            facts = {"action": str(asked.action), "kinds": list(asked.kinds), "ids": len(asked.ids)}
            await audit(conn, tenant_id, actor, "site.command", site_id, facts)
        return told

    async def _outpost(self, tenant_id: uuid.UUID, site_id: uuid.UUID) -> Outpost:
        site = await self._sites.one(tenant_id, site_id)
        if site["revoked_at"] is not None:
            raise Conflict("the site's key has ended", remedy="pair it anew: crossdock plugin pair")
        plugin = self._connectors(HOME)
        if plugin is None or plugin.outpost is None:
            raise NotFound("the connector of the plugin is not installed", remedy="install crossdock whole")
        connection_id = parse(Prefix.CONNECTION, site["connection"]["id"])
        connection = await self._directory.connection(connection_id)
        # a shop that is read by REST keys has an address of its own; the plugin is where the site says
        account = {**connection.account, **_where(site["facts"])}
        known = msgspec.structs.replace(connection, account=account)
        return plugin.outpost(self._directory.access(known, await self._directory.secrets(connection_id)))


def _where(facts: dict[str, Any]) -> dict[str, Any]:
    return {"rest_url": facts["rest_url"]} if facts.get("rest_url") else {}


def _trouble(failed: CallFailed) -> VendorTrouble:
    """Say why a site could not be asked."""
    reason = text(failed.reason)
    return VendorTrouble(reason, remedy=failed.remedy or "try the connection: crossdock connections check NAME")


def kinds_of(words: Sequence[str]) -> tuple[str, ...]:
    """Read kinds as people write them: one after the other, or with commas."""
    return tuple(part.strip() for word in words for part in word.split(",") if part.strip())
