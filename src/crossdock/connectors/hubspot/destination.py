"""HubSpot as a destination: the parts of this folder behind the one protocol the flow knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from collections.abc import Mapping as ByObject
from typing import Any

from crossdock.connect.connector import Access, CheckResult, Context, Needs
from crossdock.connect.manifest import Manifest
from crossdock.connectors.hubspot import plan as plans
from crossdock.connectors.hubspot.answers import Reader
from crossdock.connectors.hubspot.batches import Sender
from crossdock.connectors.hubspot.client import HubSpot
from crossdock.connectors.hubspot.deal_words import told_invoice
from crossdock.connectors.hubspot.discovery import Discovery
from crossdock.connectors.hubspot.finding import Finder
from crossdock.connectors.hubspot.mapper import CONTACTS, DEALS, LINE_ITEMS, ORDERS, same_value
from crossdock.connectors.hubspot.options import REFUSE
from crossdock.connectors.hubspot.perform import Performance
from crossdock.connectors.hubspot.reading import touched
from crossdock.connectors.hubspot.setup import OWN, Setup
from crossdock.model.mapping import Mapped, Mapping
from crossdock.model.outcome import Outcome
from crossdock.model.plan import Found, Plan, Resolved, Write
from crossdock.model.schema import Object
from crossdock.model.wish import Touch

INVOICE, TELL_INVOICE = "invoice", "tell_invoice"
_PLANNED = {
    DEALS: ("pipeline", "dealstage"),
    ORDERS: ("hs_pipeline", "hs_pipeline_stage", "hs_external_order_id", "hs_source_store"),
    LINE_ITEMS: ("hs_product_id",),
    CONTACTS: ("hs_additional_emails",),
}
"""Properties that no mapping names and a proof has to see."""


class HubSpotDestination:
    """Writing to one portal."""

    def __init__(self, access: Access, manifest: Manifest, mappings: Sequence[Mapping]) -> None:
        connection = access.connection
        self._config = connection.config
        self._hubspot = HubSpot(access, manifest)
        self._clock = access.clock
        self._reader = Reader(manifest, str(connection.account.get("time_zone") or "UTC"))
        self._setup = Setup(self._hubspot, connection.config)
        self._finder = Finder(
            self._hubspot,
            self._reader,
            self._clock,
            read_properties(mappings, connection.config.get("read_properties") or {}),
        )
        self._concurrency = manifest.limits.concurrency

    async def check(self) -> CheckResult:
        """Try the token, its permissions and the portal's objects. Changes nothing."""
        return await self._setup.check()

    async def prepare(self) -> dict[str, Any]:
        """Make our property group and properties; return portal id, time zone, currencies and pipelines."""
        return await self._setup.prepare()

    async def describe(self, *, samples: int) -> tuple[Object, ...]:
        """Return the portal's objects and properties, with values of some records."""
        return await Discovery(self._hubspot).objects(samples)

    def needs(self, action: str, entity: Any, store_uid: str) -> Needs:
        """Say what a plan has to know: the customer of an order, who speaks for a person, what was written before."""
        del action
        return plans.needs(entity, store_uid, self._config)

    def plan(self, action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
        """Make the plan of one delivery. Raises ``PlanRefused``."""
        if action == INVOICE:
            return Plan((), nothing="the hub itself makes the invoice")
        if action == TELL_INVOICE:
            return told_invoice(entity, f"{context.store_uid}:{action}:{context.external_id}")
        return plans.plan(action, entity, mapped, context)

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Do the writes of one step in batches of a hundred; one outcome per write, in order."""
        del step
        sender = Sender(self._reader, self._clock, concurrency=self._concurrency)
        return await Performance(
            self._hubspot, sender, writes, unknown_options=str(self._config.get("unknown_options") or REFUSE)
        ).run()

    def touched(self, write: Write, external_id: str) -> Touch | None:
        """Say what a write changes in a record that the portal is read by."""
        return touched(write, external_id)

    def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Read the records that carry our key of this store; contacts all."""
        return self._finder.found(object_name, store_uid)

    async def sought(self, object_name: str, name: str | None, values: Sequence[str]) -> list[Found]:
        """Read records by a unique property (None: by id), a hundred a call; what is not there is left out."""
        return await self._finder.sought(object_name, name, values)

    def learn(self, fields: ByObject[str, frozenset[str]]) -> None:
        """Read properties that a mapping of one's own writes, too."""
        self._finder.learn(fields)

    def equal(self, object_name: str, name: str, sent: str | None, found: str | None) -> bool:
        """Whether a value found is the value sent, as HubSpot normalises."""
        return same_value(object_name, name, sent, found)


def read_properties(mappings: Iterable[Mapping], more: dict[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the properties a proof reads of each object: the default mappings', our own, the plan's, and ``more``."""
    names: dict[str, dict[str, None]] = {}
    for mapping in mappings:
        for part in mapping.objects:
            names.setdefault(part.object, {}).update(dict.fromkeys(rule.target for rule in part.rules))
    for own in OWN.properties:
        for object_name in own.on:
            names.setdefault(object_name, {})[own.name] = None
    for extra in (_PLANNED, more):
        for object_name, added in extra.items():
            names.setdefault(object_name, {}).update(dict.fromkeys(added))
    return {object_name: tuple(found) for object_name, found in names.items()}
