"""The REST resources, health and metrics: what they show, to whom, and what they never show."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from crossdock import metrics
from crossdock.govern.keys import SCOPES
from crossdock.kit.ids import Prefix, new_id, show
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.journey.doors.street import Broken, Street, is_problem, rows, street
from tests.support.hub import add_route, add_shop, add_sink, order, until, working


async def busy(hub: Hub, doors: Street, orders: int = 3) -> Any:
    shop = await add_shop(hub)
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, sink, "*", "post")
    for number in range(1, orders + 1):
        assert (await doors.hook(shop, order(number))).status == 200
    return shop


async def reader(hub: Hub, tenant: str = "default") -> str:
    tenant_id = await (hub.tenants.find() if tenant == "default" else hub.tenants.add(tenant))
    return (await hub.keys.add(tenant_id, "reads", ("read",)))[1]


async def test_every_resource_wants_a_key_that_may_read(hub: Hub, doors: Street) -> None:
    writes = (await hub.keys.add(await hub.tenants.find(), "writes", ("events:write",)))[1]
    for path in ("status", "connections", "deliveries", f"events/{show(Prefix.EVENT, new_id())}"):
        is_problem(await doors.get(f"/api/v1/{path}"), 401, "unauthenticated", "Authorization")
        problem = is_problem(await doors.get(f"/api/v1/{path}", writes), 403, "forbidden")
        assert "read" in problem["detail"]


async def test_status_and_connections(hub: Hub, doors: Street) -> None:
    await busy(hub, doors)
    await hub.journey.tally.flush(hub.database)
    key = await reader(hub)
    shown = (await doors.get("/api/v1/status", key)).json
    assert shown["mode"] == "pull-only"
    assert {c["name"]: (c["arrivals"], c["waiting"], c["dead"]) for c in shown["connections"]} == {
        "shop": (3, 0, 0),
        "sink": (0, 3, 0),
    }
    listed = (await doors.get("/api/v1/connections", key)).json["items"]
    assert {c["connector"] for c in listed} == {"woocommerce", "webhook"}


async def test_deliveries_come_in_pages_and_by_state(hub: Hub, doors: Street) -> None:
    await busy(hub, doors, orders=5)
    key = await reader(hub)
    seen: list[str] = []
    page: dict[str, Any] = {"next": None}
    for _ in range(3):
        after = f"&before={page['next']}" if page["next"] else ""
        page = (await doors.get(f"/api/v1/deliveries?limit=2{after}", key)).json
        seen += [item["id"] for item in page["items"]]
    assert page["next"] is None
    assert len(set(seen)) == len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert (await doors.get("/api/v1/deliveries?state=delivered", key)).json["items"] == []
    assert len((await doors.get("/api/v1/deliveries?state=waiting", key)).json["items"]) == 5
    for query, field in (
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("state=lost", "state"),
        ("before=nonsense", "before"),
        ("before=dlv_" + "z" * 26, "before"),
    ):
        is_problem(await doors.get(f"/api/v1/deliveries?{query}", key), 400, "bad-input", field)


async def test_an_event_with_its_deliveries(hub: Hub, doors: Street) -> None:
    await busy(hub, doors, orders=1)
    key = await reader(hub)
    event = (await rows(hub, "SELECT id FROM event"))[0]["id"]
    shown = (await doors.get(f"/api/v1/events/{show(Prefix.EVENT, event)}", key)).json
    assert (shown["type"], shown["origin"], shown["verdict"], shown["seq"]) == (
        "order.created",
        "webhook",
        "applied",
        1,
    )
    assert [d["state"] for d in shown["deliveries"]] == ["waiting"]
    is_problem(await doors.get(f"/api/v1/events/{show(Prefix.EVENT, new_id())}", key), 404, "not-found")
    is_problem(await doors.get("/api/v1/events/nonsense", key), 400, "bad-input", "event_id")


async def test_a_tenant_sees_its_own_alone(hub: Hub, doors: Street) -> None:
    await busy(hub, doors)
    other = await reader(hub, "other")
    event = (await rows(hub, "SELECT id FROM event"))[0]["id"]
    is_problem(await doors.get(f"/api/v1/events/{show(Prefix.EVENT, event)}", other), 404, "not-found")
    assert (await doors.get("/api/v1/deliveries", other)).json == {"items": [], "next": None}
    assert (await doors.get("/api/v1/connections", other)).json == {"items": []}
    assert (await doors.get("/api/v1/status", other)).json["connections"] == []


async def test_what_is_not_there_is_a_problem(hub: Hub, doors: Street) -> None:
    key = await reader(hub)
    for path in ("/nowhere", "/api/v1/nowhere", "/api/v2/status", "/api"):
        is_problem(await doors.get(path, key), 404, "not-found")
    for path in ("/api/v1/status", "/api/v1/deliveries", "/healthz", "/metrics", "/"):
        answer = await doors.call("DELETE", path, headers={"Authorization": f"Bearer {key}"})
        is_problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET"


async def test_the_openapi_document_holds_together(hub: Hub, doors: Street) -> None:
    document = (await doors.get("/api/v1/openapi.json")).json
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/status", "/connections", "/deliveries", "/events", "/events/{event_id}"}
    text = str(document)
    schemas = document["components"]["schemas"]
    named = set(re.findall(r"#/components/schemas/([\w.-]+)", text))
    assert named <= set(schemas)
    assert {"NewEvent", "Problem", "DeliveryPage", "Status"} <= named
    assert set(schemas["NewEvent"]["required"]) == {"type", "data"}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["responses"], (path, method)
            assert operation["operationId"]
            assert operation["summary"]
            samples = {sample["lang"]: sample["source"] for sample in operation["x-codeSamples"]}
            assert set(samples) == {"curl", "Python", "JavaScript"}, (path, method)
            compile(samples["Python"], path, "exec")
    del hub


async def test_healthz_and_readyz(hub: Hub, doors: Street) -> None:
    assert (await doors.get("/healthz")).json == {"status": "alive"}
    assert (await doors.get("/readyz")).json == {"status": "ready", "mode": "pull-only"}
    del hub


@pytest.mark.parametrize(
    "headers", [{"host": "hub.example"}, {"x-forwarded-for": "203.0.113.7"}, {"forwarded": "for=203.0.113.7"}]
)
async def test_the_metrics_are_this_machines_alone(hub: Hub, doors: Street, headers: dict[str, str]) -> None:
    assert (await doors.get("/metrics")).status == 200
    problem = is_problem(await doors.call("GET", "/metrics", headers=headers), 403, "forbidden")
    assert "CROSSDOCK_METRICS_TOKEN" in problem["remedy"]
    del hub


async def test_the_metrics_are_read_from_elsewhere_with_their_token(settings: Settings) -> None:
    token = "a token of the metrics"
    async with open_hub(settings.model_copy(update={"metrics_token": SecretStr(token)})) as hub, street(hub) as doors:
        is_problem(await doors.get("/metrics"), 401, "unauthenticated", "Authorization")
        is_problem(await doors.get("/metrics", token + "x"), 401, "unauthenticated", "Authorization")
        elsewhere = {"host": "hub.example", "authorization": f"Bearer {token}"}
        assert (await doors.call("GET", "/metrics", headers=elsewhere)).status == 200


async def test_every_metric_is_published(hub: Hub, doors: Street) -> None:
    await busy(hub, doors)
    async with working(hub):

        async def gauged() -> bool:
            return b"crossdock_queue_depth{" in (await doors.get("/metrics")).body

        await until(gauged)
    answer = await doors.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    declared = [value for name, value in vars(metrics).items() if name.isupper() and hasattr(value, "collect")]
    names = {family.name for metric in declared if metric is not metrics.REGISTRY for family in metric.collect()}
    assert len(names) >= 13
    for name in names:
        assert f"# HELP {name}" in text
        assert f"# TYPE {name}" in text
    assert 'crossdock_arrivals_total{origin="webhook",verdict="applied"}' in text


def test_scopes_are_few() -> None:
    assert SCOPES == ("events:write", "read", "operate", "write", "admin", "platform")


async def test_webhook_mode_is_told(settings: Settings) -> None:
    async with open_hub(settings.model_copy(update={"public_url": "https://hub.example"})) as hub, street(hub) as doors:
        assert (await doors.get("/readyz")).json["mode"] == "webhooks"


async def test_a_bug_is_told_to_the_caller_and_the_log_once(settings: Settings) -> None:
    async with open_hub(settings, failpoints=Broken("record/events.of_day")) as hub, street(hub) as doors:
        key = await reader(hub)
        with capture_logs() as said:
            answer = await doors.get("/api/v1/events", key)
        is_problem(answer, 500, "error")
        assert b"canary" not in answer.body
        assert [one["problem"] for one in said if one["event"] == "unexpected"] == ["RuntimeError"]
