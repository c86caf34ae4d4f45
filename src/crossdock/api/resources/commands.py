"""Commands about a shop's orders: statuses, notes, fulfilments, refunds. All answer 202: the write comes after."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from crossdock.api.access import Access
from crossdock.api.parsing import Key, parsed
from crossdock.api.problems import PROBLEM_CONTENT
from crossdock.errors import BadInput, CrossdockError
from crossdock.flow import command
from crossdock.govern.keys import Principal
from crossdock.kit import ids
from crossdock.wiring import Hub

MOST = 1000
"""Statuses in one call."""
_ORDER = "ord_01kb3v0d1a8w0f6zr4p1n5q2st"
_LINES = [{"line_id": "11", "quantity": 1}]


class Strict(BaseModel):
    """A body whose fields are all known."""

    model_config = ConfigDict(extra="forbid")


class NewStatus(Strict):
    """Move an order to a status."""

    status: str = Field(min_length=1, max_length=100, description="our word or the shop's own", examples=["completed"])
    expected_status: str | None = Field(default=None, max_length=100, description="409 when it stands elsewhere")
    if_version: int | None = Field(default=None, description="409 when the order has moved on from this version")
    note: str | None = Field(default=None, min_length=1, max_length=5000, description="a private note beside it")


class BulkStatus(NewStatus):
    """One of many."""

    order: str = Field(examples=[_ORDER])


class NewStatuses(Strict):
    """Up to 1,000 statuses at once."""

    items: list[BulkStatus] = Field(min_length=1, max_length=MOST)


class NewNote(Strict):
    """A note at an order."""

    note: str = Field(min_length=1, max_length=5000, examples=["Called the buyer."])
    customer_note: bool = Field(default=False, description="true: the shop mails it to the buyer")


class SentLine(Strict):
    """How many of a line were sent."""

    line_id: str
    quantity: int = Field(ge=1, le=1_000_000)


class NewFulfilment(Strict):
    """Goods were sent."""

    lines: list[SentLine] | None = Field(default=None, max_length=1000, examples=[_LINES], description="null: all left")
    tracking_number: str = Field(default="", max_length=200, examples=["JD014600003SE"])
    carrier: str = Field(default="", max_length=200, examples=["DHL"])
    tracking_url: str | None = Field(default=None, max_length=2000)
    notify: bool = Field(default=False, description="true: the shop mails the tracking number to the buyer")
    complete: bool | None = Field(default=None, description="complete the order; null: when lines is null")


class GivenTax(Strict):
    """Tax given back, by the shop's tax rate."""

    rate_id: str
    total: Decimal


class GivenLine(Strict):
    """What is given back of a line; without a total it is the quantity's share, with its taxes."""

    line_id: str
    quantity: int = Field(ge=0, le=1_000_000)
    total: Decimal | None = None
    taxes: list[GivenTax] = []


class NewRefund(Strict):
    """Money given back: an amount, lines, or both."""

    amount: Decimal | None = Field(default=None, examples=["12.50"])
    lines: list[GivenLine] | None = Field(default=None, min_length=1, max_length=1000)
    reason: str = Field(default="", max_length=1000)
    restock: bool = True
    api_refund: bool = Field(default=False, description="true: the shop's payment gateway moves the money")


class CommandTaken(BaseModel):
    """A command is recorded; its deliveries tell what became of it (GET /deliveries, GET /events/{id})."""

    event_id: str
    delivery_ids: list[str]
    duplicate: bool = Field(description="true: the same Idempotency-Key and body came before; nothing new was recorded")
    order: str
    status: str = Field(description="the order's status when the command was taken")
    version: int


class BulkResult(BaseModel):
    """The result of one of many: taken, or the problem."""

    order: str
    taken: CommandTaken | None = None
    problem: dict[str, Any] | None = None


class BulkTaken(BaseModel):
    """The results, in the order of the items."""

    items: list[BulkResult]


_EXAMPLES: dict[str, Any] = {
    "status": {"status": "completed", "expected_status": "processing"},
    "note": {"note": "Called the buyer."},
    "fulfilment": {"lines": _LINES, "tracking_number": "JD014600003SE", "carrier": "DHL"},
    "refund": {"amount": "12.50", "reason": "arrived broken"},
    "statuses": {"items": [{"order": _ORDER, "status": "completed", "expected_status": "processing"}]},
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "it contradicts what stands; expected and current name both",
        "content": PROBLEM_CONTENT,
    },
    422: {"description": "the Idempotency-Key came with another body", "content": PROBLEM_CONTENT},
}


def _shown(name: str) -> Any:
    return Body(openapi_examples={name: {"value": _EXAMPLES[name]}})


def router(hub: Hub, access: Access) -> APIRouter:
    """Return the routes."""
    api = APIRouter(tags=["commands"])
    writes = access.needs("write")

    async def take(caller: Principal, order: str, asked: Any, key: str | None) -> Any:
        hub.journey.intake.admit(0)
        order_id = parsed(ids.Prefix.ORDER, order, "order")
        named = None if key is None else f"wish:{key}"
        return _taken(await hub.orders.one(caller.tenant_id, command.Ask(order_id, asked, named)))

    @api.put("/orders/{order}/status", status_code=202, response_model=CommandTaken, responses=_REFUSED)
    async def set_order_status(
        order: str, body: Annotated[NewStatus, _shown("status")], key: Key = None, caller: Principal = writes
    ) -> Any:
        return await take(caller, order, _status(body), key)

    @api.post("/orders/{order}/notes", status_code=202, response_model=CommandTaken, responses=_REFUSED)
    async def add_order_note(
        order: str, body: Annotated[NewNote, _shown("note")], key: Key = None, caller: Principal = writes
    ) -> Any:
        return await take(caller, order, command.AddNote(body.note, body.customer_note), key)

    @api.post("/orders/{order}/fulfilments", status_code=202, response_model=CommandTaken, responses=_REFUSED)
    async def fulfil_order(
        order: str, body: Annotated[NewFulfilment, _shown("fulfilment")], key: Key = None, caller: Principal = writes
    ) -> Any:
        return await take(caller, order, _fulfilment(body), key)

    @api.post("/orders/{order}/refunds", status_code=202, response_model=CommandTaken, responses=_REFUSED)
    async def refund_order(
        order: str, body: Annotated[NewRefund, _shown("refund")], key: Key = None, caller: Principal = writes
    ) -> Any:
        return await take(caller, order, _refund(body), key)

    @api.post("/orders/statuses", status_code=202, response_model=BulkTaken, responses=_REFUSED)
    async def set_order_statuses(
        body: Annotated[NewStatuses, _shown("statuses")], key: Key = None, caller: Principal = writes
    ) -> Any:
        hub.journey.intake.admit(0)
        return {"items": await _bulk(hub, caller, body.items, key)}

    return api


async def _bulk(hub: Hub, caller: Principal, items: Sequence[BulkStatus], key: str | None) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [{"order": item.order} for item in items]
    asks: list[tuple[int, command.Ask]] = []
    for index, item in enumerate(items):
        try:
            order_id = parsed(ids.Prefix.ORDER, item.order, f"items[{index}].order")
        except BadInput as wrong:
            results[index]["problem"] = wrong.as_problem()
            continue
        named = None if key is None else f"wish:{key}:{index}"
        asks.append((index, command.Ask(order_id, _status(item), named)))
    answers = await hub.orders.many(caller.tenant_id, [ask for _, ask in asks])
    for (index, _), answer in zip(asks, answers, strict=True):
        if isinstance(answer, command.Issued):
            results[index]["taken"] = _taken(answer)
        else:
            shown = answer if isinstance(answer, CrossdockError) else CrossdockError("an unexpected error")
            results[index]["problem"] = shown.as_problem()
    return results


def _status(body: NewStatus) -> command.SetStatus:
    return command.SetStatus(body.status, body.expected_status, body.if_version, body.note)


def _fulfilment(body: NewFulfilment) -> command.Fulfil:
    lines = None if body.lines is None else tuple(command.FulfilLine(n.line_id, n.quantity) for n in body.lines)
    return command.Fulfil(lines, body.tracking_number, body.carrier, body.tracking_url, body.notify, body.complete)


def _refund(body: NewRefund) -> command.Refund:
    lines = None
    if body.lines is not None:
        lines = tuple(
            command.RefundLine(
                n.line_id, n.quantity, n.total, tuple(command.RefundTax(t.rate_id, t.total) for t in n.taxes)
            )
            for n in body.lines
        )
    return command.Refund(body.amount, lines, body.reason, body.restock, body.api_refund)


def _taken(issued: command.Issued) -> dict[str, Any]:
    return {
        "event_id": ids.show(ids.Prefix.EVENT, issued.event_id),
        "delivery_ids": [ids.show(ids.Prefix.DELIVERY, one) for one in issued.delivery_ids],
        "duplicate": issued.duplicate,
        "order": ids.show(ids.Prefix.ORDER, issued.order),
        "status": issued.status,
        "version": issued.version,
    }
