"""Stock: levels by SKU and place, what moved them, what each store may offer, what runs low, and pushes to stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import unquote

from starlette.responses import Response

from crossdock.errors import BadInput, Conflict
from crossdock.flow.run import RunKind
from crossdock.flow.stock.book import Threshold
from crossdock.flow.stock.levels import MAIN, Cause, Change
from crossdock.flow.stock.offer import Share
from crossdock.flow.stock.push import shares_of
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.records.asking import Store, amount, connections, needed_store, place, whole
from crossdock.wiring.starting import start

ROOM = Room()
PAGE: Final = 50
_COLUMNS: Final = (
    "sku",
    "location",
    "on_hand",
    "reserved",
    "available",
    "confirmed",
    "version",
    "changed_at",
    "offered",
)
_MOVES: Final = (
    *("id", "sku", "location", "delta", "reserved_delta", "on_hand", "reserved", "cause", "reference", "store"),
    "made_at",
)


@ROOM.page("/stock")
async def stock(desk: Desk) -> Response:
    """List levels, with what runs low."""
    stores = await _stores(desk)
    if desk.query.get("format"):
        return await desk.export("stock", _COLUMNS, _each(desk, stores))
    page = await _page(desk, stores, desk.query.get("after") or None, PAGE)
    return desk.show(
        "stock/list.html",
        rows=page["items"],
        older=desk.here(after=page["next"]) if page["next"] else "",
        newer=desk.here(after=None) if desk.query.get("after") else "",
        asked=desk.asked(("sku", "store")),
        low=await desk.hub.shelf.alerts(desk.tenant_id, True, limit=20),
        store_options=[("", "All places"), *((one.id, f"linked to {one.name}") for one in stores)],
        push_options=[(one.id, one.name) for one in stores],
    )


@ROOM.page("/stock/moves")
async def moves(desk: Desk) -> Response:
    """List movements of all SKUs, the newest first."""
    names = {show(Prefix.CONNECTION, one.uuid): one.name for one in await _stores(desk)}
    if desk.query.get("format"):
        return await desk.export("stock-moves", _MOVES, _each_move(desk, None))
    rows = await desk.hub.shelf.moves(desk.tenant_id, None, place(desk, Prefix.MOVE), PAGE)
    older = desk.here(before=rows[-1]["id"]) if len(rows) == PAGE else ""
    return desk.show("stock/moves.html", rows=rows, names=names, older=older,
                     newer=desk.here(before=None) if desk.query.get("before") else "")  # fmt: skip


@ROOM.page("/stock/rules")
async def rules(desk: Desk) -> Response:
    """Show thresholds, and each store's shares of the places."""
    return desk.show("stock/rules.html", **await _rules(desk))


@ROOM.action("/stock/rules/threshold", role=Role.ADMIN)
async def set_threshold(desk: Desk) -> Response:
    """Set when a SKU is low; both limits empty drop it."""
    desk.expect("stock/rules.html", **await _rules(desk))
    days = amount(desk.text("cover_days"), "cover_days")
    if days is not None and not 0 < days <= 3650:
        raise BadInput("from above 0 to 3650 days", field="cover_days", remedy="correct it")
    sku = desk.text("sku")
    threshold = Threshold(
        sku, whole(desk.text("low_at"), "low_at"), days,
        whole(desk.text("window_days"), "window_days", least=1, most=365) or 28,
    )  # fmt: skip
    await desk.hub.book.watch(desk.tenant_id, [threshold])
    await desk.hub.stock.alerts.check(desk.tenant_id)
    what = sku or "all other SKUs"
    dropped = threshold.low_at is None and threshold.cover_days is None
    return desk.go("/stock/rules", said=f"The threshold of {what} is {'dropped' if dropped else 'set'}.")


@ROOM.action("/stock/rules/share", role=Role.ADMIN)
async def set_share(desk: Desk) -> Response:
    """Set what a store may offer of a place."""
    desk.expect("stock/rules.html", **await _rules(desk))
    store = needed_store(await _stores(desk), desk.text("store"))
    part = amount(desk.text("share") or "1", "share")
    if part is None or not 0 <= part <= 1:
        raise BadInput("a share is from 0 to 1", field="share", remedy="0.5 is half")
    share = Share(
        desk.text("location") or MAIN,
        whole(desk.text("weight") or "0", "weight", most=1_000_000) or 0,
        whole(desk.text("reserve") or "0", "reserve") or 0,
        part,
    )
    kept = [Share(**one) for one in await desk.hub.shelf.shares(desk.tenant_id, store.uuid)]
    others = [one for one in kept if one.location != share.location]
    await desk.hub.book.share(desk.tenant_id, store.uuid, [*others, share])
    return desk.go("/stock/rules", said=f"{store.name}: what it offers of {share.location} is looked at again.")


@ROOM.action("/stock/rules/unshare", role=Role.ADMIN)
async def drop_shares(desk: Desk) -> Response:
    """Let a store offer all places again."""
    store = needed_store(await _stores(desk), desk.text("store"))
    await desk.hub.book.share(desk.tenant_id, store.uuid, [])
    return desk.go("/stock/rules", said=f"{store.name} offers all places again.")


@ROOM.page("/stock/push", role=Role.OPERATOR)
async def ask_to_push(desk: Desk) -> Response:
    """Count the links of a store, and ask."""
    store = needed_store(await _stores(desk), desk.query.get("store", ""))
    stats = {one["connection_id"]: one for one in await desk.hub.links.stats(desk.tenant_id)}
    count = stats[store.uuid]["active"] if store.uuid in stats else 0
    if not count:
        raise Conflict(f"{store.name} has no active link, so nothing can be pushed", remedy="link its products first")
    what = "1 level" if count == 1 else f"{count:,} levels"
    return desk.confirm(
        title=f"Write {what} to {store.name} again?",
        said="Every linked level and price is written, changed or not: after somebody edited the shop by hand, say. "
        "It goes at the shop's own pace.",
        action=desk.to("/stock/push"),
        label=f"Write {what}",
        back=desk.to("/stock"),
        fields={"store": store.id},
    )


@ROOM.action("/stock/push", role=Role.OPERATOR)
async def push(desk: Desk) -> Response:
    """Write every level of a store again, as a run."""
    run = await start(desk.hub, desk.tenant_id, desk.id(Prefix.CONNECTION, "store"), RunKind.STOCK_PUSH)
    link = desk.to(f"/runs/{run['id']}")
    return desk.go("/stock", said=f"{run['connection']}: levels are being written.", link=link, label="See the run")


@ROOM.page("/stock/{sku:path}")
async def one(desk: Desk) -> Response:
    """Show one SKU: its levels, what each store may offer of it, and what moved it."""
    sku = _sku(desk)
    if desk.query.get("format"):
        return await desk.export("stock-moves", _MOVES, _each_move(desk, sku))
    # an order names SKUs that nobody has counted yet: the page says so, and takes the first count
    return desk.show("stock/one.html", **await _one(desk, sku))


@ROOM.action("/stock/{sku:path}", role=Role.ADMIN)
async def set_level(desk: Desk) -> Response:
    """Set a level, or move it."""
    sku = _sku(desk)
    desk.expect("stock/one.html", **await _one(desk, sku))
    on_hand = whole(desk.text("on_hand"), "on_hand", least=-2_000_000_000)
    delta = whole(desk.text("delta"), "delta", least=-2_000_000_000)
    if (on_hand is None) == (delta is None):
        raise BadInput("give a count, or what came or went", field="on_hand", remedy="fill one of the two in")
    key = desk.text("key") or new_id().hex
    change = Change(
        sku=sku,
        reference=f"set:{key}" if on_hand is not None else f"page:{key}",
        cause=Cause.SET if on_hand is not None else Cause.CORRECTION,
        location=desk.text("location") or MAIN,
        on_hand=on_hand,
        delta=delta or 0,
        confirmed=True,
    )
    (result,) = await desk.hub.book.apply(desk.tenant_id, [change])
    desk.hub.stock.bell.set()
    said = f"{sku} at {change.location}: {result.on_hand} on the shelf."
    return desk.go(f"/stock/{sku}", said=said if result.status == "changed" else f"{said} Nothing changed.")


async def _stores(desk: Desk) -> list[Store]:
    return await connections(desk, streams=("product",))


def _sku(desk: Desk) -> str:
    return unquote(str(desk.request.path_params["sku"]))


async def _page(desk: Desk, stores: list[Store], after: str | None, limit: int) -> dict[str, Any]:
    # the column of what a store may offer is there when one is asked for: what is no store here is refused
    store = needed_store(stores, asked) if (asked := desk.query.get("store", "")) else None
    sku = desk.query.get("sku", "").strip()
    return await desk.hub.shelf.levels(
        desk.tenant_id, [sku] if sku else None, store.uuid if store else None, after, limit
    )


async def _each(desk: Desk, stores: list[Store]) -> AsyncIterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = await _page(desk, stores, after, 500)
        for row in page["items"]:
            yield row
        after = page["next"]
        if after is None:
            return


async def _each_move(desk: Desk, sku: str | None) -> AsyncIterator[dict[str, Any]]:
    before = None
    while rows := await desk.hub.shelf.moves(desk.tenant_id, sku, before, 500):
        for row in rows:
            yield row
        before = rows[-1]["uuid"]


async def _one(desk: Desk, sku: str) -> dict[str, Any]:
    stores = {one.uuid: one for one in await _stores(desk)}
    offered = (await desk.hub.book.offered(desk.tenant_id, [sku])).get(sku)
    links = await desk.hub.links.page(desk.tenant_id, sku=sku, limit=100)
    rows = await desk.hub.shelf.moves(desk.tenant_id, sku, place(desk, Prefix.MOVE), PAGE)
    return {
        "sku": sku,
        "levels": (await desk.hub.shelf.levels(desk.tenant_id, [sku]))["items"],
        "links": [
            {
                **dict(row),
                "id": show(Prefix.SKU_LINK, row["id"]),
                "store": stores[row["connection_id"]].name if row["connection_id"] in stores else "",
                "offered": offered.get(row["connection_id"]) if offered else None,
            }
            for row in links
        ],
        "moves": rows,
        "names": {one.id: one.name for one in stores.values()},
        "older": desk.here(before=rows[-1]["id"]) if len(rows) == PAGE else "",
        "newer": desk.here(before=None) if desk.query.get("before") else "",
        "key": new_id().hex,
    }


async def _rules(desk: Desk) -> dict[str, Any]:
    stores = await _stores(desk)
    async with desk.hub.database.tenant(desk.tenant_id) as conn:
        shares = await shares_of(conn, desk.tenant_id)
    return {
        "thresholds": await desk.hub.shelf.thresholds(desk.tenant_id),
        "shares": [(one, sorted(shares.get(one.uuid, ()), key=lambda share: share.location)) for one in stores],
        "store_options": [(one.id, one.name) for one in stores],
    }
