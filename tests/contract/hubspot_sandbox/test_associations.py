"""Associations: both directions, types, labels, batches, missing records."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ONE_LOOP, Caller

pytestmark = ONE_LOOP

LINKS = "/crm/associations/2026-09"


def _pairs(*pairs: tuple[str, str], types: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [{"from": {"id": one}, "to": {"id": other}} for one, other in pairs]
    return {"inputs": [row | {"types": types} for row in rows] if types else rows}


def _type(number: Any, category: str = "HUBSPOT_DEFINED") -> dict[str, Any]:
    return {"associationCategory": category, "associationTypeId": number}


async def _linked(portal: Caller, kind: str, one: str, other: str) -> list[tuple[str, list[int]]]:
    found = await portal.good("GET", f"{kind}/{one}/associations/{other}")
    return [(row["toObjectId"], [link["typeId"] for link in row["associationTypes"]]) for row in found["results"]]


async def test_a_default_association_has_two_directions(portal: Caller) -> None:
    deal, contact = await portal.make("deals"), await portal.contact()
    done = await portal.good("PUT", f"deals/{deal}/associations/default/contacts/{contact}")
    assert [row["associationSpec"]["associationTypeId"] for row in done["results"]] == [3, 4]
    await portal.good("PUT", f"/crm/v4/objects/deals/{deal}/associations/default/contacts/{contact}")
    assert await _linked(portal, "deals", deal, "contacts") == [(contact, [3])]
    assert await _linked(portal, "contacts", contact, "deals") == [(deal, [4])]
    assert await portal.call("DELETE", f"contacts/{contact}/associations/deals/{deal}") == (204, None)
    assert await portal.call("DELETE", f"contacts/{contact}/associations/deals/{deal}") == (204, None)
    assert await _linked(portal, "deals", deal, "contacts") == []


async def test_records_show_their_associations(portal: Caller) -> None:
    deal = await portal.make("deals")
    lines = [await portal.make("line_items") for _ in range(101)]
    await portal.good(
        "POST", f"{LINKS}/deals/line_items/batch/associate/default", _pairs(*((deal, one) for one in lines))
    )
    read = await portal.good("GET", f"deals/{deal}?associations=line_items,contacts")
    part = read["associations"]["line items"]
    assert part["results"][0] == {"id": lines[0], "type": "deal_to_line_item"}
    assert len(part["results"]) == 100
    rest = {"inputs": [{"id": deal, "after": part["paging"]["next"]["after"]}]}
    found = await portal.good("POST", f"{LINKS}/deals/line_items/batch/read", rest)
    assert [row["toObjectId"] for row in found["results"][0]["to"]] == [lines[100]]
    page = await portal.good("GET", "deals?associations=line_items&associations=contacts")
    assert page["results"][0]["associations"] == read["associations"]
    pages = await portal.good("GET", f"deals/{deal}/associations/line_items?limit=60")
    more = await portal.good("GET", f"deals/{deal}/associations/line_items?after={pages['paging']['next']['after']}")
    assert [row["toObjectId"] for row in pages["results"] + more["results"]] == lines


async def test_a_batch_names_the_pairs_that_failed(portal: Caller) -> None:
    deal, contact = await portal.make("deals"), await portal.contact()
    path = f"{LINKS}/deals/contacts/batch/associate/default"
    done = await portal.good("POST", path, _pairs((deal, contact)))
    assert done["results"][0]["from"] == {"id": deal}
    assert "errors" not in done
    status, answer = await portal.call("POST", path, _pairs((deal, contact), (deal, "1"), ("2", contact)))
    assert status == 207
    assert answer["numErrors"] == 2
    assert answer["errors"][0]["context"] == {"fromObjectId": [deal], "toObjectId": ["1"]}
    assert answer["errors"][1]["category"] == "OBJECT_NOT_FOUND"
    await portal.refused(404, "PUT", f"deals/{deal}/associations/default/contacts/1")
    for bad in ({"inputs": [{"from": {"id": deal}}]}, {"inputs": []}, {"inputs": [{}] * 2001}):
        await portal.refused(400, "POST", path, bad)


async def test_types_are_checked(portal: Caller) -> None:
    contact, company = await portal.contact(), await portal.make("companies")
    path = f"{LINKS}/contacts/companies/batch/create"
    status, done = await portal.call("POST", path, _pairs((contact, company), types=[_type(279), _type(1)]))
    assert status == 201
    assert done["results"][0]["labels"] == ["Primary"]
    assert await _linked(portal, "companies", company, "contacts") == [(contact, [280, 2])]
    for bad in (_type(280), _type(3), _type(1, "USER_DEFINED"), _type("279"), _type(True), "x"):
        await portal.refused(
            400, "POST", path, {"inputs": [_pairs((contact, company))["inputs"][0] | {"types": [bad]}]}
        )
    await portal.refused(400, "POST", path, _pairs((contact, company)))
    status, answer = await portal.call("POST", path, _pairs((contact, "1"), types=[_type(279)]))
    assert (status, answer["numErrors"]) == (207, 1)
    archive = f"{LINKS}/contacts/companies/batch/labels/archive"
    assert await portal.call("POST", archive, _pairs((contact, company), types=[_type(1)])) == (204, None)
    assert await _linked(portal, "contacts", contact, "companies") == [(company, [279])]
    body = {"inputs": [{"from": {"id": contact}, "to": [{"id": company}, {"id": "1"}]}]}
    assert await portal.call("POST", f"{LINKS}/contacts/companies/batch/archive", body) == (204, None)
    assert await _linked(portal, "contacts", contact, "companies") == []
    await portal.refused(400, "POST", f"{LINKS}/contacts/companies/batch/archive", _pairs((contact, company)))


async def test_one_association_with_types(portal: Caller) -> None:
    contact, company = await portal.contact(), await portal.make("companies")
    path = f"contacts/{contact}/associations/companies/{company}"
    status, done = await portal.call("PUT", path, [_type(1)])
    assert status == 201
    assert done["labels"] == ["Primary"]
    await portal.refused(400, "PUT", path, [])
    await portal.refused(400, "PUT", path, [_type(3)])
    await portal.refused(404, "PUT", f"contacts/{contact}/associations/companies/1", [_type(1)])


async def test_a_record_is_made_with_its_associations(portal: Caller) -> None:
    deal = await portal.make("deals")
    link = {"to": {"id": deal}, "types": [_type(20)]}
    made = await portal.good("POST", "line_items", {"properties": {"quantity": "1"}, "associations": [link]})
    assert await _linked(portal, "deals", deal, "line_items") == [(made["id"], [19])]
    for bad in (
        {"to": {"id": "1"}, "types": [_type(20)]},
        {"to": {"id": deal}, "types": [_type(19)]},
        {"to": {"id": deal}, "types": []},
        {"to": deal, "types": [_type(20)]},
        "x",
    ):
        await portal.refused(400, "POST", "line_items", {"properties": {}, "associations": [bad]})
    await portal.refused(400, "POST", "line_items", {"properties": {}})
    await portal.refused(400, "POST", "line_items", {"associations": []})
    await portal.good("POST", "/crm/v3/objects/line_items", {"properties": {}})


async def test_reading_tells_who_has_none(portal: Caller) -> None:
    deals = [await portal.make("deals") for _ in range(2)]
    contact = await portal.contact()
    await portal.good("PUT", f"deals/{deals[0]}/associations/default/contacts/{contact}")
    body = {"inputs": [{"id": one} for one in deals]}
    status, answer = await portal.call("POST", f"{LINKS}/deals/contacts/batch/read", body)
    assert status == 207
    assert [row["from"]["id"] for row in answer["results"]] == [deals[0]]
    assert answer["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert answer["errors"][0]["context"]["fromObjectId"] == [deals[1]]
    await portal.refused(400, "POST", f"{LINKS}/deals/contacts/batch/read", {"inputs": [{"id": "1"}] * 1001})
    await portal.refused(404, "GET", "deals/1/associations/contacts")


async def test_archived_records_lose_their_associations(portal: Caller) -> None:
    deal, line = await portal.make("deals"), await portal.make("line_items")
    await portal.good("PUT", f"deals/{deal}/associations/default/line_items/{line}")
    await portal.good("DELETE", f"line_items/{line}")
    assert await _linked(portal, "deals", deal, "line_items") == []
    assert (await portal.state())["associations"] == []


@pytest.mark.parametrize(("one", "other"), [("contacts", "products"), ("products", "line_items"), ("orders", "notes")])
async def test_types_that_do_not_go_together(portal: Caller, one: str, other: str) -> None:
    first, second = await portal.make(one), await portal.make(other)
    await portal.refused(400, "PUT", f"{one}/{first}/associations/default/{other}/{second}")
    path = f"{LINKS}/{one}/{other}/batch/associate/default"
    await portal.refused(400, "POST", path, _pairs((first, second)))


async def test_labels_of_the_portals_own(portal: Caller) -> None:
    path = f"{LINKS}/deals/contacts/labels"
    made = await portal.good("POST", path, {"name": "payer", "label": "Payer", "inverseLabel": "Pays"})
    number = made["results"][0]["typeId"]
    found = await portal.good("GET", "/crm/associations/v4/deals/contacts/labels")
    assert found["results"] == [
        {"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None},
        {"category": "USER_DEFINED", "typeId": number, "label": "Payer"},
    ]
    deal, contact = await portal.make("deals"), await portal.contact()
    await portal.good("PUT", f"deals/{deal}/associations/contacts/{contact}", [_type(number, "USER_DEFINED")])
    assert await _linked(portal, "contacts", contact, "deals") == [(deal, [number + 1])]
    await portal.refused(400, "POST", path, {"name": "payer", "label": "Payer"})
    await portal.refused(400, "POST", path, {"name": "payer"})
    old = await portal.good("GET", "/crm/v3/associations/deals/line_items/types")
    assert old["results"] == [{"id": "19", "name": "deal_to_line_item"}]
