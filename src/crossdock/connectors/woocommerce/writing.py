"""Carrying wishes out at a shop. One outcome a wish; nothing is raised for what a shop may answer.

WooCommerce has no idempotency key (recorded: the same POST twice makes two). States are told by value and may be told
again. What would be made twice (a note, a refund, a fulfilment) carries the wish's key and is looked for first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from crossdock.connect.client import CallFailed, Reply, VendorClient
from crossdock.connect.outcomes import Outcomes, failed
from crossdock.connectors.woocommerce.client import MANIFEST
from crossdock.connectors.woocommerce.replies import document_of, error_of
from crossdock.connectors.woocommerce.wishes import CORE_STATUSES, Meta, Note, Price, Status, Stock
from crossdock.kit.clock import Clock
from crossdock.model.outcome import Delivered, Outcome, Rejected, Retry, Throttled, Unknown

_OUTCOMES: Final = Outcomes(MANIFEST)
BATCH: Final = 100
OUTCOMES: Final = (Delivered, Retry, Throttled, Rejected, Unknown)
LATE: Final = Throttled(0.1, "the shop is slow; not begun in this attempt")
T = TypeVar("T")
Asked = tuple[str, T]
"""(key of the wish, the wish)."""


class Gone(msgspec.Struct, frozen=True):
    """An answer that is an outcome instead of a document."""

    outcome: Outcome


class ShopWriter:
    """One shop's writing verbs."""

    def __init__(self, vendor: Callable[[], VendorClient], clock: Clock) -> None:
        self._vendor = vendor
        self._clock = clock

    def monotonic(self) -> float:
        """Return the clock that turns are measured by."""
        return self._clock.monotonic()

    async def ask(self, method: str, path: str, *, params: Mapping[str, str] | None = None, json: Any = None) -> Any:
        """Return the parsed answer, or :class:`Gone` with what a refusal or a missing answer means."""
        try:
            reply = await self._vendor().request(method, path, params=params, json=json)
        except CallFailed as problem:
            return Gone(failed(problem))
        code, text = error_of(reply)
        outcome = _OUTCOMES.of(reply, self._clock.now(), code=code, text=text)
        if outcome is not None and not isinstance(outcome, Delivered):
            return Gone(outcome)
        document = document_of(reply)
        if not isinstance(document, dict | list):
            said = "the shop answered a web page or broken text instead of JSON"
            return Gone(Retry(said) if method == "GET" else Unknown(said))
        return document

    def of_item(self, item: Any) -> Outcome | None:
        """Return what one item of a batch's answer refuses; None when it took effect."""
        error = item.get("error") if isinstance(item, dict) else None
        if not isinstance(error, dict):
            return None
        data = error.get("data")
        status = data.get("status") if isinstance(data, dict) else data
        code, text = str(error.get("code") or ""), str(error.get("message") or "")
        seen = Reply(status=status if isinstance(status, int) else 400, headers={}, body=b"", took_ms=0)
        return _OUTCOMES.of(seen, self._clock.now(), code=code, text=text) or Rejected(text or code, code)

    async def batch(self, path: str, updates: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Update up to 100 things in one call; returns one item (or :class:`Gone`) an update, in order."""
        answer = await self.ask("POST", path, json={"update": list(updates)})
        if isinstance(answer, Gone):
            return [answer] * len(updates)
        items = answer.get("update") if isinstance(answer, dict) else None
        if not isinstance(items, list) or len(items) != len(updates):
            return [Gone(Unknown("the shop's batch answer is not one item an update"))] * len(updates)
        return [Gone(refused) if (refused := self.of_item(item)) else item for item in items]

    # --- statuses -------------------------------------------------------------------------------------------------

    async def statuses(self, wishes: Sequence[Asked[Status]]) -> list[Outcome]:
        """Set statuses: looked at first, then told in one batch; a plugin's own status by the single endpoint."""
        outcomes: list[Outcome] = []
        for part in chunks(wishes):
            outcomes += await self._statuses(part)
        return outcomes

    async def _statuses(self, wishes: Sequence[Asked[Status]]) -> list[Outcome]:
        standing = await self._standing([wish.order_id for _, wish in wishes])
        if isinstance(standing, Gone):
            return [standing.outcome] * len(wishes)
        outcomes: list[Outcome | None] = [_settled(wish, standing) for _, wish in wishes]
        open_ = [i for i, outcome in enumerate(outcomes) if outcome is None]
        together = [i for i in open_ if wishes[i][1].status in CORE_STATUSES]
        updates = [{"id": int(wishes[i][1].order_id), "status": wishes[i][1].status} for i in together]
        if updates:
            for i, item in zip(together, await self.batch("/wc/v3/orders/batch", updates), strict=True):
                outcomes[i] = _status_set(wishes[i][1], item)
        for i in open_:
            wish = wishes[i][1]
            if outcomes[i] is None:
                item = await self.ask("PUT", f"/wc/v3/orders/{wish.order_id}", json={"status": wish.status})
                outcomes[i] = _status_set(wish, item)
        return [await self._noted(*pair, outcome) for pair, outcome in zip(wishes, outcomes, strict=True)]

    async def _standing(self, ids: Sequence[str]) -> dict[str, str] | Gone:
        """Return the orders' present statuses; those in the trash, drafts and deleted ones are absent."""
        params = {"include": ",".join(ids), "per_page": str(BATCH), "_fields": "id,status"}
        rows = await self.ask("GET", "/wc/v3/orders", params=params)
        if isinstance(rows, Gone):
            return rows
        return {str(row.get("id")): str(row.get("status")) for row in rows if isinstance(row, dict)}

    async def _noted(self, key: str, wish: Status, outcome: Outcome | None) -> Outcome:
        assert outcome is not None
        if not wish.note or not isinstance(outcome, Delivered):
            return outcome
        noted = await self.note(key, Note(wish.order_id, wish.note))
        return outcome if isinstance(noted, Delivered) else noted

    # --- notes ----------------------------------------------------------------------------------------------------

    async def note(self, key: str, wish: Note) -> Outcome:
        """Add a note once: it carries its key in an HTML comment, which no page and no HTML mail shows."""
        path, mark = f"/wc/v3/orders/{wish.order_id}/notes", f"<!-- crossdock {key} -->"
        rows = await self.ask("GET", path)
        if isinstance(rows, Gone):
            return rows.outcome
        for row in rows:
            if isinstance(row, dict) and mark in str(row.get("note")):
                return Delivered(str(row.get("id")))
        # added_by_user false would make it a system note, which some mails and exports leave out
        document = {"note": f"{wish.note}\n{mark}", "customer_note": wish.customer_note, "added_by_user": True}
        made = await self.ask("POST", path, json=document)
        return made.outcome if isinstance(made, Gone) else Delivered(str(made.get("id")))

    # --- ids of other systems -------------------------------------------------------------------------------------

    async def meta(self, wishes: Sequence[Asked[Meta]]) -> list[Outcome]:
        """Write ids of other systems into orders' meta; a key that is there is replaced (recorded)."""
        outcomes: list[Outcome] = []
        for part in chunks(wishes):
            updates = [{"id": int(wish.order_id), "meta_data": _meta(wish.meta)} for _, wish in part]
            items = await self.batch("/wc/v3/orders/batch", updates)
            outcomes += [
                item.outcome if isinstance(item, Gone) else Delivered(wish.order_id)
                for (_, wish), item in zip(part, items, strict=True)
            ]
        return outcomes

    # --- stock and prices -----------------------------------------------------------------------------------------

    async def shelf(self, wishes: Sequence[Stock | Price]) -> list[Outcome]:
        """Write stock or prices: products a hundred a call, variations a call a parent."""
        outcomes: list[Outcome | None] = [None] * len(wishes)
        groups: dict[str, list[int]] = {}
        for i, wish in enumerate(wishes):
            path = (
                f"/wc/v3/products/{wish.product_id}/variations/batch" if wish.variation_id else "/wc/v3/products/batch"
            )
            groups.setdefault(path, []).append(i)
        until = self.monotonic() + MANIFEST.limits.timeout_s / 3
        for path, members in groups.items():
            for part in chunks(members):
                if self.monotonic() > until:
                    answers: Sequence[Outcome] = [LATE] * len(part)
                else:
                    answers = await self._shelved(path, [wishes[i] for i in part])
                for i, outcome in zip(part, answers, strict=True):
                    outcomes[i] = outcome
        return [outcome or LATE for outcome in outcomes]

    async def _shelved(self, path: str, wishes: Sequence[Stock | Price]) -> list[Outcome]:
        told = list(wishes)
        zero: dict[int, Outcome] = {}
        for i, wish in enumerate(told):
            if isinstance(wish, Stock) and wish.quantity == 0 and not wish.confirmed:
                doubted = await self._doubted(wish)
                if doubted is not None:
                    zero[i] = doubted
        left = [i for i in range(len(told)) if i not in zero]
        items = await self.batch(path, [_shelf(told[i]) for i in left]) if left else []
        answered = {i: _shelved(told[i], item) for i, item in zip(left, items, strict=True)}
        return [zero.get(i) or answered[i] for i in range(len(told))]

    async def _doubted(self, wish: Stock) -> Outcome | None:
        """Look again before a zero that nobody confirmed empties a shelf; an outcome when nothing is to be written."""
        path = f"/wc/v3/products/{wish.product_id}"
        if wish.variation_id:
            path += f"/variations/{wish.variation_id}"
        found = await self.ask("GET", path, params={"_fields": "id,manage_stock,stock_quantity"})
        if isinstance(found, Gone):
            return found.outcome
        if found.get("manage_stock") is not True:
            return _UNMANAGED
        return Delivered(wish.variation_id or wish.product_id) if found.get("stock_quantity") == 0 else None


_UNMANAGED: Final = Rejected(
    "the shop does not manage this product's stock; switch on Track stock quantity at the product", "stock-not-managed"
)


def chunks(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut into what one batch call takes."""
    for at in range(0, len(things), BATCH):
        yield things[at : at + BATCH]


def _settled(wish: Status, standing: Mapping[str, str]) -> Outcome | None:
    """Return what needs no call: the order is there already, is not there, or is not what its author saw."""
    status = standing.get(wish.order_id)
    if status is None:
        return Rejected("the order is in the trash, still a draft, or deleted", "order-not-there", "order_id")
    if status == wish.status:
        return Delivered(wish.order_id)
    if wish.expected_status is not None and status != wish.expected_status:
        return Rejected(
            f"conflict: the order is {status}, not {wish.expected_status} as its author saw it", "conflict", "status"
        )
    return None


def _status_set(wish: Status, item: Any) -> Outcome:
    if isinstance(item, Gone):
        return item.outcome
    now = item.get("status") if isinstance(item, dict) else None
    if now == "pending" != wish.status:
        # what a batch does with a status it does not know (recorded)
        return Rejected(f"the shop made the order pending instead of {wish.status}", "status-unknown", "status")
    return Delivered(wish.order_id, returned={"status": now})


def _meta(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(values.items())]


def _shelf(wish: Stock | Price) -> dict[str, Any]:
    told: dict[str, Any] = {"id": int(wish.variation_id or wish.product_id)}
    if isinstance(wish, Stock):
        return {**told, "stock_quantity": wish.quantity}
    for name in ("regular_price", "sale_price"):
        value = getattr(wish, name)
        if value is not None:
            told[name] = value
    return told


def _shelved(wish: Stock | Price, item: Any) -> Outcome:
    if isinstance(item, Gone):
        return item.outcome
    external_id = wish.variation_id or wish.product_id
    names = ("stock_quantity",) if isinstance(wish, Stock) else ("regular_price", "sale_price")
    returned = {name: item[name] for name in names if item.get(name) is not None}
    if isinstance(wish, Stock) and (
        item.get("manage_stock") is not True or item.get("stock_quantity") != wish.quantity
    ):
        return _UNMANAGED
    return Delivered(external_id, returned=returned)
