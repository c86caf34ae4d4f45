"""What sites tell: ``POST /customers``, ``/orders``, ``/products``, ``/events`` and ``/batch``."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from starlette.requests import Request

from crossdock.api.integrations.operation import Caller, Handler, Operation, Reply
from crossdock.api.integrations.wordpress.checking import invalid
from crossdock.api.integrations.wordpress.gate import ITEMS
from crossdock.api.integrations.wordpress.items import Body, read, shown
from crossdock.api.integrations.wordpress.previewing import Previews
from crossdock.errors import BadInput, CrossdockError, Overloaded
from crossdock.flow.plugin import Told
from crossdock.govern.sites.keys import same_site
from crossdock.wiring import Hub

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "customers": ("customer",),
    "orders": ("order", "refund"),
    "products": ("product",),
    "events": ("event",),
    "batch": ("order", "customer", "product", "refund", "event"),
}
_ITEM: Final = {
    "id": "0190d0a8-6e2f-7b52-9d53-0c2a4f6c1d10",
    "kind": "order",
    "action": "saved",
    "occurred_at": "2026-11-21T10:00:00.123456Z",
    "origin": "live",
    "data": {
        "id": 123,
        "status": "processing",
        "currency": "EUR",
        "total": "35.25",
        "billing": {"email": "a@example.com"},
    },
}
_RESULT: Final = {
    "id": _ITEM["id"],
    "status": "recorded",
    "event": "evt_0068rabg9frpe9qn1jd4x6r7gg",
    "record": "ord_0068rabg9frpe9qn1jd4x6r7gh",
    "customer": {"record": "cus_0068rabg9frpe9qn1jd4x6r7gj", "found_by": "email", "status": "existing"},
    "problem": None,
}

INVALID: Final = invalid([{"field": "data.total", "rule": "it is required", "remedy": "send it"}])
"""A refusal as the document shows it."""


def operations(hub: Hub) -> tuple[Operation, ...]:
    """Return the operations."""
    singles = [_single(hub, name) for name in ("customers", "orders", "products", "events")]
    return (*singles, _batch(hub))


def _single(hub: Hub, name: str) -> Operation:
    kind = KINDS[name][0]
    return Operation(
        method="POST",
        path=f"/{name}",
        summary=f"Tell of one of the site's {name}, or of several in items.",
        does=_taking(hub, name, mixed=False),
        body=f"{kind}|item" if kind != "event" else "item",
        body_example={
            **_ITEM,
            "kind": kind,
            **({"type": "user.login", "entity": "user:12"} if kind == "event" else {}),
        },
        answers={201: "recorded", 200: "unchanged, stale or duplicate; of several: each one's own result"},
        example={**_RESULT, "customer": _RESULT["customer"] if kind == "order" else None},
        refusals=(INVALID,),
    )


def _batch(hub: Hub) -> Operation:
    site = {"instance": "5b0b1b9e-59a2-4f0e-8d52-0f5a3f0c9a11", "url": "https://shop.example", "plugin": "1.0.0"}
    return Operation(
        method="POST",
        path="/batch",
        summary=f"Tell of 1 to {ITEMS} things of any kind; each gets its own result.",
        does=_taking(hub, "batch", mixed=True),
        body="batch",
        body_example={"site": site, "items": [_ITEM]},
        answers={200: "each item's own result, in their order"},
        example={"results": [_RESULT], "counts": {"recorded": 1}},
    )


def _taking(hub: Hub, name: str, *, mixed: bool) -> Handler:
    async def take(caller: Caller, request: Request) -> Reply:
        del request
        body = read(caller.body, KINDS[name], ITEMS, hub.directory.clock.now(), mixed=mixed)
        if body.sender is not None:
            same_site(caller.key, str(body.sender.instance), body.sender.url)
        told = await _record(hub, caller, body)
        results = [shown(one, became) for one, became in zip(body.given, told, strict=True)]
        await Previews(hub).of(caller, body.given, results)
        return _many(results) if body.batch else _one(body, told[0], results[0])

    return take


async def _record(hub: Hub, caller: Caller, body: Body) -> list[Told | None]:
    items = [one.item for one in body.given if one.item is not None]
    done = iter(await hub.tellings.take(caller.connection, items) if items else [])
    told = [next(done) if one.item is not None else None for one in body.given]
    full = [one.problem for one in told if one is not None and isinstance(one.problem, Overloaded)]
    if full and len(full) == len(items):
        raise full[0]
    return told


def _many(results: list[dict[str, Any]]) -> Reply:
    return Reply({"results": results, "counts": dict(Counter(one["status"] for one in results))})


def _one(body: Body, told: Told | None, result: dict[str, Any]) -> Reply:
    given = body.given[0]
    refused = given.refused if told is None else told.problem
    if refused is not None:
        raise _named(refused)
    assert told is not None
    return Reply(result, 201 if told.status == "recorded" else 200)


def _named(refused: CrossdockError) -> CrossdockError:
    """Return the refusal of the only item: as that of one among many, but with a status of its own."""
    if isinstance(refused, BadInput) and refused.status == BadInput.status:
        return invalid([{"field": refused.field or "data", "rule": refused.problem, "remedy": refused.remedy}])
    return refused
