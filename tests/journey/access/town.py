"""A hub with some of everything: a shop, a portal, receivers, dead letters, an alert, invoices and a site."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from crossdock.connect.sandbox import answer_json, serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.invoice import EXAMPLE
from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.access.changes import It
from tests.journey.doors.street import Street, rows, street
from tests.journey.plugin.stage import facts
from tests.support.deals import deal
from tests.support.hub import add_route, add_shop, add_sink, order, until, working

ALERT = """
    INSERT INTO alert (id, tenant_id, kind, subject, severity, title, cause, remedy, command, link, since, raised_at,
                       seen_at, remind_at)
    VALUES ($1, $2, 'trial', 'x', 'error', 't', 'c', 'r', 'c', 'l', now(), now(), now(), now())
"""


async def _choosy(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    taken = scope["path"].startswith("/ok")
    await answer_json(send, 200 if taken else 400, {"error": "no"})


@contextlib.asynccontextmanager
async def town(settings: Settings) -> AsyncIterator[tuple[Hub, Street, It]]:
    """Open a hub with a shop, a portal, receivers, dead letters, an alert, invoices and a site."""
    known = settings.model_copy(update={"public_url": "https://hub.example.test", "report_at_hour": -1})
    async with contextlib.AsyncExitStack() as stack:
        hub = await stack.enter_async_context(open_hub(known))
        shop = await stack.enter_async_context(serving(woocommerce.build(woocommerce.generate(12, 5))))
        portal = await stack.enter_async_context(serving(hubspot.HubSpotSandbox(hubspot.Settings(per_10s=100_000))))
        refusing = await stack.enter_async_context(serving(_choosy))
        doors = await stack.enter_async_context(street(hub))
        tenant = await hub.tenants.find()
        given = {"token": hubspot.TOKEN, "base_url": portal.url}
        crm = await hub.connections.connect(tenant, "hubspot", given, actor="test")
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        form = {"url": shop.url, "plain_http": True, **keys}
        store = await hub.connections.connect(tenant, "woocommerce", form, actor="test")
        sink, second = await add_sink(hub, refusing.url), await add_sink(hub, f"{refusing.url}/2", "second")
        hooked = await add_shop(hub, "hooked", "https://hooked.example")
        await add_route(hub, hooked, sink, "*", "post")
        for number in range(1, 7):
            assert (await doors.hook(hooked, order(number))).status == 200
        await hub.runs.add(tenant, store.id, RunKind.BACKFILL, ("order", "customer", "product"))
        async with working(hub):
            await until(lambda: rows(hub, "SELECT 1 FROM run WHERE kind = 'backfill' AND ended_at IS NOT NULL"))
            quiet = "SELECT 1 WHERE NOT EXISTS (SELECT FROM delivery WHERE state <> 'dead')"
            await until(lambda: rows(hub, quiet))
        yield hub, doors, await _things(hub, tenant, store.id, crm.id, second.id, shop.url, refusing.url)


async def _things(hub: Hub, tenant: Any, store: Any, crm: Any, second: Any, url: str, receiver: str) -> It:
    await hub.invoicing.terms.put(tenant, EXAMPLE, actor="test")
    drafts = [await hub.invoicing.draft(tenant, crm, deal(id=f"d{n}"), actor="test") for n in range(2)]
    await hub.pairing.pair((await hub.pairing.code(tenant, actor="test")).code, facts())
    dead = await rows(hub, "SELECT id FROM delivery_done WHERE state = 'dead' ORDER BY id")
    of_store = f"SELECT id FROM record WHERE connection_id = '{store}' AND stream = 'order'"
    (known,) = await rows(hub, f"{of_store} AND status = 'processing' LIMIT 1")
    route, *_ = await rows(
        hub, f"SELECT id FROM route WHERE stream = 'customer' AND action = 'contact' AND source_id = '{store}'"
    )
    (site_key,) = await rows(hub, "SELECT id FROM site_key")
    async with hub.database.engine() as conn:
        await conn.execute(ALERT, alert := new_id(), tenant)
    return {
        "connection_id": show(Prefix.CONNECTION, store),
        "crm": show(Prefix.CONNECTION, crm),
        "second": show(Prefix.CONNECTION, second),
        "shop_url": url,
        "order": show(Prefix.ORDER, known["id"]),
        "route": show(Prefix.ROUTE, route["id"]),
        "version": "1",
        "name": "t",
        "alert_id": show(Prefix.ALERT, alert),
        "site_id": show(Prefix.SITE, site_key["id"]),
        "invoice_id": show(Prefix.INVOICE, drafts[0].id),
        "draft": show(Prefix.INVOICE, drafts[1].id),
        "terms": {**EXAMPLE, "language": "en"},
        **{f"dead{n + 1}": show(Prefix.DELIVERY, row["id"]) for n, row in enumerate(dead[:3])},
        "sink_form": {"url": f"{receiver}/ok/third", "plain_http": True},
        "team": {"kind": "webhook", "name": "team", "form": {"url": f"{receiver}/ok/in"}},
    }
