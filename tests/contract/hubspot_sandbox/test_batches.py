"""Batches: whole or multi-status, keys, duplicates, limits, poison."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ONE_LOOP, Caller

pytestmark = ONE_LOOP


def _upserts(*emails: str, traced: bool = False, **properties: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"id": e, "idProperty": "email", "properties": {"email": e} | properties} for e in emails
    ]
    if traced:
        rows = [row | {"objectWriteTraceId": f"t{number}"} for number, row in enumerate(rows)]
    return {"inputs": rows}


async def _live(portal: Caller, kind: str = "contacts") -> int:
    return int((await portal.state("?history=false"))["counts"][kind]["live"])


async def test_an_upsert_creates_then_updates(portal: Caller) -> None:
    first = await portal.good("POST", "contacts/batch/upsert", _upserts("a@x.example", "B@x.example", traced=True))
    assert [row["new"] for row in first["results"]] == [True, True]
    assert [row["objectWriteTraceId"] for row in first["results"]] == ["t0", "t1"]
    assert "errors" not in first
    again = await portal.good("POST", "contacts/batch/upsert", _upserts("A@x.example", "b@X.example", city="Köln"))
    assert [row["new"] for row in again["results"]] == [False, False]
    assert [row["id"] for row in again["results"]] == [row["id"] for row in first["results"]]
    assert again["results"][1]["properties"]["email"] == "b@x.example"
    assert await _live(portal) == 2


async def test_an_upsert_by_a_secondary_address_keeps_the_first(portal: Caller) -> None:
    contact = await portal.contact("main@x.example")
    await portal.act("add_alias", id=contact, email="second@x.example")
    done = await portal.good("POST", "contacts/batch/upsert", _upserts("second@x.example", city="A"))
    assert done["results"][0]["id"] == contact
    assert done["results"][0]["properties"]["email"] == "main@x.example"
    both = await portal.refused(400, "POST", "contacts/batch/upsert", _upserts("second@x.example", "main@x.example"))
    assert "main@x.example" in both["message"]


async def test_an_upsert_by_a_custom_key_sets_it(portal: Caller) -> None:
    await portal.unique_property("line_items")
    row = {"id": "s:line:1:2", "idProperty": "shop_key", "properties": {"quantity": "2"}}
    done = await portal.good("POST", "line_items/batch/upsert", {"inputs": [row]})
    assert done["results"][0]["properties"]["shop_key"] == "s:line:1:2"
    assert (await portal.good("POST", "line_items/batch/upsert", {"inputs": [row]}))["results"][0]["new"] is False


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"id": "a@x.example", "properties": {}}, "idProperty is required"),
        ({"id": "a", "idProperty": "hs_object_id", "properties": {}}, "non-unique"),
        ({"id": "a", "idProperty": "firstname", "properties": {}}, "non-unique"),
        ({"id": "a", "idProperty": "never", "properties": {}}, "non-unique"),
        ({"idProperty": "email", "properties": {}}, "id is required"),
        ({"id": {"a": 1}, "idProperty": "email", "properties": {}}, "id must be"),
        ({"id": "a@x.example", "idProperty": "email"}, "properties is required"),
        ({"id": "no address", "idProperty": "email", "properties": {}}, "INVALID_EMAIL"),
    ],
)
async def test_a_bad_upsert_is_refused(portal: Caller, row: dict[str, Any], word: str) -> None:
    refused = await portal.refused(400, "POST", "contacts/batch/upsert", {"inputs": [row]})
    assert refused["category"] == "VALIDATION_ERROR"
    assert word in refused["message"]


@pytest.mark.parametrize("traced", [False, True])
async def test_a_key_twice_in_a_batch_refuses_it_whole(portal: Caller, traced: bool) -> None:
    body = _upserts("a@x.example", "b@x.example", "A@X.example", traced=traced)
    refused = await portal.refused(400, "POST", "contacts/batch/upsert", body)
    assert "A@X.example" in refused["message"]
    assert await _live(portal) == 0


async def test_without_trace_ids_one_bad_row_refuses_all(portal: Caller) -> None:
    body = _upserts("a@x.example", "b@x.example")
    body["inputs"][1]["properties"]["nope"] = "1"
    refused = await portal.refused(400, "POST", "contacts/batch/upsert", body)
    assert refused["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    existing = await portal.contact("c@x.example")
    rows = [{"properties": {"email": e}, "associations": []} for e in ("d@x.example", "c@x.example")]
    refused = await portal.refused(409, "POST", "contacts/batch/create", {"inputs": rows})
    assert refused["message"].endswith(f"Existing ID: {existing}")
    rows[1]["properties"] = {"email": "d@x.example"}
    await portal.refused(409, "POST", "contacts/batch/create", {"inputs": rows})
    assert await _live(portal) == 1


@pytest.mark.parametrize(
    ("base", "status"),
    [("/crm/objects/2026-09", 200), ("/crm/objects/2026-03", 207), ("/crm/v3/objects", 207)],
)
async def test_with_trace_ids_good_rows_pass(portal: Caller, base: str, status: int) -> None:
    body = _upserts("a@x.example", "b@x.example", "c@x.example", traced=True)
    body["inputs"][1]["properties"]["nope"] = "1"
    got, answer = await portal.call("POST", f"{base}/contacts/batch/upsert", body)
    assert got == status
    assert [row["objectWriteTraceId"] for row in answer["results"]] == ["t0", "t2"]
    assert answer["numErrors"] == 1
    error = answer["errors"][0]
    assert error["context"] == {"objectWriteTraceId": ["t1"]}
    assert error["category"] == "VALIDATION_ERROR"
    assert error["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert await _live(portal) == 2


async def test_a_traced_create_is_multi_status(portal: Caller) -> None:
    existing = await portal.contact("a@x.example")
    rows = [
        {"properties": {"email": e}, "associations": [], "objectWriteTraceId": e}
        for e in ("a@x.example", "b@x.example", "c@x.example")
    ]
    status, answer = await portal.call("POST", "contacts/batch/create", {"inputs": rows})
    assert status == 207
    assert answer["errors"][0]["category"] == "CONFLICT"
    assert existing in answer["errors"][0]["message"]
    assert len(answer["results"]) == 2
    status, answer = await portal.call("POST", "contacts/batch/create", {"inputs": [{**rows[1], "properties": {}}]})
    assert status == 201
    rows[1]["objectWriteTraceId"] = rows[0]["objectWriteTraceId"]
    await portal.refused(400, "POST", "contacts/batch/create", {"inputs": rows})
    rows[1]["objectWriteTraceId"] = ""
    await portal.refused(400, "POST", "contacts/batch/create", {"inputs": rows})


async def test_updates_go_by_id_or_by_a_unique_property(portal: Caller) -> None:
    ids = [await portal.contact(f"{name}@x.example") for name in "ab"]
    rows = [{"id": one, "properties": {"city": "A"}} for one in ids]
    done = await portal.good("POST", "contacts/batch/update", {"inputs": rows})
    assert [row["id"] for row in done["results"]] == ids
    assert "new" not in done["results"][0]
    row = {"id": "A@x.example", "idProperty": "email", "properties": {"city": "B"}}
    done = await portal.good("POST", "contacts/batch/update", {"inputs": [row]})
    assert done["results"][0]["properties"]["city"] == "B"
    wrong = {**row, "idProperty": "hs_object_id", "id": ids[0]}
    await portal.refused(400, "POST", "contacts/batch/update", {"inputs": [wrong]})
    gone = {"id": "1", "properties": {}}
    refused = await portal.refused(404, "POST", "contacts/batch/update", {"inputs": [*rows, gone]})
    assert refused["context"] == {"ids": ["1"]}
    traced = [row | {"objectWriteTraceId": row["id"]} for row in (*rows, gone)]
    status, answer = await portal.call("POST", "contacts/batch/update", {"inputs": traced})
    assert status == 207
    assert answer["errors"][0]["context"] == {"ids": ["1"], "objectWriteTraceId": ["1"]}
    await portal.refused(400, "POST", "contacts/batch/update", {"inputs": [rows[0], row]})


async def test_reads_name_what_is_missing(portal: Caller) -> None:
    ids = [await portal.contact(f"{name}@x.example") for name in "ab"]
    body = {"inputs": [{"id": one} for one in (*ids, ids[0])], "properties": ["email"], "propertiesWithHistory": []}
    done = await portal.good("POST", "contacts/batch/read", body)
    assert [row["properties"]["email"] for row in done["results"]] == ["a@x.example", "b@x.example"]
    body |= {"inputs": [{"id": "B@x.example"}, {"id": "z@x.example"}], "idProperty": "email"}
    status, answer = await portal.call("POST", "contacts/batch/read", body)
    assert status == 207
    assert [row["id"] for row in answer["results"]] == [ids[1]]
    assert answer["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert answer["errors"][0]["context"] == {"ids": ["z@x.example"]}
    await portal.refused(400, "POST", "contacts/batch/read", body | {"properties": "email"})
    await portal.refused(400, "POST", "contacts/batch/read", body | {"idProperty": "city"})


async def test_an_archive_does_not_mind_what_is_gone(portal: Caller) -> None:
    ids = [await portal.contact() for _ in range(2)]
    body = {"inputs": [{"id": one} for one in (*ids, "1")]}
    assert await portal.call("POST", "contacts/batch/archive", body) == (204, None)
    assert (await portal.state())["counts"]["contacts"] == {"live": 0, "archived": 2}
    found = await portal.good("POST", "contacts/batch/read?archived=true", {"inputs": [{"id": ids[0]}]})
    assert found["results"][0]["archived"] is True


@pytest.mark.parametrize("verb", ["create", "read", "update", "upsert", "archive"])
async def test_batches_hold_one_to_a_hundred_objects(portal: Caller, verb: str) -> None:
    row = {"id": "1", "idProperty": "email", "properties": {}, "associations": []}
    for inputs in ([row] * 101, [], "no list", ["no object"], None):
        await portal.refused(400, "POST", f"contacts/batch/{verb}", {"inputs": inputs})


async def test_poisoned_rows_are_refused(portal: Caller) -> None:
    await portal.good(
        "PUT", "/_sandbox/dials", {"poison": [{"object": "contacts", "property": "email", "value": "b@x.example"}]}
    )
    body = _upserts("a@x.example", "b@x.example", traced=True)
    answer = await portal.good("POST", "contacts/batch/upsert", body)
    assert answer["errors"][0]["context"] == {"objectWriteTraceId": ["t1"]}
    assert answer["errors"][0]["category"] == "VALIDATION_ERROR"
    await portal.refused(400, "POST", "contacts/batch/upsert", _upserts("c@x.example", "b@x.example"))
    await portal.good("PUT", "/_sandbox/dials", {"poison": []})
    await portal.good("POST", "contacts/batch/upsert", _upserts("c@x.example", "b@x.example"))


async def test_a_full_batch_is_one_answer(portal: Caller) -> None:
    emails = [f"p{number}@x.example" for number in range(100)]
    done = await portal.good("POST", "contacts/batch/upsert", _upserts(*emails, traced=True, city="A", firstname="B"))
    assert [row["objectWriteTraceId"] for row in done["results"]] == [f"t{number}" for number in range(100)]
