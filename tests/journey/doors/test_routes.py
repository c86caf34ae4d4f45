"""The routes of a tenant over the API."""

from __future__ import annotations

from typing import Any

import orjson

from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem
from tests.support.hub import add_shop, add_sink

SCHEDULE = {"at": "date_paid_gmt", "offset_s": -60.0, "quiet": {"from": "21:00", "to": "08:00"}}


async def writer(hub: Hub, tenant: str = "default") -> str:
    tenant_id = await (hub.tenants.find() if tenant == "default" else hub.tenants.add(tenant))
    return (await hub.keys.add(tenant_id, "writes", ("read", "write")))[1]


async def patch(doors: Street, path: str, key: str, value: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return await doors.call("PATCH", path, orjson.dumps(value), headers)


async def test_a_route_from_its_making_to_its_end(hub: Hub, doors: Street) -> None:
    await add_shop(hub)
    await add_sink(hub, "http://127.0.0.1:9/")
    key = await writer(hub)
    new = {"from": "shop", "to": "sink", "stream": "order", "action": "post", "schedule": SCHEDULE}
    made = await doors.post("/api/v1/routes", new, key)
    assert made.status == 201, made.body
    route = made.json
    path = f"/api/v1/routes/{route['id']}"
    assert (route["source"], route["priority"], route["occurrence"], route["enabled"]) == (
        "shop",
        "standard",
        True,
        True,
    )
    assert {**SCHEDULE, **{k: v for k, v in route["schedule"].items() if v is not None}} == SCHEDULE
    is_problem(await doors.post("/api/v1/routes", new, key), 409, "conflict")
    assert [one["id"] for one in (await doors.get("/api/v1/routes", key)).json["items"]] == [route["id"]]
    changed = (await patch(doors, path, key, {"priority": "live", "types": ["order.created"], "schedule": None})).json
    assert (changed["priority"], changed["types"], changed["schedule"]) == ("live", ["order.created"], None)
    assert not (await doors.post(f"{path}/disable", {}, key)).json["enabled"]
    twin = await doors.post("/api/v1/routes", new, key)
    assert twin.status == 201
    is_problem(await doors.post(f"{path}/enable", {}, key), 409, "conflict")
    headers = {"Authorization": f"Bearer {key}"}
    assert (await doors.call("DELETE", f"/api/v1/routes/{twin.json['id']}", headers=headers)).status == 204
    assert (await doors.post(f"{path}/enable", {}, key)).json["enabled"]
    assert (await doors.call("DELETE", path, headers=headers)).status == 204
    is_problem(await doors.get(path, key), 404, "not-found")
    assert (await doors.get("/api/v1/routes", key)).json["items"] == []


async def test_refusals_name_the_field(hub: Hub, doors: Street) -> None:
    await add_shop(hub)
    await add_sink(hub, "http://127.0.0.1:9/")
    key = await writer(hub)
    new = {"from": "shop", "to": "sink", "stream": "order", "action": "post"}
    for more, field in (
        ({"schedule": {"at": "a["}}, "schedule.at"),
        ({"schedule": {"quiet": {"from": "9", "to": "8"}}}, "schedule.quiet.from"),
        ({"priority": "urgent"}, "priority"),
        ({"action": "dance"}, "action"),
        ({"stream": "dances"}, "stream"),
    ):
        problem = is_problem(await doors.post("/api/v1/routes", {**new, **more}, key), 400, "bad-input", field)
        assert problem["remedy"]
    assert (await doors.get("/api/v1/routes", key)).json["items"] == []


async def test_another_tenants_route_is_not_there(hub: Hub, doors: Street) -> None:
    await add_shop(hub)
    await add_sink(hub, "http://127.0.0.1:9/")
    new = {"from": "shop", "to": "sink", "stream": "*", "action": "post"}
    route = (await doors.post("/api/v1/routes", new, await writer(hub))).json
    stranger = await writer(hub, "other")
    assert (await doors.get("/api/v1/routes", stranger)).json["items"] == []
    path = f"/api/v1/routes/{route['id']}"
    is_problem(await doors.get(path, stranger), 404, "not-found")
    is_problem(await patch(doors, path, stranger, {"priority": "bulk"}), 404, "not-found")
    is_problem(await doors.post(f"{path}/disable", {}, stranger), 404, "not-found")
    reads = (await hub.keys.add(await hub.tenants.find(), "reads", ("read",)))[1]
    is_problem(await doors.post(f"{path}/disable", {}, reads), 403, "forbidden")


async def test_the_limits_of_an_account_are_lowered_and_not_raised(hub: Hub, doors: Street) -> None:
    shop = await add_shop(hub)
    key = await writer(hub)
    path = f"/api/v1/connections/con_{_short(shop.id)}"
    lowered = {"limits": {"requests": 5, "per_s": 1, "daily": 100, "concurrency": 1}, "requests_per_minute": 60}
    assert (await patch(doors, path, key, lowered)).json["config"]["limits"] == lowered["limits"]
    for limits, field in (
        ({"requests": 0}, "limits.requests"),
        ({"daily": 1.5}, "limits.daily"),
        ({"colour": 1}, "limits.colour"),
        ({"endpoints": {"/nowhere": {"requests": 1}}}, "limits.endpoints./nowhere"),
    ):
        is_problem(await patch(doors, path, key, {"limits": limits}), 400, "bad-input", field)


def _short(identifier: Any) -> str:
    from crossdock.kit.ids import Prefix, show

    return show(Prefix.CONNECTION, identifier).removeprefix("con_")
