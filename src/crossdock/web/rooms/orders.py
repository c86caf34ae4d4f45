"""Orders: found by what people know of them, newest first; a filter's orders are sent again as one run."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import Response

from crossdock.errors import BadInput, NotFound
from crossdock.flow.deliver import Ask
from crossdock.govern.access import Role
from crossdock.govern.records import FIRST, Asked, Stored
from crossdock.kit.ids import Prefix, parse, show
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.records.asking import Store, begins, connections, ends, named
from crossdock.web.records.story import SQL
from crossdock.web.words import masked

ROOM = Room()
PAGE: Final = 50
MOST: Final = 1000
"""Orders that one action of a list takes; for more there are proofs and replays of a time."""
_COLUMNS: Final = (
    *("id", "number", "store", "external_id", "status", "payment_status", "total", "refunded_total", "currency"),
    *("email", "created_at", "modified_at", "recorded_at", "version", "presence", "event_id"),
)
_FILTERS: Final = ("store", "status", "number", "since", "until", "email")


@ROOM.page("/orders")
async def orders(desk: Desk) -> Response:
    """List orders, or export them."""
    stores = await connections(desk, streams=("order",))
    if desk.query.get("format"):
        return await desk.export("orders", _COLUMNS, _exported(desk, stores))
    page = await _page(desk, stores, desk.query.get("before") or None, PAGE)
    rows, asked = [_row(desk, one) for one in page["items"]], desk.asked(_FILTERS)
    older = desk.here(before=page["next"]) if page["next"] else ""
    newer = desk.here(before=None) if desk.query.get("before") else ""
    return desk.show(
        "orders/list.html", rows=rows, older=older, newer=newer, asked=asked,
        store_options=[("", "All stores"), *((one.id, one.name) for one in stores)], filtered=bool(asked),
    )  # fmt: skip


@ROOM.page("/orders/number/{number}")
async def by_number(desk: Desk) -> Response:
    """Go to the order of a number, or offer those of several stores."""
    number = desk.request.path_params["number"]
    found = await desk.hub.finder.named(desk.tenant_id, "order", "by_code", number, None)
    items: list[Stored] = found["items"]
    if not items:
        raise NotFound(f"no store has an order {number}", remedy="look at the list, or pull the store")
    if len(items) == 1:
        return desk.go(f"/orders/{items[0].id}")
    return desk.show("orders/choice.html", number=number, rows=[_row(desk, one) for one in items])


@ROOM.page("/orders/resend", role=Role.OPERATOR)
async def ask_to_resend(desk: Desk) -> Response:
    """Count what a filter holds, and ask."""
    ids, more = await _all(desk)
    if not ids:
        return desk.go("/orders", said="No order fits this filter; nothing was sent.", tone="warn")
    if more:
        raise BadInput(
            f"more than {MOST:,} orders fit this filter",
            remedy="name fewer days, or prove the store for these days: a proof sends again what is missing",
        )
    orders_ = "1 order" if len(ids) == 1 else f"{len(ids):,} orders"
    return desk.confirm(
        title=f"Send {orders_} again?",
        said=f"The present state of {orders_} goes out once more on each route that had taken it. It goes behind all "
        "that is live; a destination that holds the same values already is not changed.",
        action=desk.to("/orders/resend"),
        label=f"Send {orders_} again",
        back=desk.to("/orders", **desk.asked(_FILTERS)),
        fields={"order": [show(Prefix.ORDER, one) for one in ids]},
    )


@ROOM.action("/orders/resend", role=Role.OPERATOR)
async def resend(desk: Desk) -> Response:
    """Send orders again, as a run."""
    ids = [parse(Prefix.ORDER, one) for one in desk.texts("order")[:MOST]]
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        events = [row["event_id"] for row in await conn.fetch(SQL["newest_events"], desk.tenant_id, ids)]
    if not events:
        raise BadInput("no order is named", field="order", remedy="choose some")
    run = await desk.hub.replays.ask(desk.tenant_id, Ask(events=tuple(events)), actor=desk.actor)
    said = "1 order is" if len(events) == 1 else f"{len(events):,} orders are"
    return desk.go(
        "/orders", said=f"{said} being sent again.", link=desk.to(f"/runs/{show(Prefix.RUN, run)}"), label="See the run"
    )


async def _page(desk: Desk, stores: list[Store], before: str | None, limit: int) -> dict[str, Any]:
    number = desk.query.get("number", "").strip().lstrip("#")
    store = await named(desk, stores)
    store_id = show(Prefix.CONNECTION, store.id) if store else None
    finder = desk.hub.finder
    if number:
        found = await finder.named(desk.tenant_id, "order", "by_code", number, store_id)
        if not found["items"]:
            found = await finder.named(desk.tenant_id, "order", "by_external_id", number, store_id)
        return found
    email = desk.query.get("email", "").strip().lower()
    asked = Asked(
        limit=limit,
        store=store_id,
        status=desk.query.get("status") or None,
        since=begins(desk, "since") or FIRST,
        until=ends(desk, "until"),
        before=before,
        subject=desk.hub.vault.subject(email) if email else None,
    )
    return await finder.page(desk.tenant_id, "order", asked)


async def _each(desk: Desk, stores: list[Store]) -> AsyncIterator[Stored]:
    before: str | None = None
    while True:
        page = await _page(desk, stores, before, 200)
        for one in page["items"]:
            yield one
        before = page["next"]
        if before is None:
            return


async def _exported(desk: Desk, stores: list[Store]) -> AsyncIterator[dict[str, Any]]:
    async for one in _each(desk, stores):
        yield _row(desk, one)


async def _all(desk: Desk) -> tuple[list[uuid.UUID], bool]:
    """Return the orders that a filter holds, and whether there are more than one action takes."""
    found: list[uuid.UUID] = []
    async for one in _each(desk, await connections(desk, streams=("order",))):
        if len(found) == MOST:
            return found, True
        found.append(parse(Prefix.ORDER, one.id))
    return found, False


def _row(desk: Desk, one: Stored) -> dict[str, Any]:
    word = one.data
    billing = getattr(word, "billing", None)
    email = getattr(billing, "email", "") or ""
    return {
        "id": one.id,
        "number": getattr(word, "number", "") or one.external_id,
        "external_id": one.external_id,
        "store": one.store.name,
        "store_id": one.store.id,
        "status": one.status,
        "presence": str(one.presence),
        "payment_status": getattr(word, "payment_status", ""),
        "total": str(getattr(word, "total", "")),
        "refunded_total": str(getattr(word, "refunded_total", "")),
        "currency": getattr(word, "currency", ""),
        "email": email if desk.may(Role.OPERATOR) else masked(email) if email else "",
        "created_at": one.created_at,
        "modified_at": one.modified_at,
        "recorded_at": one.recorded_at,
        "version": one.version,
        "contested": one.contested,
        "event_id": one.event_id,
        "problem": one.problem,
    }
