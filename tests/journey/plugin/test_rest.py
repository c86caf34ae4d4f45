"""Pairing codes and sites by the REST API; and what the room says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import crossdock
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem
from tests.journey.plugin.stage import BASE, Site, item
from tests.support.hub import add_sink, order

ROOT = Path(crossdock.__file__).parents[2]


async def test_a_site_is_paired_shown_changed_and_ended(hub: Hub, doors: Street) -> None:
    _, key = await hub.keys.add(await hub.tenants.find(), "test", ["admin"])
    made = (await doors.post("/api/v1/plugin/pairings", {"site": "https://shop.example", "name": "Tea"}, key)).json
    assert made["link"].endswith(made["code"])
    site = Site(doors)
    assert (await site.pair(made["code"])).status == 201
    assert site.told["connection"]["name"] == "Tea"
    (shown,) = (await doors.get("/api/v1/plugin/sites", key)).json
    assert (shown["url"], shown["signature_required"], shown["last_seen_at"]) == ("https://shop.example", True, None)
    assert shown["connection"]["id"] == site.told["connection"]["id"]
    (pairing,) = (await doors.get("/api/v1/plugin/pairings", key)).json
    assert pairing["site"] == shown["id"]
    assert pairing["used_at"]
    where = f"/api/v1/plugin/sites/{shown['id']}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    changed = await doors.call("PATCH", where, b'{"per_minute": 7}', headers)
    assert changed.json["per_minute"] == 7
    assert (await site.call("GET", "/status")).headers["RateLimit-Limit"] == "7"
    new = (await doors.post(f"{where}/rotate", {}, key)).json
    is_problem(await site.call("GET", "/status"), 401, "unknown-key")
    site.key, site.secret = new["key"], new["secret"]
    assert (await site.call("GET", "/status")).status == 200
    assert (await doors.call("DELETE", where, None, {"Authorization": f"Bearer {key}"})).status == 204
    is_problem(await site.call("GET", "/status"), 401, "unknown-key")
    assert (await doors.get("/api/v1/plugin/sites", key)).json == []
    assert len((await doors.get("/api/v1/plugin/sites?revoked=true", key)).json) == 1
    assert (await doors.get(where, key)).json["revoked_at"]
    secret = [site.secret, site.key, made["code"].rpartition(".")[2]]
    texts = [
        (await doors.get(f"/api/v1/plugin/{name}", key)).body.decode() for name in ("sites?revoked=true", "pairings")
    ]
    assert not any(one in text for one in secret for text in texts)


async def test_who_may_not_and_what_is_not_there(hub: Hub, doors: Street) -> None:
    tenant = await hub.tenants.find()
    _, key = await hub.keys.add(tenant, "admin", ["admin"])
    _, reader = await hub.keys.add(tenant, "reader", ["read", "operate"])
    is_problem(await doors.post("/api/v1/plugin/pairings", {}, reader), 403, "forbidden")
    is_problem(await doors.post("/api/v1/plugin/pairings", {"site": "ftp://x"}, key), 400, "bad-input", "site")
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    wrong = {"connection_id": str(sink.id)}
    is_problem(await doors.post("/api/v1/plugin/pairings", wrong, key), 400, "bad-input", "connection_id")
    other = await hub.tenants.add("other", "Other")
    _, stranger = await hub.keys.add(other, "stranger", ["admin"])
    site = Site(doors)
    await site.pair((await hub.pairing.code(tenant, actor="test")).code)
    (shown,) = await hub.sites.list(tenant)
    is_problem(await doors.get(f"/api/v1/plugin/sites/{shown['id']}", stranger), 404, "not-found")
    assert (await doors.get("/api/v1/plugin/sites", stranger)).json == []
    home = {"connection_id": shown["connection"]["id"]}
    is_problem(await doors.post("/api/v1/plugin/pairings", home, stranger), 404, "not-found")


async def test_a_site_asks_how_it_stands(hub: Hub, site: Site) -> None:
    sink = await add_sink(hub, "http://127.0.0.1:9/hook")
    home = (await hub.connections.find(await hub.tenants.find(), site.told["connection"]["name"])).id
    await hub.connections.default_routes(await hub.directory.connection(home), "test")
    told = (await site.call("GET", "/status")).json["data"]
    assert told["connection"]["state"] == "active"
    assert told["sending"] == {"allowed": True, "reason": ""}
    assert [one["name"] for one in told["destinations"]] == [sink.name]
    assert told["limits"] == {"items": 100, "bytes": 1_048_576, "per_minute": 600}
    assert told["plugin"]["package"] == "https://hub.example/plugin/crossdock.zip"
    assert "crossdock_crm_id" in told["commands"]["meta_keys"]
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET state = 'paused' WHERE id = $1", home)
    told = (await site.call("GET", "/status")).json["data"]
    assert told["sending"]["allowed"] is False
    assert told["sending"]["reason"]


async def test_fields_that_were_found_are_kept_and_their_samples_sealed(hub: Hub, site: Site) -> None:
    async def put(*fields: dict[str, Any]) -> int:
        answer = await site.call("POST", "/fields", {"kind": "order", "fields": list(fields)})
        assert answer.status == 200, answer.body
        return int(answer.json["data"]["kept"])

    assert (
        await put({"path": "meta_data.foo", "type": "text", "sample": "canary-sample"}, {"path": "b", "type": "number"})
        == 2
    )
    assert await put({"path": "meta_data.foo", "type": "number", "sample": "7"}) == 1
    tenant = await hub.tenants.find()
    home = await hub.connections.find(tenant, site.told["connection"]["name"])
    found = await hub.site_fields.list(tenant, home.id, "order")
    assert [(one.path, one.type, one.sample) for one in found] == [
        ("b", "number", ""),
        ("meta_data.foo", "number", "7"),
    ]
    assert await hub.site_fields.list(tenant, home.id, "customer") == []
    async with hub.database.engine() as conn:
        assert "canary" not in str([tuple(row) for row in await conn.fetch("SELECT * FROM site_field")])
    bad = {"kind": "order", "fields": [{"path": "", "type": "Text"}]}
    problem = is_problem(await site.call("POST", "/fields", bad), 422, "invalid")
    assert {one["field"] for one in problem["problems"]} == {"fields[0].path", "fields[0].type"}


async def test_the_room_describes_itself(doors: Street, site: Site) -> None:
    where = (await doors.get("/api/v1/openapi.json")).json["externalDocs"]["url"]
    document = (await doors.get(where)).json
    assert document["openapi"] == "3.1.0"
    assert {"key", "bearer"} == set(document["components"]["securitySchemes"])
    paths = document["paths"]
    assert {
        "/pair",
        "/status",
        "/customers",
        "/orders",
        "/products",
        "/events",
        "/batch",
        "/fields",
        "/disconnect",
    } <= set(paths)
    codes = {
        code
        for operations in paths.values()
        for operation in operations.values()
        for answer in operation["responses"].values()
        for code in answer["content"].get("application/problem+json", {}).get("examples", {})
    }
    assert codes >= {
        *("unknown-key", "bad-signature", "clock-skew", "nonce-replayed", "rate-limited", "another-site", "too-large"),
        *("unknown-code", "expired-code", "invalid", "bad-input", "overloaded"),
    }
    page = (ROOT / "docs" / "reference" / "plugin-api.md").read_text(encoding="utf-8")
    assert {code for code in codes if f"| `{code}`" not in page} == set(), "the page names every code"
    _resolved(document, document)
    for name in (await doors.get(f"{BASE}/schemas")).json:
        assert (await doors.get(f"{BASE}/schemas/{name}.json")).json["type"] == "object"
    is_problem(await doors.get(f"{BASE}/schemas/secret.json"), 404, "not-found")
    # the example of the document is taken as it stands
    batch = paths["/batch"]["post"]["requestBody"]["content"]["application/json"]["example"]
    del batch["site"]
    answer = await site.call("POST", "/batch", batch)
    assert answer.json["data"]["counts"] == {"recorded": 1}
    assert (await site.tell(item("order", order(5))))[0]["status"] == "recorded"


def _resolved(node: Any, document: dict[str, Any]) -> None:
    """Every reference of the document leads somewhere."""
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            at: Any = document
            for part in reference.removeprefix("#/").split("/"):
                at = at[part]
        for value in node.values():
            _resolved(value, document)
    elif isinstance(node, list):
        for value in node:
            _resolved(value, document)
