"""Keys over the API and the command line: made, seen, rotated and ended; what each reaches, and what it never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, is_problem
from tests.support.hub import add_shop, until


async def admin_of(hub: Hub) -> str:
    return (await hub.keys.add(await hub.tenants.find(), "office", ["admin"]))[1]


async def delete(doors: Street, path: str, key: str) -> Answer:
    return await doors.call("DELETE", path, headers={"Authorization": f"Bearer {key}"})


async def refused(doors: Street, key: str) -> Any:
    """Whether a key is turned away."""
    return (await doors.get("/api/v1/me", key)).status == 401


async def test_who_am_i(hub: Hub, doors: Street) -> None:
    tenant = await hub.tenants.find()
    _, key = await hub.keys.add(tenant, "reports", ["write"])
    told = (await doors.get("/api/v1/me", key)).json
    assert (told["kind"], told["name"], told["mode"]) == ("key", "reports", "live")
    assert (told["scopes"], told["tenant"]["slug"]) == (["operate", "write"], "default")
    assert told["actor"].startswith("key_")
    is_problem(await doors.get("/api/v1/me"), 401, "unauthenticated", "Authorization")


async def test_a_key_is_made_seen_rotated_and_ended(hub: Hub, doors: Street) -> None:
    admin = await admin_of(hub)
    made = (await doors.post("/api/v1/keys", {"name": "reports", "scopes": ["read"], "days": 30}, admin)).json
    assert abs(datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC) - timedelta(days=30)) < timedelta(hours=1)
    assert (await doors.get("/api/v1/status", made["key"])).status == 200

    async def seen() -> Any:
        return (await doors.get(f"/api/v1/keys/{made['id']}", admin)).json["used_at"]

    await until(seen)
    rotated = await doors.post(f"/api/v1/keys/{made['id']}/rotate", {"overlap_hours": 0}, admin)
    assert (rotated.status, rotated.json["old_id"]) == (201, made["id"])
    assert (await doors.get("/api/v1/status", rotated.json["key"])).status == 200
    await until(lambda: refused(doors, made["key"]))
    is_problem(await doors.post(f"/api/v1/keys/{made['id']}/rotate", {}, admin), 409, "conflict")
    assert (await delete(doors, f"/api/v1/keys/{rotated.json['id']}", admin)).status == 204
    await until(lambda: refused(doors, rotated.json["key"]))
    is_problem(await delete(doors, f"/api/v1/keys/{rotated.json['id']}", admin), 404, "not-found")
    shown = await doors.get("/api/v1/keys", admin)
    assert [one["name"] for one in shown.json["items"]] == ["office", "reports", "reports"]
    assert not any(key.encode() in shown.body for key in (made["key"], rotated.json["key"], admin))


async def test_what_is_not_given_out(hub: Hub, doors: Street) -> None:
    admin = await admin_of(hub)
    for body, field in (
        ({"name": "x", "scopes": ["platform"]}, "scopes.0"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": ["read"], "days": -1}, "days"),
        ({"name": "x", "scopes": ["read"], "more": 1}, "more"),
    ):
        is_problem(await doors.post("/api/v1/keys", body, admin), 400, "bad-input", field)
    other = (await hub.keys.add(await hub.tenants.add("other"), "theirs", ["admin"]))[1]
    key_id = (await doors.get("/api/v1/me", admin)).json["actor"]
    for answer in (
        await doors.get(f"/api/v1/keys/{key_id}", other),
        await doors.post(f"/api/v1/keys/{key_id}/rotate", {}, other),
        await delete(doors, f"/api/v1/keys/{key_id}", other),
    ):
        is_problem(answer, 404, "not-found")
    assert key_id not in (await doors.get("/api/v1/keys", other)).body.decode()
    is_problem(await doors.get("/api/v1/keys/nonsense", admin), 400, "bad-input", "key_id")


async def test_a_test_key_reaches_the_test_side_alone(hub: Hub, doors: Street) -> None:
    admin, shop = await admin_of(hub), await add_shop(hub)
    made = (await doors.post("/api/v1/keys", {"name": "trial", "scopes": ["admin"], "test": True}, admin)).json
    trial = made["key"]
    assert trial.startswith("cdk_test_")
    told = (await doors.get("/api/v1/me", trial)).json
    assert (told["mode"], told["tenant"]["slug"]) == ("test", "default-test")
    assert (await doors.get("/api/v1/connections", trial)).json["items"] == []
    assert len((await doors.get("/api/v1/connections", admin)).json["items"]) == 1
    is_problem(await doors.get(f"/api/v1/connections/{shop.id}", trial), 404, "not-found")
    is_problem(await doors.post(f"/api/v1/connections/{shop.id}/pause", None, trial), 404, "not-found")
    event = {"type": "assessment.completed", "data": {"score": 7}}
    assert (await doors.post("/api/v1/events", event, trial)).status == 201
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT t.slug FROM event e JOIN tenant t USING (tenant_id)")
    assert [row["slug"] for row in rows] == ["default-test"]
    assert [one["name"] for one in (await doors.get("/api/v1/keys", trial)).json["items"]] == ["trial"]
    both = (await doors.get("/api/v1/keys", admin)).json["items"]
    assert {(one["name"], one["test"]) for one in both} == {("office", False), ("trial", True)}
    again = (await doors.post("/api/v1/keys", {"name": "more", "scopes": ["read"], "test": True}, trial)).json
    assert (await doors.get("/api/v1/me", again["key"])).json["tenant"]["slug"] == "default-test"
