"""What a platform does over the API: tenants with their first keys, once; and the people of a tenant."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, is_problem
from tests.support.hub import key_of

BAKERY = {"slug": "bakery", "name": "The Bakery"}


async def send(doors: Street, method: str, path: str, key: str, body: Any = None, **headers: str) -> Answer:
    more = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    return await doors.call(method, f"/api/v1/{path}", orjson.dumps(body) if body is not None else None, more)


async def make(doors: Street, key: str, idempotency: str = "", **changes: Any) -> Answer:
    headers = {"Idempotency-Key": idempotency} if idempotency else {}
    return await send(doors, "POST", "tenants", key, {**BAKERY, **changes}, **headers)


async def test_a_tenant_comes_with_its_first_key(hub: Hub, doors: Street) -> None:
    platform = await key_of(hub, "platform")
    made = await make(doors, platform)
    assert (made.status, made.json["slug"], made.json["mode"], made.json["state"]) == (201, "bakery", "live", "active")
    me = (await doors.get("/api/v1/me", made.json["key"])).json
    assert (me["tenant"]["slug"], me["actor"], "admin" in me["scopes"]) == ("bakery", made.json["key_id"], True)
    assert "platform" not in me["scopes"]
    is_problem(await make(doors, platform), 409, "conflict", "slug")
    is_problem(await make(doors, platform, "some-key"), 409, "conflict", "slug")
    is_problem(await make(doors, platform, slug="Upper"), 400, "bad-input", "slug")
    is_problem(await make(doors, platform, slug="a", scopes=["platform"]), 400, "bad-input", "scopes.0")
    for name in ("bakery", made.json["id"]):
        assert (await doors.get(f"/api/v1/tenants/{name}", platform)).json["name"] == "The Bakery"
    for name in ("nobody", "%00", "Nobody%20else"):
        is_problem(await doors.get(f"/api/v1/tenants/{name}", platform), 404, "not-found", "tenant")
    is_problem(await make(doors, platform, slug="b", name="\x00"), 400, "bad-input", "name")
    is_problem(await doors.get("/api/v1/connections", platform), 403, "forbidden")


async def test_the_same_idempotency_key_is_the_same_tenant(hub: Hub, doors: Street) -> None:
    platform = await key_of(hub, "platform")
    first, lost = await make(doors, platform, "once"), await make(doors, platform, "once")
    assert (first.status, lost.status, lost.json["id"]) == (201, 200, first.json["id"])
    assert lost.json["key"] != first.json["key"]
    is_problem(await doors.get("/api/v1/me", first.json["key"]), 401, "unauthenticated")
    assert (await doors.get("/api/v1/me", lost.json["key"])).status == 200
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE api_key SET used_at = now() WHERE tenant_id <> $1", await hub.tenants.find())
    third = await make(doors, platform, "once")
    assert (third.status, third.json["key"], third.json["key_id"]) == (200, None, lost.json["key_id"])
    assert (await doors.get("/api/v1/me", lost.json["key"])).status == 200, "a key in use goes on"
    is_problem(await make(doors, platform, "once", name="Another"), 422, "idempotency-key-reused", "Idempotency-Key")
    is_problem(await make(doors, platform, "once", slug="another"), 422, "idempotency-key-reused", "Idempotency-Key")
    other = await key_of(hub, "platform")
    is_problem(await make(doors, other, "once"), 409, "conflict", "slug")


async def test_many_at_once_make_one(hub: Hub, doors: Street) -> None:
    platform = await key_of(hub, "platform")
    answers = await asyncio.gather(*(make(doors, platform, "once") for _ in range(8)))
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert [row["slug"] for row in await hub.tenants.list()] == ["default", "bakery"]
    async with hub.database.engine() as conn:
        acting = await conn.fetchval("SELECT count(*) FROM api_key WHERE name = 'platform' AND revoked_at IS NULL")
    assert acting == 1


async def test_tenants_are_listed_in_pages_with_their_test_sides(hub: Hub, doors: Street) -> None:
    platform = await key_of(hub, "platform")
    made = [(await make(doors, platform, slug=f"shop-{number}")).json for number in range(4)]
    body = {"name": "trial", "scopes": ["read"], "test": True}
    trial = await send(doors, "POST", "tenants/shop-2/keys", platform, body)
    assert (trial.status, trial.json["key"][:9]) == (201, "cdk_test_")
    seen: list[dict[str, Any]] = []
    after = ""
    while True:
        page = (await doors.get(f"/api/v1/tenants?limit=2{after}", platform)).json
        seen += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [one["slug"] for one in seen] == ["default", "shop-0", "shop-1", "shop-2", "shop-3", "shop-2-test"]
    assert [(one["mode"], one["test_of"]) for one in seen if one["slug"] == "shop-2-test"] == [("test", "shop-2")]
    own = made[2]["key"]
    assert (await doors.get("/api/v1/tenants/shop-2", own)).json["id"] == made[2]["id"]
    assert (await doors.get("/api/v1/tenants/shop-2-test", own)).status == 200
    is_problem(await doors.get("/api/v1/tenants/shop-1", own), 404, "not-found", "tenant")
    is_problem(await send(doors, "POST", "tenants/shop-1/keys", own, body), 404, "not-found", "tenant")
    assert (await send(doors, "POST", "tenants/shop-2/keys", own, {"name": "x", "scopes": ["read"]})).status == 201


async def test_people_are_invited_changed_and_removed(hub: Hub, doors: Street) -> None:
    admin = await key_of(hub, "admin")
    made = await send(doors, "POST", "users", admin, {"email": "Anna@Example.com", "role": "owner", "mail": False})
    assert (made.status, made.json["mailed"], "token=" in made.json["link"]) == (201, False, True)
    user = made.json["id"]
    (listed,) = (await doors.get("/api/v1/users", admin)).json["items"]
    assert (listed["id"], listed["email"], listed["role"], listed["state"]) == (
        user,
        "anna@example.com",
        "owner",
        "invited",
    )
    changed = await send(doors, "PATCH", f"users/{user}", admin, {"role": "viewer"})
    assert (changed.status, changed.json["role"]) == (200, "viewer")
    assert (await doors.get(f"/api/v1/users/{user}", admin)).json == changed.json
    other = await key_of(hub, "admin", tenant=(await make(doors, await key_of(hub, "platform"))).json["slug"])
    is_problem(await doors.get(f"/api/v1/users/{user}", other), 404, "not-found")
    is_problem(await send(doors, "DELETE", f"users/{user}", other), 404, "not-found")
    is_problem(await send(doors, "POST", "users", admin, {"email": "nobody", "role": "viewer"}), 400, "bad-input")
    is_problem(await send(doors, "POST", "users", admin, {"email": "a@b.example", "role": "king"}), 400, "bad-input")
    token = (await send(doors, "POST", "tokens", admin, {})).json["token"]
    is_problem(await send(doors, "POST", "users", token, {"email": "a@b.example"}), 403, "forbidden")
    assert (await send(doors, "DELETE", f"users/{user}", admin)).status == 204
    assert (await doors.get("/api/v1/users", admin)).json["items"] == []
    async with hub.database.engine() as conn:
        told = str(await conn.fetch("SELECT actor, subject, detail FROM audit_entry"))
    assert "example.com" not in told
