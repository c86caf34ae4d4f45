"""The control door: the truth, dials, settings, what people do, time."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ONE_LOOP, Caller

pytestmark = ONE_LOOP


async def test_the_truth(portal: Caller) -> None:
    contact, deal = await portal.contact("a@x.example"), await portal.make("deals", dealname="A")
    await portal.good("PUT", f"deals/{deal}/associations/default/contacts/{contact}")
    await portal.good("PATCH", f"deals/{deal}", {"properties": {"dealname": "B"}})
    gone = await portal.contact()
    await portal.good("DELETE", f"contacts/{gone}")
    state = await portal.state()
    assert state["portal_id"] == 62515
    assert state["counts"]["contacts"] == {"live": 1, "archived": 1}
    assert {one["id"]: one["archived"] for one in state["objects"]["contacts"]} == {contact: False, gone: True}
    assert {(one["from"], one["from_id"], one["to"], one["to_id"], *one["types"]) for one in state["associations"]} == {
        ("deals", deal, "contacts", contact, 3),
        ("contacts", contact, "deals", deal, 4),
    }
    past = state["objects"]["deals"][0]["history"]["dealname"]
    assert [(one["value"], one["source"]) for one in past] == [("A", "INTEGRATION"), ("B", "INTEGRATION")]
    assert past[0]["seq"] < past[1]["seq"]
    assert state["requests"]["POST objects/contacts"] == {"201": 2}
    assert state["requests"]["PATCH objects/deals/{id}"] == {"200": 1}
    narrow = await portal.state("?type=deals&history=false")
    assert list(narrow["objects"]) == ["deals"]
    assert "history" not in narrow["objects"]["deals"][0]


async def test_people_work_in_the_crm(portal: Caller) -> None:
    made = await portal.act("create", type="contacts", properties={"email": "A@x.example", "city": "A"})
    assert made["history"]["city"][0]["source"] == "CRM_UI"
    await portal.act("edit", type="contacts", id="a@x.example", idProperty="email", properties={"city": "B"})
    await portal.act("add_alias", id=made["id"], email="b@x.example")
    other = await portal.contact("c@x.example")
    await portal.refused(409, "POST", "/_sandbox/act", {"act": "add_alias", "id": made["id"], "email": "c@x.example"})
    await portal.act("merge", type="contacts", id=made["id"], other=other)
    truth = await portal.record("contacts", made["id"])
    assert truth["properties"]["hs_additional_emails"] == "b@x.example;c@x.example"
    assert (await portal.record("contacts", other))["merged_into"] == made["id"]
    await portal.act(
        "create_property", type="contacts", definition={"name": "own", "type": "string", "fieldType": "text"}
    )
    await portal.good("PATCH", f"contacts/{made['id']}", {"properties": {"own": "1"}})
    await portal.act("delete_property", type="contacts", name="own")
    await portal.refused(400, "PATCH", f"contacts/{made['id']}", {"properties": {"own": "2"}})
    await portal.act("delete_property", type="products", name="hs_url")
    await portal.act("archive", type="contacts", id=made["id"])
    await portal.refused(404, "GET", f"contacts/{made['id']}")
    last = await portal.contact()
    await portal.act("erase", type="contacts", id=last)
    assert last not in {one["id"] for one in (await portal.state())["objects"]["contacts"]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"act": "dance"},
        {"act": "edit", "type": "contacts"},
        {"act": "edit", "type": "people", "id": "1"},
        {"act": "create", "type": "contacts", "properties": 5},
        {"act": "create", "type": "contacts", "properties": {"nope": "1"}},
    ],
)
async def test_what_cannot_be_done_is_refused(portal: Caller, body: dict[str, Any]) -> None:
    await portal.refused(400, "POST", "/_sandbox/act", body)


async def test_acts_need_their_record(portal: Caller) -> None:
    await portal.refused(404, "POST", "/_sandbox/act", {"act": "archive", "type": "deals", "id": "1"})
    contact = await portal.contact()
    body = {"act": "merge", "type": "contacts", "id": contact, "other": contact}
    await portal.refused(400, "POST", "/_sandbox/act", body)


async def test_dials_and_settings(portal: Caller) -> None:
    dials = await portal.good("PUT", "/_sandbox/dials", {"latency_ms": 1})
    assert dials["latency_ms"] == 1
    assert await portal.good("GET", "/_sandbox/dials") == dials
    for bad in ({"never": 1}, {"seed": "x"}, {"poison": [{"object": "contacts"}]}, {"poison": 1}):
        await portal.refused(400, "PUT", "/_sandbox/dials", bad)
    settings = await portal.good("PUT", "/_sandbox/settings", {"per_10s": 7})
    assert settings["per_10s"] == 7
    assert await portal.good("GET", "/_sandbox/settings") == settings
    await portal.good("GET", "contacts")
    assert portal.headers["x-hubspot-ratelimit-max"] == "7"
    for bad in ({"never": 1}, {"per_10s": "x"}, {"portal_id": 5}, {"unique": []}, {"time_zone": "Mars/Base"}):
        await portal.refused(400, "PUT", "/_sandbox/settings", bad)
    for path, wrong in (("settings", b"{"), ("dials", b"[]")):
        async with portal.session.put(f"{portal.url}/_sandbox/{path}", data=wrong) as answer:
            assert answer.status == 400


async def test_time_only_moves_forward(portal: Caller) -> None:
    before = (await portal.state())["now"]
    await portal.advance(86_400)
    after = (await portal.state())["now"]
    assert after > before
    contact = await portal.contact()
    assert (await portal.record("contacts", contact))["created_at"] >= after
    for bad in ({"advance_s": -1}, {"advance_s": "x"}, {}):
        await portal.refused(400, "POST", "/_sandbox/clock", bad)
