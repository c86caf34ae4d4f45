"""Versions of a mapping over the doors: checked, kept, compared, chosen, taken back; templates that stores share."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from crossdock.kit.ids import Prefix, parse
from crossdock.settings import Settings
from crossdock.wiring import open_hub
from tests.journey.doors.street import is_problem
from tests.journey.mapping.stage import VAT, Desk
from tests.support.hub import until

NAMED = {"target": "dealname", "template": "Order {number}"}


def rules(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rules of an object."""
    (found,) = [one["rules"] for one in document["mapping"]["objects"] if one["object"] == name]
    return list(found)


async def with_name(filled: Desk, template: str) -> list[dict[str, Any]]:
    """Return the default mapping's objects with another name for deals."""
    document = (await filled.get(f"/routes/{filled.routes['order']}/mapping/versions/0")).json
    objects = document["mapping"]["objects"]
    for one in objects:
        if one["object"] == "deals":
            one["rules"] = [r for r in one["rules"] if r["target"] != "dealname"]
            one["rules"].append({"target": "dealname", "template": template})
    return list(objects)


async def test_the_default_mapping_is_visible_and_valid(filled: Desk) -> None:
    for route in filled.routes.values():
        told = (await filled.get(f"/routes/{route}/mapping")).json
        assert (told["version"], told["default"], told["active"]) == (0, True, True)
        assert told["mapping"]["objects"]
        draft = {"objects": told["mapping"]["objects"]}
        found = (await filled.post(f"/routes/{route}/mapping/validate", draft)).json
        assert found["valid"], [one for one in found["problems"] if one["weight"] == "error"]


async def test_a_version_is_checked_kept_compared_and_chosen(filled: Desk) -> None:
    route = filled.routes["order"]
    at = f"/routes/{route}/mapping"
    wrong = [{"object": "deals", "rules": [{"target": "dealnam", "path": "number"}, NAMED]}]
    problem = is_problem(await filled.post(f"{at}/versions", {"objects": wrong}), 400, "mapping-invalid")
    assert problem["field"] == "deals.dealnam"
    assert problem["problems"][0]["rule"] == "unknown-field"
    made = await filled.post(f"{at}/versions", {"objects": await with_name(filled, "Order {number}"), "note": "short"})
    assert (made.status, made.json["version"], made.json["active"]) == (201, 1, False)
    again = await filled.post(f"{at}/versions", {"objects": await with_name(filled, "Order {number}")})
    assert again.json["version"] == 1, "the same is no new version"
    assert (await filled.post(f"{at}/versions", {"objects": await with_name(filled, "No {number}")})).json[
        "version"
    ] == 2
    listed = (await filled.get(f"{at}/versions")).json["items"]
    assert [one["version"] for one in listed] == [2, 1, 0]
    assert [one["note"] for one in listed][1] == "short"
    diff = (await filled.get(f"{at}/diff?before=0&after=1")).json["differences"]
    assert [(one["object"], one["target"], one["change"]) for one in diff] == [("deals", "dealname", "changed")]
    assert diff[0]["after"] == NAMED
    done = (await filled.post(f"{at}/versions/1/activate", {"expected": 0, "reason": "why"})).json
    assert (done["version"], done["before"], done["active"]) == (1, 0, True)
    is_problem(await filled.post(f"{at}/versions/2/activate", {"expected": 0}), 409, "version-conflict")
    is_problem(await filled.post(f"{at}/versions/7/activate"), 404, "not-found")
    await filled.post(f"{at}/versions/2/activate")
    assert (await filled.post(f"{at}/rollback")).json["version"] == 1
    assert (await filled.post(f"{at}/rollback")).json["version"] == 0
    history = (await filled.get(f"{at}/history")).json["items"]
    assert [(one["before"], one["version"], one["back"]) for one in history] == [
        (1, 0, True),
        (2, 1, True),
        (1, 2, False),
        (0, 1, False),
    ]


async def test_a_version_never_changes(filled: Desk) -> None:
    at = f"/routes/{filled.routes['order']}/mapping/versions"
    await filled.post(at, {"objects": await with_name(filled, "Order {number}")})
    async with filled.hub.database.engine() as conn:
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute("UPDATE mapping_version SET document = '{}'")


async def test_what_acts_is_what_is_written_to_new_orders(filled: Desk) -> None:
    at = f"/routes/{filled.routes['order']}/mapping"
    await filled.post(f"{at}/versions", {"objects": await with_name(filled, "Order {number}"), "activate": True})
    order = await filled.store.pick("processing", "completed")
    await filled.store.act("edit_address", id=order)
    await filled.stage.fill()
    deal = await filled.stage.deal(filled.store, order)
    assert deal["properties"]["dealname"] == f"Order {(await filled.store.orders())[order]['number']}"


async def test_a_choice_acts_in_another_process_within_a_second(filled: Desk, settings: Settings) -> None:
    route = parse(Prefix.ROUTE, filled.routes["order"])
    at = f"/routes/{filled.routes['order']}/mapping"
    async with open_hub(settings) as other:
        other.database.ears.start()
        await asyncio.wait_for(other.database.ears.connected.wait(), 10)

        async def acting() -> int:
            async with other.database.engine() as conn:
                preparer = other.pump._preparer
                claims = [type("Claim", (), {"route_id": route})()]
                return int((await preparer._routes_of(conn, claims))[route].mapping_version)  # type: ignore[union-attr]

        assert await acting() == 0
        await filled.post(f"{at}/versions", {"objects": await with_name(filled, "Order {number}"), "activate": True})

        async def acts() -> bool:
            return await acting() == 1

        await until(acts)


async def test_a_destination_is_cleared_for_kinds_of_data(filled: Desk) -> None:
    route, tenant = filled.routes["customer"], await filled.hub.tenants.find()
    document = (await filled.get(f"/routes/{route}/mapping")).json["mapping"]["objects"]
    await filled.hub.upkeep.change(tenant, filled.portal_id, {"cleared_for": "none"}, actor="test")

    async def refused() -> bool:
        found = (await filled.post(f"/routes/{route}/mapping/validate", {"objects": document})).json
        return {one["rule"] for one in found["problems"]} >= {"sensitive-field"} and not found["valid"]

    await until(refused)


async def test_a_meta_key_reaches_a_field_of_the_crm(filled: Desk) -> None:
    """What merchants ask for first: the VAT number a plugin asked for."""
    at = f"/routes/{filled.routes['order']}/mapping"
    objects = await with_name(filled, "Order {number}")
    for one in objects:
        if one["object"] == "deals":
            one["rules"].append({"target": "description", "path": f"meta.{VAT}", "transforms": ["trim"]})
    kept = await filled.post(f"{at}/versions", {"objects": objects, "activate": True})
    assert kept.status == 201, [p for p in kept.json["problems"] if p["weight"] == "error"]
    (with_vat,) = [
        number
        for number, row in (await filled.store.orders()).items()
        if any(meta["key"] == VAT for meta in row["meta_data"]) and row["line_items"]
    ][:1]
    replay = {"since": "2020-01-01T00:00:00Z", "route_id": filled.routes["order"]}
    await filled.ended((await filled.post("/replays", replay)).json["id"])
    await filled.stage.rest()
    assert (await filled.stage.deal(filled.store, with_vat))["properties"]["description"].startswith("DE8123")


async def test_templates_are_shared_with_what_each_store_has_otherwise(filled: Desk) -> None:
    route = filled.routes["order"]
    facts = {"connector": "hubspot", "entity": "order", "action": "order"}
    first = {"name": "orders", **facts, "objects": await with_name(filled, "Order {number}")}
    assert (await filled.post("/mapping-templates", first)).json["version"] == 1
    override = [{"object": "deals", "set": [{"target": "description", "path": "status"}], "drop": ["closedate"]}]
    draft = {"template": "orders", "overrides": override, "activate": True}
    made = (await filled.post(f"/routes/{route}/mapping/versions", draft)).json
    assert "made_of" in made, made
    assert (made["made_of"]["template"], made["made_of"]["version"]) == ("orders", 1)
    targets = {rule["target"] for rule in rules(made, "deals")}
    assert "description" in targets
    assert "closedate" not in targets
    second = {**first, "objects": await with_name(filled, "Sale {number}"), "note": "renamed"}
    assert (await filled.post("/mapping-templates", second)).json["version"] == 2
    (applied,) = (await filled.post("/mapping-templates/orders/apply", {"activate": True})).json["items"]
    assert (applied["route_id"], applied["version"]) == (route, 2)
    acting = (await filled.get(f"/routes/{route}/mapping")).json
    by_target = {rule["target"]: rule for rule in rules(acting, "deals")}
    assert by_target["dealname"]["template"] == "Sale {number}"
    assert by_target["description"]["path"] == "status", "its own stays its own"
    (listed,) = (await filled.get("/mapping-templates")).json["items"]
    assert (listed["name"], listed["version"], listed["routes"]) == ("orders", 2, 1)
    bad = {"template": "orders", "overrides": [{"object": "deals", "drop": ["nothing"]}]}
    is_problem(await filled.post(f"/routes/{route}/mapping/versions", bad), 400, "bad-input", "overrides.deals.drop")
    other = {"template": "orders"}
    is_problem(await filled.post(f"/routes/{filled.routes['customer']}/mapping/versions", other), 400, "bad-input")


async def test_another_tenants_mapping_is_not_there(filled: Desk) -> None:
    hub = filled.hub
    stranger = (await hub.keys.add(await hub.tenants.add("other"), "all", ("read", "write", "admin")))[1]
    at = f"/routes/{filled.routes['order']}/mapping"
    is_problem(await filled.get(at, stranger), 404, "not-found")
    is_problem(await filled.post(f"{at}/versions/0/activate", {}, stranger), 404, "not-found")


async def test_the_transforms_are_listed(filled: Desk) -> None:
    items = (await filled.get("/mapping-transforms")).json["items"]
    assert {"lookup", "money", "country"} <= {one["name"] for one in items}


async def test_a_mapping_goes_out_as_yaml_and_comes_in_again_the_same(filled: Desk) -> None:
    for stream, route in filled.routes.items():
        at = f"/routes/{route}/mapping"
        text = await filled.get(f"{at}/export")
        assert text.headers["content-type"].startswith("application/yaml")
        taken = await filled.doors.call(
            "POST",
            f"/api/v1{at}/import?activate=true",
            text.body,
            {"Content-Type": "application/yaml", "Authorization": f"Bearer {filled.admin}"},
        )
        assert taken.status == 201, taken.body
        assert (await filled.get(f"{at}/diff?before=0&after=1")).json["differences"] == [], stream
        assert (await filled.get(f"{at}/export?version=1")).body == text.body


async def test_a_file_that_is_no_yaml_is_refused_by_its_line(filled: Desk) -> None:
    headers = {"Content-Type": "application/yaml", "Authorization": f"Bearer {filled.admin}"}
    path = f"/api/v1/routes/{filled.routes['order']}/mapping/import"
    is_problem(await filled.doors.call("POST", path, b"objects: &x\n", headers), 400, "bad-input", "line 1")
    is_problem(await filled.doors.call("POST", path, b"objects: [{object: 1}]", headers), 400, "bad-input")
