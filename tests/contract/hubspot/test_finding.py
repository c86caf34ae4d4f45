"""Reading what a portal holds, when it is large, slow or refuses."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from crossdock.connect.client import CallFailed
from crossdock.connect.connector import Destination
from crossdock.model.outcome import Refresh, Throttled
from crossdock.model.plan import Found
from tests.contract.hubspot.scripted import Answer, Asked, portal


async def read(to: Destination, name: str) -> list[Found]:
    return [each async for each in to.found(name, "shop")]


def record(number: int, key: str | None, **associations: Any) -> dict[str, Any]:
    return {"id": str(number), "properties": {"crossdock_key": key}, "associations": associations}


async def test_pages_are_read_to_the_end_and_other_stores_left_out() -> None:
    def script(asked: Asked) -> Answer:
        after = parse_qs(asked.query).get("after", ["0"])[0]
        if after == "0":
            results = [record(1, "shop:order:1"), record(2, "other:order:1"), record(3, None)]
            return Answer(200, {"results": results, "paging": {"next": {"after": "9"}}})
        return Answer(200, {"results": [record(4, "shop:order:2"), record(5, "shop-2:order:2")]})

    async with portal(script) as (app, to):
        found = await read(to, "deals")
    assert [(each.external_id, each.key) for each in found] == [("1", "shop:order:1"), ("4", "shop:order:2")]
    asked = parse_qs(app.asked[0].query)
    assert asked["archived"] == ["false"]
    assert {"crossdock_key", "dealstage", "amount", "crossdock_coupons"} <= set(asked["properties"])
    assert asked["associations"] == ["contacts", "line_items"]


async def test_all_associations_are_read_however_many() -> None:
    def script(asked: Asked) -> Answer:
        if asked.method == "POST":
            last = asked.body["inputs"][0]["after"] == "b"
            paging = None if last else {"next": {"after": "b"}}
            to = [{"toObjectId": 12 if last else 11}]
            return Answer(200, {"results": [{"from": {"id": "1"}, "to": to, "paging": paging}]})
        lines = {"results": [{"id": "10", "type": "deal_to_line_item"}], "paging": {"next": {"after": "a"}}}
        kin = {"contacts": {"results": [{"id": "7"}]}, "line items": lines, "companies": {"results": [{"id": "3"}]}}
        return Answer(200, {"results": [record(1, "shop:order:1", **kin)]})

    async with portal(script) as (_, to):
        (found,) = await read(to, "deals")
    assert found.associations == {("contacts", "7"), *(("line_items", str(n)) for n in (10, 11, 12))}


async def test_contacts_are_all_read_once_for_each_address() -> None:
    people = [
        {"id": "1", "properties": {"email": "a@example.test", "hs_additional_emails": "c@example.test;"}},
        {"id": "2", "properties": {"email": "b@example.test", "crossdock_customer_id": "shop:customer:1"}},
    ]
    async with portal(lambda asked: Answer(200, {"results": people})) as (_, to):
        found = await read(to, "contacts")
    assert [(each.external_id, each.key, each.properties["email"]) for each in found] == [
        ("1", None, "c@example.test"),
        ("1", None, "a@example.test"),
        ("2", None, "b@example.test"),
    ]


async def test_it_waits_where_the_portal_asks_it_to() -> None:
    said = [
        Answer(429, {"policyName": "SECONDLY"}, {"Retry-After": "0.01"}),
        Answer(503, {}, {"Retry-After": "0.01"}),
        Answer(cut=True),
        Answer(200, {"results": [record(1, "shop:order:1")]}),
    ]
    async with portal(lambda asked: said[len(app.asked) - 1]) as (app, to):
        assert len(await read(to, "deals")) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(Answer(401, {}), Refresh), (Answer(429, {"policyName": "DAILY"}), Throttled)],
)
async def test_it_gives_up_where_waiting_does_not_help(answer: Answer, kind: type) -> None:
    async with portal(lambda asked: answer) as (app, to):
        with pytest.raises(CallFailed) as caught:
            await read(to, "deals")
    assert isinstance(caught.value.outcome, kind)
    assert len(app.asked) == 1
