"""Every operation of the API that changes something leaves an entry in the audit, by whoever asked, without people."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from crossdock.api.access import Access
from crossdock.api.openapi import described
from crossdock.api.rest import build_rest
from crossdock.connect.sandbox import answer_json, serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.invoice import EXAMPLE
from crossdock.flow.run import RunKind
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.access.changes import ELSEWHERE, STEPS, UNAUDITED, It
from tests.journey.doors.street import Answer, Street, rows, street
from tests.journey.plugin.stage import facts
from tests.support.deals import deal
from tests.support.hub import add_route, add_shop, add_sink, order, until, working

TESTS = Path(__file__).parents[2]
ALERT = """
    INSERT INTO alert (id, tenant_id, kind, subject, severity, title, cause, remedy, command, link, since, raised_at,
                       seen_at, remind_at)
    VALUES ($1, $2, 'trial', 'x', 'error', 't', 'c', 'r', 'c', 'l', now(), now(), now(), now())
"""


def changing(hub: Hub) -> set[str]:
    """Return the operations of the OpenAPI document that are no GET."""
    document = described(build_rest(hub, Access(hub)))
    return {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if method in ("post", "put", "patch", "delete")
    }


async def test_every_operation_that_changes_something_is_in_the_table(hub: Hub) -> None:
    done = {_of(step[0]) for step in STEPS}
    assert changing(hub) - {_same(one) for one in done} - set(UNAUDITED) - set(ELSEWHERE) == set()
    assert {_same(one) for one in done} | set(UNAUDITED) | set(ELSEWHERE) <= changing(hub)


@pytest.mark.parametrize("operation", ELSEWHERE)
def test_what_needs_a_stage_of_its_own_is_asked_for_there(operation: str) -> None:
    file, action = ELSEWHERE[operation]
    assert action in (TESTS / file).read_text(encoding="utf-8")


def _of(operation: str) -> str:
    return operation.partition("?")[0]


_NAMED = {
    "{draft}": "{invoice_id}",
    "{dead1}": "{delivery_id}",
    "{dead2}": "{delivery_id}",
    "{second}": "{connection_id}",
}
"""Our own names of places in the table's paths."""


def _same(operation: str) -> str:
    for ours, theirs in _NAMED.items():
        operation = operation.replace(ours, theirs)
    return operation


async def _choosy(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    taken = scope["path"].startswith("/ok")
    await answer_json(send, 200 if taken else 400, {"error": "no"})


@contextlib.asynccontextmanager
async def _town(settings: Settings) -> AsyncIterator[tuple[Hub, Street, It]]:
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


async def test_each_leaves_an_entry_by_whoever_asked(settings: Settings) -> None:
    wrong = []
    async with _town(settings) as (hub, doors, it):
        key_id, key = await hub.keys.add(await hub.tenants.find(), "all", ["admin", "platform"])
        actor = show(Prefix.KEY, key_id)
        for operation, body, name in STEPS:
            before = await _entries(hub, actor)
            answer = await _done(doors, operation, body(it) if callable(body) else body, it, key)
            if answer.status >= 300:
                wrong.append(f"{operation}: {answer.status} {answer.body[:300]!r}")
            elif await _entries(hub, actor) == before:
                wrong.append(f"{operation}: no entry")
            await _keep(it, answer, name, doors, key)
        told = str([tuple(row) for row in await rows(hub, "SELECT action, subject, detail FROM audit_entry")])
    assert "\n".join(wrong) == ""
    for person in ("Called the buyer", "Person", "@example", "Lindenstr", "grace"):
        assert person not in told


async def _entries(hub: Hub, actor: str) -> int:
    (row,) = await rows(hub, f"SELECT count(*) AS n FROM audit_entry WHERE actor = '{actor}'")
    return int(row["n"])


async def _done(doors: Street, operation: str, body: Any, it: It, key: str) -> Answer:
    method, path = operation.split(" ", 1)
    where = "/api/v1" + re.sub(r"\{(\w+)\}", lambda found: str(it.get(found[1], "nothing")), path)
    kind = "application/json"
    if isinstance(body, bytes):
        kind = "text/csv" if b"," in body else "application/yaml"
    data = body if isinstance(body, bytes) else None if body is None else orjson.dumps(body)
    return await doors.call(method, where, data, {"Authorization": f"Bearer {key}", "Content-Type": kind})


_IDS = {"run": "run_id", "route": "route_id", "link": "link_id", "channel": "channel_id", "rule": "rule_id",
        "app": "app_id", "made": "key_id", "user": "user_id", "tenant": "tenant"}  # fmt: skip


async def _keep(it: It, answer: Answer, name: str | None, doors: Street, key: str) -> None:
    if name is None or answer.status >= 300:
        return
    if name in _IDS:
        it[_IDS[name]] = answer.json["id"]
    elif name == "hooks":
        hooks = await doors.get(f"/api/v1/connections/{it['connection_id']}/webhooks", key)
        it["vendor_id"] = hooks.json["items"][0]["vendor_id"]
