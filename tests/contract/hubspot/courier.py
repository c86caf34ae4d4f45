"""Carries plans to a portal as the pump does, with links in a dict: no database, no retries."""

from __future__ import annotations

from typing import Any

import msgspec

from crossdock.connect.connector import Context, Destination
from crossdock.connectors.hubspot import CONNECTOR
from crossdock.flow.map import compile_mapping
from crossdock.model.commerce.customer import Customer
from crossdock.model.commerce.order import Order
from crossdock.model.commerce.product import Product
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Delivered, Gone, Outcome
from crossdock.model.plan import Found, Plan, Ref, Resolved, Verb, Write

_RUNS = {mapping.action: compile_mapping(mapping) for mapping in CONNECTOR.mappings}
_ACTIONS: dict[type, str] = {Order: "order", Customer: "contact", Product: "product"}


class Courier:
    """One store's deliveries to one portal."""

    def __init__(
        self, destination: Destination, account: dict[str, Any], store_uid: str = "shop", **config: Any
    ) -> None:
        self.destination = destination
        self.account, self.config, self.store_uid = account, config, store_uid
        self.links: dict[tuple[str, str], str] = {}
        self.parents: dict[str, set[tuple[str, str]]] = {}
        self.customers: dict[str, Customer] = {}
        self.speakers: dict[str, tuple[str, str]] = {}

    async def deliver(self, entity: Any, *, presence: str = "live") -> list[Outcome]:
        """Map, plan and perform one entity; returns every outcome."""
        action = _ACTIONS[type(entity)]
        plan = self.destination.plan(action, entity, _RUNS[action](entity), self.context(entity, presence))
        return await self.carry(plan)

    async def delete(self, action: str, external_id: str) -> list[Outcome]:
        """Tell the portal that something is deleted at the shop."""
        context = self.context(msgspec.defstruct("Gone", [("id", str)])(external_id), "deleted")
        return await self.carry(self.destination.plan(action, None, Mapped({}), context))

    def context(self, entity: Any, presence: str) -> Context:
        """Return what the hub would look up."""
        return Context(
            store_uid=self.store_uid,
            store_name="Example Shop",
            store_url="https://shop.example.test",
            config=self.config,
            account=self.account,
            event_type="updated",
            external_id=entity.id,
            presence=presence,
            related={("customer", key): each for key, each in self.customers.items()},
            speakers=self.speakers,
            children={key: tuple(sorted(parts)) for key, parts in self.parents.items()},
        )

    async def carry(self, plan: Plan) -> list[Outcome]:
        """Perform a plan's steps in order; stops after the first that is not delivered."""
        told: list[Outcome] = []
        for step in plan.steps:
            asked = [self._resolve(write) for write in step.writes]
            outcomes = await self.destination.perform(step.name, asked)
            for resolved, outcome in zip(asked, outcomes, strict=True):
                self._note(resolved.write, outcome)
            told += outcomes
            if not all(isinstance(outcome, Delivered) for outcome in outcomes):
                break
        return told

    def _resolve(self, write: Write) -> Resolved:
        own = self.links.get((write.object, write.key))
        properties = {
            name: self.links[value.object, value.key] if isinstance(value, Ref) else value
            for name, value in write.properties.items()
        }
        to_id = self.links[write.to.object, write.to.key] if write.to else None
        return Resolved(write, own, properties, from_id=own, to_id=to_id)

    def _note(self, write: Write, outcome: Outcome) -> None:
        name = (write.object, write.key)
        if write.verb is Verb.ARCHIVE or isinstance(outcome, Gone):
            self.links.pop(name, None)
            for parts in self.parents.values():
                parts.discard(name)
        elif write.verb is Verb.UPSERT and isinstance(outcome, Delivered) and outcome.external_id:
            self.links[name] = outcome.external_id
            self.parents.setdefault(write.parent_key or "", set()).add(name)

    async def held(self, object_name: str) -> list[Found]:
        """Return what the portal holds of this store."""
        return [each async for each in self.destination.found(object_name, self.store_uid)]
