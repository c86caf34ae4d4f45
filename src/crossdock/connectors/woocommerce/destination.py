"""WooCommerce as a destination: wishes about orders, stock and prices, carried out.

Every write is safe to send again: states are read before they are written, fulfilments and refunds carry their request
id, and a note is looked for before it is repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from crossdock.connect import site_meta
from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Access, CheckResult, Context, Needs, PlanRefused
from crossdock.connectors.woocommerce import plans, site
from crossdock.connectors.woocommerce.client import MANIFEST, WooCommerceClient
from crossdock.connectors.woocommerce.wishes import CORE, KINDS, AddNote, Wish
from crossdock.connectors.woocommerce.writes import orders, products
from crossdock.connectors.woocommerce.writes.caller import LATE, Caller, Stop
from crossdock.connectors.woocommerce.writes.fulfilments import fulfil
from crossdock.connectors.woocommerce.writes.notes import Notes
from crossdock.connectors.woocommerce.writes.refunds import refund
from crossdock.model.mapping import Mapped
from crossdock.model.outcome import Outcome, Refresh, Retry, Throttled
from crossdock.model.plan import Found, Plan, Resolved

_STATUSES_FOR_S: Final = 600.0
_LEFT_OUT: Final = frozenset({"auto-draft", "checkout-draft", "draft", "trash", "any"})
_ONE_BY_ONE: Final = frozenset({plans.PLACE, plans.NOTE, "fulfil", "refund"})
_NO_PLUGIN: Final = (
    "connection",
    "the shop has no plugin, or it is not paired",
    "install Crossdock in its WordPress and pair it: crossdock plugin pair",
)
_PLUGIN_AGAIN_S: Final = 300.0
_NOTES: Final = frozenset({plans.PLACE, plans.NOTE})


class WooCommerceDestination:
    """Writing to one shop."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client = WooCommerceClient(access)
        self._notes = Notes()
        self._statuses: tuple[str, ...] = ()
        self._statuses_at = float("-inf")

    def __repr__(self) -> str:
        return f"WooCommerceDestination({self._access.connection.id})"

    async def check(self) -> CheckResult:
        """Try the connection; says apart what can be wrong."""
        return await self._client.check()

    async def prepare(self) -> dict[str, Any]:
        """Return what writing needs to know: ``order_statuses`` and ``price_decimals``; nothing is made in a shop.

        What cannot be read is left out: it is asked for again when it is needed.
        """
        facts: dict[str, Any] = {}
        caller = Caller(self._access, self._client)
        try:
            facts["order_statuses"] = list(await self._listed(caller))
            status = await caller.row("/wc/v3/system_status", {"_fields": "settings"})
        except (CallFailed, Stop):
            return facts
        settings = status.get("settings")
        told = settings.get("number_of_decimals") if isinstance(settings, dict) else None
        if isinstance(told, int | str) and str(told).isdigit():
            facts["price_decimals"] = int(told)
        return facts

    def needs(self, action: str, entity: Any, store_uid: str) -> Needs:
        """Nothing: a wish is complete; of a CRM's contact who it is here."""
        return site_meta.needs(entity) if action == site_meta.WRITE_META else Needs()

    def plan(self, action: str, entity: Any, mapped: Mapped, context: Context) -> Plan:
        """Make the plan of one wish, or of what a CRM's people know. Raises ``PlanRefused``."""
        if action == site_meta.WRITE_META:
            if self._access.outpost is None:
                raise PlanRefused(*_NO_PLUGIN)
            return site_meta.plan(entity, mapped, context, self._access.connection.account_uid)
        return plans.plan(action, entity, context)

    async def perform(self, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Carry out the wishes of one step; one outcome each, in order."""
        if step == site_meta.WRITE_META:
            return await self._by_plugin(writes)
        caller = Caller(self._access, self._client)
        try:
            if step in _ONE_BY_ONE:
                return await self._each(caller, step, writes)
            return await self._together(caller, step, [_wish(step, write) for write in writes])
        except Stop as stop:
            return [stop.outcome] * len(writes)

    async def _by_plugin(self, writes: Sequence[Resolved]) -> list[Outcome]:
        """Write meta by the plugin; what it refuses is no refusal of the shop's keys."""
        if self._access.outpost is None:
            return [Retry(_NO_PLUGIN[1], _PLUGIN_AGAIN_S)] * len(writes)
        outcomes = await site_meta.perform(self._access.outpost, writes)
        return [Retry(one.reason, _PLUGIN_AGAIN_S) if isinstance(one, Refresh) else one for one in outcomes]

    async def _together(self, caller: Caller, step: str, wishes: Sequence[Any]) -> list[Outcome]:
        match step:
            case "set_status":
                return await orders.statuses(caller, wishes, lambda status: self._unknown(caller, status))
            case "write_back":
                return await orders.metas(caller, wishes)
            case "set_stock":
                return await products.stocks(caller, wishes)
            case "set_price":
                return await products.prices(caller, wishes)
            case _:
                raise KeyError(step)

    async def _each(self, caller: Caller, step: str, writes: Sequence[Resolved]) -> list[Outcome]:
        """Carry out one by one, as many side by side as a shop has workers to spare."""
        outcomes: list[Outcome] = [LATE] * len(writes)
        work = iter(enumerate(writes))
        ended: list[Outcome] = []

        async def line() -> None:
            for at, write in work:
                if ended or caller.late:
                    outcomes[at] = ended[0] if ended else LATE
                    continue
                outcomes[at] = await self._one(caller, step, write)
                if isinstance(outcomes[at], Throttled | Refresh):
                    ended.append(outcomes[at])

        await asyncio.gather(*(line() for _ in range(min(MANIFEST.limits.concurrency, len(writes)))))
        return outcomes

    async def _one(self, caller: Caller, step: str, write: Resolved) -> Outcome:
        wish: Any = _wish(step, write)
        ahead_s = site.clock_ahead_s(self._access.connection.account)
        does: dict[str, Callable[[], Awaitable[Outcome]]] = {
            plans.PLACE: lambda: self._notes.place(caller, wish),
            plans.NOTE: lambda: self._notes.add(caller, wish, write, ahead_s),
            "fulfil": lambda: fulfil(caller, wish, self._access.clock.now()),
            "refund": lambda: refund(caller, wish, write),
        }
        try:
            return await does[step]()
        except Stop as stop:
            return stop.outcome

    async def _unknown(self, caller: Caller, status: str) -> tuple[str, ...]:
        """Return the shop's statuses when it does not have this one. Raises ``Stop``."""
        if status in CORE or status in self._statuses:
            return ()
        if self._access.clock.monotonic() - self._statuses_at > _STATUSES_FOR_S or not self._statuses:
            self._statuses = await self._listed(caller)
            self._statuses_at = self._access.clock.monotonic()
        return () if status in self._statuses else self._statuses

    async def _listed(self, caller: Caller) -> tuple[str, ...]:
        """Ask the shop for its statuses: those its own check of new orders takes (recorded: OPTIONS names them)."""
        told = await caller.read(orders.ORDERS, {}, method="OPTIONS")
        endpoints = told.get("endpoints") if isinstance(told, dict) else None
        found: dict[str, None] = dict.fromkeys(sorted(CORE))
        for endpoint in endpoints if isinstance(endpoints, list) else ():
            if "POST" in (endpoint.get("methods") or ()):
                rule = (endpoint.get("args") or {}).get("status") or {}
                found |= dict.fromkeys(str(word) for word in rule.get("enum") or ())
        return tuple(word for word in found if word not in _LEFT_OUT)

    async def found(self, object_name: str, store_uid: str) -> AsyncIterator[Found]:
        """Nothing: a shop is its own source, and its records are compared as such."""
        nothing: tuple[Found, ...] = ()
        for each in nothing:
            yield each

    def equal(self, object_name: str, name: str, sent: str | None, found: str | None) -> bool:
        """Whether two values are the same text."""
        return sent == found


def _wish(step: str, write: Resolved) -> Wish:
    return msgspec.json.decode(write.write.body, type=AddNote if step in _NOTES else KINDS[step])
