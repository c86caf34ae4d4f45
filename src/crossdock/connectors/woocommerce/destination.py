"""A shop as a destination: what the hub wishes of it, checked, then carried out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, Final

import orjson

from crossdock.connect.connector import Access, CheckResult, Context, Needs, PlanRefused
from crossdock.connectors.woocommerce import once
from crossdock.connectors.woocommerce.client import MANIFEST, WooCommerceClient
from crossdock.connectors.woocommerce.wishes import Fulfilment, Note, Refund, Wish, wish_of
from crossdock.connectors.woocommerce.writing import LATE, ShopWriter
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Outcome
from crossdock.model.plan import Found, Plan, Resolved, Step, Verb, Write

_OF_ORDERS: Final = frozenset({"set_status", "add_note", "fulfil", "refund", "write_back"})


class WooCommerceDestination:
    """Writing to one shop. Every action's wish is a document; its steps are named as the action."""

    def __init__(self, access: Access) -> None:
        self._client = WooCommerceClient(access)
        self._clock = access.clock
        self._shop = ShopWriter(self._client.vendor, access.clock)
        self._begin_within_s = MANIFEST.limits.timeout_s / 3

    async def check(self) -> CheckResult:
        """Try the connection; the same try as for reading."""
        return await self._client.check()

    async def prepare(self) -> dict[str, Any]:
        """Nothing has to be made at a shop."""
        return {}

    def needs(self, action: str, entity: Any, store_uid: str) -> Needs:
        """Nothing: a wish is complete."""
        del action, entity, store_uid
        return Needs()

    def plan(self, action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
        """Check a wish and make its one step. Raises :class:`PlanRefused` with field, rule and remedy."""
        del mapped
        document = orjson.loads(context.body)["data"] if entity is None else entity
        wish_of(action, document)
        if context.account.get("permissions") == "read":
            raise PlanRefused(
                "permissions",
                "the shop's keys may only read",
                "give them read and write permission in WooCommerce > Settings > Advanced > REST API, check again",
            )
        kind = "order" if action in _OF_ORDERS else "product"
        key = f"{context.store_uid}:{kind}:{context.external_id}"
        write = Write(verb=Verb.SEND, object=kind, key=key, body=orjson.dumps(document))
        return Plan(steps=(Step(name=action, writes=(write,)),))

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Carry wishes out: states in batches, what must happen once one by one."""
        shop = self._shop
        asked: list[tuple[str, Any]] = [
            (write.idempotency_key, wish_of(step, orjson.loads(write.write.body))) for write in writes
        ]
        match step:
            case "set_status":
                return await shop.statuses(asked)
            case "write_back":
                return await shop.meta(asked)
            case "set_stock" | "set_price":
                return await shop.shelf([wish for _, wish in asked])
            case _:
                return await self._in_turn(asked)

    async def _in_turn(self, asked: Sequence[tuple[str, Wish]]) -> list[Outcome]:
        """Those not begun in time go with the next claim: an answer must not come after its step was given up."""
        until = self._clock.monotonic() + self._begin_within_s
        outcomes: list[Outcome] = []
        for key, wish in asked:
            outcomes.append(LATE if self._clock.monotonic() > until else await self._once(key, wish))
        return outcomes

    def _once(self, key: str, wish: Wish) -> Awaitable[Outcome]:
        match wish:
            case Refund():
                return once.refund(self._shop, key, wish)
            case Fulfilment():
                return once.fulfil(self._shop, key, wish, self._clock.now().isoformat(timespec="seconds"))
            case Note():
                return self._shop.note(key, wish)
            case _:
                raise TypeError(f"a {type(wish).__name__} is told in batches")

    async def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Nothing: what stands in a shop is read by its streams, and the echo of a write is compared there."""
        del object_name, store_uid
        nothing: tuple[Found, ...] = ()
        for each in nothing:
            yield each

    def equal(self, object_name: str, name: str, sent: str | None, found: str | None) -> bool:
        """Whether two values are the same text."""
        del object_name, name
        return sent == found
