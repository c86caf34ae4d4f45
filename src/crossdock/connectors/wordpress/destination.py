"""A site as a destination: meta of its users and orders, written by signed commands of the plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from crossdock.connect import site_meta
from crossdock.connect.connector import Access, CheckResult, Context, Needs, PlanRefused
from crossdock.connectors.wordpress.check import Diagnosis
from crossdock.connectors.wordpress.client import SiteClient
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Outcome
from crossdock.model.plan import Found, Plan, Resolved
from crossdock.model.schema import Object


class SiteDestination:
    """Writing to one site."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client = SiteClient(access)

    def __repr__(self) -> str:
        return f"SiteDestination({self._access.connection.id})"

    async def check(self) -> CheckResult:
        """Try the connection; says apart what can be wrong."""
        return await Diagnosis(self._access).result()

    async def prepare(self) -> dict[str, Any]:
        """Nothing has to be made at a site."""
        return {}

    async def describe(self, *, samples: int) -> tuple[Object, ...]:
        """Return the meta that may be written."""
        del samples
        return (site_meta.DESCRIBED,)

    def needs(self, action: str, entity: Any, store_uid: str) -> Needs:
        """Ask who at our sites has a contact's address."""
        del action, store_uid
        return site_meta.needs(entity)

    def plan(self, action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
        """Plan one write. Raises :class:`PlanRefused`."""
        if action != site_meta.WRITE_META:
            raise PlanRefused("action", f"there is no action {action!r}", f"use {site_meta.WRITE_META}")
        return site_meta.plan(entity, mapped, context, self._access.connection.account_uid)

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Send the commands, fifty a call; one outcome each, in order."""
        del step
        return await site_meta.perform(self._client, writes)

    async def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Nothing: what a site holds is what it tells; its evidence is the answer to each command."""
        nothing: tuple[Found, ...] = ()
        for each in nothing:
            yield each

    def equal(self, object_name: str, name: str, sent: str | None, found: str | None) -> bool:
        """Whether two values are the same text; null and empty are."""
        return (sent or "") == (found or "")
