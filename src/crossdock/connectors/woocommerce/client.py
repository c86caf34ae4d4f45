"""WooCommerce's REST verbs that the hub uses. No retry, no sleep, no logging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from crossdock.connect import paging
from crossdock.connect.client import CallFailed, FailKind, Reply, VendorClient
from crossdock.connect.connector import Access, CheckResult, Glance, Hook, Page, Span
from crossdock.connect.manifest import beside
from crossdock.connect.outcomes import Outcomes
from crossdock.connectors.woocommerce import site, sweeps, walk
from crossdock.connectors.woocommerce.check import Diagnosis
from crossdock.connectors.woocommerce.fields import identifier
from crossdock.connectors.woocommerce.filters import start_of
from crossdock.connectors.woocommerce.mapper import gateway_id, observe
from crossdock.connectors.woocommerce.replies import absent, date_of, document_of, error_of, no_route
from crossdock.kit import site_address
from crossdock.model.observation import Observation
from crossdock.model.outcome import Refresh, Retry

MANIFEST: Final = beside(__file__)
_OUTCOMES: Final = Outcomes(MANIFEST)
_PAGE: Final = 100
"""The most WooCommerce lists at once."""
_PATHS: Final = {
    "order": "/wc/v3/orders/{id}",
    "customer": "/wc/v3/customers/{id}",
    "product": "/wc/v3/products/{id}",
    "coupon": "/wc/v3/coupons/{id}",
    "tax_rate": "/wc/v3/taxes/{id}",
}


class WooCommerceClient:
    """One shop. ``page_size`` is at least 2 and at most 100."""

    def __init__(self, access: Access, *, page_size: int = _PAGE) -> None:
        self._access = access
        self._size = max(2, min(page_size, _PAGE))
        self._made: VendorClient | None = None

    def __repr__(self) -> str:
        return f"WooCommerceClient({self._access.connection.id})"

    async def check(self) -> CheckResult:
        """Try the connection without side effects; see :mod:`crossdock.connectors.woocommerce.check`."""
        return await Diagnosis(self._access, self.vendor_at).result()

    def fingerprint(self, stream: str, document: Mapping[str, Any]) -> bytes | None:
        """Return the digest over what a light reading shows; None for a stream that is read in full."""
        return sweeps.fingerprint(stream, document)

    async def glance(self, stream: str, cursor: dict[str, Any] | None, span: Span) -> Glance:
        """Read the next page of all there is with one request, lightly. Raises ``CallFailed``."""
        place = paging.load(cursor, walk.Cursor) if cursor else sweeps.begin(stream, span, self._born())
        try:
            return await self._sweeps().glance(stream, place, self._shop_now, _total)
        except ValueError as problem:
            raise _disordered(problem) from None

    async def sweep(self, stream: str, cursor: dict[str, Any] | None, span: Span) -> Page:
        """Read the next page of all there is, in full. Raises ``CallFailed``."""
        place = cursor or paging.save(sweeps.begin(stream, span, self._born()))
        return await self.page(stream, place, full=True)

    async def fetch_some(self, stream: str, external_ids: Sequence[str]) -> list[Observation]:
        """Read some entities in full, a hundred a request; what is not there is left out. Raises ``CallFailed``."""
        return await self._sweeps().some(stream, external_ids)

    def _sweeps(self) -> sweeps.Sweeps:
        return sweeps.Sweeps(self._get, self._rows, self._size)

    async def page(self, stream: str, cursor: dict[str, Any] | None, *, full: bool = False) -> Page:
        """Read the next page of a stream with one request; :mod:`crossdock.connectors.woocommerce.walk` says how.

        Raises ``CallFailed``, ``KeyError`` for an unknown stream and ``ValueError`` for a cursor that is none.
        """
        place = paging.load(cursor, walk.Cursor) if cursor else walk.Cursor()
        reading = walk.reading_of(stream, place)
        if not cursor and not full:
            return await self._begin_now(reading)
        place = walk.resume(reading, place, full=full, born=self._born())
        try:
            if place.parents:
                return await self._page_below(stream, reading, place)
            return await self._page(stream, reading, place, full=full)
        except ValueError as problem:  # a row without an id, a list in another order
            raise _disordered(problem) from None

    async def fetch(self, stream: str, external_id: str, parent_id: str | None) -> Observation | None:
        """GET one entity; None when the shop says that it has none of this id.

        A 404 that names no entity (the route is gone, a web page) is no such word and raises ``CallFailed``: a
        plugin that is switched off for a minute must not bury a shop. A trashed entity is still shown.
        """
        if stream == "refund":
            return await self._fetch_refund(external_id, parent_id)
        if stream == "note":
            path = f"/wc/v3/orders/{identifier(parent_id, 'parent_id')}/notes/{identifier(external_id, 'id')}"
            return await self._one(stream, path, parent_id)
        if stream == "shipping_zone":
            return await self._zone(external_id)
        if stream == "payment_gateway":
            return await self._one(
                stream, f"/wc/v3/payment_gateways/{gateway_id(external_id)}", None, walk.READINGS[stream].extra
            )
        if stream == "product" and parent_id is not None:
            return await self._one(stream, f"/wc/v3/products/{parent_id}/variations/{external_id}", parent_id)
        found = await self._one(stream, _PATHS[stream].format(id=identifier(external_id, "id")), None)
        if found is not None and found.parent_id is not None:
            # /products/{id} shows variations in another shape than their own list does
            return await self.fetch(stream, external_id, found.parent_id)
        return found

    async def hooks(self) -> tuple[Hook, ...]:
        """List all webhooks of the shop, whatever their state."""
        found: dict[str, Hook] = {}
        offset, more = 0, True
        while more:
            asked = {
                "per_page": str(self._size),
                "offset": str(offset),
                "orderby": "id",
                "order": "asc",
                "status": "all",
            }
            rows = self._rows(await self._get("/wc/v3/webhooks", asked))
            found |= {hook.vendor_id: hook for hook in map(_hook, rows)}
            offset, more = offset + len(rows), len(rows) >= self._size
        return tuple(found.values())

    async def add_hook(self, topic: str, url: str, secret: str) -> Hook:
        """Register a webhook. The shop pings ``url`` before it answers, and answers 201 whatever the ping gets.

        The secret never comes back. Raises ``CallFailed`` of kind ``answer`` for a topic or URL the shop refuses.
        """
        document = {"name": f"Crossdock {topic}", "topic": topic, "delivery_url": url, "secret": secret}
        reply = await self.vendor().request("POST", "/wc/v3/webhooks", json={**document, "status": "active"})
        return _hook(self._object(reply))

    async def remove_hook(self, vendor_id: str) -> None:
        """Delete a webhook for good (they have no trash); one that is gone is fine."""
        path = f"/wc/v3/webhooks/{identifier(vendor_id, 'id')}"
        reply = await self.vendor().request("DELETE", path, params={"force": "true"})
        if not absent(reply):
            self._object(reply)

    async def change_hook(self, vendor_id: str, changes: Mapping[str, str]) -> None:
        """Change ``status``, ``delivery_url`` or ``secret`` of a webhook. Its failure count stays (recorded)."""
        path = f"/wc/v3/webhooks/{identifier(vendor_id, 'id')}"
        self._object(await self.vendor().request("PUT", path, json=dict(changes)))

    async def _begin_now(self, reading: walk.Reading) -> Page:
        reply = await self._get(reading.path, {**reading.extra, "per_page": "1", "_fields": "id"})
        if reading.path == walk.READINGS["refund"].path and no_route(reply):
            begun = msgspec.structs.replace(walk.start_at(self._shop_now(reply)), by_order=True)
        else:
            self._rows(reply)
            begun = walk.start_at(self._shop_now(reply))
        return Page((), paging.save(begun), done=True, shape="begin")

    async def _page(self, stream: str, reading: walk.Reading, place: walk.Cursor, *, full: bool) -> Page:
        reply = await self._get(reading.path, walk.ask(reading, place, self._size))
        if stream == "refund" and not place.by_order and no_route(reply):
            anew = walk.Cursor(since=place.since, by_order=True)
            return Page(
                (), paging.save(walk.resume(walk.REFUNDS_BY_ORDER, anew, full=full or not anew.since)), done=False
            )
        # a status that this version or set of plugins does not know has no rows
        rows = [] if place.phase and error_of(reply)[0] == "rest_invalid_param" else self._rows(reply)
        moved, fresh = walk.take(reading, place, rows, self._shop_now(reply), self._size)
        items = tuple(observe(stream, row) for row in fresh)
        left = _left_out(rows, fresh) if reading.yields and place.floor and place.mode is walk.Mode.SWEEP else ()
        swept = moved.done and moved.swept
        return Page(
            items,
            paging.save(moved),
            moved.done,
            _total(reply, place),
            swept=swept,
            passed=left,
            shape=place.mode,
            took_s=reply.took_ms / 1000,
        )

    async def _page_below(self, stream: str, reading: walk.Reading, place: walk.Cursor) -> Page:
        parent = place.parents[0]
        if stream == "shipping_zone":
            zone, moved = await self._zone(parent), walk.leave(place)
            found, swept = (zone,) if zone else (), moved.done and moved.swept
            return Page(found, paging.save(moved), moved.done, swept=swept, shape="below")
        reply = await self._get(reading.children.format(id=parent), walk.ask_below(place, reading, self._size))
        gone = absent(reply)
        rows = [] if gone else self._rows(reply)
        moved, fresh = (walk.leave(place), []) if gone else walk.take_below(reading, place, rows, self._size)
        items = tuple(observe(stream, row, parent) for row in fresh)
        whole = parent if reading.together else None
        swept = moved.done and moved.swept
        return Page(
            items,
            paging.save(moved),
            moved.done,
            swept=swept,
            whole_of=whole,
            shape="below",
            took_s=reply.took_ms / 1000,
        )

    async def _zone(self, zone_id: str) -> Observation | None:
        """Read a shipping zone with its locations and methods; None when it is gone."""
        at = f"/wc/v3/shipping/zones/{identifier(zone_id, 'id')}"
        zone = await self._get(at, {})
        if absent(zone):
            return None
        parts = {}
        for part in ("locations", "methods"):
            reply = await self._get(f"{at}/{part}", {})
            if absent(reply):
                return None
            parts[part] = list(self._rows(reply))
        return observe("shipping_zone", {**self._object(zone), **parts})

    def _born(self) -> str:
        """Return the connection's start date as the shop's filters take it; empty where there is none."""
        at = start_of(self._access.connection.config)
        return walk.stamp(at) if at else ""

    async def _fetch_refund(self, external_id: str, parent_id: str | None) -> Observation | None:
        if parent_id is not None:
            return await self._one("refund", f"/wc/v3/orders/{parent_id}/refunds/{external_id}", parent_id)
        reply = await self._get("/wc/v3/refunds", {"include": identifier(external_id, "id"), "per_page": "1"})
        rows = self._rows(reply)
        return observe("refund", rows[0]) if rows else None

    async def _one(
        self, stream: str, path: str, parent_id: str | None, asked: Mapping[str, str] | None = None
    ) -> Observation | None:
        reply = await self._get(path, asked or {})
        if absent(reply):
            return None
        try:
            return observe(stream, self._object(reply), parent_id)
        except ValueError as problem:
            raise _not_this(f"the shop answered no entity ({problem})") from None

    async def _get(self, path: str, params: Mapping[str, str]) -> Reply:
        return await self.vendor().request("GET", path, params=params)

    def vendor(self) -> VendorClient:
        """Return the client of the REST API. Raises ``CallFailed`` for an address or keys that cannot be used."""
        if self._made is None:
            connection = self._access.connection
            try:
                at = site_address.site_url(str(connection.config.get("url", "")))
                base = at + site.rest_base(connection.config, connection.account)
                self._made = self.vendor_at(base, site.auth_kind(at, connection.config, connection.account))
            except ValueError as problem:
                raise CallFailed(FailKind.ANSWER, False, str(problem), outcome=Refresh(str(problem))) from None
        return self._made

    def vendor_at(self, base: str, kind: str) -> VendorClient:
        """Make the client of an address; ``kind`` none sends no keys. Raises ``ValueError`` for unusable keys."""
        clock, config = self._access.clock, self._access.connection.config
        ahead = site.clock_ahead_s(self._access.connection.account)
        now = lambda: clock.now().timestamp() + ahead  # noqa: E731 - a shop takes signatures by its own clock
        auth = None if kind == "none" else site.auth_of(kind, self._access.secrets, now)
        return VendorClient(
            self._access.transport,
            base,
            MANIFEST,
            auth=auth,
            headers={"Accept": "application/json"},
            plain_http=bool(config.get("plain_http")),
            connection=self._access.connection,
        )

    def _rows(self, reply: Reply) -> Sequence[dict[str, Any]]:
        rows = self._json(reply)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _not_this("the shop answered something else than a list")
        return rows

    def _object(self, reply: Reply) -> dict[str, Any]:
        found = self._json(reply)
        if not isinstance(found, dict):
            raise _not_this("the shop answered something else than an object")
        return found

    def _json(self, reply: Reply) -> Any:
        if reply.redirected:
            remedy = "give the address the shop itself uses (https or www may be missing)"
            raise CallFailed(FailKind.REDIRECT, True, f"the shop points elsewhere (status {reply.status})", remedy)
        code, text = error_of(reply)
        _OUTCOMES.expect(reply, self._access.clock.now(), code=code, text=text)
        document = document_of(reply)
        if document is None:
            raise _not_this("the shop answered a web page or broken text instead of JSON")
        return document

    def _shop_now(self, reply: Reply) -> datetime:
        # when the shop began to answer: a row touched while a slow answer was made is later than this
        return (date_of(reply) or self._access.clock.now()) - timedelta(milliseconds=reply.took_ms)


def _disordered(problem: ValueError) -> CallFailed:
    remedy = "look for a plugin that changes REST lists; WooCommerce 5.8 or newer is needed"
    return CallFailed(FailKind.ANSWER, True, str(problem), remedy, Retry(str(problem)))


def _not_this(reason: str) -> CallFailed:
    remedy = "look for a maintenance page, a firewall or a plugin that prints warnings"
    return CallFailed(FailKind.ANSWER, True, reason, remedy, Retry(reason))


def _total(reply: Reply, place: walk.Cursor) -> int | None:
    text = reply.headers.get("X-WP-Total", "")
    whole = place.mode is walk.Mode.SWEEP and place.phase == 0
    return int(text) if whole and text.isascii() and text.isdigit() else None


def _left_out(rows: Sequence[Mapping[str, Any]], fresh: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    shown = {id(row) for row in fresh}
    return tuple(str(row["id"]) for row in rows if id(row) not in shown)


def _hook(row: Mapping[str, Any]) -> Hook:
    return Hook(
        identifier(row.get("id"), "id"),
        str(row.get("topic", "")),
        str(row.get("delivery_url", "")),
        str(row.get("status", "")),
    )
