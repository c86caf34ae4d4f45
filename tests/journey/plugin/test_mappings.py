"""The hub's mapping, edited from the site: its own routes, with versions, previews and the way back."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from crossdock.wiring import Hub
from tests.journey.doors.street import Answer, Street, is_problem
from tests.journey.plugin.reading import Town, town
from tests.journey.plugin.stage import BASE, customer


async def contact_route(here: Town) -> dict[str, Any]:
    """Return the site's one mapped route of customers."""
    listed = (await here.get("/mappings"))["routes"]
    (found,) = [one for one in listed if one["entity"] == "customer"]
    return found


async def put(here: Town, route: str, mapping: Any, version: int | str) -> Answer:
    """Send a mapping."""

    body = json.dumps(mapping).encode()
    headers = {**here.site.signed("PUT", f"{BASE}/mappings/{route}", body), "If-Match": str(version)}
    return await here.site.call("PUT", f"/mappings/{route}", body, headers)


async def test_a_mapping_comes_with_all_that_its_screen_needs(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here:
        await here.tell(2)
        fields = [{"path": "meta_data.loyalty", "type": "text", "sample": "g***"}]
        assert (await here.site.call("POST", "/fields", {"kind": "customer", "fields": fields})).status == 200
        route = await contact_route(here)
        assert (route["version"], route["destination"]["title"], route["action"]) == (0, "HubSpot", "contact")
        assert route["rules"] > 5
        told = await here.get(f"/mappings/{route['route']}")
        assert told["mapping"]["objects"][0]["object"] == "contacts"
        paths = {one["path"]: one for one in told["fields"]}
        assert paths["email"]["samples"], "a field of a recorded customer shows that it holds something"
        assert "user1@example.com" not in str(told)
        assert told["site_fields"] == [{"path": "meta.loyalty", "type": "text", "sample": "g***"}]
        targets = {one["name"]: one for one in told["destination_fields"]}
        assert targets["email"]["object"] == "contacts"
        assert {one["object"] for one in told["destination_fields"]} == {"contacts"}
        assert {"trim", "lookup", "date"} <= {one["name"] for one in told["transforms"]}
        assert told["required_missing"] == []


async def test_an_edited_mapping_is_the_next_version_and_acts(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here:
        route = (await contact_route(here))["route"]
        told = await here.get(f"/mappings/{route}")
        edited = copy.deepcopy(told["mapping"])
        edited["objects"][0]["rules"] = [
            {"target": "email", "path": "email"},
            {"target": "firstname", "path": "first_name", "transforms": ["upper"]},
            {"target": "city", "path": "billing.address_1"},
            {"target": "website", "path": "meta_data.website"},
        ]
        answer = await put(here, route, edited, told["version"])
        assert answer.status == 200, answer.body
        made = answer.json["data"]
        assert (made["version"], made["active"], made["actor"][:4]) == (1, True, "sit_")
        listed = await contact_route(here)
        assert (listed["version"], listed["rules"]) == (1, 4)
        paths = [rule["path"] for rule in made["mapping"]["objects"][0]["rules"]]
        assert paths == ["email", "first_name", "billing.line_1", "meta.website"], "in the hub's words"
        is_problem(await put(here, route, edited, 0), 409, "version-conflict")
        reset = await here.site.call("POST", f"/mappings/{route}/reset")
        assert reset.json["data"]["version"] == 0
        assert (await contact_route(here))["version"] == 0


async def test_a_wrong_mapping_is_refused_field_by_field(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here:
        route = (await contact_route(here))["route"]
        wrong = {
            "objects": [
                {
                    "object": "contacts",
                    "rules": [{"target": "emial", "path": "email"}, {"target": "phone", "path": "billing.fon"}],
                }
            ]
        }
        problem = is_problem(await put(here, route, wrong, 0), 422, "invalid")
        assert any("billing.fon" in one["rule"] or one["field"] == "contacts.phone" for one in problem["problems"])
        assert all(one["remedy"] is not None for one in problem["problems"])
        is_problem(await put(here, route, {"objects": [{"rules": 5}]}, 0), 422, "invalid")
        is_problem(await put(here, route, wrong, "new"), 400, "bad-input", "If-Match")
        assert (await contact_route(here))["version"] == 0


@pytest.mark.parametrize("draft", [False, True])
async def test_a_preview_shows_what_becomes_of_a_document(hub: Hub, doors: Street, draft: bool) -> None:
    async with town(hub, doors) as here:
        route = (await contact_route(here))["route"]
        mapping = None
        if draft:
            rules = [
                {"target": "firstname", "path": "first_name", "transforms": ["upper"]},
                {"target": "lastname", "path": "last_name", "transforms": ["date"]},
                {"target": "city", "path": "no.such"},
            ]
            mapping = {"objects": [{"object": "contacts", "rules": rules}]}
        body = {"mapping": mapping, "kind": "customer", "data": customer(7, "ada@example.com")}
        answer = await here.site.call("POST", f"/mappings/{route}/preview", body)
        assert answer.status == 200, answer.body
        made = {one["name"]: one for one in answer.json["data"]["fields"]}
        if not draft:
            assert (made["email"]["value"], made["email"]["from"]) == ("ada@example.com", "email")
            return
        assert made["firstname"]["value"] == "ADA"
        assert made["lastname"]["problem"]["field"] == "contacts.lastname"
        assert "canary" not in str(made["lastname"]["problem"]).lower()
        assert made["city"]["problem"]


async def test_a_preview_refuses_what_is_no_document(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here:
        path = f"/mappings/{(await contact_route(here))['route']}/preview"
        is_problem(await here.site.call("POST", path, {"kind": "customer"}), 400, "bad-input", "data")
        is_problem(await here.site.call("POST", path, {"kind": "order", "data": {"id": 1}}), 400, "bad-input", "kind")
        is_problem(await here.site.call("POST", path, {"kind": "customer", "data": {}}), 422, "invalid")


async def test_another_store_of_the_tenant_is_not_shown(hub: Hub, doors: Street) -> None:
    async with town(hub, doors) as here:
        theirs = (await here.foreign())["route"]
        assert theirs not in str(await here.get("/mappings"))
        for method, path, body in (
            ("GET", "", None),
            ("POST", "/reset", None),
            ("POST", "/preview", {"kind": "order", "data": {"id": 1}}),
        ):
            answer = await here.site.call(method, f"/mappings/{theirs}{path}", body)
            is_problem(answer, 404, "not-found", "route")
        is_problem(await put(here, theirs, {"objects": []}, 0), 404, "not-found", "route")
        is_problem(await here.site.call("GET", "/mappings/rte_nonsense"), 404, "not-found", "route")
