"""Discovery of both sides over the doors: fields, options, samples by role, and how long they are remembered."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec

from crossdock.connectors.hubspot.sandbox import TOKEN
from crossdock.flow.schema.desk import KEPT
from crossdock.kit import redact
from tests.journey.doors.street import is_problem
from tests.journey.mapping.stage import VAT, Desk
from tests.support.hub import until


def fields(told: dict[str, Any], side: str, name: str) -> dict[str, dict[str, Any]]:
    """Return the fields of an object by name."""
    (found,) = [one for one in told[side] if one["name"] == name]
    return {field["name"]: field for field in found["fields"]}


async def test_a_portal_tells_its_objects_with_types_options_and_samples(filled: Desk) -> None:
    told = (await filled.get(f"/connections/{filled.shown(filled.portal_id)}/schema")).json
    assert {(one["name"], one["looked_at"]) for one in told["source"]} == {("contact", 0), ("company", 0), ("deal", 0)}
    deals = fields(told, "destination", "deals")
    assert (deals["amount"]["type"], deals["amount"]["custom"]) == ("number", False)
    assert deals["amount"]["samples"]
    assert deals["dealname"]["required"] is True
    assert deals["crossdock_key"]["custom"] is True
    assert deals["crossdock_key"]["unique"] is True
    contacts = fields(told, "destination", "contacts")
    stages = [option["value"] for option in contacts["lifecyclestage"]["options"]]
    assert "customer" in stages
    assert contacts["lifecyclestage"]["type"] == "enumeration"
    assert contacts["email"]["sensitivity"] == "pii"
    assert contacts["createdate"]["read_only"] is True


async def test_a_shop_tells_the_words_fields_and_the_keys_of_plugins(filled: Desk) -> None:
    told = (await filled.get(f"/connections/{filled.shown(filled.store.id)}/schema")).json
    assert told["destination"] == [], "what is written to a shop are wishes, no mapping"
    order = fields(told, "source", "order")
    assert (order["total"]["type"], order["total"]["sensitivity"]) == ("number", "none")
    assert (order["paid_at"]["type"], order["lines"]["type"]) == ("time", "list")
    assert order["lines[].sku"]["type"] == "text"
    assert order["payment_status"]["options"][0]["value"] == "unpaid"
    vat = order[f"meta.{VAT}"]
    assert (vat["custom"], vat["sensitivity"]) == (True, "pii")
    assert vat["seen"] >= 1
    assert {"customer", "product"} <= {one["name"] for one in told["source"]}


async def test_samples_about_people_are_for_administrators(filled: Desk) -> None:
    path = f"/connections/{filled.shown(filled.store.id)}/schema"
    seen = fields((await filled.get(path)).json, "source", "order")
    hidden = fields((await filled.get(path, filled.reader)).json, "source", "order")
    assert seen["billing.email"]["samples"]
    assert all("@" in sample for sample in seen["billing.email"]["samples"])
    assert set(hidden["billing.email"]["samples"]) == {redact.MASK}
    assert set(hidden[f"meta.{VAT}"]["samples"]) == {redact.MASK}
    assert hidden["total"]["samples"] == seen["total"]["samples"] != []


async def test_what_was_found_is_remembered_until_somebody_asks_anew(filled: Desk) -> None:
    path = f"/connections/{filled.shown(filled.portal_id)}/schema"
    filled.hub.database.ears.start()
    await filled.hub.database.ears.connected.wait()
    first = (await filled.get(path)).json
    assert (await filled.get(path)).json["at"] == first["at"], "no second question to the vendor"
    again = (await filled.get(f"{path}?fresh=true")).json
    assert again["at"] > first["at"]
    # whoever changes the connection: every process asks anew
    before = again["at"]
    async with filled.hub.database.engine() as conn:
        await conn.execute("UPDATE connection SET name = 'renamed' WHERE id = $1", filled.portal_id)

    async def anew() -> bool:
        return bool((await filled.get(path)).json["at"] > before)

    await until(anew)


async def test_after_a_quarter_of_an_hour_it_is_asked_again(filled: Desk) -> None:
    schemas = filled.hub.mappings.schemas
    found = await schemas.of(filled.portal_id)
    kept = schemas._known._kept[filled.portal_id]
    kept.value = msgspec.structs.replace(found, at=found.at - KEPT + timedelta(seconds=60))
    assert (await schemas.of(filled.portal_id)).at == kept.value.at
    kept.value = msgspec.structs.replace(found, at=found.at - KEPT)
    assert (await schemas.of(filled.portal_id)).at > found.at


async def test_another_tenants_connection_is_not_there(filled: Desk) -> None:
    hub = filled.hub
    stranger = (await hub.keys.add(await hub.tenants.add("other"), "reads", ("read", "admin")))[1]
    path = f"/connections/{filled.shown(filled.portal_id)}/schema"
    is_problem(await filled.get(path, stranger), 404, "not-found")


async def test_a_portal_that_refuses_is_told_with_what_to_do(filled: Desk) -> None:
    async with filled.hub.database.transaction() as conn:
        await conn.execute("DELETE FROM credential WHERE connection_id = $1 AND name = 'token'", filled.portal_id)
        connection = await filled.hub.directory.connection(filled.portal_id)
        await filled.hub.connections.put_secret(conn, connection, "token", "pat-na1-of-nobody-00")

    async def refused() -> Any:
        answer = await filled.get(f"/connections/{filled.shown(filled.portal_id)}/schema?fresh=true")
        return answer if answer.status != 200 else None

    problem = is_problem(await until(refused), 502, "vendor-trouble")
    assert "401" in problem["detail"]
    assert "token" in problem["remedy"]


async def test_of_many_who_ask_at_once_one_asks_the_vendor(filled: Desk) -> None:
    schemas = filled.hub.mappings.schemas
    schemas._known.drop(filled.portal_id)
    found = await asyncio.gather(*(schemas.of(filled.portal_id) for _ in range(8)))
    assert len({id(one) for one in found}) == 1


async def test_a_field_that_was_made_there_a_minute_ago_is_known(filled: Desk) -> None:
    route = filled.routes["customer"]
    rules = [{"target": "email", "path": "email"}, {"target": "vat_number", "path": "username"}]
    draft = {"objects": [{"object": "contacts", "rules": rules}]}
    path = f"/routes/{route}/mapping/validate"
    told = (await filled.post(path, draft)).json
    assert [(one["target"], one["rule"]) for one in told["problems"]] == [("vat_number", "unknown-field")]
    made = {
        "name": "vat_number",
        "label": "VAT number",
        "groupName": "contactinformation",
        "type": "string",
        "fieldType": "text",
    }
    url = f"{filled.stage.portal_url}/crm/properties/2026-09/contacts"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with filled.stage.http.post(url, json=made, headers=headers) as reply:
        assert reply.status == 201, await reply.text()
    assert (await filled.post(path, draft)).json == {"valid": True, "problems": []}


async def test_a_schema_of_a_tenants_own_events_tells_what_they_hold(filled: Desk) -> None:
    events = [
        {
            "type": "assessment.completed",
            "external_id": str(n),
            "data": {"score": n, "who": {"email": f"p{n}@x.example"}},
        }
        for n in range(3)
    ]
    key = (await filled.hub.keys.add(await filled.hub.tenants.find(), "events", ("events:write",)))[1]
    assert (await filled.post("/events", {"events": events}, key)).status == 200
    source = await filled.hub.connections.hub_source(await filled.hub.tenants.find())
    told = (await filled.get(f"/connections/{filled.shown(source.id)}/schema", filled.reader)).json
    (found,) = told["source"]
    by_name = {field["name"]: field for field in found["fields"]}
    assert by_name["score"]["type"] == "number"
    assert set(by_name["who.email"]["samples"]) == {redact.MASK}
    assert found["looked_at"] == 3
