"""SKU links: which product of a store is which SKU of the hub; made, changed, matched, imported and exported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from crossdock.errors import BadInput, Conflict, NotFound
from crossdock.flow.stock import Sheet
from crossdock.flow.stock.imports import MOST_BYTES, What
from crossdock.flow.stock.links import NewLink, Options
from crossdock.flow.stock.matching import Rules
from crossdock.govern.access import Role
from crossdock.kit.ids import Prefix, show
from crossdock.web.desk import Desk
from crossdock.web.page import Room
from crossdock.web.records.asking import Store, chosen, connections, needed_store, place, store_in

ROOM = Room()
PAGE: Final = 50
SHOWN: Final = 100
MOST: Final = 10_000
"""Links that one action of a filter takes."""
_STATES: Final = ("active", "inactive", "suspended", "failing")
_FILTERS: Final = ("store", "sku", "state")
_COLUMNS: Final = (
    *("id", "store", "product_id", "variation_id", "store_sku", "hub_sku", "push_stock", "push_price"),
    *("push_on_fulfilment", "direction", "counts", "backorders", "active", "suspended_reason", "failures"),
    *("last_error", "last_push_at", "last_pushed", "shown"),
)
_FLAGS: Final = ("push_stock", "push_price", "push_on_fulfilment", "backorders", "active")
_DO: Final = ("activate", "deactivate", "resume", "remove")


@ROOM.page("/sku-links")
async def links(desk: Desk) -> Response:
    """List links, with how those of each store do."""
    stores = await _stores(desk)
    if desk.query.get("format"):
        return await desk.export("sku-links", _COLUMNS, _each(desk, stores))
    rows = await _rows(desk, stores, place(desk, Prefix.SKU_LINK, "after"), PAGE)
    return desk.show(
        "sku_links/list.html",
        rows=rows,
        stats=[
            {**dict(one), "store_id": show(Prefix.CONNECTION, one["connection_id"])}
            for one in await desk.hub.links.stats(desk.tenant_id)
        ],
        asked=desk.asked(_FILTERS),
        store_options=_options(stores),
        states=[("", "All states"), *((one, one) for one in _STATES)],
        older=desk.here(after=rows[-1]["id"]) if len(rows) == PAGE else "",
        newer=desk.here(after=None) if desk.query.get("after") else "",
    )


@ROOM.page("/sku-links/sheet")
async def sheet(desk: Desk) -> Response:
    """Give the links as the CSV that an import takes."""
    store = store_in(await _stores(desk), desk.query.get("store", ""))
    lines = Sheet(desk.hub.links).give(desk.tenant_id, store.uuid if store else None)
    headers = {"Content-Disposition": 'attachment; filename="sku-links.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@ROOM.page("/sku-links/new", role=Role.ADMIN)
async def ask_for_link(desk: Desk) -> Response:
    """Show the form of a new link."""
    return desk.show("sku_links/form.html", **await _form(desk, None))


@ROOM.action("/sku-links/new", role=Role.ADMIN)
async def make(desk: Desk) -> Response:
    """Link a product with a hub SKU."""
    desk.expect("sku_links/form.html", **await _form(desk, None))
    store = needed_store(await _stores(desk), desk.text("store"))
    link = NewLink(
        store.uuid, desk.text("product_id"), desk.text("variation_id") or None, desk.text("hub_sku"),
        desk.text("store_sku"), _given(desk),
    )  # fmt: skip
    ((made, new),) = await desk.hub.links.put(desk.tenant_id, [link], take_levels=bool(desk.text("take_level")))
    said = "is linked" if new else "was linked already; it is changed"
    return desk.go(f"/sku-links/{show(Prefix.SKU_LINK, made)}", said=f"Product {link.product_id} {said}.")


@ROOM.page("/sku-links/match", role=Role.ADMIN)
async def ask_to_match(desk: Desk) -> Response:
    """Show how a store's products would be matched by SKU; nothing is linked."""
    stores = await _stores(desk)
    store = store_in(stores, desk.query.get("store", ""))
    found = await _match(desk, store, desk.query, apply=False) if store else None
    return desk.show(
        "sku_links/match.html",
        store=store,
        stores=stores,
        store_options=_options(stores)[1:],
        like_options=[(one.id, f"the products of {one.name}") for one in stores],
        found=found,
        most=SHOWN,
        asked={name: desk.query.get(name, "") for name in ("like", "prefixes", "suffixes", "pattern", "ignore_case")},
    )


@ROOM.action("/sku-links/match/apply", role=Role.ADMIN)
async def match(desk: Desk) -> Response:
    """Link what matches."""
    store = needed_store(await _stores(desk), desk.text("store"))
    asked = {name: desk.text(name) for name in ("like", "prefixes", "suffixes", "pattern", "ignore_case")}
    found = await _match(desk, store, asked, apply=True)
    return desk.go(f"/sku-links?store={store.id}", said=f"{found.applied} products of {store.name} are linked.")


@ROOM.page("/sku-links/import", role=Role.ADMIN)
async def ask_for_file(desk: Desk) -> Response:
    """Show where a file is given."""
    return desk.show("sku_links/import.html", store_options=_options(await _stores(desk))[1:])


@ROOM.action("/sku-links/import", role=Role.ADMIN, most_bytes=MOST_BYTES + 100_000)
async def take_file(desk: Desk) -> Response:
    """Keep a file and read it through without changing anything."""
    stores = await _stores(desk)
    desk.expect("sku_links/import.html", store_options=_options(stores)[1:])
    store, file = store_in(stores, desk.text("store")), desk.form.get("file")
    if store is None:
        raise BadInput("name the store whose products the file links", field="store", remedy="choose one of the list")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput("no file was chosen", field="file", remedy="choose a CSV file")
    run = await desk.hub.imports.spool(desk.tenant_id, store.uuid, What.LINKS, _pieces(file), dry_run=True)
    return desk.go(f"/sku-links/import/{show(Prefix.RUN, run)}")


@ROOM.page("/sku-links/import/{run_id}", role=Role.ADMIN)
async def imported(desk: Desk) -> Response:
    """Show what a file would do, or how far its import is."""
    run_id = desk.id(Prefix.RUN, "run_id")
    run = await desk.hub.runs.one(desk.tenant_id, run_id)
    if run is None or run["kind"] != "import":
        raise NotFound("there is no such import", field="run_id")
    over = run["state"] not in ("waiting", "running")
    return desk.show("sku_links/imported.html", run=run, over=over, dry=bool(run["asked"].get("dry_run")),
                     lines=await _wrong_lines(desk, run) if over else [])  # fmt: skip


@ROOM.action("/sku-links/import/{run_id}", role=Role.ADMIN)
async def import_now(desk: Desk) -> Response:
    """Import a file for good that was read through before."""
    run = await desk.hub.imports.for_good(desk.tenant_id, desk.id(Prefix.RUN, "run_id"))
    return desk.go(f"/sku-links/import/{show(Prefix.RUN, run)}", said="The file is being imported.")


@ROOM.page("/sku-links/many", role=Role.ADMIN)
async def ask_many(desk: Desk) -> Response:
    """Count what a filter holds, and ask."""
    do = _doing(desk.query.get("do", ""))
    count = len(await _all(desk))
    if not count:
        return desk.go("/sku-links", said="No link fits this filter.", tone="warn")
    what = "1 link" if count == 1 else f"{count:,} links"
    told = {
        "activate": "Levels go to the stores again, and their sales move the hub's levels.",
        "deactivate": "Nothing goes either way through them until they are activated again; levels stay.",
        "resume": "What has accumulated while they were suspended goes out.",
        "remove": "Levels and their history stay; the products are no longer tied to a SKU of the hub.",
    }
    return desk.confirm(
        title=f"{do.capitalize()} {what}?",
        said=told[do],
        action=desk.to("/sku-links/many", **desk.asked(_FILTERS)),
        label=f"{do.capitalize()} {what}",
        back=desk.to("/sku-links", **desk.asked(_FILTERS)),
        name=str(count) if do == "remove" and count > 1 else "",
        fields={"do": do, "count": count},
        tone="bad" if do == "remove" else "live",
    )


@ROOM.action("/sku-links/many", role=Role.ADMIN)
async def many(desk: Desk) -> Response:
    """Do it to all links of the filter, if it still holds as many."""
    do, ids = _doing(desk.text("do")), await _all(desk)
    if str(len(ids)) != desk.text("count"):
        raise Conflict(f"the filter holds {len(ids)} links by now", remedy="go back and look at it again")
    if do == "remove" and len(ids) > 1 and desk.text("confirm") != str(len(ids)):
        raise BadInput("the number that was typed is another", field="confirm", remedy=f"type {len(ids)}")
    if do == "resume":
        await desk.hub.links.resume(desk.tenant_id, ids)
    elif do == "remove":
        await desk.hub.links.remove_many(desk.tenant_id, ids)
    else:
        await desk.hub.links.change_many(desk.tenant_id, ids, Options(active=do == "activate"))
    return desk.go("/sku-links", said=f"{len(ids):,} links: {do} is done.")


@ROOM.page("/sku-links/{link_id}")
async def one(desk: Desk) -> Response:
    """Show one link with its form."""
    return desk.show("sku_links/form.html", **await _form(desk, await _link(desk)))


@ROOM.action("/sku-links/{link_id}", role=Role.ADMIN)
async def change(desk: Desk) -> Response:
    """Change a link."""
    row = await _link(desk)
    desk.expect("sku_links/form.html", **await _form(desk, row))
    await desk.hub.links.change(desk.tenant_id, row["uuid"], _given(desk), desk.text("hub_sku") or None)
    return desk.go(f"/sku-links/{row['id']}", said="The link is changed.")


@ROOM.action("/sku-links/{link_id}/resume", role=Role.OPERATOR)
async def resume(desk: Desk) -> Response:
    """Resume a suspended link."""
    row = await _link(desk)
    await desk.hub.links.resume(desk.tenant_id, [row["uuid"]])
    return desk.go(f"/sku-links/{row['id']}", said="The link is resumed; what has accumulated goes out.")


@ROOM.page("/sku-links/{link_id}/remove", role=Role.ADMIN)
async def ask_to_remove(desk: Desk) -> Response:
    """Ask before a link is ended."""
    row = await _link(desk)
    return desk.confirm(
        title=f"End the link of {row['hub_sku']}?",
        said=f"Product {row['product_id']} of {row['store']} is no longer tied to it. Levels and their history stay.",
        action=desk.to(f"/sku-links/{row['id']}/remove"),
        label="End the link",
        back=desk.to(f"/sku-links/{row['id']}"),
        name=row["hub_sku"],
        tone="bad",
    )


@ROOM.action("/sku-links/{link_id}/remove", role=Role.ADMIN)
async def remove(desk: Desk) -> Response:
    """End a link."""
    row = await _link(desk)
    if desk.text("confirm") != row["hub_sku"]:
        raise BadInput("what was typed is another SKU", field="confirm", remedy=f"type {row['hub_sku']} to go on")
    await desk.hub.links.remove(desk.tenant_id, row["uuid"])
    return desk.go("/sku-links", said=f"The link of {row['hub_sku']} is ended.")


async def _stores(desk: Desk) -> list[Store]:
    return await connections(desk, streams=("product",))


def _options(stores: list[Store]) -> list[tuple[str, str]]:
    return [("", "All stores"), *((one.id, one.name) for one in stores)]


async def _rows(desk: Desk, stores: list[Store], after: Any, limit: int) -> list[dict[str, Any]]:
    store = store_in(stores, desk.query.get("store", ""))
    rows = await desk.hub.links.page(
        desk.tenant_id,
        connection_id=store.uuid if store else None,
        sku=desk.query.get("sku", "").strip() or None,
        state=chosen(desk.query.get("state", ""), "state", _STATES),
        after=after,
        limit=limit,
    )
    names = {one.uuid: one.name for one in stores}
    return [_shown(row, names) for row in rows]


def _shown(row: Any, names: dict[Any, str]) -> dict[str, Any]:
    return {
        **dict(row),
        "uuid": row["id"],
        "id": show(Prefix.SKU_LINK, row["id"]),
        "store": names.get(row["connection_id"], ""),
        "store_id": show(Prefix.CONNECTION, row["connection_id"]),
    }


async def _each(desk: Desk, stores: list[Store]) -> AsyncIterator[dict[str, Any]]:
    after = None
    while rows := await _rows(desk, stores, after, 500):
        for row in rows:
            yield row
        after = rows[-1]["uuid"]


async def _all(desk: Desk) -> list[Any]:
    found: list[Any] = []
    async for row in _each(desk, await _stores(desk)):
        if len(found) == MOST:
            raise BadInput(f"more than {MOST:,} links fit", remedy="choose a store or a state")
        found.append(row["uuid"])
    return found


def _doing(text: str) -> str:
    """Return what is done to many links. Raises ``BadInput`` for anything else."""
    do = chosen(text, "do", _DO)
    if do is None:
        raise BadInput("say what is to be done", field="do", remedy=f"one of {', '.join(_DO)}")
    return do


async def _link(desk: Desk) -> dict[str, Any]:
    rows = await desk.hub.links.page(desk.tenant_id, link_id=desk.id(Prefix.SKU_LINK, "link_id"), limit=1)
    if not rows:
        raise NotFound("there is no such link", field="link_id", remedy="look at the list")
    return _shown(rows[0], {one.uuid: one.name for one in await _stores(desk)})


async def _form(desk: Desk, row: dict[str, Any] | None) -> dict[str, Any]:
    return {"row": row, "store_options": _options(await _stores(desk))[1:]}


def _given(desk: Desk) -> Options:
    flags = {name: bool(desk.text(name)) for name in _FLAGS}
    words = {
        "direction": chosen(desk.text("direction"), "direction", ("both", "out", "in")),
        "counts": chosen(desk.text("counts"), "counts", ("orders", "quantity")),
    }
    return Options(**flags, **words)  # type: ignore[arg-type]


async def _match(desk: Desk, store: Store, asked: Any, *, apply: bool) -> Any:
    def several(name: str) -> tuple[str, ...]:
        return tuple(one.strip() for one in (asked.get(name) or "").split(",") if one.strip())

    like = store_in(await _stores(desk), asked.get("like") or "")
    skus = await desk.hub.links.hub_skus(desk.tenant_id, like.uuid if like else None)
    pattern = (asked.get("pattern") or "").strip()
    rules = Rules(
        ignore_case=asked.get("ignore_case") != "no",
        strip_prefixes=several("prefixes"),
        strip_suffixes=several("suffixes"),
        replace=((pattern, ""),) if pattern else (),
    )
    options = Options() if apply else None
    return await desk.hub.links.match(desk.tenant_id, store.uuid, skus, rules, apply=options, take_levels=apply)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(65_536):
        yield piece


async def _wrong_lines(desk: Desk, run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is wrong, each with the line as it came."""
    found = []
    for error in run["errors"][:50]:
        try:
            text = await desk.hub.imports.line(desk.tenant_id, desk.id(Prefix.RUN, "run_id"), int(error["line"]))
        except (NotFound, KeyError):
            text = ""
        found.append({**error, "text": text[:200]})
    return found
